"""The lecturers who could take an order, as far as the database tells: `data.matching` weighs them.

The database ranks everybody by what is cheap (village, lectures this month); only the best are read.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select, tuple_
from sqlmodel import Session

from data.loop import Assignment, AssignmentState, Lecture, LectureState, Order, Voice
from data.rules import Rules
from data.statements import table_of
from data.tables import Lecturer, LecturerTopic, Role, RoleKind, Village

WIDE = 150  # how many the database ranks and gives
RATED_WITHIN = timedelta(days=365)

_LECTURER, _SPEAKS_ON, _LECTURE = table_of(Lecturer), table_of(LecturerTopic), table_of(Lecture)
_VILLAGE, _VOICE, _ROLE, _ASSIGNMENT = table_of(Village), table_of(Voice), table_of(Role), table_of(Assignment)
_IDS: Any = bindparam("ids", expanding=True)
_TOPICS: Any = bindparam("topics", expanding=True)
_ASKED_IDS: Any = bindparam("asked", expanding=True)
_NEAR_IDS: Any = bindparam("near", expanding=True)
_THEIR_CALLINGS: Any = bindparam("callings", expanding=True)
_NAMES: Any = bindparam("names", expanding=True)
_VILLAGE_ID: Any = bindparam("village_id")

_MONTH = (
    select(_LECTURE.c.lecturer_id, func.count().label("lectures"))
    .where(
        _LECTURE.c.starts_at >= bindparam("month"),
        _LECTURE.c.starts_at < bindparam("next_month"),
        _LECTURE.c.state != LectureState.CANCELLED,
    )
    .group_by(_LECTURE.c.lecturer_id)
    .subquery()
)
_THIS_MONTH = func.coalesce(_MONTH.c.lectures, 0)
_NEARNESS = case((_LECTURER.c.village_id == _VILLAGE_ID, 0), (_LECTURER.c.village_id.in_(_NEAR_IDS), 1), else_=2)
_ANYBODY = (
    select(
        _LECTURER.c.id,
        _LECTURER.c.name,
        _LECTURER.c.title,
        _LECTURER.c.kind,
        _LECTURER.c.trade,
        _LECTURER.c.dialects,
        _LECTURER.c.free,
        _NEARNESS,
        _VILLAGE.c.name,
        _THIS_MONTH,
    )
    .outerjoin(_MONTH, _MONTH.c.lecturer_id == _LECTURER.c.id)
    .outerjoin(_VILLAGE, _VILLAGE.c.id == _LECTURER.c.village_id)
    .order_by(_NEARNESS, _THIS_MONTH, _LECTURER.c.id)
    .limit(WIDE)
)
_THESE = _ANYBODY.where(_LECTURER.c.id.in_(_IDS))
_NOT_ASKED = _ANYBODY.where(_LECTURER.c.id.not_in(_ASKED_IDS))
_SPEAKERS = select(_SPEAKS_ON.c.lecturer_id).where(_SPEAKS_ON.c.topic_id.in_(_TOPICS))
_ON_TOPIC = _NOT_ASKED.where(_LECTURER.c.id.in_(_SPEAKERS))
_CALLINGS = select(_LECTURER.c.title, _LECTURER.c.trade).distinct()
_CALLED = _NOT_ASKED.where(tuple_(_LECTURER.c.title, _LECTURER.c.trade).in_(_THEIR_CALLINGS))
_TOPICS_OF = select(_SPEAKS_ON.c.topic_id).where(_SPEAKS_ON.c.lecturer_id == bindparam("lecturer_id"))
_ASKED = select(_ASSIGNMENT.c.lecturer_id, _ASSIGNMENT.c.state, _ASSIGNMENT.c.reason).where(
    _ASSIGNMENT.c.order_id == bindparam("order_id"),
    _ASSIGNMENT.c.state.in_((AssignmentState.OFFERED, AssignmentState.DECLINED, AssignmentState.COUNTERED)),
)
_RATINGS = (
    select(_LECTURE.c.lecturer_id, func.count(), func.sum(_VOICE.c.rating))
    .join(_VOICE, _VOICE.c.lecture_id == _LECTURE.c.id)
    .where(
        _LECTURE.c.lecturer_id.in_(_IDS),
        _LECTURE.c.starts_at > bindparam("since"),
        _VOICE.c.rating.is_not(None),  # feedback only; to ask for its kind would lead over every rating there is
    )
    .group_by(_LECTURE.c.lecturer_id)
)
_SPOKE_BEFORE = (
    select(_LECTURE.c.lecturer_id)
    .where(
        _LECTURE.c.lecturer_id.in_(_IDS),
        _LECTURE.c.topic_id == bindparam("topic_id"),
        # Not "is delivered or archived": that would lead by the state, over every lecture that was held.
        _LECTURE.c.state != LectureState.ANNOUNCED,
        _LECTURE.c.state != LectureState.CANCELLED,
    )
    .distinct()
)
_REACHABLE = select(_ROLE.c.lecturer_id).where(_ROLE.c.lecturer_id.in_(_IDS), _ROLE.c.kind == RoleKind.LECTURER)
_USUAL_DIALECT = (
    select(_LECTURE.c.dialect)
    .where(_LECTURE.c.village_id == _VILLAGE_ID, _LECTURE.c.dialect != "")
    .group_by(_LECTURE.c.dialect)
    .order_by(func.count().desc(), _LECTURE.c.dialect)
    .limit(1)
)
_NEAR = select(_VILLAGE.c.id).where(_VILLAGE.c.name.in_(_NAMES))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lecturer as a choice needs them. ``nearness``: 0 of the village, 1 of one near it, 2 of neither."""

    id: int
    name: str
    title: str
    kind: str
    trade: str
    dialects: tuple[str, ...]
    free: tuple[str, ...]
    nearness: int
    village: str | None
    this_month: int  # lectures held or to come


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of what a lecturer did so far: ``stars`` is the sum of ``ratings`` ratings."""

    ratings: int = 0
    stars: int = 0
    spoke_before: bool = False
    reachable: bool = False


class Roll:
    """The lecturers, looked at from one order's village and month."""

    def __init__(self, session: Session, order: Order, *, rules: Rules, now: datetime) -> None:
        village = None if order.village_id is None else session.get(Village, order.village_id)
        near = [] if village is None or not village.near else session.scalars(_NEAR, {"names": village.near}).all()
        month = now.astimezone(rules.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        self._session, self._order, self._now = session, order, now
        self._from_here: dict[str, object] = {
            "village_id": order.village_id,
            "near": list(near),
            "month": month,
            "next_month": (month + timedelta(days=32)).replace(day=1),
        }

    def these(self, ids: Iterable[int]) -> list[Candidate]:
        """The lecturers with these ids."""
        return self._read(_THESE, {"ids": list(ids)})

    def on(self, topics: Iterable[int], *, but: Collection[int]) -> list[Candidate]:
        """Who speaks on one of the topics."""
        return self._read(_ON_TOPIC, {"topics": list(topics), "asked": list(but)})

    def called(self, words: str, *, but: Collection[int]) -> list[Candidate]:
        """Whose trade or title the words speak of, those that they fit best."""
        wanted = _pairs(words)
        fits: dict[int, list[tuple[str, str]]] = {}
        for title, trade in self._session.execute(_CALLINGS):
            shared = len(wanted & _pairs(f"{title} {trade}"))
            if shared:
                fits.setdefault(shared, []).append((title, trade))
        for shared in sorted(fits, reverse=True):
            found = self._read(_CALLED, {"callings": fits[shared][:WIDE], "asked": list(but)})
            if found:
                return found
        return []

    def anybody(self, *, but: Collection[int]) -> list[Candidate]:
        """Everybody else."""
        return self._read(_NOT_ASKED, {"asked": list(but)})

    def topics_of(self, lecturer_id: int) -> list[int]:
        return list(self._session.scalars(_TOPICS_OF, {"lecturer_id": lecturer_id}))

    def asked(self) -> dict[int, str]:
        """Who was offered this order and has not taken it, and what they said."""
        said = {
            AssignmentState.OFFERED: "已派给这位，在等回话",
            AssignmentState.DECLINED: "这单没接",
            AssignmentState.COUNTERED: "这单说过要改时间",
        }
        rows = self._session.execute(_ASKED, {"order_id": self._order.id})
        return {who: f"{said[state]}：{reason}" if reason else said[state] for who, state, reason in rows}

    def usual_dialect(self) -> str:
        """The dialect that the lectures in this village are mostly held in."""
        return self._session.scalar(_USUAL_DIALECT, {"village_id": self._order.village_id}) or ""

    def records(self, ids: Collection[int]) -> dict[int, Record]:
        """What these lecturers did so far; ratings of the last year."""
        ask = {"ids": list(ids)}
        ratings = {
            lecturer_id: (count, stars)
            for lecturer_id, count, stars in self._session.execute(_RATINGS, {**ask, "since": self._now - RATED_WITHIN})
        }
        before = set(self._session.scalars(_SPOKE_BEFORE, {**ask, "topic_id": self._order.topic_id}))
        reachable = set(self._session.scalars(_REACHABLE, ask))
        return {each: Record(*ratings.get(each, (0, 0)), each in before, each in reachable) for each in ids}

    def _read(self, statement: Select[Any], values: Mapping[str, object]) -> list[Candidate]:
        rows = self._session.execute(statement, {**self._from_here, **values})
        return [
            Candidate(who, name, title, kind, trade, tuple(dialects), tuple(free), nearness, village, month)
            for who, name, title, kind, trade, dialects, free, nearness, village, month in rows
        ]


@lru_cache(maxsize=4096)
def _pairs(words: str) -> frozenset[str]:
    """Each two neighbouring characters."""
    return frozenset(pair for at in range(len(words) - 1) if " " not in (pair := words[at : at + 2]))
