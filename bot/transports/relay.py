"""A person's own hands as a transport: what people say is pasted into the console, what we say is copied out of it."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.transports.base import AccountState, Feed, NotSent, Outgoing
from data.relay import TRANSPORT


class RelayTransport:
    """Hands. It is never ready, so the sender leaves what is to be said to them: rows wait as cards (`data.relay`).

    What is pasted is taken in the turn that pastes it (`Dispatch.take_now`), all of it or none, so nothing is listened
    to here either.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    @property
    def name(self) -> str:
        return TRANSPORT

    @property
    def ready(self) -> bool:
        return False

    async def listen(self, feed: Feed) -> None:
        """Hands are there."""
        await feed(AccountState(self.name, self._clock(), online=True, account_id=TRANSPORT))
        await asyncio.Event().wait()

    async def send(self, message: Outgoing) -> str:
        """Only hands send."""
        raise NotSent("手动群由人来发，请到控制台的“手动群”里看。")

    async def picture(self, message_id: str) -> bytes | None:
        return None
