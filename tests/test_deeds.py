"""Undo: what a coordinator did is taken back whole, for a minute, while nothing of it was said."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from data import deeds, progress, tell
from data.errors import NothingToUndo, TooLateToUndo
from data.loop import Order, OrderState, Step
from data.mail import Outbox, OutboxState
from data.rules import Rules
from data.tables import Member, Room, Village
from tests.town import NOW, DemoTown, Talk, demo_rules

MINUTE = timedelta(minutes=1)
ROOM = "上坪村乡亲群"


@pytest.fixture
def session(town: DemoTown) -> Session:
    Talk(town).say("三婶唐桂英", ROOM, "点课 反诈骗")
    return Session(town.engine, expire_on_commit=False)


@pytest.fixture
def rules() -> Rules:
    return demo_rules()


def by(session: Session) -> int:
    return session.exec(select(Member.id).where(Member.name == "宣传委员周竹蓉")).one() or 0


def review(session: Session, rules: Rules, *, what: str = "1号 通过") -> int:
    """The coordinator reviews order 1 and tells its room, as one deed; returns the outbox row."""
    order = session.get_one(Order, 1)
    with deeds.recording(session) as recorder:
        progress.advance(session, order, OrderState.REVIEWED, by=by(session), now=NOW, rules=rules)
        order.owner_id = by(session)
        told = tell.room(session, order.room_id, "审过了", now=NOW, not_before=rules.leaves(NOW), once="review:1")
        session.add(Village(name="新村"))
    deeds.keep(session, recorder, member_id=by(session), what=what, now=NOW)
    session.flush()
    assert told is not None
    return told


def test_a_deed_is_taken_back_whole(session: Session, rules: Rules) -> None:
    before = session.get_one(Order, 1).model_dump()
    steps = len(session.exec(select(Step)).all())
    told = review(session, rules)
    assert session.get_one(Order, 1).state == OrderState.REVIEWED
    assert deeds.undo(session, member_id=by(session), within=MINUTE, now=NOW + MINUTE / 2) == "1号 通过"
    assert session.get_one(Order, 1).model_dump() == before
    assert len(session.exec(select(Step)).all()) == steps
    assert session.exec(select(Village).where(Village.name == "新村")).first() is None
    assert session.get_one(Outbox, told).state == OutboxState.CANCELLED


def test_what_was_undone_can_be_done_and_said_again(session: Session, rules: Rules) -> None:
    """The first words were never said, so their ``once`` must not silence the second."""
    review(session, rules)
    deeds.undo(session, member_id=by(session), within=MINUTE, now=NOW)
    assert review(session, rules)
    with pytest.raises(NothingToUndo):
        deeds.undo(session, member_id=by(session), within=MINUTE, now=NOW + 2 * MINUTE)


def test_nothing_is_undone_twice_nor_for_somebody_else(session: Session, rules: Rules) -> None:
    review(session, rules)
    somebody = session.exec(select(Member.id).where(Member.name == "干事小农")).one() or 0
    with pytest.raises(NothingToUndo, match="60秒内"):
        deeds.undo(session, member_id=somebody, within=MINUTE, now=NOW)
    deeds.undo(session, member_id=by(session), within=MINUTE, now=NOW)
    with pytest.raises(NothingToUndo):
        deeds.undo(session, member_id=by(session), within=MINUTE, now=NOW)


@pytest.mark.parametrize("state", [OutboxState.SENDING, OutboxState.SENT, OutboxState.UNKNOWN])
def test_what_left_cannot_be_called_back(session: Session, rules: Rules, state: OutboxState) -> None:
    told = review(session, rules)
    session.get_one(Outbox, told).state = state
    with pytest.raises(TooLateToUndo, match="已经发出去了"):
        deeds.undo(session, member_id=by(session), within=MINUTE, now=NOW)
    assert session.get_one(Order, 1).state == OrderState.REVIEWED


def test_what_somebody_changed_since_stays_theirs(session: Session, rules: Rules) -> None:
    review(session, rules)
    session.get_one(Order, 1).owner_id = None
    session.flush()
    with pytest.raises(TooLateToUndo, match="后来又改过"):
        deeds.undo(session, member_id=by(session), within=MINUTE, now=NOW)
    assert session.get_one(Order, 1).state == OrderState.REVIEWED


def test_what_somebody_built_on_stays(town: DemoTown) -> None:
    """A lecture is announced and, before its minute is over, somebody signs up for it."""
    talk = Talk(town, sends=False)
    talk.say("干事小农", None, "排课 反诈骗 覃志刚 周六晚上7点半 榕木坳祠堂")
    talk.say("干事小农", None, "确认")
    (signed,) = talk.say("客家三姑", "榕木坳村民群", "报名")
    assert "已报名" in signed
    (told,) = talk.say("干事小农", None, "撤销")
    assert "“排课 反诈骗 覃志刚 周六晚上7点半 榕木坳祠堂”已经有人接着用了" in told
    (still,) = talk.say("客家三姑", "榕木坳村民群", "取消报名")
    assert "已取消" in still


def test_the_last_of_two_is_undone_first(session: Session, rules: Rules) -> None:
    review(session, rules)
    order = session.get_one(Order, 1)
    with deeds.recording(session) as recorder:
        order.urgent = True
    deeds.keep(session, recorder, member_id=by(session), what="1号 加急", now=NOW)
    session.flush()
    assert deeds.undo(session, member_id=by(session), within=MINUTE, now=NOW) == "1号 加急"
    assert deeds.undo(session, member_id=by(session), within=MINUTE, now=NOW) == "1号 通过"
    assert (order.urgent, session.get_one(Order, 1).state) == (False, OrderState.RECEIVED)


def test_a_failed_turn_leaves_no_ear_on_the_session(session: Session, rules: Rules) -> None:
    with pytest.raises(RuntimeError), deeds.recording(session):
        raise RuntimeError
    assert deeds.KEY not in session.info
    session.add(Room(transport="webchat", external_id="x", created_at=NOW))
    session.flush()


def test_the_word_takes_a_coordinators_last_deed_back(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", ROOM, "撤销")
    assert talk.say("三婶唐桂英", None, "撤销") == [
        "[私聊 三婶唐桂英] 这件事要宣讲员或镇里的宣传干事来办。您可以说“帮助”，看我能帮您什么。"
    ]
    (told,) = talk.say("干事小农", None, "撤销")
    assert "没有可以撤销的事" in told
