"""The town's rules of the loop: how long each step may take, and when people are spoken to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from data.hours import QuietHours
from data.loop import OrderState
from data.workdays import Span, WorkCalendar


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long the one responsible has; ``urgent`` stands for each of an urgent order's steps."""

    review: Span
    dispatch: Span
    accept: Span
    schedule: Span
    urgent: Span
    count: Span  # to type how many came
    answer: Span  # to answer an opinion or a question


@dataclass(frozen=True, slots=True)
class BroadcastRules:
    """Who may release a notice, and how many a group gets."""

    two_people: bool = True  # what one writes another approves
    emergency: bool = True  # … but in an emergency
    per_room_day: int = 2  # 0: no limit


@dataclass(frozen=True, slots=True)
class PosterRules:
    """The poster that goes with an announcement: its style ("" for none), and the town whose name it bears.

    ``cut`` gives the words of a text, within which no line should end; None: any character may begin a line.
    """

    style: str = ""
    town: str = ""
    cut: Callable[[str], Sequence[str]] | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """All that the services of the loop are told; `now` is never among it."""

    zone: ZoneInfo
    quiet: QuietHours
    work: WorkCalendar
    deadlines: Deadlines
    market_days: tuple[int, ...]  # last digits of the lunar days on which people go to market
    usual_times: tuple[time, ...]  # of day, best first: after supper, at noon
    lecture_minutes: int
    remind_evening: time  # the evening before a lecture
    remind_before: timedelta
    rate_after: timedelta  # after the end of a lecture
    archive_after: timedelta
    offer_for: timedelta  # how long a free seat is held for the next in line
    undo_within: timedelta  # what a coordinator has said to others waits that long
    grab_most: int  # lecturers that an open order is offered to (抢单)
    broadcast: BroadcastRules
    per_week: int = 7  # pushes and broadcasts to a group (0: no limit); see `data.series`
    evening_pushes: bool = True  # whether the timetable has pushes in the evening
    poster: PosterRules = PosterRules()

    def leaves(self, now: datetime) -> datetime:
        """When what a coordinator has said to others goes out: not while it can be undone, nor in quiet hours."""
        return self.quiet.after(now + self.undo_within)

    def due(self, state: OrderState, *, now: datetime, urgent: bool = False) -> datetime | None:
        """When the step that follows ``state`` should be done; None where nobody has to do anything."""
        steps = {
            OrderState.RECEIVED: self.deadlines.review,
            OrderState.REVIEWED: self.deadlines.dispatch,
            OrderState.DISPATCHED: self.deadlines.accept,
            OrderState.ACCEPTED: self.deadlines.schedule,
        }
        span = steps.get(state)
        if span is None:
            return None
        return self.work.after(now, self.deadlines.urgent if urgent else span)
