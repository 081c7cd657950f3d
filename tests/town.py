"""The demo town for tests, and people who speak in it."""

import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.config import load_config
from bot.town import settle_in
from data.database import open_engine, upgrade
from data.mail import Outbox
from data.tables import Room
from data.townfile import TownFiles
from handlers import QUESTIONS, ROUTES
from handlers.knowledge import Knowledge
from handlers.message import Heard
from handlers.take import Listener, Outcome

ROOT = Path(__file__).parent.parent
ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=ZONE)  # a Friday afternoon
WEB = "webchat"


@dataclass(slots=True)
class DemoTown:
    """A database with the demo town, and what handlers may know."""

    path: Path
    engine: Engine
    files: TownFiles
    knowledge: Knowledge

    def copy(self, path: Path) -> "DemoTown":
        """The same town in a database of its own."""
        self.engine.dispose()
        shutil.copy(self.path, path)
        return replace(self, path=path, engine=open_engine(f"sqlite:///{path}"))

    def listener(self) -> Listener:
        return Listener(ROUTES, QUESTIONS, self.knowledge)

    def session(self) -> Session:
        return Session(self.engine)


def prepare_town(path: Path, *, now: datetime) -> DemoTown:
    """Load the shipped demo town into a fresh database."""
    config = load_config(ROOT / "config.yaml", {})
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine, now=now)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        files, knowledge = settle_in(session, config, transport=WEB, now=now)
    return DemoTown(path, engine, files, knowledge)


class Talk:
    """People of the demo town speaking, one turn a transaction, at a clock that the test moves."""

    def __init__(self, town: DemoTown, *, now: datetime = NOW, listener: Listener | None = None) -> None:
        self.town = town
        self.now = now
        self._listener = listener or town.listener()
        self._ids = count(1)
        self._people = {person.name: person for person in town.files.town.people}
        self._rooms = {room.name: room.id for room in town.files.town.rooms}
        self._shown = 0

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)

    def heard(self, who: str, where: str | None, text: str) -> Heard:
        """``who`` (a nickname of the demo town) says ``text`` in a group, or in a direct chat where None."""
        person = self._people[who]
        self.later(seconds=7)
        return Heard(
            transport=WEB,
            message_id=f"m{next(self._ids)}",
            room_id=person.id if where is None else self._rooms[where],
            sender_id=person.id,
            sender_name=who,
            room_name="" if where is None else where,
            text=text,
            at=self.now,
            direct=where is None,
            mentioned="@小门" in text,
        )

    def say(self, who: str, where: str | None, text: str) -> list[str]:
        """Say something and return what the bot says to that, as "[群] words" or "[私聊 name] words"."""
        return self.take(self.heard(who, where, text))[1]

    def take(self, heard: Heard) -> tuple[Outcome, list[str]]:
        with self.town.session() as session, session.begin():
            outcome = self._listener.take(session, heard, now=self.now)
        return outcome, self.news()

    def news(self) -> list[str]:
        """What was queued since the last look."""
        query = select(Outbox, Room).join(Room).where(col(Outbox.id) > self._shown).order_by(col(Outbox.id))
        with self.town.session() as session:
            rows = session.exec(query).all()
        if rows:
            self._shown = rows[-1][0].id or 0
        by_id = {person.id: person.name for person in self._people.values()}
        return [
            f"[{f'私聊 {by_id[room.external_id]}' if room.kind == 'direct' else room.name}] {row.text}"
            for row, room in rows
        ]
