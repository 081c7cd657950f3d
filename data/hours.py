"""Quiet hours: when nothing that was not asked for is said."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Quiet from ``start`` until ``end`` each day in ``zone``, past midnight too; equal ends are never quiet."""

    start: time
    end: time
    zone: ZoneInfo

    def covers(self, moment: datetime) -> bool:
        """Whether ``moment`` is quiet."""
        clock = moment.astimezone(self.zone).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def began(self, moment: datetime) -> datetime | None:
        """When the quiet hours that ``moment`` falls in began; None where it is not quiet."""
        if not self.covers(moment):
            return None
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() >= self.start else local.date() - timedelta(days=1)
        return datetime.combine(day, self.start, tzinfo=self.zone)

    def after(self, moment: datetime) -> datetime:
        """``moment`` itself, or the end of the quiet hours that it falls in."""
        if not self.covers(moment):
            return moment
        local = moment.astimezone(self.zone)
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        return datetime.combine(day, self.end, tzinfo=self.zone)
