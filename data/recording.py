"""Events that were held before (补记), by hand or from a file: put away at once, announced to nobody, nobody is asked.

They are written down today. So where the books of their time are closed already they are late there (补报).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlmodel import Session, col, select

from data.errors import Declined
from data.figures.periods import Period, PeriodKind, period_of
from data.loop import EventKind, Lecture, LectureState, Step, Subject
from data.record_tables import LectureCount
from data.statements import table_of

SITE, BOTH, ONLINE = "现场", "现场加直播", "线上"
MODES = (SITE, BOTH, ONLINE)
BY_HAND = "补记"  # the reason in its trail
_ONLINE_VENUES = ("线上", "网上", "直播")  # a place whose name begins so is none
_BOOKS = (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.HALF, PeriodKind.YEAR)
_LECTURE, _STEP, _COUNT = table_of(Lecture), table_of(Step), table_of(LectureCount)


class NotHeldYet(Declined):
    """What is still to come is planned, not recorded."""

    def __init__(self) -> None:
        super().__init__("这个时间还没到，这里只记办过的。", chat="要排课请发“排课”。", desk="要排课请点“排一节课”。")


class KeptAlready(Declined):
    """The very same event is there: at that time, in that village, by that lecturer, on that topic."""

    def __init__(self, lecture: Lecture) -> None:
        super().__init__(
            f"就是课{lecture.id}《{lecture.title}》，已经记着了，不用再补。",
            chat=f"要报人数，发“课{lecture.id} 到场 36 发资料 40”。",
            desk="人数、照片请在那一节课的页上报。",
        )


@dataclass(frozen=True, slots=True)
class Held:
    """An event that was held. ``live_url`` says that it was broadcast too; numbers that nobody knows are None."""

    kind: EventKind
    topic_id: int
    lecturer_id: int
    village_id: int | None
    title: str
    venue: str
    starts_at: datetime
    hamlet: str = ""
    dialect: str = ""
    live_url: str = ""
    attended: int | None = None
    handouts: int | None = None

    @property
    def counted(self) -> bool:
        """Whether anything was said of how many."""
        return self.attended is not None or self.handouts is not None

    def as_lecture(self, *, by: int | None, now: datetime) -> Lecture:
        """The lecture that it becomes; not in the database yet."""
        return Lecture(**self.values(by=by, now=now))

    def values(self, *, by: int | None, now: datetime) -> dict[str, Any]:
        """What is known of it, by the columns of a lecture."""
        return {
            **{each.name: getattr(self, each.name) for each in fields(self)},
            "created_at": now,
            "state": LectureState.ARCHIVED,
            "counted_by": by if self.counted else None,
            "counted_at": now if self.counted else None,
        }


def record(session: Session, held: Held, *, by: int | None, now: datetime) -> Lecture:
    """Keep one that somebody typed; it can be undone. Raises `NotHeldYet` or `KeptAlready`."""
    require_new(session, held, now=now)
    lecture = held.as_lecture(by=by, now=now)
    session.add(lecture)
    session.flush()
    number = lecture.id or 0
    session.add_all(Step(**row) for row in _steps(number, by=by, now=now, why=BY_HAND))
    session.add_all(LectureCount(**row) for row in _counts(number, held, by=by, now=now))
    session.flush()
    return lecture


def put(session: Session, held: Sequence[Held], *, by: int | None, now: datetime, why: str) -> None:
    """Keep many, that were looked at before, in a few statements."""
    if not held:
        return
    blank = held[0].as_lecture(by=by, now=now)
    usual = {column.key: getattr(blank, column.key) for column in _LECTURE.c if column.key != "id"}
    rows = [{**usual, **each.values(by=by, now=now)} for each in held]
    returning = insert(_LECTURE).returning(_LECTURE.c.id, sort_by_parameter_order=True)
    numbers = session.execute(returning, rows).scalars().all()
    session.execute(insert(_STEP), [row for each in numbers for row in _steps(each, by=by, now=now, why=why)])
    said = zip(numbers, held, strict=True)
    if counts := [row for number, each in said for row in _counts(number, each, by=by, now=now)]:
        session.execute(insert(_COUNT), counts)


def require_new(session: Session, held: Held, *, now: datetime) -> None:
    """Raises `NotHeldYet` or `KeptAlready`."""
    if held.starts_at > now:
        raise NotHeldYet
    query = select(Lecture).where(
        Lecture.starts_at == held.starts_at,
        Lecture.lecturer_id == held.lecturer_id,
        Lecture.topic_id == held.topic_id,
        Lecture.village_id == held.village_id,
        Lecture.state != LectureState.CANCELLED,
    )
    if (same := session.exec(query.limit(1)).first()) is not None:
        raise KeptAlready(same)


def alike(session: Session, held: Held, zone: ZoneInfo, *, most: int = 5) -> list[Lecture]:
    """What else is kept of that day in that village: it may be the same one."""
    day = datetime.combine(held.starts_at.astimezone(zone).date(), time(), zone)
    query = select(Lecture).where(
        Lecture.village_id == held.village_id,
        Lecture.starts_at >= day,
        Lecture.starts_at < day + timedelta(days=1),
        Lecture.state != LectureState.CANCELLED,
    )
    return list(session.exec(query.order_by(col(Lecture.starts_at)).limit(most)))


def closed_books(day: date, zone: ZoneInfo, *, now: datetime) -> list[Period]:
    """The month, quarter, half and year of a day whose books are closed: what is written down now is late there."""
    periods = [period_of(day, kind) for kind in _BOOKS]
    return [each for each in periods if now > each.closes_at(zone)]


def late_words(starts_at: datetime, zone: ZoneInfo, *, now: datetime) -> str:
    """That it will stand among what came late, and where; empty where it is in time for everything."""
    closed = closed_books(starts_at.astimezone(zone).date(), zone, now=now)
    return f"{'、'.join(each.label for each in closed)}已经截止，会列在补报里，不改当时的数。" if closed else ""


def misplaced(mode: str, venue: str) -> str:
    """What is wrong with a place, as far as it was named, for an event that was held in this way; else empty."""
    online = venue.startswith(_ONLINE_VENUES)
    if mode == ONLINE and venue and not online:
        return f"形式是“{ONLINE}”，地点就不是“{venue}”，请改一样"
    if mode in (SITE, BOTH) and online:
        return f"形式是“{mode}”，请写上在哪里讲的"
    return ""


def somewhere(mode: str, hamlet: str, village: str) -> str:
    """The place where nobody wrote one: the hamlet or village is all that is known."""
    return ONLINE if mode == ONLINE else hamlet or village or "镇上"


def mode_of(venue: str, *, live: bool) -> str:
    """How it was held, by what is kept of it."""
    if not venue or venue.startswith(_ONLINE_VENUES):
        return ONLINE
    return BOTH if live else SITE


def live_mark(mode: str) -> str:
    """What is kept in place of an address that nobody remembers."""
    return ONLINE if mode == BOTH else ""


def _steps(number: int, *, by: int | None, now: datetime, why: str) -> Iterator[dict[str, Any]]:
    """The trail: held, and put away."""
    for state in (LectureState.DELIVERED, LectureState.ARCHIVED):
        of = {"subject": Subject.LECTURE, "subject_id": number, "state": state.value}
        yield {**of, "at": now, "by_id": by, "reason": why}


def _counts(number: int, held: Held, *, by: int | None, now: datetime) -> Iterator[dict[str, Any]]:
    """How many came, where anybody said."""
    if held.counted:
        yield {
            "lecture_id": number,
            "attended": held.attended,
            "handouts": held.handouts,
            "by_id": by,
            "at": now,
        }
