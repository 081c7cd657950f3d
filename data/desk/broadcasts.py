"""Broadcasts for the console: the list with its filters, how far each got, and what became of each message."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session

from data import missed
from data.audience_words import KIND_NAMES
from data.broadcast_errors import NoSuchBroadcast
from data.mail import Outbox, OutboxState
from data.names import row_id
from data.statements import table_of
from data.tables import Broadcast, BroadcastState, Member, Room, RoomKind

FATES = 1_000  # messages of one notice that a page names
_B, _OUT, _ROOM, _MEMBER = table_of(Broadcast), table_of(Outbox), table_of(Room), table_of(Member)


@dataclass(frozen=True, slots=True)
class Which:
    """Which notices: all that is given must hold. ``since`` and ``until`` are of when they were written."""

    state: BroadcastState | None = None
    author_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as a list shows it: ``sent`` of ``all`` messages, both 0 before its release."""

    number: int
    text: str
    audience: str
    author: str
    state: BroadcastState
    urgent: bool
    at: datetime
    leaves_at: datetime | None
    sent: int = 0
    all: int = 0
    doubtful: int = 0


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one message. ``room`` is empty where it went to a person directly."""

    id: int
    room: str
    state: OutboxState
    why: str
    at: datetime | None
    late: bool  # an outage held it back, and it may still be released


@dataclass(slots=True)
class Fates:
    """All messages of a notice by what became of them."""

    sent: list[Fate] = field(default_factory=list)
    waiting: list[Fate] = field(default_factory=list)
    unknown: list[Fate] = field(default_factory=list)
    late: list[Fate] = field(default_factory=list)
    failed: list[Fate] = field(default_factory=list)
    cancelled: list[Fate] = field(default_factory=list)

    @property
    def all(self) -> int:
        """Messages that were to go out, but for those that were stopped."""
        return sum(map(len, (self.sent, self.waiting, self.unknown, self.late, self.failed)))


def find(session: Session, which: Which, *, offset: int = 0, limit: int = 30) -> list[NoticeRow]:
    """Notices, the newest first."""
    query = (
        select(_B, _MEMBER.c.name.label("author"))
        .join(_MEMBER, _MEMBER.c.id == _B.c.author_id)
        .where(*_where(which))
        .order_by(_B.c.id.desc())
        .offset(offset)
        .limit(limit)
    )
    rows = session.execute(query).all()
    far = _how_far(session, [row.id for row in rows])
    return [
        NoticeRow(
            row.id, row.text, row.audience, row.author, BroadcastState(row.state), row.urgent, row.created_at,
            row.leaves_at, *far.get(row.id, (0, 0, 0)),
        )
        for row in rows
    ]  # fmt: skip


def count(session: Session, which: Which) -> int:
    """How many there are."""
    return int(session.execute(select(func.count()).select_from(_B).where(*_where(which))).scalar_one())


def authors(session: Session, *, limit: int = 60) -> tuple[tuple[str, str], ...]:
    """(member id, name) of those who wrote notices."""
    wrote = select(_B.c.author_id).distinct()
    query = select(_MEMBER.c.id, _MEMBER.c.name).where(_MEMBER.c.id.in_(wrote)).order_by(_MEMBER.c.name).limit(limit)
    return tuple((str(number), name) for number, name in session.execute(query))


def fates(session: Session, number: int, *, now: datetime) -> Fates:
    """What became of each message of a notice; of those to people, without their names."""
    late = set(missed.held_back(session, now=now))
    at = func.coalesce(_OUT.c.settled_at, _OUT.c.claimed_at, _OUT.c.not_before)
    query = (
        select(_OUT.c.id, _ROOM.c.name, _ROOM.c.kind, _OUT.c.state, _OUT.c.error, at)
        .join(_ROOM, _ROOM.c.id == _OUT.c.room_id)
        .where(_OUT.c.broadcast_id == number)
        .order_by(_OUT.c.id)
        .limit(FATES)
    )
    found = Fates()
    for id_, room, kind, state, error, when in session.execute(query):
        name = "" if kind == RoomKind.DIRECT else room
        fate = Fate(id_, name, OutboxState(state), error, when, id_ in late)
        _list_of(found, fate).append(fate)
    return found


def own_rows(session: Session, number: int, state: OutboxState, ids: Collection[int] = ()) -> list[int]:
    """The ids of a notice's messages in a state, of ``ids`` only where there are any."""
    query = select(_OUT.c.id).where(_OUT.c.broadcast_id == number, _OUT.c.state == state)
    return list(session.execute(query.where(_OUT.c.id.in_(ids)) if ids else query).scalars())


