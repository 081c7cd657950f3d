"""Who made a calendar's address is known and shown, and it ends with what its maker may see."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from sqlmodel import select

from data import console_users
from data.desk import feeds
from data.desk_tables import ConsoleRole, Feed
from data.tables import Village
from tests.desk import Desk, open_desk
from tests.town import NOW, DemoTown

Story = Callable[[Desk], Awaitable[None]]
HERE = "上坪村"


def run(town: DemoTown, story: Story) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def standing(desk: Desk) -> set[tuple[int | None, int | None]]:
    """(village, maker) of each address that gives something."""
    with desk.session() as session:
        return {(each.village_id, each.made_by) for each in session.exec(select(Feed)) if each.ended_at is None}


def old_feed(desk: Desk) -> int:
    """One of the time when makers were not kept."""
    with desk.session() as session, session.begin():
        return feeds.make(session, village_id=2, lecturer_id=None, now=NOW).id or 0


def test_a_list_tells_who_made_each_and_when(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = old_feed(desk)
        clerk, other = desk.clerk(name="laoli"), desk.clerk(name="xiaowu")
        await clerk.post("/lectures/feeds", village="2", lecturer="")
        desk.later(hours=11)
        await other.post("/lectures/feeds", village="", lecturer="1")
        calendar = (await clerk.get("/lectures/month/2026-11", village="2")).text
        assert (
            "laoli，2026-11-20 15:00建" in calendar
            and "没有记，2026-11-20 15:00建" in calendar
            and "xiaowu" not in calendar
        )
        everything = (await clerk.get("/lectures/feeds")).text
        assert "共3条" in everything and "2026-11-21 02:00" in everything
        assert not re.search(r"/ics/", everything)  # an address is a secret, to be looked at one by one
        found = (await clerk.get("/lectures/feeds", q="xiaowu")).text
        assert "共1条" in found and "没有记" not in found
        one = (await clerk.get(f"/lectures/feeds/{number}")).text
        assert "石湾村" in one and "没有记" in one and "/ics/" in one

    run(town, story)


def test_an_admin_ends_anybody_s(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number, admin = old_feed(desk), desk.clerk(ConsoleRole.ADMIN)
        for few in (desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village=HERE)):
            assert (await few.get("/lectures/feeds")).status == 403
            assert (await few.get(f"/lectures/feeds/{number}")).status == 403
        assert standing(desk) == {(2, None)}
        assert "停了" in (await admin.post(f"/lectures/feeds/{number}/end")).said
        assert standing(desk) == set()
        assert (await admin.get(f"/lectures/feeds/{number}")).status == 404

    run(town, story)


def test_what_somebody_made_ends_with_their_account(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        old_feed(desk)
        admin, clerk, other = desk.clerk(ConsoleRole.ADMIN), desk.clerk(), desk.clerk()
        for who, village in ((clerk, ""), (clerk, "2"), (other, "2")):
            await who.post("/lectures/feeds", village=village, lecturer="")
        with desk.session() as session:
            tokens = session.exec(select(Feed.token).where(Feed.made_by == clerk.user_id)).all()
        assert "他建的2个地址" in (await admin.get(f"/people/{clerk.user_id}")).text
        assert "日历订阅也停了" in (await admin.post(f"/people/{clerk.user_id}/close")).said
        assert standing(desk) == {(2, None), (2, other.user_id)}
        assert [(await desk.stranger().get(f"/ics/{token}.ics")).status for token in tokens] == [404, 404]
        await admin.post(f"/people/{clerk.user_id}/reopen")
        assert standing(desk) == {(2, None), (2, other.user_id)}  # whoever had an address must be given a new one
        assert "个地址" not in (await admin.get(f"/people/{clerk.user_id}")).text

    run(town, story)


def test_with_another_role_only_what_they_still_see_stays(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin, clerk = desk.clerk(ConsoleRole.ADMIN), desk.clerk()
        with desk.session() as session:
            here = session.exec(select(Village.id).where(Village.name == HERE)).one()
        for village in ("", str(here), "2"):
            await clerk.post("/lectures/feeds", village=village, lecturer="")
        await admin.post(f"/people/{clerk.user_id}/change", role="approver")
        assert len(standing(desk)) == 3
        await admin.post(f"/people/{clerk.user_id}/change", role="village", village=str(here))
        assert standing(desk) == {(here, clerk.user_id)}
        await admin.post(f"/people/{clerk.user_id}/change", role="viewer")
        assert standing(desk) == set()

    run(town, story)


def test_only_their_own_end(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        made = [
            console_users.add(
                session, name=name, shown_name=name, password_hash="-", role=ConsoleRole.COORDINATOR, created_by="x",
                now=NOW,
            ).id or 0
            for name in ("laoli", "xiaowu")
        ]  # fmt: skip
        for maker in (*made, made[0], None):
            feeds.make(session, village_id=None, lecturer_id=None, now=NOW, made_by=maker)
        assert feeds.end_of(session, made[0], now=NOW) == 2
        assert feeds.end_of(session, made[0], now=NOW) == 0
        assert [feeds.count_of(session, each) for each in made] == [0, 1]


def test_to_reopen_what_is_open_ends_nothing(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        await admin.post("/lectures/feeds", village="2", lecturer="")
        assert "没有变" in (await admin.post(f"/people/{admin.user_id}/reopen")).said
        assert (await admin.get("/people")).path == "/people"  # not logged out
        assert standing(desk) == {(2, admin.user_id)}

    run(town, story)
