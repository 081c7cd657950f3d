"""From matched words to pieces: one function for each kind of rule in `lexicon`. None means "not a time after all"."""

import re

from handlers.understand.when.almanac import FESTIVALS
from handlers.understand.when.numerals import about, to_int
from handlers.understand.when.parts import PARTS, SHORT_PARTS
from handlers.understand.when.pieces import (
    Borrower,
    Clock,
    DayOffset,
    Dom,
    Edge,
    Feast,
    Lead,
    Market,
    Month,
    MonthPart,
    Months,
    NearDays,
    Now,
    Nth,
    Part,
    Piece,
    QuarterOffset,
    Season,
    To,
    Week,
    Weekday,
    Workday,
    Year,
)

Match = re.Match[str]
Built = tuple[Piece, ...] | None

WEEKDAYS = {
    char: number for number, chars in enumerate(("一1", "二2", "三3", "四4", "五5", "六6", "日天7")) for char in chars
}
NAMED_MONTHS = {"正": 1, "元": 1, "冬": 11, "腊": 12}
RELATIVE_YEARS = {
    "大前": -3, "前": -2, "去": -1, "上": -1, "今": 0, "本": 0, "当": 0, "明": 1, "来": 1, "后": 2, "大后": 3,
}  # fmt: skip
DAY_WORDS = {
    "大大后": 4, "大后": 3, "后": 2, "明": 1, "听": 1, "今": 0, "昨": -1, "寻": -1, "琴": -1, "前": -2, "大前": -3,
}  # fmt: skip
TENS = {"上旬": (1, 10), "中旬": (11, 20), "下旬": (21, 31), "上中旬": (1, 20), "中下旬": (11, 31)}
EDGES = {"初": (1, 10), "头": (1, 10), "中": (11, 20), "底": (25, 31), "末": (25, 31), "尾": (25, 31)}
YEAR_EDGES = {"初": (1, 2), "头": (1, 2), "中": (6, 7), "底": (12, 12), "末": (12, 12), "尾": (12, 12)}
SPRING_NAME = "农历新年"
FEAST_NAMES = {name: words.split("|")[0] for words, _ in FESTIVALS for name in words.split("|")}


def group(match: Match, *names: str) -> str | None:
    """The first of the named groups that took part; names that the rule does not have are skipped."""
    found = match.groupdict()
    return next((found[name] for name in names if found.get(name) is not None), None)


def _relative(words: str) -> int:
    """下下 is 2, 上 is -1, 这 is 0."""
    return 1 if words == "再下" else words.count("下") - words.count("上")


def _year_number(words: str) -> int | None:
    number = to_int(words)
    if number is None or number >= 100:
        return number
    return number + (2000 if number < 70 else 1900)


def _month_number(words: str) -> int | None:
    number = NAMED_MONTHS.get(words) or to_int(words)
    return number if number is not None and 1 <= number <= 12 else None


def full_date(match: Match) -> Built:
    """2027年3月5日, 2027-03-05, 3/5/27."""
    year, month, day = _year_number(match["y"]), _month_number(match["m"]), to_int(match["d"])
    if year is None or month is None or day is None or not 1 <= day <= 31:
        return None
    return Year(year), Month(month), Dom(day, day)


def month_day(match: Match) -> Built:
    """3.15, 3/15, 03-15."""
    month, day = int(match["m"]), int(match["d"])
    return Month(month), Dom(day, day)


def lunar_date(match: Match) -> Built:
    """农历八月十五, 腊月廿三, 闰六月初一."""
    month, day = _month_number(match["m"]), to_int(match["d"].removeprefix("初"))
    if month is None or day is None or not 1 <= day <= 30:
        return None
    return Month(month, lunar=True, leap=bool(match["leap"])), Dom(day, day, lunar=True)


def lunar_month(match: Match) -> Built:
    """农历八月, 腊月."""
    month = _month_number(group(match, "m", "m2") or "")
    return (Month(month, lunar=True, leap=bool(group(match, "leap", "leap2"))),) if month else None


def new_year_day(match: Match) -> Built:
    """大年初二 is of the first month, 年廿八 of the last."""
    day = to_int(match["d"].removeprefix("初"))
    month = 1 if match["d"].startswith("初") else 12
    return (Month(month, lunar=True), Dom(day, day, lunar=True)) if day else None


