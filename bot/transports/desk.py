"""Transports that end at the console: its users read what they are told there, and hands serve groups from there."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.transports.base import AccountState, Feed, NotSent, Outgoing, Refused
from data import console_users, relay


class DeskTransport:
    """Hears nothing: what is said to it comes in as turns of the console."""

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        self._name, self._clock = name, clock

    @property
    def name(self) -> str:
        return self._name

    async def listen(self, feed: Feed) -> None:
        """It is there; nothing is heard."""
        await feed(AccountState(self.name, self._clock(), online=True, account_id=self.name))
        await asyncio.Event().wait()

    async def picture(self, message_id: str) -> bytes | None:
        return None


class ConsoleTransport(DeskTransport):
    """Speaks to users of the console who have no chat: what they are told is in the outbox, and "今天" shows it."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(console_users.TRANSPORT, clock)

    @property
    def ready(self) -> bool:
        return True

    async def send(self, message: Outgoing) -> str:
        """There is nothing else to do."""
        if not message.direct:
            raise Refused("控制台里没有群")
        return ""


class RelayTransport(DeskTransport):
    """A person's own hands. It is never ready, so the sender leaves to them what is to be said (`data.relay`).

    What is pasted is taken in the turn that pastes it (`Dispatch.take_now`), all of it or none.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(relay.TRANSPORT, clock)

    @property
    def ready(self) -> bool:
        return False

    async def send(self, message: Outgoing) -> str:
        """Only hands send."""
        raise NotSent("手动群由人来发，请到控制台的“手动群”里看。")
