"""No figure is counted twice: a corrected time is pointed at, and a merged number refused."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func
from sqlmodel import Session, col, select

from data.bring.book import read
from data.bring.model import Book
from data.bring.sheets import SHEETS
from data.loop import Lecture
from tests.bring_town import ALL, HISTORY, Bare, one_sheet, told

HELD = {"日期": "2026年3月5日", "时间": "19:30", "题目": "反诈骗", "宣讲员": "李明", "村": "东村", "到场人数": 36}


def made(build: Callable[[Any], None], *, title: str = "历史讲座") -> Book:
    """A file whose one sheet ``build`` fills, read."""
    return read(one_sheet(build, title), SHEETS)


# ---- the same lecture again ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["20:00", None])
def test_a_time_that_was_corrected_or_left_out_is_pointed_at(bare: Bare, when: str | None) -> None:
    """It had become a second lecture without a word, with its attendance."""
    bare.bring(ALL)
    plan = bare.check({"历史讲座": [HELD | {"时间": when}]})
    with Session(bare.engine) as session:
        number = session.exec(select(Lecture.id).order_by(col(Lecture.id))).first()
    assert plan.faults == () and [str(each) for each in plan.hints if each.row] == [
        f"历史讲座 第2行「时间」：同一天、同村、同宣讲员、同题目已有课{number}（19:30）。"
        "是同一场就把时间写成一样，不然会记成两场"
    ]


@pytest.mark.parametrize("other", [{}, {"村": "西村"}, {"题目": "健康"}, {"日期": "2026-3-4"}, {"宣讲员": "王小梅"}])
def test_what_differs_otherwise_is_another_lecture(bare: Bare, other: dict[str, object]) -> None:
    bare.bring(ALL)
    row = HELD | ({"时间": "20:00"} | other if other else {})
    assert not [each for each in bare.check({"历史讲座": [row]}).hints if each.row]


def test_both_are_taken_where_both_are_meant(bare: Bare) -> None:
    bare.bring(ALL)
    assert bare.bring({"历史讲座": [HELD | {"时间": "20:00"}]}).counts() == {"历史讲座 新增": 1}
    with Session(bare.engine) as session:
        assert session.exec(select(func.count(col(Lecture.id)))).one() == len(HISTORY) + 1


def test_a_time_that_is_written_twice_must_be_one(bare: Bare) -> None:
    """The second had won without a word."""
    bare.bring(ALL)
    plan = bare.check({"历史讲座": [HELD | {"日期": "2026-4-3 19:30", "时间": "20:30"}]})
    assert told(plan) == ["历史讲座 第2行「时间」：日期里写了19:30，这里又写20:30，请改成一样"]
    same = HELD | {"日期": "2026-4-3 19:30", "时间": "晚上7点半"}
    assert bare.check({"历史讲座": [same]}).faults == ()


# ---- merged cells --------------------------------------------------------------------------------------------------


def test_a_merged_count_is_not_counted_in_each_row() -> None:
    """30 people over two rows had been 60."""

    def build(sheet: Any) -> None:
        sheet.append(["日期", "题目", "宣讲员", "村", "到场人数"])
        sheet.append(["2026-4-7", "健康", "李明", "东村", 30])
        sheet.append(["2026-4-8", "健康", "李明", None, None])
        sheet.merge_cells("D2:D3")
        sheet.merge_cells("E2:E3")

    book = made(build)
    assert [str(each) for each in book.faults] == [
        "历史讲座 第3行「到场人数」：是合并的单元格，会算两遍。请拆开，每行写各自的"
    ]
    assert [row.cells.get("村") for row in book.pages[0].rows] == ["东村", "东村"], "names may be merged"


# ---- what nobody can see or mean -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_sheet_that_nobody_can_see_refuses_nothing(state: str) -> None:
    """WPS keeps pictures in such a sheet; the whole file had been refused for it."""

    def build(sheet: Any) -> None:
        sheet.append(["名称"])
        sheet.append(["东村"])
        other = sheet.parent.create_sheet("WpsReserved_CellImgList")
        other["A1"] = "x"
        other.sheet_state = state

    book = made(build, title="村")
    assert book.faults == () and [page.sheet for page in book.pages] == ["村"]


def test_a_sheet_that_is_seen_and_not_known_is_still_told() -> None:
    def build(sheet: Any) -> None:
        sheet.append(["名称"])
        sheet.parent.create_sheet("宣讲人")["A1"] = "x"

    assert "没有叫“宣讲人”的表" in str(made(build, title="村").faults[0])


@pytest.mark.parametrize(
    ("sheet", "row", "words"),
    [
        ("宣讲员", {"姓名": "无"}, "“无”不是名字"),
        ("宣讲员", {"姓名": 1}, "“1”不像名字"),
        ("村", {"名称": "12"}, "“12”不像名字"),
        ("题目", {"名称": "…"}, "“…”不像名字"),
        ("群", {"群名": "无", "类别": "村民"}, "“无”不是名字"),
    ],
)
def test_no_name_is_no_name(bare: Bare, sheet: str, row: dict[str, object], words: str) -> None:
    (fault,) = bare.check({sheet: [row]}).faults
    assert words in str(fault)


def test_a_group_may_have_a_number_for_a_name(bare: Bare) -> None:
    assert bare.check({"群": [{"群名": "520", "类别": "村民"}]}).faults == ()
