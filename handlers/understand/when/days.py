"""The days that a phrase may mean, as a stream: the soonest first. `resolve` takes the first that is not past."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import singledispatch
from itertools import islice
from typing import Literal, TypeVar

from data.lunar import lunar_day, lunar_of
from data.solarterms import solar_term
from handlers.understand.when.almanac import (
    DAY,
    FESTIVALS,
    is_market_day,
    lunar_month,
    nth_weekday,
)
from handlers.understand.when.pieces import (
    DayOffset,
    Dom,
    Feast,
    Market,
    Month,
    MonthPart,
    Months,
    NearDays,
    Nth,
    Piece,
    QuarterOffset,
    Season,
    Shift,
    Week,
    Weekday,
    Workday,
    Year,
)
from handlers.understand.when.town import MonthRange, TownCalendar

Grain = Literal["minute", "hour", "part", "day", "week", "month", "season"]
P = TypeVar("P")
FEASTS = {words.split("|")[0]: festival for words, festival in FESTIVALS}
YEARS_AHEAD = 3
SEASON_TERMS = {"春": ("立春", "立夏"), "夏": ("立夏", "立秋"), "秋": ("立秋", "立冬"), "冬": ("立冬", "立春")}


@dataclass(frozen=True, slots=True)
class Frame:
    """``now``, and ``anchor``: the time that a phrase looks forward from (for the end of a range, its start)."""

    now: datetime
    anchor: datetime
    town: TownCalendar

    @property
    def today(self) -> date:
        return self.now.date()

    @property
    def base(self) -> date:
        return self.anchor.date()


@dataclass(frozen=True, slots=True)
class Days:
    """Days ``[start, end)``."""

    start: date
    end: date
    grain: Grain = "day"


def pick(pieces: tuple[Piece, ...], kind: type[P]) -> P | None:
    """The first piece of a kind."""
    return next((piece for piece in pieces if isinstance(piece, kind)), None)


def one(day: date) -> Days:
    return Days(day, day + DAY)


def add_months(day: date, months: int) -> date:
    """The same day ``months`` later, cut to that month's length."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return min(date(year, month + 1, 1) + (day.day - 1) * DAY, month_span(year, month + 1).end - DAY)


def month_span(year: int, first: int, last: int | None = None) -> Days:
    """Months ``first``..``last`` of a year (``last`` before ``first`` runs into the next year)."""
    last = first if last is None else last
    over, month = divmod(last, 12)
    return Days(date(year, first, 1), date(year + over + (last < first), month + 1, 1), "month")


def days_of(pieces: tuple[Piece, ...], frame: Frame) -> Iterator[Days] | None:
    """The stream of days of a phrase, or None when it names no day (a bare hour)."""
    year, month, dom = pick(pieces, Year), pick(pieces, Month), pick(pieces, Dom)
    if month is not None and (dom is not None or not _has_named_day(pieces)):
        return _in_month(pieces, year, month, frame)
    if dom is not None:
        return _lunar_doms(dom, frame) if dom.lunar else _doms(dom, frame)
    if year is not None:
        return _in_year(pieces, year, frame)
    return _named(pieces, frame)


def _has_named_day(pieces: tuple[Piece, ...]) -> bool:
    return any(isinstance(piece, (DayOffset, Weekday, Feast)) for piece in pieces)


def _named(pieces: tuple[Piece, ...], frame: Frame) -> Iterator[Days] | None:
    weekday = pick(pieces, Weekday)
    if weekday is not None and pick(pieces, DayOffset) is None:
        return _weekdays(weekday, pieces, frame)
    streams = (_stream(piece, frame) for piece in pieces)
    return next((stream for stream in streams if stream is not None), None)


@singledispatch
def _stream(piece: Piece, frame: Frame) -> Iterator[Days] | None:  # noqa: ARG001
    """The days that one piece names by itself; None for pieces that name no day."""
    return None


@_stream.register
def _(piece: DayOffset, frame: Frame) -> Iterator[Days]:
    yield one((frame.base if piece.after_anchor else frame.today) + piece.days * DAY)


@_stream.register
def _(piece: NearDays, frame: Frame) -> Iterator[Days]:
    yield Days(frame.today, frame.today + piece.days * DAY)


@_stream.register
def _(_piece: Workday, frame: Frame) -> Iterator[Days]:
    return (one(day) for day in _each_day(frame) if day.weekday() < 5)


@_stream.register
def _(piece: Feast, frame: Frame) -> Iterator[Days]:
    return _feasts(piece, frame)


