"""How many came (到场) and how much was handed out (发资料): typed once, corrected where it was wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from data import steps
from data.delivery import deliver
from data.errors import LectureOver, NotBegun
from data.loop import Lecture, LectureState, Subject
from data.phrases import day_and_time
from data.record_tables import LectureCount
from data.rules import Rules

LATELY = timedelta(days=3)  # "the lecture" is one that began no longer ago
CROWDED = 1.5  # people to a seat
VERY_MANY = 1_000  # people, or papers, at one place, whatever its seats


@dataclass(frozen=True, slots=True)
class Counted:
    """What was written down; ``before`` is the number of people that it takes the place of."""

    attended: int
    handouts: int | None
    before: int | None


def recent(session: Session, *, now: datetime, lecturer_id: int | None = None) -> list[Lecture]:
    """The lectures that began lately, the latest first; of one lecturer where they are named."""
    query = select(Lecture).where(
        Lecture.state != LectureState.CANCELLED, Lecture.starts_at <= now, Lecture.starts_at > now - LATELY
    )
    if lecturer_id is not None:
        query = query.where(Lecture.lecturer_id == lecturer_id)
    return list(session.exec(query.order_by(col(Lecture.starts_at).desc(), col(Lecture.id).desc())))


def next_of(session: Session, lecturer_id: int, *, now: datetime) -> Lecture | None:
    """The lecturer's next lecture."""
    query = (
        select(Lecture)
        .where(Lecture.lecturer_id == lecturer_id, Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > now)
        .order_by(col(Lecture.starts_at))
        .limit(1)
    )
    return session.exec(query).first()


def require_begun(lecture: Lecture, *, now: datetime, rules: Rules) -> None:
    """Raises `LectureOver` for a cancelled lecture, `NotBegun` for one to come."""
    assert lecture.id is not None
    if lecture.state == LectureState.CANCELLED:
        raise LectureOver(lecture.id, cancelled=True)
    if lecture.starts_at > now:
        raise NotBegun(lecture.id, day_and_time(lecture.starts_at, rules.zone, now=now))


def very_many(
    attended: int | None, handouts: int | None = None, *, seats: int | None = None, elsewhere: bool = False
) -> str:
    """That a number is so large that a digit may be one too many, in a clause; else empty.

    It is written down all the same. ``elsewhere``: there was a second place, or a live link, so seats say nothing.
    """
    came, handed = attended or 0, handouts or 0
    if came >= VERY_MANY:
        return "到场的人数特别大"
    if seats and not elsewhere and came > seats * CROWDED:
        return f"到场的人比{seats:,}个座位多一半以上"
    return "发资料的份数特别大" if handed >= VERY_MANY else ""


def doubt(lecture: Lecture, attended: int, handouts: int | None) -> str:
    """`very_many` of a lecture."""
    elsewhere = bool(lecture.branches or lecture.live_url)
    return very_many(attended, handouts, seats=lecture.seats, elsewhere=elsewhere)


def count(
    session: Session,
    lecture: Lecture,
    *,
    attended: int,
    handouts: int | None,
    by: int,
    now: datetime,
    rules: Rules,
) -> Counted:
    """Write the numbers down; the lecture was held then, with its orders. Without ``handouts`` those stay as they are.

    Raises `NotBegun` or `LectureOver`.
    """
    require_begun(lecture, now=now, rules=rules)
    assert lecture.id is not None
    before = lecture.attended
    handouts = lecture.handouts if handouts is None else handouts
    deliver(session, lecture, by=by, now=now, rules=rules)
    lecture.attended, lecture.handouts, lecture.counted_by, lecture.counted_at = attended, handouts, by, now
    session.add(LectureCount(lecture_id=lecture.id, attended=attended, handouts=handouts, by_id=by, at=now))
    words = f"到场{attended}" + (f"，发资料{handouts}" if handouts is not None else "")
    state = "counted" if before is None else "recounted"
    steps.record(session, Subject.LECTURE, lecture.id, state, by=by, now=now, reason=words)
    session.flush()
    return Counted(attended, handouts, before)
