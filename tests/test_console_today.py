"""今天 in the console: what waits, what goes out, what is overdue, how the accounts are, and what was not sent."""

from datetime import timedelta

from sqlmodel import col, select

from data import accounts, outbox, relay, tell
from data.desk_tables import ConsoleRole
from data.loop import Lecture, LectureState, SolitaireState
from data.mail import Outbox, OutboxKind, OutboxState
from data.tables import Broadcast, BroadcastState, Member, Room, RoomKind
from tests.desk import Desk
from tests.test_console_cases import LAMP, said
from tests.test_console_gate import run
from tests.test_console_orders import HOME, SHIWAN, last_audit, wished
from tests.town import NOW, DemoTown


def room_id(desk: Desk, name: str) -> int:
    with desk.session() as session:
        return session.exec(select(Room.id).where(Room.name == name)).one() or 0


def queue(desk: Desk, where: str, text: str, *, state: OutboxState = OutboxState.PENDING, **more: object) -> int:
    """A row of the outbox."""
    with desk.session() as session, session.begin():
        number = outbox.queue(
            session, room_id=room_id(desk, where), kind=OutboxKind.NOTICE, text=text, now=desk.now,
            not_before=desk.now + timedelta(hours=1),
        )  # fmt: skip
        row = session.get_one(Outbox, number)
        row.state = state
        for key, value in more.items():
            setattr(row, key, value)
        return row.id or 0


def row(desk: Desk, number: int) -> Outbox:
    with desk.session() as session:
        return session.get_one(Outbox, number)


def a_lecture(desk: Desk, **changes: object) -> int:
    """The demo town's first lecture, as the test wants it."""
    with desk.session() as session, session.begin():
        lecture = session.exec(select(Lecture).order_by(col(Lecture.id))).first()
        assert lecture is not None
        for key, value in changes.items():
            setattr(lecture, key, value)
        return lecture.id or 0


