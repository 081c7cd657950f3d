"""How a cell is read: texts, lists, dates, times, numbers and choices, in the ways in which people write them."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta

from data.bring.model import Plain
from data.dialects import spoken
from data.names import clean_text

NONE = "无"  # what empties a cell; a cell left blank changes nothing
NAME_MOST, TEXT_MOST, LIST_MOST = 40, 200, 40  # characters, characters, items
NUMBER_MOST = 100_000
_IN_HAN = r"[\u3400-\u9fff\U00020000-\U0003ffff]"
_SPACE_IN_HAN = re.compile(rf"(?<={_IN_HAN}) +(?={_IN_HAN})")
_BLANK_BETWEEN = re.compile(rf"(?<={_IN_HAN}{_IN_HAN}) +(?={_IN_HAN}{_IN_HAN})")
_LISTED = re.compile(r"[、，,；;\n]+")
_NUMERALS = {char: str(value) for value, char in enumerate("零一二三四五六七八九")} | {"〇": "0", "○": "0", "两": "2"}
_HAN = f"[{''.join(_NUMERALS)}十]"
_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?\s*(?:\(?(?:周|星期|礼拜)[一二三四五六日天]\)?)?"
)
_PLAIN_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NO_YEAR = re.compile(r"\d{1,2}\s*[-/.月]\s*\d{1,2}\s*[日号]?")
_PARTS = {
    "凌晨": 0,
    "清早": 0,
    "早上": 0,
    "早晨": 0,
    "上午": 0,
    "中午": 12,
    "下午": 12,
    "傍晚": 12,
    "晚上": 12,
    "夜里": 12,
}
_TIME = re.compile(
    rf"(?P<part>{'|'.join(_PARTS)})?\s*(?P<hour>\d{{1,2}})\s*(?::(?P<minute>\d{{2}})(?::\d{{2}})?"
    r"|[点时](?:(?P<half>半)|(?P<spoken>\d{1,2})分?)?)"
)
_UNTIL = re.compile(r"\s*(?:-|—|~|～|至|到).*", re.DOTALL)
_NUMBER = re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)\s*(?:人|人次|份|本|张|个)?")


class BadCell(ValueError):
    """A cell that cannot be read; the text says why, in Chinese."""


def plain(value: object) -> str:
    """A cell as text: no spaces around it, none that only pad a name (李  明), nothing invisible."""
    return _SPACE_IN_HAN.sub("", _tidy(value))


def _tidy(value: object) -> str:
    if isinstance(value, bool):
        raise BadCell("写的是真假值（TRUE/FALSE），请写文字")
    if isinstance(value, date | time | timedelta):
        raise BadCell("Excel 把它当成了日期或时间，请把这一格设成“文本”再写")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    kept = clean_text(str(value), limit=10_000).replace("\u200d", "").replace("\ufe0f", "")
    lines = (re.sub(r"[^\S\n]+", " ", each).strip() for each in kept.replace("\t", " ").split("\n"))
    return "\n".join(each for each in lines if each)


def name(value: object) -> str:
    """A name: one line, not too long."""
    words = plain(value).replace("\n", "")
    if len(words) > NAME_MOST:
        raise BadCell(f"太长了，最多{NAME_MOST}个字")
    if words == NONE:
        raise BadCell(f"“{NONE}”不是名字，请写上，或整行删掉")
    return words


def proper_name(value: object) -> str:
    """A name of a person, a place or a topic: digits alone are none."""
    words = name(value)
    if not any(each.isalpha() for each in words):
        raise BadCell(f"“{words}”不像名字，请写全名")
    return words


def text(value: object) -> str:
    """A text of one line; 无 empties it."""
    words = plain(value).replace("\n", "，")
    if len(words) > TEXT_MOST:
        raise BadCell(f"太长了，最多{TEXT_MOST}个字")
    return "" if words == NONE else words


def names(value: object) -> tuple[str, ...]:
    """A list, with 、，； or new lines between; 无 empties it."""
    words = plain(value)
    if words == NONE:
        return ()
    listed = tuple(dict.fromkeys(each for part in _LISTED.split(words) if (each := part.strip())))
    if len(listed) > LIST_MOST:
        raise BadCell(f"写了{len(listed)}样，最多{LIST_MOST}样")
    if long := [each for each in listed if len(each) > NAME_MOST]:
        raise BadCell(f"“{long[0][:10]}…”太长了，最多{NAME_MOST}个字；几样之间用顿号隔开")
    return listed


def dialect(value: object) -> str:
    """As `text`, of dialects: a blank may be all that stands between two (粤语 普通话)."""
    return text(_BLANK_BETWEEN.sub("、", _tidy(value)))


def dialects(value: object) -> tuple[str, ...]:
    """As `names`, of dialects, however they are put together."""
    return names("、".join(spoken(dialect(value))) or NONE)


def one_of(choices: Mapping[str, str]) -> Callable[[object], Plain]:
    """A reader of one of some words; what stands behind a word is the value."""

    def read(value: object) -> str:
        words = unicodedata.normalize("NFKC", plain(value)).replace(" ", "")
        found = choices.get(words) or choices.get(words.lower())
        if found is None:
            raise BadCell(f"没有“{words[:NAME_MOST]}”，可以写：{'、'.join(dict.fromkeys(choices.values()))}")
        return found

    return read


def number(value: object) -> int:
    """How many: 36, "３６ 人", 1,200."""
    if isinstance(value, bool | date | time | timedelta):
        raise BadCell("要写数字，如 36")
    if isinstance(value, float) and not value.is_integer():
        raise BadCell(f"“{value}”不是整数")
    words = unicodedata.normalize("NFKC", plain(value))
    found = _NUMBER.fullmatch(words)
    if found is None:
        raise BadCell(f"“{words[:20]}”看不懂，要写数字，如 36")
    many = int(found[1].replace(",", "")[:12])
    if many > NUMBER_MOST:
        raise BadCell(f"{many}太多了，请核对")
    return many


def day(value: object) -> datetime:
    """A day at midnight, or at the time that stands in the same cell; without a zone."""
    if isinstance(value, datetime):
        return _sensible(value.replace(second=0, microsecond=0, tzinfo=None))
    if isinstance(value, date):
        return _sensible(datetime.combine(value, time()))
    words = _digits(plain(str(value) if isinstance(value, int | float) else value))
    found = _DAY.match(words) or _PLAIN_DAY.fullmatch(words)
    if found is None:
        if _NO_YEAR.match(words):
            raise BadCell(f"“{words[:20]}”没有年份，要写成 2026-3-5 或 2026年3月5日")
        raise BadCell(f"“{words[:20]}”看不懂，要写成 2026-3-5 或 2026年3月5日")
    try:
        read = datetime(int(found[1]), int(found[2]), int(found[3]))  # noqa: DTZ001 - the zone is the town's, put on later
    except ValueError as error:
        raise BadCell(f"没有“{words[:20]}”这一天") from error
    rest = words[found.end() :].strip()
    return _sensible(datetime.combine(read, clock(rest).time()) if rest else read)


def clock(value: object) -> datetime:
    """A time of the day, on the first day that there is: 19:30, 晚上7点半, 19:30-21:00 (its beginning)."""
    if isinstance(value, datetime | time):
        return _at(value.hour, value.minute)
    if isinstance(value, timedelta):
        value = value / timedelta(days=1)
    if isinstance(value, float) and 0 <= value < 1:
        minutes = round(value * 24 * 60) % (24 * 60)
        return _at(minutes // 60, minutes % 60)
    words = _digits(plain(value))
    found = _TIME.fullmatch(_UNTIL.sub("", words))
    if found is None:
        raise BadCell(f"“{words[:20]}”看不懂，要写成 19:30 或 晚上7点半")
    hour = int(found["hour"])
    minute = 30 if found["half"] else int(found["minute"] or found["spoken"] or 0)
    later = _PARTS.get(found["part"] or "", 0)
    if later and hour < (12 if found["part"] != "中午" else 11):
        hour += later
    if hour > 23 or minute > 59:
        raise BadCell(f"没有“{words[:20]}”这个时刻")
    return _at(hour, minute)


def _at(hour: int, minute: int) -> datetime:
    return datetime(1, 1, 1, hour, minute)  # noqa: DTZ001 - a time of the day alone


def _sensible(moment: datetime) -> datetime:
    if not 1949 <= moment.year <= 2100:
        raise BadCell(f"{moment.year}年？请核对")
    return moment


def _digits(words: str) -> str:
    """Full-width and Chinese digits as plain ones, in days and times: 二〇二六年十二月三十一日, 七点半."""
    words = unicodedata.normalize("NFKC", words)
    day_of_week = re.search(r"(?:周|星期|礼拜)[一二三四五六日天]", words)
    tail = words[day_of_week.start() :] if day_of_week else ""
    head = words[: day_of_week.start()] if day_of_week else words
    return re.sub(rf"{_HAN}+", lambda each: _numeral(each.group()), head) + tail


def _numeral(words: str) -> str:
    tens, ten, ones = words.partition("十")
    if not ten:
        return "".join(_NUMERALS[each] for each in words)
    many = "".join(_NUMERALS.get(each, "") for each in tens) or "1"
    return many + ("".join(_NUMERALS.get(each, "") for each in ones) or "0")
