"""Opinions, needs, questions and ratings for the console: lists with filters, and where an answer will be read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlmodel import Session, col
from sqlmodel import select as model_select

from data.loop import Lecture, Voice, VoiceKind
from data.names import row_id
from data.rooms import PUSHED
from data.statements import table_of
from data.tables import Member, Room, RoomKind, Village
from data.voices import ANSWERED

_VOICE, _LECTURE, _VILLAGE = table_of(Voice), table_of(Lecture), table_of(Village)
_ROOM, _MEMBER = table_of(Room), table_of(Member)
_OWNER = _MEMBER.alias("owner")
_ROWS = (
    select(
        _VOICE,
        _MEMBER.c.name.label("who"),
        _ROOM.c.name.label("room"),
        _ROOM.c.kind.label("room_kind"),
        func.coalesce(_VILLAGE.c.name, "").label("village"),
        func.coalesce(_OWNER.c.name, "").label("owner"),
        func.coalesce(_LECTURE.c.title, "").label("lecture"),
    )
    .select_from(_VOICE)
    .join(_MEMBER, _MEMBER.c.id == _VOICE.c.member_id)
    .join(_ROOM, _ROOM.c.id == _VOICE.c.room_id)
    .join(_OWNER, _OWNER.c.id == _VOICE.c.owner_id, isouter=True)
    .join(_VILLAGE, _VILLAGE.c.id == _VOICE.c.village_id, isouter=True)
    .join(_LECTURE, _LECTURE.c.id == _VOICE.c.lecture_id, isouter=True)
)
_WAITS = _VOICE.c.answered_at.is_(None)


@dataclass(frozen=True, slots=True)
class Which:
    """Which voices: all that is given must hold. Without ``kind`` all but ratings.

    ``waits`` are those with an answer to come (True) or with one (False); ``late`` those that should have it by then.
    """

    village_id: int | None = None
    kind: VoiceKind | None = None
    waits: bool | None = None
    late: datetime | None = None
    owner_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class VoiceRow:
    """One voice as a list shows it."""

    number: int
    kind: VoiceKind
    text: str
    who: str
    where: str
    village: str
    owner: str
    at: datetime
    due_at: datetime | None
    answer: str
    answered_at: datetime | None
    rating: int | None
    lecture: str
    lecture_id: int | None

    def late(self, now: datetime) -> bool:
        """Whether it should have been answered by now."""
        return self.answered_at is None and self.due_at is not None and self.due_at <= now


@dataclass(frozen=True, slots=True)
class Readers:
    """Where an answer will be read: a group, where everybody reads it, or in private; and the village's groups."""

    room: str
    public: bool
    groups: tuple[str, ...] = ()


def find(session: Session, which: Which, *, offset: int = 0, limit: int = 30) -> list[VoiceRow]:
    """Voices: where only waiting ones are wished for, what is due first in front; else the newest first."""
    by_due = which.waits or which.late is not None
    first = (_VOICE.c.due_at, _VOICE.c.id) if by_due else (_VOICE.c.at.desc(), _VOICE.c.id.desc())
    page = select(_VOICE.c.id).where(*_where(which)).order_by(*first).offset(offset).limit(limit).subquery()
    query = _ROWS.where(_VOICE.c.id.in_(select(page.c.id))).order_by(*first)
    return [_row(each) for each in session.execute(query)]


def count(session: Session, which: Which) -> int:
    """How many there are."""
    return int(session.execute(select(func.count()).select_from(_VOICE).where(*_where(which))).scalar_one())


def one(session: Session, number: int) -> VoiceRow | None:
    """One case; None where there is none of this number."""
    row = session.execute(_ROWS.where(_VOICE.c.id == number, _VOICE.c.kind.in_(ANSWERED))).first()
    return _row(row) if row is not None else None


def readers(session: Session, voice: Voice) -> Readers:
    """Where the answer to a case goes (see `data.cases.answer`)."""
    room = session.get_one(Room, voice.room_id)
    if room.kind != RoomKind.DIRECT:
        return Readers(room.name, public=True)
    if not voice.share or voice.village_id is None:
        return Readers("", public=False)
    groups = model_select(Room.name).where(Room.village_id == voice.village_id, col(Room.kind).in_(PUSHED))
    return Readers("", public=False, groups=tuple(session.exec(groups.order_by(col(Room.id)))))


def _where(which: Which) -> list[Any]:
    if which.kind is not None:
        found: list[Any] = [_VOICE.c.kind == which.kind]
    else:
        found = [_VOICE.c.kind != VoiceKind.FEEDBACK]
    if which.waits is not None or which.late is not None:
        found.append(_VOICE.c.answered_at.is_not(None) if which.waits is False else _WAITS)
    if which.late is not None:
        found.append(_VOICE.c.due_at <= which.late)
    if which.village_id is not None:
        found.append(_VOICE.c.village_id == which.village_id)
    if which.owner_id is not None:
        found.append(_VOICE.c.owner_id == which.owner_id)
    if which.since is not None:
        found.append(_VOICE.c.at >= which.since)
    if which.until is not None:
        found.append(_VOICE.c.at < which.until)
    if which.words:
        found.append(_speaks_of(which.words))
    return found


def _speaks_of(words: str) -> Any:
    """A number, words of it or of its answer, or a name of who said it or of a village."""
    number = row_id(words.removesuffix("号"))
    if number is not None:
        return _VOICE.c.id == number
    return or_(
        _VOICE.c.text.contains(words, autoescape=True),
        _VOICE.c.answer.contains(words, autoescape=True),
        *(
            _VOICE.c[key].in_(select(table.c.id).where(table.c.name.contains(words, autoescape=True)))
            for key, table in (("member_id", _MEMBER), ("village_id", _VILLAGE))
        ),
    )


def _row(row: Any) -> VoiceRow:
    return VoiceRow(
        number=row.id,
        kind=VoiceKind(row.kind),
        text=row.text,
        who=row.who,
        where="私聊" if row.room_kind == RoomKind.DIRECT else row.room,
        village=row.village,
        owner=row.owner,
        at=row.at,
        due_at=row.due_at,
        answer=row.answer,
        answered_at=row.answered_at,
        rating=row.rating,
        lecture=row.lecture,
        lecture_id=row.lecture_id,
    )
