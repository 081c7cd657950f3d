"""Orders (点单): a wish is placed once per village; whoever wishes the same is added as a seconder (附议)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, or_, select
from sqlmodel import Session, col

from data.loop import Order, OrderSeconder, OrderState
from data.statements import insert_one, table_of
from data.tables import Lecturer, Topic

_ORDER, _SECONDER = table_of(Order), table_of(OrderSeconder)
_SAME = (
    select(_ORDER.c.id, _ORDER.c.member_id)
    .where(
        _ORDER.c.state == OrderState.RECEIVED,
        _ORDER.c.village_id.is_not_distinct_from(bindparam("village_id")),
        _ORDER.c.topic_id.is_not_distinct_from(bindparam("topic_id")),
        _ORDER.c.lecturer_id.is_not_distinct_from(bindparam("lecturer_id")),
    )
    .order_by(_ORDER.c.id)
    .limit(1)
)
# A wish that fits no topic is the same only in the same words; one of no village only when it is one's own.
_WORDS = _ORDER.c.wish == bindparam("wish")
_OWN = _ORDER.c.member_id == bindparam("member_id")
_SAME_WORDS, _OWN_SAME, _OWN_WORDS = _SAME.where(_WORDS), _SAME.where(_OWN), _SAME.where(_OWN, _WORDS)
_OF_ORDER = _SECONDER.c.order_id == bindparam("order_id")
_SECONDERS = select(func.count(), func.count().filter(_SECONDER.c.member_id == bindparam("member_id"))).where(_OF_ORDER)
_INSERT = insert(_ORDER)
_SECOND = insert(_SECONDER)


@dataclass(frozen=True, slots=True)
class Placed:
    """What became of a wish: the order's number, how many wish for it by now, and whether this person already did."""

    number: int
    people: int
    new: bool
    repeated: bool = False


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
    when_text: str = "",
    when: tuple[datetime, datetime | None] | None = None,
    dialect: str = "",
) -> Placed:
    """Place an order, or second the same one of the same village. The member's own second wish changes nothing."""
    named = topic_id is not None or lecturer_id is not None
    same = session.execute(
        (_SAME if named else _SAME_WORDS) if village_id is not None else (_OWN_SAME if named else _OWN_WORDS),
        {
            "village_id": village_id,
            "topic_id": topic_id,
            "lecturer_id": lecturer_id,
            "wish": wish,
            "member_id": member_id,
        },
    ).first()
    if same is None:
        values = {
            "member_id": member_id,
            "room_id": room_id,
            "village_id": village_id,
            "topic_id": topic_id,
            "lecturer_id": lecturer_id,
            "wish": wish,
            "when_text": when_text,
            "when_start": when[0] if when else None,
            "when_end": when[1] if when else None,
            "dialect": dialect,
            "state": OrderState.RECEIVED,
            "created_at": now,
            "changed_at": now,
        }
        return Placed(number=insert_one(session, _INSERT, values), people=1, new=True)
    seconders, mine = session.execute(_SECONDERS, {"order_id": same.id, "member_id": member_id}).one()
    if mine or member_id == same.member_id:
        return Placed(number=same.id, people=1 + seconders, new=False, repeated=True)
    session.execute(_SECOND, {"order_id": same.id, "member_id": member_id, "at": now})
    return Placed(number=same.id, people=2 + seconders, new=False)


def set_time(session: Session, number: int, *, when: tuple[datetime, datetime | None], text: str) -> None:
    """Keep the time that was asked for afterwards."""
    order = session.get_one(Order, number)
    order.when_start, order.when_end, order.when_text = *when, text


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order as a list shows it; ``seconded`` where it was somebody else's first."""

    number: int
    what: str
    people: int
    seconded: bool


def of_member(session: Session, member_id: int, *, limit: int = 10) -> list[OrderLine]:
    """The open orders that a person placed or seconded, newest first."""
    seconded = select(_SECONDER.c.order_id).where(_SECONDER.c.member_id == member_id)
    people = select(func.count()).where(_SECONDER.c.order_id == _ORDER.c.id).correlate(_ORDER).scalar_subquery()
    query = (
        select(col(Order.id), col(Order.member_id), col(Order.wish), col(Topic.name), col(Lecturer.name), people)
        .join(Topic, col(Order.topic_id) == col(Topic.id), isouter=True)
        .join(Lecturer, col(Order.lecturer_id) == col(Lecturer.id), isouter=True)
        .where(
            col(Order.state) == OrderState.RECEIVED,
            or_(col(Order.member_id) == member_id, col(Order.id).in_(seconded)),
        )
        .order_by(col(Order.id).desc())
        .limit(limit)
    )
    return [
        OrderLine(number, describe(topic, lecturer, wish), 1 + others, owner != member_id)
        for number, owner, wish, topic, lecturer, others in session.execute(query)
    ]


def describe(topic: str | None, lecturer: str | None, wish: str) -> str:
    """A wish in a few words: 〈topic〉, 〈lecturer〉, both, or the person's own words."""
    named = [each for each in (lecturer and f"{lecturer}老师", topic and f"讲{topic}" if lecturer else topic) if each]
    return "".join(named) or f"“{wish}”"
