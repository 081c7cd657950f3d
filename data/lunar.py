"""The lunar calendar, as far as its table reaches (1900..2099): functions that find no such day return None."""

from collections.abc import Collection
from datetime import date

from lunardate import LunarDate

FIRST_LUNAR_YEAR, LAST_LUNAR_YEAR = 1900, 2099


def lunar_day(year: int, month: int, day: int, *, leap: bool = False) -> date | None:
    """The solar date of a day of a lunar year, or None when that month has no such day."""
    if not FIRST_LUNAR_YEAR <= year <= LAST_LUNAR_YEAR:
        return None
    try:
        solar: date = LunarDate(year, month, day, leap).to_solar_date()
    except ValueError:
        return None
    return solar


def lunar_of(day: date) -> tuple[int, int, int] | None:
    """(year, month, day) of the lunar calendar, or None outside the table."""
    if not date(1900, 2, 1) <= day <= date(2099, 12, 31):
        return None
    lunar = LunarDate.from_solar_date(day.year, day.month, day.day)
    return lunar.year, lunar.month, lunar.day


def is_market_day(day: date, digits: Collection[int]) -> bool:
    """Whether ``day`` is a market day (圩日): its lunar day ends in one of ``digits``."""
    if not digits:
        return False
    lunar = lunar_of(day)
    return lunar is not None and lunar[2] % 10 in digits
