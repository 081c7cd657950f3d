"""Every setting: its key, its default, and what it does. `SETTINGS` is the whole list.

``docs/config.md`` is made from it, and a test fails when the shipped config.yaml misses one.
"""

from collections.abc import Mapping
from typing import Any

from bot.setting_values import (
    Setting,
    address_of,
    clock,
    clock_range,
    clocks,
    cron,
    crons,
    database_url,
    dates,
    day_ranges,
    endpoint,
    hours,
    level,
    listen,
    listen_map,
    poster_style,
    range_of_seconds,
    seconds,
    text,
    web_address,
    whole,
    yes_no,
    zone,
)
from data.retention import RETENTION, Retained

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
    "wecom.api", "https://qyapi.weixin.qq.com", "企业微信 webhook 的地址，一般不用改", address_of(("https", "http"))
)
WECOM_WS = Setting(
    "wecom.ws",
    "wss://openws.work.weixin.qq.com",
    "企业微信智能机器人长连接的地址，一般不用改",
    address_of(("wss", "ws")),
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
REPORT_TEMPLATES = Setting(
    "report.templates",
    "",
    "自己的总结模板（report.docx、annual.docx、lecture.docx）放在哪个资料夹；留空就用自带的，见 docs/reports.md",
    text,
)
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
    REPORT_TEMPLATES,
    RETENTION_CRON,
    *RETENTION_DAYS.values(),
    LOG_LEVEL,
)

# What an admin may change in the console: at once in force, and no risk to the account or the two-person rule.
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
