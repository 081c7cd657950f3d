"""The trail of an order, a lecture, a voice or a poll: each step with who, when and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from data.loop import Step, Subject
from data.tables import Member

CLOCK = "自动"  # who did it where nobody did


@dataclass(frozen=True, slots=True)
class Stride:
    """One step as a list shows it; ``who`` is empty where the clock did it."""

    state: str
    at: datetime
    who: str
    reason: str


def record(
    session: Session, subject: Subject, subject_id: int, state: str, *, by: int | None, now: datetime, reason: str = ""
) -> None:
    """Write a step down."""
    session.add(Step(subject=subject, subject_id=subject_id, state=state, at=now, by_id=by, reason=reason))


def trail(session: Session, subject: Subject, subject_id: int) -> Iterator[Stride]:
    """All steps of one, oldest first."""
    query = (
        select(Step, Member.name)
        .join(Member, col(Step.by_id) == col(Member.id), isouter=True)
        .where(Step.subject == subject, Step.subject_id == subject_id)
        .order_by(col(Step.id))
    )
    return (Stride(step.state, step.at, who or "", step.reason) for step, who in session.execute(query))
