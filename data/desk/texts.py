"""Policy texts for the console: the list with its filters, the versions of one, where each went, the series."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as model_select

from data import seasons, snippets
from data.mail import Outbox, OutboxKind, OutboxState
from data.rooms import PUSHED
from data.rules import Rules
from data.series_tables import Series
from data.statements import table_of
from data.tables import Push, PushPart, Room, RoomKind, Snippet, SnippetOrigin, Topic, Village

SOON = timedelta(days=30)  # before its last day a text expires soon
_S, _PUSH, _OUT, _ROOM, _TOPIC = (table_of(each) for each in (Snippet, Push, Outbox, Room, Topic))
_VILLAGE = table_of(Village)
_WAITS = (OutboxState.PENDING, OutboxState.SENDING)
_FAR_DAYS = 366


@dataclass(frozen=True, slots=True)
class Which:
    """Which texts, by their version in force (or the last that was): all that is given must hold.

    ``state``: valid, expiring (within `SOON`), expired, coming (issued later), withdrawn; empty for all.
    """

    today: date
    topic_id: int | None = None
    state: str = ""
    origin: SnippetOrigin | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text as a list shows it."""

    number: int
    key: str
    title: str
    topic: str
    version: int
    origin: SnippetOrigin
    source: str
    issued_on: date
    expires_on: date
    withdrawn: bool
    text: str

    def state(self, today: date) -> str:
        """As `Which.state` names it."""
        if self.withdrawn:
            return "withdrawn"
        if self.expires_on < today:
            return "expired"
        if self.issued_on > today:
            return "coming"
        return "expiring" if self.expires_on <= today + SOON else "valid"


@dataclass(frozen=True, slots=True)
class Spread:
    """How far one version went: groups that have it, people to whom it went directly, what is not certain."""

    groups: int = 0
    people: int = 0
    unknown: int = 0
    waiting: int = 0
    failed: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Went:
    """One push of a text to one group."""

    room: str
    part: PushPart
    state: OutboxState
    at: datetime


def find(session: Session, which: Which, *, offset: int = 0, limit: int = 30) -> list[TextRow]:
    """Texts, in the order of the menu of topics; where expiring ones are wished for, the first to expire in front."""
    first = (_S.c.expires_on, _S.c.id) if which.state == "expiring" else (_TOPIC.c.position, _S.c.id)
    query = (
        select(_S, _TOPIC.c.name.label("topic"))
        .join(_TOPIC, _TOPIC.c.id == _S.c.topic_id)
        .where(*_where(which))
        .order_by(*first)
    )
    return [
        TextRow(
            row.id, row.key, row.title, row.topic, row.version, SnippetOrigin(row.origin), row.source,
            row.issued_on, row.expires_on, row.withdrawn_at is not None, row.text,
        )
        for row in session.execute(query.offset(offset).limit(limit))
    ]  # fmt: skip


def count(session: Session, which: Which) -> int:
    """How many there are."""
    return int(session.execute(select(func.count()).select_from(_S).where(*_where(which))).scalar_one())


def versions(session: Session, snippet: Snippet) -> list[Snippet]:
    """All versions of a text, the latest first."""
    key = snippets.bare_key(snippet.key)
    mine = or_(col(Snippet.key) == key, col(Snippet.key).startswith(f"{key}@", autoescape=True))
    return list(session.exec(model_select(Snippet).where(mine).order_by(col(Snippet.version).desc())))


def spread(session: Session, ids: Sequence[int]) -> dict[int, Spread]:
    """How far each of these versions went. A question does not count with its text."""
    direct = _ROOM.c.kind == RoomKind.DIRECT
    at = func.max(func.coalesce(_OUT.c.claimed_at, _OUT.c.settled_at))
    query = (
        select(_PUSH.c.snippet_id, direct, _OUT.c.state, func.count(func.distinct(_OUT.c.room_id)), at)
        .join(_OUT, _OUT.c.id == _PUSH.c.outbox_id)
        .join(_ROOM, _ROOM.c.id == _OUT.c.room_id)
        .where(_PUSH.c.snippet_id.in_(ids), _PUSH.c.part != PushPart.QUESTION)
        .group_by(_PUSH.c.snippet_id, direct, _OUT.c.state)
    )
    parts: dict[int, list[tuple[bool, OutboxState, int, datetime | None]]] = {}
    for number, is_direct, state, many, last in session.execute(query):
        parts.setdefault(number, []).append((bool(is_direct), OutboxState(state), many, last))
    return {number: _spread(rows) for number, rows in parts.items()}


