"""What the tests of the web chat share: a small town, an ear for the bot, and a page without a page."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, web
from aiohttp.test_utils import BaseTestServer, TestServer

from bot.transports.base import AccountState, Event
from bot.transports.webchat import WebChat, WebPerson, WebRoom

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
async def serving(chat: WebChat) -> AsyncIterator[BaseTestServer]:
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
async def browsing(served: BaseTestServer, person: str) -> AsyncIterator[Browser]:
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
