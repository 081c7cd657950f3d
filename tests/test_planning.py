"""Lectures planned: who is told what, once; and what was not said yet is replaced, not corrected."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from data import deeds, orders, planning, progress, steps
from data.announcements import KINDS
from data.errors import LectureOver, Taken, TimeIsPast
from data.free_slots import require_free
from data.loop import (
    EventKind,
    Lecture,
    LectureRoom,
    LectureState,
    Order,
    OrderState,
    SignUp,
    Subject,
)
from data.mail import Outbox, OutboxState
from data.planning import Plan
from data.tables import Lecturer, Member, Room, RoomKind, Topic, Village
from tests.town import NOW, DemoTown

LEAVES = NOW + timedelta(minutes=1)
START = NOW + timedelta(days=3)


class Desk:
    """A coordinator at work in the demo town."""

    def __init__(self, town: DemoTown, session: Session) -> None:
        self.session, self.rules = session, town.knowledge.rules
        self.now = NOW
        self.boss = self.member("宣传委员周竹蓉")

    def member(self, name: str) -> int:
        return self.session.exec(select(Member.id).where(Member.name == name)).one() or 0

    def lecturer(self, name: str) -> int:
        return self.session.exec(select(Lecturer.id).where(Lecturer.name == name)).one() or 0

    def village(self, name: str) -> int:
        return self.session.exec(select(Village.id).where(Village.name == name)).one() or 0

    def plan(self, **other: object) -> Plan:
        topic = self.session.exec(select(Topic.id).where(Topic.name == "反诈骗")).one() or 0
        values: dict[str, object] = {
            "kind": EventKind.LECTURE,
            "topic_id": topic,
            "lecturer_id": self.lecturer("覃志刚"),
            "village_ids": (self.village("上坪村"),),
            "title": "别信陌生电话",
            "venue": "上坪晒谷场",
            "starts_at": START,
        }
        return Plan(**values | other)  # type: ignore[arg-type]

    def hold(self, **other: object) -> Lecture:
        return planning.hold(
            self.session, self.plan(**other), by=self.boss, now=self.now, not_before=self.leaves, rules=self.rules
        )

    def change(self, lecture: Lecture, **what: object) -> bool:
        return planning.change(
            self.session,
            lecture,
            by=self.boss,
            now=self.now,
            not_before=self.leaves,
            rules=self.rules,
            **what,  # type: ignore[arg-type]
        )

    def cancel(self, lecture: Lecture) -> None:
        planning.cancel(
            self.session, lecture, "下大雨", by=self.boss, now=self.now, not_before=self.leaves, rules=self.rules
        )

    @property
    def leaves(self) -> datetime:
        return self.now + timedelta(minutes=1)

    def later(self) -> None:
        """What waits is sent, and an hour goes by."""
        for row in self.session.exec(select(Outbox).where(Outbox.state == OutboxState.PENDING)):
            row.state, row.attempts = OutboxState.SENT, 1
        self.session.flush()
        self.now += timedelta(hours=1)

    def waiting(self) -> dict[str, str]:
        """Where something waits, and what."""
        self.session.flush()
        query = select(Outbox, Room).join(Room).where(Outbox.state == OutboxState.PENDING).order_by(col(Outbox.id))
        rows = self.session.exec(query).all()
        names = {member.external_id: member.name for member in self.session.exec(select(Member))}
        said = [(names[room.external_id] if room.kind == "direct" else room.name, row.text) for row, room in rows]
        assert len(dict(said)) == len(said), f"two wait in one room: {said}"
        return dict(said)


@pytest.fixture
def desk(town: DemoTown) -> Iterator[Desk]:
    with town.session() as session:
        yield Desk(town, session)


def test_it_is_announced_once_in_each_group_of_its_villages_and_the_lecturer_is_told(desk: Desk) -> None:
    lecture = desk.hold(village_ids=(desk.village("上坪村"), desk.village("石湾村")), seats=40, dialect="白话")
    said = desk.waiting()
    assert set(said) == {"上坪村乡亲群", "上坪在外乡亲群", "石湾村大家庭", "覃警官"}
    assert "说“报名”就行" in said["上坪村乡亲群"]
    assert "40个位子" in said["石湾村大家庭"]
    assert f"课{lecture.id}" in said["覃警官"]
    rooms = desk.session.exec(select(LectureRoom.room_id).where(LectureRoom.lecture_id == lecture.id)).all()
    assert len(rooms) == 3
    assert [each.state for each in steps.trail(desk.session, Subject.LECTURE, lecture.id or 0)] == ["announced"]
    assert lecture.owner_id == desk.boss


def test_who_is_away_gets_the_live_link_first_and_is_not_asked_to_come(desk: Desk) -> None:
    desk.hold(live_url="https://live.example.cn/1")
    away, home = desk.waiting()["上坪在外乡亲群"], desk.waiting()["上坪村乡亲群"]
    assert away.splitlines()[1] == "看直播：https://live.example.cn/1"
    assert "来听" not in away
    assert "来不了可以看直播" in home


@pytest.mark.parametrize("kind", EventKind)
def test_each_kind_of_event_has_its_own_words(desk: Desk, kind: EventKind) -> None:
    desk.hold(kind=kind)
    text = desk.waiting()["上坪村乡亲群"]
    assert f"【{KINDS[kind].name}】" in text
    assert KINDS[kind].leads in text
    assert "必须" not in text
    assert "请回复" not in text


def test_without_announcing_only_the_lecturer_is_told(desk: Desk) -> None:
    planning.hold(desk.session, desk.plan(), by=None, now=NOW, not_before=LEAVES, rules=desk.rules, announce=False)
    assert set(desk.waiting()) == {"覃警官"}


def test_a_lecturer_who_took_the_order_is_not_told_what_they_just_agreed_to(desk: Desk) -> None:
    lecture = planning.hold(
        desk.session, desk.plan(), by=desk.member("覃警官"), now=NOW, not_before=LEAVES, rules=desk.rules
    )
    assert set(desk.waiting()) == {"上坪村乡亲群", "上坪在外乡亲群"}
    assert lecture.owner_id is None


def test_what_is_past_is_not_held(desk: Desk) -> None:
    with pytest.raises(TimeIsPast):
        desk.hold(starts_at=NOW)


def test_an_announcement_that_waits_is_replaced_not_corrected(desk: Desk) -> None:
    lecture = desk.hold()
    assert desk.change(lecture, starts_at=START + timedelta(hours=1))
    text = desk.waiting()["上坪村乡亲群"]
    assert text.startswith("【讲座】")
    assert "16:00" in text
    assert "15:00" not in text
    assert "16:00" in desk.waiting()["覃警官"]


def test_a_change_tells_rooms_and_lecturer_what_is_another(desk: Desk) -> None:
    lecture = desk.hold()
    desk.later()
    assert desk.change(lecture, venue="上坪村文化室")
    said = desk.waiting()
    assert set(said) == {"上坪村乡亲群", "上坪在外乡亲群", "覃警官"}
    assert "地点改到上坪村文化室（原定上坪晒谷场）" in said["上坪村乡亲群"]
    assert "时间改到" not in said["上坪村乡亲群"]


def test_several_changes_in_a_row_become_one_message_measured_by_what_was_said(desk: Desk) -> None:
    lecture = desk.hold()
    desk.later()
    desk.change(lecture, starts_at=START + timedelta(hours=1))
    desk.change(lecture, venue="上坪村文化室")
    desk.change(lecture, starts_at=START + timedelta(hours=2))
    text = desk.waiting()["上坪村乡亲群"]
    assert "17:00（原定11月23日（周一）15:00）" in text
    assert "上坪村文化室" in text
    assert "16:00" not in text


def test_a_change_that_is_changed_back_before_it_was_said_is_never_said(desk: Desk) -> None:
    lecture = desk.hold()
    desk.later()
    desk.change(lecture, starts_at=START + timedelta(hours=1))
    desk.change(lecture, starts_at=START)
    assert desk.waiting() == {}


def test_nothing_changed_is_nothing_said(desk: Desk) -> None:
    lecture = desk.hold()
    desk.later()
    assert not desk.change(lecture, starts_at=START, venue="上坪晒谷场", lecturer_id=desk.lecturer("覃志刚"))
    assert desk.waiting() == {}


def test_the_old_lecturer_and_the_new_one_are_told(desk: Desk) -> None:
    lecture = desk.hold()
    desk.later()
    desk.change(lecture, lecturer_id=desk.lecturer("莫小燕"))
    said = desk.waiting()
    assert "您不用来了" in said["覃警官"]
    assert "请您主讲" in said["莫律师"]
    assert "改由莫小燕（律师）主讲" in said["上坪村乡亲群"]
    desk.later()
    desk.change(lecture, lecturer_id=desk.lecturer("覃志刚"))
    assert "请您主讲" in desk.waiting()["覃警官"]  # who was sent away and is asked again is told again


def test_a_lecturer_who_never_heard_of_it_is_not_told_that_they_need_not_come(desk: Desk) -> None:
    lecture = desk.hold()
    desk.change(lecture, lecturer_id=desk.lecturer("莫小燕"))
    assert "覃警官" not in desk.waiting()
    desk.change(lecture, lecturer_id=desk.lecturer("覃志刚"))
    assert "莫律师" not in desk.waiting()
    assert "请您主讲" in desk.waiting()["覃警官"]


def _direct_chat(desk: Desk, name: str) -> int:
    member = desk.session.get_one(Member, desk.member(name))
    room = Room(transport="webchat", external_id=member.external_id, kind=RoomKind.DIRECT, created_at=NOW)
    desk.session.add(room)
    desk.session.flush()
    return room.id or 0


def test_who_signed_up_in_a_direct_chat_is_told_there(desk: Desk) -> None:
    lecture = desk.hold()
    desk.later()
    room_id = _direct_chat(desk, "小美在深圳")
    desk.session.add(
        SignUp(lecture_id=lecture.id or 0, member_id=desk.member("小美在深圳"), room_id=room_id, at=desk.now)
    )
    desk.change(lecture, starts_at=START + timedelta(hours=1))
    assert "时间改到" in desk.waiting()["小美在深圳"]
    desk.later()
    desk.cancel(lecture)
    assert "不办了：下大雨" in desk.waiting()["小美在深圳"]


def test_a_branch_venue_is_told_where_it_was_announced_and_announced_where_it_is(desk: Desk) -> None:
    lecture = desk.hold()
    desk.later()
    desk.change(lecture, branches=("石湾村文化室",), also=(desk.village("石湾村"),))
    said = desk.waiting()
    assert "分会场：石湾村文化室" in said["上坪村乡亲群"]
    assert said["石湾村大家庭"].startswith("【讲座】")
    assert "主会场：上坪晒谷场" in said["石湾村大家庭"]


def test_cancelling_tells_all_who_knew_once_and_it_cannot_be_done_twice(desk: Desk) -> None:
    lecture = desk.hold()
    desk.later()
    desk.change(lecture, venue="上坪村文化室")  # still waits: nobody needs to hear it now
    desk.cancel(lecture)
    said = desk.waiting()
    assert set(said) == {"上坪村乡亲群", "上坪在外乡亲群", "覃警官"}
    assert "不办了：下大雨" in said["上坪村乡亲群"]
    assert lecture.state == LectureState.CANCELLED
    with pytest.raises(LectureOver):
        desk.cancel(lecture)
    with pytest.raises(LectureOver):
        desk.change(lecture, venue="村口")


def test_what_nobody_heard_of_is_cancelled_in_silence(desk: Desk) -> None:
    lecture = desk.hold()
    desk.cancel(lecture)
    assert desk.waiting() == {}


def _order_of(desk: Desk, lecture: Lecture) -> Order:
    placed = orders.place(
        desk.session,
        member_id=desk.member("坪顶梁伯"),
        room_id=desk.session.exec(select(Room.id).where(Room.name == "上坪村乡亲群")).one() or 0,
        village_id=desk.village("上坪村"),
        topic_id=lecture.topic_id,
        lecturer_id=None,
        wish="防骗",
        now=NOW,
        rules=desk.rules,
    )
    order = progress.find(desk.session, placed.number)
    for state in (OrderState.REVIEWED, OrderState.DISPATCHED, OrderState.ACCEPTED, OrderState.SCHEDULED):
        progress.advance(desk.session, order, state, by=desk.boss, now=NOW, rules=desk.rules)
    order.lecture_id = lecture.id
    desk.session.flush()
    return order


def test_the_orders_of_a_cancelled_lecture_wait_again_with_the_reason(desk: Desk) -> None:
    lecture = desk.hold()
    order = _order_of(desk, lecture)
    desk.later()
    desk.cancel(lecture)
    assert "镇里另找时间" in desk.waiting()["上坪村乡亲群"]
    assert order.state == OrderState.REVIEWED
    assert order.lecture_id is None
    assert list(steps.trail(desk.session, Subject.ORDER, order.id or 0))[-1].reason == "下大雨"


def test_undoing_a_change_lets_the_announcement_wait_as_it_did(desk: Desk) -> None:
    lecture = desk.hold()
    desk.session.flush()
    with deeds.recording(desk.session) as recorder:
        desk.change(lecture, starts_at=START + timedelta(hours=1))
    deeds.keep(desk.session, recorder, member_id=desk.boss, what="改期", now=desk.now)
    desk.session.flush()
    assert "16:00" in desk.waiting()["上坪村乡亲群"]
    deeds.undo(desk.session, member_id=desk.boss, within=timedelta(minutes=1), now=desk.now)
    said = desk.waiting()
    assert "15:00" in said["上坪村乡亲群"]
    assert "15:00" in said["覃警官"]
    assert desk.session.get_one(Lecture, lecture.id).starts_at == START


def test_titles_come_from_the_topic_else_the_words(desk: Desk) -> None:
    law = desk.session.exec(select(Topic).where(col(Topic.name).startswith("法律"))).one()
    order = Order(member_id=1, room_id=1, topic_id=law.id, created_at=NOW)
    assert planning.title_of(desk.session, order) == "法律"
    assert planning.title_of(desk.session, Order(member_id=1, room_id=1, wish="养蜂", created_at=NOW)) == "养蜂"


def test_a_clash_is_told_with_times_that_would_do(desk: Desk) -> None:
    desk.hold()
    plan = desk.plan()
    with pytest.raises(Taken, match="可以改到") as told:
        require_free(
            desk.session,
            starts_at=START,
            minutes=60,
            lecturer_id=plan.lecturer_id,
            venue=plan.venue,
            village_id=plan.village_ids[0],
            rules=desk.rules,
            now=NOW,
        )
    assert "覃志刚" in str(told.value)


def test_held_lectures_without_a_number_are_shown_until_they_have_one(desk: Desk) -> None:
    lecture = desk.hold()
    assert planning.uncounted(desk.session, now=NOW, limit=5) == []
    lecture.state = LectureState.DELIVERED
    desk.session.flush()
    (line,) = planning.uncounted(desk.session, now=START + timedelta(days=1), limit=5)
    assert f"课{lecture.id}" in line
    lecture.attended = 0
    desk.session.flush()
    assert planning.uncounted(desk.session, now=START + timedelta(days=1), limit=5) == []
