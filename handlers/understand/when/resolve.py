"""From a phrase to a time: the first day of its stream that, with its hour, is not past; then the end of a range."""

from datetime import datetime, timedelta

from handlers.understand.values import When
from handlers.understand.when.almanac import DAY
from handlers.understand.when.days import (
    Days,
    Frame,
    add_months,
    days_of,
    hours_after,
    midnight,
    one,
    pick,
)
from handlers.understand.when.grammar import Phrase
from handlers.understand.when.parts import PARTS, hour_with, hours
from handlers.understand.when.pieces import (
    Clock,
    DayOffset,
    Duration,
    Edge,
    Feast,
    Month,
    Now,
    Part,
    Piece,
    Shift,
    Year,
)

Spoken = tuple[Piece, ...]
SMALL_HOURS = 6  # before six in the morning a bare 五点 is the next five o'clock
LATEST_EVENING = 20  # a bare 八点 said in the afternoon is tonight's, 九点 tomorrow's
LAST_HOUR = 23  # unless 今天 is said


def resolve(phrase: Phrase, text: str, frame: Frame) -> When | None:
    """The time of a phrase, or None when its days do not exist or lie beyond the calendar. ``text``: as written."""
    try:
        first = _point(phrase.pieces, text, frame)
        if first is None:
            return None
        if phrase.until:
            first = _to(first, phrase, text, frame)
        return _with_edge(first, phrase.pieces + phrase.until, frame)
    except (OverflowError, ValueError):  # a date outside datetime's years
        return None


def _point(pieces: Spoken, text: str, frame: Frame) -> When | None:
    shift = pick(pieces, Shift)
    if shift is not None and (shift.way in ("within", "past") or shift.duration.unit in ("second", "minute", "hour")):
        return _shift(shift, text, frame)
    if pick(pieces, Now) is not None:
        return When(frame.now, None, text, "minute")
    stream = days_of(pieces, frame)
    if stream is None:
        first = -1 if frame.now.hour < SMALL_HOURS else 0  # at one in the morning 半夜两点 is still last night's
        stream = (one(frame.base + ahead * DAY) for ahead in range(first, 2))
    past: list[When] = []
    for days in stream:
        when = _on(days, pieces, text, frame)
        if _upcoming(when, frame):
            return when
        past.append(when)
    # 昨天, 这周一, 去年: the one day it can be, though past. What comes again and again would have come.
    return past[0] if len(past) == 1 and not _comes_again(pieces) else None


def _comes_again(pieces: Spoken) -> bool:
    month = pick(pieces, Month)
    return month is not None and not month.relative and pick(pieces, Year) is None


def _upcoming(when: When, frame: Frame) -> bool:
    return (when.end or when.start + timedelta(minutes=1)) > frame.anchor


def _on(days: Days, pieces: Spoken, text: str, frame: Frame) -> When:
    """A time on the first of ``days``: the whole, a part of it (今天下午收工后: the last one said), or an hour."""
    part, clock = pick(pieces[::-1], Part), pick(pieces, Clock)
    if clock is not None:
        said_today = pick(pieces, DayOffset) is not None
        hour = _hour(days, part, clock, frame, LAST_HOUR if said_today else LATEST_EVENING)
        start = hours_after(days.start, hour) + timedelta(minutes=clock.minute, seconds=clock.second)
        end = None if clock.until is None else start + timedelta(hours=clock.until - clock.hour)
        return When(start, end, text, "minute" if clock.minute or clock.second else "hour")
    if part is not None:
        begin, finish = hours(part.name, frame.town)
        return When(hours_after(days.start, begin), hours_after(days.start, finish), text, "part")
    return When(midnight(days.start), midnight(days.end), text, days.grain)


def _hour(days: Days, part: Part | None, clock: Clock, frame: Frame, latest: int) -> int:
    """The hour (0..30) of a clock time on a day: by its part of the day, else by habit and by what is not past."""
    if part is not None and clock.half is None and clock.hour <= 12:
        return hour_with(PARTS[part.name].mode, clock.hour)
    if clock.exact or clock.hour >= 12:
        return clock.hour
    other = clock.hour + 12
    habit = other if clock.hour <= 7 else clock.hour  # lectures: 七点半 is in the evening, 八点 in the morning
    if days.start != frame.today:
        return habit
    clock_now = frame.now.hour + frame.now.minute / 60
    said = clock.minute / 60
    if clock_now < SMALL_HOURS:
        return clock.hour if clock.hour + said >= clock_now else other
    tonight = habit + said < clock_now <= other + said and other <= latest
    return other if tonight else habit


def _shift(shift: Shift, text: str, frame: Frame) -> When:
    """半小时后 is a point to the second; 三天内 and 最近三天 are ranges that touch now."""
    length = _length(shift.duration, frame.now, back=shift.way in ("ago", "past"))
    by_day = shift.duration.unit in ("day", "week", "month", "year")
    match shift.way:
        case "after":
            return When(frame.now + length, None, text, "minute")
        case "ago":
            return When(frame.now - length, None, text, "minute")
        case "within":
            return When(frame.now, frame.now + length, text, "day" if by_day else "minute")
        case _:
            start = frame.now - length
            return (
                When(midnight(start.date()), frame.now, text, "day")
                if by_day
                else When(start, frame.now, text, "minute")
            )


def _length(duration: Duration, now: datetime, *, back: bool) -> timedelta:
    if duration.unit not in ("month", "year"):
        return duration.delta()
    months = duration.amount * (12 if duration.unit == "year" else 1)
    whole = int(months)
    day = add_months(now.date(), -whole if back else whole)
    return abs(day - now.date()) + timedelta(days=round(30 * (months - whole)))


def _to(first: When, phrase: Phrase, text: str, frame: Frame) -> When:
    """Close a range: the end is read looking forward from the start, and borrows its day and part of day."""
    later = Frame(frame.now, first.start, frame.town)
    clock, part = pick(phrase.until, Clock), pick(phrase.until, Part)
    if clock is not None and days_of(phrase.until, later) is None:
        end = _closing_hour(first, clock, part)
        return When(first.start, end, text, first.grain)
    last = _point(phrase.until, text, later)
    if last is None or (last.end or last.start) <= first.start:
        return first
    return When(first.start, last.end or last.start, text, first.grain)


def _closing_hour(first: When, clock: Clock, part: Part | None) -> datetime:
    """The first such hour after the start: 九点到十一点, 上午十点到一点, 晚上十点到一点."""
    day = midnight(first.start.date())
    if part is not None and clock.hour <= 12:
        options = [hour_with(PARTS[part.name].mode, clock.hour)]
    elif clock.hour > 12:
        options = [clock.hour]
    else:
        options = [clock.hour, clock.hour + 12]
    options += [24 + hour for hour in options]
    ends = (day + timedelta(hours=hour, minutes=clock.minute) for hour in options)
    return next(end for end in ends if end > first.start)


def _with_edge(when: When, pieces: Spoken, frame: Frame) -> When:
    """周五之前 runs from now; 国庆后 begins when the feast is over; 八点以后 begins at eight."""
    edge = pick(pieces, Edge)
    if edge is None:
        return when
    if edge.side == "before":
        end = when.start if pick(pieces, Feast) is not None else when.end or when.start
        return When(frame.now, end, when.text, when.grain) if end > frame.now else when
    start = when.end if pick(pieces, Feast) is not None and when.end is not None else when.start
    return When(start, None, when.text, when.grain)
