"""图表 where nothing can be known: dashes beside one another, and kind words instead of noughts."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from data.desk_tables import ConsoleRole
from data.figures.flags import MOST
from tests.desk import Desk, open_desk
from tests.test_figures import DURING, lecture, typed
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


def test_what_looks_odd_says_which_lectures_and_of_many_where_all_are(town: DemoTown) -> None:
    """The page said 课12 and no more, and stopped at twenty of a kind without a word."""
    many = MOST + 2
    with town.session() as session, session.begin():
        for hour in range(many):
            row = lecture(session, seats=30, starts_at=DURING + timedelta(hours=hour), title="防骗")
            typed(session, row, 200 + hour, row.starts_at + timedelta(hours=1))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        page = (await clerk.get("/figures/flags", **MAY)).text
        assert re.search(r'<a href="/lectures/\d+">课\d+（5月\d+日 上坪村《防骗》）</a>', page)
        assert f"到场的人特别多（{many}处）" in page and "还有2处，看全部" in page
        (link,) = re.findall(r'href="(/figures/flags[^"]*kind=crowded[^"]*)"', page)
        first = (await clerk.get(link.replace("&amp;", "&"))).text
        rest = (await clerk.get("/figures/flags", kind="crowded", page="2", **MAY)).text
        assert first.count("填的到场是") == MOST and rest.count("填的到场是") == 2
        assert "1 / 2" in first and "看所有种类" in rest
        beyond = (await clerk.get("/figures/flags", kind="crowded", page="9", **MAY)).text
        assert beyond.count("填的到场是") == MOST, "behind the last page there is the first"
        assert "没有要看的" in (await clerk.get("/figures/flags", kind="early", **MAY)).text
        assert (await clerk.get("/figures/flags", kind="x", page="x", **MAY)).status == 200

    run(town, story)
