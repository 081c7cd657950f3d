"""The free times that people gave in words (每天晚上, 平日中午, 周六全天, 圩日上午, 农闲, 随时 …), read into values.

The words stand in tables. What cannot be read for certain is not guessed at: such a line counts as not given.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import Literal

from data.lunar import is_market_day
from data.workdays import WorkCalendar

DayKind = Literal["workday", "day off", "market", "no market", "slack", "farming", "summer break", "winter break"]
Hours = tuple[int, int]  # minutes of the day: from, until; the end is free no more

_ALL_DAY: Hours = (0, 24 * 60)
_MONTHS: dict[DayKind, tuple[int, ...]] = {  # 农闲 and 农忙 only where the town named no farming season
    "slack": (1, 2, 7, 8, 12),
    "farming": (3, 4, 5, 6, 9, 10, 11),
    "summer break": (7, 8),
    "winter break": (1, 2),
}
_WEEK = {
    char: number for number, chars in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7")) for char in chars
}
_DIGITS = {char: number for number, char in enumerate("零一二三四五六七八九")} | {"两": 2}

# Days, by the words for them; earlier rows win. None is any day.
_DAYS: tuple[tuple[str, frozenset[int] | DayKind | None], ...] = (
    (r"非[圩墟]日|不赶?[圩墟](?:日|天)?|闲日", "no market"),
    (r"(?:赶|逢)?[圩墟](?:日|天|期)|[赶逢][圩墟集街场](?:日|天)?|集日|街日", "market"),
    (r"周末|双休日?|(?:周|星期|礼拜)[六6][日天]", frozenset((5, 6))),
    (r"平[日时]|工作日|上班(?:日|时间)?", "workday"),
    (r"(?:法定)?节?假日|休息日|放假", "day off"),
    (r"农闲(?:时|季节?)?|冬闲", "slack"),
    (r"农忙(?:时|季节?)?", "farming"),
    (r"暑假", "summer break"),
    (r"寒假", "winter break"),
    (r"每[天日晚]|天天|日日|随时|随叫随到|不限|全年|常年|(?:任何|什么)时[间候]|平常|一般", None),
)
# Parts of the day: minutes of the day.
_PARTS: tuple[tuple[str, Hours], ...] = (
    (r"(?:吃[完过])?(?:晚饭|夜饭|晚餐)(?:之|以|过)?后|(?:收工|下班|放工)(?:之|以)?后|饭后", (18 * 60 + 30, 22 * 60)),
    (r"(?:吃[完过])?(?:午饭|中饭|午餐)(?:之|以|过)?后|午休(?:时间)?", (12 * 60, 14 * 60 + 30)),
    (r"全天|整天|全日|一整天", _ALL_DAY),
    (r"白天|日间", (7 * 60, 18 * 60)),
    (r"早上|清早|清晨|早晨|一早|朝早", (6 * 60, 10 * 60)),
    (r"上午|上昼|午前", (7 * 60, 12 * 60)),
    (r"中午|晌午|正午", (11 * 60 + 30, 14 * 60 + 30)),
    (r"下午|下昼|午后", (13 * 60, 18 * 60)),
    (r"傍晚|黄昏", (17 * 60, 19 * 60 + 30)),
    (r"晚上|晚间|夜晚|夜里|晚黑|(?<=每)晚|[晚夜]", (18 * 60, 22 * 60)),
)
_W, _D = r"(?:周|星期|礼拜)", "[一二三四五六日天1-7]"
_NUMBER = r"(?:\d{1,2}|二十[一二三四]?|十[一二三四五六七八九]?|[一二两三四五六七八九])"
_TOKEN = re.compile(
    "|".join(
        (
            *(f"(?P<day{row}>{words})" for row, (words, _) in enumerate(_DAYS)),
            rf"{_W}(?P<first>{_D})(?:到|至|[-—~～])(?:{_W})?(?P<last>{_D})(?![点时:：\d])",
            rf"(?P<weekdays>{_W}{_D}(?:[、,，和]?(?:{_W})?{_D}(?![点时:：\d]))*)",
            rf"(?P<hour>{_NUMBER})(?:[:：](?P<minute>\d\d)|[点时](?:(?P<half>半)|(?P<spoken>[0-5]?\d)分?)?)",
            *(f"(?P<part{row}>{words})" for row, (words, _) in enumerate(_PARTS)),
            r"(?P<refused>(?:以|之|除)?外|不行|没空|没时间|不得闲)",
            r"(?P<except>除了?|除开|除去)",
            r"(?P<to>到|至|[-—~～])",
            r"(?P<from>[以之过]?后|起|开始)",
            r"(?P<before>[以之]?前)",
            r"(?P<anyhow>都(?:可以|有空|得闲|行|方便))",
            r"(?:[\s、,，;；。和及或与的每逢在我]|可以|有空|得闲|行|方便|比较|还有|村里|大家|乡亲们?)",
        )
    )
)


@dataclass(frozen=True, slots=True)
class Window:
    """Days and the hours that are free on them. Empty ``weekdays`` is every day; each of ``kinds`` must hold."""

    weekdays: frozenset[int] = frozenset()
    kinds: frozenset[DayKind] = frozenset()
    never: frozenset[int | DayKind] = frozenset()
    hours: tuple[Hours, ...] = (_ALL_DAY,)


@dataclass(frozen=True, slots=True)
class FreeTime:
    """What one line of free times says: free in any of its windows."""

    windows: tuple[Window, ...]


class _Unreadable(Exception):
    """The words hold something that is not in the tables."""


Days = frozenset[int] | DayKind


@dataclass(slots=True)
class _Draft:
    """A window in the making."""

    any_day: bool = False
    days: list[Days] = field(default_factory=list)
    never: list[Days] = field(default_factory=list)
    hours: list[Hours] = field(default_factory=list)

    def window(self, never: Iterable[Days]) -> Window:
        return Window(
            weekdays=frozenset(number for each in self.days if isinstance(each, frozenset) for number in each),
            kinds=frozenset(each for each in self.days if isinstance(each, str)),
            never=frozenset(each for days in never for each in ((days,) if isinstance(days, str) else days)),
            hours=tuple(self.hours) or (_ALL_DAY,),
        )


@lru_cache(maxsize=4096)
def parse_free(words: str) -> FreeTime | None:
    """Read one line of free times; None where any of it cannot be read."""
    try:
        drafts = _drafts(list(_tokens(words.strip())))
    except _Unreadable:
        return None
    said = [each for each in drafts if each.any_day or each.days or each.hours]
    ruled_out = [days for each in drafts if each not in said for days in each.never]  # 晚上都行，周三除外
    if not said and ruled_out:
        return FreeTime((_Draft(any_day=True).window(ruled_out),))
    return FreeTime(tuple(each.window([*each.never, *ruled_out]) for each in said)) if said else None


def covers(
    frees: Iterable[str], at: datetime, market_days: Collection[int], work: WorkCalendar | None = None
) -> bool | None:
    """Whether who gave these free times is free at ``at``, in local time; None when nothing readable was given.

    With ``work``, 平日 leaves the holidays out, and 农忙 is what the town says it is.
    """
    read = [free for free in map(parse_free, frees) if free is not None]
    if not read:
        return None
    day, minute = at.date(), 60 * at.hour + at.minute
    return any(
        any(start <= minute < end for start, end in window.hours) and _on(window, day, market_days, work)
        for free in read
        for window in free.windows
    )


def _on(window: Window, day: date, market_days: Collection[int], work: WorkCalendar | None) -> bool:
    if window.weekdays and day.weekday() not in window.weekdays:
        return False
    if any(
        day.weekday() == each if isinstance(each, int) else _is(each, day, market_days, work) for each in window.never
    ):
        return False
    return all(_is(kind, day, market_days, work) for kind in window.kinds)


def _is(kind: DayKind, day: date, market_days: Collection[int], work: WorkCalendar | None) -> bool:
    if kind in ("market", "no market"):
        return is_market_day(day, market_days) == (kind == "market")
    if kind == "workday":
        return day.weekday() < 5 and (work is None or work.works(day))
    if kind == "day off":
        return day.weekday() >= 5 if work is None else not work.works(day)
    if kind in ("slack", "farming") and work is not None and work.busy:
        return work.farming(day) == (kind == "farming")
    return day.month in _MONTHS[kind]


def _tokens(words: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(words):
        match = _TOKEN.match(words, at)
        if match is None:
            raise _Unreadable
        yield match
        # 每晚 is any day, and its 晚 is read once more as the part of the day.
        at = match.end() - (1 if match.group() == "每晚" else 0)


def _drafts(tokens: list[re.Match[str]]) -> list[_Draft]:
    """Windows in the order in which they were said: a new one begins where days are named after hours."""
    drafts = [_Draft()]
    ruling_out, at = False, 0  # between 除了 and 以外
    while at < len(tokens):
        token, at = tokens[at], at + 1
        name = re.sub(r"\d+$", "", token.lastgroup or "")
        if name in ("day", "weekdays", "last"):
            _add_days(drafts, _days(token), ruling_out=ruling_out)
            continue
        draft = drafts[-1]
        if name == "except":
            ruling_out = True
            continue
        if name == "refused" and not ruling_out:
            if draft.hours or not draft.days:
                raise _Unreadable  # 中午不行: which hours are left is anybody's guess
            draft.never.append(draft.days.pop())
        elif name in ("hour", "minute", "half", "spoken"):
            hours, at = _clock_hours(tokens, at - 1, draft.hours.pop() if draft.hours else None)
            draft.hours.append(hours)
        elif name == "part":
            draft.hours.append(_PARTS[int((token.lastgroup or "").removeprefix("part"))][1])
        elif name == "anyhow":
            draft.any_day = True
        elif name in ("to", "from", "before"):
            raise _Unreadable  # with no hour before it
        ruling_out = ruling_out and not name
    return drafts


def _add_days(drafts: list[_Draft], days: Days | None, *, ruling_out: bool) -> None:
    if ruling_out and days is not None:
        drafts[-1].never.append(days)
        return
    if drafts[-1].hours:
        drafts.append(_Draft())
    if days is None:
        drafts[-1].any_day = True
    else:
        drafts[-1].days.append(days)


def _days(token: re.Match[str]) -> Days | None:
    """The days that a token names; None for any day."""
    if token["weekdays"]:
        return frozenset(_WEEK[char] for char in token["weekdays"] if char in _WEEK)
    if token["last"]:
        first, last = _WEEK[token["first"]], _WEEK[token["last"]]
        return frozenset(day % 7 for day in range(first, last + 1 if first <= last else last + 8))
    return _DAYS[int((token.lastgroup or "").removeprefix("day"))][1]


def _clock_hours(tokens: list[re.Match[str]], at: int, part: Hours | None) -> tuple[Hours, int]:
    """The hours from the clock time at ``tokens[at]`` on, and where to read on: 7点到9点, 7点以后, 9点前, 7点半."""
    start = _minute(tokens[at], afternoon=part[0] >= 12 * 60 if part else None)
    follows = [each.lastgroup for each in tokens[at + 1 : at + 3]] + [None, None]
    if follows[0] == "from":
        return (start, max(start + 60, part[1] if part else 22 * 60)), at + 2
    if follows[0] == "before":
        return (part[0] if part else 6 * 60, start), at + 2
    if follows[0] == "to" and at + 2 < len(tokens) and tokens[at + 2].group("hour"):
        end = _minute(tokens[at + 2], afternoon=start >= 12 * 60)
        return (start, end if end > start else end + 12 * 60), at + 3
    return (start, start + 120), at + 1


def _minute(match: re.Match[str], *, afternoon: bool | None) -> int:
    """The minute of the day. Nobody gives lectures at seven in the morning: a bare 七点 is in the evening."""
    words = match["hour"]
    hour = int(words) if words.isascii() else _number(words)
    minute = 30 if match["half"] else int(match["minute"] or match["spoken"] or 0)
    if hour > 24 or minute > 59:
        raise _Unreadable
    later = hour <= 7 if afternoon is None else afternoon
    return 60 * (hour + 12 if later and hour < 12 else hour) + minute


def _number(words: str) -> int:
    tens, ten, ones = words.rpartition("十")
    return (_DIGITS.get(tens, 1) * 10 if ten else 0) + (_DIGITS[ones] if ones else 0)
