"""Commands with several actions behind them (``texts import``, ``bring check``): a list of actions each."""

import argparse
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from bot.config import Config, load_config

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
        sub.add_argument("--config", type=Path, default=argparse.SUPPRESS, help="配置文件（默认 config.yaml）")
        sub.set_defaults(action=action)
        action.arguments(sub)
