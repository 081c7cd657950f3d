"""Members for the page 个人信息: found by name, number or group; and what was removed, kind by kind."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as model_select

from data.erasure import KIND
from data.mail import Inbox
from data.names import row_id
from data.record_tables import Removal
from data.statements import table_of
from data.tables import Member, Room, RoomKind, Village

GROUPS = 5  # of a name that are looked into for who spoke there
_MEMBER, _VILLAGE, _ROOM, _IN, _GONE = (table_of(each) for each in (Member, Village, Room, Inbox, Removal))
_HERE = _MEMBER.c.erased_at.is_(None)


@dataclass(frozen=True, slots=True)
class Person:
    """A member, as a list shows them."""

    number: int
    name: str
    village: str
    transport: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Swept:
    """What the runs of one kind came to: when the last one began, and how many rows all of them changed."""

    last: datetime
    rows: int


def find(session: Session, words: str, village_id: int | None, *, offset: int, limit: int) -> list[Person]:
    """Members who are not erased, the newest first."""
    query = (
        select(_MEMBER.c.id, _MEMBER.c.name, func.coalesce(_VILLAGE.c.name, ""), _MEMBER.c.transport,
               _MEMBER.c.created_at)
        .join(_VILLAGE, _VILLAGE.c.id == _MEMBER.c.village_id, isouter=True)
        .where(*_where(words, village_id))
        .order_by(_MEMBER.c.id.desc())
    )  # fmt: skip
    return [Person(*row) for row in session.execute(query.offset(offset).limit(limit))]


def count(session: Session, words: str, village_id: int | None) -> int:
    """How many there are."""
    query = select(func.count()).select_from(_MEMBER).where(*_where(words, village_id))
    return int(session.execute(query).scalar_one())


def removals(session: Session, *, kind: str, offset: int, limit: int) -> tuple[list[Removal], int]:
    """What was removed, the newest first, and how often in all; of every kind where ``kind`` is empty.

    Of the runs that found nothing, which are most, nothing is told.
    """
    query = model_select(Removal).where(or_(col(Removal.rows) > 0, col(Removal.member_id).is_not(None)))
    counted = select(func.count()).select_from(_GONE).where(or_(_GONE.c.rows > 0, _GONE.c.member_id.is_not(None)))
    if kind:
        query, counted = query.where(Removal.kind == kind), counted.where(_GONE.c.kind == kind)
    rows = session.exec(query.order_by(col(Removal.id).desc()).offset(offset).limit(limit)).all()
    return list(rows), int(session.execute(counted).scalar_one())


def swept(session: Session) -> dict[str, Swept]:
    """What was removed because its time was over, by kind."""
    query = select(_GONE.c.kind, func.max(_GONE.c.at), func.sum(_GONE.c.rows)).where(_GONE.c.kind != KIND)
    return {kind: Swept(last, int(rows)) for kind, last, rows in session.execute(query.group_by(_GONE.c.kind))}


def _where(words: str, village_id: int | None) -> list[Any]:
    found: list[Any] = [_HERE]
    if village_id is not None:
        found.append(_MEMBER.c.village_id == village_id)
    number = row_id(words.removesuffix("号"))
    if number is not None:
        found.append(_MEMBER.c.id == number)
    elif words:
        named = select(_ROOM.c.id).where(_ROOM.c.name.contains(words, autoescape=True), _ROOM.c.kind != RoomKind.DIRECT)
        groups = select(named.order_by(_ROOM.c.id).limit(GROUPS).subquery().c.id)
        spoke = select(_IN.c.member_id).where(_IN.c.room_id.in_(groups))
        found.append(or_(_MEMBER.c.name.contains(words, autoescape=True), _MEMBER.c.id.in_(spoke)))
    return found
