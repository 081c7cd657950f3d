"""From matched words to lengths of time and shifts by them: 三天后, 半小时内, 最近一周."""

from handlers.understand.when.builders import Built, Match, group
from handlers.understand.when.numerals import about, to_int
from handlers.understand.when.pieces import Duration, Shift, Unit

UNITS: tuple[tuple[str, Unit], ...] = (
    ("秒", "second"), ("分", "minute"), ("时", "hour"), ("钟", "hour"), ("天", "day"), ("日", "day"), ("周", "week"),
    ("期", "week"), ("拜", "week"), ("月", "month"), ("年", "year"),
)  # fmt: skip


def _duration(match: Match) -> Duration | None:
    if match["quarters"]:
        return Duration(15 * (to_int(match["quarters"]) or 0), "minute")
    words = group(match, "unit", "unit2") or ""
    unit = next((unit for char, unit in UNITS if char in words), None)
    if unit is None:
        return None
    if match["only_half"]:
        return Duration(0.5, unit)
    number = about(match["n"])
    if number is None:
        return None
    halves = 0.5 if match["half"] or match["half2"] else 0
    whole = Duration(number[0] + halves, unit)
    if match["more"] is None or unit in ("month", "year"):
        return whole
    smaller = next(unit for char, unit in UNITS if char in match["unit3"])
    return Duration(whole.delta() / Duration(1, smaller).delta() + (to_int(match["more"]) or 0), smaller)


def after(match: Match) -> Built:
    """三天后, 再过一个半小时."""
    duration = _duration(match)
    return (Shift(duration, "after"),) if duration else None


def ago(match: Match) -> Built:
    """三天前."""
    duration = _duration(match)
    return (Shift(duration, "ago"),) if duration else None


def within(match: Match) -> Built:
    """半小时内, 未来两个月."""
    duration = _duration(match)
    return (Shift(duration, "within"),) if duration else None


def past(match: Match) -> Built:
    """最近十分钟, 过去的一年."""
    duration = _duration(match)
    return (Shift(duration, "past"),) if duration else None
