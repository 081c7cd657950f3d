"""The stages of the transport contract: how people speak and see on each transport."""

import asyncio
import base64
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest
from aiohttp import ClientSession

from bot.transports.base import Event, Outgoing, Recalled, Transport
from bot.transports.memory import MemoryTransport
from bot.transports.webchat import WebChat
from bot.transports.wechaty import WechatySettings, WechatyTransport
from bot.transports.wecom.bot import WecomBot
from bot.transports.wecom.hook import WecomHook
from bot.transports.wecom.settings import BotSettings, Hook, HookSettings
from handlers.message import Heard, Kind
from tests import wecom_standin as wecom
from tests.gateway.harness import Gateway
from tests.gateway.village import EAST, QUICK, Ears
from tests.webchat_parts import NOON, PEOPLE, ROOMS, Browser, browsing, serving
from tests.wecom_standin import Standin

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PATIENCE = 10.0


@dataclass
class Audience(Ears):
    """Ears that keep what they hear, and then fail on what a test names."""

    dreads: set[str] = field(default_factory=set)

    async def __call__(self, event: Event) -> None:
        await super().__call__(event)
        if isinstance(event, Heard) and event.text in self.dreads:
            raise RuntimeError(f"the feed failed on {event.text!r}")

    async def texts(self, wanted: int) -> list[str]:
        """The texts heard from people, when there are that many."""
        await self.wait(Heard, lambda _: len(self.all(Heard)) >= wanted)
        return [heard.text for heard in self.all(Heard)]


class Can(Enum):
    """What not every transport can do; a part of the contract that needs it is not played on the others."""

    HEAR = auto()  # people speak to the bot, in a group and alone
    OVERHEAR = auto()  # and what they say in a group without calling it is heard too
    RECALL = auto()  # it tells when somebody takes a message back
    ECHO = auto()  # it gives ids of what we send, and shows it coming back


class Stage(ABC):
    """A transport with a group of two people; the first of them also has a direct chat with the bot."""

    can: ClassVar[frozenset[Can]] = frozenset(Can)
    transport: Transport
    room: str
    room_name: str
    person: str
    person_name: str
    other: str
    mention: str  # how one calls the bot

    @abstractmethod
    async def say(self, text: str, *, who: str = "", direct: bool = False) -> str:
        """A person writes; returns the message's id."""

    @abstractmethod
    async def show(self, picture: bytes, *, direct: bool = True) -> str:
        """The person sends a picture; returns the message's id."""

    @abstractmethod
    async def shows(self, text: str, *, direct: bool = False) -> None:
        """Wait until the room shows this text of the bot."""

    @abstractmethod
    async def shows_picture(self, png: bytes) -> None:
        """Wait until the room shows this picture of the bot."""

    @abstractmethod
    async def recall(self, message_id: str) -> None:
        """The person takes a message back."""

    async def send(self, text: str, *, direct: bool = False, image: bytes | None = None) -> str:
        return await self.transport.send(Outgoing(self.person if direct else self.room, text, direct, image=image))


class MemoryStage(Stage):
    """Nobody is there but the test: what is sent is seen in ``sent``."""

    room, room_name, person, person_name, other = "r1", "上坪村乡亲群", "p1", "坪顶梁伯", "p2"
    mention = "@小门 "

    def __init__(self) -> None:
        self.transport: MemoryTransport = MemoryTransport(lambda: NOON, rooms=frozenset({"r1", "r2", "p1", "p2"}))
        self._ids = count(1)

    async def say(self, text: str, *, who: str = "", direct: bool = False) -> str:
        heard = Heard(
            transport=self.transport.name,
            message_id=f"said-{next(self._ids)}",
            room_id=self.person if direct else self.room,
            sender_id=who or self.person,
            text=text,
            at=NOON,
            sender_name=self.person_name,
            room_name="" if direct else self.room_name,
            direct=direct,
            mentioned=self.mention.strip() in text,
        )
        self.transport.report(heard)
        return heard.message_id

    async def show(self, picture: bytes, *, direct: bool = True) -> str:
        heard = Heard(
            transport=self.transport.name,
            message_id=f"shown-{next(self._ids)}",
            room_id=self.person if direct else self.room,
            sender_id=self.person,
            text="",
            at=NOON,
            direct=direct,
            kind=Kind.IMAGE,
        )
        self.transport.pictures[heard.message_id] = picture
        self.transport.report(heard)
        return heard.message_id

    async def shows(self, text: str, *, direct: bool = False) -> None:
        room = self.person if direct else self.room
        assert [each for each in self.transport.sent if (each.room_id, each.text, each.direct) == (room, text, direct)]

    async def shows_picture(self, png: bytes) -> None:
        assert [each for each in self.transport.sent if each.image == png and each.room_id == self.room]

    async def recall(self, message_id: str) -> None:
        self.transport.report(Recalled(self.transport.name, message_id, NOON))


