"""What a town's own calendar adds to the common one: market days, mealtimes, farming seasons, school holidays."""

from dataclasses import dataclass
from typing import Literal

MonthRange = tuple[int, int]  # first and last month, both included; may pass the year's end, as (12, 2)
MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class TownCalendar:
    """A town's conventions. ``market_days`` are last digits of the day (0 for the 10th); empty when it has no market.

    Hours are 0..24; a pair is (from, until).
    """

    market_days: tuple[int, ...] = ()
    market_by: Literal["lunar", "solar"] = "lunar"
    noon_rest: tuple[int, int] = (12, 14)  # 午休, 中午
    after_supper: tuple[int, int] = (19, 22)  # 晚饭后, 收工后
    slack_months: tuple[MonthRange, ...] = ((7, 8), (12, 2))  # 农闲
    busy_months: tuple[MonthRange, ...] = ((3, 6), (9, 11))  # 农忙
    winter_break: tuple[MonthDay, MonthDay] = ((1, 20), (2, 20))  # 寒假, last day included
    summer_break: tuple[MonthDay, MonthDay] = ((7, 1), (8, 31))  # 暑假
    little_new_year: int = 23  # 小年 falls on the 23rd of the twelfth lunar month in the north, the 24th in the south
