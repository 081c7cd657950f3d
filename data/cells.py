"""What may be written into a cell of a spreadsheet, whatever people typed into the data."""

import json
import math
import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

MOST = 32_767  # characters that Excel takes in a cell
_HEADS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # also as an East Asian Excel reads them
_EXACT = 2**53  # beyond it, a cell's number is not the one that was written
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ZONE = ZoneInfo("Asia/Shanghai")


def safe_cell(value: object, *, zone: ZoneInfo = _ZONE) -> object:
    """``value`` as a cell takes it: None, a number, a date, a moment without a zone, or a text that is no formula.

    A text that a program would run as a formula gets an apostrophe before it; one that is too long is cut, and what
    XML cannot hold is left out. An aware moment becomes the time on ``zone``'s clocks, a list or an object JSON, bytes
    say only how many they are.
    """
    if value is None or isinstance(value, bool | date):
        return _clock_time(value, zone)
    if isinstance(value, int):
        return value if abs(value) <= _EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, bytes | bytearray | memoryview):
        return f"（{len(value)}字节）"
    if isinstance(value, list | dict):
        value = json.dumps(value, ensure_ascii=False, default=str)
    return safe_text(str(value))


def safe_text(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    text = _UNWRITABLE.sub("", text)
    if text.startswith(_HEADS):
        text = "'" + text
    return text if len(text) <= MOST else text[: MOST - 1] + "…"


def _clock_time(value: object, zone: ZoneInfo) -> object:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(zone).replace(tzinfo=None)
    return value
