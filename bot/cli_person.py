"""``python -m bot person --member 12 --out DIR``: all that is kept about one person, as a JSON file to hand to them."""

import argparse
import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.config import load_config
from bot.places import PERSONS, beside, only_ours
from bot.settings import ZONE
from bot.town import clock_of, open_settled
from data import audit, persons
from data.errors import TownError
from data.files import new_file
from data.tables import Member


class NoSuchPerson(TownError):
    """Nobody has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有{number}号这个人，或已按本人要求删除。编号在他私聊机器人发“我的信息”时看得到。")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who, and where to."""
    parser.add_argument(
        "--member", type=int, required=True, metavar="编号", help="编号（本人私聊机器人发“我的信息”就看得到）"
    )
    parser.add_argument(
        "--out", type=Path, metavar="资料夹", help=f"存到哪个资料夹（默认在数据库旁边的 {PERSONS}，7天后清掉）"
    )


def run(options: argparse.Namespace) -> int:
    """Write the file. Raises `NoSuchPerson`."""
    config = load_config(options.config)
    now = clock_of(config)()
    out: Path = options.out or only_ours(beside(config, PERSONS))
    engine = open_settled(config, now=now)
    try:
        with Session(engine) as session, session.begin():
            note(session, options.member, out, now=now)
        with Session(engine) as session:
            path = write(session, options.member, out, config[ZONE])
    finally:
        engine.dispose()
    print(f"写好了 {path}。里面是个人信息，只交给本人，交完请删掉这个文件。")
    return 0


def note(session: Session, member_id: int, folder: Path, *, now: datetime) -> None:
    """Write down that it is given out, before it is. Raises `NoSuchPerson`."""
    _find(session, member_id)
    detail = {"资料夹": str(folder)}
    audit.note(session, "导出个人信息", now=now, who="命令行", about=f"成员{member_id}", detail=detail)


def write(session: Session, member_id: int, folder: Path, zone: ZoneInfo) -> Path:
    """The file of one person, readable by its owner only. Raises `NoSuchPerson`; OSError of the disk."""
    _find(session, member_id)
    path = folder / f"person-{member_id}.json"
    words = json.dumps(persons.dossier(session, member_id, zone), ensure_ascii=False, indent=2)
    with new_file(path, over=True) as part:
        part.touch(mode=0o600)
        part.write_text(words + "\n", "utf-8")
    return path


def _find(session: Session, member_id: int) -> None:
    person = session.get(Member, member_id)
    if person is None or person.erased_at is not None:
        raise NoSuchPerson(member_id)
