"""The period that a coordinator means: in January 12月 is last month's, and 去年四季度 is no place."""

from datetime import date

import pytest

from data.figures.periods import BadPeriod, PeriodKind
from handlers.desk.periods import period_in

NOVEMBER, JANUARY = date(2026, 11, 20), date(2027, 1, 20)
MONTH, QUARTER, YEAR = PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR


@pytest.mark.parametrize(
    ("today", "kind", "words", "key", "rest"),
    [
        (NOVEMBER, QUARTER, "", "2026Q4", ""),
        (date(2027, 1, 8), QUARTER, "", "2026Q4", ""),
        (JANUARY, QUARTER, "", "2027Q1", ""),
        (date(2027, 1, 8), YEAR, "石湾村", "2026", "石湾村"),
        (JANUARY, MONTH, "12月", "2026-12", ""),
        (JANUARY, MONTH, "十二月", "2026-12", ""),
        (JANUARY, MONTH, "1月份", "2027-01", ""),
        (JANUARY, QUARTER, "四季度", "2026Q4", ""),
        (JANUARY, QUARTER, "去年四季度", "2026Q4", ""),
        (JANUARY, QUARTER, "去年的第四个季度 上坪村", "2026Q4", "上坪村"),
        (JANUARY, MONTH, "去年12月", "2026-12", ""),
        (JANUARY, YEAR, "前年", "2025", ""),
        (JANUARY, YEAR, "本年度", "2027", ""),
        (NOVEMBER, QUARTER, "今年一季度", "2026Q1", ""),
        (NOVEMBER, QUARTER, "上坪村2025年3季度", "2025Q3", "上坪村"),
        (NOVEMBER, QUARTER, "上个月", "2026-10", ""),
        (NOVEMBER, MONTH, "上季度", "2026Q3", ""),
        (NOVEMBER, MONTH, "本月", "2026-11", ""),
        (NOVEMBER, QUARTER, "这个季度", "2026Q4", ""),
        (NOVEMBER, QUARTER, "本季度 石湾村", "2026Q4", "石湾村"),
        (NOVEMBER, QUARTER, "上期", "2026Q3", ""),
        (NOVEMBER, YEAR, "上一年", "2025", ""),
        (NOVEMBER, QUARTER, "上半年", "2026H1", ""),
        (NOVEMBER, QUARTER, "去年下半年", "2025H2", ""),
        (NOVEMBER, QUARTER, "2026Q2 上坪村", "2026Q2", "上坪村"),
        (NOVEMBER, QUARTER, "2026-03", "2026-03", ""),
        (NOVEMBER, QUARTER, "2026-03-05", "2026-03-05", ""),
        (NOVEMBER, QUARTER, "2026W47", "2026W47", ""),
        (NOVEMBER, QUARTER, "2026年", "2026", ""),
    ],
)
def test_what_is_meant(today: date, kind: PeriodKind, words: str, key: str, rest: str) -> None:
    period, left = period_in(words, kind, today)
    assert (period.key, left) == (key, rest)


@pytest.mark.parametrize("words", ["2026年9季度", "13月", "2026-14", "1999年"])
def test_what_is_no_period(words: str) -> None:
    with pytest.raises(BadPeriod):
        period_in(words, QUARTER, NOVEMBER)
