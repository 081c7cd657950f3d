"""Orders (点单): a wish is placed once per village; whoever wishes the same is added as a seconder (附议)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, insert, literal_column, or_, select, union
from sqlmodel import Session, col

from data.announcements import KINDS
from data.loop import EventKind, Lecture, LectureState, Order, OrderSeconder, OrderState, Step, Subject
from data.progress import ALIVE
from data.rules import Rules
from data.statements import insert_one, table_of
from data.tables import Lecturer, Topic

_ORDER, _SECONDER, _LECTURE, _STEP = table_of(Order), table_of(OrderSeconder), table_of(Lecture), table_of(Step)
_LEAD = _ORDER.alias("lead")
_ALIVE: list[Any] = [literal_column(f"'{state.value}'") for state in ALIVE]  # as text: nothing to expand at each call
_MERGED: Any = literal_column(f"'{OrderState.MERGED.value}'")
# The same wish of the same village: on its way, as part of another order too, or a lecture that is still to come.
_SAME = (
    select(
        _ORDER.c.id,
        func.coalesce(_ORDER.c.merged_into, _ORDER.c.id).label("lead_id"),
        _LECTURE.c.id.label("lecture_id"),
        _LECTURE.c.title,
        _LECTURE.c.venue,
        _LECTURE.c.starts_at,
    )
    .join(_LEAD, _LEAD.c.id == _ORDER.c.merged_into, isouter=True)
    .join(
        _LECTURE,
        and_(
            _LECTURE.c.id == _ORDER.c.lecture_id,
            _LECTURE.c.state == literal_column(f"'{LectureState.ANNOUNCED.value}'"),
        ),
        isouter=True,
    )
    .where(
        _ORDER.c.state.in_([*_ALIVE, _MERGED]),
        _ORDER.c.village_id.is_not_distinct_from(bindparam("village_id")),
        _ORDER.c.topic_id.is_not_distinct_from(bindparam("topic_id")),
        _ORDER.c.lecturer_id.is_not_distinct_from(bindparam("lecturer_id")),
        _ORDER.c.kind == bindparam("kind"),
        or_(_ORDER.c.state != _MERGED, _LEAD.c.state.in_(_ALIVE)),
        or_(_LECTURE.c.id.is_(None), _LECTURE.c.starts_at > bindparam("now")),
    )
    .order_by(_ORDER.c.id)
    .limit(1)
)
# A wish that fits no topic is the same only in the same words; one of no village only when it is one's own.
_WORDS = _ORDER.c.wish == bindparam("wish")
_OWN = _ORDER.c.member_id == bindparam("member_id")
_SAME_WORDS, _OWN_SAME, _OWN_WORDS = _SAME.where(_WORDS), _SAME.where(_OWN), _SAME.where(_OWN, _WORDS)
_LEADS = or_(_ORDER.c.id == bindparam("lead_id"), _ORDER.c.merged_into == bindparam("lead_id"))
_WISHERS = union(
    select(_ORDER.c.member_id).where(_LEADS),
    select(_SECONDER.c.member_id).join(_ORDER, _ORDER.c.id == _SECONDER.c.order_id).where(_LEADS),
).subquery()
_PEOPLE = select(
    func.count(), func.coalesce(func.sum(case((_WISHERS.c.member_id == bindparam("member_id"), 1), else_=0)), 0)
).select_from(_WISHERS)
_INSERT, _SECOND, _BEGIN = insert(_ORDER), insert(_SECONDER), insert(_STEP)


@dataclass(frozen=True, slots=True)
class Arranged:
    """The lecture that an order has become."""

    lecture_id: int
    title: str
    venue: str
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a wish: the order's number, how many wish for it by now, and whether this person already did.

    ``arranged`` where it is a lecture to come already.
    """

    number: int
    people: int
    new: bool
    repeated: bool = False
    arranged: Arranged | None = None


