"""Stations (站点) in which nothing was held: each should hold something every month.

A village is a station from when it has a group of ours, or something was held there.
"""

from functools import reduce
from operator import add
from typing import Any

from sqlalchemy import ColumnElement, case, cast, false, literal, null, or_, select

from data.columns import Moment
from data.figures.figure import Column, Source, places
from data.figures.held import LECTURE, was_held
from data.figures.periods import Period
from data.figures.scope import Scope
from data.statements import table_of
from data.tables import Room, RoomKind, Village

_VILLAGE, _ROOM = table_of(Village), table_of(Room)
_FORMER = LECTURE.alias("former")


def _spans(scope: Scope) -> list[Period]:
    """Each month of the period that has begun; the period itself where it is shorter than one."""
    parts = scope.period.months() or [scope.period]
    return [each for each in parts if each.start(scope.zone) < scope.as_of]


def _idle(scope: Scope, span: Period) -> ColumnElement[bool]:
    """That a village was a station by the end of a span, and that nothing was held there in it."""
    start, end = span.start(scope.zone), span.end(scope.zone)
    room = select(_ROOM.c.id).where(
        _ROOM.c.village_id == _VILLAGE.c.id, _ROOM.c.kind != RoomKind.DIRECT, _ROOM.c.created_at < end
    )
    former = select(_FORMER.c.id).where(
        _FORMER.c.village_id == _VILLAGE.c.id, _FORMER.c.starts_at < end, was_held(scope, _FORMER)
    )
    held = select(LECTURE.c.id).where(
        LECTURE.c.village_id == _VILLAGE.c.id,
        LECTURE.c.starts_at >= start,
        LECTURE.c.starts_at < end,
        was_held(scope),
    )
    known = or_(room.correlate(_VILLAGE).exists(), former.correlate(_VILLAGE).exists())
    return known & ~held.correlate(_VILLAGE).exists()


def _ever_idle(scope: Scope) -> tuple[ColumnElement[bool]]:
    return (or_(false(), *(_idle(scope, each) for each in _spans(scope))),)


def idle_months(scope: Scope) -> Column:
    """In how many months (or periods shorter than one) nothing was held in a village."""
    parts: list[Any] = [case((_idle(scope, each), 1), else_=0) for each in _spans(scope)]
    return reduce(add, parts, literal(0))


IDLE = Source(
    subject="village",
    table=_VILLAGE,
    id=_VILLAGE.c.id,
    at=cast(null(), Moment),
    text=_VILLAGE.c.name,
    where=_ever_idle,
    village=_VILLAGE.c.id,
    dims=places(_VILLAGE.c.id),
)
