"""A policy text for the village loudspeaker (小喇叭): numbers, dates, units and signs as people say them. Pure.

`MARKS`, `UNITS` and `TWO` are the tables; what they do not know stays as it is written.
"""

import re
from collections.abc import Callable

from data.series import in_words
from data.tables import Snippet

AGAIN = "再播一遍。"
DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))
PHONE_DIGITS = DIGITS | {"1": "幺"}
UNITS = {
    "km/h": "公里每小时", "m²": "平方米", "m2": "平方米", "㎡": "平方米", "km": "公里", "cm": "厘米", "mm": "毫米",
    "kg": "公斤", "mg": "毫克", "ml": "毫升", "mL": "毫升", "kWh": "度", "kW": "千瓦", "m": "米", "g": "克", "L": "升",
    "t": "吨", "h": "小时", "min": "分钟", "℃": "摄氏度", "°C": "摄氏度", "mmHg": "毫米汞柱", "元/": "元每",
}  # fmt: skip
TWO = "个次斤只位家户天周年亩头口条间份张种人名小时遍岁里公吨块点级层辆支片粒元万千"  # 2 before these is 两
MARKS = {
    "（": "，", "(": "，", "）": "，", ")": "，", "【": "", "】": "。", "《": "", "》": "", "“": "", "”": "", '"': "",
    "「": "", "」": "", "[": "，", "]": "，", "——": "。", "—": "，", "…": "，", "·": "，", "•": "，", "\n": "。",
    "＋": "加", "+": "加", "&": "和", "=": "等于", "：": "，", ":": "，", "；": "。", ";": "。", "~": "到", "～": "到",
    "*": "", "#": "", "/": "或者", "@": "",
}  # fmt: skip
_LINK = re.compile(r"(?:https?://|www\.)[^\s，。；、）)】》“”]+")
_OVER = re.compile(r"(?<=\d)/(?=\d)")  # 140/90
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)[%％]")
_DATE = re.compile(r"(\d{4})[年.\-/](\d{1,2})[月.\-/](\d{1,2})日?")
_YEAR = re.compile(r"(\d{4})(?=年)")
_PARTS = "凌晨|清早|早上|早晨|上午|中午|下午|傍晚|晚上|夜里"
_CLOCK = re.compile(rf"((?:{_PARTS})?)(?<!\d)(\d{{1,2}})[:：](\d{{2}})(?!\d)")
_RANGE = re.compile(r"(?<=\d)\s*(?:-|－|~|～|—)\s*(?=\d)")
_PHONE = re.compile(
    r"(?<![\d.])(?:\d{3,4}-\d{7,8}|1[3-9]\d{9}|400-?\d{3}-?\d{4}|12\d{3}|96\d{3,4}|95\d{3}|1(?:10|14|19|20|22|12))(?![\d.])"
)
_CALLED = re.compile(
    r"((?:电话|热线|拨打|拨|打|号码|联系)[^\d。，；\n]{0,6})(\d[\d-]{4,15})(?![\d.]*[元块人亩个斤户万年月天])"
)
_UNIT = re.compile(rf"(?<=\d)\s*({'|'.join(map(re.escape, sorted(UNITS, key=len, reverse=True)))})(?![A-Za-z])")
_NUMBER = re.compile(r"\d+(?:,\d{3})+|\d+(?:\.\d+)?")
_STOPS = re.compile(r"[，。、！？\s]*([。！？])[，。、\s]*|[，、]*(，)[，、\s]*")


def spoken(snippet: Snippet, *, times: int = 2) -> str:
    """The whole of it for reading aloud: where it is from, the text, and once more."""
    once = f"乡亲们，{say(snippet.title)}。{say(snippet.text)}。{say(f'以上内容来自{snippet.source}')}。"
    once = _tidy(once)
    return "\n".join([once, *(f"{AGAIN}{once}" for _ in range(times - 1))])


def say(text: str) -> str:
    """A text as people say it."""
    said = _LINK.sub("网址请看群里的消息", text)
    said = _CALLED.sub(lambda match: match[1] + digits(match[2], PHONE_DIGITS), said)
    said = _PHONE.sub(lambda match: digits(match[0], PHONE_DIGITS), said)
    said = _DATE.sub(lambda match: f"{digits(match[1])}年{number(match[2])}月{number(match[3])}日", said)
    said = _YEAR.sub(lambda match: digits(match[1]), said)
    said = _CLOCK.sub(_clock, said)
    said = _PERCENT.sub(lambda match: f"百分之{number(match[1])}", said)
    said = _UNIT.sub(lambda match: UNITS[match[1]], said)
    said = _RANGE.sub("到", _OVER.sub("、", said))
    said = _NUMBER.sub(_counted(said), said)
    for mark, words in MARKS.items():
        said = said.replace(mark, words)
    return _tidy(said).strip("。，")


def number(words: str) -> str:
    """A number as it is said: 2026 → 二千零二十六, 3.5 → 三点五."""
    whole, point, rest = words.replace(",", "").partition(".")
    return _whole(int(whole)) + (f"点{digits(rest)}" if point else "")


def digits(words: str, names: dict[str, str] = DIGITS) -> str:
    """One digit after the other; what is none is a breath."""
    return "".join(names.get(each, "，") for each in words)


def _counted(text: str) -> Callable[[re.Match[str]], str]:
    def read(match: re.Match[str]) -> str:
        behind, before = text[match.end() : match.end() + 1], text[match.start() - 1 : match.start()]
        if match[0] == "2" and behind and behind in TWO and before != "第":
            return "两"
        if match[0].startswith("0") and "." not in match[0]:
            return digits(match[0])
        return number(match[0])

    return read


def _clock(match: re.Match[str]) -> str:
    hour, minute = int(match[2]), int(match[3])
    if hour > 24 or minute > 59:
        return match[0]
    part = match[1]
    part = part or (
        "凌晨" if hour < 5 else "早上" if hour < 9 else "上午" if hour < 12 else "中午" if hour < 14 else ""
    )
    part = part or ("下午" if hour < 18 else "晚上")
    hour = hour - 12 if hour > 12 else hour
    rest = "" if not minute else "半" if minute == 30 else f"{'零' if minute < 10 else ''}{number(str(minute))}分"
    return f"{part}{'两' if hour == 2 else number(str(hour))}点{rest}"


def _whole(value: int) -> str:
    if value < 100:
        return in_words(value)
    for unit, name in ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百")):
        if value >= unit:
            high, low = divmod(value, unit)
            gap = "零" if 0 < low < unit // 10 else ""
            tens = "一" if unit >= 100 and 10 <= low < 20 and not gap else ""
            head = "两" if high == 2 and unit >= 1000 else _whole(high)
            return head + name + (gap + (tens or ("一" if gap and 10 <= low < 20 else "")) + _whole(low) if low else "")
    raise AssertionError("below a hundred is said above")


def _tidy(text: str) -> str:
    """One stop where several follow one another; the stronger one stays."""
    return _STOPS.sub(lambda match: match[1] or match[2], text).strip()
