"""Lecturers for the year-end commendation (表彰): those who meet criteria that are shown beside the list, by name.

For coordinators only, and no ranking: nobody is first, and whoever meets the criteria is on the list.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Subquery, and_, case, func, select
from sqlmodel import Session

from data.figures.heard import VOICE
from data.figures.held import COUNT, LECTURE, held_here
from data.figures.scope import Scope
from data.figures.sql import minutes_between
from data.loop import VoiceKind
from data.statements import table_of
from data.tables import Lecturer

_LECTURER = table_of(Lecturer)


@dataclass(frozen=True, slots=True)
class Criteria:
    """What somebody must have done in the period; 0 or None where it does not matter."""

    held: int = 4  # lectures and other events
    mean: float | None = 4.0  # of the marks, where ``ratings`` or more people gave one
    ratings: int = 5
    punctual: float = 0.0  # the share of lectures whose number of people was typed in time
    within: timedelta = timedelta(days=3)  # … after their beginning

    @property
    def words(self) -> str:
        """As they are shown above the list."""
        parts = [f"办过{self.held}场以上（含）"] if self.held else []
        if self.mean is not None:
            parts.append(f"评分平均{self.mean:g}分以上（至少{self.ratings}人评）")
        if self.punctual:
            parts.append(f"{self.punctual:.0%}以上的场次在{self.within.days}天内填了人数")
        return "；".join(parts) or "没有设条件"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A lecturer who meets the criteria. ``mean`` is None where nobody gave a mark, ``kind`` is 政策, 技术 or 文明."""

    lecturer_id: int
    name: str
    kind: str
    held: int
    ratings: int
    mean: float | None
    punctual: int


def commendation(session: Session, scope: Scope, criteria: Criteria) -> list[Candidate]:
    """Who meets all of the criteria, by name."""
    held, rated = _held(scope, criteria.within), _rated(scope)
    query = (
        select(
            _LECTURER.c.id,
            _LECTURER.c.name,
            _LECTURER.c.kind,
            held.c.count,
            func.coalesce(rated.c.count, 0),
            rated.c.mean,
            held.c.punctual,
        )
        .join(held, held.c.lecturer_id == _LECTURER.c.id)
        .outerjoin(rated, rated.c.lecturer_id == _LECTURER.c.id)
        .where(held.c.count >= criteria.held, held.c.punctual >= held.c.count * criteria.punctual)
    )
    if criteria.mean is not None:
        query = query.where(rated.c.count >= criteria.ratings, rated.c.mean >= criteria.mean)
    met = [
        Candidate(number, name, kind, count, ratings, None if mean is None else round(float(mean), 2), int(punctual))
        for number, name, kind, count, ratings, mean, punctual in session.execute(query)
    ]
    return sorted(met, key=lambda each: (by_sound(each.name), each.lecturer_id))


def by_sound(name: str) -> bytes:
    """By which names stand in the order of their sounds: the national code has the 3,755 most usual characters so."""
    return name.encode("gb18030", "replace")


def _held(scope: Scope, within: timedelta) -> Subquery:
    """By lecturer: how many were held, and of how many somebody typed a number in time."""
    first = (
        select(func.min(COUNT.c.at))
        .where(COUNT.c.lecture_id == LECTURE.c.id, scope.known(COUNT.c.at))
        .correlate(LECTURE)
        .scalar_subquery()
    )
    soon = minutes_between(LECTURE.c.starts_at, first) <= within.total_seconds() // 60
    query = select(
        LECTURE.c.lecturer_id, func.count().label("count"), func.sum(case((soon, 1), else_=0)).label("punctual")
    )
    return query.where(*held_here(scope)).group_by(LECTURE.c.lecturer_id).subquery("held")


def _rated(scope: Scope) -> Subquery:
    """By lecturer: how many marks their lectures got, and the mean."""
    given = and_(
        VOICE.c.lecture_id == LECTURE.c.id,
        VOICE.c.kind == VoiceKind.FEEDBACK,
        VOICE.c.at >= scope.start,
        scope.known(VOICE.c.at),
    )
    query = select(
        LECTURE.c.lecturer_id, func.count(VOICE.c.rating).label("count"), func.avg(VOICE.c.rating).label("mean")
    ).select_from(LECTURE.join(VOICE, given))
    return query.where(*held_here(scope)).group_by(LECTURE.c.lecturer_id).subquery("rated")
