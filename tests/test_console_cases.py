"""意见 in the console: lists, where an answer will be read, answering, passing on, refusing; and ratings."""

import io
import re
from datetime import timedelta

from openpyxl import load_workbook
from sqlmodel import select

from data import steps, voices
from data.desk_tables import ConsoleRole
from data.labels import WORDS
from data.loop import Lecture, Subject, Voice, VoiceKind
from data.tables import Member, Room, RoomKind
from tests.desk import Desk
from tests.test_console_gate import run
from tests.test_console_orders import AUNT, EVIL, HOME, SHIWAN, last_audit, queued
from tests.town import NOW, DemoTown, demo_rules

LAMP, DOCTOR = "村口的路灯坏了", "医保怎么补缴，我电话13812345678"


def said(
    desk: Desk,
    text: str,
    *,
    where: str = HOME,
    kind: VoiceKind = VoiceKind.SUGGESTION,
    private: bool = False,
    share: bool | None = None,
) -> int:
    """Something that the aunt says in a group, or in private though she belongs to it; its number."""
    with desk.session() as session, session.begin():
        room = session.exec(select(Room).where(Room.name == where)).one()
        aunt = session.exec(select(Member).where(Member.name == AUNT)).first()
        if aunt is None:
            aunt = Member(transport="webchat", external_id="aunt", name=AUNT, village_id=1, created_at=NOW)
            session.add(aunt)
            session.flush()
        village_id, room_id = room.village_id, room.id
        if private:
            direct = Room(
                transport="webchat", external_id=aunt.external_id, name="", kind=RoomKind.DIRECT, created_at=NOW
            )
            session.add(direct)
            session.flush()
            room_id = direct.id
        voice = voices.record(
            session, kind, member_id=aunt.id or 0, room_id=room_id or 0, text=text, now=desk.now, rules=demo_rules(),
            village_id=village_id,
        )  # fmt: skip
        voice.share = share
        return voice.id or 0


def case(desk: Desk, number: int) -> Voice:
    with desk.session() as session:
        return session.get_one(Voice, number)


