"""Lectures as the console lists them, and the small things that its forms ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, func, or_
from sqlalchemy import select as core_select
from sqlmodel import Session, SQLModel, col, select

from data import lecture_notes, slots
from data.desk_errors import BadEntry
from data.loop import EventKind, Lecture, LectureState, Order, Photo, SignUp, SignUpState
from data.mail import Outbox, OutboxState
from data.names import row_id
from data.record_tables import Area, AreaLevel
from data.rules import Rules
from data.slots import Slot
from data.statements import table_of
from data.tables import Lecturer, Room, Topic, Village

COMING, UNCOUNTED = "coming", "uncounted"  # beside the states themselves
CHOICES = 300  # more are not offered in a list: one types the name
_LECTURE, _UP = table_of(Lecture), table_of(SignUp)
_TOPIC, _LECTURER, _VILLAGE = table_of(Topic), table_of(Lecturer), table_of(Village)
_SEATED = (
    core_select(func.coalesce(func.sum(_UP.c.people), 0))
    .where(_UP.c.lecture_id == _LECTURE.c.id, _UP.c.state == SignUpState.SEATED)
    .scalar_subquery()
)


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked for; empty or None where it does not matter. ``since`` and ``until`` are moments."""

    words: str = ""
    state: str = ""
    kind: str = ""
    village_id: int | None = None
    lecturer_id: int | None = None
    topic_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    town_id: int | None = None  # an area


@dataclass(frozen=True, slots=True)
class Row:
    """A lecture of the list; ``signed`` are the people who have a seat."""

    number: int
    starts_at: datetime
    title: str
    topic: str
    kind: EventKind
    lecturer: str
    village: str
    venue: str
    state: LectureState
    dialect: str
    seats: int | None
    signed: int
    attended: int | None
    handouts: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """A group in which a lecture was announced; ``state`` is None where nothing was queued there."""

    name: str
    village_id: int | None
    state: OutboxState | None
    at: datetime | None


def find(session: Session, looked: Looked, *, now: datetime, offset: int, limit: int) -> tuple[list[Row], int]:
    """Some of them, and how many there are: what is to come the next first, all else the latest first."""
    where = _conditions(looked, now)
    counted = core_select(func.count())
    query = _joined(counted) if looked.words else counted.select_from(_LECTURE)  # the names only where words need them
    total = int(session.execute(query.where(*where)).scalar_one())
    forward = looked.state == COMING
    order = (_LECTURE.c.starts_at, _LECTURE.c.id) if forward else (_LECTURE.c.starts_at.desc(), _LECTURE.c.id.desc())
    columns = (
        _LECTURE.c.id, _LECTURE.c.starts_at, _LECTURE.c.title, _TOPIC.c.name, _LECTURE.c.kind, _LECTURER.c.name,
        func.coalesce(_VILLAGE.c.name, ""), _LECTURE.c.venue, _LECTURE.c.state, _LECTURE.c.dialect, _LECTURE.c.seats,
        _SEATED, _LECTURE.c.attended, _LECTURE.c.handouts,
    )  # fmt: skip
    found = _joined(core_select(*columns)).where(*where).order_by(*order).offset(offset).limit(limit)
    return [Row(*row) for row in session.execute(found)], total


def choices(session: Session, model: type[Village] | type[Lecturer]) -> tuple[tuple[str, str], ...]:
    """(id, name) of all, for a list to choose from; empty where there are more than `CHOICES`."""
    rows = session.exec(select(model.id, model.name).order_by(col(model.id)).limit(CHOICES + 1)).all()
    return tuple((str(number), name) for number, name in rows) if len(rows) <= CHOICES else ()


def towns(session: Session) -> tuple[tuple[str, str], ...]:
    """(id, name) of all towns, for a list to choose from; empty where there are more than `CHOICES`."""
    query = select(Area.id, Area.name).where(Area.level == AreaLevel.TOWN).order_by(col(Area.id)).limit(CHOICES + 1)
    rows = session.exec(query).all()
    return tuple((str(number), name) for number, name in rows) if len(rows) <= CHOICES else ()


def villages_of(session: Session, town_id: int) -> tuple[tuple[str, str], ...]:
    """(id, name) of the villages of a town."""
    rows = session.exec(select(Village.id, Village.name).where(Village.area_id == town_id).order_by(col(Village.id)))
    return tuple((str(number), name) for number, name in rows)


def topics(session: Session) -> tuple[tuple[str, str], ...]:
    """(id, name) of all topics, in the order of the menu."""
    rows = session.exec(select(Topic.id, Topic.name).order_by(col(Topic.position), col(Topic.id))).all()
    return tuple((str(number), name) for number, name in rows)


