"""Periods: a day, week, month, quarter, half or whole year of the town's calendar.

Written ``2026-11-20``, ``2026W47``, ``2026-11``, ``2026Q4``, ``2026H2``, ``2026``.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from data.errors import Declined

GRACE_DAYS = 10  # what is written down by then still belongs to the period
_QUARTERS = "一二三四"
_HALVES = "上下"
_FORMS = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?:"
    r"-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2}))?|Q(?P<quarter>[1-4])|H(?P<half>[12])|W(?P<week>\d{1,2}))?",
    re.IGNORECASE | re.ASCII,
)


class PeriodKind(StrEnum):
    """How long a period is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF = "half"
    YEAR = "year"


_MONTHS = {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.HALF: 6, PeriodKind.YEAR: 12}


class BadPeriod(Declined):
    """Words that name no period."""

    def __init__(self, words: str) -> None:
        super().__init__(
            f"看不懂时段“{words[:20]}”。可以写 2026Q4、2026年11月、11月20日、第47周、去年四季度、上个月、上周、昨天。"
        )


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """``first`` is its first day; the last is the one before ``after``."""

    first: date
    kind: PeriodKind

    @property
    def after(self) -> date:
        """The first day that is no longer in it."""
        if self.kind in _MONTHS:
            return _months_on(self.first, _MONTHS[self.kind])
        return self.first + timedelta(days=7 if self.kind is PeriodKind.WEEK else 1)

    @property
    def key(self) -> str:
        """As `parse` reads it."""
        year, month = self.first.year, self.first.month
        match self.kind:
            case PeriodKind.DAY:
                return self.first.isoformat()
            case PeriodKind.WEEK:
                iso = self.first.isocalendar()
                return f"{iso.year}W{iso.week:02}"
            case PeriodKind.MONTH:
                return f"{year}-{month:02}"
            case PeriodKind.QUARTER:
                return f"{year}Q{(month + 2) // 3}"
            case PeriodKind.HALF:
                return f"{year}H{(month + 5) // 6}"
            case PeriodKind.YEAR:
                return str(year)

    @property
    def label(self) -> str:
        """As people read it: 2026年第四季度."""
        year, month = self.first.year, self.first.month
        match self.kind:
            case PeriodKind.DAY:
                return f"{year}年{month}月{self.first.day}日"
            case PeriodKind.WEEK:
                iso = self.first.isocalendar()
                return f"{iso.year}年第{iso.week}周"
            case PeriodKind.MONTH:
                return f"{year}年{month}月"
            case PeriodKind.QUARTER:
                return f"{year}年第{_QUARTERS[(month - 1) // 3]}季度"
            case PeriodKind.HALF:
                return f"{year}年{_HALVES[(month - 1) // 6]}半年"
            case PeriodKind.YEAR:
                return f"{year}年"

    def start(self, zone: ZoneInfo) -> datetime:
        """Its first moment."""
        return datetime.combine(self.first, time(), zone)

    def end(self, zone: ZoneInfo) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.after, time(), zone)

    def closes_at(self, zone: tzinfo, *, grace_days: int = GRACE_DAYS) -> datetime:
        """When its books are closed: what is written down later is late (补报) and never changes its numbers."""
        return datetime.combine(self.after + timedelta(days=grace_days), time(), zone)

    def months(self) -> list["Period"]:
        """The months in it, where it is one or longer; else none."""
        count = _MONTHS.get(self.kind, 0)
        return [Period(_months_on(self.first, step), PeriodKind.MONTH) for step in range(count)]

    def before(self) -> "Period":
        """The one before, as long."""
        return period_of(self.first - timedelta(days=1), self.kind)


def period_of(day: date, kind: PeriodKind) -> Period:
    """The period of this kind in which a day lies."""
    match kind:
        case PeriodKind.DAY:
            return Period(day, kind)
        case PeriodKind.WEEK:
            return Period(day - timedelta(days=day.weekday()), kind)
        case _:
            length = _MONTHS[kind]
            return Period(date(day.year, (day.month - 1) // length * length + 1, 1), kind)


def is_settled(day: date, written: datetime, *, now: datetime, zone: tzinfo) -> bool:
    """Whether what lies on a day and was written down then is counted in a period that has been closed since."""
    closes = (period_of(day, kind).closes_at(zone) for kind in PeriodKind)
    return any(written <= each < now for each in closes)


def parse(words: str) -> Period:
    """Read a period. Raises `BadPeriod`."""
    found = _FORMS.fullmatch(words.strip())
    if found is None:
        raise BadPeriod(words)
    part = {name: int(value) for name, value in found.groupdict().items() if value is not None}
    year = part["year"]
    try:
        match part:
            case {"day": day, "month": month}:
                return Period(date(year, month, day), PeriodKind.DAY)
            case {"month": month}:
                return Period(date(year, month, 1), PeriodKind.MONTH)
            case {"quarter": quarter}:
                return Period(date(year, quarter * 3 - 2, 1), PeriodKind.QUARTER)
            case {"half": half}:
                return Period(date(year, half * 6 - 5, 1), PeriodKind.HALF)
            case {"week": week}:
                return Period(date.fromisocalendar(year, week, 1), PeriodKind.WEEK)
            case _:
                return Period(date(year, 1, 1), PeriodKind.YEAR)
    except ValueError as error:
        raise BadPeriod(words) from error


def _months_on(first: date, months: int) -> date:
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