def lunar_day(match: Match) -> Built:
    """初三, 十五, 农历廿二."""
    day = to_int((group(match, "d", "d2") or "").removeprefix("初"))
    return (Dom(day, day, lunar=True),) if day and day <= 30 else None


def feast(match: Match) -> Built:
    """端午节, 五一放假, 中秋前一天, 春节前夕."""
    name = "国庆" if match["october"] else FEAST_NAMES[_strip_jie(match["name"])]
    shift = 0
    if match["side"]:
        shift = (to_int(match["n"]) or 0) * (1 if match["side"] == "后" else -1)
    elif match["eve"]:
        shift = -1
    return (Feast(name, shift, holiday=bool(match["holiday"] or match["october"])),)


def _strip_jie(name: str) -> str:
    return name if name in FEAST_NAMES else name.removesuffix("节")


def around_new_year(match: Match) -> Built:
    """年前, 年后: before and after the Spring Festival."""
    return Feast(SPRING_NAME), Edge("before" if match["side"] == "前" else "after")


def nth(match: Match) -> Built:
    """第一个周二, 第四周, 最后一个周五."""
    number = -1 if match["last"] else to_int(match["n"])
    weekday = group(match, "w")
    return None if number is None else (Nth(number, WEEKDAYS[weekday] if weekday else None),)


def nth_day(match: Match) -> Built:
    """第十天, 最后一天."""
    number = -1 if match["last"] else to_int(match["n"])
    return (Nth(number, days=True),) if number else None


def weekday(match: Match) -> Built:
    """周三, 下下周二, 周末, 周六日."""
    weeks = None if match["rel"] is None else _relative(match["rel"])
    if match["w"] == "末":
        return (Weekday(5, weeks, 2),)
    return (Weekday(WEEKDAYS[match["w"]], weeks, 2 if (match["more"] or "").endswith(("日", "天")) else 1),)


def week(match: Match) -> Built:
    """这周, 下个星期."""
    return (Week(_relative(match["rel"])),)


def months(match: Match) -> Built:
    """上半年, 第三季度, 下季度."""
    if match["qrel"]:
        return (QuarterOffset(_relative(match["qrel"])),)
    if match["half"]:
        run = Months(1, 6) if match["half"] in "上头" else Months(7, 12)
        return (Year(RELATIVE_YEARS[match["rel"]], relative=True), run) if match["rel"] else (run,)
    quarter = to_int(group(match, "q", "q2") or "") or 1
    return (Months(3 * quarter - 2, 3 * quarter),)


def month_part(match: Match) -> Built:
    """月底, 中旬, 下半月."""
    if match["half"]:
        part = MonthPart(1, 15) if match["half"] == "上" else MonthPart(16, 31)
        return (Month(_relative(match["rel"]), relative=True), part) if match["rel"] else (part,)
    return (MonthPart(*(TENS[match["ten"]] if match["ten"] else EDGES[match["edge"]])),)


def month_tail(match: Match) -> Built:
    """The 底 of 三月底."""
    return (MonthPart(*EDGES[match["edge"]]),)


def year_tail(match: Match) -> Built:
    """The 底 of 明年底."""
    return (Months(*YEAR_EDGES[match["edge"]]),)


def year_end(match: Match) -> Built:
    """年底, 年初, 岁末."""
    return (Months(*YEAR_EDGES[match["edge"] or "末"]),)


def relative_month(match: Match) -> Built:
    """这个月, 下下个月."""
    return (Month(_relative(match["rel"]), relative=True),)


def month(match: Match) -> Built:
    """三月, 12月份."""
    number = _month_number(group(match, "m", "m2") or "")
    return (Month(number),) if number else None


def year(match: Match) -> Built:
    """明年, 2027年, 27年 (before a month)."""
    if match["rel"]:
        return (Year(RELATIVE_YEARS[match["rel"]], relative=True),)
    words = group(match, "y", "yy")
    if words is None:  # 这一年
        return (Year(0, relative=True),)
    number = _year_number(words)
    return (Year(number),) if number and 1900 <= number <= 2099 else None


def dom(match: Match) -> Built:
    """三号, 三四号, 15日."""
    words = group(match, "n", "n2") or ""
    days = None if "两" in words else about(words)  # 两日 is how long
    return (Dom(*days),) if days and 1 <= days[0] <= days[1] <= 31 else None


