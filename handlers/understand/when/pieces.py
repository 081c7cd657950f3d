"""The pieces of meaning that time words carry. A phrase is a sequence of pieces; `resolve` turns it into a time."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Unit = Literal["second", "minute", "hour", "day", "week", "month", "year"]


@dataclass(frozen=True, slots=True)
class Year:
    """今年, 2027年; ``number`` counts from this year when ``relative``."""

    number: int
    relative: bool = False


@dataclass(frozen=True, slots=True)
class Month:
    """三月, 下个月, 腊月; ``lunar`` None means that the day's form decides."""

    number: int
    relative: bool = False
    lunar: bool = False
    leap: bool = False
    said_lunar: bool = False  # 农历 was said: a following 三号 is lunar too


@dataclass(frozen=True, slots=True)
class Dom:
    """A day of a month: 三号, 三四号, 初五."""

    first: int
    last: int
    lunar: bool = False


@dataclass(frozen=True, slots=True)
class MonthPart:
    """月初, 中旬, 月底: days ``first``..``last`` of a month (31 is cut to its length)."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Months:
    """A run of months of a year: a quarter, a half-year, 年底."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class QuarterOffset:
    """本季度, 下季度."""

    quarters: int


@dataclass(frozen=True, slots=True)
class Nth:
    """第一个周二, 第四周, 最后一天 (``nth`` -1), of a month or year; ``weekday`` None means weeks, ``days`` days."""

    nth: int
    weekday: int | None = None
    days: bool = False


@dataclass(frozen=True, slots=True)
class DayOffset:
    """今天, 后天; ``after_anchor`` (次日) counts from the time said before."""

    days: int
    after_anchor: bool = False


@dataclass(frozen=True, slots=True)
class NearDays:
    """这两天, 这几天."""

    days: int


@dataclass(frozen=True, slots=True)
class Weekday:
    """周三, 下周三, 周末; ``weeks`` None when no week was said; ``length`` 2 for a week-end."""

    number: int
    weeks: int | None
    length: int = 1


@dataclass(frozen=True, slots=True)
class Week:
    """这周, 下周."""

    weeks: int


@dataclass(frozen=True, slots=True)
class Workday:
    """工作日, 每个工作日."""


@dataclass(frozen=True, slots=True)
class Feast:
    """A festival or solar term by its name in the almanac; ``shift`` days from it, or its whole ``holiday``."""

    name: str
    shift: int = 0
    holiday: bool = False


@dataclass(frozen=True, slots=True)
class Season:
    """春天, 农闲, 暑假: a named run of days."""

    name: str


@dataclass(frozen=True, slots=True)
class Market:
    """圩日, today's too; ``later`` 1 for 下个圩日, the first after today, 2 for 下下个."""

    later: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day, by the name of its row in ``parts.PARTS``."""

    name: str


@dataclass(frozen=True, slots=True)
class Clock:
    """An hour as it was said (0..24); ``half`` when am or pm was written; ``until`` for 七八点."""

    hour: int
    minute: int = 0
    second: int = 0
    half: Literal["am", "pm"] | None = None
    until: int | None = None
    exact: bool = False  # written 24-hour style (08:30, 13:00): no guess of the half


@dataclass(frozen=True, slots=True)
class Duration:
    """``amount`` units; halves are kept (一个半小时 is 1.5 hours)."""

    amount: float
    unit: Unit

    def delta(self) -> timedelta:
        """Length of units up to a week; months and years are counted on the calendar instead."""
        seconds = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}[self.unit]
        return timedelta(seconds=self.amount * seconds)


@dataclass(frozen=True, slots=True)
class Shift:
    """三天后 ("after"), 三天前 ("ago"), 三天内 and 未来三天 ("within"), 最近三天 ("past")."""

    duration: Duration
    way: Literal["after", "ago", "within", "past"]


@dataclass(frozen=True, slots=True)
class Now:
    """现在."""


@dataclass(frozen=True, slots=True)
class Edge:
    """…之前, …以后."""

    side: Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class Borrower:
    """The first number of 9~12点半 or 3到5号, which borrows the unit of what follows."""

    number: int


@dataclass(frozen=True, slots=True)
class To:
    """到, 至, ~."""


@dataclass(frozen=True, slots=True)
class Lead:
    """每, 从, 逢: words that belong to a time and change nothing here."""


Piece = (
    Year | Month | Dom | MonthPart | Months | QuarterOffset | Nth | DayOffset | NearDays | Weekday | Week | Workday
    | Feast | Season | Market | Part | Clock | Shift | Now | Edge | Borrower | To | Lead
)  # fmt: skip
