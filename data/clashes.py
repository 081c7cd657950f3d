"""Who and what is taken, and when: a lecturer, a village, a venue. Lectures to come and open offers count."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, null, select
from sqlmodel import Session

from data.loop import Assignment, AssignmentState, Lecture, LectureState, Order, OrderState
from data.rules import Rules
from data.statements import table_of
from data.tables import Lecturer, Village

TRAVEL = timedelta(minutes=30)  # from one village to another
LONGEST = timedelta(hours=12)  # no lecture lasts longer: one that began before is over

_LECTURE, _ASSIGNMENT, _ORDER = table_of(Lecture), table_of(Assignment), table_of(Order)
_LECTURER, _VILLAGE = table_of(Lecturer), table_of(Village)

_LECTURES = (
    select(
        _LECTURE.c.lecturer_id,
        _LECTURER.c.name,
        _LECTURE.c.village_id,
        _VILLAGE.c.name,
        _LECTURE.c.venue,
        _LECTURE.c.starts_at,
        _LECTURE.c.minutes,
        _LECTURE.c.id,
        null(),
    )
    .join(_LECTURER, _LECTURER.c.id == _LECTURE.c.lecturer_id)
    .outerjoin(_VILLAGE, _VILLAGE.c.id == _LECTURE.c.village_id)
    .where(
        _LECTURE.c.state == LectureState.ANNOUNCED,
        _LECTURE.c.starts_at > bindparam("since"),
        _LECTURE.c.starts_at < bindparam("until"),
    )
)
_OFFERS = (
    select(
        _ASSIGNMENT.c.lecturer_id,
        _LECTURER.c.name,
        _ORDER.c.village_id,
        _VILLAGE.c.name,
        _ASSIGNMENT.c.venue,
        _ASSIGNMENT.c.starts_at,
        null(),  # an order does not say how long
        null(),
        _ORDER.c.id,
    )
    .join(_ORDER, _ORDER.c.id == _ASSIGNMENT.c.order_id)
    .join(_LECTURER, _LECTURER.c.id == _ASSIGNMENT.c.lecturer_id)
    .outerjoin(_VILLAGE, _VILLAGE.c.id == _ORDER.c.village_id)
    .where(
        _ASSIGNMENT.c.state.in_((AssignmentState.OFFERED, AssignmentState.ACCEPTED)),
        _ORDER.c.state.in_((OrderState.DISPATCHED, OrderState.ACCEPTED)),  # once scheduled, its lecture counts
        _ASSIGNMENT.c.starts_at > bindparam("since"),
        _ASSIGNMENT.c.starts_at < bindparam("until"),
    )
)
_WHO: Any = bindparam("lecturers", expanding=True)
_BY_LECTURER = (_LECTURES.where(_LECTURE.c.lecturer_id.in_(_WHO)), _OFFERS.where(_ASSIGNMENT.c.lecturer_id.in_(_WHO)))
_WHERE: Any = bindparam("village_id")
_BY_VILLAGE = (_LECTURES.where(_LECTURE.c.village_id == _WHERE), _OFFERS.where(_ORDER.c.village_id == _WHERE))


@dataclass(frozen=True, slots=True)
class Taken:
    """A lecture to come, or an open offer (then with ``order_id``): who, where and when."""

    lecturer_id: int
    lecturer: str
    village_id: int | None
    village: str | None
    venue: str
    starts_at: datetime
    ends_at: datetime
    lecture_id: int | None
    order_id: int | None

    def overlaps(self, starts_at: datetime, ends_at: datetime, gap: timedelta = timedelta()) -> bool:
        """Whether there is less than ``gap`` between the two."""
        return starts_at < self.ends_at + gap and self.starts_at < ends_at + gap


def clashes(
    session: Session,
    *,
    starts_at: datetime,
    minutes: int,
    lecturer_id: int | None,
    venue: str,
    village_id: int | None,
    ignoring: int | None = None,
    rules: Rules,
    ignoring_order: int | None = None,
) -> tuple[str, ...]:
    """Why it cannot be then, as a person reads it; empty when it can.

    ``ignoring`` is the lecture that is being moved, ``ignoring_order`` the order whose own offers do not stand in
    its way.
    """
    busy = taken(
        session,
        since=starts_at,
        until=starts_at + timedelta(minutes=minutes),
        lecturer_ids=() if lecturer_id is None else (lecturer_id,),
        village_id=village_id,
        ignoring=ignoring,
        ignoring_order=ignoring_order,
        rules=rules,
    )
    return why_not(
        busy,
        starts_at=starts_at,
        minutes=minutes,
        lecturer_id=lecturer_id,
        venue=venue,
        village_id=village_id,
        rules=rules,
    )


def taken(
    session: Session,
    *,
    since: datetime,
    until: datetime,
    lecturer_ids: Collection[int],
    village_id: int | None,
    ignoring: int | None = None,
    ignoring_order: int | None = None,
    rules: Rules,
) -> list[Taken]:
    """All that could stand in the way of these lecturers, or in this village, between two moments."""
    span = {"since": since - LONGEST - TRAVEL, "until": until + TRAVEL}
    rows: list[Any] = []
    if lecturer_ids:
        for statement in _BY_LECTURER:
            rows += session.execute(statement, {**span, "lecturers": list(lecturer_ids)}).all()
    if village_id is not None:
        for statement in _BY_VILLAGE:
            rows += session.execute(statement, {**span, "village_id": village_id}).all()
    found = {}
    for who, name, village, village_name, venue, starts_at, minutes, lecture_id, order_id in rows:
        if (lecture_id is not None and lecture_id == ignoring) or (order_id is not None and order_id == ignoring_order):
            continue
        ends_at = starts_at + timedelta(minutes=rules.lecture_minutes if minutes is None else minutes)
        entry = Taken(who, name, village, village_name, venue, starts_at, ends_at, lecture_id, order_id)
        found[lecture_id, order_id, who] = entry
    return list(found.values())


def why_not(
    busy: Iterable[Taken],
    *,
    starts_at: datetime,
    minutes: int,
    lecturer_id: int | None,
    venue: str,
    village_id: int | None,
    rules: Rules,
) -> tuple[str, ...]:
    """The same of what is already known to be taken."""
    ends_at = starts_at + timedelta(minutes=minutes)
    reasons: list[str] = []
    for each in busy:
        same_village = village_id is not None and each.village_id == village_id
        if lecturer_id is not None and each.lecturer_id == lecturer_id:
            if each.overlaps(starts_at, ends_at, timedelta() if same_village else TRAVEL):
                reasons.append(_on_elsewhere(each, rules))
        elif same_village and each.overlaps(starts_at, ends_at):
            place = each.venue if venue and each.venue == venue else each.village
            reasons.append(f"{place}那时有别的课" if each.lecture_id else f"{place}那时已留给{each.order_id}号单")
    if rules.quiet.covers(starts_at):
        reasons.append("在免打扰时间")
    return tuple(dict.fromkeys(reasons))


def _on_elsewhere(each: Taken, rules: Rules) -> str:
    """覃志刚那天19:30要去石湾村讲课."""
    where = each.village or each.venue
    go = f"要去{where}讲课" if where else "要讲课"
    pending = "" if each.lecture_id else f"（{each.order_id}号单）"
    return f"{each.lecturer}那天{each.starts_at.astimezone(rules.zone):%H:%M}{go}{pending}"
