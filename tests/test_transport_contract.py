"""One contract for every transport: memory, the web chat, and a real WeChat gateway (the Node process).

A *stage* hides how people speak and see on each of them; the acts below are the same for all three.
"""

import asyncio
import base64
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest
from aiohttp import ClientSession

from bot.transports.base import Echo, Event, NotSent, Outgoing, Recalled, Refused, Transport
from bot.transports.memory import MemoryTransport
from bot.transports.webchat import WebChat
from bot.transports.wechaty import WechatySettings, WechatyTransport
from handlers.message import Heard, Kind
from tests.gateway.harness import BOT, Gateway, require_gateway
from tests.gateway.village import EAST, QUICK, WEST, Ears
from tests.webchat_parts import NOON, PEOPLE, ROOMS, Browser, browsing, serving

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


class Stage(ABC):
    """A transport with a group of two people; the first of them also has a direct chat with the bot."""

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

    async def shows(self, text: str, *, direct: bool = False) -> None:
        await self._gateway.wait_sent(lambda sent: (sent.text, sent.to) == (text, self.person if direct else self.room))

    async def shows_picture(self, png: bytes) -> None:
        sent = await self._gateway.wait_sent(lambda sent: sent.kind == "file" and sent.to == self.room)
        assert sent.size == len(png)
        assert base64.b64encode(png).decode().startswith(sent.base64_head)

    async def recall(self, message_id: str) -> None:
        await self._gateway.do("recall", room=self.room, contact=self.person, message=message_id)


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
        build = {"memory": memory_stage, "webchat": web_stage, "wechaty": wechaty_stage}[self.name]

        async def whole() -> None:
            async with asyncio.timeout(60), build(self.log) as stage:
                assert stage.transport.name == self.name
                await act(stage)

        asyncio.run(whole())


@pytest.fixture(params=["memory", "webchat", pytest.param("wechaty", marks=pytest.mark.gateway)])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    """Each transport in its turn."""
    if request.param == "wechaty":
        require_gateway()
    return Play(request.param, tmp_path / "chat.jsonl")


# ---- what comes in -------------------------------------------------------------------------------------------------


