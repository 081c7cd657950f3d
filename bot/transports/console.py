"""The console as a transport: what is said to somebody who has no chat lies on their page "今天"."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.transports.base import AccountState, Feed, Outgoing, Refused
from data.console_users import TRANSPORT


class ConsoleTransport:
    """Speaks to users of the console, who read it there; nobody is heard this way."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    @property
    def name(self) -> str:
        return TRANSPORT

    @property
    def ready(self) -> bool:
        return True

    async def listen(self, feed: Feed) -> None:
        """Nothing is heard."""
        await feed(AccountState(self.name, self._clock(), online=True, account_id=TRANSPORT))
        await asyncio.Event().wait()

    async def send(self, message: Outgoing) -> str:
        """It is in the outbox, which the page shows; there is nothing else to do."""
        if not message.direct:
            raise Refused("控制台里没有群")
        return ""

    async def picture(self, message_id: str) -> bytes | None:
        return None
