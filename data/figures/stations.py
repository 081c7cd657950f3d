"""Stations (站点) in which nothing was held: each should hold something every month.

A village is a station from when a group of ours is its own, or from when something that was held there was first
written down: of the months before that nothing is known, whatever is brought along later (补记). So no later entry
makes a month idle. The rows are villages by months.
"""

from sqlalchemy import (
    ColumnElement,
    FromClause,
    String,
    and_,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)  # fmt: skip

from data.columns import Moment
from data.figures.figure import Column, Dim, Source, Things, places
from data.figures.held import LECTURE, STEP, was_held, written_before
from data.figures.scope import Scope
from data.loop import LectureState, Subject
from data.statements import table_of
from data.tables import Room, RoomKind, Village

_VILLAGE, _ROOM = table_of(Village), table_of(Room)
_FORMER = LECTURE.alias("former")
_BEGINS, _ENDS = literal_column("span.begins", Moment), literal_column("span.ends", Moment)
_KEY = literal_column("span.key", String)


def _villages_by_months(scope: Scope) -> FromClause:
    """Each village with each month of the period."""
    spans = [
        select(
            literal(each.start(scope.zone), Moment).label("begins"),
            literal(each.end(scope.zone), Moment).label("ends"),
            literal(each.key).label("key"),
        )
        for each in scope.period.months()
    ]
    return _VILLAGE.join(union_all(*spans).subquery("span"), true())


def _idle(scope: Scope) -> tuple[ColumnElement[bool], ...]:
    """That a month is over, that a village was known to be a station by its end, and that nothing was held there in
    it. Before anything was held anywhere no village's lectures are looked through, month by month: that would be dear.
    """
    since = func.coalesce(_ROOM.c.bound_at, _ROOM.c.created_at)
    room = select(_ROOM.c.id).where(_ROOM.c.village_id == _VILLAGE.c.id, _ROOM.c.kind != RoomKind.DIRECT, since < _ENDS)
    former = select(_FORMER.c.id).where(_FORMER.c.village_id == _VILLAGE.c.id, written_before(_ENDS, _FORMER))
    held = select(LECTURE.c.id).where(
        LECTURE.c.village_id == _VILLAGE.c.id,
        LECTURE.c.starts_at >= _BEGINS,
        LECTURE.c.starts_at < _ENDS,
        was_held(scope),
    )
    begun = (
        select(func.min(STEP.c.at))
        .where(STEP.c.subject == Subject.LECTURE, STEP.c.state == LectureState.DELIVERED.value)
        .scalar_subquery()
        < _ENDS
    )
    known = or_(room.correlate(_VILLAGE).exists(), and_(begun, former.correlate(_VILLAGE).exists()))
    return (scope.as_of >= _ENDS, known, ~held.correlate(_VILLAGE).exists())


def village(_scope: Scope) -> Column:
    """The village."""
    return _VILLAGE.c.id


VILLAGES = Things("village", _VILLAGE.c.name, func.count(), "空白月")


IDLE = Source(
    subject="village",
    table=_villages_by_months,
    id=_VILLAGE.c.id,
    at=_BEGINS,
    text=_KEY,
    where=_idle,
    village=_VILLAGE.c.id,
    dims={"month": Dim("月", lambda _scope: _KEY), **places(_VILLAGE.c.id)},
    monthly=True,
)
