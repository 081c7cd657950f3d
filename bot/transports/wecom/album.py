"""Pictures of direct chats, which are fetched only when they are asked for."""

import asyncio
import logging
from collections import OrderedDict
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientSession, ClientTimeout

from bot.transports.base import PICTURE_LIMIT
from bot.transports.wecom.cipher import Undecipherable, decipher
from bot.transports.wecom.frames import Media

log = logging.getLogger("menlou.wecom")

_KEPT = 200  # pictures that may still be asked for
_PADDING = 32  # bytes at most that enciphering adds


class Album:
    """Knows which pictures may be asked for; each is given once. The address of one is a secret of its sender's."""

    def __init__(self, patience: float, *, plain_http: bool) -> None:
        self._patience = patience
        self._schemes = ("https", "http") if plain_http else ("https",)
        self._known: OrderedDict[str, Media] = OrderedDict()

    def announce(self, message_id: str, media: Media) -> None:
        self._known[message_id] = media
        while len(self._known) > _KEPT:
            self._known.popitem(last=False)

    async def fetch(self, message_id: str) -> bytes | None:
        media = self._known.pop(message_id, None)
        if media is None:
            return None
        try:
            enciphered = await self._load(media.url)
            picture = await asyncio.to_thread(decipher, enciphered, media.aeskey)
        except (ClientError, OSError, ValueError, Undecipherable) as error:  # no address in what is told
            told = error if isinstance(error, Undecipherable) else type(error).__name__
            log.warning("picture %s cannot be had: %s", message_id, told)
            return None
        return picture if len(picture) <= PICTURE_LIMIT else None

    async def _load(self, url: str) -> bytes:
        if urlsplit(url).scheme not in self._schemes:
            raise Undecipherable("its address is no https")
        got = bytearray()
        async with (
            ClientSession(timeout=ClientTimeout(total=self._patience)) as http,
            http.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise Undecipherable(f"HTTP {answer.status}")
            async for part in answer.content.iter_any():
                got += part
                if len(got) > PICTURE_LIMIT + _PADDING:
                    raise Undecipherable("it is above the limit")
        return bytes(got)
