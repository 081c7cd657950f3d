"""Reminders of what is due: half-way and when time is over, in private, once, one message a person."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import col, select

from data import chasing, orders, progress
from data.loop import Order, OrderState
from data.mail import Outbox
from data.tables import Member, Room, RoomKind
from tests.town import NOW, DemoTown, Talk, demo_rules

RULES = demo_rules()
DESK, OTHER_DESK = "宣传委员周竹蓉", "干事小农"
MONDAY = NOW + timedelta(days=3)


def placed(town: DemoTown, *, count: int = 1, at: datetime = NOW, urgent: bool = False) -> None:
    with town.session() as session, session.begin():
        for number in range(count):
            orders.place(
                session,
                member_id=1,
                room_id=1,
                village_id=1,
                topic_id=None,
                lecturer_id=None,
                wish=f"愿望{at:%m%d%H%M}{number}{urgent}",
                now=at,
                rules=RULES,
                urgent=urgent,
            )


def chased(town: DemoTown, now: datetime) -> list[tuple[str, str]]:
    """(who, what) of one run."""
    with town.session() as session, session.begin():
        before = session.exec(select(Outbox.id).order_by(col(Outbox.id).desc())).first() or 0
        count = chasing.chase(session, rules=RULES, now=now)
        rows = session.exec(
            select(Member.name, Room.kind, Outbox.text)
            .join(Room, col(Outbox.room_id) == col(Room.id))
            .join(Member, col(Member.external_id) == col(Room.external_id))
            .where(col(Outbox.id) > before)
            .order_by(col(Outbox.id))
        ).all()
        assert len(rows) == count, "each told is told in a direct chat"
        assert all(kind == RoomKind.DIRECT for _, kind, _ in rows)
    return [(who, text) for who, _, text in rows]


def test_half_way_and_over_each_once(town: DemoTown) -> None:
    placed(town)  # on Friday at 15:00, with four hours of office time: until Monday 09:00, half-way at 17:00
    assert chased(town, NOW + timedelta(minutes=119)) == []
    assert [who for who, _ in chased(town, NOW + timedelta(minutes=120))] == [DESK, OTHER_DESK]
    assert chased(town, NOW + timedelta(minutes=121)) == []
    assert chased(town, MONDAY.replace(hour=8, minute=59)) == []
    told = chased(town, MONDAY.replace(hour=9))
    assert [who for who, _ in told] == [DESK, OTHER_DESK]
    assert "1号〔超时〕" in told[0][1]
    assert "发“1号”" in told[0][1], "the next word to type"
    assert chased(town, MONDAY.replace(hour=9, minute=1)) == []
    assert chased(town, MONDAY + timedelta(days=1)) == []


def test_an_urgent_order_is_half_way_sooner(town: DemoTown) -> None:
    placed(town)
    placed(town, urgent=True)
    for _, told in chased(town, NOW + timedelta(minutes=31)):
        assert "2号 " in told
        assert "1号 " not in told
    assert chased(town, NOW + timedelta(minutes=32)) == []
    assert len(chased(town, NOW + timedelta(minutes=60))) == 2


def test_many_are_gathered_into_one_message_a_person(town: DemoTown) -> None:
    placed(town, count=12)
    told = chased(town, NOW + timedelta(hours=2))
    assert len(told) == 2
    assert told[0][1].count("· ") == chasing.SHOWN
    assert "还有4件" in told[0][1]
    assert chased(town, NOW + timedelta(hours=2, minutes=1)) == []


def test_after_a_long_silence_each_is_told_once_and_nothing_of_long_ago(town: DemoTown) -> None:
    placed(town, count=3, at=NOW - timedelta(days=40))
    placed(town, count=3, at=NOW - timedelta(days=4))
    told = chased(town, NOW)
    assert len(told) == 2
    assert told[0][1].count("· ") == 3
    assert chased(town, NOW + timedelta(minutes=1)) == []


def test_nobody_is_reminded_in_quiet_hours(town: DemoTown) -> None:
    placed(town)
    assert chased(town, NOW.replace(hour=22)) == []
    assert chased(town, NOW.replace(hour=7, minute=29) + timedelta(days=1)) == []
    assert len(chased(town, NOW.replace(hour=7, minute=30) + timedelta(days=1))) == 2


def test_a_new_step_is_reminded_of_anew(town: DemoTown) -> None:
    placed(town)
    assert chased(town, NOW + timedelta(hours=2))
    with town.session() as session, session.begin():
        order = progress.find(session, 1)
        order.owner_id = session.exec(select(Member.id).where(Member.name == DESK)).one()
        progress.advance(session, order, OrderState.REVIEWED, by=None, now=NOW + timedelta(hours=2), rules=RULES)
    told = chased(town, MONDAY.replace(hour=12))  # one hour on Friday, four on Monday: half of ten
    assert [who for who, _ in told] == [DESK], "who looks after it, and nobody else"
    assert "待派" in told[0][1]


def test_the_lecturer_is_reminded_and_the_desk_only_when_time_is_over(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", "上坪村乡亲群", "点课 反诈骗")
    talk.say(DESK, None, "1号 派 覃警官 12月4日晚上")
    told = chased(town, MONDAY.replace(hour=10, minute=1))
    assert [who for who, _ in told] == ["覃警官"]
    assert "方便时回一声" in told[0][1]
    told = chased(town, MONDAY.replace(hour=15, minute=1))
    assert [who for who, _ in told] == ["覃警官", DESK]
    assert "1号 收回 理由" in told[1][1]
    assert chased(town, MONDAY.replace(hour=15, minute=2)) == []


def test_a_time_that_the_lecturer_named_waits_for_the_desk(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", "上坪村乡亲群", "点课 反诈骗")
    talk.say(DESK, None, "1号 派 覃警官 12月4日晚上")
    talk.later(minutes=2)
    talk.say("覃警官", None, "改到12月3日晚上")
    ((who, told),) = chased(town, MONDAY.replace(hour=10, minute=1))
    assert who == DESK
    assert "1号 同意" in told


@pytest.mark.parametrize("state", [OrderState.SCHEDULED, OrderState.DECLINED, OrderState.ARCHIVED, OrderState.MERGED])
def test_what_is_settled_is_never_chased(town: DemoTown, state: OrderState) -> None:
    placed(town)
    with town.session() as session, session.begin():
        progress.find(session, 1).state = state
    assert chased(town, MONDAY) == []


def test_a_run_with_nothing_due_asks_four_times_of_an_index(town: DemoTown) -> None:
    placed(town)
    with town.session() as session, session.begin():
        asked: list[str] = []
        connection = session.connection()

        def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
            asked.append(statement)

        event.listen(connection, "before_cursor_execute", note)
        assert chasing.chase(session, rules=RULES, now=NOW + timedelta(minutes=1)) == 0
        assert len(asked) == 4
        times = {"state": OrderState.RECEIVED, "since": NOW, "until": NOW, "now": NOW}
        literal = chasing._NEXT.params(times).compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {literal}")]
    assert any("ix_order_desk" in line for line in plan), plan
    assert session.get(Order, 1) is not None
