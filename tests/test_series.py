"""Which text a group gets, and when: answers, days, courses and the rotation, over every edge of the calendar."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.listeners import takes
from data.seasons import BadSpan, check, span_of
from data.series import Board, History, in_words
from data.tables import PushPart
from tests.series_board import AWAY, GROUP, PLENTY, WORK, course, dated, days_of, text, world

# ---- days of the calendar ------------------------------------------------------------------------------------------

SPANS = [
    ("2026-12-01", date(2026, 12, 1), date(2026, 12, 1)),
    ("02-29", date(2028, 2, 29), date(2028, 2, 29)),
    ("10-01..04-30", date(2026, 10, 1), date(2027, 4, 30)),  # passes the new year
    ("2026-12-30..2027-01-02", date(2026, 12, 30), date(2027, 1, 2)),
    ("2026-12-30到2027-01-02", date(2026, 12, 30), date(2027, 1, 2)),
    ("立春", date(2027, 2, 4), date(2027, 2, 4)),
    ("清明前7天", date(2027, 3, 29), date(2027, 4, 5)),
    ("芒种..夏至", date(2027, 6, 6), date(2027, 6, 21)),
    ("农历腊月廿三", date(2027, 1, 30), date(2027, 1, 30)),  # of the lunar year before
    ("三月三", date(2027, 4, 9), date(2027, 4, 9)),
    ("除夕..元宵", date(2027, 2, 5), date(2027, 2, 20)),  # over the lunar new year
    ("春节前3天", date(2027, 2, 3), date(2027, 2, 6)),
    ("元旦前3天", date(2026, 12, 29), date(2027, 1, 1)),  # begins in the year before
    ("元旦后一周", date(2027, 1, 1), date(2027, 1, 8)),
    ("返乡前3天", date(2027, 1, 20), date(2027, 1, 23)),
    ("开学前一周", date(2027, 8, 25), date(2027, 9, 1)),
    ("农忙", date(2026, 12, 20), date(2027, 1, 5)),
]
NAMES = {"返乡": "农历腊月十六", "开学": "09-01"}


@pytest.mark.parametrize(("words", "first", "last"), SPANS, ids=[each[0] for each in SPANS])
def test_a_span_begins_and_ends_on_its_days(words: str, first: date, last: date) -> None:
    checked = check(words, NAMES)
    for day in (first, first + (last - first) / 2, last):
        assert span_of(checked, day, WORK) == (first, last)
    for outside in (first - timedelta(days=1), last + timedelta(days=1)):
        assert span_of(checked, outside, WORK) is None


@pytest.mark.parametrize(
    "words",
    ["13-01", "04-31", "何时", "清明..", "a..b..c", "农历十三月初一", "返乡前零天", "", "2027-02-01..2027-01-01"],
)
def test_a_span_that_cannot_be_says_how_to_write_one(words: str) -> None:
    with pytest.raises(BadSpan, match="可以写"):
        check(words, {})


@given(st.sampled_from([each[0] for each in SPANS]), st.dates(date(2025, 1, 1), date(2035, 12, 31)))
@settings(max_examples=200, deadline=None)
def test_a_day_lies_in_the_span_that_is_told_for_it(words: str, day: date) -> None:
    span = span_of(check(words, NAMES), day, WORK)
    if span is not None:
        assert span[0] <= day <= span[1]
        assert span_of(check(words, NAMES), span[0], WORK) == span


# ---- what has its turn ---------------------------------------------------------------------------------------------


def test_a_dated_text_comes_once_in_its_days_and_again_next_year() -> None:
    board = world(text(1), text(2), series=(dated("t1", days=("清明前7天",)),))
    for year in (2027, 2028):
        got = [(at.date(), each.snippet.key) for at, each in days_of(board, date(year, 3, 20), 30) if each.series]
        assert got == [(date(year, 3, 29 if year == 2027 else 28), "t1")]


def test_the_shorter_span_goes_first() -> None:
    season = dated("t1", "t2", days=("10-01..04-30",), again=True)
    board = world(text(1), text(2), text(3), series=(season, dated("t3", days=("冬至",), number=2)))
    winter = days_of(board, date(2026, 12, 22), 1)
    assert [each.snippet.key for _, each in winter] == ["t3", "t1"]


def test_a_season_repeats_its_texts_with_days_between() -> None:
    season = dated("t1", "t2", days=("10-01..04-30",), again=True, every_days=10)
    board = world(text(1), text(2), series=(season,))
    got = days_of(board, date(2026, 12, 20), 31)
    assert [(at.date().isoformat(), each.snippet.key) for at, each in got] == [
        ("2026-12-20", "t1"), ("2026-12-30", "t2"), ("2027-01-09", "t1"), ("2027-01-19", "t2"),
    ]  # fmt: skip


def test_a_course_goes_in_order_with_its_number_and_ends() -> None:
    board = world(text(1), text(2), text(3), series=(course("t2", "t3", "t1", every_days=3),))
    got = days_of(board, date(2026, 11, 29), 30)  # over a month's end
    assert [(at.date().day, each.lesson) for at, each in got] == [(29, 1), (2, 2), (5, 3)]
    assert [each.text.partition("】")[0] for _, each in got] == ["【第一课 第2条", "【第二课 第3条", "【第三课 第1条"]


def test_a_new_version_of_a_lesson_is_no_reason_to_begin_again() -> None:
    lessons = course("t1", "t2", every_days=1)
    board = world(text(1), text(2), series=(lessons,))
    days_of(board, date(2026, 11, 20), 1)
    renewed = Board([text(11, key="t1", version=2), text(2)], [lessons], board.histories, PLENTY)
    assert [each.snippet.key for _, each in days_of(renewed, date(2026, 11, 21), 5)] == ["t2"]


def test_a_course_does_not_count_what_the_rotation_sent_before() -> None:
    before = world(text(1), text(2))
    days_of(before, date(2026, 11, 1), 3)
    board = Board([text(1), text(2)], [course("t1", "t2")], before.histories, PLENTY)
    assert [each.lesson for _, each in days_of(board, date(2026, 11, 20), 10)] == [1, 2]


def test_texts_of_a_series_are_not_in_the_rotation() -> None:
    board = world(text(1), text(2), series=(dated("t1", days=("清明",)),))
    assert {each.snippet.key for _, each in days_of(board, date(2026, 11, 20), 5)} == {"t2"}


def test_a_question_in_the_evening_and_its_answer_at_noon_once() -> None:
    board = world(text(1, ask="医保卡能借吗？"))
    got = days_of(board, date(2026, 12, 31), 2)
    assert [(at.isoformat(), each.part) for at, each in got] == [
        ("2026-12-31T19:30:00", "question"),
        ("2027-01-01T12:00:00", "answer"),
        ("2027-01-01T19:30:00", "question"),
    ]
    question, answer = got[0][1].text, got[1][1].text
    assert "医保卡能借吗？" in question
    assert "话" not in question.replace("说话", "")
    assert "昨晚问的：医保卡能借吗？" in answer


def test_a_town_that_pushes_at_noon_only_asks_at_noon() -> None:
    board = world(text(1, ask="能借吗？"), rules=replace(PLENTY, evening_pushes=False))
    noons = [datetime(2026, 11, 20 + shift, 12) for shift in range(3)]
    parts = []
    for at in noons:
        choice = board.choose(GROUP, at)
        assert choice is not None
        board.histories[1].note(choice, at)
        parts.append(choice.part)
    assert parts == ["question", "answer", "question"]


def test_the_answer_waits_for_the_next_day_and_has_its_place_kept() -> None:
    """A town that pushes once more at half past eight: no answer yet, and nothing that would take its place."""
    late, noon = datetime(2026, 11, 20, 20, 30), datetime(2026, 11, 21, 12)
    for per_week, wanted in ((8, "t2"), (7, None)):
        reached = [datetime(2026, 11, day, 12) for day in range(15, 20)] + [datetime(2026, 11, 20, 19, 30)]
        history = History(reached=reached, asked={"t1": date(2026, 11, 20)})
        season = dated("t2", days=("10-01..04-30",))
        board = Board([text(1, ask="能借吗？"), text(2)], [season], {1: history}, replace(PLENTY, per_week=per_week))
        choice = board.choose(GROUP, late)
        assert (choice.snippet.key if choice else None) == wanted
        answer = board.choose(GROUP, noon)
        assert answer is not None
        assert (answer.snippet.key, answer.part) == ("t1", "answer")


def test_an_answer_too_late_or_withdrawn_is_not_given() -> None:
    asked = {1: History(asked={"t1": date(2026, 11, 20)})}
    late = Board([text(1, ask="能借吗？"), text(2)], [], asked, PLENTY)
    noon = late.choose(GROUP, datetime(2026, 11, 25, 12))
    assert noon is None or noon.part != PushPart.ANSWER
    gone = Board([text(2)], [], {1: History(asked={"t1": date(2026, 11, 20)})}, PLENTY)
    noon = gone.choose(GROUP, datetime(2026, 11, 21, 12))
    assert noon is not None
    assert (noon.snippet.key, noon.part) == ("t2", "whole")


@pytest.mark.parametrize(
    ("audience", "wanted"),
    [
        ({}, (True, True)),
        ({"villages": ["上坪村"]}, (True, True)),
        ({"villages": ["石湾村"]}, (False, False)),
        ({"kinds": ["migrants"]}, (False, True)),
        ({"villages": ["上坪村"], "kinds": ["residents"]}, (True, False)),
        ({"tags": ["种植户"]}, (False, False)),
    ],
)
def test_an_audience_takes_whom_it_names(audience: dict[str, list[str]], wanted: tuple[bool, bool]) -> None:
    assert (takes(audience, GROUP), takes(audience, AWAY)) == wanted
    assert takes({"tags": ["种植户", "老党员"]}, replace(GROUP, tags=frozenset({"老党员"})))
    board = world(text(1, audience=audience))
    assert tuple(board.choose(each, datetime(2026, 11, 20, 12)) is not None for each in (GROUP, AWAY)) == wanted


# ---- how often -----------------------------------------------------------------------------------------------------


@given(
    per_week=st.integers(1, 14),
    broadcasts=st.lists(st.integers(0, 40 * 24), max_size=12),
    asks=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_week_holds_more_than_the_cap(per_week: int, broadcasts: list[int], asks: bool) -> None:
    """Over all kinds; notices of people are never held back, so beyond their number nothing is pushed."""
    start = datetime(2026, 12, 10)
    notices = [start + timedelta(hours=each) for each in broadcasts]
    texts = [text(number, ask="问？" if asks and number % 3 == 0 else "") for number in range(1, 20)]
    season = dated("t1", "t2", days=("10-01..04-30",), again=True, every_days=2)
    board = Board(texts, [season, course("t4", "t5", "t6")], {}, replace(PLENTY, per_week=per_week))
    board.histories[1] = History(reached=list(notices))
    got = days_of(board, start.date(), 40)
    assert got or len(notices) >= per_week
    for at, choice in got:
        reached = [each for each, _ in got] + (notices if choice.part != PushPart.ANSWER else [])
        assert sum(at - timedelta(days=7) < each <= at for each in reached) <= per_week


def test_the_rotation_leaves_room_for_what_has_its_day() -> None:
    rules = replace(PLENTY, per_week=7)
    quiet = world(*(text(number) for number in range(1, 40)), rules=rules)
    assert len(days_of(quiet, date(2026, 11, 16), 7)) == 5
    urgent = dated("t1", "t2", days=("11-21..11-22",))
    board = world(*(text(number) for number in range(1, 40)), series=(urgent,), rules=rules)
    got = days_of(board, date(2026, 11, 16), 7)
    assert [at.day for at, each in got if each.series] == [21, 22]
    assert len(got) == 7


def test_broadcasts_count_too() -> None:
    board = world(*(text(number) for number in range(1, 40)), rules=replace(PLENTY, per_week=7))
    board.histories[1] = History(reached=[datetime(2026, 11, 15, 9)] * 7)
    assert days_of(board, date(2026, 11, 16), 6) == []
    assert len(days_of(board, date(2026, 11, 22), 1)) == 1


@given(st.integers(0, 99))
def test_a_lesson_has_its_number_in_words(number: int) -> None:
    digits = "零一二三四五六七八九"
    words = in_words(number)
    tens, ten, ones = words.partition("十")
    value = (
        (digits.index(tens) if tens else 1) * 10 + (digits.index(ones) if ones else 0) if ten else digits.index(words)
    )
    assert value == number
