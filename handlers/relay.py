"""Chat that a person copied out of WeChat, read as lines of who said what.

Known ways of a line to begin (each on a line of its own, what was said below it, up to the next):

    张三 2026-11-22 10:30:05        2026-11-22 10:30 张三        张三 10:30        张三：
    张三(wxid_1) 2026/11/22 上午10:30     [2026-11-22 10:30] 张三: 报名        张三：报名两个人

The day may lack its year, or be 昨天. A day on a line of its own ("—— 2026-11-22 ——") counts for the times below
it. A 接龙 stays whole.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from data.names import clean_name, clean_text

MOST = 20_000  # lines of one paste
LONGEST = 4_000  # characters of one message
NAME = 20  # characters: a longer head of a line is no name
_HEAD = 200  # characters: a longer line is no head, nor a day
_GAP = re.compile(r"[^\S\n]{9,}")  # the patterns below try every way to share a long gap out among themselves
_DAY = r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?"
_TIME = r"(?P<half>上午|下午|晚上|凌晨|中午|早上)?\s*(?P<hour>\d{1,2})[:：](?P<minute>\d{2})(?:[:：]\d{2})?"
_NEAR = r"(?:(?P<near>\d{1,2})[-/.月](?P<near_day>\d{1,2})(?:日\s*|\s+)|(?P<back>昨天|前天)\s*)"  # 11-20, 昨天
_WHEN = rf"(?:{_DAY}[\sT]*|{_NEAR})?(?:星期.|周.)?\s*{_TIME}"
_WHO = r"(?P<name>[^\s:：\[\]#][^:：\[\]\n]{0,40}?)"
_ID = r"(?:\s*[(（<][\w@.\-]{2,40}[)）>])?"
_HEADS = (
    re.compile(rf"{_WHO}{_ID}\s+{_WHEN}\s*[:：]?$"),  # 张三 2026-11-22 10:30
    re.compile(rf"[\[(（]?{_WHEN}[\])）]?\s*[,，]?\s*['\"“]?{_WHO}['\"”]?{_ID}\s*[:：]?$"),  # 2026-11-22 10:30 张三
)
_WITH_WORDS = re.compile(rf"[\[(（]?{_WHEN}[\])）]?\s+{_WHO}{_ID}\s*[:：]\s*(?P<words>\S.*)$")
_COLON = re.compile(r"(?P<name>[^\s:：#@\[\]\d][^:：\[\]\n]{0,19})[:：]\s*(?P<words>.*)$")
_DAY_LINE = re.compile(rf"[\s—\-=_*·]*{_DAY}[\s—\-=_*·]*(?:星期.|周.)?[\s—\-=_*·]*$")
_LIST = re.compile(r"#?\s*接[龙龍]|#\s*group ?note", re.IGNORECASE)
_ITEM = re.compile(r"\s*\d{1,3}\s*[.．、):：]")
_NOT_NAMES = re.compile(r"https?|时间|地点|主讲|老师|题目|内容|电话|报名|通知|注意|备注|人数|主题|链接|讲座|例$")


@dataclass(frozen=True, slots=True)
class Line:
    """Who said what, and when as far as it is told; ``name`` is empty where nobody is named."""

    name: str
    text: str
    at: datetime | None = None


@dataclass(slots=True)
class _Open:
    """A message that goes on."""

    name: str
    at: datetime | None
    words: list[str]


def read_paste(pasted: str, *, now: datetime, zone: ZoneInfo) -> tuple[Line, ...]:
    """The messages of a paste, in order; at most `MOST` lines of it are read. Empty ones are left out."""
    rows = pasted.replace("\r\n", "\n").replace("\r", "\n").split("\n")[:MOST]
    rows = [_GAP.sub(" " * 8, row[: LONGEST + 1]) for row in rows]
    return tuple(
        Line(clean_name(each.name), clean_text("\n".join(each.words).strip(), limit=LONGEST), each.at)
        for each in _messages(rows, now.astimezone(zone).date(), zone)
        if any(word.strip() for word in each.words)
    )


def _messages(rows: list[str], today: date, zone: ZoneInfo) -> Iterator[_Open]:
    current: _Open | None = None
    day, in_list = today, False
    for raw in rows:
        row = raw.strip()
        short = row if len(row) <= _HEAD else ""
        if dated := _DAY_LINE.match(short):
            day = _date(dated, day)
            in_list = False
            continue
        head = next((found for each in _HEADS if (found := each.match(short))), None) or _WITH_WORDS.match(row)
        if head is not None and _is_name(head["name"]):
            if current is not None:
                yield current
            words = [head["words"]] if "words" in head.groupdict() else []
            current, in_list = _Open(head["name"], _moment(head, day, zone), words), False
            continue
        named = None if in_list and (_ITEM.match(row) or not _is_speaker(row)) else _COLON.match(row)
        if named is not None and _is_name(named["name"]) and not _LIST.match(row):
            if current is not None:
                yield current
            current, in_list = _Open(named["name"], None, [named["words"]]), False
        elif current is None or (_LIST.match(row) and not in_list and any(each.strip() for each in current.words)):
            if current is not None:
                yield current
            current = _Open("", None, [raw])
        else:
            current.words.append(raw)
        in_list = in_list or (current is not None and _LIST.search("".join(current.words[:2])) is not None)
    if current is not None:
        yield current


def _is_speaker(row: str) -> bool:
    """Inside a 接龙 only a name alone before its colon begins another message: items hold colons too."""
    return row.endswith((":", "：")) and len(row) <= NAME


def _is_name(words: str) -> bool:
    return 0 < len(words.strip()) <= NAME and _NOT_NAMES.search(words) is None


def _date(found: re.Match[str], fallback: date) -> date:
    try:
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return fallback


def _near(found: re.Match[str], day: date) -> date:
    """A day told without its year, the last one up to ``day``, or by how far back it is."""
    if found["back"]:
        return day - timedelta(days=1 if found["back"] == "昨天" else 2)
    if not found["near"]:
        return day
    for year in (day.year, day.year - 1):
        try:
            on = date(year, int(found["near"]), int(found["near_day"]))
        except ValueError:
            continue
        if on <= day:
            return on
    return day


def _moment(found: re.Match[str], day: date, zone: ZoneInfo) -> datetime | None:
    hour, minute = int(found["hour"]), int(found["minute"])
    later = {"下午": 12, "晚上": 12, "中午": 3}.get(found["half"] or "", 0)  # hours below this are of the afternoon
    if hour < later:
        hour += 12
    if hour > 23 or minute > 59:
        return None
    on = _date(found, day) if found["year"] else _near(found, day)
    return datetime.combine(on, time(hour, minute), tzinfo=zone)
