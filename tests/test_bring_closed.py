"""Past lectures that are brought a second time move no number of a period whose books are closed."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from data.bring.errors import FaultyBook
from data.figures import areas
from data.figures.figure import Number
from data.figures.figures import numbers
from data.figures.periods import is_settled, parse
from data.figures.scope import Scope
from tests.bring_town import Bare, Rows, bare, told
from tests.town import NOW, ZONE

__all__ = ["bare"]
HELD = datetime(2026, 3, 5, 19, 30, tzinfo=ZONE)
ROW = {"日期": "2026-3-5", "时间": "19:30", "题目": "反诈骗", "宣讲员": "周文彬", "村": "东村", "村小组": "一组",
       "地点": "文化室", "类别": "讲座", "到场人数": 30}  # fmt: skip


def pages(**other: object) -> dict[str, Rows]:
    return {"历史讲座": [{**ROW, **other}]}


def quarter(bare: Bare) -> dict[str, Number]:
    with Session(bare.engine) as session:
        return numbers(session, Scope(parse("2026Q1"), areas.whole(session), ZONE, NOW))


def test_what_a_counted_lecture_was_stays_and_only_a_new_count_is_late(bare: Bare) -> None:
    bare.bring(pages(), now=HELD + timedelta(days=1))
    stood = quarter(bare)
    assert (stood["lectures"], stood["courtyards"], stood["attended"]) == (1, 0, 30)
    other = pages(类别="屋场会", 村小组="二组", 地点="大榕树下", 方言="白话", 到场人数=36)
    with pytest.raises(FaultyBook):
        bare.bring(other)
    words = "\n".join(told(bare.check(other)))
    for title in ("类别", "村小组", "地点", "方言"):
        assert title in words
    assert "已经算进截止了的报表" in words
    assert "请改回“讲座”" in words
    assert quarter(bare) == stood
    bare.bring(pages(到场人数=36))
    assert quarter(bare) == stood | {"late_counts": 1}


def test_what_no_closed_period_has_counted_may_be_corrected(bare: Bare) -> None:
    """It was brought long after; no closed number has it, and its village may still find the right hamlet."""
    bare.bring(pages())
    assert quarter(bare)["late_lectures"] == 1
    bare.bring(pages(类别="屋场会", 村小组="二组"), now=NOW + timedelta(hours=1))
    assert quarter(bare)["courtyards"] in (0, None)


def test_the_preview_tells_which_lectures_will_stand_apart_as_late(bare: Bare) -> None:
    """Whoever imported last year's lectures wondered why last year's report stayed as it was."""
    rows = [{**ROW, "日期": day} for day in ("2026-3-5", "2026-3-6", "2026-10-9", "2026-10-10", "2026-11-2")]
    plan = bare.check({"历史讲座": rows})
    assert told(plan) == []
    assert [str(each) for each in plan.hints] == [
        "历史讲座：4场在已经截止的月份里（2026年3月到2026年10月之间）。收下以后列在“补报”里，那时的报表数字不变"
    ]
    bare.bring({"历史讲座": rows})
    assert quarter(bare)["late_lectures"] == 2
    assert bare.check({"历史讲座": rows}).hints == (), "what is there already is not told again"
    rows[0]["到场人数"] = 31
    assert "1场在已经截止的月份里（2026年3月）" in str(bare.check({"历史讲座": rows}).hints[0])
    assert bare.check({"历史讲座": [rows[4]]}).hints == ()


@pytest.mark.parametrize(
    ("written", "now", "settled"),
    [
        ("2026-03-05", "2026-03-15", False),  # the day's own books close ten days after it
        ("2026-03-05", "2026-03-17", True),
        ("2026-04-05", "2026-04-09", False),  # too late for the day and the week, in time for the month
        ("2026-04-05", "2026-04-12", True),
        ("2026-05-05", "2026-11-20", True),  # the half year
        ("2026-08-05", "2026-11-20", False),  # only the year has it, and that is open
    ],
)
def test_a_day_is_settled_once_a_period_that_counted_it_is_closed(written: str, now: str, *, settled: bool) -> None:
    moments = [datetime.fromisoformat(each).replace(tzinfo=ZONE) for each in (written, now)]
    assert is_settled(HELD.date(), moments[0], now=moments[1], zone=ZONE) is settled
