"""Which period is meant: 去年四季度, 上个月, 2026Q4, 12月, 2026年第47周, 11月20日, 昨天; said among other words.

The one reader for chat, the console and the command line.
"""

import re
import unicodedata
from contextlib import suppress
from datetime import date, timedelta

from data.figures.periods import BadPeriod, Period, PeriodKind, parse, period_of
from handlers.understand.when.numerals import to_int

# So long after a period's end it is still the one that is meant.
SETTLING = {PeriodKind.DAY: timedelta(0), PeriodKind.WEEK: timedelta(days=2)}
_SETTLING = timedelta(days=15)
_DAYS = {"大前": -3, "前": -2, "昨": -1, "今": 0, "当": 0, "明": 1, "后": 2}
_YEARS = {"今": 0, "本": 0, "去": -1, "上": -1, "上一": -1, "前": -2, "明": 1}
_STEPS = {"上上": 2, "上": 1, "下": -1, "下下": -2}
_UNITS = {"月": PeriodKind.MONTH, "季": PeriodKind.QUARTER, "期": None}
_WEEK = PeriodKind.WEEK  # 周, 星期, 礼拜
_HAN = "一二三四五六七八九十"
_YEAR_SAID = r"(?P<number>20\d\d)(?!\d)\s*年?度?|(?P<word>今|本|去|上一?|前|明)年度?"
_MONTH_SAID = r"(?<!\d)(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s*月"
_CODE = re.compile(
    r"20\d\d(?:[Qq][1-4]|[Hh][12]|[Ww]\d{1,2}|(?P<mark>[-./])\d{1,2}(?:(?P=mark)\d{1,2})?)(?![-./]?\d)月?"
)
_DATE = re.compile(rf"(?:(?:{_YEAR_SAID})\s*的?\s*)?{_MONTH_SAID}\s*(?P<day>\d{{1,2}}|[{_HAN}]{{1,3}})\s*[日号]")
_NUMBERED_WEEK = re.compile(
    rf"(?:(?:{_YEAR_SAID})\s*的?\s*第?|第)\s*(?P<week>\d{{1,2}}|[{_HAN}]{{1,3}})\s*个?(?:周|星期|礼拜)"
)
_YEAR = re.compile(_YEAR_SAID)
_PART = re.compile(
    r"(?:第?(?<!\d)(?P<quarter>[1-4一二三四])\s*个?季度?|[Qq](?P<q>[1-4])(?!\d))|(?P<half>[上下])半年|"
    rf"{_MONTH_SAID}份?"
)
_UNIT_SAID = r"(?:一?个|一)?(?P<unit>月|季|期|周|星期|礼拜)(?:份|度)?"
_NEAR = re.compile(rf"(?P<way>上上?|这|本|当){_UNIT_SAID}")
_DAY = re.compile(r"(?P<day>大?前|昨|今|当|明|后)[天日]")
_AHEAD = re.compile(rf"下{_UNIT_SAID}")  # nothing is known of it yet
_WEEKDAYS = "一二三四五六日天"
# 上周三, 上周日的日报; 上周日报 and 上周三场 say nothing of a day.
_WEEKDAY = re.compile(
    rf"(?P<way>上上?|这|本|下下?)一?个?(?:周|星期|礼拜)(?P<weekday>[{_WEEKDAYS}])(?!\s*[{_HAN}场次堂节回个村共起直下些定报气])"
)
# Times that are no one period; the second where no place is called so.
_SPAN = re.compile(
    rf"[前近][{_HAN}两几半\d]+个?(?:月|季度?|年|周|星期|礼拜|天|日)|"
    rf"(?<!\d)(?:\d{{1,2}}|[{_HAN}]{{1,2}})\s*月?\s*(?:[-—~]|到|至)+\s*(?:\d{{1,2}}|[{_HAN}]{{1,2}})\s*月|"
    r"[上这本]一?个?(?:周|星期|礼拜)末"
)
_LIKE_TIME = re.compile(rf"{_SPAN.pattern}|最近|近期|个月|[年季周]|[\d{_HAN}]+[月日号]")
_LEFT = re.compile(r"\d+\s*(?:年|月|季|周)|20\d\d|^[-—~]")  # a time that was not understood
# For patterns in which no group has a name: a time gone by, or going on, within other words; and what is a period in
# itself (or was meant as one: 前三季度). 明天 and 下周 ask for no numbers.
_span, _date, _week, _weekday, _near_, _year_, _part_ = (
    re.sub(r"\(\?P<\w+>", "(?:", each.pattern) for each in (_SPAN, _DATE, _NUMBERED_WEEK, _WEEKDAY, _NEAR, _YEAR, _PART)
)
TIME = rf"最近|(?:前|昨)[天日]|{_span}|{_date}|{_week}|{_near_}|{_year_}|{_part_}"
ALONE = (
    r"20\d\d(?:[Qq][1-4]|[Hh][12]|[Ww]\d{1,2}|(?:[-./]\d{1,2}){1,2})|"
    rf"{_date}|{_week}|(?:{_year_})\s*的?\s*(?:{_part_})?|{_part_}|{_span}|(?=上){_weekday}|{_near_}|(?:大?前|昨|今)[天日]"
)


