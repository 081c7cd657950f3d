"""Working time: when a deadline falls, in office hours and on working days.

The State Council's holidays and the days worked instead (调休) come from the package ``chinesecalendar``, which knows
them year by year, as they are announced. Of a year that it does not know yet, weekends and the statutory days are free.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from chinese_calendar.constants import holidays as announced_holidays
from chinese_calendar.constants import workdays as announced_workdays

from data.lunar import lunar_day

_DAY = timedelta(days=1)
_ANNOUNCED_YEARS = frozenset(day.year for day in announced_holidays)


@dataclass(frozen=True, slots=True)
class Span:
    """How long a step may take: ``hours`` of office time, or ``days`` of working days."""

    hours: float = 0.0
    days: int = 0


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Office hours in ``zone``; the town's own ``holidays`` and ``workdays`` stand above the country's.

    ``busy`` are the farming seasons (农忙), alike each year: (month, day) of the first and of the last day; a season
    may pass the year's end.
    """

    zone: ZoneInfo
    opens: time = time(8, 0)
    closes: time = time(18, 0)
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    busy: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()

    def works(self, day: date) -> bool:
        """Whether offices are open on ``day``."""
        if day in self.workdays:
            return True
        return day not in self.holidays and is_national_workday(day)

    def farming(self, day: date) -> bool:
        """Whether ``day`` is in a farming season (农忙)."""
        at = (day.month, day.day)
        return any(first <= at <= last if first <= last else at >= first or at <= last for first, last in self.busy)

    def after(self, moment: datetime, span: Span) -> datetime:
        """The moment at which ``span`` of working time has gone by: always in office hours, at the latest at closing.

        What comes in after closing counts from the next opening.
        """
        at = self._opening(moment.astimezone(self.zone))
        for _ in range(span.days):
            at = datetime.combine(self._workday(at.date() + _DAY), at.time(), tzinfo=self.zone)
        left = timedelta(hours=span.hours)
        while left > timedelta():
            close = datetime.combine(at.date(), self.closes, tzinfo=self.zone)
            if at + left <= close:
                return at + left
            left -= close - at
            at = self._opening(close)
        return at

    def _opening(self, at: datetime) -> datetime:
        """``at`` itself where offices are open then, else the next opening."""
        day = self._workday(at.date() + _DAY if at.time() >= self.closes else at.date())
        if day == at.date() and at.time() >= self.opens:
            return at
        return datetime.combine(day, self.opens, tzinfo=self.zone)

    def _workday(self, day: date) -> date:
        """``day`` itself where offices are open on it, else the next on which they are."""
        while not self.works(day):
            day += _DAY
        return day


def is_national_workday(day: date) -> bool:
    """Whether the country works on ``day``: by the announcement for its year, else by weekday and statute."""
    if day.year in _ANNOUNCED_YEARS:
        return day in announced_workdays or (day.weekday() < 5 and day not in announced_holidays)
    return day.weekday() < 5 and day not in statutory_days(day.year)


@lru_cache(maxsize=64)
def statutory_days(year: int) -> frozenset[date]:
    """The thirteen statutory days of a year (全国年节及纪念日放假办法, 2025), with no days moved around them."""
    days = {date(year, 1, 1), date(year, 5, 1), date(year, 5, 2)}
    days |= {date(year, 10, day) for day in (1, 2, 3)}
    days.add(_tomb_sweeping(year))
    spring = lunar_day(year, 1, 1)
    if spring is not None:
        days |= {spring + shift * _DAY for shift in (-1, 0, 1, 2)}  # 除夕 to 初三
    days |= {day for day in (lunar_day(year, 5, 5), lunar_day(year, 8, 15)) if day is not None}
    return frozenset(days)


def _tomb_sweeping(year: int) -> date:
    """清明 by the rule of thumb of this century, 4 or 5 April."""
    return date(year, 4, int(year % 100 * 0.2422 + 4.81) - year % 100 // 4)
