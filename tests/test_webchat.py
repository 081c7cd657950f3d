"""The web chat over a real aiohttp server: what it hears, shows, remembers and refuses."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import TestServer

from bot.transports.base import AccountState, Echo, Event, NotSent, Outgoing, Recalled, Refused
from bot.transports.webchat import Declined, WebChat, WebPerson, WebRoom, memory, server
from handlers.message import Heard

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone(timedelta(hours=8)))
ROOMS = [WebRoom("r1", "上坪村乡亲群", "residents", ("p1", "p2")), WebRoom("r2", "工作群", "coordinators", ("p2",))]
PEOPLE = [
    WebPerson("p1", "坪顶梁伯", "resident", "爱发语音"),
    WebPerson("p2", "干事小农", "coordinator"),
    WebPerson("p3", "小门神<b>", "lecturer"),
]
PNG = b"\x89PNG\r\n\x1a\nnot really a picture"
PATIENCE = 10


def a_chat(log: Path, rooms: list[WebRoom] | None = None) -> WebChat:
    return WebChat(ROOMS if rooms is None else rooms, PEOPLE, log, lambda: NOON)


@dataclass
class Ear:
    """A feed that keeps what it was told, and lets a test wait for it."""

    events: list[Event] = field(default_factory=list)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __call__(self, event: Event) -> None:
        if isinstance(event, AccountState):
            return
        async with self._news:
            self.events.append(event)
            self._news.notify_all()

    async def until(self, count: int) -> list[Event]:
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(lambda: len(self.events) >= count)
        return self.events


@asynccontextmanager
async def listening(chat: WebChat) -> AsyncIterator[Ear]:
    ear = Ear()
    online = asyncio.Event()

    async def feed(event: Event) -> None:
        if isinstance(event, AccountState):
            online.set()
        await ear(event)

    task = asyncio.create_task(chat.listen(feed))
    try:
        async with asyncio.timeout(PATIENCE):
            await online.wait()
        yield ear
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def serving(chat: WebChat) -> AsyncIterator[TestServer]:
    app = web.Application()
    chat.attach(app)
    async with TestServer(app) as served:
        yield served


@dataclass
class Browser:
    """What the page does, without a page."""

    line: ClientWebSocketResponse

    async def news(self) -> dict[str, Any]:
        got = await self.line.receive_json(timeout=PATIENCE)
        assert isinstance(got, dict)
        return got

    async def until(self, do: str, **wanted: object) -> dict[str, Any]:
        while True:
            got = await self.news()
            if got["do"] == do and all(got.get(key) == value for key, value in wanted.items()):
                return got

    async def ask(self, do: str, **fields: str) -> None:
        await self.line.send_json({"do": do, **fields})


@asynccontextmanager
async def browsing(served: TestServer, person: str) -> AsyncIterator[Browser]:
    origin = f"http://{served.host}:{served.port}"
    async with ClientSession() as session, session.ws_connect(served.make_url("/ws"), origin=origin) as line:
        browser = Browser(line)
        await browser.until("hello")
        await browser.ask("be", person=person, tag="be")
        yield browser


def run(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(story())


def texts(history: dict[str, Any]) -> list[str]:
    return [message["text"] for message in history["messages"]]


def test_a_person_writes_and_the_bot_hears_it(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            await page.ask("say", room="r1", text="点课 反诈骗", tag="7")
            shown = (await page.until("message"))["message"]
            await page.until("done", tag="7")
            (heard,) = await ear.until(1)
            assert heard == Heard(
                "webchat", shown["id"], "r1", "p1", "点课 反诈骗", NOON, "坪顶梁伯", "上坪村乡亲群"
            )
            assert not heard.addressed

    run(story)


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("@小门 菜单", True),
        ("@小门\u2005菜单", True),
        ("菜单 @小门", True),
        ("＠小门菜单", True),
        ("@小门", True),
        ("小门 菜单", False),
        ("@小 门", False),
        ("@小门神<b> 您来讲讲", False),
        ("@小门神<b> @小门 你们好", True),
    ],
)
def test_mentions(tmp_path: Path, text: str, mentioned: bool) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat) as ear:
            chat.say("p1", "r1", text)
            (heard,) = await ear.until(1)
            assert isinstance(heard, Heard)
            assert heard.mentioned is mentioned
            assert heard.text == text

    run(story)


def test_a_direct_chat_is_seen_by_its_person_only(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with (
            listening(chat) as ear,
            serving(chat) as served,
            browsing(served, "p1") as mine,
            browsing(served, "p2") as other,
        ):
            await other.until("done", tag="be")
            await mine.ask("say", room="p1", text="菜单")
            await mine.until("message")
            (heard,) = await ear.until(1)
            assert isinstance(heard, Heard)
            assert (heard.direct, heard.room_id, heard.sender_id, heard.room_name) == (True, "p1", "p1", "")
            await chat.send(Outgoing("p1", "这是菜单", direct=True))
            assert (await mine.until("message"))["message"]["text"] == "这是菜单"
            await chat.send(Outgoing("r2", "给工作群"))
            assert (await other.news())["message"]["text"] == "给工作群"  # nothing of p1's came before it
            await other.ask("say", room="p1", text="我来偷听", tag="1")
            assert "不在" in (await other.until("declined", tag="1"))["why"]

    run(story)


def test_what_the_bot_says_is_shown_and_comes_back_as_an_echo(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            await page.until("done", tag="be")
            sent = await chat.send(Outgoing("r1", "已登记", mentions=(("p1", "坪顶梁伯"),), image=PNG))
            words, picture = (await page.until("message"))["message"], (await page.until("message"))["message"]
            assert (words["id"], words["text"], words["bot"]) == (sent, "@坪顶梁伯\u2005已登记", True)
            assert (picture["text"], picture["picture"]) == ("", True)
            async with ClientSession() as session, session.get(served.make_url(f"/picture/{picture['id']}")) as got:
                assert (got.content_type, await got.read()) == ("image/png", PNG)
            assert await ear.until(2) == [
                Echo("webchat", "r1", sent, "@坪顶梁伯\u2005已登记", NOON),
                Echo("webchat", "r1", picture["id"], "", NOON),
            ]

    run(story)


def test_sending_where_it_cannot_go(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        assert not chat.ready
        with pytest.raises(NotSent):
            await chat.send(Outgoing("r1", "太早了"))
        async with listening(chat):
            assert chat.ready
            for room, direct in (("r9", False), ("p1", False), ("r1", True), ("p9", True)):
                with pytest.raises(Refused):
                    await chat.send(Outgoing(room, "走错了", direct=direct))
            with pytest.raises(RuntimeError):
                await chat.listen(Ear())
        assert not chat.ready

    run(story)


def test_a_full_disk_is_no_loss_and_no_lie(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "gone" / "chat.jsonl")
        (tmp_path / "gone").rmdir()  # from now on nothing can be written
        async with listening(chat):
            with pytest.raises(NotSent):
                await chat.send(Outgoing("r1", "写不下"))
            with pytest.raises(Declined):
                chat.say("p1", "r1", "写不下")

    run(story)


def test_the_conversation_survives_a_restart(tmp_path: Path) -> None:
    log = tmp_path / "chat.jsonl"
    ids: list[str] = []

    async def before() -> None:
        chat = a_chat(log)
        async with listening(chat) as ear:
            ids.append(chat.say("p1", "r1", "第一句"))
            ids.append(await chat.send(Outgoing("r1", "回第一句")))
            ids.append(await chat.send(Outgoing("p1", "图", direct=True, image=PNG)))
            await ear.until(4)
            await chat.send(Outgoing("r1", "最后一句"))
            await ear.until(5)

    async def after() -> None:
        chat = a_chat(log)
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            group = await page.until("history", room="r1")
            assert texts(group) == ["第一句", "回第一句", "最后一句"]
            direct = await page.until("history", room="p1")
            assert [message["picture"] for message in direct["messages"]] == [False, True]
            ids.append(chat.say("p1", "r1", "第二天"))
            new = (await page.until("message"))["message"]
            assert new["number"] == 6
            assert len(set(ids)) == len(ids)
            (heard,) = await ear.until(1)  # and nothing that was heard before
            assert isinstance(heard, Heard) and heard.text == "第二天"

    run(before)
    run(after)


def test_what_was_said_while_nobody_listened_is_heard_at_the_next_start(tmp_path: Path) -> None:
    log = tmp_path / "chat.jsonl"
    first = a_chat(log)
    early = first.say("p1", "r1", "有人吗")
    first.recall("p1", early)

    async def deaf() -> None:
        told = asyncio.Event()

        async def feed(event: Event) -> None:
            if isinstance(event, Heard):
                told.set()
                raise RuntimeError("the bot could not take it in")

        task = asyncio.create_task(a_chat(log).listen(feed))
        async with asyncio.timeout(PATIENCE):
            await told.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def story() -> None:
        async with listening(a_chat(log)) as ear:
            heard, *rest = await ear.until(1)
            assert isinstance(heard, Heard) and (heard.message_id, heard.text, heard.at) == (early, "有人吗", NOON)
            assert all(isinstance(event, Recalled) for event in rest)

    run(deaf)
    run(story)


@pytest.mark.parametrize("tail", ['{"do":"said","id":"x","ro', '{"do":"said"}\n', "null\n", "[" * 5000 + "\n", "\x00\n"])
def test_a_damaged_line_costs_only_itself(tmp_path: Path, tail: str) -> None:
    log = tmp_path / "chat.jsonl"
    a_chat(log).say("p1", "r1", "完整的一句")
    with log.open("a") as file:
        file.write(tail)
    a_chat(log).say("p1", "r1", "断电之后")

    async def story() -> None:
        chat = a_chat(log)
        async with serving(chat) as served, browsing(served, "p1") as page:
            assert texts(await page.until("history", room="r1")) == ["完整的一句", "断电之后"]

    run(story)


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "KEPT", 3)
    monkeypatch.setattr(memory, "UNHEARD", 5)
    chat = a_chat(tmp_path / "chat.jsonl")
    for number in range(5):
        chat.say("p1", "r1", str(number))
    with pytest.raises(Declined, match="还没有听完"):
        chat.say("p1", "r1", "5")

    async def story() -> None:
        again = a_chat(tmp_path / "chat.jsonl")
        async with serving(again) as served, browsing(served, "p1") as page:
            assert texts(await page.until("history", room="r1")) == ["2", "3", "4"]

    run(story)


def test_a_person_takes_back_only_their_own(tmp_path: Path) -> None:
    log = tmp_path / "chat.jsonl"

    async def story() -> None:
        chat = a_chat(log)
        async with (
            listening(chat) as ear,
            serving(chat) as served,
            browsing(served, "p1") as mine,
            browsing(served, "p2") as other,
        ):
            await other.until("done", tag="be")
            said = chat.say("p1", "r1", "说错了")
            await other.until("message")
            await other.ask("recall", id=said, tag="no")
            assert "自己" in (await other.until("declined", tag="no"))["why"]
            await mine.ask("recall", id=said, tag="yes")
            await mine.until("done", tag="yes")
            await mine.ask("recall", id=said, tag="twice")
            await mine.until("done", tag="twice")
            gone = (await other.until("message"))["message"]
            assert (gone["id"], gone["recalled"], gone["text"]) == (said, True, "")
            assert (await ear.until(2))[1] == Recalled("webchat", said, NOON)
        again = a_chat(log)
        async with serving(again) as served, browsing(served, "p2") as other:
            (message,) = (await other.until("history", room="r1"))["messages"]
            assert (message["recalled"], message["text"]) == (True, "")

    run(story)


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1", "http://[", "file://"])
def test_another_sites_page_is_refused(tmp_path: Path, origin: str | None) -> None:
    async def story() -> None:
        async with serving(a_chat(tmp_path / "chat.jsonl")) as served, ClientSession() as session:
            with pytest.raises(WSServerHandshakeError) as refused:
                await session.ws_connect(served.make_url("/ws"), origin=origin)
            assert refused.value.status == 403

    run(story)


def test_the_page_is_strict_about_what_it_loads(tmp_path: Path) -> None:
    async def story() -> None:
        async with serving(a_chat(tmp_path / "chat.jsonl")) as served, ClientSession() as session:
            for path in ("/", "/static/chat.js", "/static/view.js", "/static/phrases.js", "/static/chat.css"):
                async with session.get(served.make_url(path)) as got:
                    assert got.status == 200, path
                    assert got.headers["X-Content-Type-Options"] == "nosniff"
                    policy = got.headers["Content-Security-Policy"]
                    assert "default-src 'none'" in policy and "unsafe" not in policy
                    assert "http" not in (await got.text()).replace("/^http/", ""), "an outside resource?"
            for path in ("/static/index.html", "/static/..%2fchat.py", "/picture/x", "/picture/..%2f..%2fchat.jsonl"):
                async with session.get(served.make_url("/").join(served.make_url(path))) as got:
                    assert got.status == 404, path

    run(story)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE orders; --",
    "=cmd|' /C calc'!A0",
    "\x00\x1b[31m\u202e\u200b\ufeff",
    "\u2028\u2029\r\n{\"do\":\"said\"}\n",
    "🧑‍🌾" * 500,
]


def test_hostile_texts_are_kept_raw_and_served_as_json(tmp_path: Path) -> None:
    log = tmp_path / "chat.jsonl"

    async def story() -> None:
        chat = a_chat(log)
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            await page.until("done", tag="be")
            for text in HOSTILE:
                await page.ask("say", room="r1", text=text)
                assert (await page.until("message"))["message"]["text"] == text[:2000] + "…" * (len(text) > 2000)
            await page.line.send_str('{"do":"say","room":"r1","text":"half \\ud83d of a pair"}')
            assert (await page.until("message"))["message"]["text"] == "half ? of a pair"
            heard = await ear.until(len(HOSTILE) + 1)
            assert [event.text for event in heard if isinstance(event, Heard)][:-1] == HOSTILE
        again = a_chat(log)
        async with serving(again) as served, browsing(served, "p1") as page:
            assert len(texts(await page.until("history", room="r1"))) == len(HOSTILE) + 1

    run(story)


def test_a_huge_text_is_heard_whole_and_shown_short(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            await page.until("done", tag="be")
            await page.ask("say", room="r1", text="长" * 33_000)  # 99 kB
            shown = (await page.until("message"))["message"]["text"]
            assert shown == "长" * 2000 + "…"
            (heard,) = await ear.until(1)
            assert isinstance(heard, Heard) and len(heard.text) == 33_000
            await page.ask("say", room="r1", text="长" * 90_000)  # 270 kB: over what one frame may hold
            while (await page.line.receive(timeout=PATIENCE)).type is WSMsgType.TEXT:
                pass
            assert page.line.close_code == 1009
            assert len(ear.events) == 1

    run(story)


NONSENSE = ["", "{", "[" * 100_000, "null", "[]", "1" * 5000, '{"do":["be"]}', '{"do":"be","person":{}}', '{"do":"say"}']


def test_nonsense_from_a_page_is_declined(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with serving(chat) as served, browsing(served, "p1") as page:
            await page.until("done", tag="be")
            for nonsense in NONSENSE:
                await page.line.send_str(nonsense)
                await page.until("declined")
            await page.ask("say", room="r1", text=" \n ", tag="empty")
            await page.until("declined", tag="empty")

    run(story)


def test_a_page_that_does_not_read_is_dropped(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat), serving(chat) as served:
            lazy = socket.create_connection((served.host, served.port))
            lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with lazy, ClientSession():
                _handshake_and_be(lazy, f"{served.host}:{served.port}")
                async with browsing(served, "p1") as quick:
                    await quick.until("done", tag="be")
                    for number in range(40 * server.WAITING):
                        await chat.send(Outgoing("r1", f"{number} " + "推" * 1900))
                        await quick.until("message")
                    assert len(chat._server._pages) == 1, "the lazy page is gone, the quick one stays"

    run(story)


def _handshake_and_be(lazy: socket.socket, host: str) -> None:
    lazy.sendall(
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
    )
    asked = json.dumps({"do": "be", "person": "p1"}).encode()
    lazy.sendall(bytes([0x81, 0x80 | len(asked), 0, 0, 0, 0]) + asked)  # masked with zeros


def test_the_same_id_for_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="different"):
        a_chat(tmp_path / "chat.jsonl", [WebRoom("p1", "群", "residents", ())])
