"""Times in messages: what is read, what is left alone, and what holds for any text."""

import csv
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.solarterms import TERMS, solar_term
from handlers.understand.when import TownCalendar, find_times, first_time, read_times
from handlers.understand.when.almanac import is_market_day, lunar_month
from handlers.understand.when.numerals import about, to_int

CASES = Path(__file__).parent / "cases" / "when.tsv"
TOWN = TownCalendar(market_days=(1, 4, 7))
FRIDAY = datetime.fromisoformat("2026-11-20T15:00")


def _cases() -> list[tuple[str, str, str]]:
    with CASES.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(row["now"], row["text"], row["times"]) for row in rows]


def _shown(text: str, now: datetime, town: TownCalendar = TOWN) -> str:
    """The readings as the cases write them: start ~ end, ? before a weak one, - for none."""
    parts = []
    for reading in read_times(text, now, town):
        end = f" ~ {reading.when.end:%Y-%m-%d %H:%M}" if reading.when.end else ""
        parts.append(f"{'' if reading.certain else '?'}{reading.when.start:%Y-%m-%d %H:%M}{end}")
    return " | ".join(parts) or "-"


def test_there_are_cases() -> None:
    assert len(_cases()) >= 120


@pytest.mark.parametrize(("now", "text", "times"), _cases())
def test_case(now: str, text: str, times: str) -> None:
    assert _shown(text, datetime.fromisoformat(now)) == times


@pytest.mark.parametrize(
    ("text", "words", "grain"),
    [
        ("请李医生周六晚上七点半来讲", "周六晚上七点半", "minute"),
        ("听晚八點得唔得", "听晚八點", "hour"),
        ("明天下午吧", "明天下午", "part"),
        ("下周来一次", "下周", "week"),
        ("三月里", "三月里", "month"),
        ("农闲再讲", "农闲", "season"),
        ("初八最好", "初八", "day"),
        ("一小时二十分钟后开讲", "一小时二十分钟后", "minute"),
    ],
)
def test_the_words_and_the_grain(text: str, words: str, grain: str) -> None:
    when = first_time(text, FRIDAY, TOWN)
    assert when is not None
    assert (when.text, when.grain) == (words, grain)


def test_a_choice_is_not_a_day_unless_days_are_spoken_of() -> None:
    assert find_times("2号", FRIDAY, TOWN) == ()
    assert [reading.certain for reading in read_times("2号", FRIDAY, TOWN)] == [False]
    assert find_times("2号晚上", FRIDAY, TOWN)[0].start == datetime.fromisoformat("2026-12-02T18:00")
    assert find_times("改到2号", FRIDAY, TOWN)[0].start == datetime.fromisoformat("2026-12-02T00:00")


def test_two_times_are_told_apart_in_order() -> None:
    first, second = find_times("周六那场不去了,改报周日下午三点的", FRIDAY, TOWN)
    assert (first.start.day, second.start.day, second.start.hour) == (21, 22, 15)


def test_a_town_without_a_market_has_no_market_day() -> None:
    assert find_times("圩日上午", FRIDAY, TownCalendar()) == ()


def test_market_days_may_follow_the_solar_calendar() -> None:
    town = TownCalendar(market_days=(2, 5, 8), market_by="solar")
    assert [day for day in range(1, 31) if is_market_day(date(2026, 11, day), town)] == [
        2,
        5,
        8,
        12,
        15,
        18,
        22,
        25,
        28,
    ]
    assert find_times("圩日", FRIDAY, town)[0].start.day == 22


def test_the_towns_habits_move_parts_of_the_day_and_seasons() -> None:
    town = TownCalendar(after_supper=(18, 21), noon_rest=(11, 13), slack_months=((12, 1),), little_new_year=24)
    assert _shown("晚饭后", FRIDAY, town) == "2026-11-20 18:00 ~ 2026-11-20 21:00"
    assert _shown("明天中午", FRIDAY, town) == "2026-11-21 11:00 ~ 2026-11-21 13:00"
    assert _shown("农闲", FRIDAY, town) == "2026-12-01 00:00 ~ 2027-02-01 00:00"
    assert _shown("小年", FRIDAY, town) == "2027-01-31 00:00 ~ 2027-02-01 00:00"


