"""The 24 solar terms (节气), computed: the day, by Beijing time, of each in a solar year."""

from datetime import date, timedelta
from functools import lru_cache
from math import radians, sin

DAY = timedelta(days=1)
TERMS = (
    "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至", "小暑", "大暑", "立秋", "处暑", "白露",
    "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至", "小寒", "大寒", "立春", "雨水", "惊蛰",
)  # fmt: skip
# in order of the sun's longitude, 15 degrees apart, from 0

# Pulls of Venus (two), Jupiter and the Moon, and a slow term: size, and the angle's start and pace per century.
_PULLS = (
    (0.00134, 153.23 + 90, 22518.7541),
    (0.00154, 216.57 + 90, 45037.5082),
    (0.00200, 312.69 + 90, 32964.3577),
    (0.00179, 350.74, 445267.1142),
    (0.00178, 231.19, 20.20),
)


def _sun_longitude(days: float) -> float:
    """Apparent longitude of the sun in degrees, ``days`` after 2000-01-01 12:00 TT (Meeus; good to some minutes)."""
    century = days / 36525
    mean = 280.46646 + 36000.76983 * century + 0.0003032 * century**2
    anomaly = radians(357.52911 + 35999.05029 * century - 0.0001537 * century**2)
    centre = (1.914602 - 0.004817 * century) * sin(anomaly) + 0.019993 * sin(2 * anomaly) + 0.000289 * sin(3 * anomaly)
    pulls = sum(size * sin(radians(start + pace * (century + 1))) for size, start, pace in _PULLS)
    return mean + centre + pulls - 0.00569 - 0.00478 * sin(radians(125.04 - 1934.136 * century))


@lru_cache(maxsize=1024)
def solar_term(year: int, name: str) -> date:
    """The day, by Beijing time, of a solar term in a solar year."""
    index = TERMS.index(name)
    target = 15 * index
    # 春分 is near 20 March; the last five terms of the circle fall before it in the same solar year.
    turn = index if index <= 18 else index - 24
    days = (date(year, 3, 20) - date(2000, 1, 1)).days + turn * 15.22
    for _ in range(5):
        off = (target - _sun_longitude(days) + 180) % 360 - 180
        days += off * 365.2422 / 360
    beijing = timedelta(days=days, hours=12 + 8, seconds=-70)  # 70 s: TT is ahead of UTC
    return date(2000, 1, 1) + beijing // DAY * DAY
