"""Undo (撤销): what a coordinator did in one turn is kept with what stood there before, and can be taken back for a
minute, while nothing of it was said.

Services that are to be undone change mapped objects (not tables by statements), so that the session sees it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Table, event, inspect, update
from sqlalchemy import select as core_select
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from data.errors import NothingToUndo, TooLateToUndo
from data.loop import Deed
from data.mail import Inbox, Outbox, OutboxState
from data.statements import changed, table_of
from data.tables import Dialog, Member, Room

KEY = "deed"  # where a session holds the recorder, and `data.outbox.queue` finds it
# People and places that were met stay met; a question of ours is its own; what is said is cancelled, not deleted.
_LEFT_ALONE = (Inbox, Outbox, Dialog, Deed, Room, Member)
_TABLES = SQLModel.metadata.tables


@dataclass(slots=True)
class Recorder:
    """What a turn changes, in order."""

    changes: list[dict[str, object]] = field(default_factory=list)
    outbox_ids: list[int] = field(default_factory=list)


@contextmanager
def recording(session: Session) -> Iterator[Recorder]:
    """Note what is changed within."""
    recorder = Recorder()
    session.flush()

    def before(_session: Session, _context: object, _instances: object) -> None:
        recorder.changes += [_change(each) for each in session.dirty if _counts(each) and session.is_modified(each)]

    def after(_session: Session, _context: object) -> None:
        recorder.changes += [_birth(each) for each in session.new if _counts(each)]

    event.listen(session, "before_flush", before)
    event.listen(session, "after_flush", after)
    session.info[KEY] = recorder
    try:
        yield recorder
        session.flush()
    finally:
        del session.info[KEY]
        event.remove(session, "before_flush", before)
        event.remove(session, "after_flush", after)


def keep(session: Session, recorder: Recorder, *, member_id: int, what: str, now: datetime) -> None:
    """Keep a deed, where anything was done."""
    if recorder.changes or recorder.outbox_ids:
        session.add(
            Deed(
                member_id=member_id,
                at=now,
                what=what,
                changes=recorder.changes,
                outbox_ids=recorder.outbox_ids,
            )
        )


def undo(session: Session, *, member_id: int, within: timedelta, now: datetime) -> str:
    """Take the member's last deed back and return what it was. Raises `NothingToUndo` or `TooLateToUndo`."""
    query = select(Deed).where(Deed.member_id == member_id, col(Deed.undone_at).is_(None), Deed.at >= now - within)
    deed = session.exec(query.order_by(col(Deed.id).desc())).first()
    if deed is None:
        raise NothingToUndo(int(within.total_seconds()))
    rows = session.exec(select(Outbox).where(col(Outbox.id).in_(deed.outbox_ids))).all()
    if any(row.state != OutboxState.PENDING for row in rows):
        raise TooLateToUndo(deed.what, "已经发出去了")
    if not _stand(session, deed.changes):
        raise TooLateToUndo(deed.what, "后来又改过")
    try:
        with session.begin_nested():
            for row in rows:
                row.state, row.settled_at, row.error, row.once = OutboxState.CANCELLED, now, "撤销", None
            session.flush()
            for change in reversed(deed.changes):
                _take_back(session, change)
    except IntegrityError as error:  # somebody built on it: signed up for the lecture that it made
        raise TooLateToUndo(deed.what, "已经有人接着用了") from error
    deed.undone_at = now
    session.flush()
    session.expire_all()
    return deed.what


def _counts(row: object) -> bool:
    return not isinstance(row, _LEFT_ALONE)


def _key(row: object) -> dict[str, object]:
    mapper = inspect(type(row))
    assert mapper is not None
    return {column.key: _plain(getattr(row, column.key)) for column in mapper.primary_key}


def _birth(row: SQLModel) -> dict[str, object]:
    table = table_of(type(row))
    return {
        "table": table.name,
        "key": _key(row),
        "after": {each.key: _plain(getattr(row, each.key)) for each in table.c},
    }


def _change(row: SQLModel) -> dict[str, object]:
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for attribute in inspect(row).attrs:
        history = attribute.history
        if history.has_changes() and attribute.key in table_of(type(row)).c:
            before[attribute.key] = _plain(history.deleted[0] if history.deleted else None)
            after[attribute.key] = _plain(history.added[0] if history.added else None)
    return {"table": table_of(type(row)).name, "key": _key(row), "before": before, "after": after}


def _stand(session: Session, changes: list[dict[str, Any]]) -> bool:
    """Whether every row is still as the deed left it."""
    left: dict[tuple[str, tuple[object, ...]], tuple[dict[str, Any], dict[str, Any]]] = {}
    for change in changes:
        where = (change["table"], tuple(map(str, change["key"].values())))
        left.setdefault(where, (change["key"], {}))[1].update(change["after"])
    for (name, _), (key, after) in left.items():
        table = _TABLES[name]
        row = session.execute(core_select(table).where(*_is(table, key))).mappings().first()
        if row is None or any(_plain(row[column]) != value for column, value in after.items()):
            return False
    return True


def _take_back(session: Session, change: Mapping[str, Any]) -> None:
    table = _TABLES[change["table"]]
    where = _is(table, change["key"])
    if "before" not in change:
        session.execute(table.delete().where(*where))
        return
    values = {name: _value(value) for name, value in change["before"].items()}
    changed(session, update(table).where(*where).values(**values))


def _is(table: Table, key: Mapping[str, Any]) -> list[Any]:
    return [table.c[name] == _value(value) for name, value in key.items()]


def _plain(value: object) -> object:
    """A column's value as JSON can hold it; moments alike whatever their zone."""
    match value:
        case Enum():
            return value.value
        case datetime():
            return {"moment": value.astimezone(UTC).isoformat()}
        case date():
            return {"date": value.isoformat()}
        case _:
            return value


def _value(plain: object) -> object:
    match plain:
        case {"moment": str(words)}:
            return datetime.fromisoformat(words)
        case {"date": str(words)}:
            return date.fromisoformat(words)
        case _:
            return plain
