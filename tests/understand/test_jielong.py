"""Reading one 接龙: lines, whole posts, and what holds for any text."""

import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.cli_jielong import main
from handlers.jielong import format_list, parse
from handlers.jielong.fold import fold
from handlers.jielong.text import CAP

CASES = Path(__file__).parent / "cases" / "jielong"
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "jielong.json"


def _lines() -> list[tuple[str, str, int]]:
    rows = (CASES / "lines.txt").read_text(encoding="utf-8").splitlines()
    parts = [row.rsplit(" | ", 2) for row in rows if row and not row.startswith("#")]
    return [(line, name, int(count)) for line, name, count in parts]


def _posts() -> list[tuple[str, str, list[str]]]:
    blocks = re.split(r"^== ", (CASES / "posts.txt").read_text(encoding="utf-8"), flags=re.M)[1:]
    posts = []
    for block in blocks:
        name, _, rest = block.partition("\n")
        text, _, expected = rest.rpartition("\n--\n") if "\n--\n" in rest else ("", "", rest.removeprefix("--\n"))
        posts.append((name, text, expected.strip("\n").split("\n")))
    return posts


LINES, POSTS = _lines(), _posts()


def test_there_are_cases() -> None:
    assert len(LINES) >= 200
    assert len(POSTS) >= 60


@pytest.mark.parametrize(("line", "name", "count"), LINES, ids=[line for line, _, _ in LINES])
def test_line(line: str, name: str, count: int) -> None:
    solitaire = parse(f"#接龙\n防汛讲座报名\n\n1. 农美珍\n2. {line}")
    assert [(e.name, e.count) for e in solitaire.entries] == [("农美珍", 1), (name, count)]


@pytest.mark.parametrize(("name", "text", "expected"), POSTS, ids=[name for name, _, _ in POSTS])
def test_post(name: str, text: str, expected: list[str]) -> None:
    solitaire = parse(text)
    if expected == ["no"]:
        assert not solitaire.is_jielong
        assert not solitaire.entries
        return
    assert solitaire.is_jielong
    assert (solitaire.title or "-") == expected[0].removeprefix("title: ")
    got = [(e.name, e.count) for e in solitaire.entries]
    rows = [row.split(" | ") for row in expected[1:]]
    assert got == [(row[0], int(row[1])) for row in rows]
    assert solitaire.total == sum(int(row[1]) for row in rows)
    for entry, row in zip(solitaire.entries, rows, strict=True):
        if len(row) == 3:
            assert entry.note == row[2].replace("⏎", "\n")


def test_a_quote_still_tells_its_title() -> None:
    quote = "「韦主任：#接龙\n防汛讲座\n\n1. 农美珍」\n- - - - - - - - - - - - - - -\n我也来"
    assert parse(quote).title == "防汛讲座"


def test_a_plain_count_is_no_remark() -> None:
    solitaire = parse("#接龙\n防汛讲座\n1. 农美珍 2人\n2. 莫大叔（3人，晚到）\n3. 蓝小妹 x2\n4. 覃医生 2 靠窗")
    assert [(e.count, e.note) for e in solitaire.entries] == [(2, ""), (3, "晚到"), (2, ""), (2, "靠窗")]


def test_what_is_doubtful_says_so() -> None:
    solitaire = parse("#接龙\n防汛讲座\n1. 农美珍 可能来\n2. 莫大叔 全家\n3. 蓝小妹 2-3人\n4. 覃医生 2人")
    assert [e.sure for e in solitaire.entries] == [False, False, False, True]


def test_notes_and_example_are_kept() -> None:
    solitaire = parse("#接龙\n防汛讲座\n带凳子\n例 莫大叔 2人\n\n1. 农美珍")
    assert (solitaire.notes, solitaire.example) == (("带凳子",), "莫大叔 2人")


def test_only_the_first_20000_characters_are_read() -> None:
    text = "#接龙\n防汛讲座\n1. 农美珍" + " " * CAP + "\n2. 莫大叔"
    assert [e.name for e in parse(text).entries] == ["农美珍"]


