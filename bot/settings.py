"""Every setting: its key, its default, what it does, and how a value is read. `SETTINGS` is the whole list.

``docs/config.md`` is made from it, and a test fails when the shipped config.yaml misses one.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from data.drawing.styles import STYLES
from data.retention import RETENTION, Retained
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


def _address(schemes: tuple[str, str]) -> Callable[[object], str]:
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
CONSOLE = Setting("console.enabled", True, "开控制台（干事在浏览器里办事的地方，要登录）", yes_no)
CONSOLE_HOST = Setting(
    "console.host",
    "127.0.0.1",
    "控制台听在哪个地址。127.0.0.1 只有本机能打开；给别的机器用，请放在有 https 的代理后面",
    text,
)
CONSOLE_PORT = Setting("console.port", 8090, "控制台端口", whole(1, 65_535))
CONSOLE_ADDRESS = Setting(
    "console.address",
    "",
    "别人打开控制台用的网址，如 https://desk.example.gov.cn；留空就用上面的地址和端口",
    web_address,
)
CONSOLE_PROXY = Setting(
    "console.behind_proxy", False, "前面有没有自己的代理（nginx 等）。有才信它报来的访问者地址", yes_no
)
WECOM_BOT_ID = Setting("wecom.bot_id", "", "企业微信智能机器人的 Bot ID；留空就不接，见 docs/wecom.md", text)
WECOM_SECRET_FILE = Setting(
    "wecom.bot_secret_file",
    "",
    "放智能机器人 Secret 的文件；也可用环境变量 MENLOU_WECOM_SECRET。它不写在这里",
    text,
)
WECOM_HOOKS_FILE = Setting(
    "wecom.hooks_file", "", "放企业微信群 webhook 的文件，一行一个群（群名: key）；留空就不用。key 不写在这里", text
)
WECOM_API = Setting(
    "wecom.api", "https://qyapi.weixin.qq.com", "企业微信 webhook 的地址，一般不用改", _address(("https", "http"))
)
WECOM_WS = Setting(
    "wecom.ws", "wss://openws.work.weixin.qq.com", "企业微信智能机器人长连接的地址，一般不用改", _address(("wss", "ws"))
)
LISTEN = Setting(
    "listen.default", "natural", "群里没@我时听什么：mention 只听@，command 只听口令，natural 听得懂的都答", listen
)
LISTEN_GROUPS = Setting("listen.groups", {}, "个别群另定，如 上坪村乡亲群: mention", listen_map)
PUSH_CRON = Setting(
    "push.cron", ["0 12 * * *", "30 19 * * *"], "推送政策短文的时间（cron：分 时 日 月 周），可写几个", crons
)
PUSH_WEEK = Setting(
    "push.per_week",
    7,
    "一个群七天里最多几条推送（通知也算在里面；0 不限）。轮流的短文只用到还剩两条，留给到日子的和上课的",
    whole(0, 100),
)
PUSH_GRACE = Setting("push.grace_minutes", 90, "停机错过的推送，晚多少分钟以内还补发；再晚就算了", whole(0, 1_440))
NOTICE_GRACE = Setting(
    "notice.grace_hours", 12, "停机误了的通知，晚几小时以内照发；再晚就先不发，问干事要不要补发", whole(0, 720)
)
QUIET_START = Setting("quiet.start", "21:00", "免打扰开始：之后不推送、不发通知，有人问才答", clock)
QUIET_END = Setting("quiet.end", "07:30", "免打扰结束", clock)
PACE_REPLY = Setting("pace.reply_after", [2, 6], "微信里回话前等几秒（随机），像人一样", range_of_seconds)
PACE_ROOM = Setting("pace.same_room", 10, "同一个群两条之间至少几秒", seconds)
PACE_OTHER = Setting("pace.other_room", [20, 45], "通知和推送换一个群之间等几秒（随机）", range_of_seconds)
BATCH_ROOMS = Setting("pace.batch_rooms", 20, "通知和推送每发到几个群就多歇一会儿（0 不歇）", whole(0, 10_000))
BATCH_PAUSE = Setting("pace.batch_pause", 600, "一批发完歇几秒", seconds)
PACE_MINUTE = Setting("pace.per_minute", 6, "每分钟最多发几条（0 不限）", whole(0, 100_000))
PACE_HOUR = Setting("pace.per_hour", 60, "每小时最多发几条（0 不限）", whole(0, 1_000_000))
PACE_DAY = Setting("pace.per_day", 300, "每天最多发几条（0 不限）", whole(0, 10_000_000))
REPLY_EXPIRES = Setting(
    "pace.reply_expires_minutes", 120, "回话多少分钟还没能发出去就不发了，免得断线以后冒出旧话", whole(5, 10_080)
)
WARM_LISTEN = Setting("account.listen_days", 7, "新登录的号头几天只听不说（0 不用）。老号请写 0", whole(0, 90))
WARM_ANSWER = Setting("account.answer_days", 7, "再有几天只答不推（0 不用）。老号请写 0", whole(0, 90))
BREAKER = Setting(
    "account.rest_minutes", 30, "掉线或被拒发以后停发几分钟，让人看看号有没有事（0 不停）", whole(0, 1_440)
)
LOOP_CRON = Setting("loop.cron", "* * * * *", "多久看一次有没有到点的事：提醒、过时、候补、收尾（cron）", cron)
LOOP_REVIEW = Setting("loop.review_hours", 4, "点单几个工作小时内要审", hours)
LOOP_DISPATCH = Setting("loop.dispatch_hours", 10, "审过的单几个工作小时内要派", hours)
LOOP_ACCEPT = Setting("loop.accept_hours", 10, "派出的单宣讲员几个工作小时内要回话", hours)
LOOP_SCHEDULE = Setting("loop.schedule_hours", 10, "接了的单几个工作小时内要排好课", hours)
LOOP_URGENT = Setting("loop.urgent_hours", 1, "加急的单每一步几个工作小时", hours)
LOOP_COUNT = Setting("loop.count_hours", 10, "讲完几个工作小时内要报到场人数", hours)
LOOP_ANSWER = Setting("loop.answer_days", 7, "意见和问题几个工作日内要答复", whole(1, 365))
LOOP_GRAB = Setting("loop.grab_most", 5, "抢单最多同时问几位宣讲员", whole(2, 50))
LOOP_UNDO = Setting("loop.undo_seconds", 60, "干事办的事多少秒内可以撤销；要告诉别人的话也等这么久才发", seconds)
LOOP_ARCHIVE = Setting("loop.archive_days", 14, "讲完几天后归档", whole(1, 365))
WORK_HOURS = Setting("work.hours", ["08:00", "18:00"], "上班时间，办事的期限只算这段", clock_range)
WORK_HOLIDAYS = Setting("work.holidays", [], "另外放假的日子（法定节假日已算好），如 2026-12-24", dates)
WORK_WORKDAYS = Setting("work.workdays", [], "另外要上班的日子（调休已算好）", dates)
WORK_FARMING = Setting(
    "work.farming", [], "农忙的日子，每年一样，如 07-10..08-05；农忙时只推荐晚饭后的时间", day_ranges
)
LECTURE_TIMES = Setting("lecture.usual_times", ["19:30", "12:30"], "村里平时方便听课的钟点，先写的先推荐", clocks)
LECTURE_MINUTES = Setting("lecture.minutes", 60, "一堂课多少分钟", whole(10, 600))
LECTURE_EVENING = Setting("lecture.remind_evening", "18:30", "开课前一天晚上几点在群里提醒一次", clock)
LECTURE_BEFORE = Setting("lecture.remind_before", 60, "开课前多少分钟在群里再提醒一次", whole(0, 1_440))
LECTURE_RATE = Setting("lecture.rate_after", 15, "讲完多少分钟请大家说说讲得怎样（只请一次）", whole(0, 1_440))
LECTURE_POSTER = Setting(
    "lecture.poster", "素白", "开课通知附一张海报：素白、红头或田园（样子见 docs/posters.md）；不要就留空", poster_style
)
LECTURE_PHOTOS = Setting("lecture.photos", "var/photos", "讲课照片存在哪个资料夹", text)
SIGN_UP_OFFER = Setting("sign_up.offer_minutes", 120, "候补的位子留多少分钟", whole(5, 10_080))
BROADCAST_TWO = Setting("broadcast.two_people", True, "通知要两个人放行：一个人写，另一个人同意了才发", yes_no)
BROADCAST_EMERGENCY = Setting(
    "broadcast.emergency", True, "急事可以一个人放行（紧急 B7），会记明，也马上告诉其他干事", yes_no
)
BROADCAST_DAY = Setting("broadcast.per_room_day", 2, "一个群一天最多几条通知，加急的不算在内（0 不限）", whole(0, 100))
LIMIT_MINUTE = Setting("limits.per_minute", 20, "一个人每分钟最多答几条", whole(1, 100_000))
LIMIT_LOOP = Setting(
    "limits.loop_turns", 5, "同样的话一分钟内来回超过几次就当对面是机器人，歇十分钟", whole(2, 100_000)
)
BACKUP = Setting("backup.enabled", True, "每天自动备份（SQLite；PostgreSQL 用它自己的 pg_dump）", yes_no)
BACKUP_AT = Setting("backup.at", "03:00", "每天几点备份；那时没开机，下次启动几分钟后补", clock)
BACKUP_FOLDER = Setting("backup.folder", "var/backups", "备份存在哪个资料夹", text)
BACKUP_SECOND = Setting(
    "backup.second_folder", "", "第二份存在哪里，最好是另一块盘（U盘、移动硬盘）；留空就不存第二份", text
)
BACKUP_DAYS = Setting("backup.keep_days", 14, "最近多少天，每天留最后一份", whole(1, 3_660))
BACKUP_WEEKS = Setting("backup.keep_weeks", 8, "再往前多少周，每周留一份（0 不留）", whole(0, 520))
BACKUP_MONTHS = Setting("backup.keep_months", 12, "再往前多少个月，每月留一份（0 不留）", whole(0, 120))
MATERIAL_FOLDER = Setting("material.folder", "var/materials", "课件存在哪个资料夹", text)
RETENTION_CRON = Setting(
    "retention.cron", "30 3 * * *", "每天几点清理过了保存期的个人信息（cron）；那时没开机，开机后补", cron
)


def _kept_for(each: Retained) -> Setting[int]:
    return Setting(
        each.setting, each.days, f"{each.name}（{each.rows}）留几天，{each.fate.words}（0 一直留）", whole(0, 36_500)
    )


RETENTION_DAYS: Mapping[str, Setting[int]] = {each.key: _kept_for(each) for each in RETENTION}
LOG_LEVEL = Setting("log.level", "info", "日志详细程度", level)

SETTINGS: tuple[Setting[Any], ...] = (
    TOWN_FOLDER,
    ZONE,
    DATABASE_URL,
    WEBCHAT,
    WEBCHAT_HOST,
    WEBCHAT_PORT,
    WEBCHAT_LOG,
    CONSOLE,
    CONSOLE_HOST,
    CONSOLE_PORT,
    CONSOLE_ADDRESS,
    CONSOLE_PROXY,
    WECHATY_ENDPOINT,
    WECHATY_TOKEN_FILE,
    WECOM_BOT_ID,
    WECOM_SECRET_FILE,
    WECOM_HOOKS_FILE,
    WECOM_API,
    WECOM_WS,
    LISTEN,
    LISTEN_GROUPS,
    PUSH_CRON,
    PUSH_WEEK,
    PUSH_GRACE,
    NOTICE_GRACE,
    QUIET_START,
    QUIET_END,
    PACE_REPLY,
    PACE_ROOM,
    PACE_OTHER,
    BATCH_ROOMS,
    BATCH_PAUSE,
    PACE_MINUTE,
    PACE_HOUR,
    PACE_DAY,
    REPLY_EXPIRES,
    WARM_LISTEN,
    WARM_ANSWER,
    BREAKER,
    LOOP_CRON,
    LOOP_REVIEW,
    LOOP_DISPATCH,
    LOOP_ACCEPT,
    LOOP_SCHEDULE,
    LOOP_URGENT,
    LOOP_COUNT,
    LOOP_ANSWER,
    LOOP_GRAB,
    LOOP_UNDO,
    LOOP_ARCHIVE,
    WORK_HOURS,
    WORK_HOLIDAYS,
    WORK_WORKDAYS,
    WORK_FARMING,
    LECTURE_TIMES,
    LECTURE_MINUTES,
    LECTURE_EVENING,
    LECTURE_BEFORE,
    LECTURE_RATE,
    LECTURE_POSTER,
    LECTURE_PHOTOS,
    SIGN_UP_OFFER,
    BROADCAST_TWO,
    BROADCAST_EMERGENCY,
    BROADCAST_DAY,
    LIMIT_MINUTE,
    LIMIT_LOOP,
    BACKUP,
    BACKUP_AT,
    BACKUP_FOLDER,
    BACKUP_SECOND,
    BACKUP_DAYS,
    BACKUP_WEEKS,
    BACKUP_MONTHS,
    MATERIAL_FOLDER,
    RETENTION_CRON,
    *RETENTION_DAYS.values(),
    LOG_LEVEL,
)

# What an admin may change in the console: it takes effect at once, and harms neither the account nor what two must agree.
DESK_SETTINGS: tuple[Setting[Any], ...] = (
    LISTEN,
    PUSH_WEEK,
    QUIET_START,
    QUIET_END,
    LOOP_REVIEW,
    LOOP_DISPATCH,
    LOOP_ACCEPT,
    LOOP_SCHEDULE,
    LOOP_URGENT,
    LOOP_COUNT,
    LOOP_ANSWER,
    LOOP_GRAB,
    LOOP_UNDO,
    LOOP_ARCHIVE,
    WORK_HOURS,
    WORK_HOLIDAYS,
    WORK_WORKDAYS,
    WORK_FARMING,
    LECTURE_TIMES,
    LECTURE_MINUTES,
    LECTURE_EVENING,
    LECTURE_BEFORE,
    LECTURE_RATE,
    LECTURE_POSTER,
    SIGN_UP_OFFER,
    BROADCAST_DAY,
    LIMIT_MINUTE,
    LIMIT_LOOP,
)
