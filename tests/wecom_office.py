"""What the tests of WeCom's aibot share: an office whose bot listens to a stand-in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.transports.base import Outgoing, TransportError
from bot.transports.wecom.bot import WecomBot
from bot.transports.wecom.settings import BotSettings
from handlers.message import Heard
from tests.gateway.village import Ears, bounded
from tests.wecom_standin import BOT_ID, GROUP, PERSON, SECRET, Standin


@dataclass
class Rest:
    """Stands for sleeping: short rests pass at once, long ones when the test says so."""

    long: float = 100.0
    taken: list[float] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        if seconds >= self.long:
            self.begun.set()
            await self.over.wait()
            self.over.clear()


@dataclass
class Office:
    standin: Standin
    transport: WecomBot
    ears: Ears
    rest: Rest
    now: datetime = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    async def send(self, text: str = "好的", room: str = GROUP, **about: Any) -> str:
        return await self.transport.send(Outgoing(room, text, **about))

    async def fails(self, text: str = "好的", **about: Any) -> TransportError:
        with pytest.raises(TransportError) as failed:
            await self.send(text, **about)
        assert SECRET not in str(failed.value)
        return failed.value

    async def hears(self, text: str = "在吗", *, room: str = GROUP, who: str = PERSON) -> Heard:
        message_id = await self.standin.say_text(text, room=room, who=who)
        return await self.ears.wait(Heard, lambda heard: heard.message_id == message_id)


@asynccontextmanager
async def an_office(standin: Standin, **tuning: Any) -> AsyncIterator[Office]:
    quick = {"ack_timeout": 0.3, "ping_timeout": 0.3, "backoff_first": 1.0, "picture_timeout": 2.0}
    settings = BotSettings(**{"bot_id": BOT_ID, "secret": SECRET, "ws": standin.ws, **quick, **tuning})
    rest = Rest()
    bot = WecomBot(settings, clock=lambda: office.now, rest=rest)
    office = Office(standin, bot, Ears(), rest)
    listening = asyncio.create_task(bot.listen(office.ears))
    try:
        yield office
        assert not listening.done(), "nothing but cancellation ends listen()"
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def in_office(story: Callable[[Office], Awaitable[None]], **tuning: Any) -> None:
    async def run() -> None:
        async with Standin() as standin, an_office(standin, **tuning) as office:
            await office.ears.wait_state(online=True)
            await story(office)

    bounded(run())
