"""Notices in the console: written, seen, released by another, watched, stopped, put right; as the chat does it."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from data import broadcasts, console_users, releasing, tell
from data.console_users import TRANSPORT
from data.desk_tables import Audit, ConsoleRole, ConsoleUser
from data.mail import Outbox, OutboxState
from data.missed import MISSED
from data.pace import Speed
from data.releasing import NotAnApprover
from data.tables import Broadcast, BroadcastState, Member, Release, Role, RoleKind, Room, RoomKind, Village
from tests.desk import Clerk, Desk, Seen, open_desk
from tests.town import NOW, DemoTown, Talk, demo_rules

RULES = demo_rules()
TEXT = "明天上午停水，请大家先存水"
BOSS = "宣传委员周竹蓉"
DIGEST = re.compile(r'name="digest" value="([0-9a-f]{64})"')


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def the(desk: Desk, number: int) -> Broadcast:
    with desk.session() as session:
        return session.get_one(Broadcast, number)


def queued(desk: Desk, number: int) -> list[Outbox]:
    with desk.session() as session:
        return list(session.exec(select(Outbox).where(Outbox.broadcast_id == number).order_by(col(Outbox.id))))


def told(desk: Desk, clerk: Clerk) -> list[str]:
    """What was said to a user of the console, directly."""
    with desk.session() as session:
        room = tell.direct_room(session, clerk.member_id, now=desk.now)
        return list(session.exec(select(Outbox.text).where(Outbox.room_id == room).order_by(col(Outbox.id))))


async def written(clerk: Clerk, what: str = "look", **fields: Any) -> int:
    """A notice to the whole town, by its form; its number."""
    seen = await clerk.post("/broadcasts/new", **{"town": "yes", "text": TEXT, "what": what, **fields})
    found = re.fullmatch(r"/broadcasts/(\d+)(/edit)?", seen.path)
    assert found, (seen.path, seen.said)
    return int(found[1])


async def approved(clerk: Clerk, number: int) -> Seen:
    page = (await clerk.get(f"/broadcasts/{number}")).text
    digest = DIGEST.search(page)
    assert digest is not None, "no button to approve"
    return await clerk.post(f"/broadcasts/{number}/approve", digest=digest[1])


def state_of(desk: Desk, number: int, state: OutboxState, error: str = "", *, many: int = 1) -> list[int]:
    """Let something become of some messages of a notice; their ids."""
    with desk.session() as session, session.begin():
        rows = session.exec(
            select(Outbox)
            .where(Outbox.broadcast_id == number, Outbox.state == OutboxState.PENDING)
            .order_by(col(Outbox.id))
            .limit(many)
        ).all()
        for row in rows:
            row.state, row.error, row.settled_at = state, error, desk.now
        return [row.id or 0 for row in rows]


def test_written_seen_and_released_by_another(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        author, approver = desk.clerk(), desk.clerk(ConsoleRole.APPROVER)
        number = await written(author)
        form = (await author.get(f"/broadcasts/{number}/edit")).text
        assert TEXT in form and "5个群（" in form and "现在发给：<b>全镇</b>" in form
        assert the(desk, number).state == BroadcastState.DRAFT
        handed = await author.post(f"/broadcasts/{number}/submit")
        assert "会请3位看" in handed.said  # the approver, and the two coordinators of the chat
        assert any(TEXT in words and f"同意 B{number}" in words for words in told(desk, approver))
        assert TEXT in (await approver.get("/")).text  # who has no chat reads it on the first page
        assert queued(desk, number) == []
        done = await approved(approver, number)
        assert "放行了" in done.said
        kept = the(desk, number)
        assert (kept.state, kept.released, kept.approved_by) == (
            BroadcastState.QUEUED, Release.TWO, approver.member_id,
        )  # fmt: skip
        assert [row.text for row in queued(desk, number)] == [TEXT] * 5
        assert any("同意了您的通知" in words for words in told(desk, author))
        with desk.session() as session:
            names = session.exec(select(Audit.what).where(Audit.about == f"通知B{number}")).all()
        assert set(names) == {"写通知", "交审通知", "同意通知"}

    run(town, story)


def test_only_what_was_seen_is_approved(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        author, approver = desk.clerk(), desk.clerk(ConsoleRole.APPROVER)
        number = await written(author, "submit")
        digest = DIGEST.search((await approver.get(f"/broadcasts/{number}")).text)
        assert digest is not None
        for other in ("", "0" * 64, digest[1].upper()):
            seen = await approver.post(f"/broadcasts/{number}/approve", digest=other)
            assert seen.status == 422 and "再看一遍" in seen.said
        await author.post(f"/broadcasts/{number}/edit", text="后天停水", what="submit")
        seen = await approver.post(f"/broadcasts/{number}/approve", digest=digest[1])
        assert seen.status == 422 and "后天停水" in seen.text and queued(desk, number) == []
        with desk.session() as session, session.begin():  # a group more than was shown
            session.add(Room(transport="webchat", external_id="new", name="新群", kind=RoomKind.RESIDENTS,
                             created_at=desk.now))  # fmt: skip
        seen = await approved(approver, number)
        assert "多了新群" in seen.said and queued(desk, number) == []
        await approved(approver, number)
        assert len(queued(desk, number)) == 6

    run(town, story)


def test_nobody_approves_their_own_nor_without_the_role(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        writer, coordinator, viewer = (
            desk.clerk(role) for role in (ConsoleRole.ADMIN, ConsoleRole.COORDINATOR, ConsoleRole.VIEWER)
        )
        number = await written(writer, "submit")
        digest = the(desk, number).digest
        page = await writer.get(f"/broadcasts/{number}")
        assert "您写的" in page.text and DIGEST.search(page.text.split("十万火急")[0]) is None
        own = await writer.post(f"/broadcasts/{number}/approve", digest=digest)
        assert own.status == 422 and "另一位干事同意" in own.said
        for clerk in (coordinator, viewer):
            assert (await clerk.post(f"/broadcasts/{number}/approve", digest=digest)).status == 403
            assert (await clerk.post(f"/broadcasts/{number}/emergency", digest=digest, why_alone="急")).status == 403
        assert TEXT in (await viewer.get(f"/broadcasts/{number}")).text
        assert (await viewer.get("/broadcasts/new")).status == 403
        assert (await viewer.post("/broadcasts/new", town="yes", text="x")).status == 403
        assert queued(desk, number) == []

    run(town, story)


def test_a_village_clerk_sees_no_notice(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = await written(desk.clerk(), "submit")
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        for path in ("/broadcasts", f"/broadcasts/{number}", f"/broadcasts/{number}/edit", "/broadcasts/preview"):
            assert (await clerk.get(path)).status == 403, path
        assert (await clerk.post(f"/broadcasts/{number}/recall")).status == 403

    run(town, story)


@pytest.mark.parametrize("role", [ConsoleRole.VIEWER, ConsoleRole.VILLAGE, ConsoleRole.COORDINATOR])
def test_the_chat_gives_no_more_than_the_console(town: DemoTown, role: ConsoleRole) -> None:
    """Whoever is bound to a log-in below an approver's cannot release in the chat either, and is not asked to."""
    talk = Talk(town)
    with town.session() as session, session.begin():
        boss = session.exec(select(Member).where(Member.name == BOSS)).one()
        village = session.exec(select(Village)).first()
        user = console_users.add(session, name="zhou", shown_name="周", password_hash="-", role=role, created_by="x",
                                 now=NOW, village_id=village.id if village else None)  # fmt: skip
        console_users.bind(session, user.id or 0, member_id=boss.id or 0, now=NOW)
        assert boss.id not in releasing.approvers(session, but=())
    talk.say("干事小农", None, "通知 全镇 明天停水")
    said = talk.say("干事小农", None, "确认")[-1]
    assert "没有另一位能放行的人" in said
    with town.session() as session, session.begin():
        number = session.exec(select(Broadcast.id)).one() or 0
        session.add(_second(session))
        young = session.exec(select(Member).where(Member.name == "干事小农")).one()
        broadcasts.submit(session, number, by=young.id or 0, now=NOW, rules=RULES, speed=Speed())
    for words in (f"同意 B{number}", f"紧急 B{number} 放水"):
        said = talk.say(BOSS, None, words)[-1]
        assert "审核员" in said
    with town.session() as session, session.begin():
        assert session.get_one(Broadcast, number).state == BroadcastState.SUBMITTED
        kept = session.exec(select(ConsoleUser)).one()
        console_users.change(session, kept.id or 0, role=ConsoleRole.APPROVER, village_id=None, active=True, now=NOW)
    assert any("放行" in said for said in talk.say(BOSS, None, f"同意 B{number}"))


