"""``python -m bot understand``: JSON lines in, JSON lines out; or plain text in, and an explanation for a person."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime

from handlers.understand import Lexicon, understand
from handlers.understand.values import Act, Understanding, Utterance, When

SLOTS = ("topic", "lecturer", "when", "when_text", "count", "dialect", "place", "rating", "for_whom")
INTENT_WORDS = {
    "order_topic": "点题目",
    "order_lecturer": "点宣讲员",
    "ask_schedule": "问课表",
    "sign_up": "报名",
    "cancel": "取消",
    "feedback": "评价",
    "suggestion": "意见建议",
    "question": "政策问题",
    "help": "求帮助",
    "none": "不是找机器人的",
}
PART_WORDS = {
    "intent": "意图",
    "confirm": "要先确认",
    "reply": "为什么开口",
    "topic": "题目",
    "lecturer": "宣讲员",
    "when": "时间",
    "count": "人数",
    "dialect": "方言",
    "place": "地点",
    "rating": "评分",
    "for_whom": "替谁",
    "order_number": "单号",
}


def main(lines: Iterable[str], now: datetime, lexicon: Lexicon, plain: bool) -> Iterator[str]:  # noqa: FBT001
    """Read ``lines`` and yield output lines. ``plain``: raw text in, several lines of explanation out for each.

    A JSON line that cannot be read gives ``{"error": …}``, so that outputs keep step with inputs.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        if plain:
            yield from _explained(understand(Utterance(line.strip(), addressed=True), lexicon, now))
            continue
        try:
            utterance = _utterance(line)
        except ValueError as error:
            yield json.dumps({"error": f"line {number}: {error}"}, ensure_ascii=False)
        else:
            yield json.dumps(as_json(understand(utterance, lexicon, now)), ensure_ascii=False)


def as_json(understanding: Understanding) -> dict[str, object]:
    """The fields of the contract. A slot is the first act's, else that of the first act that has it."""
    first = understanding.first
    fields: dict[str, object] = {
        "intent": first.intent,
        "intents": [act.intent for act in understanding.acts],
        "confidence": first.confidence,
    }
    fields |= {slot: _shown(_first(understanding.acts, slot)) for slot in SLOTS}
    fields["reply"] = understanding.reply
    fields["evidence"] = [asdict(proof) for act in understanding.acts for proof in act.evidence]
    return fields


def _utterance(line: str) -> Utterance:
    row = json.loads(line)
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ValueError('expected an object with "text"')
    return Utterance(row["text"], row.get("addressed") is True, row.get("lecture_open") is True)


def _first(acts: tuple[Act, ...], slot: str) -> object:
    return next((value for act in acts if (value := getattr(act, slot)) is not None), None)


def _shown(value: object) -> object:
    if not isinstance(value, When):
        return value
    return {"start": value.start.isoformat(), "end": value.end.isoformat() if value.end else None}


def _explained(understanding: Understanding) -> Iterator[str]:
    yield understanding.text
    for act in understanding.acts:
        yield f"  → {INTENT_WORDS[act.intent]} ({act.confidence:.0%})"
        for proof in act.evidence:
            yield f"     {PART_WORDS.get(proof.part, proof.part)}: {proof.words} · {proof.why}"
