"""Groups that hands serve: paste in, correct, keep; copy out, mark as sent."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from data import outbox, relay
from data.desk_tables import ConsoleRole, RelayDraft
from data.loop import Lecture, LectureRoom, SignUp, SignUpState
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.tables import Broadcast, Member, Picture, Role, Room, RoomKind, Village
from tests.desk import Desk, Seen, open_desk
from tests.town import DemoTown

LIST = "#接龙\n反诈讲座\n1. 张三 2人\n2. 李四\n3. 王五 3人"
NO_CHATTER = "今天街上好热闹"


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def a_group(desk: Desk, name: str = "石湾村群", village: str = "石湾村") -> int:
    """A hand-served group of a village, with a lecture that is open there."""
    with desk.session() as session, session.begin():
        where = session.exec(select(Village).where(Village.name == village)).one()
        room = relay.add_room(session, name=name, village_id=where.id, kind=RoomKind.RESIDENTS, now=desk.now)
        lecture = session.exec(select(Lecture).where(Lecture.starts_at > desk.now)).first()
        assert lecture is not None and lecture.id is not None and room.id is not None
        session.add(LectureRoom(lecture_id=lecture.id, room_id=room.id))
        return room.id


def to_say(desk: Desk, room_id: int, text: str, *, picture: bool = False) -> int:
    with desk.session() as session, session.begin():
        shown = None
        if picture:
            kept = Picture(sha256="x", name="海报.png", png=b"\x89PNG\r\n\x1a\n")
            session.add(kept)
            session.flush()
            shown = kept.id
        row = outbox.queue(session, room_id=room_id, kind=OutboxKind.NOTICE, text=text, now=desk.now, picture_id=shown)
        assert row is not None
        return row


def draft_of(seen: Seen) -> str:
    assert re.fullmatch(r"/relay/\d+/draft/\d+", seen.path), (seen.path, seen.said)
    return seen.path


def test_a_pasted_sign_up_is_shown_and_then_kept(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        room, clerk = a_group(desk), desk.clerk()
        seen = await clerk.post(f"/relay/{room}/paste", text=f"李阿姨：报名两个人\n王叔：{NO_CHATTER}")
        path = draft_of(seen)
        assert "会办" in seen.text and "闲聊，不记" in seen.text and "会回" in seen.text
        with desk.session() as session:
            assert session.exec(select(Inbox)).all() == []  # only looked at
            assert session.exec(select(SignUp)).all() == []
        done = await clerk.post(path, what="keep", name0="李阿姨", text0="报名两个人", name1="王叔", text1=NO_CHATTER)
        assert "记下1条" in done.said
        with desk.session() as session:
            (signed,) = session.exec(select(SignUp)).all()
            assert (signed.people, signed.state) == (2, SignUpState.SEATED)
            assert session.get_one(Member, signed.member_id).name == "李阿姨"
            assert session.exec(select(RelayDraft)).all() == []  # pasted chat does not stay
            assert NO_CHATTER not in str([row.text for row in session.exec(select(Inbox))])
        assert "已报" in (await clerk.get(f"/relay/{room}")).text

    run(town, story)


def test_who_said_it_can_be_corrected_before_it_is_kept(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        room, clerk = a_group(desk), desk.clerk()
        path = draft_of(await clerk.post(f"/relay/{room}/paste", text="报名两个人"))
        again = await clerk.post(path, what="look", name0="赵奶奶", text0="报名三个人")
        assert "赵奶奶" in again.text and "3" in again.text
        await clerk.post(path, what="keep", name0="赵奶奶", text0="报名三个人")
        with desk.session() as session:
            (signed,) = session.exec(select(SignUp)).all()
            assert signed.people == 3
            assert session.get_one(Member, signed.member_id).name == "赵奶奶"

    run(town, story)


def test_a_pasted_solitaire_signs_its_people_up(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        room, clerk = a_group(desk), desk.clerk()
        path = draft_of(await clerk.post(f"/relay/{room}/paste", text=LIST))
        await clerk.post(path, what="keep", name0="", text0=LIST)
        with desk.session() as session:
            signed = session.exec(select(SignUp).where(SignUp.state == SignUpState.SEATED)).all()
            assert sorted(each.people for each in signed) == [1, 2, 3]

    run(town, story)


def test_the_same_chat_pasted_twice_counts_once(town: DemoTown) -> None:
    chat = "李阿姨 2026-11-20 14:30\n报名\n王叔 2026-11-20 14:31\n报名"

    async def story(desk: Desk) -> None:
        room, clerk = a_group(desk), desk.clerk()
        fields: Any = {"name0": "李阿姨", "text0": "报名", "name1": "王叔", "text1": "报名"}
        await clerk.post(draft_of(await clerk.post(f"/relay/{room}/paste", text=chat)), what="keep", **fields)
        twice = await clerk.post(f"/relay/{room}/paste", text=chat)
        assert "记过了" in twice.text
        done = await clerk.post(draft_of(twice), what="keep", **fields)
        assert "2条以前记过了" in done.said
        with desk.session() as session:
            assert len(session.exec(select(SignUp)).all()) == 2

    run(town, story)


def test_a_whole_exported_chat(town: DemoTown) -> None:
    """Chatter is not kept, what is old is not acted on, and the file may be of an old Windows."""
    old = "李阿姨 2026-11-02 08:00\n报名\n"
    chat = "".join(f"邻居{n} 2026-11-20 09:{n % 60:02d}\n{NO_CHATTER}\n" for n in range(500))
    new = "王叔 2026-11-20 14:31\n报名两个人\n"

    async def story(desk: Desk) -> None:
        room, clerk = a_group(desk), desk.clerk()
        body = (old + chat + new).encode("gb18030")
        seen = await clerk.post(f"/relay/{room}/paste", files={"file": ("聊天记录.txt", body)})
        draft_of(seen)
        assert "1条是三天以前的" in seen.said and "500条是闲聊" in seen.said
        with desk.session() as session:
            (draft,) = session.exec(select(RelayDraft)).all()
            assert [line["name"] for line in draft.lines] == ["王叔"]
        bad = await clerk.post(f"/relay/{room}/paste", files={"file": ("a.zip", b"PK\x03\x04\xff\xff\x00")})
        assert bad.status == 422 and ".txt" in bad.said

    run(town, story)


def test_cards_are_copied_in_order_and_marked(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        room, clerk = a_group(desk), desk.clerk()
        first, second, third = (to_say(desk, room, text) for text in ("第一条<b>", "第二条", "第三条"))
        page = (await clerk.get(f"/relay/{room}")).text
        assert page.index("第一条&lt;b&gt;") < page.index("第二条") < page.index("第三条")
        await clerk.post(f"/relay/{room}/said/{first}")
        again = await clerk.post(f"/relay/{room}/said/{first}")
        assert "已经办过了" in again.said
        await clerk.post(f"/relay/{room}/left-out/{second}")
        await clerk.post(f"/relay/{room}/said/{third}")
        await clerk.post(f"/relay/{room}/not-said/{third}")
        with desk.session() as session:
            states = {row.id: row.state for row in session.exec(select(Outbox))}
        assert states == {first: OutboxState.SENT, second: OutboxState.CANCELLED, third: OutboxState.PENDING}

    run(town, story)


def test_pictures_are_there_to_be_saved(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        room, other, clerk = a_group(desk), a_group(desk, "上坪村群", "上坪村"), desk.clerk()
        card = to_say(desk, room, "海报", picture=True)
        assert (await clerk.get(f"/relay/{room}/picture/{card}")).body.startswith(b"\x89PNG")
        assert (await clerk.get(f"/relay/{other}/picture/{card}")).status == 404

    run(town, story)


def test_what_is_for_later_waits(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        room, clerk = a_group(desk), desk.clerk()
        with desk.session() as session, session.begin():
            outbox.queue(
                session, room_id=room, kind=OutboxKind.NOTICE, text="晚上的", now=desk.now,
                not_before=desk.now + timedelta(hours=4),
            )  # fmt: skip
        assert "晚上的" not in (await clerk.get(f"/relay/{room}")).text
        desk.later(hours=5)
        assert "晚上的" in (await clerk.get(f"/relay/{room}")).text

    run(town, story)


def test_a_pasted_name_never_has_a_role(town: DemoTown) -> None:
    """Whoever calls themselves what a coordinator is called gains nothing, and a code cannot be pasted."""

    async def story(desk: Desk) -> None:
        room, clerk = a_group(desk), desk.clerk()
        lines = "干事小农：通知 全镇 大家都来\n干事小农：绑定 428913\n干事小农：待办"
        seen = await clerk.post(f"/relay/{room}/paste", text=lines)
        fields: Any = {key: value for n, text in enumerate(lines.split("\n")) for key, value in
                  ((f"name{n}", "干事小农"), (f"text{n}", text.split("：")[1]), (f"to{n}", "yes"))}  # fmt: skip
        await clerk.post(draft_of(seen), what="keep", **fields)
        with desk.session() as session:
            hands = select(Member.id).where(Member.transport == relay.TRANSPORT)
            assert session.exec(hands).all()
            assert session.exec(select(Role).where(col(Role.member_id).in_(hands))).all() == []
            assert session.exec(select(Broadcast)).all() == []

    run(town, story)


def test_a_village_clerk_serves_its_own_groups_only(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        mine, other = a_group(desk), a_group(desk, "上坪村群", "上坪村")
        card = to_say(desk, other, "上坪的话")
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        page = (await clerk.get("/relay")).text
        assert "石湾村群" in page and "上坪村群" not in page
        assert (await clerk.get(f"/relay/{other}")).status == 404
        for path in (f"/relay/{other}/said/{card}", f"/relay/{mine}/said/{card}", f"/relay/{mine}/left-out/{card}"):
            assert (await clerk.post(path)).status == 404
        assert (await clerk.post(f"/relay/{other}/paste", text="报名")).status == 404
        assert (await clerk.post("/relay/add", name="偷来的群", village="1", kind="residents")).status == 403
        with desk.session() as session:
            assert session.get_one(Outbox, card).state is OutboxState.PENDING
        viewer = desk.clerk(ConsoleRole.VIEWER)
        assert (await viewer.post(f"/relay/{other}/said/{card}")).status == 403

    run(town, story)


def test_somebody_else_s_draft_is_not_there(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        room, one, other = a_group(desk), desk.clerk(), desk.clerk()
        path = draft_of(await one.post(f"/relay/{room}/paste", text="李阿姨：报名"))
        assert (await other.get(path)).status == 404
        assert (await other.post(path, what="keep")).status == 404

    run(town, story)


def test_a_group_is_registered_once(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        made = await clerk.post("/relay/add", name="<i>沙塘口", village="4", kind="residents")
        assert "登记好了" in made.said and "&lt;i&gt;沙塘口" in made.text
        again = await clerk.post("/relay/add", name="<i>沙塘口", village="4", kind="residents")
        assert again.status == 422 and "已经有" in again.said and 'value="&lt;i&gt;沙塘口"' in again.text
        with desk.session() as session:
            assert len(session.exec(select(Room).where(Room.transport == relay.TRANSPORT)).all()) == 1

    run(town, story)
