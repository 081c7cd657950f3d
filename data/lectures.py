"""Announced lectures: which are open where, which began last, which are to come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select

from data.errors import NoSuchLecture
from data.loop import Lecture, LectureRoom, LectureState
from data.seats import open_lectures
from data.signups import seats_left
from data.tables import Lecturer, Room, Topic, Village

STATE_NAMES = {
    LectureState.ANNOUNCED: "排好了",
    LectureState.CANCELLED: "已取消",
    LectureState.DELIVERED: "讲完了",
    LectureState.ARCHIVED: "已归档",
}


@dataclass(frozen=True, slots=True)
class LectureLine:
    """One lecture as the schedule shows it."""

    number: int
    title: str
    topic: str
    lecturer: str
    village: str
    venue: str
    dialect: str
    starts_at: datetime
    left: int | None
    branches: tuple[str, ...] = ()
    live_url: str = ""


def find(session: Session, number: int) -> Lecture:
    """The lecture with this number. Raises `NoSuchLecture`."""
    lecture = session.get(Lecture, number)
    if lecture is None:
        raise NoSuchLecture(number)
    return lecture


def open_in(session: Session, room_id: int, *, now: datetime) -> Lecture | None:
    """The next lecture announced in this room that still takes sign-ups."""
    return next(iter(open_lectures(session, now=now, room_id=room_id)), None)


def open_rooms(session: Session, *, now: datetime) -> frozenset[tuple[str, str]]:
    """(transport, room's external id) of the rooms with a lecture that takes sign-ups."""
    query = (
        select(Room.transport, Room.external_id)
        .join(LectureRoom, col(LectureRoom.room_id) == col(Room.id))
        .join(Lecture, col(LectureRoom.lecture_id) == col(Lecture.id))
        .where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > now)
    )
    return frozenset(session.exec(query).all())


def coming(session: Session, *, now: datetime, village_id: int | None = None, limit: int = 6) -> list[LectureLine]:
    """The lectures to come, earliest first: those of the whole town, or held or announced in one village."""
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
        here = select(LectureRoom.lecture_id).join(Room).where(Room.village_id == village_id)
        query = query.where(or_(col(Lecture.village_id) == village_id, col(Lecture.id).in_(here)))
    lines = []
    for lecture, topic, lecturer, village in session.execute(query).all():
        lines.append(
            LectureLine(
                number=lecture.id or 0,
                title=lecture.title,
                topic=topic,
                lecturer=lecturer,
                village=village or "",
                venue=lecture.venue,
                dialect=lecture.dialect,
                starts_at=lecture.starts_at,
                left=seats_left(session, lecture),
                branches=tuple(lecture.branches),
                live_url=lecture.live_url,
            )
        )
    return lines
