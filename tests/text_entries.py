"""What the tests of policy texts share: an entry, and files that hold some."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook

from data import snippets, textimport
from data.errors import TextsError
from data.snippetfile import SnippetEntry
from data.snippets import Put
from data.tables import Snippet, SnippetOrigin
from tests.town import NOW, DemoTown, demo_rules

RULES = demo_rules()
ENTRY = {
    "key": "yibao-beian", "topic": "医疗保险", "title": "外地看病先备案", "text": "看病前先办异地就医备案。",
    "source": "镇医保所", "issued_on": date(2026, 1, 15), "expires_on": date(2028, 12, 31),
}  # fmt: skip
TOPICS, VILLAGES = ("医疗保险", "反诈骗"), ("上坪村", "石湾村")
HEAD = "key: {key}\ntopic: 医疗保险\nsource: 镇里\nissued_on: 2026-01-01\nexpires_on: 2027-01-01\n"
HEADS = ["编号", "题目", "标题", "正文", "出处", "发布日", "到期日"]


def entry(**values: object) -> SnippetEntry:
    return SnippetEntry.model_validate({**ENTRY, **values})


def put(town: DemoTown, each: SnippetEntry, *, now: datetime = NOW) -> Put:
    with town.session() as session, session.begin():
        return snippets.put(
            session, each, origin=SnippetOrigin.IMPORT, topic_ids=town.knowledge.topic_ids, picture_id=None, now=now
        )


def in_force(town: DemoTown, key: str = "yibao-beian") -> Snippet:
    with town.session() as session:
        found = snippets.find_key(session, key)
        assert found is not None
        return found


def write(folder: Path, name: str, words: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(words, "utf-8")
    return folder / name


def sheet(path: Path, *rows: list[object], heads: list[str] = HEADS) -> Path:
    book = Workbook()
    page = book.active
    assert page is not None
    page.append(heads)
    for row in rows:
        page.append(row)
    book.save(path)
    return path


def row(**values: object) -> list[object]:
    known: Mapping[str, object] = {**ENTRY, **values}
    return [known[name] for name in ("key", "topic", "title", "text", "source", "issued_on", "expires_on")]


def faults_of(path: Path) -> list[str]:
    with pytest.raises(TextsError) as told:
        textimport.read_texts(path, topics=TOPICS, villages=VILLAGES)
    return told.value.problems