@_stream.register
def _(piece: Market, frame: Frame) -> Iterator[Days]:
    days = (one(day) for day in _each_day(frame) if is_market_day(day, frame.town))
    if piece.later == 0:
        return days
    return islice((day for day in days if day.start > frame.today), piece.later - 1, None)


@_stream.register
def _(piece: Season, frame: Frame) -> Iterator[Days]:
    return _seasons(piece.name, frame)


@_stream.register
def _(piece: MonthPart, frame: Frame) -> Iterator[Days]:
    return (_part_of(month, piece) for month in _months_from(frame))


@_stream.register
def _(piece: Months, frame: Frame) -> Iterator[Days]:
    for ahead in range(YEARS_AHEAD):
        span = month_span(frame.base.year + ahead, piece.first, piece.last)
        yield Days(span.start, span.end, "season")


@_stream.register
def _(piece: QuarterOffset, frame: Frame) -> Iterator[Days]:
    start = add_months(date(frame.today.year, (frame.today.month - 1) // 3 * 3 + 1, 1), 3 * piece.quarters)
    yield Days(start, add_months(start, 3), "season")


@_stream.register
def _(piece: Shift, frame: Frame) -> Iterator[Days]:
    yield _shifted(piece, frame)


@_stream.register
def _(piece: Week, frame: Frame) -> Iterator[Days]:
    monday = frame.today + (7 * piece.weeks - frame.today.weekday()) * DAY
    yield Days(monday, monday + 7 * DAY, "week")


def _each_day(frame: Frame, limit: int = 60) -> Iterator[date]:
    return (frame.base + ahead * DAY for ahead in range(limit))


def _shifted(shift: Shift, frame: Frame) -> Days:
    """Only for units of a day and more; hours and minutes are points, made in `resolve`."""
    sign = -1 if shift.way in ("ago", "past") else 1
    duration = shift.duration
    if duration.unit in ("month", "year"):
        months = duration.amount * (12 if duration.unit == "year" else 1) * sign
        day = add_months(frame.today, int(months)) + round(30 * (months - int(months))) * DAY
    else:
        day = (frame.now + sign * duration.delta()).date()
    if duration.unit == "week":
        return Days(day, day + 7 * DAY, "week")
    return one(day)


def _weekdays(named: Weekday, pieces: tuple[Piece, ...], frame: Frame) -> Iterator[Days]:
    """下周三 counts from Monday. A bare 周三 on a Wednesday is today only beside an hour: else one says 今天."""
    week = pick(pieces, Week)
    weeks = named.weeks if named.weeks is not None else week.weeks if week else None
    length = named.length * DAY
    if weeks is not None:
        day = frame.today + (named.number - frame.today.weekday() + 7 * weeks) * DAY
        yield Days(day, day + length)
        return
    day = nth_weekday(frame.base, named.number, 1)
    if named.length == 2 and frame.base.weekday() == 6:
        day -= 7 * DAY  # on a Sunday the week-end is still this one
    elif day == frame.today and pieces[-1] is named and named.length == 1 and frame.anchor == frame.now:
        day += 7 * DAY
    for ahead in range(YEARS_AHEAD):
        yield Days(day + 7 * ahead * DAY, day + 7 * ahead * DAY + length)


def _feasts(named: Feast, frame: Frame, year: int | None = None) -> Iterator[Days]:
    festival = FEASTS[named.name]
    years = (year,) if year is not None else range(frame.base.year - 1, frame.base.year + YEARS_AHEAD)
    for each in years:
        day = festival.day_in(each, frame.town)
        if day is not None:
            start = day + named.shift * DAY
            yield Days(start, start + (festival.holiday if named.holiday else 1) * DAY)


def _seasons(name: str, frame: Frame, year: int | None = None) -> Iterator[Days]:
    years = (year,) if year is not None else range(frame.base.year - 1, frame.base.year + YEARS_AHEAD)
    found: list[Days] = []
    for each in years:
        if name in SEASON_TERMS:
            first, last = SEASON_TERMS[name]
            start = solar_term(each, first)
            found.append(Days(start, solar_term(each + (name == "冬"), last), "season"))
        elif name in ("寒假", "暑假"):
            (month, day), (month2, day2) = frame.town.winter_break if name == "寒假" else frame.town.summer_break
            found.append(Days(date(each, month, day), date(each, month2, day2) + DAY, "season"))
        else:
            ranges: tuple[MonthRange, ...] = frame.town.slack_months if name == "农闲" else frame.town.busy_months
            spans = (month_span(each, first, last) for first, last in ranges)
            found.extend(Days(span.start, span.end, "season") for span in spans)
    return iter(sorted(found, key=lambda days: days.start))


def _months_from(frame: Frame) -> Iterator[Days]:
    first = frame.base.replace(day=1)
    for ahead in range(13):
        start = add_months(first, ahead)
        yield month_span(start.year, start.month)


def _part_of(month: Days, part: MonthPart) -> Days:
    start = month.start + (part.first - 1) * DAY
    return Days(start, min(month.start + part.last * DAY, month.end))


def _doms(dom: Dom, frame: Frame) -> Iterator[Days]:
    for month in _months_from(frame):
        if dom.first <= (month.end - month.start).days:
            yield Days(month.start + (dom.first - 1) * DAY, month.start + dom.last * DAY)


def _lunar_doms(dom: Dom, frame: Frame) -> Iterator[Days]:
    for day in _each_day(frame, 90):
        lunar = lunar_of(day)
        if lunar is not None and lunar[2] == dom.first:
            yield one(day)


def _in_month(pieces: tuple[Piece, ...], year: Year | None, month: Month, frame: Frame) -> Iterator[Days]:
    """Days of a named month: 下个月5号, 十月第一个周一, 农历八月十五, 三月底, 明年六月."""
    dom = pick(pieces, Dom)
    if month.relative:
        start = add_months(frame.today.replace(day=1), month.number)
        yield from _inside(pieces, month_span(start.year, start.month), dom)
        return
    lunar = month.lunar or (dom is not None and dom.lunar)
    if year is not None:
        years = range(_year(year, frame), _year(year, frame) + 1)
    else:
        years = range(frame.base.year - lunar, frame.base.year + YEARS_AHEAD + 2 * lunar)
    for each in years:
        if lunar:
            yield from _in_lunar_month(each, month, dom)
        else:
            yield from _inside(pieces, month_span(each, month.number), dom)


def _year(year: Year, frame: Frame) -> int:
    return frame.today.year + year.number if year.relative else year.number


def _in_lunar_month(year: int, month: Month, dom: Dom | None) -> Iterator[Days]:
    if dom is not None:
        day = lunar_day(year, month.number, dom.first, leap=month.leap)
        if day is not None:
            yield one(day)
        return
    span = lunar_month(year, month.number)
    if span is not None:
        yield Days(*span, "month")


def _inside(pieces: tuple[Piece, ...], month: Days, dom: Dom | None) -> Iterator[Days]:
    nth, part = pick(pieces, Nth), pick(pieces, MonthPart)
    if dom is not None:
        if dom.first <= (month.end - month.start).days:
            yield Days(month.start + (dom.first - 1) * DAY, month.start + dom.last * DAY)
    elif nth is not None:
        yield _nth_of(month, nth)
    elif part is not None:
        yield _part_of(month, part)
    else:
        yield month


def _nth_of(span: Days, nth: Nth) -> Days:
    """The nth week (from its first Monday), weekday or day of a month or year; the last one when ``nth`` is -1."""
    if nth.days:
        return one(span.end - DAY if nth.nth < 0 else span.start + (nth.nth - 1) * DAY)
    weekday = nth.weekday or 0
    day = nth_weekday(span.end - 7 * DAY, weekday, 1) if nth.nth < 0 else nth_weekday(span.start, weekday, nth.nth)
    return Days(day, day + 7 * DAY, "week") if nth.weekday is None else one(day)


def _in_year(pieces: tuple[Piece, ...], year: Year, frame: Frame) -> Iterator[Days]:
    number = _year(year, frame)
    feast, months, nth, season = (
        pick(pieces, Feast), pick(pieces, Months), pick(pieces, Nth), pick(pieces, Season),
    )  # fmt: skip
    if feast is not None:
        yield from _feasts(feast, frame, number)
    elif season is not None:
        yield from _seasons(season.name, frame, number)
    elif months is not None:
        span = month_span(number, months.first, months.last)
        yield Days(span.start, span.end, "season")
    elif nth is not None:
        yield _nth_of(Days(date(number, 1, 1), date(number + 1, 1, 1)), nth)
    else:
        yield Days(date(number, 1, 1), date(number + 1, 1, 1), "season")


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def hours_after(day: date, hour: float) -> datetime:
    return midnight(day) + timedelta(hours=hour)