def place(
    session: Session,
    *,
    member_id: int,
    room_id: int,
    village_id: int | None,
    topic_id: int | None,
    lecturer_id: int | None,
    wish: str,
    now: datetime,
    rules: Rules,
    when_text: str = "",
    when: tuple[datetime, datetime | None] | None = None,
    dialect: str = "",
    kind: EventKind = EventKind.LECTURE,
    place: str = "",
    listeners: int | None = None,
    for_whom: str = "",
    urgent: bool = False,
) -> Placed:
    """Place an order, or second the same one of the same village. The member's own second wish changes nothing.

    ``for_whom`` is on whose behalf a coordinator asks (代点): always an order of its own.
    """
    named = topic_id is not None or lecturer_id is not None
    wished = {
        "village_id": village_id,
        "topic_id": topic_id,
        "lecturer_id": lecturer_id,
        "wish": wish,
        "member_id": member_id,
        "kind": kind,
    }
    if not for_whom:
        own, same = (_OWN_SAME, _SAME) if named else (_OWN_WORDS, _SAME_WORDS)
        found = session.execute(own if village_id is None else same, {**wished, "now": now}).first()
        if found is not None:
            return _second(session, found, member_id=member_id, now=now)
    values = {
        **wished,
        "room_id": room_id,
        "when_text": when_text,
        "when_start": when[0] if when else None,
        "when_end": when[1] if when else None,
        "dialect": dialect,
        "place": place,
        "listeners": listeners,
        "for_whom": for_whom,
        "urgent": urgent,
        "state": OrderState.RECEIVED,
        "created_at": now,
        "changed_at": now,
        "due_at": rules.due(OrderState.RECEIVED, now=now, urgent=urgent),
    }
    number = insert_one(session, _INSERT, values)
    step = {"subject": Subject.ORDER, "subject_id": number, "state": OrderState.RECEIVED.value, "at": now}
    session.execute(_BEGIN, {**step, "by_id": member_id, "reason": ""})
    return Placed(number=number, people=1, new=True)


def _second(session: Session, found: Any, *, member_id: int, now: datetime) -> Placed:
    order_id, lead_id, lecture_id, title, venue, starts_at = found
    people, mine = session.execute(_PEOPLE, {"lead_id": lead_id, "member_id": member_id}).one()
    arranged = None if lecture_id is None else Arranged(lecture_id, title, venue, starts_at)
    if not mine:
        session.execute(_SECOND, {"order_id": order_id, "member_id": member_id, "at": now})
    return Placed(lead_id, people if mine else people + 1, new=False, repeated=bool(mine), arranged=arranged)


def set_time(session: Session, number: int, *, when: tuple[datetime, datetime | None], text: str) -> None:
    """Keep the time that was asked for afterwards."""
    order = session.get_one(Order, number)
    order.when_start, order.when_end, order.when_text = *when, text


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order as a list shows it."""

    number: int
    what: str


def of_member(session: Session, member_id: int, *, limit: int = 10) -> list[OrderLine]:
    """The orders on their way that a person placed or seconded, newest first."""
    seconded = select(_SECONDER.c.order_id).where(_SECONDER.c.member_id == member_id)
    query = (
        select(col(Order.id), col(Order.wish), col(Order.kind), col(Topic.name), col(Lecturer.name))
        .join(Topic, col(Order.topic_id) == col(Topic.id), isouter=True)
        .join(Lecturer, col(Order.lecturer_id) == col(Lecturer.id), isouter=True)
        .where(col(Order.state).in_(ALIVE), or_(col(Order.member_id) == member_id, col(Order.id).in_(seconded)))
        .order_by(col(Order.id).desc())
        .limit(limit)
    )
    return [
        OrderLine(number, describe(topic, lecturer, wish, kind))
        for number, wish, kind, topic, lecturer in session.execute(query)
    ]


def describe(topic: str | None, lecturer: str | None, wish: str, kind: EventKind = EventKind.LECTURE) -> str:
    """A wish in a few words: 〈topic〉, 〈lecturer〉, both, or their own words; with the kind of another event."""
    named = [each for each in (lecturer and f"{lecturer}老师", topic and f"讲{topic}" if lecturer else topic) if each]
    what = "".join(named) or f"“{wish}”"
    return f"{KINDS[kind].name}（{what}）" if named and kind != EventKind.LECTURE else what
