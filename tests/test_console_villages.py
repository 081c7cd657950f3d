"""村和群: what is known of a village, whose group is whose, and what a village's clerk may see and change."""

import asyncio
from collections.abc import Awaitable, Callable

from sqlmodel import select

from data.desk_tables import ConsoleRole
from data.mail import OutboxState
from data.tables import Room, RoomKind, Village
from tests.desk import Desk, open_desk
from tests.lively import make_lively
from tests.town import DemoTown, Talk

EVIL = "<script>alert('x')</script>"


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def village(desk: Desk, name: str) -> Village:
    with desk.session() as session:
        return session.exec(select(Village).where(Village.name == name)).one()


def a_group(desk: Desk, name: str = "路边群", kind: RoomKind = RoomKind.UNBOUND) -> int:
    with desk.session() as session, session.begin():
        room = Room(transport="webchat", external_id=f"r-{name}", name=name, kind=kind, created_at=desk.now)
        session.add(room)
        session.flush()
        return room.id or 0


def group(desk: Desk, number: int) -> Room:
    with desk.session() as session:
        return session.get_one(Room, number)


def test_villages_are_listed_found_and_shown(town: DemoTown) -> None:
    make_lively(town)

    async def story(desk: Desk) -> None:
        viewer = desk.clerk(ConsoleRole.VIEWER)
        listed = (await viewer.get("/villages")).text
        assert "石湾村" in listed and "上坪村" in listed
        found = (await viewer.get("/villages", q=village(desk, "石湾村").aliases[0])).text
        assert "石湾村" in found and "上坪村</a>" not in found
        assert (await viewer.get("/villages", **{"as": "xlsx"})).body.startswith(b"PK")
        page = (await viewer.get(f"/villages/{village(desk, '石湾村').id}")).text
        assert "石湾村大家庭" in page and "课" in page and "覃志刚" in page and "能私信" in page
        assert "改场地" not in page
        assert (await viewer.get("/villages/99")).status == 404

    run(town, story)


