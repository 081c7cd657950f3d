"""The Chinese calendar as pure functions: lunar days, the 24 solar terms, festivals, nth weekdays.

Every function that may find no such day returns None; years reach as far as the lunar table of `data.lunar`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from data.lunar import lunar_day, lunar_of
from data.solarterms import TERMS, solar_term
from handlers.understand.when.town import TownCalendar

DAY = timedelta(days=1)


def lunar_month(year: int, month: int) -> tuple[date, date] | None:
    """First day of a lunar month and the first day after it."""
    first = lunar_day(year, month, 1)
    if first is None:
        return None
    length = 30 if lunar_day(year, month, 30) else 29
    return first, first + length * DAY


def new_year_eve(year: int) -> date | None:
    """除夕: the last day of lunar ``year``."""
    spring = lunar_day(year + 1, 1, 1)
    return spring - DAY if spring else None


def nth_weekday(first: date, weekday: int, nth: int) -> date:
    """The nth ``weekday`` (0 is Monday) on or after ``first``."""
    return first + (weekday - first.weekday()) % 7 * DAY + 7 * (nth - 1) * DAY


def is_market_day(day: date, town: TownCalendar) -> bool:
    """Whether the town's market is held on ``day``."""
    if town.market_by == "solar":
        return day.day % 10 in town.market_days
    lunar = lunar_of(day)
    return lunar is not None and lunar[2] % 10 in town.market_days


