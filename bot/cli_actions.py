"""Commands with several actions behind them (``texts import``, ``bring check``): a list of actions each."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

from sqlmodel import Session

from bot.config import Config, load_config
from bot.settings import WEBCHAT
from bot.town import clock_of, open_database, read_files
from data import town
from data.townfile import TownFiles

Desk = TypeVar("Desk")


@dataclass(frozen=True, slots=True)
class Action(Generic[Desk]):
    """What may stand behind a command; ``run`` returns the lines to print."""

    name: str
    help: str
    run: Callable[[Desk, argparse.Namespace], Iterator[str]]
    arguments: Callable[[argparse.ArgumentParser], None]


def run_action(options: argparse.Namespace, desk: Callable[[Config], AbstractContextManager[Desk]]) -> int:
    """Do the chosen action at its desk and print what came of it."""
    with desk(load_config(options.config)) as opened:
        lines = list(options.action.run(opened, options))
    print(*lines, sep="\n")
    return 0


def add_actions(parser: argparse.ArgumentParser, actions: Iterable[Action[Desk]]) -> None:
    """The actions, below their command."""
    below = parser.add_subparsers(required=True, metavar="做什么")
    for action in actions:
        sub = below.add_parser(action.name, help=action.help, description=action.help)
        sub.add_argument(
            "--config", type=Path, default=argparse.SUPPRESS, metavar="文件", help="配置文件（默认 config.yaml）"
        )
        sub.set_defaults(action=action)
        action.arguments(sub)


@dataclass(frozen=True, slots=True)
class AtStart:
    """The town as the bot would find it if it were started now; ``topics`` are the catalogue's names."""

    session: Session
    files: TownFiles
    topics: tuple[str, ...]
    now: datetime


@contextmanager
def town_at_start(config: Config) -> Iterator[AtStart]:
    """Open the town with its files as they are now; what is written is kept only where an action commits."""
    now = clock_of(config)()
    files, topics = read_files(config)
    names = tuple(topics.names)
    engine, _backup = open_database(config, now=now)
    try:
        with Session(engine) as session:
            town.load_town(session, files, names, transport="webchat" if config[WEBCHAT] else None, now=now)
            yield AtStart(session, files, names, now)
            session.rollback()
    finally:
        engine.dispose()
