"""图表 where nothing can be known: dashes beside one another, and kind words instead of noughts."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from data.desk_tables import ConsoleRole
from tests.desk import Desk, open_desk
from tests.test_figures import lecture
from tests.town import DemoTown

TILE = re.compile(r'<li><a href="/figures/(\w+)\?[^"]*"[^>]*><b>([^<]*?) <small>')
MAY: Any = {"period": "2026-05"}


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def test_of_a_hamlet_nothing_of_messages_is_known(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        lecture(session, hamlet="坡脚组")

    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.VIEWER)
        page = await clerk.get("/figures", part="pushes", place="hamlet:1:坡脚组", **MAY)
        assert {number.strip() for _, number in TILE.findall(page.text)} == {"—"}
        events = await clerk.get("/figures", part="events", place="hamlet:1:坡脚组", **MAY)
        assert dict(TILE.findall(events.text))["events"].strip() == "1"
        whole = await clerk.get("/figures", part="pushes", **MAY)
        assert dict(TILE.findall(whole.text))["pushes"].strip() == "0"

    run(town, story)


def test_the_page_says_what_has_not_begun_and_what_was_before(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.COORDINATOR)
        for where in ("/figures", "/figures/events", "/figures/flags", "/figures/chart/months"):
            seen = await clerk.get(where, period="2027Q2")
            assert seen.status < 500
            assert "2027年第二季度还没有开始" in seen.text, where
        before = await clerk.get("/figures", part="events", period="2026Q1")
        assert "还没有记录" in before.text
        assert "不会再变" not in before.text
        numbers = dict(TILE.findall(before.text))
        assert numbers["attended"].strip() == numbers["months_idle"].strip() == "—"

    run(town, story)


def test_beside_the_months_it_says_that_their_own_reports_count(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk(ConsoleRole.VIEWER)
        assert "以那个月的月报为准" in (await clerk.get("/figures", part="events", period="2026Q4")).text
        assert "月报" not in (await clerk.get("/figures", part="events", period="2026-11")).text
        assert "月报" not in (await clerk.get("/figures", part="voices", period="2026Q4")).text

    run(town, story)