@pytest.mark.parametrize(
    "text",
    [
        "#接龙\n" + "1. 甲\n" * 5000,
        "#接龙\n" + "".join(f"{n}. 张三 2大1小 带老婆孩子\n" for n in range(1, 2000)),
        "#接龙\n1. 张三 " + "仔" * 19_000,
        "#接龙\n1. 张三 " + "和老婆" * 6_000 + "也",
        "#接龙 " + "".join(f"{n}. 李四 " for n in range(1, 3000)),
        "@" * 19_000 + "#接龙\n1. 甲",
        "#接龙\n1. " + "(" * 19_000,
        "#接龙\n" + "- " * 9_000 + "\n1. 甲",
        "#接龙" * 6_000,
        "#接龙\n1. 甲" + " " * 19_000 + "2.",
        "#接龙\n1. " + "A " * 9_000 + "1",
        "#接龙\n1. 甲 " + "1-" * 9_000,
        "#接龙\n1. 甲 " + "9" * 19_000,
        "#接龙\n" + "- - - - - - - - -\n" * 1_000 + "1. 甲",
        "#接龙\n" + "1. 甲\n\n" * 3_000,
    ],
    ids=lambda text: text[:14].replace("\n", " "),
)
def test_long_and_strange_texts_take_no_time(text: str) -> None:
    start = time.process_time()
    parse(text)
    assert time.process_time() - start < 1.0  # a backtracking pattern would take minutes


_PIECES = (
    *(
        "1. ",
        "2. ",
        "3. ",
        "1、",
        "2）",
        "(1)",
        "①",
        "1️⃣",
        "\n",
        "\n\n",
        "    ",
        " ",
        "　",
        "\r\n",
        "\t",
        "\u2028",
        "\u200b",
    ),
    *(
        "#接龙",
        "#接龍",
        "例 ",
        "例：",
        "Example ",
        "讲座",
        "捐款",
        "参加的+1",
        "注意：",
        "- - - - - - - - - - -",
        "@某某 ",
    ),
    *("张三", "李四", "A", "王五 2人", "+1", "2大1小", "一家四口", "不去了", "改3人", "带娃", "(2)", "🌹", "😀"),
    *("13800001111", "9点", "1.5", "2.3栋", "（", "）", "「", "」", "：", ":", ".", "、", "，", "-"),
)
_WORDS = st.sampled_from(_PIECES)


@settings(max_examples=400, deadline=None)
@given(st.lists(_WORDS, max_size=30).map("".join), st.booleans())
@example("例会报名\n#接龙\n例 张三\n1. 李四", False)
@example("Example \r\n#接龙1. ", False)
@example("例 \r\n#接龙1. ", False)
@example("🌹\r\n#接龙1. ", False)  # a rose is no title: below the header it is not read as one
def test_printed_lists_read_back_the_same(words: str, headed: bool) -> None:
    solitaire = parse("#接龙\n" + words if headed else words)
    inner = any(re.search(r"\d ?[.、):]", fold(entry.raw)) for entry in solitaire.entries)
    if solitaire.is_jielong and not inner:  # an item that says "2." within its line may be cut there when it moves up
        assert parse(format_list(solitaire)) == solitaire


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read_without_raising(text: str) -> None:
    for whole in (text, "#接龙\n" + text, "#接龙\n1. " + text, f"<msg><appmsg><title>{text}</title></appmsg></msg>"):
        solitaire = parse(whole)
        assert all(entry.count >= 0 and entry.name for entry in solitaire.entries)
        assert [entry.number for entry in solitaire.entries] == list(range(1, len(solitaire.entries) + 1))


@given(st.text())
def test_folding_keeps_positions_and_is_stable(text: str) -> None:
    assert len(fold(text)) == len(text)
    assert fold(fold(text)) == fold(text)


def test_command_prints_the_reading() -> None:
    assert json.loads(main("#接龙\n防汛讲座\n1. 农美珍 +1\n2. 莫大叔", sequence=False)) == {
        "is_jielong": True,
        "title": "防汛讲座",
        "entries": [{"name": "农美珍", "count": 2, "note": "+1"}, {"name": "莫大叔", "count": 1, "note": ""}],
        "total": 3,
    }
    assert json.loads(main("早上好", sequence=False)) == {
        "is_jielong": False,
        "title": None,
        "entries": [],
        "total": 0,
    }


@pytest.mark.skipif(not SHARED.exists(), reason="shared data is not here")
def test_shared_lists_are_read_exactly() -> None:
    data = json.loads(SHARED.read_text(encoding="utf-8"))
    assert data["cases"]
    for case in data["cases"]:
        got = json.loads(main(case["text"], sequence=False))
        assert got["is_jielong"] == case["is_jielong"], case["id"]
        want = [(entry["name"], entry["count"]) for entry in case["entries"]]
        assert [(entry["name"], entry["count"]) for entry in got["entries"]] == want, case["id"]
    for case in data["sequences"]:
        assert json.loads(main(json.dumps(case["messages"]), sequence=True)) == [
            {"name": entry["name"], "count": entry["count"]} for entry in case["expected_final"]
        ], case["id"]
