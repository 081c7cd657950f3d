"""How we put things: times, numbers and names as people say them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_WEEKDAYS = "一二三四五六日"


def day_and_time(moment: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """The day and time as people say it in the town's zone: 今天19:30, 明天19:30, 11月28日（周六）19:30; with the year
    where that is not this one."""
    local, today = moment.astimezone(zone), now.astimezone(zone).date()
    days = (local.date() - today).days
    if near := {0: "今天", 1: "明天", 2: "后天"}.get(days):
        return f"{near}{local:%H:%M}"
    return f"{other_year(local, today)}{date_and_time(moment, zone)}"


def other_year(day: date, beside: date) -> str:
    """2027年, where a day is of another year than the one beside it; else empty."""
    return f"{day.year}年" if day.year != beside.year else ""


def date_and_time(moment: datetime, zone: ZoneInfo) -> str:
    """The same from afar: 11月28日（周六）19:30."""
    local = moment.astimezone(zone)
    return f"{local.month}月{local.day}日（周{_WEEKDAYS[local.weekday()]}）{local:%H:%M}"
