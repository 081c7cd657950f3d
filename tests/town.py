"""The demo town for tests, and people who speak in it."""

import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.config import load_config
from bot.settings import LOOP_CRON
from bot.town import read_files, rules_of, settle_in
from data.database import open_engine, upgrade
from data.mail import Outbox, OutboxState
from data.rules import Rules
from data.tables import Room
from data.townfile import TownFiles
from handlers import EARS, QUESTIONS, ROUTES
from handlers.knowledge import Knowledge
from handlers.message import Heard
from handlers.take import Listener, Outcome
from scheduler import JOBS
from scheduler.job import JobContext
from scheduler.push import push_snippets

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
        return Listener(ROUTES, QUESTIONS, self.knowledge, EARS)

    def session(self) -> Session:
        return Session(self.engine)


def prepare_town(path: Path, *, now: datetime) -> DemoTown:
    """Load the shipped demo town into a fresh database."""
    config = load_config(ROOT / "config.yaml", {})
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine, now=now)
    with Session(engine, expire_on_commit=False) as session, session.begin():
        files, knowledge = settle_in(session, config, transport=WEB, now=now)
    # Drawing has tests of its own.
    knowledge = replace(knowledge, rules=replace(knowledge.rules, poster=replace(knowledge.rules.poster, style="")))
    return DemoTown(path, engine, files, knowledge)


@cache
def demo_rules() -> Rules:
    """The rules of the loop as the shipped config.yaml and the demo town have them."""
    config = load_config(ROOT / "config.yaml", {})
    return rules_of(config, read_files(config)[0])


def stride(span: timedelta) -> timedelta:
    """From one run of the jobs of the loop to the next while time passes; the whole bot runs them each minute."""
    return timedelta(minutes=10) if span <= timedelta(days=1) else timedelta(hours=1)


class Talk:
    """People of the demo town speaking, one turn a transaction, at a clock that the test moves.

    What leaves at once is taken as sent when it was shown; what waits (a notice in its minute) is sent later on.
    """

    def __init__(
        self, town: DemoTown, *, now: datetime = NOW, listener: Listener | None = None, sends: bool = True
    ) -> None:
        self.town = town
        self.now = now
        self._listener = listener or town.listener()
        self._ids = count(1)
        self._people = {person.name: person for person in town.files.town.people}
        self._rooms = {room.name: room.id for room in town.files.town.rooms}
        self._shown = 0
        self._sends = sends

    def later(self, **span: float) -> None:
        """Let time pass, with nothing done by the clock."""
        self.now += timedelta(**span)

    def pass_time(self, **span: float) -> list[str]:
        """Let time pass with the jobs of the loop run on the way; return what the bot says then."""
        rules = self.town.knowledge.rules
        context = JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules)
        end = self.now + timedelta(**span)
        step = stride(timedelta(**span))
        while self.now < end:
            self.now = min(self.now + step, end)
            with self.town.session() as session, session.begin():
                for job in JOBS:
                    if job.setting == LOOP_CRON.key:
                        job.run(session, context, self.now, self.now)
            self._deliver()
        return self.news()

    def push(self) -> list[str]:
        """Let it become the next time at which texts are pushed, and return what is pushed then."""
        self.now = self.town.knowledge.push_times(self.now, self.now + timedelta(days=2))[0]
        rules = self.town.knowledge.rules
        context = JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules)
        with self.town.session() as session, session.begin():
            push_snippets(session, context, self.now, self.now)
        return self.news()

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
        self._deliver()
        names = {person.id: f"私聊 {person.name}" for person in self._people.values()}
        return [
            f"[{names.get(room.external_id, room.external_id) if room.kind == 'direct' else room.name}] {row.text}"
            for row, room in rows
        ]

    def _deliver(self) -> None:
        if not self._sends:
            return
        with self.town.session() as session, session.begin():
            due = select(Outbox).where(Outbox.state == OutboxState.PENDING, Outbox.not_before <= self.now)
            for row in session.exec(due):
                row.state, row.settled_at = OutboxState.SENT, self.now
