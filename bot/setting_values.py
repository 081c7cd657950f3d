"""What a setting is, and how the values of settings are read out of what YAML gives."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from data.drawing.styles import STYLES
from handlers.understand.values import Listen
from scheduler.timetable import BadCron, read_cron

Value = TypeVar("Value")


class BadValue(ValueError):
    """A value that a setting cannot take; the text says what it takes."""


@dataclass(frozen=True, slots=True)
class Setting(Generic[Value]):
    """One setting. ``default`` is written as in config.yaml; ``read`` turns what YAML gives into the value."""

    key: str
    default: object
    help: str
    read: Callable[[object], Value]


def text(value: object) -> str:
    if not isinstance(value, str):
        raise BadValue("要写文字")
    return value.strip()


def yes_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise BadValue("要写 true 或 false")
    return value


def whole(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise BadValue(f"要写 {low} 到 {high} 的整数")
        return value

    return read


def seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 86_400:
        raise BadValue("要写秒数（0 到 86400）")
    return float(value)


def range_of_seconds(value: object) -> tuple[float, float]:
    if not isinstance(value, list) or len(value) != 2:
        raise BadValue("要写两个秒数，如 [2, 6]")
    low, high = (seconds(each) for each in value)
    if low > high:
        raise BadValue("前一个数不能大于后一个，如 [2, 6]")
    return low, high


def clock(value: object) -> time:
    match = re.fullmatch(r"(\d{1,2}):(\d{2})", value) if isinstance(value, str) else None
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        raise BadValue('要写时刻,带引号,如 "21:00"')
    return time(int(match[1]), int(match[2]))


def hours(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000:
        raise BadValue("要写小时数（大于 0）")
    return float(value)


def clocks(value: object) -> tuple[time, ...]:
    if not isinstance(value, list) or not value:
        raise BadValue('要写几个时刻，如 ["19:30", "12:30"]')
    return tuple(clock(each) for each in value)


def clock_range(value: object) -> tuple[time, time]:
    times = clocks(value)
    if len(times) != 2 or times[0] >= times[1]:
        raise BadValue('要写开始和结束，如 ["08:00", "18:00"]')
    return times[0], times[1]


def dates(value: object) -> frozenset[date]:
    """Days; YAML itself reads 2026-12-24 as a date."""
    days = value if isinstance(value, list) else [value]
    try:  # the database, where the console keeps changes, has no dates
        days = [date.fromisoformat(each) if isinstance(each, str) else each for each in days]
    except ValueError as error:
        raise BadValue("要写日期，如 2026-12-24") from error
    if not all(isinstance(each, date) for each in days):
        raise BadValue("要写日期，如 2026-12-24")
    return frozenset(days)


def day_ranges(value: object) -> tuple[tuple[tuple[int, int], tuple[int, int]], ...]:
    """Parts of each year: ((month, day) of the first, (month, day) of the last day)."""
    if not isinstance(value, list):
        raise BadValue('要写成列表，如 ["07-10..08-05"]')
    ranges = []
    for each in value:
        match = re.fullmatch(r"(\d{2})-(\d{2})\.\.(\d{2})-(\d{2})", str(each))
        if match is None or not all(_is_day(match[at], match[at + 1]) for at in (1, 3)):
            raise BadValue("要写月-日..月-日，如 07-10..08-05")
        ranges.append(((int(match[1]), int(match[2])), (int(match[3]), int(match[4]))))
    return tuple(ranges)


def _is_day(month: str, day: str) -> bool:
    try:
        date(2024, int(month), int(day))  # a leap year: 02-29 is a day
    except ValueError:
        return False
    return True


def zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(text(value))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadValue("没有这个时区，中国写 Asia/Shanghai") from error


def cron(value: object) -> str:
    line = text(value)
    try:
        read_cron(line, ZoneInfo("Asia/Shanghai"))
    except BadCron as error:
        raise BadValue(f'不是好的 cron 时间:{error};每天中午和晚上七点半写 "0 12 * * *" 和 "30 19 * * *"') from error
    return line


def crons(value: object) -> tuple[str, ...]:
    lines = value if isinstance(value, list) else [value]
    return tuple(cron(line) for line in lines)


def database_url(value: object) -> str:
    line = text(value)
    try:
        parsed = make_url(line)
    except ArgumentError as error:
        raise BadValue("要写数据库地址，如 sqlite:///var/town.db") from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadValue("只支持 sqlite 和 postgresql")
    if parsed.password:
        raise BadValue("密码不要写在 config.yaml，整个地址放到环境变量 MENLOU_DATABASE_URL")
    return line


def endpoint(value: object) -> str:
    line = text(value)
    if line and re.fullmatch(r"[\w.\-\[\]:]+:\d{1,5}", line) is None:
        raise BadValue("要写 主机:端口，如 127.0.0.1:8788；不用就留空")
    return line


def web_address(value: object) -> str:
    line = text(value)
    if line and re.fullmatch(r"https?://[\w.\-\[\]:]+/?", line) is None:
        raise BadValue("要写网址，如 https://desk.example.gov.cn，后面不带路径；不用就留空")
    return line


def address_of(schemes: tuple[str, str]) -> Callable[[object], str]:
    """An address by a safe scheme; the plain one (the second) only on this machine, which is for tests."""

    def read(value: object) -> str:
        line = text(value).rstrip("/")
        safe = re.fullmatch(rf"{schemes[0]}://[\w.\-]+(:\d{{1,5}})?(/[\w.\-/]*)?", line)
        local = re.fullmatch(rf"{schemes[1]}://(127\.0\.0\.1|localhost)(:\d{{1,5}})?(/[\w.\-/]*)?", line)
        if not safe and not local:
            raise BadValue(f"要写 {schemes[0]}:// 开头的地址，不带问号和密码；一般不用改")
        return line

    return read


def listen(value: object) -> Listen:
    if value not in ("mention", "command", "natural"):
        raise BadValue("要写 mention（只听@）、command（只听口令）或 natural（听得懂的都答）")
    return value


def listen_map(value: object) -> Mapping[str, Listen]:
    if not isinstance(value, dict):
        raise BadValue("要写成“群名: mention”这样的对照")
    return {str(name): listen(mode) for name, mode in value.items()}


def poster_style(value: object) -> str:
    if value != "" and value not in STYLES:
        raise BadValue(f"要写{'、'.join(STYLES)}中的一个，不要海报就留空")
    return str(value)


def level(value: object) -> str:
    if value not in ("debug", "info", "warning", "error"):
        raise BadValue("要写 debug、info、warning 或 error")
    return str(value)
