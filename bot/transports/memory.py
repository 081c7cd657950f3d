"""A transport in memory: for tests and benchmarks, and held to the same contract as the others."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from bot.transports.base import Echo, Event, Feed, Outgoing, Refused, TransportError

log = logging.getLogger("menlou.memory")


class MemoryTransport:
    """Keeps what was sent in ``sent`` and reports what `report` is given. ``fail_with`` makes the next sends fail.

    ``pictures`` are those that people sent, by the message's id; each is given away once.
    With ``rooms`` it knows these (and people) only, as a gateway does; without, it takes every room.
    """

    def __init__(
        self,
        clock: Callable[[], datetime],
        *,
        name: str = "memory",
        echo: bool = True,
        rooms: frozenset[str] | None = None,
    ) -> None:
        self.name = name
        self.ready = True
        self.sent: list[Outgoing] = []
        self.fail_with: list[TransportError] = []
        self.pictures: dict[str, bytes] = {}
        self._clock = clock
        self._rooms = rooms
        self._echo = echo
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._arrived = asyncio.Condition()

    async def listen(self, feed: Feed) -> None:
        while True:
            event = await self._events.get()
            try:
                await feed(event)
            except Exception:  # one event that cannot be taken must not end the listening
                log.exception("没能处理 %s", type(event).__name__)
            finally:
                self._events.task_done()

    async def send(self, message: Outgoing) -> str:
        if self.fail_with:
            raise self.fail_with.pop(0)
        if self._rooms is not None and message.room_id not in self._rooms:
            raise Refused(f"没有这个群或这个人：{message.room_id}")
        self.sent.append(message)
        message_id = f"{self.name}-{len(self.sent)}"
        if self._echo:
            self.report(Echo(self.name, message.room_id, message_id, message.text, self._clock()))
        async with self._arrived:
            self._arrived.notify_all()
        return message_id

    async def picture(self, message_id: str) -> bytes | None:
        return self.pictures.pop(message_id, None)

    def report(self, event: Event) -> None:
        """Something happened: it reaches the feed in order."""
        self._events.put_nowait(event)

    async def settled(self) -> None:
        """Wait until every reported event was taken."""
        await self._events.join()

    async def wait_for(self, count: int, *, timeout: float = 10.0) -> list[Outgoing]:
        """Wait until ``count`` messages were sent in all, and return them."""
        async with asyncio.timeout(timeout), self._arrived:
            await self._arrived.wait_for(lambda: len(self.sent) >= count)
        return self.sent
