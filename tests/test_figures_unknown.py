"""What nobody knows is no nought in a chart, a table or a report, and what has no label is called by the right word."""

import asyncio
import io
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from docx import Document
from openpyxl import load_workbook
from sqlalchemy import Engine, event
from sqlmodel import Session, select

from data.desk_tables import ConsoleRole
from data.drawing import charts
from data.figures import tables
from data.figures.periods import parse
from data.figures.scope import Scope
from data.figures.tables import UNLABELLED, breakdown
from data.loop import Order
from data.record_tables import Area, AreaLevel
from data.reports import drawn
from data.reports.book import book
from data.reports.document import WIDE, _picture, document, values
from data.reports.gathered import Report, Wish, begun, gather, place_of
from data.tables import Room, Village
from tests.desk import Desk, open_desk
from tests.test_figures import CLOSED, DURING, lecture, scope_of, typed
from tests.town import NOW, ZONE, DemoTown

TOWN = "门楼镇"
_DESC = re.compile(r"<desc>(.*?)</desc>")
_CIRCLE = re.compile(r"<circle ")
_WHOLE_TABLE = re.compile(r"SELECT min\([^)]*\) AS \w+ FROM \w+")


def backfilled(session: Session) -> None:
    """The bot came in November; a lecture of June and one of September were entered afterwards."""
    for room in session.exec(select(Room)):
        room.created_at = NOW - timedelta(days=15)
    for month in (6, 9, 11):
        row = lecture(session, starts_at=datetime(2026, month, 12, 19, 30, tzinfo=ZONE), held_at=NOW, created_at=NOW)
        typed(session, row, 30, NOW)
    session.flush()


def report_of(session: Session, words: str) -> Report:
    scope = Scope(parse(words), place_of(session, "", TOWN), ZONE, NOW, town=TOWN)
    return gather(session, scope, Wish(), lambda _done, _what: None)


def told_in(svg: str) -> list[str]:
    """The pieces of a chart's description."""
    found = _DESC.search(svg)
    return found[1].split("，") if found else []


# ---- charts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["2026-10", "2026Q3", "2025"])
@pytest.mark.parametrize("name", ["months", "pushes", "replies"])
def test_where_no_month_is_known_no_nought_is_drawn(town: DemoTown, words: str, name: str) -> None:
    """The page said 都是—，不是0 and drew just below it 10月 0场."""
    with town.session() as session:
        svg = drawn.chart(session, scope_of(session, words), name)
    assert charts.NOTHING in svg and "0场" not in svg and ">0<" not in svg


def test_months_that_nobody_knows_are_gaps_on_the_axis(town: DemoTown) -> None:
    """June, September and November stood side by side and joined, a flat 1-1-1."""
    with town.session() as session:
        backfilled(session)
        scope = scope_of(session, "2026")
        svg = drawn.chart(session, scope, "months", under=TOWN)
        rows = begun(breakdown(session, scope, "month", keys=("events",)), scope).rows
    assert [row[0] for _, row in rows] == [None] * 5 + [1, None, None, 1, None, 1]
    assert told_in(svg) == [f"{at}月{'1场' if at in (6, 9, 11) else '—'}" for at in range(1, 12)]
    assert len(_CIRCLE.findall(svg)) == 3
    assert "L" not in "".join(re.findall(r' d="([^"]*)"', svg)), "no line joins them"
    assert "空着的月份还没有记录，不是0" in svg
    assert {f">{at}<" in svg for at in ("1月", *range(2, 11), "11月")} == {True}


@pytest.mark.parametrize("months", [11, 12])
def test_every_month_stands_below_its_point_and_every_number_at_it(months: int) -> None:
    """Between 9月 and 11月 there was no 10月, and the number of July floated over the highest line of the chart."""
    values = [2347, 2152, 2447, 2329, 2359, 2249, 2395, 2499, 2468, 2324, 611, 2380][:months]
    svg = charts.line("各月", [(f"{at}月", float(value)) for at, value in enumerate(values, 1)], unit="场")
    heights = {words: float(y) for y, words in re.findall(r'<text [^>]*?y="([\d.]+)"[^>]*>([^<]+)</text>', svg)}
    points = [float(y) for y in re.findall(r'<circle [^>]*?cy="([\d.]+)"', svg)]
    assert [heights.get(each) is not None for each in ("1月", *map(str, range(2, months)), f"{months}月")] == [
        True
    ] * months
    assert len(points) == months
    far = [abs(heights[f"{value:,}"] - at) for value, at in zip(values, points, strict=True)]
    assert max(far) <= 22


def test_a_number_covers_no_number_of_the_axis() -> None:
    """On paper the number of the quarter's first month lay over the axis' 2,000."""
    svg = charts.line("各月", [("7月", 2395.0), ("8月", 2499.0), ("9月", 2468.0)], unit="场", wide=620)
    heights = {words: float(y) for y, words in re.findall(r'<text [^>]*?y="([\d.]+)"[^>]*>([^<]+)</text>', svg)}
    assert abs(heights["2,395"] - heights["2,000"]) > charts.SMALL


