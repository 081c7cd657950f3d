"""Pictures of direct chats, which are fetched only when they are asked for."""

import logging
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.transports.base import PICTURE_LIMIT
from bot.transports.wechaty.gateway import Gateway, GatewayError

log = logging.getLogger("menlou.wechaty")

_KEPT = 500  # pictures that may still be asked for
_MISSES = 2  # in a row, until the gateway is believed to give none
_REST = timedelta(seconds=60)


class Album:
    """Knows which pictures may be asked for; each is given once.

    A picture that the gateway does not give costs all the patience there is, and what its sender says next waits for
    that. So after two such the gateway is left in peace for a minute, and then tried with one.
    """

    def __init__(self, gateway: Callable[[], Gateway], patience: float, clock: Callable[[], datetime]) -> None:
        self._gateway = gateway
        self._patience = patience
        self._clock = clock
        self._known: OrderedDict[str, None] = OrderedDict()  # by the message's id
        self._misses = 0
        self._again = clock()

    def announce(self, message_id: str) -> None:
        """A picture came; the latest `_KEPT` of them can be had."""
        self._known[message_id] = None
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    async def fetch(self, message_id: str) -> bytes | None:
        if message_id not in self._known:  # the gateway would never answer
            return None
        del self._known[message_id]
        if self._misses >= _MISSES and self._clock() < self._again:
            return None
        try:
            picture = await self._gateway().picture(message_id, PICTURE_LIMIT, self._patience)
        except GatewayError as error:
            self._misses += 1
            self._again = self._clock() + _REST
            log.warning("picture %s cannot be had: %s", message_id, error)
            return None
        self._misses = 0
        return picture