class WebStage(Stage):
    """Seen through the WebSocket and the pictures of a page."""

    room, room_name, person, person_name, other = "r1", "上坪村乡亲群", "p1", "坪顶梁伯", "p2"
    mention = "@小门 "

    def __init__(self, chat: WebChat, page: Browser, pictures: str) -> None:
        self.transport: WebChat = chat
        self._page = page
        self._pictures = pictures

    async def say(self, text: str, *, who: str = "", direct: bool = False) -> str:
        who = who or self.person
        return self.transport.say(who, who if direct else self.room, text)

    async def show(self, picture: bytes, *, direct: bool = True) -> str:
        return self.transport.show(self.person, self.person if direct else self.room, picture)

    async def shows(self, text: str, *, direct: bool = False) -> None:
        wanted = (text, self.person if direct else self.room, True)
        while True:
            message = (await self._page.until("message"))["message"]
            if (message["text"], message["room"], message["bot"]) == wanted:
                return

    async def shows_picture(self, png: bytes) -> None:
        while True:
            message = (await self._page.until("message"))["message"]
            if message["picture"] and message["room"] == self.room:
                break
        async with ClientSession() as session, session.get(f"{self._pictures}/{message['id']}") as answer:
            assert await answer.read() == png

    async def recall(self, message_id: str) -> None:
        self.transport.recall(self.person, message_id)


class WechatyStage(Stage):
    """Seen through what the gateway was told to send."""

    room, room_name, person, person_name, other = EAST, "东沟村", "wang", "王大娘", "li"
    mention = "@门楼\u2005"

    def __init__(self, gateway: Gateway) -> None:
        self.transport: WechatyTransport = WechatyTransport(
            WechatySettings(endpoint=gateway.endpoint, token=gateway.token, **QUICK)  # type: ignore[arg-type]
        )
        self._gateway = gateway

    async def say(self, text: str, *, who: str = "", direct: bool = False) -> str:
        return await self._gateway.say(who or self.person, text, room="" if direct else self.room)

    async def show(self, picture: bytes, *, direct: bool = True) -> str:
        return await self._gateway.show(self.person, picture, room="" if direct else self.room)

    async def shows(self, text: str, *, direct: bool = False) -> None:
        await self._gateway.wait_sent(lambda sent: (sent.text, sent.to) == (text, self.person if direct else self.room))

    async def shows_picture(self, png: bytes) -> None:
        sent = await self._gateway.wait_sent(lambda sent: sent.kind == "file" and sent.to == self.room)
        assert sent.size == len(png)
        assert base64.b64encode(png).decode().startswith(sent.base64_head)

    async def recall(self, message_id: str) -> None:
        await self._gateway.do("recall", room=self.room, contact=self.person, message=message_id)


class WecomBotStage(Stage):
    """Seen through what the stand-in for WeCom was told to show. In a group only what calls the bot comes to it."""

    can = frozenset({Can.HEAR})
    room, room_name, person, person_name, other = (
        wecom.GROUP,
        "企业微信群EAST",
        wecom.PERSON,
        wecom.PERSON,
        wecom.OTHER_PERSON,
    )
    mention = "@门楼 "

    def __init__(self, standin: Standin) -> None:
        self.transport: WecomBot = WecomBot(
            BotSettings(wecom.BOT_ID, wecom.SECRET, standin.ws, backoff_first=0.02, ack_timeout=5.0)
        )
        self._standin = standin

    async def say(self, text: str, *, who: str = "", direct: bool = False) -> str:
        return await self._standin.say_text(text, who=who or self.person, room="" if direct else self.room)

    async def show(self, picture: bytes, *, direct: bool = True) -> str:
        assert direct, "a group's pictures do not come to it"
        return await self._standin.say({"msgtype": "image", "image": self._standin.lay(picture)})

    async def shows(self, text: str, *, direct: bool = False) -> None:
        await self._standin.until(lambda: text in self._standin.texts(self.person if direct else self.room))

    async def shows_picture(self, png: bytes) -> None:
        seen = [(each.room, each.content) for each in self._standin.shown if each.kind == "image"]
        assert seen == [(self.room, png)]

    async def recall(self, message_id: str) -> None:
        raise AssertionError("WeCom does not tell")