def spoken_rooms(session: Session, *, most: int) -> list[tuple[int, str, str]]:
    """(id, name, what kind) of the groups that a notice can be for; none where there are more than ``most``."""
    query = select(_ROOM.c.id, _ROOM.c.name, _ROOM.c.kind).where(_ROOM.c.kind.in_(tuple(KIND_NAMES)))
    rows = session.execute(query.order_by(_ROOM.c.village_id, _ROOM.c.id).limit(most + 1)).all()
    return [(id_, name, KIND_NAMES[RoomKind(kind)]) for id_, name, kind in rows] if len(rows) <= most else []


def room_names(session: Session, ids: Sequence[int]) -> list[str]:
    """The names of groups, in the order of their ids."""
    return list(session.execute(select(_ROOM.c.name).where(_ROOM.c.id.in_(ids)).order_by(_ROOM.c.id)).scalars())


def names_of(session: Session, ids: Collection[int | None]) -> dict[int, str]:
    """The names of members, by id."""
    rows = session.execute(select(_MEMBER.c.id, _MEMBER.c.name).where(_MEMBER.c.id.in_([each for each in ids if each])))
    return {row.id: row.name for row in rows}


def correction_of(session: Session, number: int) -> list[int]:
    """The numbers of the notices that put this one right. Raises `NoSuchBroadcast` where there is no such notice."""
    if session.get(Broadcast, number) is None:
        raise NoSuchBroadcast(number)
    return list(session.execute(select(_B.c.id).where(_B.c.corrects_id == number).order_by(_B.c.id)).scalars())


def _list_of(found: Fates, fate: Fate) -> list[Fate]:
    if fate.late:
        return found.late
    return {
        OutboxState.SENT: found.sent,
        OutboxState.PENDING: found.waiting,
        OutboxState.SENDING: found.waiting,
        OutboxState.UNKNOWN: found.unknown,
        OutboxState.CANCELLED: found.cancelled,
    }.get(fate.state, found.failed)


def _how_far(session: Session, numbers: list[int]) -> dict[int, tuple[int, int, int]]:
    """(sent, all, in doubt) of each notice that was released."""
    mine = _OUT.c.broadcast_id.in_(numbers)
    query = (
        select(_OUT.c.broadcast_id, _OUT.c.state, func.count()).where(mine).group_by(_OUT.c.broadcast_id, _OUT.c.state)
    )
    by: dict[int, dict[str, int]] = {}
    for number, state, many in session.execute(query):
        by.setdefault(number, {})[state] = many
    return {
        number: (
            states.get(OutboxState.SENT, 0),
            sum(states.values()) - states.get(OutboxState.CANCELLED, 0),
            states.get(OutboxState.UNKNOWN, 0),
        )
        for number, states in by.items()
    }


def _where(which: Which) -> list[Any]:
    found: list[Any] = []
    if which.state is not None:
        found.append(_B.c.state == which.state)
    if which.author_id is not None:
        found.append(_B.c.author_id == which.author_id)
    if which.since is not None:
        found.append(_B.c.created_at >= which.since)
    if which.until is not None:
        found.append(_B.c.created_at < which.until)
    if which.words:
        number = row_id(which.words.upper().removeprefix("通知").removeprefix("B").removesuffix("号"))
        if number is not None:
            found.append(_B.c.id == number)
        else:
            held = (column.contains(which.words, autoescape=True) for column in (_B.c.text, _B.c.audience))
            found.append(or_(*held))
    return found
