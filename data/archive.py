"""What stays of a lecture (建档归卡): its facts, trail, numbers, feedback, papers and photos, together.

Nobody is named who signed up or said something; numbers in what they wrote are masked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from data import lecture_notes, materials, steps
from data.announcements import Facts
from data.desk import lectures as desk
from data.errors import TownError
from data.loop import Lecture, LectureState, Photo, SignUp, SignUpState, Subject, Voice, VoiceKind
from data.mail import Outbox
from data.materials import Piece
from data.names import masked
from data.record_tables import LectureCount, MediaReport
from data.tables import Lecturer, Topic, Village

KEPT = (LectureState.DELIVERED, LectureState.ARCHIVED)
MOST_SAID = 200  # ratings with words that are shown of one lecture


class PhotoGone(TownError):
    """The file of a photo is not there, or lies outside the folder."""


@dataclass(frozen=True, slots=True)
class Stride:
    """One step of its trail."""

    at: datetime
    who: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Counted:
    """A number of people as it was said once."""

    at: datetime
    attended: int | None
    handouts: int | None


@dataclass(frozen=True, slots=True)
class Kept:
    """All that is kept of a lecture.

    ``signed`` are people, ``parties`` those who signed up for them; ``marks`` how many gave which number of points;
    ``said`` (points, words) of those who wrote something, without their names.
    """

    lecture: Lecture
    facts: Facts
    topic: str
    orders: tuple[int, ...]
    trail: tuple[Stride, ...]
    signed: int
    parties: int
    counts: tuple[Counted, ...]
    marks: Mapping[int, int]
    said: tuple[tuple[int | None, str], ...]
    announced: str
    pieces: tuple[Piece, ...]
    photos: tuple[Photo, ...]
    media: tuple[MediaReport, ...]

    @property
    def number(self) -> int:
        return self.lecture.id or 0

    @property
    def ratings(self) -> int:
        return sum(self.marks.values())

    @property
    def mean(self) -> float | None:
        """Of the points; None where nobody gave any."""
        return round(sum(mark * count for mark, count in self.marks.items()) / self.ratings, 2) if self.marks else None


def of_lecture(session: Session, lecture: Lecture, names: Mapping[str, str]) -> Kept:
    """What is kept of a lecture; ``names`` says what its steps are called."""
    number = lecture.id or 0
    topic = session.get_one(Topic, lecture.topic_id)
    parties = select(func.count(), func.coalesce(func.sum(SignUp.people), 0)).where(
        SignUp.lecture_id == number, SignUp.state == SignUpState.SEATED
    )
    households, people = session.exec(parties).one()
    counts = session.exec(
        select(LectureCount).where(LectureCount.lecture_id == number).order_by(col(LectureCount.id))
    ).all()
    media = session.exec(
        select(MediaReport)
        .where(MediaReport.lecture_id == number, col(MediaReport.struck_at).is_(None))
        .order_by(col(MediaReport.published_on))
    ).all()
    rated = _rated(session, number)
    return Kept(
        lecture=lecture,
        facts=lecture_notes.facts_of(session, lecture),
        topic=topic.name,
        orders=tuple(order.id or 0 for order in lecture_notes.orders_of(session, lecture)),
        trail=tuple(
            Stride(each.at, each.who or steps.CLOCK, names.get(each.state, each.state), each.reason)
            for each in steps.trail(session, Subject.LECTURE, number)
        ),
        signed=int(people),
        parties=int(households),
        counts=tuple(Counted(each.at, each.attended, each.handouts) for each in counts),
        marks=dict(sorted(Counter(mark for mark, _ in rated if mark is not None).items())),
        said=tuple((mark, masked(text)) for mark, text in [each for each in rated if each[1]][:MOST_SAID]),
        announced=_announced(session, lecture),
        pieces=tuple(materials.at_the_time(session, lecture.topic_id, lecture.starts_at)),
        photos=tuple(desk.photos(session, number)),
        media=tuple(media),
    )


def photo_file(photo: Photo, folder: Path) -> Path:
    """Where a photo lies. Raises `PhotoGone`."""
    inside = folder.resolve()
    path = (inside / photo.path).resolve()
    if not path.is_relative_to(inside) or not path.is_file():
        raise PhotoGone(f"照片{photo.id}的文件不在了。")
    return path


def _rated(session: Session, number: int) -> Sequence[tuple[int | None, str]]:
    """The points and the words of each who gave either, in the order in which they came."""
    query = (
        select(Voice.rating, Voice.text)
        .where(Voice.lecture_id == number, Voice.kind == VoiceKind.FEEDBACK)
        .order_by(col(Voice.id))
    )
    return session.exec(query).all()


def _announced(session: Session, lecture: Lecture) -> str:
    """The announcement as the first group got it; empty where none was sent."""
    keys = [
        lecture_notes.key(lecture, lecture_notes.ANNOUNCED, room.id or 0)
        for room in lecture_notes.rooms_of(session, lecture)
    ]
    if not keys:
        return ""
    query = select(Outbox.text).where(col(Outbox.once).in_(keys)).order_by(col(Outbox.id)).limit(1)
    return session.exec(query).first() or ""


def numbers_of(session: Session, year: int, zone: ZoneInfo) -> list[int]:
    """The lectures that were held in a year and are kept, oldest first."""
    mine = (*_within(year, zone), col(Lecture.state).in_(KEPT))
    query = select(Lecture.id).where(*mine).order_by(col(Lecture.starts_at), col(Lecture.id))
    return [number for number in session.exec(query) if number is not None]


def photo_bytes(session: Session, year: int, zone: ZoneInfo) -> int:
    """How much the photos of a year weigh."""
    query = select(func.coalesce(func.sum(Photo.size), 0)).join(Lecture, col(Lecture.id) == col(Photo.lecture_id))
    return int(session.exec(query.where(*_within(year, zone))).one())


def each_of(session: Session, numbers: Iterable[int], names: Mapping[str, str]) -> Iterator[Kept]:
    """What is kept of each of these lectures, read one after another: a year is more than memory should hold."""
    often = [session.exec(select(table)).all() for table in (Topic, Lecturer, Village)]  # held, so they are read once
    for number in numbers:
        yield of_lecture(session, session.get_one(Lecture, number), names)
    often.clear()


def _within(year: int, zone: ZoneInfo) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    first = datetime(year, 1, 1, tzinfo=zone)
    return col(Lecture.starts_at) >= first, col(Lecture.starts_at) < first.replace(year=year + 1)