def test_what_waits_stands_there_with_what_is_late(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗")
        said(desk, LAMP)
        desk.later(days=4)
        number = a_lecture(desk, state=LectureState.DELIVERED, starts_at=NOW - timedelta(days=1), attended=None)
        with desk.session() as session, session.begin():
            author = session.exec(select(Member.id).where(Member.name == "干事小农")).one()
            notice = Broadcast(
                author_id=author or 0, audience="全镇", text="明早停水", state=BroadcastState.SUBMITTED, created_at=NOW
            )
            session.add(notice)
        text = (await desk.clerk().get("/")).text
        for words in (
            "点单待审",
            "1号 上坪村 反诈骗",
            "过期了",
            "明早停水",
            "等另一位同意",
            f"课{number}《",
            "还没报人数",
            LAMP,
        ):
            assert words in text, words
        assert f'href="/lectures/{number}"' in text and 'href="/orders/1"' in text and 'href="/broadcasts/1"' in text

    run(town, story)


def test_a_list_that_is_not_clear_waits_too(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = a_lecture(desk, state=LectureState.ANNOUNCED, starts_at=NOW + timedelta(days=2), village_id=1)
        with desk.session() as session, session.begin():
            for where, doubts in ((HOME, 2), (SHIWAN, 1)):
                each = SolitaireState(room_id=room_id(desk, where), lecture_id=number, doubts=doubts, changed_at=NOW)
                session.add(each)
        text = (await desk.clerk().get("/")).text
        assert "接龙请核对" in text and "3处" in text
        assert "接龙请核对" in (await desk.clerk(ConsoleRole.VILLAGE, village="上坪村").get("/")).text
        assert "接龙请核对" not in (await desk.clerk(ConsoleRole.VILLAGE, village="石湾村").get("/")).text

    run(town, story)


def test_what_goes_out_today(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = a_lecture(desk, state=LectureState.ANNOUNCED, starts_at=NOW + timedelta(hours=4), village_id=1)
        queue(desk, HOME, "今晚停电")
        queue(desk, SHIWAN, "今晚停电")
        queue(desk, HOME, "后天的事", not_before=NOW + timedelta(days=2))
        text = (await desk.clerk().get("/")).text
        assert f"19:00 课{number}《" in text and "16:00 2个群：今晚停电" in text and "后天的事" not in text
        assert "短文" in text  # this evening's text, by the timetable
        quiet = desk.clerk(ConsoleRole.VILLAGE, village="榕木坳村")
        theirs = (await quiet.get("/")).text
        assert "今晚停电" not in theirs and f"课{number}《" not in theirs

    run(town, story)


def test_the_account_that_rests_is_told_of(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        assert "先停一停" not in (await clerk.get("/")).text
        with desk.session() as session, session.begin():
            accounts.trip(session, "wechaty", "被登出", until=NOW + timedelta(minutes=30), now=NOW)
        text = (await clerk.get("/")).text
        assert "微信号" in text and "先停一停：被登出，到今天15:30" in text
        assert "微信号" not in (await desk.clerk(ConsoleRole.VILLAGE, village="上坪村").get("/")).text

    run(town, story)


def test_what_is_in_doubt_is_settled_by_a_word(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        there = queue(desk, HOME, "第一条", state=OutboxState.UNKNOWN)
        again = queue(desk, SHIWAN, "第二条", state=OutboxState.UNKNOWN)
        viewer = await desk.clerk(ConsoleRole.VIEWER).get("/")
        assert "第一条" in viewer.text and "再发一次" not in viewer.text and "代点" not in viewer.text
        clerk = desk.clerk()
        assert "再发一次" in (await clerk.get("/")).text
        await clerk.post("/today/settle", id=there, there="yes")
        await clerk.post("/today/settle", id=again, there="no")
        assert (row(desk, there).state, row(desk, again).state) == (OutboxState.SENT, OutboxState.PENDING)
        assert last_audit(desk).what == "确认发没发出"
        over = await clerk.post("/today/settle", id=there, there="no")
        assert over.status == 422 and "不用确认了" in over.said
        assert (await clerk.post("/today/settle", id="x")).status == 422

    run(town, story)


def test_what_an_outage_held_back_goes_or_not(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        held = {"state": OutboxState.EXPIRED, "error": "停机误了点，没有发", "settled_at": NOW}
        first = queue(desk, HOME, "停机时的通知", **held)  # type: ignore[arg-type]
        clerk = desk.clerk()
        assert "有1条通知没有发" in (await clerk.get("/")).text
        assert "补发1条" in (await clerk.post("/today/missed", go="yes")).said
        assert row(desk, first).state == OutboxState.PENDING
        queue(desk, HOME, "又一条", **held)  # type: ignore[arg-type]
        assert "不发了" in (await clerk.post("/today/missed", go="no")).said
        none = await clerk.post("/today/missed", go="yes")
        assert none.status == 422 and "没有误了点" in none.said

    run(town, story)


def test_what_is_said_to_a_user_of_the_console_stands_there(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk, other = desk.clerk(), desk.clerk()
        with desk.session() as session, session.begin():
            tell.member(session, clerk.member_id, "有人<b>找您</b>，电话13812345678", now=NOW, not_before=NOW)
        text = (await clerk.get("/")).text
        assert "有人&lt;b&gt;找您" in text and "138****5678" in text and "13812345678" not in text
        assert "13812345678" in (await clerk.post("/open")).text
        assert "找您" not in (await other.get("/")).text

    run(town, story)


def test_only_ones_own_last_deed_is_taken_back_and_only_for_a_minute(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        wished(desk, "点课 反诈骗")
        clerk, other = desk.clerk(), desk.clerk()
        await clerk.post("/orders/1/review")
        assert "刚才：审单通过 1号" in (await clerk.get("/")).text
        assert "刚才" not in (await other.get("/")).text
        assert (await other.post("/undo")).status == 422
        away = await clerk.post("/undo", back="https://evil.example/")
        assert away.path == "/" and "已撤销" in away.said
        await clerk.post("/orders/1/review")
        desk.later(seconds=61)
        assert "刚才" not in (await clerk.get("/")).text
        assert (await clerk.post("/undo")).status == 422
        assert (await desk.clerk(ConsoleRole.VIEWER).post("/undo")).status == 403

    run(town, story)


def test_a_villages_clerk_settles_nothing(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = queue(desk, HOME, "第一条", state=OutboxState.UNKNOWN)
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="上坪村")
        text = (await clerk.get("/")).text
        assert "没发出去的" not in text and "代点一课" in text
        for path in ("/today/settle", "/today/missed"):
            assert (await clerk.post(path, id=number, there="yes", go="yes")).status == 403
        assert row(desk, number).state == OutboxState.UNKNOWN

    run(town, story)


def test_what_is_to_be_said_by_hand_waits_there_for_the_village_s_clerk(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        with desk.session() as session, session.begin():
            village = session.exec(select(Room.village_id).where(Room.name == SHIWAN)).one()
            room = relay.add_room(
                session, name="石湾后山组", village_id=village, kind=RoomKind.RESIDENTS, now=desk.now
            )  # fmt: skip
            number = room.id
            outbox.queue(session, room_id=number or 0, kind=OutboxKind.NOTICE, text="明早停水", now=desk.now)
        mine, other = [desk.clerk(ConsoleRole.VILLAGE, village=name) for name in ("石湾村", "上坪村")]
        text = (await mine.get("/")).text
        assert f'href="/relay/{number}"' in text and "1条要发" in text
        assert "石湾后山组" not in (await other.get("/")).text

    run(town, story)
