"""The town as this process knows it: files into the database, and what handlers may know out of it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from bot.config import Config
from bot.settings import LIMIT_LOOP, LIMIT_MINUTE, LISTEN, LISTEN_GROUPS, QUIET_END, QUIET_START, TOWN_FOLDER, ZONE
from data import lexicon, town
from data.database import open_engine, upgrade
from data.hours import QuietHours
from data.townfile import TownFiles, read_town
from handlers.knowledge import Knowledge, Limits
from handlers.understand import load_lexicon

Clock = Callable[[], datetime]


def clock_of(config: Config) -> Clock:
    """The wall clock in the town's zone."""
    zone = config[ZONE]
    return lambda: datetime.now(zone)


def quiet_hours(config: Config) -> QuietHours:
    """The quiet hours as configured."""
    return QuietHours(config[QUIET_START], config[QUIET_END], config[ZONE])


def read_files(config: Config) -> tuple[TownFiles, tuple[lexicon.TopicEntry, ...]]:
    """The town's folder and the catalogue; `data.errors.TownFileError` says what is wrong with them."""
    topics = lexicon.load_topics()
    return read_town(config.file(TOWN_FOLDER), topics=tuple(topic.name for topic in topics)), topics


def open_database(config: Config, *, now: datetime) -> tuple[Engine, Path | None]:
    """The database with today's schema, and the backup that was taken on the way there, if one was."""
    engine = open_engine(config.database_url)
    return engine, upgrade(engine, now=now)


def settle_in(session: Session, config: Config, *, transport: str | None, now: datetime) -> tuple[TownFiles, Knowledge]:
    """Load the town's files into the database and gather what handlers may know."""
    files, topics = read_files(config)
    town.load_town(session, files, topics, transport=transport, now=now)
    lecturers = town.lecturer_ids(session)
    knowledge = Knowledge(
        town=files.town.town.name,
        zone=config[ZONE],
        quiet=quiet_hours(config),
        lexicon=load_lexicon(topics, lecturers, [village.name for village in files.town.villages]),
        topic_ids=town.topic_ids(session),
        lecturer_ids=lecturers,
        limits=Limits(
            per_minute=config[LIMIT_MINUTE],
            loop_turns=config[LIMIT_LOOP],
        ),
        listen=config[LISTEN],
        listen_in=config[LISTEN_GROUPS],
    )
    return files, knowledge
