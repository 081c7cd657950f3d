"""Parts of the day: their words, their hours, and what an hour said with them means."""

from dataclasses import dataclass
from typing import Literal

from handlers.understand.when.town import TownCalendar

Mode = Literal["dawn", "morning", "noon", "afternoon", "evening", "night"]


@dataclass(frozen=True, slots=True)
class PartOfDay:
    """``words`` are alternatives of a regex; hours are 0..24 of the day."""

    words: str
    start: int
    end: int
    mode: Mode


PARTS: dict[str, PartOfDay] = {
    "dawn": PartOfDay("凌晨|拂晓|天没亮|后半夜|下半夜", 0, 6, "dawn"),
    "after_breakfast": PartOfDay("(?:吃完|吃过|食完)?(?:早饭|早餐)(?:之后|以后|过后|后)", 8, 10, "morning"),
    "after_lunch": PartOfDay(
        "(?:吃完|吃过|食完)?(?:午饭|中饭|晌午饭|午餐|中午饭)(?:之后|以后|过后|后)", 13, 14, "noon"
    ),
    "after_supper": PartOfDay(
        "(?:吃完|吃过|食完)(?:晚饭|夜饭|晚餐)(?:之后|以后|过后|后)?|(?:晚饭|夜饭|晚餐|饭)(?:之后|以后|过后|后)"
        "|(?:收工|放工|下班|散工|下工)(?:之后|以后|过后|后)",
        19,
        22,
        "evening",
    ),
    "early": PartOfDay(
        "大清早|清早|清晨|一大早|大早上|一早|早晨|早上|早间|晨早|晨间|朝头早|朝早|早起|今早晨", 6, 12, "morning"
    ),
    "forenoon": PartOfDay("上午|上昼|午前|前晌|上半日|上半天|头晌", 6, 12, "morning"),
    "noon_rest": PartOfDay("午休(?:时间|时|期间)?|歇晌", 12, 14, "noon"),
    "noon": PartOfDay("正午|中午头|中午|晌午|午间|日中", 12, 14, "noon"),
    "afternoon": PartOfDay("下午|下昼|午后|晏昼|后晌|下半日|下半天|过午", 12, 18, "afternoon"),
    "dusk": PartOfDay("傍晚|黄昏|挨晚|挨黑|傍黑|擦黑|天黑|日落", 17, 19, "evening"),
    "midnight": PartOfDay("三更半夜|大半夜|半夜三更|半夜|午夜|深夜|夜半|子夜", 22, 24, "night"),
    "evening": PartOfDay(
        "晚上黑|晚上|晚夜|晚间|夜晚黑|夜晚|夜里头|夜里|夜间|晚黑|入夜|黑夜|晚夕|夜黑|下晚|前半夜", 18, 24, "evening"
    ),
    "daytime": PartOfDay("白天|日头|日间|大白天", 8, 18, "afternoon"),
}
# One character, a part only beside a day or an hour: 今晚, 周五晚, 晚8点.
SHORT_PARTS: dict[str, str] = {"晚": "evening", "夜": "evening", "早": "early", "朝": "early", "午": "noon"}


def hours(name: str, town: TownCalendar) -> tuple[int, int]:
    """(from, until) of a part of the day by the town's habits."""
    if name in ("noon", "noon_rest"):
        return town.noon_rest
    if name == "after_supper":
        return town.after_supper
    if name == "after_lunch":
        return town.noon_rest[0] + 1, town.noon_rest[1]
    part = PARTS[name]
    return part.start, part.end


def hour_with(mode: Mode, hour: int) -> int:
    """The hour of the day (24 and more: after midnight) that ``hour`` means beside a part of the day."""
    if hour > 12 or hour == 0:
        return hour
    if mode == "dawn":
        return hour % 12
    if mode == "morning":
        return hour
    if mode == "noon":
        return hour + 12 if hour <= 4 else hour
    if mode == "afternoon":
        return hour if hour == 12 else hour + 12
    # evening and night: 晚上一点 and 半夜两点 belong to the small hours that follow
    small_hours = 4 if mode == "evening" else 5
    return 24 + hour % 12 if hour <= small_hours or hour == 12 else hour + 12