def _second(session: Session) -> Role:
    """Somebody else who may approve, in the chat alone."""
    member = session.exec(select(Member).where(Member.name == "坪顶梁伯")).one()
    return Role(member_id=member.id or 0, kind=RoleKind.COORDINATOR, granted_at=NOW, granted_by="测试")


def test_a_coordinator_of_the_console_is_nobodys_second_person(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        author, other = desk.clerk(), desk.clerk()
        with desk.session() as session, session.begin():
            for role in session.exec(select(Role).where(Role.kind == RoleKind.COORDINATOR)):
                member = session.get_one(Member, role.member_id)
                if member.transport != TRANSPORT:
                    session.delete(role)
        number = await written(author)
        seen = await author.post(f"/broadcasts/{number}/submit")
        assert seen.status == 422 and "没有另一位能放行的人" in seen.said
        approver = desk.clerk(ConsoleRole.APPROVER)
        seen = await author.post(f"/broadcasts/{number}/submit")
        assert "会请1位看" in seen.said
        assert told(desk, approver) and not told(desk, other)
        with desk.session() as session, pytest.raises(NotAnApprover, match="审核员或管理员"):
            broadcasts.approve(session, number, by=other.member_id, now=desk.now, rules=RULES, speed=Speed())

    run(town, story)


def test_a_draft_is_changed_by_its_author_only(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        author, other = desk.clerk(), desk.clerk(ConsoleRole.APPROVER)
        number = await written(author)
        assert (await other.get(f"/broadcasts/{number}/edit")).status == 400
        seen = await other.post(f"/broadcasts/{number}/drop")
        assert seen.status == 422 and "写的" in seen.said
        edit = f"/broadcasts/{number}/edit"
        await author.post(edit, text="后天停水", at="2026-11-21T09:00", urgent="yes", words="上坪村")
        kept = the(desk, number)
        assert (kept.text, kept.urgent, kept.audience) == ("后天停水", True, "上坪村")
        assert kept.leaves_at is not None and kept.leaves_at.astimezone(NOW.tzinfo).hour == 9
        same = await author.post(edit, text="后天停水", at="2026-11-21T09:00", urgent="yes")
        assert "没有改动" in same.said
        await author.post(edit, text="后天停水", at="", what="submit")
        kept = the(desk, number)
        assert (kept.state, kept.leaves_at, kept.urgent) == (BroadcastState.SUBMITTED, None, False)
        returned = await other.post(f"/broadcasts/{number}/return", return_reason="时间写错了")
        assert "退回去了" in returned.said and the(desk, number).state == BroadcastState.RETURNED
        assert any("时间写错了" in words for words in told(desk, author))
        await author.post(f"/broadcasts/{number}/hasten", urgent="yes")
        assert the(desk, number).urgent
        await author.post(f"/broadcasts/{number}/drop")
        assert the(desk, number).state == BroadcastState.DROPPED
        page = (await author.get(f"/broadcasts/{number}")).text
        for step in ("写", "改", "交审", "退回", "作废", "时间写错了"):
            assert step in page

    run(town, story)


def test_one_alone_in_an_emergency(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        approver, other = desk.clerk(ConsoleRole.APPROVER), desk.clerk()
        number = await written(approver)
        digest = the(desk, number).digest
        path = f"/broadcasts/{number}/emergency"
        assert (await approver.post(path, digest=digest)).status == 422
        assert (await approver.post(path, digest="x", why_alone="放水")).status == 422
        assert queued(desk, number) == []
        seen = await approver.post(path, digest=digest, why_alone="上游放水")
        assert "单独放行" in seen.said and "紧急发布" in seen.text
        assert len(queued(desk, number)) == 5
        assert any("【紧急发布】" in words and "上游放水" in words for words in told(desk, other))

    run(town, story)


def test_watched_stopped_and_put_right(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        author, approver = desk.clerk(), desk.clerk(ConsoleRole.APPROVER)
        number = await written(author, "submit")
        await approved(approver, number)
        state_of(desk, number, OutboxState.SENT, many=2)
        state_of(desk, number, OutboxState.FAILED, "不在群里了")
        page = (await author.get(f"/broadcasts/{number}")).text
        assert f'data-broadcast="{number}"' in page and '<b data-live="b.sent">2</b>' in page
        assert "没发成的（1处）" in page and "不在群里了" in page and "还在排队的（2处）" in page
        assert "2/5" in (await author.get("/broadcasts")).text
        seen = await author.post(f"/broadcasts/{number}/correct", correction="后天停水")
        assert seen.status == 422 and "停发" in seen.said and "后天停水" in seen.text
        stopped = await author.post(f"/broadcasts/{number}/recall")
        assert "2处没发" in stopped.said and "已有2处收到" in stopped.said
        assert the(desk, number).state == BroadcastState.RECALLED
        assert [row.state for row in queued(desk, number)].count(OutboxState.CANCELLED) == 2
        seen = await author.post(f"/broadcasts/{number}/correct", correction="后天停水")
        fresh = int(seen.path.rsplit("/", 1)[1])
        kept = the(desk, fresh)
        assert (kept.text, kept.corrects_id, len(kept.room_ids)) == ("【更正】后天停水", number, 2)
        assert f"/broadcasts/{fresh}" in (await author.get(f"/broadcasts/{number}")).text
        form = (await author.get(f"/broadcasts/{fresh}/edit")).text
        assert "更正只发给收到过的" in form and 'name="villages"' not in form

    run(town, story)


def test_what_is_in_doubt_is_settled_by_who_looked(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        author, approver = desk.clerk(), desk.clerk(ConsoleRole.APPROVER)
        number = await written(author, "submit")
        await approved(approver, number)
        one, two, three = state_of(desk, number, OutboxState.UNKNOWN, "断线了", many=3)
        assert "说不准的（3处）" in (await author.get(f"/broadcasts/{number}")).text
        path = f"/broadcasts/{number}/settle"
        await author.post(path, id=one, there="yes")
        await author.post(path, id=two, there="no")
        found = {row.id: row.state for row in queued(desk, number)}
        assert (found[one], found[two], found[three]) == (
            OutboxState.SENT, OutboxState.PENDING, OutboxState.UNKNOWN,
        )  # fmt: skip
        await author.post(path, there="yes")
        assert {row.id: row.state for row in queued(desk, number)}[three] == OutboxState.SENT
        other = await written(author, "submit", text="另一条", kinds="", urgent="yes")
        await approved(approver, other)
        (foreign,) = state_of(desk, other, OutboxState.UNKNOWN)
        seen = await author.post(path, id=foreign, there="yes")
        assert seen.status == 422 and {row.id: row.state for row in queued(desk, other)}[foreign] == OutboxState.UNKNOWN

    run(town, story)


def test_what_an_outage_held_back_goes_or_does_not(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        author, approver = desk.clerk(), desk.clerk(ConsoleRole.APPROVER)
        numbers = []
        for text in ("一", "二"):
            numbers.append(await written(author, "submit", text=text))
            await approved(approver, numbers[-1])
            state_of(desk, numbers[-1], OutboxState.EXPIRED, MISSED, many=2)
        goes, stays = numbers
        assert "停机误了点（2处）" in (await author.get(f"/broadcasts/{goes}")).text
        assert "补发2处" in (await author.post(f"/broadcasts/{goes}/make-up", go="yes")).said
        assert "那2处不发了" in (await author.post(f"/broadcasts/{stays}/make-up", go="no")).said
        assert [row.state for row in queued(desk, goes)] == [OutboxState.PENDING] * 5
        assert [row.state for row in queued(desk, stays)].count(OutboxState.EXPIRED) == 2
        assert (await author.post(f"/broadcasts/{goes}/make-up", go="yes")).status == 422

    run(town, story)