def test_a_village_gets_other_places_times_names_and_neighbours(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, here = desk.clerk(), village(desk, "石湾村")
        said = await clerk.post(f"/villages/{here.id}/places", venues="文化室、大榕树下", free="每天晚饭后，看天气")
        assert "“看天气”没看懂" in said.said and "写在 town.yaml 里" in said.said
        with desk.session() as session:
            others = session.exec(select(Village.name).where(Village.name != "石湾村")).all()
        far = next(each for each in others if each not in here.near)
        done = await clerk.post(
            f"/villages/{here.id}/names", aliases="湾里、石湾大队", near=far, tags="种植户、沿河", area=""
        )
        assert "改好了" in done.said and "种植户" in done.text
        now = village(desk, "石湾村")
        assert now.venues == ["文化室", "大榕树下"] and now.free == ["每天晚饭后", "看天气"]
        assert now.aliases == ["湾里", "石湾大队"] and now.near == [far]
        assert "石湾村" in village(desk, far).near
        assert here.near and not any("石湾村" in village(desk, each).near for each in here.near)
        assert "石湾村" in (await clerk.get("/villages", tag="沿河")).text

    run(town, story)


def test_what_cannot_be_is_refused_and_stays_as_typed(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, here = desk.clerk(), village(desk, "石湾村")
        path = f"/villages/{here.id}/names"
        for fields, why in (
            ({"aliases": "上坪村"}, "已经是上坪村了"),
            ({"near": "天涯村"}, "没有“天涯村”"),
            ({"tags": "全镇"}, "不能当标签"),
            ({"tags": "长" * 13}, "不能当标签"),
            ({"area": "77"}, "请选一个"),
        ):
            seen = await clerk.post(path, None, **fields)
            assert seen.status == 422 and why in seen.said, (fields, seen.said)
        seen = await clerk.post(path, aliases=f"上坪村、{EVIL}"[:60])
        assert EVIL not in seen.text and "&lt;script&gt;" in seen.text
        assert village(desk, "石湾村").aliases == here.aliases

    run(town, story)


def test_a_village_clerk_sees_and_changes_its_own_village(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        mine, other = village(desk, "石湾村"), village(desk, "上坪村")
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        listed = (await clerk.get("/villages")).text
        assert "石湾村" in listed and "上坪村</a>" not in listed
        assert (await clerk.get(f"/villages/{other.id}")).status == 404
        assert (await clerk.post(f"/villages/{other.id}/places", venues="偷来的")).status == 404
        assert (await clerk.post(f"/villages/{mine.id}/names", aliases="x")).status == 403
        assert "改好了" in (await clerk.post(f"/villages/{mine.id}/places", venues="祠堂", free="")).said
        assert village(desk, "石湾村").venues == ["祠堂"] and village(desk, "上坪村").venues == other.venues
        assert (await clerk.get("/rooms")).status == 403
        half = await clerk.post(f"/villages/{mine.id}/places", free="晚上")
        assert half.status == 422 and village(desk, "石湾村").venues == ["祠堂"]
        viewer = desk.clerk(ConsoleRole.VIEWER)
        assert (await viewer.post(f"/villages/{mine.id}/places", venues="x")).status == 403

    run(town, story)


def test_groups_that_nobody_registered_come_first(town: DemoTown) -> None:
    make_lively(town)

    async def story(desk: Desk) -> None:
        number, clerk = a_group(desk, EVIL[:30]), desk.clerk()
        page = (await clerk.get("/rooms")).text
        assert page.index("&lt;script&gt;") < page.index("石湾村大家庭") and EVIL[:30] not in page
        assert "还没登记" in page and "陆公" not in page, "chats with one person are no groups"
        only = (await clerk.get("/rooms", kind="unbound")).text
        assert "石湾村大家庭" not in only and f"/rooms/{number}" in only
        with desk.session() as session:
            direct = session.exec(select(Room.id).where(Room.kind == RoomKind.DIRECT)).first()
        assert (await clerk.get(f"/rooms/{direct}")).status == 404
        assert (await clerk.post(f"/rooms/{direct}/bind", kind="coordinators")).status == 404

    run(town, story)


def test_a_group_is_registered_and_then_served(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number, clerk, shiwan = a_group(desk), desk.clerk(), village(desk, "石湾村")
        seen = await clerk.post(f"/rooms/{number}/bind", kind="residents", village="")
        assert seen.status == 422 and "村民群要选一个村" in seen.said
        assert (await clerk.post(f"/rooms/{number}/bind", kind="direct", village="1")).status == 422
        assert group(desk, number).kind is RoomKind.UNBOUND
        done = await clerk.post(f"/rooms/{number}/bind", kind="migrants", village=str(shiwan.id))
        assert "石湾村的外出务工群" in done.said
        assert (group(desk, number).kind, group(desk, number).village_id) == (RoomKind.MIGRANTS, shiwan.id)
        await clerk.post(f"/rooms/{number}/bind", kind="coordinators", village=str(shiwan.id))
        assert group(desk, number).village_id is None
        await clerk.post(f"/rooms/{number}/tags", tags="果农")
        assert "路边群" in (await clerk.get("/rooms", tag="果农")).text
        for wanted in ("mention", ""):
            await clerk.post(f"/rooms/{number}/listen", listen=wanted)
            assert group(desk, number).listen == wanted
        assert (await clerk.post(f"/rooms/{number}/listen", listen="loud")).status == 422

    run(town, story)


def test_a_group_s_line_says_who_spoke_and_when(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("陆公", "石湾村大家庭", "@小门 课表")
    talk.say("渡口陈姨", "石湾村大家庭", "@小门 课表")

    async def story(desk: Desk) -> None:
        from data.desk import villages

        with desk.session() as session:
            lines, _ = villages.groups(session, words="石湾村大家庭")
            (line,) = lines
            assert line.people == 2 and line.heard is not None
            assert line.said is not None and OutboxState.SENT
        assert "今天" in (await desk.clerk().get("/villages/" + str(village(desk, "石湾村").id))).text

    run(town, story)
