"""Hands as a transport: the sender leaves to them what is theirs, whatever happens to the other transports."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from bot.pacing import Pacer
from bot.sender import Sender
from bot.transports.base import AccountState, Event, NotSent, Outgoing, Transport
from bot.transports.desk import RelayTransport
from bot.transports.memory import MemoryTransport
from bot.worker import Worker
from data import outbox, relay
from data.mail import Outbox, OutboxKind, OutboxState
from data.missed import Patience
from data.pace import Speed
from data.tables import Room, RoomKind
from tests.town import NOW, WEB, DemoTown


def test_what_is_for_hands_is_never_sent_and_never_given_up_by_the_machine(town: DemoTown) -> None:
    """Days go by: the cards still wait, the others went. It was a bug: an answer lapsed before its hands came by."""
    now = [NOW]

    def clock() -> datetime:
        return now[0]

    with town.session() as session, session.begin():
        group = session.exec(select(Room).where(Room.transport == WEB, Room.kind == RoomKind.RESIDENTS)).first()
        assert group is not None and group.id is not None
        mine = relay.add_room(session, name="手动群", village_id=group.village_id, kind=RoomKind.RESIDENTS, now=NOW)
        assert mine.id is not None
        there, here = group.id, mine.id
        rows = {
            (room, kind): outbox.queue(session, room_id=room, kind=kind, text=f"{kind}", now=NOW)
            for room in (there, here)
            for kind in OutboxKind
        }

    async def story() -> None:
        worker = Worker(town.engine)
        transports: dict[str, Transport] = {WEB: MemoryTransport(clock, name=WEB), "relay": RelayTransport(clock)}
        pacers = {name: Pacer(Speed.none()) for name in transports}
        sender = Sender(worker, transports, pacers, clock, patience=Patience(*[timedelta(hours=1)] * 3))
        for _ in range(3):
            while await sender.drain() == 0:
                pass
            now[0] += timedelta(hours=20)
        await sender.stop()
        worker.close()

    asyncio.run(story())
    with town.session() as session:
        states = {key: session.get_one(Outbox, id_).state for key, id_ in rows.items()}
        cards = relay.cards(session, here, now=now[0])
    for kind in OutboxKind:
        assert states[here, kind] is OutboxState.PENDING
        assert states[there, kind] is not OutboxState.PENDING
    assert [card.kind for card in cards] == [OutboxKind.REPLY, OutboxKind.NOTICE, OutboxKind.PUSH]
    assert [card.stale for card in cards] == [True, False, False]


def test_only_hands_send() -> None:
    async def story() -> None:
        heard: list[Event] = []
        told = asyncio.Event()

        async def feed(event: Event) -> None:
            heard.append(event)
            told.set()

        transport = RelayTransport(lambda: NOW)
        listening = asyncio.create_task(transport.listen(feed))
        await told.wait()
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        assert heard == [AccountState("relay", NOW, online=True, account_id="relay")]
        assert not transport.ready
        with pytest.raises(NotSent):
            await transport.send(Outgoing("hand:1", "话"))
        assert await transport.picture("x") is None

    asyncio.run(story())