def test_the_list_begins_with_what_waits_and_filters(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        said(desk, LAMP)
        said(desk, DOCTOR, where=SHIWAN, kind=VoiceKind.QUESTION)
        desk.later(days=12)
        said(desk, "没有米了", kind=VoiceKind.NEED)
        clerk = desk.clerk()
        await clerk.post("/cases/2/answer", answer="带身份证到社保所")
        await clerk.post("/cases/3/pass", owner=clerk.member_id)
        first = await clerk.get("/cases")
        assert first.path == "/cases" and "2号" not in first.text and "过期了" in first.text
        chosen = re.findall(r'<option value="(\w+)"[^>]*>\s*([^<]*?)\s*</option>', first.text)
        kinds = {kind.value: name for kind, name in WORDS[VoiceKind].items()}  # called as they are everywhere
        assert kinds and kinds.items() <= dict(chosen).items()
        for query, numbers in (
            ({"state": ""}, [1, 2, 3]), ({"state": "open"}, [1, 3]), ({"state": "late"}, [1]),
            ({"state": "answered"}, [2]), ({"kind": "need"}, [3]), ({"village": "2"}, [2]), ({"q": "路灯"}, [1]),
            ({"q": "社保所"}, [2]), ({"q": "石湾"}, [2]), ({"q": "3号"}, [3]), ({"q": "唐桂英"}, [1, 2, 3]),
            ({"from": "2026-12-01"}, [3]), ({"to": "2026-11-30"}, [1, 2]), ({"kind": "feedback"}, []),
            ({"owner": str(clerk.member_id)}, [3]),
        ):  # fmt: skip
            text = (await clerk.get("/cases", **query)).text
            found = [int(each) for each in re.findall(r'<a href="/cases/(\d+)">', text)]
            assert sorted(found) == numbers, query
        body = (await clerk.get("/cases", state="", **{"as": "xlsx"})).body
        sheet = load_workbook(io.BytesIO(body)).active
        assert sheet is not None
        cells = [str(cell) for row in sheet.values for cell in row]
        assert any("138****5678" in each for each in cells) and not any("13812345678" in each for each in cells)

    run(town, story)


def test_an_answer_goes_back_to_the_group_in_which_it_was_asked(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = said(desk, LAMP)
        clerk = desk.clerk(name="老李")
        page = (await clerk.get(f"/cases/{number}")).text
        assert f"会发到“{HOME}”，全群看得到" in page and LAMP in page
        empty = await clerk.post(f"/cases/{number}/answer", answer=" ")
        assert empty.status == 422 and "请填上" in empty.said
        long = await clerk.post(f"/cases/{number}/answer", answer="长" * 501)
        assert long.status == 422 and "太长" in long.said and "长" * 501 in long.text
        done = await clerk.post(f"/cases/{number}/answer", answer="周五来修")
        assert "答复了" in done.said and "周五来修" in done.text
        assert queued(desk) == [(HOME, f"您提的“{LAMP}”，镇里答复：周五来修")]
        assert case(desk, number).answered_by == clerk.member_id
        assert (last_audit(desk).what, last_audit(desk).about) == ("答复意见", f"{number}号")
        twice = await clerk.post(f"/cases/{number}/answer", answer="再说一次")
        assert twice.status == 422 and "已经答复过了" in twice.said
        undone = await clerk.post("/undo", back=f"/cases/{number}")
        assert "已撤销" in undone.said and queued(desk) == [] and case(desk, number).answered_at is None

    run(town, story)


def test_it_is_said_before_where_an_answer_will_be_read(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        number = said(desk, DOCTOR, private=True, share=True, kind=VoiceKind.QUESTION)
        page = (await clerk.get(f"/cases/{number}")).text
        assert "会私下发给" in page and HOME in page and "上坪在外乡亲群" in page and "138****5678" in page
        assert "13812345678" not in page and "13812345678" in (await clerk.post(f"/cases/{number}/open")).text
        done = await clerk.post(f"/cases/{number}/answer", answer="到社保所")
        assert "13812345678" not in done.text
        assert [where for where, _ in queued(desk)] == [AUNT, HOME, "上坪在外乡亲群"]
        with desk.session() as session, session.begin():
            session.get_one(Voice, number).share = False
            session.get_one(Voice, number).answered_at = None
        assert "别人看不到" in (await clerk.get(f"/cases/{number}")).text

    run(town, story)


def test_refusing_needs_a_reason_that_is_told(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = said(desk, LAMP)
        clerk = desk.clerk()
        assert (await clerk.post(f"/cases/{number}/refuse", refuse_reason="")).status == 422
        done = await clerk.post(f"/cases/{number}/refuse", refuse_reason="归县里管，已报上去")
        assert "不办" in done.said and "为什么不办" in done.text
        assert queued(desk) == [(HOME, f"您提的“{LAMP}”，镇里看过了，这次办不了：归县里管，已报上去")]

    run(town, story)


def test_passing_on_to_a_coordinator_and_to_nobody_else(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = said(desk, LAMP)
        clerk = desk.clerk(name="老李")
        with desk.session() as session:
            other = session.exec(select(Member.id).where(Member.name == "干事小农")).one()
            aunt = session.exec(select(Member.id).where(Member.name == AUNT)).one()
        for nobody in ("", "x", "99999", str(aunt)):
            answer = await clerk.post(f"/cases/{number}/pass", owner=nobody)
            assert answer.status == 422 and "请选一位干事" in answer.said
        assert "归干事小农办" in (await clerk.post(f"/cases/{number}/pass", owner=other)).said
        assert case(desk, number).owner_id == other
        ((who, words),) = queued(desk)
        assert who == "干事小农" and f"老李把意见{number}号转给您" in words
        with desk.session() as session:
            assert [each.state for each in steps.trail(session, Subject.VOICE, number)][-1] == "passed_on"

    run(town, story)


def test_what_people_said_of_lectures(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        said(desk, LAMP)
        with desk.session() as session, session.begin():
            lecture = session.exec(select(Lecture)).first()
            assert lecture is not None
            aunt = session.exec(select(Member).where(Member.name == AUNT)).one()
            room = session.exec(select(Room).where(Room.name == HOME)).one()
            voices.rate(
                session, lecture, member_id=aunt.id or 0, room_id=room.id or 0, text="讲得清楚", rating=5, stated=True,
                now=NOW, rules=demo_rules(), village_id=1,
            )  # fmt: skip
            title = lecture.title
        clerk = desk.clerk()
        text = (await clerk.get("/cases", kind="feedback")).text
        assert "讲得清楚" in text and title in text and LAMP not in text
        assert "讲得清楚" not in (await clerk.get("/cases", state="")).text
        assert (await clerk.get("/cases/2")).status == 404  # a rating is no case

    run(town, story)


def test_who_may_see_and_who_may_answer(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        here, there = said(desk, LAMP), said(desk, DOCTOR, where=SHIWAN)
        viewer = desk.clerk(ConsoleRole.VIEWER)
        clerk = desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        page = (await viewer.get(f"/cases/{here}")).text
        assert LAMP in page and re.findall(r'action="(/cases/[^"]*)"', page) == [f"/cases/{here}/open"]
        assert (await clerk.get(f"/cases/{here}")).status == 404
        assert (await clerk.post(f"/cases/{here}/open")).status == 404
        own = await clerk.get(f"/cases/{there}")
        assert own.status == 200 and "写给提的人" not in own.text
        for path in ("/cases?state=open", "/cases?state=&village=1", "/cases?q=路灯", "/cases?q=1号", "/"):
            assert LAMP not in (await clerk.get(path)).text, path
        for who in (viewer, clerk):
            for deed in ("answer", "refuse", "pass"):
                for number in (here, there):
                    assert (await who.post(f"/cases/{number}/{deed}", answer="x", owner="1")).status == 403
        assert case(desk, here).answered_at is None and case(desk, there).answered_at is None

    run(town, story)


def test_what_people_said_never_becomes_markup(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = said(desk, EVIL)
        with desk.session() as session, session.begin():
            voice = session.get_one(Voice, number)
            session.get_one(Member, voice.member_id).name = EVIL
            session.get_one(Room, voice.room_id).name = EVIL
        clerk = desk.clerk()
        for path in ("/cases?state=open", f"/cases/{number}", "/"):
            text = (await clerk.get(path)).text
            assert "alert(" in text and "<script>" not in text and "'>" not in text, path
        done = await clerk.post(f"/cases/{number}/answer", answer=EVIL)
        assert "alert(" in done.text and "<script>" not in done.text

    run(town, story)


def test_a_deadline_that_is_over_is_marked(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        number = said(desk, LAMP)
        due = case(desk, number).due_at
        assert due is not None
        desk.moment[0] = due - timedelta(seconds=1)
        clerk = desk.clerk()  # whoever logged in days before would be asked to do so again
        page = (await clerk.get(f"/cases/{number}")).text
        assert "路灯" in page and "过期了" not in page
        desk.moment[0] = due + timedelta(seconds=1)
        assert "过期了" in (await clerk.get(f"/cases/{number}")).text

    run(town, story)
