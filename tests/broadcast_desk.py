"""What the tests of notices share: two coordinators of the demo town, and short words for what they do."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from sqlmodel import Session, col, select

from data import broadcasts, steps
from data.audiences import Audience
from data.broadcasts import Outcome
from data.loop import Subject
from data.mail import Outbox, OutboxState
from data.pace import Speed
from data.rules import BroadcastRules
from data.tables import Broadcast, BroadcastState, Member
from tests.town import NOW, ZONE, DemoTown, demo_rules

RULES = demo_rules()
OFTEN = replace(RULES, broadcast=BroadcastRules(per_room_day=0))
SPEED = Speed()
FAST = Speed.none()
NIGHT = datetime(2026, 11, 20, 22, 0, tzinfo=ZONE)
TOWN = Audience(town=True)
BOSS, YOUNG = "宣传委员周竹蓉", "干事小农"


@pytest.fixture
def session(town: DemoTown) -> Iterator[Session]:
    with town.session() as session, session.begin():
        yield session


def people(session: Session) -> tuple[int, int]:
    """The two coordinators: who writes, who approves."""
    ids = {name: session.exec(select(Member.id).where(Member.name == name)).one() or 0 for name in (YOUNG, BOSS)}
    return ids[YOUNG], ids[BOSS]


def written(session: Session, text: str = "明天停水", audience: Audience = TOWN, now: datetime = NOW) -> int:
    author, _ = people(session)
    broadcast, _ = broadcasts.draft(session, author_id=author, audience=audience, called="全镇", text=text, now=now)
    return broadcast.id or 0


def submitted(session: Session, text: str = "明天停水", audience: Audience = TOWN, now: datetime = NOW) -> int:
    number = written(session, text, audience, now)
    broadcasts.submit(session, number, by=people(session)[0], now=now, rules=RULES, speed=SPEED)
    return number


def approve(session: Session, number: int, now: datetime = NOW) -> broadcasts.Result:
    return broadcasts.approve(session, number, by=people(session)[1], now=now, rules=RULES, speed=SPEED)


def queued(session: Session, number: int) -> list[Outbox]:
    return list(session.exec(select(Outbox).where(Outbox.broadcast_id == number).order_by(col(Outbox.id))))


def state(session: Session, number: int) -> BroadcastState:
    return session.get_one(Broadcast, number).state


def trail(session: Session, number: int) -> list[tuple[str, str, str]]:
    return [(each.state, each.who, each.reason) for each in steps.trail(session, Subject.BROADCAST, number)]


def timed(session: Session, at: datetime) -> int:
    author, _ = people(session)
    number = written(session)
    broadcasts.change(session, number, by=author, now=NOW, rules=RULES, leaves_at=at)
    broadcasts.submit(session, number, by=author, now=NOW, rules=RULES, speed=SPEED)
    assert approve(session, number).outcome is Outcome.APPROVED
    return number


def half_sent(session: Session) -> int:
    """Two groups have it, one is in doubt, one is on its way, one waits."""
    number = submitted(session)
    approve(session, number)
    states = (OutboxState.SENT, OutboxState.SENT, OutboxState.UNKNOWN, OutboxState.SENDING, OutboxState.PENDING)
    for row, what in zip(queued(session, number), states, strict=True):
        row.state = what
    session.flush()
    return number
