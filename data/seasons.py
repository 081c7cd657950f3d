"""When a series has its days, as a coordinator writes it: 清明前7天, 农历腊月廿三, 芒种..夏至, 10-01..04-30, 农忙.

A span is a day, a day with 前 or 后 some days, or two days with .. between them. A day is a date (2026-12-01), a day of
each year (12-01), a lunar one (农历腊月廿三, 三月三), a solar term (节气), a feast (春节) or a name that the town gave
(返乡). 返乡前3天 begins three days before it and ends with it. All is pure; lunar spans end with the table of
`data.lunar`.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

from data.lunar import lunar_day
from data.solarterms import DAY, TERMS, solar_term
from data.workdays import WorkCalendar

Span = tuple[date, date]  # first and last day
FARMING = "农忙"
FEASTS = {
    "元旦": "01-01", "春节": "农历正月初一", "元宵": "农历正月十五", "三月三": "农历三月初三", "五一": "05-01",
    "端午": "农历五月初五", "七夕": "农历七月初七", "中元": "农历七月十五", "中秋": "农历八月十五", "国庆": "10-01",
    "重阳": "农历九月初九", "腊八": "农历腊月初八", "小年": "农历腊月廿三",
}  # fmt: skip
EVE = "除夕"
LONGEST = 366  # days of 前 and 后
YEARS = range(2024, 2032)  # in some of which every day of the calendar comes up
HOW = "可以写 2026-12-01、12-01、清明、农历腊月廿三、春节，后面可加“前3天”，或两头用 .. 连起来，如 10-01..04-30"
_PART = re.compile(
    r"(?P<point>.+?)(?:(?P<side>前|后)(?P<many>\d{1,3}|[一二两三四五六七八九十]{1,3})(?P<unit>天|日|周|个?星期))?"
)
_DATE = re.compile(r"(?:(?P<year>\d{4})-)?(?P<month>\d{1,2})-(?P<day>\d{1,2})")
_MONTHS = "正二三四五六七八九十冬腊"
_LUNAR = re.compile(
    rf"(?P<said>农历)?(?P<month>[{_MONTHS}一]|十[一二])月(?P<day>初?[一二三四五六七八九十]|十[一二三四五六七八九]|二十[一-九]?"
    r"|廿[一二三四五六七八九]?|三十|卅)"
)
_DIGITS = {each: value for value, each in enumerate("零一二三四五六七八九")} | {"两": 2}


class BadSpan(ValueError):
    """A span that cannot be read; the text says how to write one."""


def check(words: str, names: Mapping[str, str]) -> str:
    """``words`` with the town's own names put in place, as `spans` reads it. Raises `BadSpan`."""
    resolved = words.strip().replace("到", "..").replace("～", "..").replace(" ", "")
    for name in sorted(names, key=len, reverse=True):
        resolved = resolved.replace(name, names[name])
    if resolved != FARMING:
        parts = resolved.split("..")
        if len(parts) > 2:
            raise BadSpan(f"“{words}”看不懂。{HOW}。")
        for part in parts:
            if _read(part) is None:
                raise BadSpan(f"“{words}”里的“{part}”看不懂。{HOW}。")
        years = {int(year) for year in re.findall(r"\d{4}", resolved)} or YEARS
        if not any(_in_year(resolved, year) for year in years):
            raise BadSpan(f"“{words}”后一个日子在前一个前面。{HOW}。")
    return resolved


def span_of(words: str, day: date, work: WorkCalendar) -> Span | None:
    """The span of these words (from `check`) that ``day`` lies in, None where it lies in none."""
    if words == FARMING:
        return _farming(day, work)
    # A span that passes the new year, or counts by lunar years, may belong to the year before; 前 to the next.
    for year in (day.year - 1, day.year, day.year + 1):
        span = _in_year(words, year)
        if span is not None and span[0] <= day <= span[1]:
            return span
    return None


@lru_cache(maxsize=4096)
def _in_year(words: str, year: int) -> Span | None:
    first, joined, last = words.partition("..")
    begins = _part(first, year)
    if begins is None or not joined:
        return begins
    for later in range(3):  # 10-01..04-30 ends in the next year
        ends = _part(last, year + later)
        if ends is not None and ends[1] >= begins[0]:
            return begins[0], ends[1]
    return None


def _part(words: str, year: int) -> Span | None:
    read = _read(words)
    if read is None:
        return None
    point, shift = read
    day = _point(point, year)
    if day is None:
        return None
    other = day + shift * DAY
    return min(day, other), max(day, other)


def _read(words: str) -> tuple[str, int] | None:
    """The point and by how many days a span reaches from it; None where it is neither."""
    match = _PART.fullmatch(words)
    if match is None or not _is_point(match["point"]):
        return None
    if match["side"] is None:
        return match["point"], 0
    many = _number(match["many"]) * (7 if match["unit"][-1] in "周期" else 1)
    if not 0 < many <= LONGEST:
        return None
    return match["point"], -many if match["side"] == "前" else many


def _is_point(words: str) -> bool:
    """Whether it is a day in some year: 02-29 and 腊月三十 are not in all."""
    said = _DATE.fullmatch(words)
    years = (int(said["year"]),) if said and said["year"] else YEARS
    return any(_point(words, year) is not None for year in years)


def _point(words: str, year: int) -> date | None:
    words = FEASTS.get(words, words)
    if words in TERMS:
        return solar_term(year, words)
    if words == EVE:
        spring = lunar_day(year + 1, 1, 1)
        return spring - timedelta(days=1) if spring else None
    if said := _DATE.fullmatch(words):
        if said["year"] and int(said["year"]) != year:
            return None
        try:
            return date(year, int(said["month"]), int(said["day"]))
        except ValueError:
            return None
    return _lunar_point(words, year)


def _lunar_point(words: str, year: int) -> date | None:
    lunar = _LUNAR.fullmatch(words)
    if lunar is None or not (lunar["said"] or lunar["month"] in "正冬腊" or "初" in lunar["day"]):
        return None
    return lunar_day(year, _month(lunar["month"]), _lunar_day(lunar["day"]))


def _farming(day: date, work: WorkCalendar) -> Span | None:
    """The farming season that ``day`` lies in, day by day: it may pass the new year."""
    if not work.farming(day):
        return None
    first = last = day
    while work.farming(first - DAY) and (day - first).days < LONGEST:
        first -= DAY
    while work.farming(last + DAY) and (last - day).days < LONGEST:
        last += DAY
    return first, last


def _month(words: str) -> int:
    if words in ("一", "正"):
        return 1
    return _number(words) if words.startswith("十") else _MONTHS.index(words) + 1


def _lunar_day(words: str) -> int:
    return _number(words.removeprefix("初").replace("廿", "二十").replace("卅", "三十"))


def _number(words: str) -> int:
    """3, 三, 十, 十五, 二十三."""
    if words.isdigit() and words.isascii():
        return int(words)
    tens, ten, ones = words.partition("十")
    high = _DIGITS.get(tens, 1) if ten else 0
    return high * 10 + _DIGITS.get(ones if ten else tens, 0)
