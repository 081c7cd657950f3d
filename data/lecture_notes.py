"""Who is told of a lecture, and what of it they were told already.

A row's ``once`` is ``lecture:〈id〉:〈what〉:〈room〉``; that of a change also says what the room was told before it
(``:〈step〉:〈json〉``). So what still waits can be made anew instead of being corrected by a second message.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, func, select

from data import announcements, progress, tell
from data.announcements import Facts
from data.loop import Lecture, LectureRoom, Order, SignUp, SignUpState, Step, Subject
from data.mail import Outbox
from data.retract import pending, retract
from data.rooms import PUSHED
from data.rules import Rules
from data.tables import Lecturer, Member, Room, RoomKind, Village

ANNOUNCED, FACTS, CHANGED, RELEASED, CANCELLED = "announce", "facts", "change", "released", "cancel"
REMINDERS = ("evening", "before")
_NEW = (ANNOUNCED, FACTS)
_REPLACED = (*_NEW, CHANGED, RELEASED, *REMINDERS)
_IN = (SignUpState.SEATED, SignUpState.WAITING, SignUpState.OFFERED)


@dataclass(frozen=True, slots=True)
class Note:
    """What a room is to be told; ``told`` is what it was told before, None where that is nothing."""

    room: Room
    text: str
    what: str
    told: Facts | None = None
    picture_id: int | None = None


def key(lecture: Lecture, what: str, room_id: int) -> str:
    """What may be said once in a room about a lecture."""
    return f"lecture:{lecture.id}:{what}:{room_id}"


def facts_of(session: Session, lecture: Lecture) -> Facts:
    """What people are told of a lecture."""
    lecturer = session.get_one(Lecturer, lecture.lecturer_id)
    village = session.get(Village, lecture.village_id) if lecture.village_id is not None else None
    return Facts(
        kind=lecture.kind,
        title=lecture.title,
        lecturer_id=lecture.lecturer_id,
        lecturer=lecturer.name,
        trade=lecturer.trade or lecturer.title,
        village=village.name if village is not None else "",
        venue=lecture.venue,
        starts_at=lecture.starts_at,
        branches=tuple(lecture.branches),
        live_url=lecture.live_url,
        dialect=lecture.dialect,
        seats=lecture.seats,
    )


def rooms_of(session: Session, lecture: Lecture) -> list[Room]:
    """The groups in which it was announced."""
    query = select(Room).join(LectureRoom, col(LectureRoom.room_id) == col(Room.id))
    return list(session.exec(query.where(LectureRoom.lecture_id == lecture.id).order_by(col(Room.id))))


def rooms_of_villages(session: Session, village_ids: Iterable[int]) -> list[Room]:
    """The residents' and migrants' groups of these villages."""
    query = select(Room).where(col(Room.village_id).in_(list(village_ids)), col(Room.kind).in_(PUSHED))
    return list(session.exec(query.order_by(col(Room.id))))


def orders_of(session: Session, lecture: Lecture) -> list[Order]:
    """The orders that it serves, those merged into others too."""
    return list(session.exec(select(Order).where(Order.lecture_id == lecture.id).order_by(col(Order.id))))


def direct_rooms(session: Session, lecture: Lecture) -> list[Room]:
    """The direct chats in which people signed up for it, or asked for it; not its lecturer's."""
    signed = select(SignUp.room_id).where(SignUp.lecture_id == lecture.id, col(SignUp.state).in_(_IN))
    wanted = {room_id for room_id in session.exec(signed) if room_id is not None}
    for order in orders_of(session, lecture):
        wanted |= {room_id for _, room_id in progress.askers(session, order)}
    query = select(Room).where(col(Room.id).in_(wanted), Room.kind == RoomKind.DIRECT).order_by(col(Room.id))
    lecturer = _stand_for(session, lecture.lecturer_id)
    return [room for room in session.exec(query) if (room.transport, room.external_id) not in lecturer]


def _stand_for(session: Session, lecturer_id: int) -> set[tuple[str, str]]:
    """(transport, external id) of the people who stand for a lecturer."""
    members = (session.get_one(Member, each) for each in tell.lecturer_members(session, lecturer_id))
    return {(each.transport, each.external_id) for each in members}


def room_notes(
    session: Session, lecture: Lecture, before: Facts, after: Facts, new: Sequence[Room], rules: Rules
) -> list[Note]:
    """What each group is to be told of a change; ``new`` are groups that hear of the lecture for the first time."""
    notes = []
    for room in rooms_of(session, lecture):
        told = last_told(session, lecture, room, before)
        if told is None:
            notes.append(Note(room, announcements.announcement(after, room.kind, rules.zone), ANNOUNCED))
        else:
            notes.append(Note(room, announcements.change(told, after, room.kind, rules.zone), CHANGED, told))
    notes += [Note(room, announcements.announcement(after, room.kind, rules.zone), ANNOUNCED) for room in new]
    return [note for note in notes if note.text]


def last_told(session: Session, lecture: Lecture, room: Room, now_told: Facts) -> Facts | None:
    """What a room has really been told: not what still waits there. None where its announcement still waits."""
    told: Facts | None = now_told
    for row in _waiting(session, lecture, room.id or 0):
        match (row.once or "").split(":", 5):
            case [_, _, what, *_] if what in _NEW:
                return None
            case [_, _, what, _, _, words] if what in (CHANGED, RELEASED):
                told = _read(words, now_told, session)
    return told


def take_back(session: Session, lecture: Lecture, room: Room, *, now: datetime) -> None:
    """Let go of what waits in a room about this lecture."""
    retract(session, _waiting(session, lecture, room.id or 0), why="有变动，另发", now=now)


def say(session: Session, lecture: Lecture, note: Note, *, now: datetime, not_before: datetime) -> None:
    """Queue a note, once; it lapses where it could not leave before the lecture begins."""
    assert note.room.id is not None
    once = key(lecture, note.what, note.room.id)
    if note.what != ANNOUNCED:  # what may be said again, after something else was
        once += f":{_latest_step(session, lecture)}"
    if note.told is not None:
        once += f":{_write(note.told)}"
    tell.room(
        session,
        note.room.id,
        note.text,
        now=now,
        not_before=not_before,
        once=once,
        expires_at=lecture.starts_at if note.what == ANNOUNCED else None,
        picture_id=note.picture_id,
    )


def _waiting(session: Session, lecture: Lecture, room_id: int) -> list[Outbox]:
    rows = pending(session, (room_id,), f"lecture:{lecture.id}:")
    return [row for row in rows if (row.once or "").split(":")[2] in _REPLACED]


def _latest_step(session: Session, lecture: Lecture) -> int:
    query = select(func.max(Step.id)).where(Step.subject == Subject.LECTURE, Step.subject_id == lecture.id)
    return session.exec(query).one() or 0


def _write(told: Facts) -> str:
    """What a later change is measured by."""
    return json.dumps(
        [told.starts_at.isoformat(), told.venue, told.lecturer_id, list(told.branches), told.live_url],
        ensure_ascii=False,
    )


def _read(words: str, like: Facts, session: Session) -> Facts:
    starts_at, venue, lecturer_id, branches, live_url = json.loads(words)
    lecturer = session.get_one(Lecturer, lecturer_id)
    return replace(
        like,
        starts_at=datetime.fromisoformat(starts_at),
        venue=venue,
        lecturer_id=lecturer_id,
        lecturer=lecturer.name,
        trade=lecturer.trade or lecturer.title,
        branches=tuple(branches),
        live_url=live_url,
    )
