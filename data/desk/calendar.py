"""The lectures of a stretch of days, as a calendar shows them: a few of each day, and how many there are."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlmodel import Session

from data.loop import EventKind, Lecture, LectureState
from data.lunar import is_market_day
from data.posters import lunar_words
from data.rules import Rules
from data.statements import table_of
from data.tables import Lecturer, Village

_LECTURE, _LECTURER, _VILLAGE = table_of(Lecture), table_of(Lecturer), table_of(Village)
MOST = 20_000  # lectures that are looked at: a busy month of a whole province


@dataclass(frozen=True, slots=True)
class Entry:
    """A lecture in a day's square."""

    number: int
    starts_at: datetime
    title: str
    kind: EventKind
    lecturer: str
    village: str
    venue: str
    state: LectureState


@dataclass(frozen=True, slots=True)
class Day:
    """A day. ``lunar`` is 十三, or the month on its first day; ``off`` is 休 or 班 where a weekday misleads."""

    day: date
    lunar: str
    market: bool
    off: str
    entries: tuple[Entry, ...]
    total: int


def days(
    session: Session,
    first: date,
    many: int,
    *,
    each: int,
    village_id: int | None,
    lecturer_id: int | None,
    rules: Rules,
) -> list[Day]:
    """``many`` days from ``first`` on, each with its first ``each`` lectures: of a village or a lecturer if given."""
    by_day = _numbers(session, first, many, village_id, lecturer_id, rules.zone)
    shown = [number for numbers in by_day.values() for number in numbers[:each]]
    entries = _entries(session, shown)
    found = []
    for day in (first + timedelta(days=ahead) for ahead in range(many)):
        numbers = by_day.get(day, [])
        here = tuple(entries[number] for number in numbers[:each])
        found.append(Day(day, _lunar(day), is_market_day(day, rules.market_days), _off(day, rules), here, len(numbers)))
    return found


def _numbers(
    session: Session, first: date, many: int, village_id: int | None, lecturer_id: int | None, zone: ZoneInfo
) -> dict[date, list[int]]:
    """The lectures of each day in the town's zone, by number, the earliest first."""
    begins = datetime.combine(first, time(), tzinfo=zone)
    ends = datetime.combine(first + timedelta(days=many), time(), tzinfo=zone)
    query = (
        select(_LECTURE.c.id, _LECTURE.c.starts_at)
        .where(_LECTURE.c.starts_at >= begins, _LECTURE.c.starts_at < ends)
        .order_by(_LECTURE.c.starts_at, _LECTURE.c.id)
        .limit(MOST)
    )
    if village_id is not None:
        query = query.where(_LECTURE.c.village_id == village_id)
    if lecturer_id is not None:
        query = query.where(_LECTURE.c.lecturer_id == lecturer_id)
    by_day: dict[date, list[int]] = {}
    for number, starts_at in session.execute(query):
        by_day.setdefault(starts_at.astimezone(zone).date(), []).append(number)
    return by_day


def _entries(session: Session, numbers: list[int]) -> dict[int, Entry]:
    columns = (
        _LECTURE.c.id, _LECTURE.c.starts_at, _LECTURE.c.title, _LECTURE.c.kind, _LECTURER.c.name,
        func.coalesce(_VILLAGE.c.name, ""), _LECTURE.c.venue, _LECTURE.c.state,
    )  # fmt: skip
    query = (
        select(*columns)
        .join(_LECTURER, _LECTURER.c.id == _LECTURE.c.lecturer_id)
        .outerjoin(_VILLAGE, _VILLAGE.c.id == _LECTURE.c.village_id)
        .where(_LECTURE.c.id.in_(numbers))
    )
    return {row[0]: Entry(*row) for row in session.execute(query)}


def _lunar(day: date) -> str:
    words = lunar_words(day).removeprefix("农历")
    return words.removesuffix("初一") if words.endswith("初一") else words[-2:]


def _off(day: date, rules: Rules) -> str:
    works = rules.work.works(day)
    if works == (day.weekday() < 5):
        return ""
    return "班" if works else "休"
