"""Whatever is put on a chart or a poster: the markup is ours alone, and every word lies on its page, over no other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.drawing import charts, heat, posters
from data.drawing.font import Face, width
from data.drawing.heat import Heat
from data.drawing.posters import Day, Drawn, Item, Lecture, Programme, Text
from data.drawing.styles import STYLES, WIDE, Style

TAGS = {"svg", "title", "desc", "rect", "circle", "path", "text", "g"}
GIVEN = {
    "viewBox", "role", "aria-label", "font-family", "font-kerning", "font-size", "text-anchor", "x", "y", "width",
    "height", "rx", "cx", "cy", "r", "d", "fill", "stroke", "stroke-width", "stroke-linejoin",
}  # fmt: skip
SCRIPT = "<script>alert('&')</script>"
NASTY = [
    "",
    " ",
    SCRIPT,
    '"/><image href="//x"/>',
    "长" * 90,
    "W" * 90,
    "，" * 40,
    "（" * 40,
    "👍🏽𠮷\x00\u202e行",
    "a\nb\n\nc",
]
WORDS = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=40),
    st.text(alphabet="反诈骗讲座，。（）《》“”AW19:30 /&<", max_size=70),
)
STYLE = st.sampled_from(list(STYLES.values()))


@dataclass(frozen=True, slots=True)
class Box:
    """Where words stand: the strokes of Chinese letters, not the whole line."""

    words: str
    left: float
    right: float
    top: float
    bottom: float
    size: float


def read(svg: str) -> tuple[float, float, ElementTree.Element]:
    """Width, height and tree of a picture, which has nothing in it that is not ours."""
    root = ElementTree.fromstring(svg)
    for each in root.iter():
        assert each.tag.removeprefix("{http://www.w3.org/2000/svg}") in TAGS
        assert set(each.attrib) <= GIVEN
    _, _, wide, high = map(float, root.attrib["viewBox"].split())
    return wide, high, root


def boxes(root: ElementTree.Element) -> Iterator[Box]:
    shared: dict[str, str] = {}
    for each in root.iter():
        tag = each.tag.rpartition("}")[2]
        if tag == "g":
            shared = dict(each.attrib)
        if tag == "text":
            yield from _boxes_of(each.text or "", (each.attrib if "font-size" in each.attrib else shared | each.attrib))


def _boxes_of(words: str, how: dict[str, str]) -> Iterator[Box]:
    size = float(how["font-size"])
    face = Face(how["font-family"].split(",")[0]) if "font-family" in how else Face.SANS
    xs, ys = how["x"].split(), how["y"].split()
    parts = list(words) if len(xs) > 1 else [words]
    for x, y, part in zip(xs, ys, parts, strict=True):
        wide = width(part, size, face)
        left = float(x) - {"middle": wide / 2, "end": wide}.get(how.get("text-anchor", ""), 0)
        yield Box(part, left, left + wide, float(y) - 0.86 * size, float(y) + 0.1 * size, size)


def check(svg: str, *, least: float, apart: bool = True) -> list[Box]:
    """All words lie on the page, are large enough and over no others."""
    wide, high, root = read(svg)
    found = list(boxes(root))
    assert found
    for each in found:
        assert each.left >= -0.5 and each.right <= wide + 0.5, each
        assert each.top >= 0 and each.bottom <= high, each
        assert each.size >= least
    if apart:
        for one, other in combinations(found, 2):
            across = min(one.right, other.right) - max(one.left, other.left)
            down = min(one.bottom, other.bottom) - max(one.top, other.top)
            assert across <= 1 or down <= 1, (one, other)
    return found


# ---- charts --------------------------------------------------------------------------------------------------------

COUNT = st.one_of(st.integers(0, 60), st.integers(0, 5_000_000), st.floats(0, 1e6))
LABELLED = st.lists(st.tuples(WORDS, COUNT), max_size=14)
MINUTES = st.one_of(st.none(), st.floats(0, 40_000))


@given(WORDS, LABELLED)
@settings(max_examples=60, deadline=None)
def test_bars_and_lines_hold_any_words(title: str, items: list[tuple[str, float]]) -> None:
    check(charts.bars(title, items, unit="单"), least=14)
    check(charts.line(title, items, unit="场"), least=14, apart=False)


@given(WORDS, st.lists(st.tuples(WORDS, st.tuples(COUNT, COUNT, COUNT)), max_size=9), st.tuples(WORDS, WORDS, WORDS))
@settings(max_examples=60, deadline=None)
def test_stacked_bars_hold_any_words(
    title: str, rows: list[tuple[str, tuple[float, float, float]]], series: Sequence[str]
) -> None:
    check(charts.stacked(title, rows, series, unit="场"), least=14)


@given(WORDS, st.lists(st.tuples(WORDS, MINUTES, MINUTES), max_size=6), st.integers(0, 99), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_spans_and_progress_hold_any_words(
    title: str, steps: list[tuple[str, float | None, float | None]], done: int, total: int
) -> None:
    check(charts.spans(title, steps), least=14)
    check(charts.progress(title, done, total, unit="个群"), least=14)


def test_a_town_s_heat_table_is_legible_and_light() -> None:
    rows = tuple(f"第{at}村委会" for at in range(45))
    columns = tuple(f"{chr(0x4E00 + at)}类病虫防治与安全知识讲座" for at in range(22))
    table = Heat("点单", rows, columns, {(row, column): 1 + row % 9 for row in range(45) for column in range(22)})
    whole = heat.heat(table)
    assert len(whole.encode()) < 100_000
    found = check(whole, least=14, apart=False)
    assert sum(each.words == "合计" for each in found) == 1  # the other is written downwards
    pages = heat.heat_pages(table)
    assert len(pages) == 4
    numbers = 0
    for page in pages:
        assert read(page)[0] == 390
        numbers += sum(each.words.isdigit() for each in check(page, least=14, apart=False))
    assert numbers == 45 * 22 + 45 + 22 + 1  # every count, the sums of rows and of columns, and of all


@given(WORDS, st.lists(WORDS, max_size=5), st.lists(WORDS, max_size=9), st.integers(0, 200_000))
@settings(max_examples=40, deadline=None)
def test_a_heat_table_holds_any_words(title: str, rows: list[str], columns: list[str], count: int) -> None:
    counts = {(0, 0): count} if rows and columns else {}
    table = Heat(title, tuple(rows), tuple(columns), counts)
    for page in (heat.heat(table), *heat.heat_pages(table)):
        check(page, least=14, apart=False)


@pytest.mark.parametrize(("count", "level"), [(1, 0), (20, 0), (21, 1), (60, 2), (99, 4), (100, 4)])
def test_shades_are_of_equal_steps(count: int, level: int) -> None:
    assert heat.shade(count, 100) == level


@pytest.mark.parametrize(
    ("top", "ticks"),
    [(0, [0, 1]), (3, [0, 1, 2, 3]), (40, [0, 10, 20, 30, 40]), (27_800, [0, 10_000, 20_000, 30_000])],
)
def test_ticks_are_round(top: float, ticks: list[float]) -> None:
    assert charts.nice_ticks(top) == ticks


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(None, "—"), (0.4, "0分钟"), (42, "42分钟"), (60, "1小时"), (330, "5.5小时"), (72 * 60, "3天"), (4400, "3.1天")],
)
def test_spans_are_told_as_people_say_them(minutes: float | None, words: str) -> None:
    assert charts.duration(minutes) == words


def test_a_chart_tells_its_numbers_to_who_hears_it_read() -> None:
    root = read(charts.bars("点单", [("反诈骗", 12), ("医保", 3)], unit="单"))[2]
    assert [each.text for each in root[:2]] == ["点单", "反诈骗12单，医保3单"]


def test_a_chart_without_data_says_so() -> None:
    for svg in (
        charts.bars("点单", []),
        charts.line("讲座", []),
        charts.stacked("讲座", [], []),
        charts.spans("用时", []),
    ):
        assert charts.NOTHING in svg


# ---- posters -------------------------------------------------------------------------------------------------------

LECTURE = Lecture(
    what="讲座通知", whose="门楼镇", title="反诈骗", day="11月28日 星期六", lunar="农历十月二十", time="晚上7点半",
    rows=(("地点", "石湾村码头"), ("主讲", "覃志刚（派出所民警）")), how="想来听的，在群里说“报名”就行",
    link="https://live.example.cn/1", link_words=("来不了，看直播", "长按识别左边的码"),
)  # fmt: skip
ITEM = Item("晚上7点半", "《反诈骗》", ("石湾村码头文化室", "覃志刚（派出所民警）主讲，讲白话"))


def check_poster(drawn: Drawn) -> None:
    for page in drawn.pages:
        assert read(page)[0] == WIDE
        check(page, least=46)


@given(STYLE, st.lists(WORDS, min_size=9, max_size=9), st.lists(st.tuples(WORDS, WORDS), max_size=6))
@settings(max_examples=120, deadline=None)
def test_a_lecture_s_poster_holds_any_words(style: Style, words: list[str], rows: list[tuple[str, str]]) -> None:
    what, whose, title, day, lunar, hour, how, link, said = words
    given = Lecture(what, whose, f"题{title}", day, lunar, hour, tuple(rows), how, link, (said, said))
    check_poster(posters.lecture(given, style))


@given(STYLE, st.lists(WORDS, min_size=6, max_size=6), st.integers(0, 4), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_a_programme_holds_any_words(style: Style, words: list[str], days: int, items: int) -> None:
    what, whose, span, day, title, how = words
    item = Item(day, title, (how, whose, title))
    given = Programme(what, whose, f"周{span}", tuple(Day(day, title, (item,) * items) for _ in range(days)), how, how)
    check_poster(posters.programme(given, style))


@given(STYLE, st.lists(WORDS, min_size=6, max_size=6), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_a_policy_text_holds_any_words(style: Style, words: list[str], times: int) -> None:
    what, whose, title, text, source, link = words
    given = Text(what, whose, f"题{title}", f"{text}\n" * times, source, whose, link, (source,))
    check_poster(posters.text(given, style))


@pytest.mark.parametrize("style", STYLES.values(), ids=lambda style: style.name)
@pytest.mark.parametrize(("lectures", "pages"), [(1, 1), (7, (1, 2)), (30, (4, 6))])
def test_a_programme_takes_the_pages_that_it_needs(style: Style, lectures: int, pages: int | tuple[int, int]) -> None:
    items = tuple(replace(ITEM, title=f"《第{at}讲》") for at in range(lectures))
    days = tuple(Day(f"11月{23 + at}日", "农历十月十五", items[at::7]) for at in range(7) if items[at::7])
    drawn = posters.programme(Programme("一周课表", "门楼镇", "11月23日—29日", days, "说“报名”就行"), style)
    low, high = pages if isinstance(pages, tuple) else (pages, pages)
    assert low <= len(drawn.pages) <= high
    check_poster(drawn)
    said = [each.words for page in drawn.pages for each in boxes(read(page)[2])]
    assert sorted(each for each in said if "讲》" in each) == sorted(each.title for each in items)
    assert sum("报名" in each for each in said) == 1
    for number, page in enumerate(drawn.pages[1:], 2):
        texts = [each.words for each in boxes(read(page)[2])]
        assert any(each.startswith("11月") for each in texts[1:4]), "the day is said again"
        assert f"第{number}张，共{len(drawn.pages)}张" in texts


def test_what_could_not_be_drawn_is_told() -> None:
    drawn = posters.lecture(replace(LECTURE, title="𠮷老师👍讲", rows=(("主讲", "梁𡋾"),)), STYLES["素白"])
    assert drawn.lost == "𠮷👍𡋾"
    assert posters.lecture(LECTURE, STYLES["素白"]).lost == ""


def test_an_address_that_is_too_long_for_a_code_is_left_out() -> None:
    short, long = (
        posters.lecture(replace(LECTURE, link=link), STYLES["素白"]).pages[0]
        for link in ("https://a.cn/1", "https://a.cn/" + "1" * 400)
    )
    assert "看直播" in short
    assert "看直播" not in long
