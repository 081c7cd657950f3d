"""The web chat as a transport."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from aiohttp import web

from bot.transports.base import AccountState, Echo, Event, Feed, NotSent, Outgoing, Recalled, Refused, Uncertain
from bot.transports.webchat.conversation import Conversation
from bot.transports.webchat.memory import ChatLog
from bot.transports.webchat.server import Server
from bot.transports.webchat.values import BOT, Said, TakenBack, WebPerson, WebRoom
from handlers.message import Heard, Kind

log = logging.getLogger("menlou.webchat")

MENTION_END = "\u2005"  # what WeChat puts behind a mention


class WebChat:
    """Simulated groups on a page. Stands in for WeChat, so it keeps what was said in a file of its own.

    All methods belong to the event loop that `listen` runs in.
    """

    def __init__(
        self,
        rooms: Sequence[WebRoom],
        people: Sequence[WebPerson],
        log: Path,
        clock: Callable[[], datetime],
        bot_name: str = "小门",
        zone: str = "Asia/Shanghai",
    ) -> None:
        self._memory = ChatLog(log)
        self._clock = clock
        self._talk = Conversation(rooms, people, self._memory, clock, bot_name, self._changed)
        self._server = Server(self._talk, zone)
        self._wake: asyncio.Event | None = None  # there while listening

    @property
    def name(self) -> str:
        return "webchat"

    @property
    def ready(self) -> bool:
        return self._wake is not None

    def attach(self, app: web.Application) -> None:
        """Add the page and its WebSocket to an application that has not started yet."""
        self._server.attach(app)

    async def listen(self, feed: Feed) -> None:
        """Report what people say, our echo and recalls, in order, until cancelled."""
        if self._wake is not None:
            raise RuntimeError("the web chat is being listened to already")
        self._wake = asyncio.Event()
        try:
            await self._feed(feed, AccountState(self.name, self._clock(), online=True, account_id=BOT))
            while True:
                self._wake.clear()
                await self._tell_all(feed)
                await self._wake.wait()
        finally:
            self._wake = None

    async def send(self, message: Outgoing) -> str:
        """Show a message of the bot; the text first, then picture and file. Returns the id of the first of them."""
        if not self.ready:
            raise NotSent("网页聊天还没有开始")
        if message.room_id not in (self._talk.people if message.direct else self._talk.rooms):
            raise Refused(f"网页聊天里没有{'这个人' if message.direct else '这个群'}:{message.room_id}")
        text = "".join(f"@{name}{MENTION_END}" for _, name in message.mentions) + message.text
        if not text and message.image is None and message.file is None:
            raise Refused("空的消息")
        shown: list[Said] = []
        try:
            if text:
                shown.append(self._talk.speak(message.room_id, text, None))
            if message.image is not None:
                shown.append(self._talk.speak(message.room_id, "", message.image))
            if message.file is not None:
                shown.append(self._talk.speak(message.room_id, "", message.file, message.file_name))
        except OSError as error:
            if shown:
                raise Uncertain(f"文字发出去了，图片或文件没有：{error}") from error
            raise NotSent(str(error)) from error
        return shown[0].id

    def say(self, person_id: str, room_id: str, text: str) -> str:
        """Let a person write, as the page does; ``room_id`` is the person's own id for the direct chat."""
        return self._talk.say(person_id, room_id, text).id

    def show(self, person_id: str, room_id: str, picture: bytes) -> str:
        """Let a person send a picture, as the page does."""
        return self._talk.show(person_id, room_id, picture).id

    async def picture(self, message_id: str) -> bytes | None:
        return self._memory.picture(message_id)

    def recall(self, person_id: str, message_id: str) -> None:
        """Let a person take a message back, as the page does."""
        self._talk.recall(person_id, message_id)

    def _changed(self, said: Said) -> None:
        self._server.show(said)
        if self._wake is not None:
            self._wake.set()

    async def _tell_all(self, feed: Feed) -> None:
        while (fact := self._memory.next_unheard()) is not None:
            if await self._feed(feed, self._event(fact)):
                try:
                    self._memory.hear(fact)
                except OSError as error:  # at worst it is told again after a restart
                    log.error("没能记下已听到 %s:%s", fact.id, error)
            else:
                self._memory.skip(fact)

    async def _feed(self, feed: Feed, event: Event) -> bool:
        try:
            await feed(event)
        except Exception:  # one bad event must not deafen the bot; it is told again at the next start
            log.exception("没能处理 %s", type(event).__name__)
            return False
        return True

    def _event(self, fact: Said | TakenBack) -> Event:
        if isinstance(fact, TakenBack):
            return Recalled(self.name, fact.id, fact.at)
        if fact.sender == BOT:
            return Echo(self.name, fact.room, fact.id, fact.text, fact.at)
        room = self._talk.rooms.get(fact.room)
        return Heard(
            transport=self.name,
            message_id=fact.id,
            room_id=fact.room,
            sender_id=fact.sender,
            text=fact.text,
            at=fact.at,
            sender_name=fact.name,
            room_name=room.name if room else "",
            direct=fact.direct,
            mentioned=self._talk.addresses_bot(fact.text),
            kind=Kind.IMAGE if fact.picture else Kind.TEXT,
        )
