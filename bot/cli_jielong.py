"""``python -m bot jielong``: a 接龙 in, its reading out; with ``--sequence`` posts in, the merged list out."""

import json
from typing import Any

from handlers.jielong import ListState, Post, main_chain, merge, parse

_FORM = '要一个 JSON 列表，一条接龙写一个 {"seq": 1, "sender": "谁发的", "text": "原文"}。'


def main(stdin_text: str, *, sequence: bool) -> str:
    """The JSON to print. Raises ValueError when a sequence is not as described."""
    return _merged(stdin_text) if sequence else _parsed(stdin_text)


def _parsed(text: str) -> str:
    solitaire = parse(text)
    entries = [{"name": entry.name, "count": entry.count, "note": entry.note} for entry in solitaire.entries]
    return _dump(
        {
            "is_jielong": solitaire.is_jielong,
            "title": solitaire.title,
            "entries": entries,
            "total": solitaire.total,
        }
    )


def _merged(text: str) -> str:
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"第{error.lineno}行不是 JSON。{_FORM}") from error
    if not isinstance(rows, list):
        raise ValueError(_FORM)
    state = ListState()
    for post in sorted((_post(row) for row in rows), key=lambda post: post.seq):
        state = merge(state, post).state
    chain = main_chain(state)
    return _dump([{"name": entry.name, "count": entry.count} for entry in chain.entries] if chain else [])


def _post(row: Any) -> Post:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("seq"), int):
        raise ValueError(f"这一条缺 seq（数字）或 text（文字）：{json.dumps(row, ensure_ascii=False)[:80]}")
    parent = row.get("parent")
    return Post(
        seq=row["seq"],
        sender=str(row.get("sender") or ""),
        text=row["text"],
        parent=parent if isinstance(parent, int) else None,
    )


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
