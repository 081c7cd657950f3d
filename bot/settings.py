"""Every setting: its key, its default, what it does, and how a value is read. `SETTINGS` is the whole list.

``docs/config.md`` is made from it, and a test fails when the shipped config.yaml misses one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

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


def listen(value: object) -> Listen:
    if value not in ("mention", "command", "natural"):
        raise BadValue("要写 mention（只听@）、command（只听口令）或 natural（听得懂的都答）")
    return value


def listen_map(value: object) -> Mapping[str, Listen]:
    if not isinstance(value, dict):
        raise BadValue("要写成“群名: mention”这样的对照")
    return {str(name): listen(mode) for name, mode in value.items()}


def level(value: object) -> str:
    if value not in ("debug", "info", "warning", "error"):
        raise BadValue("要写 debug、info、warning 或 error")
    return str(value)


TOWN_FOLDER = Setting("town.folder", "data/demo", "镇的资料夹（town.yaml、snippets.yaml）", text)
ZONE = Setting("town.zone", "Asia/Shanghai", "时区", zone)
DATABASE_URL = Setting(
    "database.url",
    "sqlite:///var/town.db",
    "数据库。也可用 PostgreSQL（一个数据库只开一个机器人）；带密码的地址只放环境变量 MENLOU_DATABASE_URL",
    database_url,
)
WEBCHAT = Setting("webchat.enabled", True, "开内置的网页群聊（模拟群，只在本机看）", yes_no)
WEBCHAT_HOST = Setting(
    "webchat.host", "127.0.0.1", "网页听在哪个地址。127.0.0.1 只有本机能打开；它没有密码，别开给外网", text
)
WEBCHAT_PORT = Setting("webchat.port", 8080, "网页端口", whole(1, 65_535))
WEBCHAT_LOG = Setting("webchat.log", "var/webchat.jsonl", "模拟群的聊天记录（它顶替微信本身，和镇的数据库无关）", text)
WECHATY_ENDPOINT = Setting("wechaty.endpoint", "", "Wechaty 网关的 主机:端口；留空就不接微信", endpoint)
WECHATY_TOKEN_FILE = Setting(
    "wechaty.token_file", "", "放网关口令（token）的文件；也可用环境变量 MENLOU_WECHATY_TOKEN。口令不写在这里", text
)
LISTEN = Setting(
    "listen.default", "natural", "群里没@我时听什么：mention 只听@，command 只听口令，natural 听得懂的都答", listen
)
LISTEN_GROUPS = Setting("listen.groups", {}, "个别群另定，如 上坪村乡亲群: mention", listen_map)
PUSH_CRON = Setting(
    "push.cron", ["0 12 * * *", "30 19 * * *"], "推送政策短文的时间（cron：分 时 日 月 周），可写几个", crons
)
PUSH_GRACE = Setting("push.grace_minutes", 90, "停机错过的推送，晚多少分钟以内还补发；再晚就算了", whole(0, 1_440))
QUIET_START = Setting("quiet.start", "21:00", "免打扰开始：之后不推送、不发通知，有人问才答", clock)
QUIET_END = Setting("quiet.end", "07:30", "免打扰结束", clock)
PACE_REPLY = Setting("pace.reply_after", [2, 6], "微信里回话前等几秒（随机），像人一样", range_of_seconds)
PACE_ROOM = Setting("pace.same_room", 10, "同一个群两条之间至少几秒", seconds)
PACE_OTHER = Setting("pace.other_room", [20, 45], "通知和推送换一个群之间等几秒（随机）", range_of_seconds)
PACE_MINUTE = Setting("pace.per_minute", 6, "每分钟最多发几条（0 不限）", whole(0, 100_000))
PACE_HOUR = Setting("pace.per_hour", 60, "每小时最多发几条（0 不限）", whole(0, 1_000_000))
PACE_DAY = Setting("pace.per_day", 300, "每天最多发几条（0 不限）", whole(0, 10_000_000))
LIMIT_MINUTE = Setting("limits.per_minute", 20, "一个人每分钟最多答几条", whole(1, 100_000))
LIMIT_LOOP = Setting(
    "limits.loop_turns", 5, "同样的话一分钟内来回超过几次就当对面是机器人，歇十分钟", whole(2, 100_000)
)
LOG_LEVEL = Setting("log.level", "info", "日志详细程度", level)

SETTINGS: tuple[Setting[Any], ...] = (
    TOWN_FOLDER,
    ZONE,
    DATABASE_URL,
    WEBCHAT,
    WEBCHAT_HOST,
    WEBCHAT_PORT,
    WEBCHAT_LOG,
    WECHATY_ENDPOINT,
    WECHATY_TOKEN_FILE,
    LISTEN,
    LISTEN_GROUPS,
    PUSH_CRON,
    PUSH_GRACE,
    QUIET_START,
    QUIET_END,
    PACE_REPLY,
    PACE_ROOM,
    PACE_OTHER,
    PACE_MINUTE,
    PACE_HOUR,
    PACE_DAY,
    LIMIT_MINUTE,
    LIMIT_LOOP,
    LOG_LEVEL,
)
