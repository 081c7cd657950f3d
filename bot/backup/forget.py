"""Who asked to be forgotten after a backup was made is forgotten again in it, before it comes back.

The present database knows them by their number, which is the same in both: a person's row stays when they are erased.
"""

import logging
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, update

from data import erasure
from data.database import open_engine, upgrade
from data.desk_tables import ConsoleUser
from data.rules import Rules

log = logging.getLogger("menlou.backup")


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many were forgotten again, and the numbers of those with whom that failed.

    ``known`` is False where there is no present database, or none that can be read: nobody knows who should be.
    """

    people: int = 0
    failed: tuple[int, ...] = ()
    known: bool = True


def forget_again(present: Path, restored: Path, *, now: datetime, rules: Rules | None) -> Forgotten:
    """Erase in ``restored`` whom ``present`` has erased; ``rules`` are None where the town's files cannot be read.

    A fault over one person does not keep the town from coming back; it is logged, and they are told of as failed.
    """
    asked = _erased(present)
    if asked is None:
        return Forgotten(known=False)
    numbers = sorted(asked & _there(restored).items())
    if not numbers:
        return Forgotten()
    if rules is None:
        return Forgotten(failed=tuple(number for number, _ in numbers))
    engine = open_engine(f"sqlite:///{restored}")
    people, failed = 0, list[int]()
    try:
        upgrade(engine, now=now)
        for number, _ in numbers:
            try:
                with Session(engine) as session, session.begin():
                    # Who had an account then had none when they asked.
                    mine = col(ConsoleUser.member_id) == number
                    session.exec(update(ConsoleUser).where(mine).values(active=False))
                    erasure.erase(session, number, now=now, rules=rules)
                people += 1
            except Exception:
                log.exception("恢复时没能再删一次成员%d的个人信息", number)
                failed.append(number)
        with Session(engine) as session, session.begin():
            erasure.settle(session, now=now)
    finally:
        engine.dispose()
    return Forgotten(people, tuple(failed))


def _erased(database: Path) -> set[tuple[int, object]] | None:
    """(number, when they came) of who asked to be forgotten; None where that cannot be read."""
    if not database.is_file():
        return None
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA query_only=ON")
            if "erased_at" not in _columns(connection):
                return None if not _columns(connection) else set()
            query = "SELECT id, created_at FROM member WHERE erased_at IS NOT NULL"
            return {(int(number), came) for number, came in connection.execute(query)}
    except sqlite3.Error:
        return None


def _there(database: Path) -> dict[int, object]:
    """When those came who are in a backup with their names."""
    with closing(sqlite3.connect(database)) as connection:
        named = "WHERE erased_at IS NULL" if "erased_at" in _columns(connection) else ""
        return dict(connection.execute(f"SELECT id, created_at FROM member {named}"))  # noqa: S608 - words of our own


def _columns(connection: sqlite3.Connection) -> set[str]:
    return {str(row[1]) for row in connection.execute("PRAGMA table_info(member)")}
