"""The sign-ups of a lecture in the console: seats, the waiting list, on behalf, moved, checked, printed; by whom."""

import asyncio
import io
from collections.abc import Awaitable, Callable
from datetime import timedelta

from openpyxl import load_workbook
from sqlmodel import Session, col, select

from data.desk_tables import Audit, ConsoleRole
from data.loop import Lecture, LectureRoom, SignUp, SolitaireState
from data.mail import Outbox
from data.tables import Member, Room
from tests.desk import Clerk, Desk, open_desk
from tests.town import NOW, DemoTown, Talk

GROUP, HUI, AUNT = "上坪村乡亲群", "阿辉（东莞厚街）", "三婶唐桂英"
EVIL = '<img src=x onerror="alert(1)">'
LIST = "/lectures/1/signups"


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def prepare(town: DemoTown, seats: int | None, *said: tuple[str, str]) -> int:
    """The seats of lecture 1, who signed up in its group, and another lecture in the same village; its number."""
    with town.session() as session, session.begin():
        session.get_one(Lecture, 1).seats = seats
        other = Lecture(
            topic_id=1,
            lecturer_id=2,
            village_id=1,
            title="防火",
            venue="祠堂",
            seats=2,
            starts_at=NOW + timedelta(days=9),
        )
        session.add(other)
        session.flush()
        number = other.id or 0
    talk = Talk(town)
    for who, words in said:
        talk.say(who, GROUP, words)
    return number


def of(session: Session, name: str, lecture: int = 1) -> SignUp | None:
    """Whoever is called so, in a lecture's list."""
    query = select(SignUp).join(Member).where(SignUp.lecture_id == lecture)
    return session.exec(
        query.where((SignUp.for_whom == name) | ((Member.name == name) & (SignUp.for_whom == "")))
    ).first()


def state(desk: Desk, name: str, lecture: int = 1) -> tuple[str, int] | None:
    with desk.session() as session:
        found = of(session, name, lecture)
        return (found.state.value, found.people) if found is not None else None


def path_of(desk: Desk, name: str) -> str:
    with desk.session() as session:
        found = of(session, name)
        assert found is not None
        return f"{LIST}/{found.id}"


def last_said(desk: Desk) -> tuple[str, str, bool]:
    """The last row that was queued: its room, its words, and whether it can still be taken back."""
    with desk.session() as session:
        query = select(Outbox, Room).join(Room).order_by(col(Outbox.id).desc())
        row, room = session.exec(query).first() or (None, None)
        assert row is not None
        assert room is not None
        return room.name, row.text, row.not_before > desk.now


def test_the_list_in_the_order_of_the_seats(town: DemoTown) -> None:
    prepare(town, 3, (HUI, "报名2人"), (AUNT, "报名1人"), ("陆公", "报名"), ("渡口陈姨", "报名"), (AUNT, "取消报名"))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        page = await clerk.get(LIST)
        assert page.text.index("阿辉") < page.text.index("陆公") < page.text.index("渡口陈姨")
        assert "等回话" in page.text
        assert AUNT not in page.text
        assert AUNT in (await clerk.get(LIST, state="out")).text
        waiting = await clerk.get(LIST, state="waiting")
        assert "阿辉" not in waiting.text
        assert "共2条" in waiting.text
        assert "共1条" in (await clerk.get(LIST, q="陈姨")).text
        sheet = load_workbook(io.BytesIO((await clerk.get(LIST, **{"as": "xlsx"})).body)).active
        assert sheet is not None
        assert [row[0] for row in sheet.iter_rows(values_only=True)] == ["姓名", HUI, "陆公", "渡口陈姨"]
        with desk.session() as session:
            assert session.exec(select(Audit.what).order_by(col(Audit.id).desc())).first() == "导出课1报名"

    run(town, story)


def test_on_behalf_of_who_has_no_wechat(town: DemoTown) -> None:
    prepare(town, 3, (HUI, "报名1人"))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        assert "还剩1位" in (await clerk.post(LIST, name="梁婆婆", people="1")).said
        with desk.session() as session:
            found = of(session, "梁婆婆")
            assert found is not None
            assert found.member_id == clerk.member_id
        full = await clerk.post(LIST, name=f"李公{EVIL}"[:20], people="2")
        assert full.status == 422
        assert "只剩1位" in full.said
        assert "<img" not in full.text
        assert "&lt;img" in full.text
        waits = await clerk.post(LIST, name="李公", people="2", wait="yes")
        assert "候补" in waits.said
        assert state(desk, "李公") == ("waiting", 2)
        for name, people in (("", "1"), ("x" * 21, "1"), ("王", "0"), ("王", "201"), ("王", "一")):
            assert (await clerk.post(LIST, name=name, people=people)).status == 422, (name, people)

    run(town, story)


