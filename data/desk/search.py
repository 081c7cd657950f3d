"""One box over everything: a few of each kind that the words are in, and numbers that lead straight there."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, or_, select

from data import console_users
from data.loop import Lecture, Order, Voice, VoiceKind
from data.tables import Broadcast, Lecturer, Member, Room, RoomKind, Snippet, Topic, Village

EACH = 6  # of each kind
SNIP = 30  # characters of a text that are shown
_NUMBERED = (
    (re.compile(r"(?:课|第?\d+号课)\s*第?(\d{1,9})\s*号?|(\d{1,9})号课"), "/lectures/{}"),
    (re.compile(r"(?:意见|问题|急难)\s*第?(\d{1,9})\s*号?|(\d{1,9})号(?:意见|问题)"), "/cases/{}"),
    (re.compile(r"(?:[BbＢｂ]|通知)\s*第?(\d{1,9})\s*号?"), "/broadcasts/{}"),
    (re.compile(r"(?:单|点单)\s*第?(\d{1,9})\s*号?|第?(\d{1,9})号(?:单|点单)?"), "/orders/{}"),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found: what it is called, where it leads ("" where nowhere), and a word beside it."""

    name: str
    link: str
    more: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """What was found of one kind; ``more`` leads to the list of all of them."""

    name: str
    hits: tuple[Hit, ...]
    more: str


def straight(words: str) -> str:
    """Where words such as 12号, 课5, B7, 意见3 lead; "" where they name no number of ours."""
    for pattern, path in _NUMBERED:
        found = pattern.fullmatch(words.strip())
        if found is not None:
            return path.format(int(next(each for each in found.groups() if each)))
    return ""


def everything(session: Session, words: str, *, village_id: int | None, persons: bool) -> list[Kind]:
    """A few of each kind; with a ``village_id`` only what belongs to it. ``persons``: people's pages may be opened."""
    town = village_id is None
    kinds = [
        Kind("点单", tuple(_orders(session, words, village_id)), "/orders"),
        Kind("课", tuple(_lectures(session, words, village_id)), "/lectures"),
        Kind("意见和提问", tuple(_voices(session, words, village_id)), "/cases"),
        Kind("人", tuple(_people(session, words, village_id, persons=persons)), "/persons" if persons else ""),
        Kind("村", tuple(_villages(session, words, village_id)), "/villages"),
        Kind("群", tuple(_groups(session, words, village_id)), "/rooms" if town else ""),
        Kind("短文", tuple(_texts(session, words)), "/texts"),
    ]
    if town:
        kinds.insert(3, Kind("老师", tuple(_lecturers(session, words)), "/lecturers"))
        kinds.append(Kind("通知", tuple(_broadcasts(session, words)), "/broadcasts"))
        kinds.append(Kind("题目", tuple(_topics(session, words)), ""))
    return [each for each in kinds if each.hits]


def _orders(session: Session, words: str, village_id: int | None) -> Iterator[Hit]:
    query = select(Order.id, Order.wish, Order.place, Village.name).outerjoin(
        Village, col(Village.id) == col(Order.village_id)
    )
    query = query.where(_in(words, Order.wish, Order.place, Order.for_whom), *_of(Order.village_id, village_id))
    for number, wish, place, village in session.exec(query.order_by(col(Order.id).desc()).limit(EACH)):
        yield Hit(f"{number}号 {_snip(wish or place)}", f"/orders/{number}", village or "")


def _lectures(session: Session, words: str, village_id: int | None) -> Iterator[Hit]:
    query = select(Lecture.id, Lecture.title, Lecture.venue).where(
        _in(words, Lecture.title, Lecture.venue, Lecture.hamlet), *_of(Lecture.village_id, village_id)
    )
    for number, title, venue in session.exec(query.order_by(col(Lecture.id).desc()).limit(EACH)):
        yield Hit(f"课{number}《{title}》", f"/lectures/{number}", venue)


def _voices(session: Session, words: str, village_id: int | None) -> Iterator[Hit]:
    query = select(Voice.id, Voice.text).where(
        _in(words, Voice.text, Voice.answer), Voice.kind != VoiceKind.FEEDBACK, *_of(Voice.village_id, village_id)
    )
    for number, text in session.exec(query.order_by(col(Voice.id).desc()).limit(EACH)):
        yield Hit(f"意见{number} {_snip(text)}", f"/cases/{number}")


def _people(session: Session, words: str, village_id: int | None, *, persons: bool) -> Iterator[Hit]:
    query = (
        select(Member.id, Member.name, Village.name)
        .outerjoin(Village, col(Village.id) == col(Member.village_id))
        .where(_in(words, Member.name), *_of(Member.village_id, village_id))
        .where(Member.transport != console_users.TRANSPORT)
    )
    for number, name, village in session.exec(query.order_by(col(Member.id).desc()).limit(EACH)):
        yield Hit(name, f"/persons/{number}" if persons else "", village or "")


def _villages(session: Session, words: str, village_id: int | None) -> list[Hit]:
    rows = session.exec(select(Village.id, Village.name, Village.aliases).where(*_of(Village.id, village_id)))
    found = (
        (number, name, next((each for each in aliases if words in each), ""))
        for number, name, aliases in rows
        if any(words in each for each in (name, *aliases))
    )
    return [Hit(name, f"/villages/{number}", alias) for number, name, alias in found][:EACH]


def _groups(session: Session, words: str, village_id: int | None) -> Iterator[Hit]:
    query = select(Room.id, Room.name, Room.village_id).where(
        Room.kind != RoomKind.DIRECT, _in(words, Room.name), *_of(Room.village_id, village_id)
    )
    for number, name, whose in session.exec(query.order_by(col(Room.name), col(Room.id)).limit(EACH)):
        yield Hit(name, f"/rooms/{number}" if village_id is None else f"/villages/{whose}")


def _lecturers(session: Session, words: str) -> Iterator[Hit]:
    query = select(Lecturer.id, Lecturer.name, Lecturer.trade).where(_in(words, Lecturer.name, Lecturer.trade))
    for number, name, trade in session.exec(query.order_by(col(Lecturer.name)).limit(EACH)):
        yield Hit(name, f"/lecturers/{number}", trade)


def _texts(session: Session, words: str) -> Iterator[Hit]:
    query = select(Snippet.id, Snippet.title).where(
        _in(words, Snippet.title, Snippet.text), col(Snippet.withdrawn_at).is_(None)
    )
    for number, title in session.exec(query.order_by(col(Snippet.id).desc()).limit(EACH)):
        yield Hit(f"《{title}》", f"/texts/{number}")


def _broadcasts(session: Session, words: str) -> Iterator[Hit]:
    query = select(Broadcast.id, Broadcast.text, Broadcast.audience).where(_in(words, Broadcast.text))
    for number, text, audience in session.exec(query.order_by(col(Broadcast.id).desc()).limit(EACH)):
        yield Hit(f"B{number} {_snip(text)}", f"/broadcasts/{number}", audience)


def _topics(session: Session, words: str) -> Iterator[Hit]:
    query = select(Topic.id, Topic.name).where(_in(words, Topic.name)).order_by(col(Topic.position)).limit(EACH)
    for number, name in session.exec(query):
        yield Hit(name, f"/catalogue/{number}")


def _in(words: str, *columns: Any) -> Any:
    """That the words stand in one of these columns; % and _ are what they are."""
    return or_(*(col(each).contains(words, autoescape=True) for each in columns))


def _of(column: Any, village_id: int | None) -> Sequence[Any]:
    return () if village_id is None else (col(column) == village_id,)


def _snip(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SNIP else f"{line[:SNIP]}…"
