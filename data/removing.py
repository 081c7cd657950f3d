"""How rows whose time is over are gone through, in batches: `data.retention` says which rows and when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    String,
    Table,
    and_,
    case,
    cast,
    delete,
    literal,
    select,
    tuple_,
    update,
)
from sqlmodel import Session

from data.loop import Lecture
from data.mail import OutboxState
from data.statements import changed, table_of

BATCH = 1_000  # rows that one turn looks at
SOMEBODY = "代报"  # and the sign-up's number, for whom somebody else was signed up
WAITS = (OutboxState.PENDING, OutboxState.SENDING)
_LECTURE = table_of(Lecture)
_LECTURES_A_BATCH = BATCH // 50  # each has a list of people


@dataclass(frozen=True, slots=True)
class Batch:
    """What one look came to: rows changed, rows looked at, how far it came, and whether nothing is left."""

    rows: int
    looked: int
    upto: int | str | None
    done: bool


def stand_in(number: Column[Any]) -> ColumnElement[str]:
    """In place of the name for whom somebody signed up: empty would be the member themself."""
    return literal(SOMEBODY).concat(cast(number, String))


def mark(rating: Column[Any]) -> ColumnElement[str]:
    """What stays of the words of a rating."""
    return case((rating.is_not(None), cast(rating, String).concat("分")), else_="")


Remove = Callable[[Session, datetime, int | str | None], Batch]  # session, before, upto


def blank_by_id(table: Table, at: Column[Any], where: ColumnElement[bool], values: Mapping[str, object]) -> Remove:
    """Rows that are written once, in the order of time: on from the last that was looked at."""

    def remove(session: Session, before: datetime, upto: int | str | None) -> Batch:
        since = upto if isinstance(upto, int) else 0
        rows = session.execute(select(table.c.id, at).where(table.c.id > since).order_by(table.c.id).limit(BATCH)).all()
        due = [row for row, moment in takewhile(lambda row: row[1] < before, rows)]
        if not due:
            return Batch(0, 1, upto, done=True)
        touched = update(table).where(table.c.id > since, table.c.id <= due[-1], where).values(**values)
        return Batch(changed(session, touched), len(due), due[-1], done=len(due) < BATCH)

    return remove


def blank_after_lectures(statement: Callable[[list[int]], Any]) -> Remove:
    """What belongs to lectures: on from the last moment at which one began that was looked at."""

    def remove(session: Session, before: datetime, upto: int | str | None) -> Batch:
        due = between(_LECTURE.c.starts_at, upto, before)
        begun = session.execute(
            select(_LECTURE.c.starts_at).where(due).order_by(_LECTURE.c.starts_at).limit(_LECTURES_A_BATCH)
        )
        marks = begun.scalars().all()
        if not marks:
            return Batch(0, 1, upto, done=True)
        ids = session.execute(select(_LECTURE.c.id).where(due, _LECTURE.c.starts_at <= marks[-1])).scalars().all()
        touched = changed(session, statement(list(ids)))
        looked = max(touched, BATCH // 4)
        return Batch(touched, looked, marks[-1].isoformat(), done=len(marks) < _LECTURES_A_BATCH)

    return remove


def between(at: Column[Any], upto: int | str | None, before: datetime) -> ColumnElement[bool]:
    """After the moment that was come to, and before the time that is kept."""
    return and_(at < before, at > datetime.fromisoformat(upto)) if isinstance(upto, str) else at < before


def delete_before(table: Table, at: Column[Any], where: ColumnElement[bool] | None = None) -> Remove:
    """Rows that go: what is due is never there a second time."""
    key = list(table.primary_key)

    def remove(session: Session, before: datetime, _upto: int | str | None) -> Batch:
        due = select(*key).where(at < before).limit(BATCH)
        if where is not None:
            due = due.where(where)
        which = tuple_(*key).in_(due) if len(key) > 1 else key[0].in_(due)
        gone = changed(session, delete(table).where(which))
        return Batch(gone, max(gone, 1), None, done=gone < BATCH)

    return remove