def clock(match: Match) -> Built:
    """三点, 三点半, 七八点, 三点零五分, 三点搭三 (a 搭 is five minutes), 六点差五分."""
    span = about(match["h"])
    if span is None or span[1] > 24:
        return None
    first, last = span
    minute = 0
    if match["half"]:
        minute = 30
    elif match["q"]:
        minute = 15 * (to_int(match["q"]) or 0)
    elif match["less"]:
        minute = -(15 if match["less"] == "一刻" else to_int(match["less"]) or 0)
    elif match["by5"] or match["by5b"]:
        fives = group(match, "by5", "by5b") or "正"
        minute = 0 if fives == "正" else 5 * (to_int(fives) or 0)
    elif match["min"] or match["min2"]:
        minute = _minutes(match)
    if not -60 < minute < 60:
        return None
    second = to_int(match["s"] or "零") or 0
    return _clock_at(first, minute, second, last + 1 if last > first else None)


def _minutes(match: Match) -> int:
    words = group(match, "min", "min2") or ""
    number = to_int(words)
    if number is None:
        return 60  # no minute: the caller refuses it
    spoken = match["min2"] and not match["zero"] and not words.isascii()
    cantonese = match.string[: match.start()].endswith(("昼", "朝", "朝早", "晚黑", "听日"))
    read_as_five = spoken and (number <= 9 if len(words) == 1 else cantonese and number == 11)
    return 5 * number if read_as_five else number


def _clock_at(hour: int, minute: int, second: int = 0, until: int | None = None) -> Built:
    if minute < 0:
        hour, minute = (hour or 24) - 1, minute + 60
    return (Clock(hour, minute, second, until=until, exact=hour > 12 or hour == 0),)


def clock_less(match: Match) -> Built:
    """差五分八点."""
    hour, less = to_int(match["h"]), 15 if match["less"] == "一刻" else to_int(match["less"])
    if hour is None or less is None or hour > 24 or less >= 60:
        return None
    return _clock_at(hour, -less)


def written_clock(match: Match) -> Built:
    """14:30, 3:15p, 3pm."""
    hour = int(match["h"])
    ap = match["ap"]
    half = None if ap is None else "pm" if ap in "pP" else "am"
    exact = hour >= 8 or match["h"].startswith("0")  # a written 8:30 is in the morning, a written 2:30 is not
    minute, second = (int(group(match, name) or 0) for name in ("min", "s"))
    if half == "pm" and hour < 12:
        return (Clock(hour + 12, minute, second, half="pm", exact=True),)
    return (Clock(hour, minute, second, half="am" if half == "am" else None, exact=exact or half is not None),)


def workday(_: Match) -> Built:
    """工作日."""
    return (Workday(),)


def near_days(match: Match) -> Built:
    """这两天, 这几天, 今明两天."""
    return (NearDays({"两": 2, "三": 3}.get(match["n"] or "", 2 if match.group().startswith("今") else 5)),)


def day(match: Match) -> Built:
    """今天, 大后天, 听日, 次日; the 今 of 今晚."""
    if match["next"]:
        return (DayOffset(1, after_anchor=True),)
    words = group(match, "word", "short", "cantonese") or "明"  # 明后天: from tomorrow
    return (DayOffset(DAY_WORDS[words]),)


def market(match: Match) -> Built:
    """圩日, 赶集, 下个圩日."""
    return (Market((group(match, "next", "next2") or "").count("下")),)


def season(match: Match) -> Built:
    """春天, 农闲, 暑假."""
    name = group(match, "name", "name2") or ""
    return (Season(name.removeprefix("开").removeprefix("入")),)


def part(match: Match) -> Built:
    """上午, 晚饭后."""
    return (Part(next(name for name in PARTS if match[name])),)


def short_part(match: Match) -> Built:
    """The 晚 of 周五晚."""
    return (Part(SHORT_PARTS[match.group()[0]]),)


def now(_: Match) -> Built:
    """现在."""
    return (Now(),)


def borrower(match: Match) -> Built:
    """The 9 of 9~12点."""
    number = to_int(match["n"])
    return None if number is None else (Borrower(number),)


def to(_: Match) -> Built:
    """到."""
    return (To(),)


def edge(match: Match) -> Built:
    """之前, 以后."""
    return (Edge("before" if match["before"] else "after"),)


def lead(_: Match) -> Built:
    """每."""
    return (Lead(),)
