"""Which period is meant: 去年四季度, 上个月, 2026Q4, 12月; said among other words."""

import re
from contextlib import suppress
from datetime import date, timedelta

from data.figures.periods import BadPeriod, Period, PeriodKind, parse, period_of

SETTLING = timedelta(days=15)  # so long after a period's end it is still the one that is meant
_NUMBERS = {each: at for at, each in enumerate([*"一二三四五六七八九十", "十一", "十二"], 1)}
_YEARS = {"今": 0, "本": 0, "去": -1, "上": -1, "上一": -1, "前": -2}
_UNITS = {"月": PeriodKind.MONTH, "季": PeriodKind.QUARTER, "期": None}
_WEEK = PeriodKind.WEEK  # 周, 星期, 礼拜
_CODE = re.compile(r"20\d\d(?:[Qq][1-4]|[Hh][12]|-\d{1,2})(?!\d)")
_YEAR = re.compile(r"(?P<number>20\d\d)(?!\d)\s*年?度?|(?P<word>今|本|去|上一?|前)年度?")
_PART = re.compile(
    r"第?(?<!\d)(?P<quarter>[1-4一二三四])\s*个?季度?|(?P<half>[上下])半年|"
    r"(?<!\d)(?P<month>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])\s*月份?"
)
_NEAR = re.compile(r"(?P<way>上|这|本|当)(?:一?个|一)?(?P<unit>月|季|期|周|星期|礼拜)(?:份|度)?")
_LEFT = re.compile(r"\d+\s*(?:年|月|季)|20\d\d")  # a time that was not understood


def period_in(words: str, kind: PeriodKind, today: date) -> tuple[Period, str]:
    """The period, and the words without it. Where none is said it is the one of this ``kind`` that is being settled;
    a part of a year without its year is the latest that has begun. Raises `BadPeriod`."""
    with suppress(BadPeriod):
        return parse(words), ""
    if found := _CODE.search(words):
        return parse(found[0]), _without(words, found)
    if found := _NEAR.search(words):
        unit = _UNITS.get(found["unit"], _WEEK) or kind
        now = period_of(today, unit)
        return now.before() if found["way"] == "上" else now, _without(words, found)
    year, rest = None, words
    if found := _YEAR.search(rest):
        year = int(found["number"]) if found["number"] else today.year + _YEARS[found["word"]]
        rest = _without(rest, found)
    if found := _PART.search(rest):
        rest = _without(rest, found)
        period = _part(found, year, today)
    else:
        period = parse(str(year)) if year is not None else period_of(today - SETTLING, kind)
    if _LEFT.search(rest):
        raise BadPeriod(words)
    return period, rest


def _part(found: re.Match[str], year: int | None, today: date) -> Period:
    code = "Q{}" if found["quarter"] else "H{}" if found["half"] else "-{:02}"
    number = 1 + "上下".index(found["half"]) if found["half"] else _number(found["quarter"] or found["month"])
    this = parse(f"{year or today.year}{code.format(number)}")
    return this if year is not None or this.first <= today else parse(f"{today.year - 1}{code.format(number)}")


def _number(words: str) -> int:
    return int(words) if words.isdecimal() else _NUMBERS[words]


def _without(words: str, found: re.Match[str]) -> str:
    return " ".join(f"{words[: found.start()]} {words[found.end() :]}".split()).strip(" 的，,")
