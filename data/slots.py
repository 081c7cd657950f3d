"""When and where an order could be held: the wished time first, else when the village is usually free.

A village is free at noon and after supper (``rules.usual_times``, or as it said itself), not on the morning of a
market day, and in the farming season only after supper.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlmodel import Session

from data.clashes import taken, why_not
from data.freetimes import covers
from data.loop import Order
from data.lunar import is_market_day
from data.rules import Rules
from data.tables import Lecturer, Village

WISHED = "点单时说的时间"
_DAY = timedelta(days=1)
_LOOK_AHEAD = 21  # days
_WISH_LASTS = 7  # days of a wish with no end, or a long one, that are looked at
_SUPPER = time(18)
_NOON_OVER = time(14, 30)  # who goes to market is back by then
_OTHER_TIMES = (time(9, 30), time(15))  # where neither noon nor evening will do


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that could be, and why it is named."""

    starts_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """Who must be free, and what the town's calendar is."""

    rules: Rules
    village_free: tuple[str, ...]
    lecturer_free: tuple[str, ...]

    def suits(self, at: datetime) -> bool:
        """Whether the village's days allow it: no morning or noon of a market day, no daytime while farming."""
        if at.time() >= _SUPPER:
            return True
        return not self.rules.work.farming(at.date()) and not self.clashes_with_market(at)

    def clashes_with_market(self, at: datetime) -> bool:
        return at.time() < _NOON_OVER and is_market_day(at.date(), self.rules.market_days)

    def village_is_free(self, at: datetime) -> bool | None:
        return covers(self.village_free, at, self.rules.market_days, self.rules.work)

    def lecturer_is_free(self, at: datetime) -> bool | None:
        return covers(self.lecturer_free, at, self.rules.market_days, self.rules.work)

    def drawbacks(self, at: datetime) -> int:
        """The lecturer who is not free weighs most; then a time that the village did not name."""
        village = self.village_is_free(at)
        unusual = village is False or (village is None and at.time() not in self.rules.usual_times)
        return 2 * (self.lecturer_is_free(at) is False) + unusual


def venue_for(session: Session, order: Order) -> str:
    """The wished place, else the village's first venue, else nothing."""
    if order.place or order.village_id is None:
        return order.place
    village = session.get(Village, order.village_id)
    return village.venues[0] if village is not None and village.venues else ""


def times(
    session: Session, order: Order, *, rules: Rules, now: datetime, lecturer_id: int | None = None, limit: int = 2
) -> list[Slot]:
    """Times at which the order could be held, best first, with no clash; fewer than ``limit`` where there are fewer."""
    village = None if order.village_id is None else session.get(Village, order.village_id)
    lecturer = None if lecturer_id is None else session.get(Lecturer, lecturer_id)
    frame = _Frame(rules, tuple(village.free) if village else (), tuple(lecturer.free) if lecturer else ())
    today = now.astimezone(rules.zone).date()
    wished = list(_wished(order, frame, today))
    first = today + (1 if order.urgent else 2) * _DAY
    if wished and wished[0] > now:
        first = max(first, wished[0].date())
    usual = [at for at in _usual(first, frame) if frame.suits(at)]
    horizon = max([*wished, *usual, now]) + _DAY
    who = () if lecturer_id is None else (lecturer_id,)
    busy = taken(
        session,
        since=now,
        until=horizon,
        lecturer_ids=who,
        village_id=order.village_id,
        ignoring=order.lecture_id,
        ignoring_order=order.id,
        rules=rules,
    )
    venue = venue_for(session, order)

    def can_be(at: datetime) -> bool:
        return at > now and not why_not(
            busy,
            starts_at=at,
            minutes=rules.lecture_minutes,
            lecturer_id=lecturer_id,
            venue=venue,
            village_id=order.village_id,
            rules=rules,
        )

    chosen = _spread([at for at in wished if can_be(at)], [at for at in usual if can_be(at)], limit)
    return [Slot(at, "，".join(_reasons(at, first, frame, wished=at in wished))) for at in chosen]


def _spread(wished: list[datetime], usual: list[datetime], limit: int) -> list[datetime]:
    """The best ones, on different days where that costs nothing."""
    chosen: list[datetime] = []
    for options in (wished, usual):
        for other_day in (True, False):
            for at in options:
                if len(chosen) < limit and at not in chosen:
                    if other_day and any(at.date() == each.date() for each in chosen):
                        continue
                    chosen.append(at)
    return chosen


def _wished(order: Order, frame: _Frame, today: date) -> Iterator[datetime]:
    """The wished time; for a wished day, part of a day or week, the usual times within it, best first.

    周五之前 begins today, which is tried last.
    """
    if order.when_start is None:
        return
    zone = frame.rules.zone
    start = order.when_start.astimezone(zone)
    end = None if order.when_end is None else order.when_end.astimezone(zone)
    if end is None:
        counted = start.second or start.microsecond or start.minute % 5  # 三天后: the day is meant, not the second
        if start.time() != time(0) and not counted:
            yield start
            return
        start = datetime.combine(start.date(), time(0), tzinfo=zone)
        end = start + (1 if counted else _WISH_LASTS) * _DAY
    afternoon = time(12) <= start.time() and end - start > timedelta(hours=4) and end.time() <= time(18, 30)
    clocks = _OTHER_TIMES if afternoon and end.date() == start.date() else (*frame.rules.usual_times, *_OTHER_TIMES)
    days = [start.date() + shift * _DAY for shift in range(min((end - start).days, _WISH_LASTS) + 1)]
    within = [at for clock in clocks for day in days if start <= (at := _at(day, clock, frame)) < end]
    if not within and start.time() != time(0):
        within = [start]
    yield from sorted(within, key=lambda at: (at.date() <= today, not frame.suits(at), frame.drawbacks(at)))


def _usual(first: date, frame: _Frame) -> list[datetime]:
    """The usual times of the next weeks, best first."""
    clocks = (*frame.rules.usual_times, *_OTHER_TIMES)
    days = [first + shift * _DAY for shift in range(_LOOK_AHEAD)]
    options = [_at(day, clock, frame) for day in days for clock in clocks]
    return sorted(options, key=lambda at: (frame.drawbacks(at), at.date(), clocks.index(at.time())))


def _at(day: date, clock: time, frame: _Frame) -> datetime:
    return datetime.combine(day, clock, tzinfo=frame.rules.zone)


def _reasons(at: datetime, first: date, frame: _Frame, *, wished: bool) -> Iterator[str]:
    """点单时说的时间；晚饭后；中午，避开圩日；农忙，排在晚饭后，老师有空."""
    if wished:
        yield WISHED
    else:
        part = "晚饭后" if at.time() >= _SUPPER else part_of_day(at)
        yield f"农忙，排在{part}" if frame.rules.work.farming(at.date()) else part
        skipped = range((at.date() - first).days)
        if any(frame.clashes_with_market(_at(first + shift * _DAY, at.time(), frame)) for shift in skipped):
            yield "避开圩日"
        if frame.village_is_free(at):
            yield "村里说有空"
    lecturer_free = frame.lecturer_is_free(at)
    if lecturer_free is not None:
        yield "老师有空" if lecturer_free else "老师没说有空，要先问"


def part_of_day(at: datetime) -> str:
    """上午, 中午, 下午 or 晚上, of a local time."""
    if at.time() >= _SUPPER:
        return "晚上"
    if at.time() >= _NOON_OVER:
        return "下午"
    return "中午" if at.time() >= time(11, 30) else "上午"