def test_another_number_and_off_the_list_is_told_where_they_signed_up(town: DemoTown) -> None:
    prepare(town, 5, (HUI, "报名2人"), (AUNT, "帮我妈报名"))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        await clerk.post(f"{path_of(desk, HUI)}/people", people="4")
        assert state(desk, HUI) == ("seated", 4)
        assert last_said(desk) == (GROUP, "您报的《天冷了，血压怎么管》，镇里帮着改了：现在4人。", True)
        full = await clerk.post(f"{path_of(desk, HUI)}/people", people="9")
        assert full.status == 422
        assert "原来的4人还在" in full.said
        assert state(desk, HUI) == ("seated", 4)
        await clerk.post(f"{path_of(desk, HUI)}/out")
        assert state(desk, HUI) == ("out", 4)
        room, words, undoable = last_said(desk)
        assert (room, undoable) == (GROUP, True)
        assert "帮着退了" in words
        again = await clerk.post(f"{path_of(desk, HUI)}/people", people="1")
        assert "报上了" in again.said
        assert state(desk, HUI) == ("seated", 1)
        mother = path_of(desk, "我妈")
        assert "三婶" in (await clerk.get(mother)).text
        await clerk.post(f"{mother}/out")
        assert "您帮我妈报的" in last_said(desk)[1]

    run(town, story)


def test_a_seat_that_is_held_is_taken_for_them(town: DemoTown) -> None:
    prepare(town, 1, (HUI, "报名"), (AUNT, "报名"))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        await clerk.post(f"{path_of(desk, HUI)}/out")
        assert state(desk, AUNT) == ("offered", 1)
        page = await clerk.get(path_of(desk, AUNT))
        assert "要，定下1位" in page.text
        assert "报上了" in (await clerk.post(f"{path_of(desk, AUNT)}/seat")).said
        assert state(desk, AUNT) == ("seated", 1)
        assert (await clerk.post(f"{path_of(desk, AUNT)}/seat")).status == 422

    run(town, story)


def test_moved_to_another_lecture_both_lists_are_right(town: DemoTown) -> None:
    other = prepare(town, 2, (HUI, "报名2人"), (AUNT, "报名"))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        page = await clerk.get(path_of(desk, HUI))
        assert f'<option value="{other}">' in page.text
        done = await clerk.post(f"{path_of(desk, HUI)}/move", to=str(other))
        assert f"换到课{other}" in done.said
        assert state(desk, HUI) == ("out", 2)
        assert state(desk, HUI, other) == ("seated", 2)
        assert state(desk, AUNT) == ("offered", 1)  # who waited is asked
        with desk.session() as session:
            told = session.exec(select(Outbox.text).where(col(Outbox.text).contains("换到了《防火》"))).all()
        assert len(told) == 1
        refused = await clerk.post(f"{path_of(desk, AUNT)}/move", to=str(other))
        assert refused.status == 422
        assert "坐不下" in refused.said
        assert state(desk, AUNT) == ("offered", 1)
        assert state(desk, AUNT, other) is None
        await clerk.post(f"{path_of(desk, AUNT)}/move", to=str(other), wait_there="yes")
        assert state(desk, AUNT, other) == ("waiting", 1)
        assert state(desk, AUNT) == ("out", 1)
        for wrong in ("", "1", "99999", "x", "²"):
            assert (await clerk.post(f"{path_of(desk, HUI)}/move", to=wrong)).status in (404, 422), wrong

    run(town, story)


def test_more_seats_go_to_whoever_waits(town: DemoTown) -> None:
    prepare(town, 2, (HUI, "报名2人"), (AUNT, "报名"))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        few = await clerk.post("/lectures/1/seats", seats="1")
        assert few.status == 422
        assert "座位不能少于2" in few.said
        assert "问候补的1家" in (await clerk.post("/lectures/1/seats", seats="3")).said
        assert state(desk, AUNT) == ("offered", 1)

    run(town, story)


