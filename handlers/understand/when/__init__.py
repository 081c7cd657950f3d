"""Times in a message: 周五晚七点半, 下个圩日上午, 腊月廿三, 九点到十一点, 三天后.

The way of a text: `lexicon` cuts it into tokens by a table of rules, `grammar` joins tokens into phrases by a table of
which may follow which, `days` gives the days that a phrase may mean, soonest first, and `resolve` takes the first that
is not past. All are pure functions of the text, ``now`` and the town's calendar.

A lone 12号 or 3.15 may be a choice, an order number or a mark. `find_times` leaves such weak readings out; who knows
that a time was asked for calls `read_times` and takes them too.
"""

from dataclasses import dataclass
from datetime import datetime

from handlers.understand.values import When
from handlers.understand.when.days import Frame
from handlers.understand.when.grammar import phrases
from handlers.understand.when.lexicon import fold, may_hold_time, tokens
from handlers.understand.when.resolve import resolve
from handlers.understand.when.town import TownCalendar

__all__ = ["Reading", "TownCalendar", "find_times", "first_time", "read_times"]


@dataclass(frozen=True, slots=True)
class Reading:
    """One time and where it stands, ``text[start:end]``; not ``certain`` when the words may mean something else."""

    when: When
    start: int
    end: int
    certain: bool


def read_times(text: str, now: datetime, calendar: TownCalendar) -> tuple[Reading, ...]:
    """All readings, weak ones too, left to right and without overlap. ``now`` is naive local time."""
    if not may_hold_time(text):
        return ()
    folded = fold(text)
    frame = Frame(now, now, calendar)
    found: list[Reading] = []
    for phrase in phrases(folded, tokens(folded)):
        words = text[phrase.start : phrase.end]
        when = resolve(phrase, words.strip(" 的"), frame)
        if when is not None:
            found.append(Reading(when, phrase.start, phrase.end, not phrase.weak))
    return tuple(found)


def find_times(text: str, now: datetime, calendar: TownCalendar) -> tuple[When, ...]:
    """The times that ``text`` surely speaks of, left to right and without overlap; weak readings are left out."""
    return tuple(reading.when for reading in read_times(text, now, calendar) if reading.certain)


def first_time(text: str, now: datetime, calendar: TownCalendar) -> When | None:
    """The first of `find_times`, or None."""
    return next(iter(find_times(text, now, calendar)), None)
