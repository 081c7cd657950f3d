"""找: what is found, what is not a village clerk's, and numbers that lead straight there."""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from sqlmodel import select

from data.desk import search
from data.desk_tables import ConsoleRole
from data.tables import Member
from tests.desk import Desk, Seen, open_desk
from tests.lively import make_lively
from tests.town import DemoTown

MARK = "<b>标记\"'"
LINK = re.compile(r'<li><a href="([^"]+)">')


def links(seen: Seen) -> list[str]:
    """Where the hits of a page lead."""
    return LINK.findall(seen.text.partition("<main")[2])


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]], mark: str = "") -> None:
    async def told() -> None:
        make_lively(town, mark)
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


@pytest.mark.parametrize(
    ("words", "to"),
    [
        ("12号", "/orders/12"),
        ("单12", "/orders/12"),
        ("12号单", "/orders/12"),
        ("课5", "/lectures/5"),
        ("5号课", "/lectures/5"),
        ("B7", "/broadcasts/7"),
        ("b 7", "/broadcasts/7"),
        ("通知7号", "/broadcasts/7"),
        ("意见3", "/cases/3"),
        ("意见3号", "/cases/3"),
        ("12", ""),
        ("课", ""),
        ("3号楼", ""),
        ("", ""),
    ],
)
def test_a_number_leads_straight_there(words: str, to: str) -> None:
    assert search.straight(words) == to


def test_the_box_above_each_page_finds_a_few_of_everything(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin, viewer = desk.clerk(ConsoleRole.ADMIN), desk.clerk(ConsoleRole.VIEWER)
        for words, link in (
            ("防骗", "/orders/"),
            ("路灯", "/cases/"),
            ("停水", "/broadcasts/"),
            ("覃志刚", "/lecturers/"),
            ("石湾", "/villages/"),
            ("石湾村大家庭", "/rooms/"),
            ("外地看病", "/texts/"),
            ("种植技术", "/catalogue/"),
        ):
            found = links(await admin.get("/search", q=words))
            assert any(each.startswith(link) for each in found), (words, found)
            for each in found:
                if each.startswith(link):
                    assert (await admin.get(each)).status == 200, each
        assert (await admin.get("/search", q="1号")).path == "/orders/1"
        assert "陆公" in (await viewer.get("/search", q="陆公")).text
        assert "/persons/" not in (await viewer.get("/search", q="陆公")).text
        assert "/persons/" in (await admin.get("/search", q="陆公")).text
        assert "没有找到" in (await viewer.get("/search", q="%")).text, "a % is only a %"
        assert "没有找到" in (await viewer.get("/search", q="_")).text
        assert (await viewer.get("/search")).status == 200

    run(town, story)


def test_phone_numbers_are_masked(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        with desk.session() as session, session.begin():
            member = session.exec(select(Member)).first()
            assert member is not None
            member.name = "老韦13800001234"
        page = (await desk.clerk().get("/search", q="老韦")).text
        assert "138****1234" in page and "13800001234" not in page

    run(town, story)


def test_a_village_clerk_finds_its_own_and_names_are_shown_as_names(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        shown = (await desk.clerk().get("/search", q="标记")).text
        assert "&lt;b&gt;标记" in shown and "<b>标记" not in shown
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="沙塘口村")
        assert links(await clerk.get("/search", q="标记")) == []
        mine = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        found = links(await mine.get("/search", q="标记"))
        assert any(each.startswith("/orders/") for each in found)
        for each in found:
            assert (await mine.get(each)).status == 200, each
        assert links(await mine.get("/search", q="上坪")) == []

    run(town, story, MARK)
