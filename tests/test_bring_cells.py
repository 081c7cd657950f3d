"""How a cell is read, in the ways in which people write dates, times, numbers, names and lists."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest

from data.bring import cells
from data.bring.cells import BadCell
from data.bring.sheets import SHEETS

MARCH = datetime(2026, 3, 5)


@pytest.mark.parametrize(
    "value",
    [
        "2026年3月5日",
        "2026-3-5",
        "2026/03/05",
        "2026.3.5",
        "20260305",
        20260305,
        " 2026 年 3 月 5 日 ",
        "２０２６－３－５",
        "２０２６年３月５日",
        "二〇二六年三月五日",
        "二零二六年三月五号",
        "2026年3月5日（周四）",
        "2026-3-5 星期四",
        "2026年3月5日周四",
        MARCH,
        date(2026, 3, 5),
    ],
)
def test_a_day_in_many_ways(value: object) -> None:
    assert cells.day(value) == MARCH


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("2026年12月31日", datetime(2026, 12, 31)),
        ("二〇二六年十二月三十一日", datetime(2026, 12, 31)),
        ("二〇二六年十月二十日", datetime(2026, 10, 20)),
        ("2024-2-29", datetime(2024, 2, 29)),
        ("2026-3-5 19:30", datetime(2026, 3, 5, 19, 30)),
        ("2026年3月5日晚上7点半", datetime(2026, 3, 5, 19, 30)),
        (datetime(2026, 3, 5, 19, 30, 12), datetime(2026, 3, 5, 19, 30)),
    ],
)
def test_a_day_and_its_time(value: object, read: datetime) -> None:
    assert cells.day(value) == read


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("3月5日", "没有年份"),
        ("5.3", "没有年份"),
        ("2026-2-29", "没有“2026-2-29”这一天"),
        ("2026-13-1", "没有"),
        ("去年三月", "看不懂"),
        ("", "看不懂"),
        (45000, "看不懂"),
        (True, "看不懂"),
        ("1890-1-1", "请核对"),
        ("2026-3-5 傍黑", "看不懂"),
        ("2026-3-512", "没有"),
        ("9" * 5000, "看不懂"),
    ],
)
def test_what_is_no_day(value: object, words: str) -> None:
    with pytest.raises(BadCell, match=words):
        cells.day(value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("19:30", "19:30"),
        ("19：30", "19:30"),
        ("１９：３０", "19:30"),
        ("19:30:00", "19:30"),
        ("19点半", "19:30"),
        ("19时30分", "19:30"),
        ("晚上7点半", "19:30"),
        ("晚上7:30", "19:30"),
        ("晚上七点半", "19:30"),
        ("下午3点", "15:00"),
        ("上午9点", "09:00"),
        ("上午10:05", "10:05"),
        ("中午12点", "12:00"),
        ("中午1点", "13:00"),
        ("中午11点半", "11:30"),
        ("十点", "10:00"),
        ("二十点", "20:00"),
        ("两点", "02:00"),
        ("19:30-21:00", "19:30"),
        ("9点到11点", "09:00"),
        ("晚上8点——9点半", "20:00"),
        (time(19, 30), "19:30"),
        (datetime(1899, 12, 30, 19, 30), "19:30"),
        (19.5 / 24, "19:30"),
        (timedelta(hours=19, minutes=30), "19:30"),
    ],
)
def test_a_time_in_many_ways(value: object, read: str) -> None:
    assert f"{cells.clock(value):%H:%M}" == read


@pytest.mark.parametrize("value", ["上午", "25:00", "19:75", "晚饭后", "7", 19, 1.5, "", "-1:00"])
def test_what_is_no_time(value: object) -> None:
    with pytest.raises(BadCell):
        cells.clock(value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (36, 36),
        (36.0, 36),
        ("36", 36),
        ("３６", 36),
        (" 36 人", 36),
        ("1,200", 1200),
        ("40份", 40),
        ("0", 0),
        ("３６　人次", 36),
    ],
)
def test_a_number_in_many_ways(value: object, read: int) -> None:
    assert cells.number(value) == read


@pytest.mark.parametrize("value", [36.5, "约50", "五十", -1, "-1", "1e9", True, date(2026, 3, 5), 10**12, "9" * 3000])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(BadCell):
        cells.number(value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("李  明", "李明"),
        ("李　明", "李明"),
        (" 李明 ", "李明"),
        ("李\u200b明", "李明"),
        ("李明\n", "李明"),
        ("Anna  Li", "Anna Li"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("𠮷  田", "𠮷田"),
        (3, "3"),
        (3.0, "3"),
    ],
)
def test_names_are_tidied(value: object, read: str) -> None:
    assert cells.name(value) == read


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("东头、西头", ("东头", "西头")),
        ("东头，西头；北头;东头", ("东头", "西头", "北头")),
        ("东头\n西头", ("东头", "西头")),
        ("、，", ()),
        ("无", ()),
        ("每天 晚上、周六", ("每天晚上", "周六")),
    ],
)
def test_lists_are_taken_apart(value: str, read: tuple[str, ...]) -> None:
    assert cells.names(value) == read


@pytest.mark.parametrize(
    ("reader", "value", "words"),
    [
        (cells.name, "长" * 41, "最多40个字"),
        (cells.text, "长" * 201, "最多200个字"),
        (cells.names, "长" * 41, "顿号"),
        (cells.names, "、".join(str(each) for each in range(41)), "最多40样"),
        (cells.text, date(2026, 3, 5), "当成了日期"),
        (cells.text, time(3, 5), "当成了日期或时间"),
        (cells.name, False, "真假值"),
    ],
)
def test_what_does_not_fit_says_why(reader: Callable[[object], object], value: object, words: str) -> None:
    with pytest.raises(BadCell, match=words):
        reader(value)


def test_each_sheet_s_columns_read_their_own_examples_and_choices() -> None:
    assert len(SHEETS) == 5
    for sheet in SHEETS:
        assert sheet.columns[0].required
        assert len({each.title for each in sheet.columns}) == len(sheet.columns)
        for column in sheet.columns:
            assert column.help
            if column.example != "":
                column.read(column.example)
            for choice in column.choices:
                assert column.read(choice) == choice