@pytest.mark.parametrize(
    ("year", "term", "day"),
    [
        (2024, "立春", "2024-02-04"),
        (2025, "立春", "2025-02-03"),
        (2024, "清明", "2024-04-04"),
        (2027, "清明", "2027-04-05"),
        (2021, "冬至", "2021-12-21"),
        (2026, "冬至", "2026-12-22"),
        (2019, "小寒", "2019-01-05"),
        (2017, "雨水", "2017-02-18"),
    ],
)
def test_solar_terms(year: int, term: str, day: str) -> None:
    assert solar_term(year, term) == date.fromisoformat(day)


def test_solar_terms_are_half_a_month_apart_in_every_year() -> None:
    for year in range(1950, 2100, 7):
        days = sorted(solar_term(year, term) for term in TERMS)
        gaps = {(later - earlier).days for earlier, later in pairwise(days)}
        assert gaps <= {14, 15, 16}


def test_lunar_months_join_without_a_gap() -> None:
    first, last = lunar_month(2026, 12), lunar_month(2027, 1)
    assert first is not None
    assert last is not None
    assert first[1] == last[0]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("三", 3),
        ("十", 10),
        ("十二", 12),
        ("廿三", 23),
        ("卅", 30),
        ("二十五", 25),
        ("一百零五", 105),
        ("二零二七", 2027),
        ("点", None),
    ],
)
def test_numerals(words: str, number: int | None) -> None:
    assert to_int(words) == number


@pytest.mark.parametrize(
    ("words", "span"), [("七八", (7, 8)), ("十一二", (11, 12)), ("十二", (12, 12)), ("七九", (79, 79))]
)
def test_about(words: str, span: tuple[int, int]) -> None:
    assert about(words) == span


WORDS = st.sampled_from(
    [
        *(
            "周三",
            "下周",
            "周末",
            "明天",
            "今晚",
            "三点",
            "七点半",
            "上午",
            "下午",
            "晚饭后",
            "到",
            "至",
            "~",
            "-",
            "12",
        ),
        *(
            "号",
            "月",
            "初五",
            "腊月",
            "廿三",
            "春节",
            "前",
            "后",
            "三天",
            "半小时",
            "内",
            "的",
            ",",
            "(",
            ")",
            " ",
            "每",
        ),
        *("圩日", "农闲", "去年", "2027年", "2.30", "2/30", "30日", "99", "零", "十", "点", "分", "第一个", "最后一天"),
        *("闰", "除夕", "清明", "24点", "底", "人", "报名"),
    ]
)
MESSAGES = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map("".join))
NOWS = st.datetimes(min_value=datetime(1995, 1, 1), max_value=datetime(2095, 12, 31))


@given(MESSAGES, NOWS)
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_in_order_and_within_itself(text: str, now: datetime) -> None:
    end = 0
    for reading in read_times(text, now, TOWN):
        assert end <= reading.start < reading.end <= len(text)
        assert reading.when.text in text[reading.start : reading.end]
        assert reading.when.end is None or reading.when.end > reading.when.start
        end = reading.end


@given(st.sampled_from([text for _, text, _ in _cases()]))
@settings(max_examples=150, deadline=None)
def test_traditional_characters_mean_the_same(text: str) -> None:
    raised = text.translate(str.maketrans("点号周礼个后这两钟昼时节国庆历农", "點號週禮個後這兩鐘晝時節國慶曆農"))
    assert _shown(raised, FRIDAY) == _shown(text, FRIDAY)


@given(NOWS)
@settings(max_examples=60, deadline=None)
def test_what_comes_again_is_never_past(now: datetime) -> None:
    for text in (
        "周三",
        "周三晚上七点",
        "七点半",
        "5号",
        "初八",
        "中秋节",
        "月底",
        "圩日",
        "十月第一个周一",
        "下午三点",
    ):
        (reading,) = read_times(text, now, TOWN)
        assert (reading.when.end or reading.when.start + timedelta(minutes=1)) > now