def test_a_high_picture_leaves_room_on_its_page_for_a_lower_one() -> None:
    """A small chart stood alone on a page: the heat table that followed it was too high to stand below it."""
    rows = [(f"第{at}镇", float(at)) for at in range(1, 31)]
    widths = [_picture(charts.bars("活动", rows[:many], wide=WIDE)).width for many in (3, 17, 30)]
    assert widths[0] == 150 and 120 < widths[1] < 140 and widths[2] == 120


def test_a_line_is_drawn_from_known_to_known_and_stops_at_a_gap() -> None:
    points = [("1月", 3.0), ("2月", 4.0), ("3月", None), ("4月", 0.0), ("5月", 2.0)]
    svg = charts.line("各月", points, unit="场")
    paths = [each for each in re.findall(r' d="([^"]*)"', svg) if "L" in each]
    assert len(paths) == 2 and all(each.count("L") == 1 for each in paths)
    assert told_in(svg) == ["1月3场", "2月4场", "3月—", "4月0场", "5月2场"]
    long = charts.line("各天", [(str(at), 1.0 if at % 2 else None) for at in range(80)])
    assert len(_CIRCLE.findall(long)) > 30, "a point between gaps is seen"


def test_bars_and_parts_of_what_nobody_knows_are_a_dash() -> None:
    some = charts.bars("回应", [("9月", None), ("10月", 0.0)], unit="条")
    assert ">—<" in some and ">0条<" in some and charts.NOTHING not in some
    parts = charts.stacked("推送", [("9月", None), ("10月", [0.0, 2.0])], ("短文", "通知"), unit="群次")
    assert ">—<" in parts and ">2群次<" in parts and "9月—" in told_in(parts)
    for svg in (
        charts.bars("回应", [("9月", None)]),
        charts.stacked("推送", [("9月", None)], ("短文", "通知")),
        charts.line("各月", [("9月", None), ("10月", None)]),
    ):
        assert charts.NOTHING in svg and "9月" not in svg


def test_no_idle_month_is_not_the_same_as_nothing_known(town: DemoTown) -> None:
    with town.session() as session:
        assert "有没有空白月不知道" in drawn.chart(session, scope_of(session, "2026Q3"), "idle")
        backfilled(session)
        november = drawn.chart(session, scope_of(session, "2026-11"), "idle")
        assert "没有空白月。" in november and charts.NOTHING not in november
        assert "2026年10月和以前" in drawn.chart(session, scope_of(session, "2026"), "idle")


def test_a_page_of_an_empty_town_says_0_nowhere(town: DemoTown) -> None:
    """The table of months was blank, and above it stood 没有写出来的都是0：宣讲场次…"""

    with town.session() as session, session.begin():
        for room in session.exec(select(Room)):
            room.created_at = NOW - timedelta(days=15)

    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        page = (await clerk.get("/figures", period="2026-10", place="all")).text
        assert "不是0" in page and "0场" not in page and charts.NOTHING in page
        for by in ("month", "village"):
            table = (await clerk.get(f"/figures/table/{by}", period="2026-10", place="all", part="events")).text
            nought = table.partition("没有写出来的都是0：")[2].partition("。")[0]
            assert nought == ""
            assert "宣讲场次" in table.partition("还没有数、不是0的：")[2].partition("。")[0]
        both = (await clerk.get("/figures/table/month", period="2026-11", place="all", part="events")).text
        assert "宣讲场次" in both.partition("没有写出来的都是0：")[2]

    asyncio.run(told())


# ---- labels --------------------------------------------------------------------------------------------------------


def test_a_village_without_a_town_lies_in_the_town_of_the_file(town: DemoTown) -> None:
    """By 镇 there stood 64 people of （没写村）: all of them had a village, and there is but one town."""
    with town.session() as session:
        lecture(session)
        scope = scope_of(session)
        assert dict(breakdown(session, scope, "town", keys=("events",)).rows) == {"（没写镇）": (1,)}
        ours = Scope(scope.period, scope.place, ZONE, NOW, town=TOWN)
        table = breakdown(session, ours, "town", keys=("events",))
        assert dict(table.rows) == {TOWN: (1,)}
        assert tables.narrowed(session, ours, table.figures[0], "town", TOWN).count(session, ours) == 1
        area = Area(level=AreaLevel.TOWN, name="甲镇")
        session.add(area)
        session.flush()
        assert dict(breakdown(session, ours, "town", keys=("events",)).rows) == {"（没写镇）": (1,)}
        for village in session.exec(select(Village)):
            village.area_id = area.id
        session.flush()
        assert dict(breakdown(session, ours, "town", keys=("events",)).rows) == {"甲镇": (1,)}


