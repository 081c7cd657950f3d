"""The calendar: months and weeks, what stands in a day's square, and whose lectures are shown."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta
from typing import Any

from data.desk import calendar
from data.desk_tables import ConsoleRole
from data.loop import Lecture, LectureState
from tests.desk import Desk, open_desk
from tests.town import NOW, ZONE, DemoTown, demo_rules

RULES = demo_rules()


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def hold(town: DemoTown, *lectures: Lecture) -> list[int]:
    with town.session() as session, session.begin():
        session.add_all(lectures)
        session.flush()
        return [each.id or 0 for each in lectures]


def lecture(starts_at: datetime, title: str = "防火", **other: Any) -> Lecture:
    whose: dict[str, Any] = {"lecturer_id": 1, "village_id": 1, **other}
    return Lecture(topic_id=1, title=title, venue="祠堂", starts_at=starts_at, **whose)


def days(town: DemoTown, first: date, many: int, *, each: int = 4) -> list[calendar.Day]:
    with town.session() as session:
        return calendar.days(session, first, many, each=each, village_id=None, lecturer_id=None, rules=RULES)


def test_a_day_begins_at_midnight_in_the_town(town: DemoTown) -> None:
    midnight = datetime(2027, 3, 5, tzinfo=ZONE)
    hold(town, lecture(midnight - timedelta(minutes=1)), lecture(midnight), lecture(midnight + timedelta(hours=23)))
    assert [day.total for day in days(town, date(2027, 3, 4), 3)] == [1, 2, 0]


def test_a_full_day_shows_some_and_says_how_many_more(town: DemoTown) -> None:
    hold(town, *(lecture(datetime(2027, 3, 5, 8 + number, tzinfo=ZONE)) for number in range(6)))
    day = days(town, date(2027, 3, 5), 1)[0]
    assert [each.starts_at.astimezone(ZONE).hour for each in day.entries] == [8, 9, 10, 11]
    assert day.total == 6


def test_the_lunar_day_markets_and_days_off(town: DemoTown) -> None:
    found = {day.day: day for day in days(town, date(2026, 9, 25), 20)}
    assert found[date(2026, 9, 25)].lunar == "十五"  # 中秋, a Friday
    assert found[date(2026, 9, 25)].off == "休"
    assert found[date(2026, 9, 26)].off == ""  # a Saturday is off anyway
    assert found[date(2026, 9, 20) + timedelta(days=20)].off == "班"  # 10 October: worked instead
    assert found[date(2026, 10, 10)].lunar == "九月"
    assert found[date(2026, 10, 10)].market  # the first: the demo town goes to market on 1, 4, 7
    assert not found[date(2026, 9, 25)].market


def test_a_month_in_whole_weeks(town: DemoTown) -> None:
    hold(town, lecture(NOW + timedelta(days=1), "<script>alert(1)</script>"))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        month = await clerk.get("/lectures/month/2026-11")
        assert month.text.count('<section class="day') == 42
        assert "<script>alert" not in month.text
        assert "&lt;script&gt;" in month.text
        assert 'href="/lectures/month/2026-10"' in month.text
        assert 'href="/lectures/month/2026-12"' in month.text
        assert month.text.count('id="today"') == 1
        now = await clerk.get("/lectures/month")
        assert now.path == "/lectures/month/2026-11"
        turned = await clerk.get("/lectures/month/2026-12", village="1", lecturer="2")
        assert 'href="/lectures/month/2027-01?village=1&amp;lecturer=2"' in turned.text

    run(town, story)


def test_a_week_and_the_turn_of_the_year(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        assert (await clerk.get("/lectures/week")).path == "/lectures/week/2026-W47"
        week = await clerk.get("/lectures/week/2026-W53")
        assert week.text.count('<section class="day') == 7
        assert 'href="/lectures/week/2026-W52"' in week.text
        assert 'href="/lectures/week/2027-W01"' in week.text

    run(town, story)


def test_no_such_month_or_week(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        for path in ("month/2026-13", "month/2026-1", "month/0001-01", "month/9999-12", "month/x", "week/2026-W54",
                     "week/2026-47", "week/0000-W01", "week/99999-W01", "week/²²²²-W0¹"):  # fmt: skip
            assert (await clerk.get(f"/lectures/{path}")).status == 404, path

    run(town, story)


def test_by_village_and_by_lecturer(town: DemoTown) -> None:
    at = NOW + timedelta(days=1)
    hold(town, lecture(at, "课甲"), lecture(at, "课乙", village_id=2, lecturer_id=2, state=LectureState.CANCELLED))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        everything = await clerk.get("/lectures/month/2026-11")
        assert "课甲" in everything.text
        assert re.search(r'class="event gone"[^>]*>.*课乙.*取消', everything.text)
        assert "课乙" not in (await clerk.get("/lectures/month/2026-11", village="1")).text
        of_lecturer = await clerk.get("/lectures/week/2026-W47", lecturer="2")
        assert "课乙" in of_lecturer.text
        assert "课甲" not in of_lecturer.text
        mine = desk.clerk(ConsoleRole.VILLAGE, village="上坪村")
        own = await mine.get("/lectures/month/2026-11", village="2")
        assert "课甲" in own.text
        assert "课乙" not in own.text

    run(town, story)
