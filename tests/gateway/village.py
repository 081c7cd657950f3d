"""What the tests of the Wechaty adapter share: ears that await what they want to hear, and a village that listens."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from bot.transports.base import AccountState, Event, Outgoing
from bot.transports.wechaty import WechatySettings, WechatyTransport
from tests.gateway.harness import Gateway

EAST, WEST = "east@chatroom", "west@chatroom"
QUICK = {"ding_every": 0.2, "ding_timeout": 0.3, "backoff_first": 0.05, "backoff_cap": 0.2, "send_timeout": 2.0}
E = TypeVar("E", bound=Event)


@dataclass
class Ears:
    """A feed that keeps what it hears, and lets a test await what it wants to hear."""

    heard: list[Event] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, event: Event) -> None:
        async with self.news:
            self.heard.append(event)
            self.news.notify_all()

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.heard if isinstance(event, kind)]

    async def wait(self, kind: type[E], wanted: Callable[[E], bool] = lambda event: True, timeout: float = 30) -> E:
        def found() -> list[E]:
            return [event for event in self.all(kind) if wanted(event)]

        try:
            async with asyncio.timeout(timeout), self.news:
                await self.news.wait_for(lambda: bool(found()))
        except TimeoutError:
            raise AssertionError(f"no such {kind.__name__} came within {timeout} s; last: {self.heard[-5:]}") from None
        return found()[0]

    async def wait_state(self, *, online: bool, timeout: float = 30) -> AccountState:
        """The account is (or comes to be) online or not; the events before are forgotten."""
        state = await self.wait(AccountState, lambda state: state.online is online, timeout)
        del self.heard[: self.heard.index(state) + 1]
        return state


@dataclass
class Village:
    gateway: Gateway
    transport: WechatyTransport
    ears: Ears

    async def send(self, text: str, **about: Any) -> str:
        return await self.transport.send(Outgoing(about.pop("room_id", EAST), text, **about))


@asynccontextmanager
async def listening(gateway: Gateway, **tuning: Any) -> AsyncIterator[Village]:
    settings = WechatySettings(**{"endpoint": gateway.endpoint, "token": gateway.token, **QUICK, **tuning})
    village = Village(gateway, WechatyTransport(settings), Ears())
    task = asyncio.create_task(village.transport.listen(village.ears))
    try:
        yield village
        assert not task.done(), "nothing but cancellation ends listen()"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def in_village(test: Callable[[Village], Awaitable[None]], **tuning: Any) -> None:
    async def run() -> None:
        async with Gateway() as gateway, listening(gateway, **tuning) as village:
            await village.ears.wait_state(online=True)
            await test(village)

    bounded(run())


def bounded(work: Coroutine[Any, Any, None], seconds: float = 180) -> None:
    async def run() -> None:
        async with asyncio.timeout(seconds):
            await work

    asyncio.run(run())
