"""From state to state: every step in order, none without who and why."""

import pytest
from sqlmodel import Session

from data import progress, steps
from data.errors import NoSuchOrder, WrongState
from data.loop import Order, OrderState, Subject
from data.progress import ALIVE, NEXT, OPEN, STATE_NAMES
from tests.town import NOW, DemoTown, Talk, demo_rules

ROOM = "上坪村乡亲群"


@pytest.fixture
def session(town: DemoTown) -> Session:
    talk = Talk(town)
    talk.say("三婶唐桂英", ROOM, "点课 反诈骗")
    talk.say("坪顶梁伯", ROOM, "点课 反诈骗")
    talk.say("渡口陈姨", "石湾村大家庭", "点课 反诈骗")
    return Session(town.engine)


def test_each_state_has_a_name_and_a_place() -> None:
    assert set(NEXT) == set(STATE_NAMES) == set(OrderState)
    assert len(set(STATE_NAMES.values())) == len(OrderState)
    reached = {OrderState.RECEIVED, *(to for follow in NEXT.values() for to in follow)}
    assert reached == set(OrderState)
    assert set(OPEN) < set(ALIVE)
    assert all(NEXT[state] for state in ALIVE)


def test_a_step_tells_who_when_and_why(session: Session) -> None:
    order = session.get_one(Order, 1)
    rules = demo_rules()
    known = len(list(steps.trail(session, Subject.ORDER, 1)))
    progress.advance(session, order, OrderState.REVIEWED, by=order.member_id, now=NOW, rules=rules)
    progress.advance(session, order, OrderState.DECLINED, by=None, now=NOW, rules=rules, reason="没有老师会讲")
    *_, reviewed, declined = steps.trail(session, Subject.ORDER, 1)
    assert (reviewed.state, reviewed.who, reviewed.reason) == ("reviewed", "三婶唐桂英", "")
    assert (declined.state, declined.who, declined.reason, declined.at) == ("declined", "", "没有老师会讲", NOW)
    assert len(list(steps.trail(session, Subject.ORDER, 1))) == known + 2
    assert order.due_at is None


def test_a_step_sets_the_next_deadline_shorter_when_urgent(session: Session) -> None:
    order, rules = session.get_one(Order, 1), demo_rules()
    progress.advance(session, order, OrderState.REVIEWED, by=None, now=NOW, rules=rules)
    due = order.due_at
    order.urgent = True
    progress.advance(session, order, OrderState.DISPATCHED, by=None, now=NOW, rules=rules)
    assert due is not None
    assert order.due_at is not None
    assert NOW < order.due_at < due


@pytest.mark.parametrize("state", list(OrderState))
def test_no_step_out_of_turn(session: Session, state: OrderState) -> None:
    order, rules = session.get_one(Order, 1), demo_rules()
    order.state = state
    refused = [to for to in OrderState if to not in NEXT[state]]
    assert refused
    for to in refused:
        with pytest.raises(WrongState, match=STATE_NAMES[state]):
            progress.advance(session, order, to, by=None, now=NOW, rules=rules, reason="因为")
    assert order.state == state


@pytest.mark.parametrize(
    ("before", "to"),
    [
        (OrderState.RECEIVED, OrderState.DECLINED),
        (OrderState.REVIEWED, OrderState.WITHDRAWN),
        (OrderState.REVIEWED, OrderState.MERGED),
        (OrderState.DISPATCHED, OrderState.REVIEWED),
        (OrderState.SCHEDULED, OrderState.REVIEWED),
    ],
)
def test_endings_and_steps_back_need_a_reason(session: Session, before: OrderState, to: OrderState) -> None:
    order, rules = session.get_one(Order, 1), demo_rules()
    order.state = before
    with pytest.raises(ValueError, match="reason"):
        progress.advance(session, order, to, by=None, now=NOW, rules=rules, reason=" ")
    progress.advance(session, order, to, by=None, now=NOW, rules=rules, reason="有事")
    assert order.state == to


def test_who_asked_is_kept_through_a_merge(session: Session) -> None:
    one, two = session.get_one(Order, 1), session.get_one(Order, 2)
    assert [room for _, room in progress.askers(session, one)] == [one.room_id, one.room_id]
    two.merged_into = one.id
    session.flush()
    assert [room for _, room in progress.askers(session, one)] == [one.room_id, one.room_id, two.room_id]
    assert progress.leading(session, two) is one
    assert progress.leading(session, one) is one


def test_a_number_that_nobody_has_is_told(session: Session) -> None:
    with pytest.raises(NoSuchOrder, match="没有99号"):
        progress.find(session, 99)
