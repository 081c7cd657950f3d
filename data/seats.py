"""The seats of a lecture: counted, locked while they are given, and who stands where on the waiting list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, case, func, or_
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data.loop import Lecture, LectureRoom, LectureState, SignUp, SignUpState
from data.statements import table_of
from data.tables import Room

HOLDING = (SignUpState.SEATED, SignUpState.WAITING, SignUpState.OFFERED)
_UP, _LECTURE = table_of(SignUp), table_of(Lecture)
_SEATED, _WAITING = _UP.c.state == SignUpState.SEATED, _UP.c.state == SignUpState.WAITING
_LOCK = core_select(_LECTURE.c.seats).where(_LECTURE.c.id == bindparam("lecture_id")).with_for_update(key_share=True)
_COUNTS = core_select(
    func.sum(case((_SEATED, _UP.c.people), else_=0)),
    func.sum(case((_UP.c.state == SignUpState.OFFERED, _UP.c.offered), else_=0)),
    func.sum(case((_WAITING, _UP.c.people), else_=0)),
    func.max(case((_WAITING, _UP.c.at))),
    func.max(case((and_(_UP.c.by_list, _UP.c.for_whom.in_(bindparam("names", expanding=True))), _UP.c.id))),
).where(_UP.c.lecture_id == bindparam("lecture_id"), _UP.c.state.in_(HOLDING))
_SEATS = _COUNTS.with_only_columns(*list(_COUNTS.selected_columns)[:4])
# Not by the index on the state: a room has had a few lectures, the county announces hundreds at a time.
_OPEN = (
    select(Lecture)
    .where(func.coalesce(col(Lecture.state), "") == LectureState.ANNOUNCED, col(Lecture.starts_at) > bindparam("now"))
    .order_by(col(Lecture.starts_at), col(Lecture.id))
    .limit(4)
)
_IN_ROOM = select(LectureRoom.lecture_id).where(col(LectureRoom.room_id) == bindparam("room_id"))
_IN_VILLAGE = (
    select(LectureRoom.lecture_id)
    .join(Room, col(LectureRoom.room_id) == col(Room.id))
    .where(col(Room.village_id) == bindparam("village_id"))
)
_OPEN_IN_ROOM = _OPEN.where(col(Lecture.id).in_(_IN_ROOM))
_OPEN_IN_VILLAGE = _OPEN.where(col(Lecture.id).in_(_IN_VILLAGE))
_MINE = select(SignUp).where(
    col(SignUp.lecture_id) == bindparam("lecture_id"), col(SignUp.member_id) == bindparam("member_id")
)


@dataclass(frozen=True, slots=True)
class SignedUp:
    """Where a sign-up stands now. ``people`` is this party, ``total`` everyone who has a seat.

    ``left`` are the free seats, None where nobody counts them; ``ahead`` are the people before it on the waiting list.
    """

    lecture: Lecture
    people: int
    total: int
    left: int | None
    changed: bool
    state: SignUpState = SignUpState.SEATED
    ahead: int = 0
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    seated: int
    offered: int
    waiting: int
    last: datetime | None  # when the last on the waiting list took its place
    listed: int | None  # a sign-up read from a 接龙 under the name that was asked about

    def free(self, lecture: Lecture) -> int | None:
        return None if lecture.seats is None else max(0, lecture.seats - self.seated - self.offered)


def open_lectures(
    session: Session,
    *,
    now: datetime,
    room_id: int | None = None,
    village_id: int | None = None,
    number: int | None = None,
) -> list[Lecture]:
    """The next lectures that take sign-ups, in a room or in all rooms of a village, earliest first; or one of them."""
    query = _OPEN_IN_VILLAGE if room_id is None else _OPEN_IN_ROOM
    values = {"now": now, "room_id": room_id, "village_id": village_id}
    if number is not None:
        query = query.where(col(Lecture.id) == number)
    return list(session.execute(query, values).scalars())


def id_of(lecture: Lecture) -> int:
    assert lecture.id is not None
    return lecture.id


def lock(session: Session, lecture: Lecture) -> int | None:
    """The seats, as nobody else can give them until this transaction ends."""
    if lecture.seats is None:
        return None
    session.flush()
    seats: int | None = session.execute(_LOCK, {"lecture_id": lecture.id}).scalar_one()
    if seats != lecture.seats:
        session.refresh(lecture)
    return seats


def count(session: Session, lecture_id: int, *, names: Sequence[str] = ()) -> Counts:
    """The seats of a lecture, and whether a 接龙 brought in somebody who goes by one of these names."""
    if names:
        values = {"lecture_id": lecture_id, "names": list(names)}
        seated, offered, waiting, last, listed = session.execute(_COUNTS, values).one()
    else:
        seated, offered, waiting, last = session.execute(_SEATS, {"lecture_id": lecture_id}).one()
        listed = None
    return Counts(seated or 0, offered or 0, waiting or 0, last, listed)


def of_member(session: Session, lecture_id: int, member_id: int) -> list[SignUp]:
    return list(session.execute(_MINE, {"lecture_id": lecture_id, "member_id": member_id}).scalars())


def ahead_of(session: Session, mine: SignUp) -> int:
    """How many people stand before a party on the waiting list."""
    before = or_(_UP.c.at < mine.at, and_(_UP.c.at == mine.at, _UP.c.id < mine.id))
    query = core_select(func.sum(_UP.c.people)).where(_UP.c.lecture_id == mine.lecture_id, _WAITING, before)
    return session.execute(query).scalar_one() or 0


def standing(session: Session, lecture: Lecture, mine: SignUp, *, changed: bool) -> SignedUp:
    counts = count(session, id_of(lecture))
    ahead = ahead_of(session, mine) if mine.state is SignUpState.WAITING else 0
    people = mine.offered or 0 if mine.state is SignUpState.OFFERED else mine.people
    return SignedUp(lecture, people, counts.seated, counts.free(lecture), changed, mine.state, ahead, mine.id)
