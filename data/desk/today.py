"""What waits for somebody today and what goes out today, as the console's first page shows it, by village or all."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col
from sqlmodel import select as model_select

from data.loop import Deed, Lecture, LectureState, SolitaireState
from data.mail import Outbox, OutboxKind, OutboxState
from data.rooms import PUSHED
from data.statements import table_of
from data.tables import Broadcast, BroadcastState, Lecturer, Room, RoomKind, Village

_LECTURE, _VILLAGE, _LECTURER, _ROOM = table_of(Lecture), table_of(Village), table_of(Lecturer), table_of(Room)
_LIST, _OUT, _BROADCAST = table_of(SolitaireState), table_of(Outbox), table_of(Broadcast)
_ASKED_FOR = timedelta(days=60)  # how long the number of a lecture is asked after, as in 待办
_LECTURES = (
    select(
        _LECTURE.c.id,
        _LECTURE.c.title,
        _LECTURE.c.starts_at,
        _LECTURE.c.venue,
        func.coalesce(_VILLAGE.c.name, "").label("village"),
        _LECTURER.c.name.label("lecturer"),
    )
    .select_from(_LECTURE)
    .join(_LECTURER, _LECTURER.c.id == _LECTURE.c.lecturer_id)
    .join(_VILLAGE, _VILLAGE.c.id == _LECTURE.c.village_id, isouter=True)
)


@dataclass(frozen=True, slots=True)
class Held:
    """A lecture in a line. ``doubts`` are the things in its 接龙 that somebody should look at."""

    number: int
    title: str
    starts_at: datetime
    venue: str
    village: str
    lecturer: str
    doubts: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """A broadcast in a line."""

    number: int
    text: str
    leaves_at: datetime | None


@dataclass(frozen=True, slots=True)
class Leaving:
    """The same words that go to some places: when the first of them leaves, and where, for one."""

    at: datetime
    text: str
    places: int
    room: str


@dataclass(frozen=True, slots=True)
class LastDeed:
    """What somebody did last and may still take back, until when."""

    what: str
    until: datetime


def uncounted(session: Session, village_id: int | None, *, now: datetime, limit: int) -> list[Held]:
    """The lectures that were held and of which nobody has said how many came, oldest first."""
    query = _LECTURES.where(
        _LECTURE.c.state == LectureState.DELIVERED,
        _LECTURE.c.starts_at > now - _ASKED_FOR,
        _LECTURE.c.attended.is_(None),
        *_of(_LECTURE.c.village_id, village_id),
    )
    return [Held(*row) for row in session.execute(query.order_by(_LECTURE.c.starts_at).limit(limit))]


def lectures(session: Session, village_id: int | None, *, since: datetime, until: datetime, limit: int) -> list[Held]:
    """The lectures that begin then, the next one first; those that were cancelled are none."""
    query = _LECTURES.where(
        _LECTURE.c.state != LectureState.CANCELLED,
        _LECTURE.c.starts_at >= since,
        _LECTURE.c.starts_at < until,
        *_of(_LECTURE.c.village_id, village_id),
    )
    return [Held(*row) for row in session.execute(query.order_by(_LECTURE.c.starts_at).limit(limit))]


def unclear(session: Session, village_id: int | None, *, limit: int) -> list[Held]:
    """The lectures whose 接龙 somebody should look at, the longest waiting first."""
    doubts = (
        select(_LIST.c.lecture_id, func.sum(_LIST.c.doubts).label("many"), func.min(_LIST.c.changed_at).label("since"))
        .where(_LIST.c.doubts > 0)
        .group_by(_LIST.c.lecture_id)
        .subquery()
    )
    query = (
        _LECTURES.add_columns(doubts.c.many)
        .join(doubts, doubts.c.lecture_id == _LECTURE.c.id)
        .where(_LECTURE.c.state == LectureState.ANNOUNCED, *_of(_LECTURE.c.village_id, village_id))
    )
    return [Held(*row) for row in session.execute(query.order_by(doubts.c.since).limit(limit))]


def submitted(session: Session, *, limit: int) -> list[Notice]:
    """The broadcasts that wait for another's approval, oldest first."""
    return _notices(session, (_BROADCAST.c.state == BroadcastState.SUBMITTED,), _BROADCAST.c.id, limit)


def released(session: Session, *, until: datetime, limit: int) -> list[Notice]:
    """The approved broadcasts that wait for their hour till then."""
    where = (_BROADCAST.c.state == BroadcastState.APPROVED, _BROADCAST.c.leaves_at < until)
    return _notices(session, where, _BROADCAST.c.leaves_at, limit)


def leaving(session: Session, village_id: int | None, *, until: datetime, limit: int) -> list[Leaving]:
    """What is queued for a group and leaves till then, the same words together; answers and direct chats are not."""
    query = (
        select(func.min(_OUT.c.not_before), _OUT.c.text, func.count(), func.min(_ROOM.c.name))
        .join(_ROOM, _ROOM.c.id == _OUT.c.room_id)
        .where(
            _OUT.c.state == OutboxState.PENDING,
            _OUT.c.kind != OutboxKind.REPLY,
            _OUT.c.not_before < until,
            _ROOM.c.kind != RoomKind.DIRECT,
            *_of(_ROOM.c.village_id, village_id),
        )
        .group_by(_OUT.c.text)
        .order_by(func.min(_OUT.c.not_before))
        .limit(limit)
    )
    return [Leaving(*row) for row in session.execute(query)]


def last_deed(session: Session, member_id: int, *, within: timedelta, now: datetime) -> LastDeed | None:
    """What this member did last, while it can still be taken back (`data.deeds.undo`)."""
    mine = model_select(Deed).where(Deed.member_id == member_id, col(Deed.undone_at).is_(None), Deed.at >= now - within)
    deed = session.exec(mine.order_by(col(Deed.id).desc())).first()
    return LastDeed(deed.what, deed.at + within) if deed is not None else None


def groups(session: Session) -> int:
    """How many groups get texts."""
    return int(session.execute(select(func.count()).select_from(_ROOM).where(_ROOM.c.kind.in_(PUSHED))).scalar_one())


def _notices(session: Session, where: tuple[Any, ...], order: Any, limit: int) -> list[Notice]:
    query = select(_BROADCAST.c.id, _BROADCAST.c.text, _BROADCAST.c.leaves_at).where(*where)
    return [Notice(*row) for row in session.execute(query.order_by(order, _BROADCAST.c.id).limit(limit))]


def _of(column: Any, village_id: int | None) -> tuple[Any, ...]:
    return () if village_id is None else (column == village_id,)
