"""The house of the sender's tests: a clock that the test moves, a worker that tells, a transport with moods."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.dispatch import Dispatch
from bot.pacing import Pacer
from bot.sender import Sender
from bot.transports.base import Echo, Outgoing, Uncertain
from bot.transports.memory import MemoryTransport
from bot.worker import Worker
from data import outbox
from data.accounts import Caution
from data.hours import QuietHours
from data.mail import Outbox, OutboxKind, OutboxState
from data.missed import Patience
from data.pace import Speed
from data.tables import Room
from handlers.message import Heard
from handlers.take import Listener
from tests.town import NOW, WEB, DemoTown, Talk

GROUP, OTHER = "上坪村乡亲群", "石湾村大家庭"
AUNT, AUNT_CHEN, UNCLE = "三婶唐桂英", "渡口陈姨", "坪顶梁伯"
PATIENCE = 10.0
SENDING, PENDING, SENT = OutboxState.SENDING, OutboxState.PENDING, OutboxState.SENT
FAILED, UNKNOWN, EXPIRED = OutboxState.FAILED, OutboxState.UNKNOWN, OutboxState.EXPIRED
Result = TypeVar("Result")


@dataclass
class Clock:
    """The only clock there is; it stands still unless the test moves it."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, span: timedelta) -> None:
        self.now += span


class WatchedWorker(Worker):
    """Tells after each transaction that something may have changed."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine)
        self.turned = asyncio.Condition()

    async def run(self, work: Callable[[Session], Result]) -> Result:
        try:
            return await super().run(work)
        finally:
            async with self.turned:
                self.turned.notify_all()


class MoodyTransport(MemoryTransport):
    """A transport whose sends can be made to do what the test scripts: one mood for each of the next sends."""

    def __init__(self, clock: Callable[[], datetime], *, echo: bool = True) -> None:
        super().__init__(clock, name=WEB, echo=echo)
        self.moods: list[Callable[[Outgoing], Awaitable[None]]] = []
        self.tries: list[str] = []
        self.trying = asyncio.Event()  # a send has begun since this was last cleared

    async def send(self, message: Outgoing) -> str:
        self.tries.append(message.text)
        self.trying.set()
        if self.moods:
            await self.moods.pop(0)(message)
        return await super().send(message)

    def came_back(self, message: Outgoing, message_id: str = "seen") -> None:
        """The message went out after all: it is seen in its room."""
        mentions = "".join(f"@{name}\u2005" for _, name in message.mentions)
        self.report(Echo(self.name, message.room_id, message_id, mentions + message.text, self._clock()))


async def silence() -> None:
    """A sender that never begins: the test asks for each drain itself."""


async def hang(_message: Outgoing) -> None:
    """The answer never comes."""
    await asyncio.Event().wait()


async def no_answer(_message: Outgoing) -> None:
    raise Uncertain("断在半路")


@dataclass
class House:
    """The whole of it over one town: restart it as often as a story needs."""

    town: DemoTown
    clock: Clock
    talk: Talk
    worker: WatchedWorker
    transport: MoodyTransport
    sender: Sender
    speaking: asyncio.Task[None]
    rooms: dict[str, int] = field(default_factory=dict)

    def heard(self, who: str, where: str | None, text: str) -> Heard:
        self.talk.now = self.clock.now
        heard = self.talk.heard(who, where, text)
        self.clock.now = self.talk.now
        return heard

    def say(self, who: str, where: str | None, text: str) -> Heard:
        """Somebody writes; the house takes it in its own time."""
        heard = self.heard(who, where, text)
        self.transport.report(heard)
        return heard

    async def queue(self, text: str, where: str = GROUP, kind: OutboxKind = OutboxKind.NOTICE) -> None:
        """Queue something, as a job does, and wake the sender."""
        room = self.rooms[where]
        await self.worker.run(
            lambda session: outbox.queue(session, room_id=room, kind=kind, text=text, now=self.clock.now)
        )
        self.sender.wake()

    def rows(self) -> list[Outbox]:
        with self.town.session() as session:
            return list(session.exec(select(Outbox).order_by(col(Outbox.id))))

    def states(self) -> list[OutboxState]:
        return [row.state for row in self.rows()]

    async def until(self, *states: OutboxState) -> list[Outbox]:
        """Wait until the outbox is in just these states, and return its rows."""
        try:
            async with asyncio.timeout(PATIENCE), self.worker.turned:
                await self.worker.turned.wait_for(lambda: self.states() == list(states))
        except TimeoutError:
            raise AssertionError(f"the outbox came to {self.states()}, not to {list(states)}") from None
        return self.rows()

    async def tried(self, count: int) -> None:
        """Wait until that many sends were begun in all."""
        async with asyncio.timeout(PATIENCE):
            while len(self.transport.tries) < count:
                self.transport.trying.clear()
                await self.transport.trying.wait()

    async def drained(self) -> None:
        """Drain by hand until there is nothing to send now, and what was sent is settled."""
        async with asyncio.timeout(PATIENCE):
            while await self.sender.drain() == 0.0:
                pass

    async def look(self) -> None:
        """The sender looks at its outbox once more; back when it has looked and found nothing to send."""
        self.sender.wake()
        for _ in range(4):  # a look from before the wake, a look; and had it found something, the claim and the end
            async with asyncio.timeout(PATIENCE), self.worker.turned:
                await self.worker.turned.wait()
            self.sender.wake()


@asynccontextmanager
async def living(
    town: DemoTown,
    *,
    clock: Clock | None = None,
    listener: Listener | None = None,
    echo: bool = True,
    speak: bool = True,
    send_timeout: float = 30.0,
    pace: Speed | None = None,
    caution: Caution | None = None,
    quiet: QuietHours | None = None,
    patience: Patience | None = None,
) -> AsyncIterator[House]:
    """A house that listens and speaks; leaving it is a crash: whatever is going on ends where it stands."""
    clock = clock or Clock()
    worker = WatchedWorker(town.engine)
    transport = MoodyTransport(clock, echo=echo)
    pacers = {WEB: Pacer(pace or Speed.none())}
    sender = Sender(
        worker,
        {WEB: transport},
        pacers,
        clock,
        send_timeout=send_timeout,
        caution={WEB: caution} if caution else None,
        quiet=quiet,
        patience=patience,
    )
    dispatch = Dispatch(listener or town.listener(), worker, sender, clock)
    listening = asyncio.create_task(transport.listen(dispatch.feed))
    speaking = asyncio.create_task(sender.run() if speak else silence())
    house = House(town, clock, Talk(town), worker, transport, sender, speaking)
    with town.session() as session:
        house.rooms = {room.name: room.id for room in session.exec(select(Room)) if room.id is not None}
    try:
        yield house
    finally:
        for task in (listening, speaking):
            task.cancel()
        await asyncio.gather(listening, speaking, return_exceptions=True)
        worker.close()


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(60):
            await story()

    asyncio.run(run())