def test_what_has_no_label_is_called_by_the_right_word(town: DemoTown) -> None:
    with town.session() as session:
        lecture(session, village_id=None, venue="")
        session.add(Order(member_id=1, room_id=1, wish="随便", created_at=DURING, changed_at=DURING))
        session.flush()
        scope = scope_of(session)
        known = ("village", "town", "hamlet", "dialect")
        for by in known:
            rows = dict(breakdown(session, scope, by, keys=("events",)).rows)
            assert rows == {UNLABELLED[by]: (1,)}, by
        assert len({UNLABELLED[by] for by in known}) == len(known)
        assert UNLABELLED["topic"] in dict(breakdown(session, scope, "topic", keys=("orders",)).rows)
        assert dict(breakdown(session, scope, "venue", keys=("events",)).rows) == {"线上": (1,)}
        sheet = load_workbook(io.BytesIO(book(report_of(session, "2026-05"))))["按镇"]
        assert [row[0].value for row in sheet.iter_rows(min_row=2)] == [TOWN]


# ---- documents -----------------------------------------------------------------------------------------------------


def idle_words(session: Session, words: str) -> str:
    """What stands under 附表：空白月, up to the next heading."""
    made = Document(io.BytesIO(document(report_of(session, words), None)))
    texts = [each.text for each in made.paragraphs]
    after = texts[texts.index("附表：空白月") + 1 :]
    return "".join(after[: after.index("附：数是怎么数的")])


def test_a_quarter_and_its_year_say_the_same_of_idle_months(town: DemoTown) -> None:
    """The quarter said 都是—，不是0 and at its end 没有空白月。"""
    with town.session() as session:
        backfilled(session)
        quarter, year = idle_words(session, "2026Q3"), idle_words(session, "2026")
        assert quarter == "—：这段时间还没有记录，有没有空白月不知道。"
        assert year == "没有空白月（2026年10月和以前还没有记录，不算在内）。"
        assert idle_words(session, "2026-11") == "没有空白月。"
        assert charts.NOTHING in drawn.months(report_of(session, "2026Q3").tables["month"])


def test_what_is_not_listed_is_said_beside_the_months_that_are(town: DemoTown) -> None:
    with town.session() as session:
        lecture(session)  # there are records from the fifth of May
        row = lecture(session, starts_at=DURING + timedelta(days=31), held_at=CLOSED)
        assert row.id is not None
        report = report_of(session, "2026Q3")
        assert report.idle and values(report)["lines"]["idle"] == []  # type: ignore[index]
        year: Any = values(report_of(session, "2026"))
        assert year["idle"] and year["lines"]["idle"] == ["2026年4月和以前还没有记录，没有列。"]


# ---- workbooks -----------------------------------------------------------------------------------------------------


def test_the_workbook_has_charts_that_read_its_own_cells(town: DemoTown) -> None:
    """Only the document had charts; the tables of the workbook had to be drawn by hand."""
    with town.session() as session:
        backfilled(session)
        made = load_workbook(io.BytesIO(book(report_of(session, "2026"))))
    (chart,), (events,) = made["按月"]._charts, made["按活动"]._charts
    sheet = made["按月"]
    head = [cell.value for cell in sheet[1]]
    column = "ABCDEFGHIJ"[head.index("各类活动合计（场）")]
    (series,) = chart.series
    assert series.val.numRef.f == f"'按月'!${column}$2:${column}$12"
    assert "按月'!$A$2:$A$12" in (series.cat.numRef or series.cat.strRef).f
    assert [sheet[f"{column}{at}"].value for at in range(2, 13)] == [None] * 5 + [1, None, None, 1, None, 1]
    assert chart.display_blanks == "gap"
    assert chart.anchor._from.row > 12, "below the table"
    assert "".join(run.t for each in chart.title.tx.rich.p for run in each.r) == "各月办了多少场（场）"
    assert len(events.series) == 1
    assert all(not each._charts for each in made if each.title not in ("按月", "按活动"))


def test_a_workbook_of_nothing_has_no_chart(town: DemoTown) -> None:
    with town.session() as session:
        made = load_workbook(io.BytesIO(book(report_of(session, "2026Q3"))))
    assert sum(len(each._charts) for each in made) == 0 and len(made.sheetnames) > 4


# ---- how dear it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["events", "pushes"])
@pytest.mark.parametrize("words", ["2019", "2025"])
def test_a_year_of_unknown_months_asks_once_when_the_records_begin(town: DemoTown, words: str, part: str) -> None:
    """Every unknown month read six whole tables again, and each chart and number of the page did so for itself: a page
    of a city's last year took 1.5 s instead of 0.2."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(" ".join(statement.split()))

    async def story(desk: Desk) -> None:
        viewer = desk.clerk(ConsoleRole.VIEWER)
        event.listen(Engine, "before_cursor_execute", note)
        try:
            counts = {}
            for each in ("2026", words):
                asked.clear()
                page = await viewer.get("/figures", period=each, part=part)
                assert page.status == 200
                counts[each] = len(asked)
                whole = [statement for statement in asked if _WHOLE_TABLE.fullmatch(statement)]
                assert len(whole) == len(set(whole)) and (each == "2026" or len(whole) == 6)
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        assert counts[words] <= counts["2026"] + 6
        assert "还没有记录" in page.text and f"{words}年比各月的月报截止晚" not in page.text

    async def all_of_it() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(all_of_it())
