"""The console, put together from what the bot has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web
from sqlmodel import Session

from bot import __version__
from bot.config import Config
from bot.console.background import Workshop
from bot.console.gate import Front, Gate
from bot.console.pages import PAGES
from bot.console.reader import Reader
from bot.console.render import Renderer
from bot.console.server import Console
from bot.console.values import Hears, House, Page, public_address
from bot.settings import CONSOLE_PROXY, ZONE
from bot.transports.base import Transport
from bot.worker import Worker
from data import console_users, relay
from data.desk_tables import ConsoleRole, LinkPurpose
from handlers.knowledge import Knowledge


@dataclass(frozen=True, slots=True)
class Accounts:
    """How the transports stand, for the console."""

    transports: Mapping[str, Transport]

    def accounts(self) -> list[tuple[str, bool, str]]:
        """(transport, whether it can speak now, a word on it) of each transport but the console and hands."""
        return [
            (name, each.ready, "" if each.ready else "现在发不出去")
            for name, each in self.transports.items()
            if name not in (console_users.TRANSPORT, relay.TRANSPORT)
        ]


@dataclass(frozen=True, slots=True)
class Given:
    """What the running bot gives its console; see `bot.console.values.House`."""

    worker: Worker
    transports: Mapping[str, Transport]
    knowledge: Callable[[], Knowledge]
    reload: Callable[[], None]
    wake: Callable[[], None]
    take: Hears
    clock: Callable[[], datetime]


def open_console(config: Config, given: Given) -> tuple[web.Application, Reader]:
    """The application, which has not started yet, and the reader that it uses (to be closed after it)."""
    reader = Reader(config.database_url)
    pages = [each for each in PAGES if isinstance(each, Page)]
    renderer = Renderer(pages, config[ZONE], given.knowledge().town, __version__)
    front = Front(public_address(config), config[CONSOLE_PROXY])
    gate = Gate(given.worker, reader, renderer, front, given.clock)
    house = House(
        config,
        given.knowledge,
        Accounts(given.transports),
        given.reload,
        given.wake,
        given.take,
        reports=Workshop(config.database_url),
        upkeep=Workshop(config.database_url),
    )
    console = Console(
        PAGES, worker=given.worker, reader=reader, renderer=renderer, gate=gate, house=house, clock=given.clock
    )
    return console.application, reader


def admin_link(session: Session, config: Config, *, now: datetime) -> str:
    """A one-time address at which an admin is made."""
    token = console_users.make_link(session, LinkPurpose.SETUP, role=ConsoleRole.ADMIN, created_by="终端", now=now)
    return f"{public_address(config)}/link/{token}"


def first_link(session: Session, config: Config, *, now: datetime) -> str | None:
    """That address where the console has no user yet."""
    return None if console_users.anybody(session) else admin_link(session, config, now=now)