def test_what_is_to_be_checked_in_a_list(town: DemoTown) -> None:
    prepare(town, None)
    with town.session() as session, session.begin():
        room_id = session.exec(select(LectureRoom.room_id).where(LectureRoom.lecture_id == 1)).first() or 0
        unclear: list[dict[str, object]] = [{"name": f"阿婆{EVIL}", "why": "人数不清楚，打13812345678问"}]
        session.add(SolitaireState(room_id=room_id, lecture_id=1, doubts=1, unclear=unclear, changed_at=NOW))

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        assert "1处请核对" in (await clerk.get("/lectures/1")).text
        page = await clerk.get(LIST)
        assert "人数不清楚，打138****5678问" in page.text
        assert "<img src" not in page.text
        assert "13812345678" in (await clerk.post(f"{LIST}/open")).text
        assert "1处都核对过了" in (await clerk.post(f"{LIST}/checked")).said
        assert "人数不清楚" not in (await clerk.get(LIST)).text

    run(town, story)


def test_the_sheet_to_print(town: DemoTown) -> None:
    prepare(town, 9, (HUI, "报名2人"))
    with town.session() as session, session.begin():
        session.exec(select(Member).where(Member.name == HUI)).one().name = f"{EVIL}13812345678"

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        sheet = await clerk.get("/lectures/1/sheet")
        assert sheet.headers["Content-Type"].startswith("text/html")
        assert sheet.headers["Content-Disposition"].startswith("inline")
        assert "style" not in sheet.headers["Content-Security-Policy"].replace("style-src 'self'", "")
        assert "<style" not in sheet.text
        assert "style=" not in sheet.text
        assert "/static/sheet.css" in sheet.text
        assert "<img" not in sheet.text
        assert "138****5678" in sheet.text
        assert (await clerk.get("/static/sheet.css")).status == 200
        with desk.session() as session:
            last = session.exec(select(Audit).order_by(col(Audit.id).desc())).first()
            assert last is not None
            assert (last.what, last.about) == ("打开签到表", "课1")

    run(town, story)


def test_nothing_is_changed_once_it_has_begun(town: DemoTown) -> None:
    other = prepare(town, 5, (HUI, "报名2人"))

    async def story(desk: Desk) -> None:
        clerk, party = desk.clerk(), path_of(desk, HUI)
        desk.later(days=4)
        clerk = desk.clerk()
        assert "名单不能再改" in (await clerk.get(party)).text
        for path in (LIST, f"{party}/people", f"{party}/out", f"{party}/move"):
            assert (await clerk.post(path, name="王", people="1", to=str(other))).status == 422, path
        assert state(desk, HUI) == ("seated", 2)

    run(town, story)


async def _tried(clerk: Clerk, party: str, other: int) -> list[int]:
    signups = party.rsplit("/", 1)[0]
    return [
        (await clerk.post(signups, name="王", people="1")).status,
        (await clerk.post(f"{signups}/checked")).status,
        (await clerk.post(f"{party}/people", people="1")).status,
        (await clerk.post(f"{party}/seat")).status,
        (await clerk.post(f"{party}/move", to=str(other))).status,
        (await clerk.post(f"{party}/out")).status,
    ]


def test_who_may_what(town: DemoTown) -> None:
    other = prepare(town, 5, (HUI, "报名2人"))

    async def story(desk: Desk) -> None:
        party, number = path_of(desk, HUI), path_of(desk, HUI).rsplit("/", 1)[1]
        viewer, theirs = desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        mine = desk.clerk(ConsoleRole.VILLAGE, village="上坪村")
        assert set(await _tried(viewer, party, other)) == {403}
        assert "替人报名" not in (await viewer.get(LIST)).text
        assert set(await _tried(theirs, party, other)) == {404}
        assert (await theirs.get(party)).status == 404
        # by way of a lecture of their own
        assert (await theirs.get(f"/lectures/2/signups/{number}")).status == 404
        assert (await theirs.post(f"/lectures/2/signups/{number}/out")).status == 404
        assert (await mine.post(f"{party}/move", to="2")).status == 404  # another village's lecture
        assert '<option value="2">' not in (await mine.get(party)).text
        assert state(desk, HUI) == ("seated", 2)
        assert "报上了" in (await mine.post(LIST, name="梁婆婆", people="1")).said
        assert "退了" in (await mine.post(f"{party}/out")).said

    run(town, story)
