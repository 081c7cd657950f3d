"""Announced lectures, and the sign-ups (报名) for them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data.errors import CapacityFull, NoOpenLecture, NotSignedUp
from data.loop import Lecture, LectureRoom, LectureState, SignUp
from data.tables import Lecturer, Room, Topic, Village

_OPEN = (
    core_select(Lecture)
    .join(LectureRoom, col(LectureRoom.lecture_id) == col(Lecture.id))
    .where(
        col(LectureRoom.room_id) == bindparam("room_id"),
        col(Lecture.state) == LectureState.ANNOUNCED,
        col(Lecture.starts_at) > bindparam("now"),
    )
    .order_by(col(Lecture.starts_at), col(Lecture.id))
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class SignedUp:
    """Where a sign-up stands now: the lecture, this person's number of people, everyone's, and the seats left."""

    lecture: Lecture
    people: int
    total: int
    left: int | None
    changed: bool


@dataclass(frozen=True, slots=True)
class LectureLine:
    """One lecture as the schedule shows it."""

    title: str
    topic: str
    lecturer: str
    village: str
    venue: str
    dialect: str
    starts_at: datetime
    left: int | None


def open_in(session: Session, room_id: int, *, now: datetime) -> Lecture | None:
    """The next lecture announced in this room that still takes sign-ups."""
    return session.execute(_OPEN, {"room_id": room_id, "now": now}).scalars().first()


def open_rooms(session: Session, *, now: datetime) -> frozenset[tuple[str, str]]:
    """(transport, room's external id) of the rooms with a lecture that takes sign-ups."""
    query = (
        select(Room.transport, Room.external_id)
        .join(LectureRoom, col(LectureRoom.room_id) == col(Room.id))
        .join(Lecture, col(LectureRoom.lecture_id) == col(Lecture.id))
        .where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > now)
    )
    return frozenset(session.exec(query).all())


def people_in(session: Session, lecture_id: int) -> int:
    """How many people are signed up."""
    query = select(func.coalesce(func.sum(SignUp.people), 0)).where(
        SignUp.lecture_id == lecture_id, col(SignUp.withdrawn_at).is_(None)
    )
    return int(session.exec(query).one())


def sign_up(
    session: Session, *, room_id: int, member_id: int, people: int, now: datetime, for_whom: str = ""
) -> SignedUp:
    """Sign ``people`` persons up in all: the member's own party, or whoever ``for_whom`` names. Again: the new number.

    Raises `NoOpenLecture`, or `CapacityFull` where fewer seats are left than were asked for.
    """
    lecture = _require_open(session, room_id, now)
    assert lecture.id is not None
    mine = next((each for each in _of_member(session, lecture.id, member_id) if each.for_whom == for_whom), None)
    held = mine.people if mine is not None and mine.withdrawn_at is None else 0
    taken = people_in(session, lecture.id)
    if lecture.seats is not None and taken - held + people > lecture.seats:
        raise CapacityFull(lecture.title, max(0, lecture.seats - taken + held))
    if mine is None:
        session.add(SignUp(lecture_id=lecture.id, member_id=member_id, people=people, at=now, for_whom=for_whom))
    elif held != people:
        mine.people, mine.at, mine.withdrawn_at = people, now, None
    return _standing(lecture, people, taken - held + people, changed=held != people)


def withdraw(session: Session, *, room_id: int, member_id: int, now: datetime, for_whom: str | None = None) -> SignedUp:
    """Take back all that a member signed up, or only whom they name; the rows stay, with the time.

    Raises `NoOpenLecture` or `NotSignedUp`.
    """
    lecture = _require_open(session, room_id, now)
    assert lecture.id is not None
    held = [
        each
        for each in _of_member(session, lecture.id, member_id)
        if each.withdrawn_at is None and for_whom in (None, each.for_whom)
    ]
    if not held:
        raise NotSignedUp(lecture.title)
    for each in held:
        each.withdrawn_at = now
    session.flush()
    return _standing(lecture, 0, people_in(session, lecture.id), changed=True)


def holds(session: Session, lecture_id: int, member_id: int) -> bool:
    """Whether a member has a sign-up for a lecture that was not withdrawn."""
    return any(each.withdrawn_at is None for each in _of_member(session, lecture_id, member_id))


def last_in(session: Session, room_id: int, *, since: datetime, now: datetime) -> Lecture | None:
    """The lecture of this room that began last, no earlier than ``since``: what a rating is about."""
    query = (
        select(Lecture)
        .join(LectureRoom, col(LectureRoom.lecture_id) == col(Lecture.id))
        .where(
            LectureRoom.room_id == room_id,
            Lecture.state != LectureState.CANCELLED,
            Lecture.starts_at <= now,
            Lecture.starts_at >= since,
        )
        .order_by(col(Lecture.starts_at).desc())
    )
    return session.exec(query).first()


def coming(session: Session, *, now: datetime, village_id: int | None = None, limit: int = 6) -> list[LectureLine]:
    """The lectures to come, of one village or of the whole town, earliest first."""
    query = (
        select(Lecture, Topic.name, Lecturer.name, Village.name)
        .join(Topic, col(Lecture.topic_id) == col(Topic.id))
        .join(Lecturer, col(Lecture.lecturer_id) == col(Lecturer.id))
        .join(Village, col(Lecture.village_id) == col(Village.id), isouter=True)
        .where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > now)
        .order_by(col(Lecture.starts_at), col(Lecture.id))
        .limit(limit)
    )
    if village_id is not None:
        query = query.where(Lecture.village_id == village_id)
    lines = []
    for lecture, topic, lecturer, village in session.execute(query).all():
        left = None if lecture.seats is None else max(0, lecture.seats - people_in(session, lecture.id))
        lines.append(
            LectureLine(
                title=lecture.title,
                topic=topic,
                lecturer=lecturer,
                village=village or "",
                venue=lecture.venue,
                dialect=lecture.dialect,
                starts_at=lecture.starts_at,
                left=left,
            )
        )
    return lines


def _require_open(session: Session, room_id: int, now: datetime) -> Lecture:
    lecture = open_in(session, room_id, now=now)
    if lecture is None:
        raise NoOpenLecture
    return lecture


def _of_member(session: Session, lecture_id: int, member_id: int) -> list[SignUp]:
    query = select(SignUp).where(SignUp.lecture_id == lecture_id, SignUp.member_id == member_id)
    return list(session.exec(query))


def _standing(lecture: Lecture, people: int, total: int, *, changed: bool) -> SignedUp:
    left = None if lecture.seats is None else lecture.seats - total
    return SignedUp(lecture=lecture, people=people, total=total, left=left, changed=changed)
