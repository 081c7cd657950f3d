"""``python -m bot bring …``: villages, topics, lecturers, groups and past lectures out of one Excel file.

`ACTIONS` is the whole list of what may stand behind ``bring``.
"""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from bot.alone import AlreadyRunning, Release, be_alone
from bot.cli_actions import Action, add_actions, run_action, town_at_start
from bot.cli_files import write_new
from bot.config import Config
from bot.settings import ZONE
from data import audit
from data.bring.book import FILE_MOST, read
from data.bring.errors import BadBook, FaultyBook, TooLong
from data.bring.model import STANDINGS, Book, Standing
from data.bring.plan import Plan, apply, check
from data.bring.sheets import SHEETS
from data.bring.template import template
from data.files import disk_why
from data.townfile import TownFiles

SHOWN = 100  # rows of a dry run that are printed of each kind
WHAT = "导入资料"


@dataclass(frozen=True, slots=True)
class Desk:
    """What an action works with; what it wrote is kept only where it says so."""

    config: Config
    files: TownFiles
    session: Session
    now: datetime
    topics: tuple[str, ...]

    def check(self, book: Book) -> Plan:
        """What would become of a file. Raises `FaultyBook`."""
        plan = check(self.session, book, files=self.files, zone=self.config[ZONE], now=self.now)
        if plan.faults:
            raise FaultyBook(plan.faults)
        return plan


def run(options: argparse.Namespace) -> int:
    """Do one action and print what came of it."""
    return run_action(options, _desk)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions, below ``bring``."""
    add_actions(parser, ACTIONS)


def empty(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """An Excel file to fill in."""
    out: Path = options.out
    villages = [each.name for each in desk.files.town.villages]
    write_new(out, template(topics=desk.topics, villages=villages))
    yield f"空表在 {out}。填好以后先检查：python -m bot bring check {out}"


def look(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """What would become of a file; nothing is written."""
    plan = desk.check(read(_bytes_of(options.path), SHEETS))
    yield from _told(plan)
    yield "检查了一遍，什么也没有写。"


def bring_in(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """Import a file, all or nothing."""
    plan = desk.check(read(_bytes_of(options.path), SHEETS))
    release = _alone(desk.config) if plan.long else None
    apply(desk.session, plan, by=None, now=desk.now)
    audit.note(desk.session, WHAT, now=desk.now, who="命令行", about=options.path.name, detail=plan.counts())
    desk.session.commit()
    if release is not None:
        release()
    yield from _told(plan)
    if any(each.standing is not Standing.SAME for each in plan.entries):
        yield "导入好了，没有通知任何人。新的题目、说法、村和宣讲员，要重启机器人才听得懂。"
    else:
        yield "和现有的一样，什么也没有变。"


def _alone(config: Config) -> Release:
    """Until it is released no bot starts; one that runs would have to wait. Raises `TooLong`."""
    try:
        return be_alone(config.database_url)
    except AlreadyRunning as error:
        raise TooLong from error


def _told(plan: Plan) -> Iterator[str]:
    """The plan for a person: what changes row by row, what stays only counted."""
    for standing in (Standing.NEW, Standing.CHANGED):
        found = plan.of(standing)
        for each in found[:SHOWN]:
            changes = f"（{'；'.join(map(str, each.changes))}）" if standing is Standing.CHANGED else ""
            yield f"{STANDINGS[standing]} {each.sheet} 第{each.row}行 {each.name}{changes}"
        if len(found) > SHOWN:
            yield f"……还有{len(found) - SHOWN}行{STANDINGS[standing]}"
    yield from (f"提醒：{each}" for each in plan.hints[:SHOWN])
    yield "，".join(f"{what}{many}" for what, many in plan.counts().items()) or "表里没有要导入的行。"


def _bytes_of(path: Path) -> bytes:
    """A file's bytes, no more of them than are taken."""
    try:
        with path.open("rb") as file:
            return file.read(FILE_MOST + 1)
    except OSError as error:
        raise BadBook(f"{path} 打不开（{disk_why(error)}）") from error


@contextmanager
def _desk(config: Config) -> Iterator[Desk]:
    with town_at_start(config) as at:
        yield Desk(config, at.files, at.session, at.now, at.topics)


def _out_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="文件", help="存成哪个文件，如 资料.xlsx")


def _path_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="表", help="填好的 Excel 文件（.xlsx）")


ACTIONS: tuple[Action[Desk], ...] = (
    Action("template", "做一个空的 Excel 表：村、题目、宣讲员、群、历史讲座", empty, _out_argument),
    Action("check", "检查填好的表：会新增、改动什么，哪里要改；什么也不写", look, _path_argument),
    Action("import", "导入填好的表，错一处就都不收；再导一次什么也不变", bring_in, _path_argument),
)