def whole_period(words: str, today: date) -> Period:
    """The period, where nothing else is said. Raises `BadPeriod`."""
    plain = "".join(unicodedata.normalize("NFKC", words).split())
    try:
        period, rest = period_in(plain, PeriodKind.QUARTER, today)
    except BadPeriod as bad:
        raise BadPeriod(words) from bad
    if rest:
        raise BadPeriod(words)
    return period


def period_in(words: str, kind: PeriodKind, today: date) -> tuple[Period, str]:
    """The period, and the words without it. Where none is said it is the one of this ``kind`` that is being settled;
    a part of a year without its year is the latest that has begun. Raises `BadPeriod`."""
    with suppress(BadPeriod):
        return parse(words), ""
    if found := _SPAN.search(words):
        raise BadPeriod(found[0])
    period, rest = _said(words, kind, today) or _parted(words, kind, today)
    if _LEFT.search(rest):
        raise BadPeriod(words)
    return period, rest


def _said(words: str, kind: PeriodKind, today: date) -> tuple[Period, str] | None:
    """A period that is named by one word; None where it takes a year and a part of it."""
    if found := _CODE.search(words):
        return parse(re.sub("[./]", "-", found[0].removesuffix("月"))), _without(words, found)
    if found := _DATE.search(words) or _NUMBERED_WEEK.search(words):
        try:
            return _dated(found, today), _without(words, found)
        except BadPeriod as bad:  # told in the words that were typed
            raise BadPeriod(found[0]) from bad
    if found := _DAY.search(words) or _WEEKDAY.search(words):
        return _day(found, today), _without(words, found)
    if found := _AHEAD.search(words):
        unit = _UNITS.get(found["unit"], _WEEK) or kind
        return period_of(period_of(today, unit).after, unit), _without(words, found)
    if found := _NEAR.search(words):
        return _near(found, kind, today), _without(words, found)
    return None


def _parted(words: str, kind: PeriodKind, today: date) -> tuple[Period, str]:
    """A year, a part of one, or both; else the period of this kind that is being settled."""
    year, rest = None, words
    if found := _YEAR.search(rest):
        year, rest = _year(found, today), _without(rest, found)
    if found := _PART.search(rest):
        return _latest(_part(found), year, today), _without(rest, found)
    settled = today - SETTLING.get(kind, _SETTLING)
    return parse(str(year)) if year is not None else period_of(settled, kind), rest


def like_time(words: str) -> str:
    """What in them is said of a time, though of no one period; "" where nothing is."""
    found = _LIKE_TIME.search(words)
    return found[0] if found else ""


def _dated(found: re.Match[str], today: date) -> Period:
    """A day of a month, or a week by its number."""
    said = found.groupdict()
    if said.get("week"):
        code = f"W{_number(said['week']):02}"
    else:
        code = f"-{_number(said['month']):02}-{_number(said['day']):02}"
    return _latest(code, _year(found, today), today)


def _near(found: re.Match[str], kind: PeriodKind, today: date) -> Period:
    period = period_of(today, _UNITS.get(found["unit"], _WEEK) or kind)
    for _ in range(_STEPS.get(found["way"], 0)):
        period = period.before()
    return period


def _day(found: re.Match[str], today: date) -> Period:
    said = found.groupdict()
    if weekday := said.get("weekday"):
        days = min(_WEEKDAYS.index(weekday), 6) - today.weekday() - 7 * _STEPS.get(said["way"], 0)
    else:
        days = _DAYS[said["day"]]
    return period_of(today + timedelta(days=days), PeriodKind.DAY)


def _year(found: re.Match[str], today: date) -> int | None:
    """The year that is said, if one is."""
    if found["number"]:
        return int(found["number"])
    return today.year + _YEARS[found["word"]] if found["word"] else None


def _part(found: re.Match[str]) -> str:
    """A part of a year, as its code goes on behind the year."""
    if quarter := found["quarter"] or found["q"]:
        return f"Q{_number(quarter)}"
    return f"H{1 + '上下'.index(found['half'])}" if found["half"] else f"-{_number(found['month']):02}"


def _latest(code: str, year: int | None, today: date) -> Period:
    """A part of a year; without the year the latest that has begun."""
    if year is not None:
        return parse(f"{year}{code}")
    this = parse(f"{today.year}{code}")
    return this if this.first <= today else parse(f"{today.year - 1}{code}")


def _without(words: str, found: re.Match[str]) -> str:
    return " ".join(f"{words[: found.start()]} {words[found.end() :]}".split()).strip(" 的，,")


def _number(words: str) -> int:
    """12, 十二. Raises `BadPeriod`."""
    found = to_int(words)
    if found is None:
        raise BadPeriod(words)
    return found
