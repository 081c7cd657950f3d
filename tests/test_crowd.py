"""Two hundred people want thirty seats at the same moment: thirty sit, the rest wait in the order in which they came.

The whole bot but its process: Dispatch, the worker's thread, and the sender over a transport in memory.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from random import Random

from sqlmodel import Session, col, select

from bot.dispatch import Dispatch
from bot.pacing import Pacer
from bot.sender import Sender
from bot.transports.base import Outgoing
from bot.transports.memory import MemoryTransport
from bot.worker import Worker
from data.loop import Lecture, SignUp, SignUpState
from data.mail import Outbox, OutboxState
from data.pace import Speed
from data.tables import Member
from handlers.message import Heard
from tests.town import NOW, WEB, DemoTown

CROWD, SEATS = 200, 30
GROUP = "r-shangping-1"
WORDS = ("报名", "报名1人", "我要报名", "报名 1 人", "我报名")


def crowd(words: Iterator[str]) -> list[Heard]:
    """Everybody's message, in the order in which they reach us."""
    return [
        Heard(WEB, f"m{number}", GROUP, f"u{number}", next(words), NOW, sender_name=f"村民{number}")
        for number in range(CROWD)
    ]


def in_crowd(town: DemoTown, heard: list[Heard]) -> list[Outgoing]:
    """All speak at once; returns what was said when everybody has their answer."""

    async def play() -> list[Outgoing]:
        transport = MemoryTransport(lambda: NOW, name=WEB)
        worker, clock = Worker(town.engine), Clock()
        sender = Sender(worker, {WEB: transport}, {WEB: Pacer(Speed.none())}, clock)
        dispatch = Dispatch(town.listener(), worker, sender, clock)
        listening = asyncio.create_task(transport.listen(dispatch.feed))
        speaking = asyncio.create_task(sender.run())
        await asyncio.gather(*map(dispatch.feed, heard))
        while len(answered(transport.sent)) < len(heard):
            await transport.wait_for(len(transport.sent) + 1)
        await transport.settled()
        await sender.stop()
        listening.cancel()
        await asyncio.gather(speaking, listening, return_exceptions=True)
        worker.close()
        return transport.sent

    return asyncio.run(play())


class Clock:
    """Goes on by a second in every five looks: many arrive within one moment."""

    def __init__(self) -> None:
        self._looks = count()

    def __call__(self) -> datetime:
        return NOW + timedelta(seconds=next(self._looks) // 5)


def answered(sent: list[Outgoing]) -> Counter[str]:
    return Counter(who for each in sent for who, _ in each.mentions)


def seat(town: DemoTown, seats: int) -> None:
    with town.session() as session, session.begin():
        lecture = session.exec(select(Lecture).where(Lecture.seats == 40)).one()
        lecture.seats = seats


def listed(session: Session) -> list[tuple[str, SignUp]]:
    query = select(Member.external_id, SignUp).join(SignUp).order_by(col(SignUp.at), col(SignUp.id))
    return list(session.exec(query))


def test_two_hundred_for_thirty_seats(town: DemoTown) -> None:
    seat(town, SEATS)
    heard = crowd(iter(WORDS * CROWD))
    sent = in_crowd(town, heard)
    with town.session() as session:
        rows = listed(session)
        unsent = session.exec(select(Outbox).where(Outbox.state != OutboxState.SENT)).all()
    assert [who for who, _ in rows] == [each.sender_id for each in heard]
    assert [row.state for _, row in rows] == [SignUpState.SEATED] * SEATS + [SignUpState.WAITING] * (CROWD - SEATS)
    assert sum(row.people for _, row in rows if row.state == SignUpState.SEATED) == SEATS
    assert answered(sent) == Counter(each.sender_id for each in heard)  # once each, alone or with others
    assert all(each.room_id == GROUP for each in sent)
    assert not unsent


def test_a_crowd_of_families_is_never_oversold(town: DemoTown) -> None:
    """Parties of one to four, weighed as one who keeps the list by hand would: who fits sits; who does not is told how
    many seats are left; when none is, they wait, and from then on everybody waits."""
    seat(town, SEATS)
    dice = Random(4)
    sizes = [dice.randint(1, 4) for _ in range(CROWD)]
    people = crowd(iter(WORDS * CROWD))
    sent = in_crowd(town, [replace(each, text=f"报名{size}人") for each, size in zip(people, sizes, strict=True)])
    left, wanted = SEATS, []
    for each, size in zip(people, sizes, strict=True):
        if left and size > left:
            continue  # 只剩2位: they may say how many come, or wait
        wanted.append((each.sender_id, size, SignUpState.SEATED if left else SignUpState.WAITING))
        left -= size if left else 0
    with town.session() as session:
        rows = [(who, row.people, row.state) for who, row in listed(session)]
    assert rows == wanted
    assert sum(size for _, size, state in rows if state == SignUpState.SEATED) == SEATS
    assert len(rows) < CROWD  # somebody did not fit while there were seats: else this told nothing
    assert answered(sent) == Counter(each.sender_id for each in people)
