"""What a lecturer was asked, and what they will hold."""

from datetime import datetime

from sqlmodel import Session, col, select

from data.loop import Assignment, Lecture, LectureState
from data.tables import Role, RoleKind
from data.wishes import OPEN_OFFERS


def open_of(session: Session, member_id: int) -> list[Assignment]:
    """The offers that wait for this member's answer, oldest first."""
    query = (
        select(Assignment)
        .join(Role, col(Role.lecturer_id) == col(Assignment.lecturer_id))
        .where(
            Role.member_id == member_id,
            Role.kind == RoleKind.LECTURER,
            col(Assignment.state).in_(OPEN_OFFERS),
        )
        .order_by(col(Assignment.id))
    )
    return list(session.exec(query))


def last_of(session: Session, member_id: int, order_id: int) -> Assignment | None:
    """The last offer of an order to this member, answered or not."""
    query = (
        select(Assignment)
        .join(Role, col(Role.lecturer_id) == col(Assignment.lecturer_id))
        .where(Assignment.order_id == order_id, Role.member_id == member_id, Role.kind == RoleKind.LECTURER)
        .order_by(col(Assignment.id).desc())
    )
    return session.exec(query).first()


def coming_of(session: Session, member_id: int, *, now: datetime, limit: int = 6) -> list[Lecture]:
    """The lectures to come that this member gives, earliest first."""
    query = (
        select(Lecture)
        .join(Role, col(Role.lecturer_id) == col(Lecture.lecturer_id))
        .where(
            Role.member_id == member_id,
            Role.kind == RoleKind.LECTURER,
            Lecture.state == LectureState.ANNOUNCED,
            Lecture.starts_at > now,
        )
        .order_by(col(Lecture.starts_at), col(Lecture.id))
        .limit(limit)
    )
    return list(session.exec(query))
