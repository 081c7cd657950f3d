"""How orders (点单) are counted: what came in, how it stands, and how long it took.

Where an order stands is where it stood when the books were closed. How long something took is counted where it was
done: of the orders that were dispatched in the period, however old, how long that had taken.
"""

from typing import Any

from sqlalchemy import case, func, literal, select, text

from data.figures.figure import Column, Condition, Dim, Source, months, places, plain
from data.figures.held import KIND_NAMES, LECTURE, was_held
from data.figures.scope import Scope
from data.figures.sql import minutes_between
from data.loop import ORDER_TURNS, Order, OrderState, Step, Subject
from data.progress import STATE_NAMES
from data.statements import table_of
from data.tables import Topic

ORDER, STEP, _TOPIC = table_of(Order), table_of(Step), table_of(Topic)
_EARLIER = STEP.alias("earlier")
_TOPIC_OF = (_TOPIC, _TOPIC.c.id == ORDER.c.topic_id)
_WHAT = func.coalesce(func.nullif(ORDER.c.wish, ""), _TOPIC.c.name, "")
_MORE = {"题目": _TOPIC.c.name, "地点": ORDER.c.place}


def state(scope: Scope) -> Column:
    """Where an order stood when the books were closed; read from its trail only where it went on afterwards."""
    trail = (
        select(STEP.c.state)
        .where(STEP.c.subject == Subject.ORDER, STEP.c.subject_id == ORDER.c.id, scope.known(STEP.c.at))
        .order_by(STEP.c.at.desc(), STEP.c.id.desc())
        .limit(1)
        .correlate(ORDER)
        .scalar_subquery()
    )
    then = func.coalesce(trail, literal(OrderState.RECEIVED.value))
    return case((scope.known(ORDER.c.changed_at), ORDER.c.state), else_=then)


def stood(wanted: OrderState) -> Any:
    """That an order stood at one state."""
    return lambda scope: (state(scope) == literal(wanted.value),)


def _state_name(scope: Scope) -> Column:
    now = state(scope)
    return case({each.value: name for each, name in STATE_NAMES.items()}, value=now, else_=now)


def _kind(_scope: Scope) -> Column:
    return case(*((ORDER.c.kind == kind, literal(name)) for kind, name in KIND_NAMES.items()))


_DIMS = {
    **places(ORDER.c.village_id),
    "topic": plain("题目", _TOPIC.c.name, (_TOPIC_OF,)),
    "dialect": plain("方言", ORDER.c.dialect),
    "state": Dim("状态", _state_name),
    "event": Dim("活动", _kind),
}
RECEIVED = Source(
    subject="order",
    table=ORDER,
    id=ORDER.c.id,
    at=ORDER.c.created_at,
    text=_WHAT,
    where=lambda scope: (scope.inside(ORDER.c.created_at),),
    village=ORDER.c.village_id,
    text_joins=(_TOPIC_OF,),
    dims={"month": months(ORDER.c.created_at), **_DIMS},
    more=_MORE,
)


def _first(turn: OrderState) -> Source:
    """The orders that came to a state in the period for the first time."""
    literally = text(f"step.state = '{turn.value}'")  # beside what the index is limited to, in its own words
    earlier = select(_EARLIER.c.id).where(
        _EARLIER.c.subject == Subject.ORDER,
        _EARLIER.c.subject_id == STEP.c.subject_id,
        _EARLIER.c.state == turn.value,
        _EARLIER.c.at < STEP.c.at,
    )

    def where(scope: Scope) -> tuple[Condition, ...]:
        return (ORDER_TURNS, literally, scope.inside(STEP.c.at), ~earlier.correlate(STEP).exists())

    return Source(
        subject="order",
        table=STEP.join(ORDER, ORDER.c.id == STEP.c.subject_id),
        id=ORDER.c.id,
        at=STEP.c.at,
        text=_WHAT,
        where=where,
        village=ORDER.c.village_id,
        text_joins=(_TOPIC_OF,),
        dims={"month": months(STEP.c.at), **_DIMS},
        more=_MORE,
    )


DISPATCHED = _first(OrderState.DISPATCHED)
ACCEPTED = _first(OrderState.ACCEPTED)
HEARD = Source(
    subject="order",
    table=LECTURE.join(ORDER, ORDER.c.lecture_id == LECTURE.c.id),
    id=ORDER.c.id,
    at=LECTURE.c.starts_at,
    text=_WHAT,
    where=lambda scope: (scope.inside(LECTURE.c.starts_at), was_held(scope)),
    village=ORDER.c.village_id + 0,  # as a sum, so that SQLite begins with the lectures of the period
    text_joins=(_TOPIC_OF,),
    dims={"month": months(LECTURE.c.starts_at), **_DIMS},
    more=_MORE,
)


def until_step(_scope: Scope) -> Column:
    """Minutes from an order to its step."""
    return minutes_between(ORDER.c.created_at, STEP.c.at)


def until_lecture(_scope: Scope) -> Column:
    """Minutes from an order to the lecture that it became."""
    return minutes_between(ORDER.c.created_at, LECTURE.c.starts_at)
