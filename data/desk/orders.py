"""Orders for the console: lists of them with filters, the columns of the board, and what an order's page needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, literal_column, or_, select
from sqlmodel import Session, col

from data import progress
from data.loop import Assignment, EventKind, Lecture, Order, OrderSeconder, OrderState
from data.names import row_id
from data.orders import describe
from data.progress import OPEN
from data.statements import table_of
from data.tables import Lecturer, Member, Role, RoleKind, Room, RoomKind, Topic, Village
from data.wishes import OPEN_OFFERS, name_of

_ORDER, _SECONDER, _OFFER = table_of(Order), table_of(OrderSeconder), table_of(Assignment)
_TOPIC, _LECTURER, _VILLAGE = table_of(Topic), table_of(Lecturer), table_of(Village)
_LECTURE, _MEMBER = table_of(Lecture), table_of(Member)
_OWNER = _MEMBER.alias("owner")
_PEOPLE = select(func.count()).where(_SECONDER.c.order_id == _ORDER.c.id).correlate(_ORDER).scalar_subquery()
_ROWS = (
    select(
        _ORDER.c.id,
        _ORDER.c.state,
        _ORDER.c.kind,
        _ORDER.c.urgent,
        _ORDER.c.wish,
        _ORDER.c.when_text,
        _ORDER.c.for_whom,
        _ORDER.c.created_at,
        _ORDER.c.due_at,
        _ORDER.c.lecture_id,
        _TOPIC.c.name.label("topic"),
        _LECTURER.c.name.label("lecturer"),
        _VILLAGE.c.name.label("village"),
        _MEMBER.c.name.label("asker"),
        func.coalesce(_OWNER.c.name, "").label("owner"),
        _LECTURE.c.starts_at,
        _PEOPLE.label("seconders"),
    )
    .select_from(_ORDER)
    .join(_MEMBER, _MEMBER.c.id == _ORDER.c.member_id)
    .join(_OWNER, _OWNER.c.id == _ORDER.c.owner_id, isouter=True)
    .join(_TOPIC, _TOPIC.c.id == _ORDER.c.topic_id, isouter=True)
    .join(_LECTURER, _LECTURER.c.id == _ORDER.c.lecturer_id, isouter=True)
    .join(_VILLAGE, _VILLAGE.c.id == _ORDER.c.village_id, isouter=True)
    .join(_LECTURE, _LECTURE.c.id == _ORDER.c.lecture_id, isouter=True)
)
_DESK = 100  # coordinators that a menu offers
_LIKE_IT = 8  # orders that are proposed for merging


@dataclass(frozen=True, slots=True)
class Which:
    """Which orders: all that is given must hold. ``late`` are those whose step should have been done by that moment."""

    village_id: int | None = None
    states: tuple[OrderState, ...] = ()
    late: datetime | None = None
    topic_id: int | None = None
    kind: EventKind | None = None
    urgent: bool = False
    owner_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order as a list shows it. ``held_at`` is when its lecture is, where it has one."""

    number: int
    state: OrderState
    kind: EventKind
    urgent: bool
    what: str
    wish: str
    when_text: str
    for_whom: str
    village: str
    asker: str
    people: int
    owner: str
    created_at: datetime
    due_at: datetime | None
    lecture_id: int | None
    held_at: datetime | None

    def late(self, now: datetime) -> bool:
        """Whether its step should have been done by now."""
        return self.state in OPEN and self.due_at is not None and self.due_at <= now


@dataclass(frozen=True, slots=True)
class Asker:
    """Somebody who wishes for it, and where they said so."""

    name: str
    where: str


def find(session: Session, which: Which, *, offset: int = 0, limit: int = 30) -> list[OrderRow]:
    """Orders, those of open steps with what is due first in front, all others newest first."""
    by_due = bool(which.states or which.late) and all(state in OPEN for state in which.states)
    first = (_ORDER.c.due_at, _ORDER.c.id) if by_due else (_ORDER.c.id.desc(),)
    # The page's ids first: what is joined is joined for these alone.
    page = select(_ORDER.c.id).where(*_where(which)).order_by(*first).offset(offset).limit(limit).subquery()
    query = _ROWS.where(_ORDER.c.id.in_(select(page.c.id))).order_by(*first)
    return [_row(each) for each in session.execute(query)]


def count(session: Session, which: Which) -> int:
    """How many there are."""
    return int(session.execute(select(func.count()).select_from(_ORDER).where(*_where(which))).scalar_one())


def scheduled(session: Session, village_id: int | None, *, now: datetime, limit: int) -> list[OrderRow]:
    """The orders whose lecture is still to come, the next one first."""
    query = _ROWS.where(
        _ORDER.c.state == OrderState.SCHEDULED,
        _LECTURE.c.starts_at > now,
        *(() if village_id is None else (_ORDER.c.village_id == village_id,)),
    )
    rows = session.execute(query.order_by(_LECTURE.c.starts_at, _ORDER.c.id).limit(limit))
    return [_row(each) for each in rows]


def asked(session: Session, numbers: Iterable[int]) -> dict[int, str]:
    """Whom each of these orders waits for, by number: 覃志刚、黄秀兰."""
    query = (
        select(_OFFER.c.order_id, _LECTURER.c.name)
        .join(_LECTURER, _LECTURER.c.id == _OFFER.c.lecturer_id)
        .where(_OFFER.c.order_id.in_(list(numbers)), _OFFER.c.state.in_(OPEN_OFFERS))
        .order_by(_OFFER.c.id)
    )
    names: dict[int, list[str]] = {}
    for number, name in session.execute(query):
        names.setdefault(number, []).append(name)
    return {number: "、".join(each) for number, each in names.items()}


