"""Working time: when a deadline falls, in office hours and on working days."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Span:
    """How long a step may take: ``hours`` of office time, or ``days`` of working days."""

    hours: float = 0.0
    days: int = 0


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Office hours, holidays and days worked instead, in ``zone``."""

    zone: ZoneInfo
    opens: time = time(8, 0)
    closes: time = time(18, 0)
    holidays: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    farming: tuple[tuple[tuple[int, int], tuple[int, int]], ...] = ()  # 农忙: (month, day) of the first and last day

    def works(self, day: date) -> bool:
        """Whether offices are open on ``day``."""
        if day in self.workdays:
            return True
        return day not in self.holidays and day.weekday() < 5

    def after(self, moment: datetime, span: Span) -> datetime:
        """The moment at which ``span`` of working time has gone by."""
        at = self._opening(moment.astimezone(self.zone))
        for _ in range(span.days):
            at = self._opening(datetime.combine(at.date() + timedelta(days=1), at.time(), tzinfo=self.zone))
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
        if at.time() >= self.closes:
            at = datetime.combine(at.date() + timedelta(days=1), self.opens, tzinfo=self.zone)
        elif at.time() < self.opens:
            at = datetime.combine(at.date(), self.opens, tzinfo=self.zone)
        while not self.works(at.date()):
            at = datetime.combine(at.date() + timedelta(days=1), self.opens, tzinfo=self.zone)
        return at