def test_what_a_person_says_in_a_group_is_heard(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        began = datetime.now(UTC)
        message_id = await stage.say("点课 反诈骗")
        heard = await audience.wait(Heard)
        assert (heard.transport, heard.message_id) == (stage.transport.name, message_id)
        assert (heard.room_id, heard.room_name) == (stage.room, stage.room_name)
        assert (heard.sender_id, heard.sender_name) == (stage.person, stage.person_name)
        assert (heard.text, heard.kind) == ("点课 反诈骗", Kind.TEXT)
        assert (heard.direct, heard.mentioned, heard.addressed) == (False, False, False)
        assert heard.at.tzinfo is not None
        assert heard.at == NOON or abs((heard.at - began).total_seconds()) < 60

    play(act)


def test_what_a_person_says_to_the_bot_alone_is_heard_as_direct(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        await stage.say("我的点单", direct=True)
        heard = await audience.wait(Heard)
        assert (heard.direct, heard.addressed) == (True, True)
        assert (heard.room_id, heard.sender_id, heard.sender_name) == (stage.person, stage.person, stage.person_name)
        assert (heard.room_name, heard.text) == ("", "我的点单")

    play(act)


def test_a_mention_addresses_the_bot_and_the_text_is_left_whole(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        await stage.say(f"{stage.mention}课表")
        await stage.say("课表")
        await audience.texts(2)
        called, plain = audience.all(Heard)
        assert (called.text, called.mentioned, called.addressed) == (f"{stage.mention}课表", True, True)
        assert (plain.text, plain.mentioned, plain.direct) == ("课表", False, False)

    play(act)


def test_what_is_said_comes_in_order(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        said = [f"第{number}句" for number in range(30)]
        for number, text in enumerate(said):
            await stage.say(text, who=(stage.person, stage.other)[number % 2])
        assert await audience.texts(30) == said

    play(act)


def test_a_recall_comes_after_what_it_takes_back_and_names_it(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        message_id = await stage.say("打错了")
        await audience.wait(Heard)
        await stage.recall(message_id)
        recalled = await audience.wait(Recalled)
        assert (recalled.transport, recalled.message_id) == (stage.transport.name, message_id)
        assert len(audience.all(Heard)) == 1

    play(act)


def test_any_text_comes_through(play: Play) -> None:
    odd = ["  两头空  ", "一行\n两行", "👨‍👩‍👧‍👦🏽", "\u202e反\u200b", "<b>&amp;</b>", "'; DROP TABLE", "长" * 5000]

    async def act(stage: Stage, audience: Audience) -> None:
        for text in odd:
            await stage.say(text)
        assert await audience.texts(len(odd)) == odd

    play(act)


# ---- what goes out -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("direct", [False, True], ids=["group", "direct"])
def test_what_is_sent_arrives_and_comes_back_as_an_echo(play: Play, *, direct: bool) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        text = "已登记12号：反诈骗。\n镇里安排好时间就在群里告诉大家。"
        sent_id = await stage.send(text, direct=direct)
        await stage.shows(text, direct=direct)
        echo = await audience.wait(Echo)
        assert (echo.transport, echo.message_id) == (stage.transport.name, sent_id)
        assert (echo.room_id, echo.text) == (stage.person if direct else stage.room, text)
        assert echo.at.tzinfo is not None
        await stage.say("好的")
        await audience.wait(Heard)
        assert [heard.text for heard in audience.all(Heard)] == ["好的"], "our own words are not a person's"
        assert len(audience.all(Echo)) == 1

    play(act)


def test_a_mention_that_we_send_is_seen_as_evidence_of_our_words(play: Play) -> None:
    """However a transport writes mentions, its echo is known as ours (`data.outbox.says`)."""
    from data.outbox import says

    async def act(stage: Stage, audience: Audience) -> None:
        await stage.transport.send(Outgoing(stage.room, "已登记。", mentions=((stage.person, stage.person_name),)))
        echo = await audience.wait(Echo)
        assert says(echo.text, "已登记。")

    play(act)


def test_a_picture_arrives_after_its_text(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        assert await stage.send("扫码报名", image=PNG)
        await stage.shows("扫码报名")
        await audience.wait(Echo, lambda echo: echo.text == "扫码报名")
        if not isinstance(stage, MemoryStage):  # there text and picture are one thing, and are looked at together
            await audience.wait(Echo, lambda echo: echo.text == "")
            assert [echo.text for echo in audience.all(Echo)] == ["扫码报名", ""]
        await stage.shows_picture(PNG)

    play(act)


def test_what_is_sent_arrives_in_order(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        sent = [f"第{number}条" for number in range(10)]
        for text in sent:
            await stage.send(text)
        await audience.wait(Echo, lambda _: len(audience.all(Echo)) == 10)
        assert [echo.text for echo in audience.all(Echo)] == sent

    play(act)


def test_ids_are_unique(play: Play) -> None:
    """Of all that was said and sent, also of the same words at the same moment."""

    async def act(stage: Stage, audience: Audience) -> None:
        said = [await stage.say("好", direct=bool(number % 2)) for number in range(10)]
        sent = await asyncio.gather(*(stage.send("好", direct=bool(number % 2)) for number in range(10)))
        assert all(said)
        assert all(sent)
        assert len({*said, *sent}) == 20
        await audience.wait(Echo, lambda _: len(audience.all(Echo)) == 10)
        await audience.texts(10)
        assert {heard.message_id for heard in audience.all(Heard)} == set(said)
        assert {echo.message_id for echo in audience.all(Echo)} == set(sent)

    play(act)


def test_a_room_that_is_not_there_refuses(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        with pytest.raises(Refused):
            await stage.transport.send(Outgoing("nowhere@chatroom", "有人吗"))
        with pytest.raises(Refused):
            await stage.transport.send(Outgoing("nobody", "有人吗", direct=True))
        await stage.send("还在")
        await audience.wait(Echo)
        assert [echo.text for echo in audience.all(Echo)] == ["还在"]

    play(act)


# ---- listening -----------------------------------------------------------------------------------------------------


def test_it_is_ready_while_it_listens(play: Play) -> None:
    async def act(stage: Stage, _audience: Audience) -> None:
        assert stage.transport.ready is True

    play(act)


def test_a_feed_that_raises_does_not_end_listening(play: Play) -> None:
    async def act(stage: Stage, audience: Audience) -> None:
        audience.dreads = {"坏", "更坏"}
        for text in ("坏", "好", "更坏", "还在"):
            await stage.say(text)
        assert await audience.texts(4) == ["坏", "好", "更坏", "还在"]
        await stage.send("我也在")
        await audience.wait(Echo)

    play(act)


def test_only_cancellation_ends_listening_and_another_listener_may_take_over(play: Play) -> None:
    """The supervision of `bot.app` cancels and listens anew: what is said then is heard by the new feed, and what the
    first one took is not told again."""

    async def act(stage: Stage) -> None:
        first, second = Audience(), Audience()
        async with listening(stage.transport, first) as task:
            await stage.say("一")
            assert await first.texts(1) == ["一"]
        assert task.cancelled()
        async with listening(stage.transport, second):
            await stage.say("二")
            assert await second.texts(1) == ["二"]
            await stage.send("三")
            assert (await second.wait(Echo)).text == "三"
        assert len(first.all(Heard)) == 1

    play.unheard(act)


def test_before_listening_nothing_is_sent_into_the_void(tmp_path: Path) -> None:
    """A transport that is not ready says so, and that it certainly did not send (memory is always ready)."""
    for transport in (
        WebChat(ROOMS, PEOPLE, tmp_path / "chat.jsonl", lambda: NOON),
        WechatyTransport(WechatySettings("127.0.0.1:1", "t")),
    ):
        assert transport.ready is False
        with pytest.raises(NotSent):
            asyncio.run(transport.send(Outgoing(WEST, BOT)))