def askers(session: Session, order: Order, *, own: bool) -> list[Asker]:
    """Who wishes for it and where they said so; ``own``: without those of orders that were merged into it."""
    if own:
        query = select(_SECONDER.c.member_id).where(_SECONDER.c.order_id == order.id).order_by(_SECONDER.c.at)
        people = {order.member_id: order.room_id, **{each: order.room_id for (each,) in session.execute(query)}}
    else:
        people = dict(progress.askers(session, order))
    names = {row.id: row.name for row in session.execute(_names(Member, people))}
    rooms = {row.id: row for row in session.execute(_names(Room, people.values()))}
    found = []
    for member_id, room_id in people.items():
        room = rooms[room_id]
        found.append(Asker(names[member_id], "私聊" if room.kind == RoomKind.DIRECT else room.name))
    return found


def alike(session: Session, order: Order) -> list[OrderRow]:
    """Other orders that it could be merged with: open ones on the same topic or of the same village, oldest first."""
    same = [_ORDER.c.topic_id == order.topic_id] if order.topic_id is not None else []
    same += [_ORDER.c.village_id == order.village_id] if order.village_id is not None else []
    if not same:
        return []
    states = (OrderState.RECEIVED, OrderState.REVIEWED, OrderState.DISPATCHED)
    query = _ROWS.where(_ORDER.c.state.in_(states), _ORDER.c.id != order.id, or_(*same))
    best = and_(*same).desc() if len(same) > 1 else _ORDER.c.id
    return [_row(each) for each in session.execute(query.order_by(best, _ORDER.c.id).limit(_LIKE_IT))]


def merged_into(session: Session, number: int) -> list[OrderRow]:
    """The orders that are part of this one."""
    query = _ROWS.where(_ORDER.c.merged_into == number).order_by(_ORDER.c.id)
    return [_row(each) for each in session.execute(query.limit(30))]


def lecturer_names(session: Session, offers: Iterable[Assignment]) -> dict[int, str]:
    """The names of the lecturers who were asked, by id."""
    return {number: name_of(session, number) for number in {each.lecturer_id for each in offers}}


def coordinators(session: Session) -> list[tuple[int, str]]:
    """(member id, name) of those who look after orders and cases."""
    query = (
        select(_MEMBER.c.id, _MEMBER.c.name)
        .join(table_of(Role), col(Role.member_id) == _MEMBER.c.id)
        .where(col(Role.kind) == RoleKind.COORDINATOR)
        .order_by(_MEMBER.c.id)
        .limit(_DESK)
    )
    return [(number, name) for number, name in session.execute(query)]


def _names(table: type[Member] | type[Room], ids: Iterable[int]) -> Any:
    each = table_of(table)
    return select(*each.c).where(each.c.id.in_(list(ids)))


def _where(which: Which) -> list[Any]:
    found: list[Any] = []
    states = which.states or (OPEN if which.late is not None else ())
    if states:  # as text: their index serves
        found.append(_ORDER.c.state.in_([literal_column(f"'{state.value}'") for state in states]))
    if which.late is not None:
        found.append(_ORDER.c.due_at <= which.late)
    for column, value in (
        (_ORDER.c.village_id, which.village_id),
        (_ORDER.c.topic_id, which.topic_id),
        (_ORDER.c.kind, which.kind),
        (_ORDER.c.owner_id, which.owner_id),
    ):
        if value is not None:
            found.append(column == value)
    if which.urgent:
        found.append(_ORDER.c.urgent)
    if which.since is not None:
        found.append(_ORDER.c.created_at >= which.since)
    if which.until is not None:
        found.append(_ORDER.c.created_at < which.until)
    if which.words:
        found.append(_speaks_of(which.words))
    return found


def _speaks_of(words: str) -> Any:
    """A number, words of the wish, or a name of who asked, a topic, a lecturer or a village."""
    number = row_id(words.removesuffix("号"))
    if number is not None:
        return _ORDER.c.id == number
    named = (
        _ORDER.c[key].in_(select(table.c.id).where(table.c.name.contains(words, autoescape=True)))
        for key, table in (
            ("topic_id", _TOPIC),
            ("lecturer_id", _LECTURER),
            ("village_id", _VILLAGE),
            ("member_id", _MEMBER),
        )
    )
    return or_(_ORDER.c.wish.contains(words, autoescape=True), _ORDER.c.for_whom == words, *named)


def _row(row: Any) -> OrderRow:
    kind = EventKind(row.kind)
    what = describe(row.topic, row.lecturer, row.wish, kind)
    return OrderRow(
        number=row.id,
        state=OrderState(row.state),
        kind=kind,
        urgent=bool(row.urgent),
        what=what,
        wish="" if row.wish in what else row.wish,
        when_text=row.when_text,
        for_whom=row.for_whom,
        village=row.village or "",
        asker=row.asker,
        people=1 + row.seconders,
        owner=row.owner,
        created_at=row.created_at,
        due_at=row.due_at,
        lecture_id=row.lecture_id,
        held_at=row.starts_at,
    )
