"""Notices that went out: stopped, put right where they were read, and not too many a day."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from data import broadcasts, recalls, releasing
from data.audiences import Audience
from data.broadcast_errors import (
    BroadcastStands,
    OwnBroadcast,
    RoomsFull,
)
from data.broadcasts import Outcome
from data.mail import Outbox, OutboxState
from data.tables import Broadcast, BroadcastState
from tests.broadcast_desk import RULES, SPEED, approve, half_sent, people, queued, state, submitted, timed, written
from tests.town import NOW

# ---- to stop it and to put it right --------------------------------------------------------------------------------


def test_a_recall_stops_what_has_not_left_and_says_who_has_it(session: Session) -> None:
    number = half_sent(session)
    done = recalls.recall(session, number, by=people(session)[1], now=NOW, rules=RULES)
    assert (done.stopped, done.sent, done.doubtful) == (1, 2, 2)
    assert done.names == ("上坪村乡亲群", "上坪在外乡亲群", "石湾村大家庭")
    session.expire_all()
    assert [row.state for row in queued(session, number)][-1] == OutboxState.CANCELLED
    assert state(session, number) == BroadcastState.RECALLED
    told = session.exec(select(Outbox.text).where(col(Outbox.text).contains("停发了通知"))).all()
    assert told == [f"宣传委员周竹蓉停发了通知B{number}，1处没有发。"]


def test_what_was_stopped_is_never_sent_again(session: Session) -> None:
    """Neither what was on its way and did not go out, nor what is in doubt and somebody wants 重发."""
    from data import dispatches, outbox
    from data.errors import NothingInDoubt

    number = half_sent(session)
    recalls.recall(session, number, by=people(session)[0], now=NOW, rules=RULES)
    *_, doubtful, sending, _ = (row.id or 0 for row in queued(session, number))
    with pytest.raises(NothingInDoubt):
        dispatches.settle(session, [doubtful], there=False, now=NOW + timedelta(minutes=1))
    held = outbox.Settled(sending, OutboxState.PENDING, error="没连上", retry_at=NOW)
    outbox.settle(session, [held], now=NOW)
    later = NOW + timedelta(minutes=1)
    assert outbox.claim(session, [sending], now=later) == []
    session.expire_all()
    assert session.get_one(Outbox, sending).state == OutboxState.EXPIRED
    assert dispatches.settle(session, [doubtful], there=True, now=later) == 1


def test_a_correction_goes_to_exactly_those_who_have_the_old_one(session: Session) -> None:
    number = half_sent(session)
    author, _ = people(session)
    with pytest.raises(BroadcastStands, match="还有1处没发"):
        recalls.correct(session, number, "后天停水", by=author, now=NOW)
    recalls.recall(session, number, by=author, now=NOW, rules=RULES)
    new, reach = recalls.correct(session, number, "后天停水", by=author, now=NOW)
    assert (new.text, new.corrects_id, new.state) == ("【更正】后天停水", number, BroadcastState.DRAFT)
    assert [name for _, name in reach.rooms] == ["上坪村乡亲群", "上坪在外乡亲群", "石湾村大家庭"]
    broadcasts.change(session, new.id or 0, by=author, now=NOW, rules=RULES, text="后天停电")
    assert new.text == "【更正】后天停电"
    broadcasts.submit(session, new.id or 0, by=author, now=NOW, rules=RULES, speed=SPEED)
    with pytest.raises(OwnBroadcast):
        broadcasts.approve(session, new.id or 0, by=author, now=NOW, rules=RULES, speed=SPEED)
    approve(session, new.id or 0)
    assert len(queued(session, new.id or 0)) == 3


def test_a_group_that_turns_out_to_have_it_is_corrected_too(session: Session) -> None:
    number = half_sent(session)
    author, _ = people(session)
    recalls.recall(session, number, by=author, now=NOW, rules=RULES)
    new, _ = recalls.correct(session, number, "后天停水", by=author, now=NOW)
    broadcasts.submit(session, new.id or 0, by=author, now=NOW, rules=RULES, speed=SPEED)
    sending = next(row for row in queued(session, number) if row.state == OutboxState.SENDING)
    sending.state = OutboxState.SENT  # its echo came
    session.flush()
    result = approve(session, new.id or 0)
    assert (result.outcome, result.note) == (Outcome.CHANGED, "多了榕木坳村民群")


def test_what_nobody_has_needs_no_correction(session: Session) -> None:
    with pytest.raises(BroadcastStands, match="直接“改"):
        recalls.correct(session, written(session), "后天", by=people(session)[0], now=NOW)


def test_what_was_not_released_is_stopped_too(session: Session) -> None:
    number = timed(session, NOW + timedelta(days=1))
    author, other = people(session)
    recalls.recall(session, number, by=other, now=NOW, rules=RULES)
    assert state(session, number) == BroadcastState.RETURNED
    recalls.recall(session, number, by=author, now=NOW, rules=RULES)
    assert state(session, number) == BroadcastState.DROPPED
    with pytest.raises(BroadcastStands):
        recalls.recall(session, number, by=author, now=NOW, rules=RULES)


# ---- not too many --------------------------------------------------------------------------------------------------


def test_a_group_gets_so_many_a_day(session: Session) -> None:
    author, _ = people(session)
    shiwan = Audience(villages=(2,))
    for _ in range(2):
        approve(session, submitted(session, audience=shiwan))
    number = written(session)
    with pytest.raises(RoomsFull, match="石湾村大家庭今天已有2条通知"):
        broadcasts.submit(session, number, by=author, now=NOW, rules=RULES, speed=SPEED)
    tomorrow = NOW + timedelta(days=1)
    assert releasing.full_rooms(session, session.get_one(Broadcast, number), rules=RULES, now=tomorrow) == []
    broadcasts.change(session, number, by=author, now=NOW, rules=RULES, urgent=True)
    broadcasts.submit(session, number, by=author, now=NOW, rules=RULES, speed=SPEED)
    assert approve(session, number).outcome is Outcome.QUEUED


def test_what_was_stopped_counts_for_nothing(session: Session) -> None:
    author, _ = people(session)
    for _ in range(2):
        number = submitted(session)
        approve(session, number)
        recalls.recall(session, number, by=author, now=NOW, rules=RULES)
    assert approve(session, submitted(session)).outcome is Outcome.QUEUED


def test_it_is_looked_at_again_when_it_is_approved(session: Session) -> None:
    waiting = [submitted(session) for _ in range(3)]
    for number in waiting[:2]:
        approve(session, number)
    with pytest.raises(RoomsFull):
        approve(session, waiting[2])
    assert queued(session, waiting[2]) == []