def went(session: Session, ids: Sequence[int], *, village_id: int | None, limit: int = 60) -> list[Went]:
    """The latest pushes of these versions to groups (of one village), and what became of them."""
    query = (
        select(_ROOM.c.name, _PUSH.c.part, _OUT.c.state, _PUSH.c.occurrence)
        .join(_OUT, _OUT.c.id == _PUSH.c.outbox_id)
        .join(_ROOM, _ROOM.c.id == _OUT.c.room_id)
        .where(_PUSH.c.snippet_id.in_(ids), _ROOM.c.kind != RoomKind.DIRECT)
    )
    if village_id is not None:
        query = query.where(_ROOM.c.village_id == village_id)
    rows = session.execute(query.order_by(_PUSH.c.id.desc()).limit(limit))
    return [Went(room, PushPart(part), OutboxState(state), at) for room, part, state, at in rows]


def queued_since(session: Session, start: datetime, *, most: int) -> int:
    """How many texts and notices were queued since then; of more than ``most`` it says one more."""
    pushed = _OUT.c.kind == OutboxKind.PUSH
    mine = select(_OUT.c.id).where(_OUT.c.queued_at >= start, or_(pushed, _OUT.c.broadcast_id.is_not(None)))
    return int(session.execute(select(func.count()).select_from(mine.limit(most + 1).subquery())).scalar_one())


def pushed(session: Session, words: str, *, most: int) -> tuple[list[Room], bool]:
    """The groups that get texts; where they are more than ``most``, those of a village or name, and True."""
    query = model_select(Room).where(col(Room.kind).in_(PUSHED)).order_by(col(Room.id))
    everyone = list(session.exec(query.limit(most + 1)))
    if len(everyone) <= most:
        return everyone, False
    village = select(_VILLAGE.c.id).where(_VILLAGE.c.name == words)
    named = or_(col(Room.name).contains(words, autoescape=True), col(Room.village_id).in_(village))
    return (list(session.exec(query.where(named).limit(most))) if words else []), True


def by_key(session: Session, keys: Sequence[str]) -> Mapping[str, Snippet]:
    """The texts with these keys, in force or not."""
    return {each.key: each for each in session.exec(model_select(Snippet).where(col(Snippet.key).in_(keys)))}


def all_series(session: Session) -> list[Series]:
    """The series that go on, in their order."""
    return list(session.exec(model_select(Series).where(col(Series.active)).order_by(col(Series.position))))


def next_day(series: Series, *, today: date, rules: Rules) -> date | None:
    """The first day from today on that lies in one of its spans; None where none does within a year."""
    if not series.days:
        return today
    days = (today + timedelta(days=ahead) for ahead in range(_FAR_DAYS))
    return next((day for day in days if any(seasons.span_of(each, day, rules.work) for each in series.days)), None)


def _spread(rows: list[tuple[bool, OutboxState, int, datetime | None]]) -> Spread:
    def total(*states: OutboxState, direct: bool | None = None) -> int:
        return sum(many for is_direct, state, many, _ in rows if state in states and direct in (None, is_direct))

    sent = [last for _, state, _, last in rows if state == OutboxState.SENT and last is not None]
    return Spread(
        groups=total(OutboxState.SENT, direct=False),
        people=total(OutboxState.SENT, direct=True),
        unknown=total(OutboxState.UNKNOWN),
        waiting=total(*_WAITS),
        failed=total(OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.CANCELLED),
        last=max(sent, default=None),
    )


def _where(which: Which) -> list[Any]:
    today, soon = which.today, which.today + SOON
    in_force = _S.c.withdrawn_at.is_(None)
    found: list[Any] = [_S.c.key.not_like("%@%")]
    states: dict[str, list[Any]] = {
        "valid": [in_force, _S.c.issued_on <= today, _S.c.expires_on > soon],
        "expiring": [in_force, _S.c.issued_on <= today, _S.c.expires_on >= today, _S.c.expires_on <= soon],
        "expired": [in_force, _S.c.expires_on < today],
        "coming": [in_force, _S.c.issued_on > today, _S.c.expires_on >= today],
        "withdrawn": [_S.c.withdrawn_at.is_not(None)],
    }
    found += states.get(which.state, [])
    if which.topic_id is not None:
        found.append(_S.c.topic_id == which.topic_id)
    if which.origin is not None:
        found.append(_S.c.origin == which.origin)
    if which.words:
        columns = (_S.c.title, _S.c.text, _S.c.key, _S.c.source)
        found.append(or_(*(column.contains(which.words, autoescape=True) for column in columns)))
    return found
