"""The outbox machine, on each database: never lost silently, never sent twice by the machine."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from data import outbox
from data.mail import Outbox, OutboxKind, OutboxState
from data.outbox import Settled
from data.tables import Room
from tests.town import NOW

LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def session(any_engine: Engine) -> Iterator[Session]:
    with Session(any_engine) as session:
        for number in (1, 2):
            session.add(Room(transport="memory", external_id=f"r{number}", name=f"群{number}", created_at=NOW))
        session.commit()
        yield session


def queue(session: Session, text: str, *, room: int = 1, kind: OutboxKind = OutboxKind.REPLY, **more: object) -> int:
    row = outbox.queue(session, room_id=room, kind=kind, text=text, now=NOW, **more)  # type: ignore[arg-type]
    assert row is not None
    return row


def state(session: Session, row: int) -> OutboxState:
    session.expire_all()
    return session.get_one(Outbox, row).state


def due(session: Session) -> list[int]:
    return [row.id for row in outbox.due(session, transports=["memory"], now=LATER, limit=10)]


def test_replies_leave_before_notices_and_pushes(session: Session) -> None:
    push = queue(session, "推送", kind=OutboxKind.PUSH)
    notice = queue(session, "通知", kind=OutboxKind.NOTICE)
    reply = queue(session, "答复")
    assert due(session) == [reply, notice, push]


def test_a_row_waits_for_its_time_and_its_transport(session: Session) -> None:
    queue(session, "明早再发", not_before=NOW + timedelta(hours=10))
    assert due(session) == []
    assert outbox.due(session, transports=[], now=NOW + timedelta(days=1), limit=10) == []
    assert len(outbox.due(session, transports=["memory"], now=NOW + timedelta(days=1), limit=10)) == 1


def test_claimed_once_only(session: Session) -> None:
    row = queue(session, "一次")
    assert [letter.text for letter in outbox.claim(session, [row], now=LATER)] == ["一次"]
    assert outbox.claim(session, [row], now=LATER) == []
    assert state(session, row) is OutboxState.SENDING


def test_an_expired_row_never_leaves(session: Session) -> None:
    row = queue(session, "昨天的推送", expires_at=LATER)
    assert outbox.claim(session, [row], now=LATER) == []
    assert state(session, row) is OutboxState.EXPIRED


def test_what_may_be_said_once_is_queued_once(session: Session) -> None:
    assert outbox.queue(session, room_id=1, kind=OutboxKind.PUSH, text="a", now=NOW, once="push:1") is not None
    assert outbox.queue(session, room_id=1, kind=OutboxKind.PUSH, text="b", now=NOW, once="push:1") is None


def test_settling(session: Session) -> None:
    rows = [queue(session, str(number)) for number in range(4)]
    outbox.claim(session, rows, now=LATER)
    outbox.settle(
        session,
        [
            Settled(rows[0], OutboxState.SENT, transport_message_id="x"),
            Settled(rows[1], OutboxState.FAILED, error="不在群里"),
            Settled(rows[2], OutboxState.UNKNOWN, error="没回音"),
            Settled(rows[3], OutboxState.PENDING, error="没连上", retry_at=LATER),
        ],
        now=LATER,
    )
    kept = session.exec(select(Outbox).order_by(col(Outbox.id))).all()
    assert [row.state for row in kept] == ["sent", "failed", "unknown", "pending"]
    assert [row.attempts for row in kept] == [1, 1, 1, 0]
    assert kept[0].settled_at == LATER
    assert kept[3].settled_at is None


def test_rows_that_we_died_over_are_in_doubt_until_their_echo(session: Session) -> None:
    row = queue(session, "已登记1号。", kind=OutboxKind.NOTICE)
    outbox.claim(session, [row], now=NOW)
    assert outbox.orphan(session, now=LATER) == 1
    assert outbox.in_doubt(session) == {("memory", "r1")}
    other = outbox.settle_by_echo(session, transport="memory", room="r2", text="已登记1号。", message_id="e", now=LATER)
    assert not other
    assert outbox.settle_by_echo(
        session, transport="memory", room="r1", text="@三婶\u2005已登记1号。", message_id="e", now=LATER
    )
    session.flush()
    assert state(session, row) is OutboxState.SENT
    assert outbox.in_doubt(session) == set()


@pytest.mark.parametrize(
    ("kind", "minutes", "again"),
    [
        (OutboxKind.REPLY, 1, True),
        (OutboxKind.REPLY, 10, False),
        (OutboxKind.PUSH, 1, False),
        (OutboxKind.NOTICE, 1, False),
    ],
)
def test_only_a_fresh_reply_is_sent_again_on_a_guess(
    session: Session, kind: OutboxKind, minutes: int, *, again: bool
) -> None:
    row = queue(session, "也许发了", kind=kind)
    outbox.claim(session, [row], now=NOW)
    outbox.orphan(session, now=NOW)
    now = NOW + timedelta(minutes=minutes)
    outbox.retry_fresh_replies(session, now=now, doubt=timedelta(seconds=30), fresh=timedelta(minutes=5))
    assert state(session, row) is (OutboxState.PENDING if again else OutboxState.UNKNOWN)


def test_a_reply_is_sent_again_once_at_most(session: Session) -> None:
    row = queue(session, "也许发了")
    times = {"doubt": timedelta(0), "fresh": timedelta(minutes=5)}
    outbox.claim(session, [row], now=NOW)
    outbox.orphan(session, now=NOW)
    assert outbox.retry_fresh_replies(session, now=NOW, **times) == 1
    outbox.claim(session, [row], now=NOW)
    outbox.orphan(session, now=NOW)
    assert outbox.retry_fresh_replies(session, now=NOW, **times) == 0


def test_pacing_goes_on_from_what_was_sent(session: Session) -> None:
    row = queue(session, "已发")
    outbox.claim(session, [row], now=LATER)
    outbox.settle(session, [Settled(row, OutboxState.SENT)], now=LATER)
    queue(session, "没发")
    assert outbox.last_sends(session, since=NOW) == [(1, "memory", OutboxKind.REPLY, LATER)]


# ---- what is said together -------------------------------------------------------------------------------------------


def together(items: list[str]) -> str:
    return f"已报名：{'、'.join(items)}。"


def gather(session: Session, who: str, *, room: int = 1, key: str = "lecture:1") -> int:
    return outbox.gather(
        session,
        who,
        key=key,
        text=f"{who}，已报名。",
        together=together,
        room_id=room,
        now=NOW,
        mentions=((who, who),),
    )


def test_one_answer_alone_is_said_as_it_is_and_those_that_wait_are_said_together(session: Session) -> None:
    first = gather(session, "甲")
    assert session.get_one(Outbox, first).text == "甲，已报名。"
    assert [gather(session, "乙"), gather(session, "丙")] == [first, first]
    row = session.get_one(Outbox, first)
    assert row.text == "已报名：甲、乙、丙。"
    assert row.mentions == [["甲", "甲"], ["乙", "乙"], ["丙", "丙"]]


def test_answers_of_another_room_or_another_key_are_not_mixed(session: Session) -> None:
    assert len({gather(session, "甲"), gather(session, "乙", room=2), gather(session, "丙", key="lecture:2")}) == 3


def test_what_is_on_its_way_is_never_changed(session: Session) -> None:
    first = gather(session, "甲")
    outbox.claim(session, [first], now=LATER)
    assert gather(session, "乙") != first
    session.expire_all()
    assert session.get_one(Outbox, first).text == "甲，已报名。"


def test_a_message_does_not_grow_without_end(session: Session) -> None:
    rows = [gather(session, f"第{number}人") for number in range(outbox.GATHERED_MOST + 1)]
    assert len(set(rows)) == 2