class WecomHookStage(Stage):
    """A webhook only speaks: nobody can say anything to it."""

    can = frozenset()
    room, room_name, person, person_name, other, mention = "东沟村干部群", "东沟村干部群", "", "", "", ""

    def __init__(self, standin: Standin) -> None:
        hooks = (Hook(self.room, wecom.KEY), Hook("西岭村干部群", wecom.OTHER_KEY))
        self.transport: WecomHook = WecomHook(HookSettings(hooks, api=standin.api))
        self._standin = standin

    async def say(self, text: str, *, who: str = "", direct: bool = False) -> str:
        raise AssertionError("a webhook hears nothing")

    async def show(self, picture: bytes, *, direct: bool = True) -> str:
        raise AssertionError("a webhook sees nothing")

    async def shows(self, text: str, *, direct: bool = False) -> None:
        assert text in self._standin.texts(wecom.KEY)

    async def shows_picture(self, png: bytes) -> None:
        assert [each.content for each in self._standin.shown if each.kind == "image"] == [png]

    async def recall(self, message_id: str) -> None:
        raise AssertionError("a webhook hears nothing")


@asynccontextmanager
async def memory_stage(_log: Path) -> AsyncIterator[Stage]:
    yield MemoryStage()


@asynccontextmanager
async def web_stage(log: Path) -> AsyncIterator[Stage]:
    chat = WebChat(ROOMS, PEOPLE, log, lambda: NOON)
    async with serving(chat) as served, browsing(served, WebStage.person) as page:
        await page.until("done", tag="be")
        yield WebStage(chat, page, str(served.make_url("/picture")))


@asynccontextmanager
async def wechaty_stage(_log: Path) -> AsyncIterator[Stage]:
    async with Gateway() as gateway:
        yield WechatyStage(gateway)


@asynccontextmanager
async def wecom_bot_stage(_log: Path) -> AsyncIterator[Stage]:
    async with Standin() as standin:
        yield WecomBotStage(standin)


@asynccontextmanager
async def wecom_hook_stage(_log: Path) -> AsyncIterator[Stage]:
    async with Standin() as standin:
        yield WecomHookStage(standin)


STAGES: dict[str, tuple[type[Stage], Callable[[Path], AbstractAsyncContextManager[Stage]]]] = {
    "memory": (MemoryStage, memory_stage),
    "webchat": (WebStage, web_stage),
    "wechaty": (WechatyStage, wechaty_stage),
    "wecom-bot": (WecomBotStage, wecom_bot_stage),
    "wecom-hook": (WecomHookStage, wecom_hook_stage),
}


def able(*needs: Can) -> list[object]:
    """The transports that can do all this, as parameters of a fixture."""
    names = [name for name, (stage, _) in STAGES.items() if stage.can.issuperset(needs)]
    assert len(names) >= 3, "a part of the contract that hardly anybody keeps is none"
    return [pytest.param(name, marks=pytest.mark.gateway if name == "wechaty" else ()) for name in names]


Act = Callable[[Stage, Audience], Awaitable[None]]


@asynccontextmanager
async def listening(transport: Transport, audience: Audience) -> AsyncIterator[asyncio.Task[None]]:
    """Listen, from when the transport is ready; nothing but our own cancellation ends it."""
    task = asyncio.create_task(transport.listen(audience))
    try:
        if not transport.ready:
            async with asyncio.timeout(PATIENCE), audience.news:
                await audience.news.wait_for(lambda: transport.ready)
        yield task
        assert not task.done(), "nothing but cancellation ends listen()"
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass
class Play:
    """Plays an act on a fresh stage of one transport."""

    name: str
    log: Path

    def __call__(self, act: Act) -> None:
        """With an audience that listens."""

        async def heard(stage: Stage) -> None:
            audience = Audience()
            async with listening(stage.transport, audience):
                await act(stage, audience)

        self.unheard(heard)

    def unheard(self, act: Callable[[Stage], Awaitable[None]]) -> None:
        """With nobody listening yet."""
        _, build = STAGES[self.name]

        async def whole() -> None:
            async with asyncio.timeout(60), build(self.log) as stage:
                assert stage.transport.name == self.name
                await act(stage)

        asyncio.run(whole())
