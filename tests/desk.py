"""The console on a demo town, and people who are logged in to it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from aiohttp import ClientSession, CookieJar, FormData, web
from sqlmodel import Session, select
from yarl import URL

from bot.config import load_config
from bot.console.build import Given, open_console
from bot.console.reader import Reader
from bot.dispatch import Dispatch
from bot.sender import Sender
from bot.worker import Worker
from data import console_sessions, console_users
from data.desk_tables import ConsoleRole, ConsoleUser
from data.tables import Village
from tests.town import NOW, ROOT, DemoTown

CSRF = re.compile(r'name="csrf" value="([^"]+)"')
SAID = re.compile(r'<p class="said" role="status">([^<]*)</p>')
FAULT = re.compile(r'<p class="fault" role="alert">([^<]*)</p>')
COOKIE = "menlou-session"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a browser got in the end, after being sent on."""

    status: int
    text: str
    path: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False, default=b"")

    @property
    def said(self) -> str:
        """What was told of the deed before, or of the fault."""
        found = SAID.search(self.text) or FAULT.search(self.text)
        return found[1] if found else ""


@dataclass(slots=True)
class Clerk:
    """Somebody with a browser; logged in unless ``token`` is empty."""

    desk: "Desk"
    session: ClientSession
    token: str = ""
    user_id: int = 0
    member_id: int = 0

    async def get(self, path: str, **query: str) -> Seen:
        async with self.session.get(self.desk.address + path, params=query) as answer:
            return await _seen(answer)

    async def post(self, path: str, files: Mapping[str, tuple[str, bytes]] | None = None, **fields: Any) -> Seen:
        """Send a form as its page would, with this log-in's token; a list gives a field several values."""
        data: Any = [("csrf", await self.csrf())]
        for key, value in fields.items():
            data += [(key, str(each)) for each in value] if isinstance(value, list | tuple) else [(key, str(value))]
        if files is not None:
            form = FormData(data)
            for key, (name, body) in files.items():
                form.add_field(key, body, filename=name)
            data = form
        async with self.session.post(self.desk.address + path, data=data) as answer:
            return await _seen(answer)

    async def csrf(self) -> str:
        found = CSRF.search((await self.get("/me")).text)
        return found[1] if found else ""


@dataclass(slots=True)
class Desk:
    """A console that is served on loopback, on its own demo town. ``now`` is its clock, which the test moves."""

    town: DemoTown
    address: str
    worker: Worker
    clients: list[ClientSession]
    moment: list[datetime]
    woken: list[int]

    @property
    def now(self) -> datetime:
        return self.moment[0]

    def later(self, **span: float) -> None:
        self.moment[0] += timedelta(**span)

    def session(self) -> Session:
        """A session to look or to prepare with; a test commits what it prepares."""
        return self.town.session()

    def stranger(self) -> Clerk:
        """Somebody who is not logged in."""
        client = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.clients.append(client)
        return Clerk(self, client)

    def clerk(self, role: ConsoleRole = ConsoleRole.COORDINATOR, *, name: str = "", village: str = "") -> Clerk:
        """Somebody who is logged in; ``village`` is the name of a village clerk's."""
        login = name or f"{role}{len(self.clients)}"
        with self.session() as session, session.begin():
            village_id = session.exec(_village(village)).one().id if village else None
            user = console_users.add(
                session, name=login, shown_name=name or login, password_hash="-", role=role, created_by="测试",
                now=self.now, village_id=village_id,
            )  # fmt: skip
            token = console_sessions.begin(session, user, now=self.now, address="127.0.0.1", agent="test")
            ids = user.id or 0, user.member_id
        clerk = self.stranger()
        clerk.token, (clerk.user_id, clerk.member_id) = token, ids
        clerk.session.cookie_jar.update_cookies({COOKIE: token}, URL(self.address))
        return clerk

    def user(self, clerk: Clerk) -> ConsoleUser:
        with self.session() as session:
            return session.get_one(ConsoleUser, clerk.user_id)


class _Accounts:
    def accounts(self) -> list[tuple[str, bool, str]]:
        return [("webchat", True, "")]


@asynccontextmanager
async def open_desk(town: DemoTown, *, now: datetime = NOW) -> AsyncIterator[Desk]:
    """Serve the console of a town at a free port of this machine."""
    config = load_config(ROOT / "config.yaml", {"MENLOU_DATABASE_URL": f"sqlite:///{town.path}"})
    worker, moment, woken = Worker(town.engine), [now], [0]

    def wake() -> None:
        woken[0] += 1

    dispatch = Dispatch(town.listener(), worker, cast(Sender, None), lambda: moment[0])
    given = Given(worker, {}, lambda: town.knowledge, lambda: None, wake, dispatch.take_now, clock=lambda: moment[0])
    application, reader = open_console(config, given)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
    desk = Desk(town, f"http://127.0.0.1:{port}", worker, [], moment, woken)
    try:
        yield desk
    finally:
        for client in desk.clients:
            await client.close()
        await runner.cleanup()
        _closed(reader, worker)


def _closed(reader: Reader, worker: Worker) -> None:
    reader.close()
    worker.close()


async def _seen(answer: Any) -> Seen:
    body = await answer.read()
    text = body.decode("utf-8", "replace") if "text" in answer.content_type else ""
    return Seen(answer.status, text, answer.url.path, answer.headers, body)


def _village(name: str) -> Any:
    return select(Village).where(Village.name == name)


Run = Callable[[Callable[[Desk], Awaitable[None]]], None]


def teller(town: DemoTown) -> Run:
    """Tells stories, each at a console of ``town`` that is opened for it."""

    def told(story: Callable[[Desk], Awaitable[None]]) -> None:
        async def tell() -> None:
            async with open_desk(town) as desk:
                await story(desk)

        asyncio.run(tell())

    return told
