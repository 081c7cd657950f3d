"""Working time: deadlines fall in office hours, on days on which the country, and this town, works."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.lunar import lunar_day
from data.solarterms import solar_term
from data.workdays import Span, WorkCalendar, is_national_workday, statutory_days
from tests.town import ZONE

OFFICE = WorkCalendar(ZONE)
FOUR_HOURS, TWO_DAYS = Span(hours=4), Span(days=2)


def at(words: str) -> datetime:
    return datetime.strptime(words, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("moment", "span", "due"),
    [
        ("2026-11-20 09:00", FOUR_HOURS, "2026-11-20 13:00"),
        ("2026-11-20 14:00", FOUR_HOURS, "2026-11-20 18:00"),  # at closing is still today
        ("2026-11-20 15:00", FOUR_HOURS, "2026-11-23 09:00"),  # Friday afternoon, Monday morning
        ("2026-11-20 23:59", FOUR_HOURS, "2026-11-23 12:00"),  # late at night counts from the next opening
        ("2026-11-21 10:00", FOUR_HOURS, "2026-11-23 12:00"),  # so does a Saturday
        ("2026-11-20 18:00", FOUR_HOURS, "2026-11-23 12:00"),
        ("2026-11-20 05:00", FOUR_HOURS, "2026-11-20 12:00"),
        ("2026-11-30 16:00", FOUR_HOURS, "2026-12-01 10:00"),  # the month's end
        ("2028-02-28 16:00", FOUR_HOURS, "2028-02-29 10:00"),  # a leap day
        ("2025-12-31 17:00", FOUR_HOURS, "2026-01-04 11:00"),  # New Year, and the Sunday worked instead
        ("2026-02-13 17:00", FOUR_HOURS, "2026-02-14 11:00"),  # the Saturday before the Spring Festival is worked
        ("2026-02-14 17:00", FOUR_HOURS, "2026-02-24 11:00"),  # and then nine days are free
        ("2026-11-20 15:00", TWO_DAYS, "2026-11-24 15:00"),
        (
            "2026-09-30 20:00",
            TWO_DAYS,
            "2026-10-10 08:00",
        ),  # counts from the 8th; the 10th is a Saturday worked instead
        ("2026-09-30 15:00", TWO_DAYS, "2026-10-09 15:00"),
        ("2026-11-20 15:00", Span(hours=25), "2026-11-25 10:00"),
        ("2026-11-20 15:00", Span(), "2026-11-20 15:00"),
        ("2026-11-20 19:00", Span(), "2026-11-23 08:00"),
    ],
)
def test_when_a_deadline_falls(moment: str, span: Span, due: str) -> None:
    assert OFFICE.after(at(moment), span) == at(due)


def test_the_moment_may_come_in_any_zone() -> None:
    assert OFFICE.after(datetime(2026, 11, 20, 1, 0, tzinfo=UTC), FOUR_HOURS) == at("2026-11-20 13:00")


def test_the_town_s_own_days_stand_above_the_country_s() -> None:
    friday, saturday, holiday = date(2026, 11, 20), date(2026, 11, 21), date(2026, 10, 1)
    town = WorkCalendar(ZONE, holidays=frozenset({friday}), workdays=frozenset({saturday, holiday}))
    assert not town.works(friday)
    assert town.works(saturday)
    assert town.works(holiday)
    assert town.after(at("2026-11-19 17:00"), FOUR_HOURS) == at("2026-11-21 11:00")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ((2026, 10, 1), False),
        ((2026, 10, 10), True),  # a Saturday worked instead
        ((2026, 9, 20), True),  # a Sunday worked instead
        ((2026, 9, 25), False),  # 中秋
        ((2026, 2, 16), False),  # 除夕
        ((2026, 11, 20), True),
        ((2035, 10, 3), False),  # nothing was announced yet for 2035: statute and weekday
        ((2035, 10, 4), True),
        ((2035, 2, 7), False),  # 除夕; 初一 is 8 February
        ((2035, 2, 12), True),
        ((2035, 6, 10), False),
        ((2028, 4, 4), False),  # 清明
    ],
)
def test_days_that_the_country_works(day: tuple[int, int, int], works: bool) -> None:
    assert is_national_workday(date(*day)) is works


@pytest.mark.parametrize("year", range(2027, 2099))
def test_the_statute_gives_thirteen_days(year: int) -> None:
    days = statutory_days(year)
    within = lunar_day(year, 8, 15) in {date(year, 10, day) for day in (1, 2, 3)}  # 中秋 within 国庆
    assert len(days) == 13 - within
    assert {date(year, 1, 1), date(year, 5, 1), date(year, 10, 1)} <= days
    assert solar_term(year, "清明") in days


@pytest.mark.parametrize("year", range(2010, 2027))
def test_the_statute_agrees_with_what_was_announced(year: int) -> None:
    """No statutory day since 2010 was a working day, but those that the statute of 2025 added."""
    added_in_2025 = {date(year, 5, 2)}
    for day in statutory_days(year) - added_in_2025:
        if year >= 2025 or day.month not in (1, 2):  # 除夕 was not free in some years before
            assert not is_national_workday(day), day


def test_the_farming_season_may_pass_the_year_s_end() -> None:
    town = WorkCalendar(ZONE, busy=(((7, 10), (8, 5)), ((12, 20), (1, 10))))
    busy = [(7, 10), (8, 5), (12, 20), (12, 31), (1, 1), (1, 10)]
    assert all(town.farming(date(2026, month, day)) for month, day in busy)
    assert not any(town.farming(date(2026, month, day)) for month, day in [(7, 9), (8, 6), (12, 19), (1, 11)])
    assert not OFFICE.farming(date(2026, 7, 15))


def test_a_season_may_end_on_a_leap_day() -> None:
    town = WorkCalendar(ZONE, busy=(((2, 1), (2, 29)),))
    assert town.farming(date(2027, 2, 28))
    assert not town.farming(date(2027, 3, 1))


MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31)).map(lambda moment: moment.replace(tzinfo=ZONE))
SPANS = st.builds(Span, hours=st.integers(0, 60).map(lambda quarters: quarters / 4), days=st.integers(0, 15))


@given(MOMENTS, SPANS)
def test_a_deadline_is_in_office_hours_and_never_before(moment: datetime, span: Span) -> None:
    due = OFFICE.after(moment, span)
    assert due >= moment
    assert OFFICE.works(due.date())
    assert time(8) <= due.time() <= time(18)


@given(MOMENTS, st.integers(0, 20_000), SPANS)
def test_what_came_later_is_never_due_earlier(moment: datetime, minutes: int, span: Span) -> None:
    assert OFFICE.after(moment, span) <= OFFICE.after(moment + timedelta(minutes=minutes), span)


@given(MOMENTS, SPANS, st.integers(0, 5), st.integers(0, 20))
def test_who_has_longer_is_never_due_earlier(moment: datetime, span: Span, days: int, quarters: int) -> None:
    longer = Span(hours=span.hours + quarters / 4, days=span.days + days)
    assert OFFICE.after(moment, span) <= OFFICE.after(moment, longer)