def named(session: Session, model: type[SQLModel], said: str, label: str) -> int:
    """The id of a village, a lecturer or a topic that was chosen by id, or typed by name. Raises `BadEntry`."""
    words = said.strip().removesuffix("老师")
    which: Any = model
    if (number := row_id(words)) is not None:
        found = session.get(which, number)
    else:
        found = session.exec(select(which).where(which.name == words)).first() if words else None
    if found is None or found.id is None:
        raise BadEntry(label, "请选一个，或把名字写全。")
    return int(found.id)


def set_details(lecture: Lecture, *, minutes: int, hamlet: str) -> None:
    """What a plan does not say: how long it lasts, and in which hamlet of its village it is held."""
    lecture.minutes, lecture.hamlet = minutes, hamlet


def told_in(session: Session, lecture: Lecture) -> list[Told]:
    """The groups in which it was announced, and whether that has left."""
    rooms = lecture_notes.rooms_of(session, lecture)
    keys = {lecture_notes.key(lecture, lecture_notes.ANNOUNCED, room.id or 0): room for room in rooms}
    rows = session.exec(select(Outbox).where(col(Outbox.once).in_(list(keys))))
    said = {row.once: (row.state, row.settled_at or row.not_before) for row in rows}
    return [Told(room.name, room.village_id, *said.get(once, (None, None))) for once, room in keys.items()]


def photos(session: Session, lecture_id: int) -> list[Photo]:
    """The photos of a lecture, oldest first."""
    return list(session.exec(select(Photo).where(Photo.lecture_id == lecture_id).order_by(col(Photo.id))))


def good_times(
    session: Session, *, village_id: int | None, lecturer_id: int | None, venue: str, rules: Rules, now: datetime
) -> Sequence[Slot]:
    """Times at which something could be held there by this lecturer, with the reasons why."""
    wish = Order(member_id=0, room_id=0, village_id=village_id, place=venue, created_at=now)  # never in the database
    return slots.times(session, wish, rules=rules, now=now, lecturer_id=lecturer_id, limit=3)


def groups_of(session: Session, village_id: int) -> list[Room]:
    """The groups that would be told of what is held in a village."""
    return lecture_notes.rooms_of_villages(session, (village_id,))


def _joined(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(_LECTURE)
        .join(_TOPIC, _TOPIC.c.id == _LECTURE.c.topic_id)
        .join(_LECTURER, _LECTURER.c.id == _LECTURE.c.lecturer_id)
        .outerjoin(_VILLAGE, _VILLAGE.c.id == _LECTURE.c.village_id)
    )


def _conditions(looked: Looked, now: datetime) -> list[Any]:
    where: list[Any] = []
    match looked.state:
        case "coming":
            where += [_LECTURE.c.state == LectureState.ANNOUNCED, _LECTURE.c.starts_at > now]
        case "uncounted":
            begun = and_(_LECTURE.c.starts_at <= now, _LECTURE.c.starts_at > now - timedelta(days=60))
            where += [begun, _LECTURE.c.state != LectureState.CANCELLED, _LECTURE.c.attended.is_(None)]
        case state if state:
            where.append(_LECTURE.c.state == LectureState(state))
    if looked.kind:
        where.append(_LECTURE.c.kind == EventKind(looked.kind))
    for column, value in (
        (_LECTURE.c.village_id, looked.village_id),
        (_LECTURE.c.lecturer_id, looked.lecturer_id),
        (_LECTURE.c.topic_id, looked.topic_id),
    ):
        if value is not None:
            where.append(column == value)
    where += _days(looked)
    if looked.town_id is not None:
        where.append(_LECTURE.c.village_id.in_(core_select(_VILLAGE.c.id).where(_VILLAGE.c.area_id == looked.town_id)))
    if looked.words:
        where.append(_says(looked.words))
    return where


def _days(looked: Looked) -> list[Any]:
    since = [_LECTURE.c.starts_at >= looked.since] if looked.since is not None else []
    return since + ([_LECTURE.c.starts_at < looked.until] if looked.until is not None else [])


def _says(words: str) -> Any:
    """Lectures whose number, title, place, lecturer or village it is."""
    number = row_id(words.removeprefix("课").strip())
    if number is not None:
        return _LECTURE.c.id == number
    sought = (_LECTURE.c.title, _LECTURE.c.venue, _LECTURER.c.name, _VILLAGE.c.name, _TOPIC.c.name)
    return or_(*(column.contains(words, autoescape=True) for column in sought))