def easter(year: int) -> date:
    """Western Easter Sunday (the anonymous Gregorian algorithm)."""
    a, (b, c) = year % 19, divmod(year, 100)
    (d, e), f = divmod(b, 4), (b + 8) // 25
    h = (19 * a + b - d - (b - f + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    x = (32 + 2 * e + 2 * i - h - k) % 7
    month, day = divmod(h + x - 7 * ((a + 11 * h + 22 * x) // 451) + 114, 31)
    return date(year, month, day + 1)


@dataclass(frozen=True, slots=True)
class Festival:
    """``day_in`` gives its day in a year (lunar year for lunar feasts); ``holiday`` is the length of its days off."""

    day_in: Callable[[int, TownCalendar], date | None]
    holiday: int = 1
    lunar: bool = False


def _solar(month: int, day: int, holiday: int = 1) -> Festival:
    return Festival(lambda year, _: date(year, month, day), holiday)


def _lunar(month: int, day: int, holiday: int = 1) -> Festival:
    return Festival(lambda year, _: lunar_day(year, month, day), holiday, lunar=True)


def _nth(month: int, weekday: int, nth: int) -> Festival:
    return Festival(lambda year, _: nth_weekday(date(year, month, 1), weekday, nth))


def _term(name: str, holiday: int = 1, shift: int = 0) -> Festival:
    return Festival(lambda year, _: solar_term(year, name) + shift * DAY, holiday)


def _easter(shift: int) -> Festival:
    return Festival(lambda year, _: easter(year) + shift * DAY)


EVE = Festival(lambda year, _: new_year_eve(year), 1, lunar=True)
LITTLE_NEW_YEAR = Festival(lambda year, town: lunar_day(year, 12, town.little_new_year), 1, lunar=True)
SPRING = _lunar(1, 1, 7)

# The names are alternatives of one regex, longest first; each may be followed by 节.
FESTIVALS: tuple[tuple[str, Festival], ...] = (
    ("元旦|新历年|阳历年", _solar(1, 1, 3)),
    ("情人", _solar(2, 14)),
    ("学雷锋纪念日|学雷锋日|雷锋日", _solar(3, 5)),
    ("三八国际劳动妇女|国际劳动妇女|三八国际妇女|国际妇女|三八妇女|妇女|三八|女神|女生", _solar(3, 8)),
    ("植树", _solar(3, 12)),
    ("三一五晚会|三一五消费者权益日|消费者权益日|三一五", _solar(3, 15)),
    ("愚人", _solar(4, 1)),
    ("世界地球日|地球日", _solar(4, 22)),
    ("五一国际劳动|国际劳动|五一劳动|劳动|五一", _solar(5, 1, 5)),
    ("五四青年|青年|五四", _solar(5, 4)),
    ("国际护士|护士", _solar(5, 12)),
    ("国际儿童|六一国际儿童|六一儿童|儿童|六一", _solar(6, 1)),
    ("世界环境日|环境日", _solar(6, 5)),
    ("国际禁毒日|世界禁毒日|禁毒日", _solar(6, 26)),
    ("香港回归纪念日|回归纪念日|建党|七一", _solar(7, 1)),
    ("八一建军|建军|八一", _solar(8, 1)),
    ("医师|中国医师", _solar(8, 19)),
    ("教师|老师", _solar(9, 10)),
    ("九一八", _solar(9, 18)),
    ("中国烈士纪念日|烈士纪念日", _solar(9, 30)),
    ("国庆|十一国庆", _solar(10, 1, 7)),
    ("双十", _solar(10, 10)),
    ("程序员", _solar(10, 24)),
    ("万圣夜|万圣前夜|万圣", _solar(10, 31)),
    ("记者", _solar(11, 8)),
    ("消防日|全国消防日", _solar(11, 9)),
    ("光棍|双十一|双11", _solar(11, 11)),
    ("国家宪法日|宪法日|法制宣传日", _solar(12, 4)),
    ("双十二|双12", _solar(12, 12)),
    ("国家公祭日|公祭日", _solar(12, 13)),
    ("澳门回归纪念日", _solar(12, 20)),
    ("平安夜|圣诞前夕|圣诞夜", _solar(12, 24)),
    ("圣诞", _solar(12, 25)),
    ("跨年夜", _solar(12, 31)),
    ("母亲", _nth(5, 6, 2)),
    ("父亲", _nth(6, 6, 3)),
    ("感恩", _nth(11, 3, 4)),
    ("耶稣受难日|受难日", _easter(-2)),
    ("复活节星期一", _easter(1)),
    ("复活", _easter(0)),
    ("农历新年|中国新年|春|正月正时|正月正|正月朔日|大年初一|新春|过年|过大年", SPRING),
    ("元宵|上元|灯", _lunar(1, 15)),
    ("龙抬头|春龙|二月二", _lunar(2, 2)),
    ("上巳|三月三", _lunar(3, 3)),
    ("浴佛|佛诞", _lunar(4, 8)),
    ("端午|端阳|五月五|龙舟", _lunar(5, 5, 3)),
    ("六月六", _lunar(6, 6)),
    ("七夕|乞巧|七月七", _lunar(7, 7)),
    ("中元|盂兰|盂兰盆|鬼|七月半|七月十四", _lunar(7, 15)),
    ("中秋|仲秋|八月半|团圆", _lunar(8, 15, 3)),
    ("重阳|重九|老人|敬老|九月九", _lunar(9, 9)),
    ("寒衣|十月朝", _lunar(10, 1)),
    ("下元", _lunar(10, 15)),
    ("腊八", _lunar(12, 8)),
    ("小年夜|小年|祭灶", LITTLE_NEW_YEAR),
    ("除夕夜|除夕|年三十|大年三十|年卅|大年夜|年夜|年三十晚|年卅晚|大年除夕", EVE),
    ("清明", _term("清明", 3)),
    ("寒食", _term("清明", shift=-1)),
    *((name, _term(name)) for name in TERMS if name != "清明"),
)
# These read as a feast only when 节 follows: alone they are common words.
NEEDS_JIE = frozenset((
    "情人", "女神", "女生", "妇女", "国际妇女", "三八", "劳动", "国际劳动", "青年", "国际护士", "护士", "儿童",
    "国际儿童", "教师", "老师", "医师", "中国医师", "建军", "建党", "记者", "母亲", "父亲", "感恩", "春", "春龙",
    "灯", "鬼", "老人", "敬老", "愚人", "植树", "程序员", "光棍", "双十", "上元", "中元", "下元", "盂兰", "寒衣",
    "龙舟", "团圆", "复活", "上巳", "浴佛", "万圣",
))  # fmt: skip
