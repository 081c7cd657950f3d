"""Who is who: the names of people and rooms as the gateway tells them, kept in bounded caches."""

import logging
from collections.abc import Callable
from typing import Any

from bot.transports.wechaty.cache import Cache
from bot.transports.wechaty.gateway import EventType, Gateway, GatewayError, GatewayEvent
from bot.transports.wechaty.text import names_bot, names_everyone

log = logging.getLogger("menlou.wechaty")


class Book:
    """A name that cannot be had is empty: names are for showing, and no message waits for one for ever."""

    def __init__(self, size: int, gateway: Callable[[], Gateway]) -> None:
        self._gateway = gateway
        self._contacts: Cache[str, str] = Cache(size, self._ask_contact)
        self._topics: Cache[str, str] = Cache(size, self._ask_topic)
        self._members: Cache[tuple[str, str], tuple[str, str]] = Cache(size, self._ask_member)

    async def contact(self, contact_id: str) -> str:
        try:
            return await self._contacts.get(contact_id)
        except GatewayError as error:
            log.info("no name for a contact: %s", error)
            return ""

    async def topic(self, room_id: str) -> str:
        try:
            return await self._topics.get(room_id)
        except GatewayError as error:
            log.info("no topic for a room: %s", error)
            return ""

    async def member(self, room_id: str, contact_id: str) -> str:
        """The name a person bears in a room."""
        alias, name = await self._member(room_id, contact_id)
        return alias or name or await self.contact(contact_id)

    async def addressed(self, bot: str, room_id: str, text: str, mention_ids: tuple[str, ...]) -> bool:
        """Whether a message in a room addresses the bot, by its id or by any of its names there."""
        if bot in mention_ids and not names_everyone(text):
            return True
        if "@" not in text:
            return False
        alias, name = await self._member(room_id, bot)
        return names_bot(text, {alias, name, await self.contact(bot)})

    def refresh(self, event: GatewayEvent) -> None:
        """Forget, or correct, what an event tells has changed."""
        about = event.payload
        room_id = str(about.get("roomId") or "")
        match event.type:
            case EventType.ROOM_TOPIC:
                self._topics.put(room_id, str(about.get("newTopic") or ""))
            case EventType.ROOM_JOIN | EventType.ROOM_LEAVE:
                self._members.drop(lambda key: key[0] == room_id)
            case EventType.DIRTY:
                self._forget(about)

    def forget(self) -> None:
        """After a time without connection anything may have changed."""
        for cache in (self._contacts, self._topics, self._members):
            cache.clear()

    def _forget(self, about: dict[str, Any]) -> None:
        stale = str(about.get("payloadId") or "")
        match about.get("payloadType"):  # Wechaty's DirtyType: contact, room, room member
            case 2:
                self._contacts.drop(lambda key: key == stale)
                self._members.drop(lambda key: key[1] == stale)
            case 3:
                self._topics.drop(lambda key: key == stale)
            case 4:  # the id is the room's, or is made of the room's and the member's
                self._members.drop(lambda key: key[0] in stale)

    async def _member(self, room_id: str, contact_id: str) -> tuple[str, str]:
        try:
            return await self._members.get((room_id, contact_id))
        except GatewayError as error:
            log.info("no name for a member: %s", error)
            return "", ""

    async def _ask_contact(self, contact_id: str) -> str:
        return await self._gateway().contact_name(contact_id)

    async def _ask_topic(self, room_id: str) -> str:
        return await self._gateway().room_topic(room_id)

    async def _ask_member(self, key: tuple[str, str]) -> tuple[str, str]:
        return await self._gateway().member_names(*key)
