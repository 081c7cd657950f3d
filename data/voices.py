"""What people tell the town: ratings of a lecture, and the cases (opinions, needs, questions) that wait for an answer.

What is done with a case is in `data.cases`.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data import progress, steps, tell
from data.loop import (
    CASE_WAITS,
    Lecture,
    LectureRoom,
    LectureState,
    Order,
    OrderState,
    SignUp,
    SignUpState,
    Subject,
    Voice,
    VoiceKind,
)
from data.names import masked
from data.phrases import day_and_time
from data.rules import Rules
from data.statements import table_of
from data.tables import Member, Room

_VOICE, _ASKER, _OWNER, _ROOM = table_of(Voice), table_of(Member), table_of(Member).alias(), table_of(Room)
_WAITING = (
    core_select(
        _VOICE.c.id,
        _VOICE.c.text,
        _ASKER.c.name,
        _ROOM.c.name,
        _VOICE.c.kind,
        _VOICE.c.due_at,
        func.coalesce(_OWNER.c.name, ""),
    )
    .join(_ASKER, _VOICE.c.member_id == _ASKER.c.id)
    .join(_ROOM, _VOICE.c.room_id == _ROOM.c.id)
    .join(_OWNER, _VOICE.c.owner_id == _OWNER.c.id, isouter=True)
    .where(CASE_WAITS)
    .order_by(_VOICE.c.due_at, _VOICE.c.id)
    .limit(bindparam("limit"))
)
ANSWERED = (VoiceKind.QUESTION, VoiceKind.SUGGESTION, VoiceKind.NEED)  # the kinds that wait for an answer
KIND_NAMES = {VoiceKind.QUESTION: "提问", VoiceKind.SUGGESTION: "意见", VoiceKind.NEED: "急难"}
_RUN = re.compile(r"[\dA-Za-z]+(?:(?<=\d)[ \-]\d+)*")  # 138-1234-5678 is one
_MISHEARD = re.compile(r"(?:听不(?:太|大|怎么)?[懂明清]白?|没听[懂清])(?:[讲说])?(?P<dialect>[\u4e00-\u9fff]{1,3}话)")
MAX_TEXT = 500  # of all that one person said about one lecture
_RATED_LATE = timedelta(days=30)  # an order that was delivered longer ago is not looked at again


@dataclass(frozen=True, slots=True)
class OpenVoice:
    """A case that waits, as a coordinator's list shows it. ``owner`` is empty while it is everybody's."""

    number: int
    text: str
    who: str
    where: str
    kind: VoiceKind
    due_at: datetime | None
    owner: str

    def overdue(self, now: datetime) -> bool:
        """Whether it should have been answered by now."""
        return self.due_at is not None and self.due_at < now


@dataclass(frozen=True, slots=True)
class Rated:
    """What became of a rating: ``again`` where the person had said something about this lecture before."""

    lecture: Lecture
    rating: int | None
    again: bool


@dataclass(frozen=True, slots=True)
class LectureEcho:
    """What people said about one lecture. ``average`` is None where nobody gave a mark; no names.

    ``misheard`` are the dialects that somebody could not follow, with how many said so.
    """

    count: int
    rated: int
    average: float | None
    comments: tuple[str, ...]
    misheard: tuple[tuple[str, int], ...]


def record(
    session: Session,
    kind: VoiceKind,
    *,
    member_id: int,
    room_id: int,
    text: str,
    now: datetime,
    rules: Rules,
    village_id: int | None = None,
    topic_id: int | None = None,
) -> Voice:
    """Open a case. A need is urgent, and the coordinators hear of it at once, privately."""
    span = rules.deadlines.urgent if kind == VoiceKind.NEED else rules.deadlines.answer
    voice = Voice(
        kind=kind,
        member_id=member_id,
        room_id=room_id,
        village_id=village_id,
        topic_id=topic_id,
        text=text,
        at=now,
        due_at=rules.work.after(now, span),
    )
    session.add(voice)
    session.flush()
    assert voice.id is not None
    steps.record(session, Subject.VOICE, voice.id, "received", by=member_id, now=now)
    if kind == VoiceKind.NEED:
        _raise_alarm(session, voice, now=now, rules=rules)
    return voice


def _raise_alarm(session: Session, voice: Voice, *, now: datetime, rules: Rules) -> None:
    asker, room = session.get_one(Member, voice.member_id), session.get_one(Room, voice.room_id)
    assert voice.due_at is not None
    text = (
        f"急难：意见{voice.id}号，{asker.name}（{room.name or '私聊'}）：{shorten(voice.text, 80)}\n"
        f"请在{day_and_time(voice.due_at, rules.zone, now=now)}前答复：“意见{voice.id}号 答复 内容”。"
    )
    for member_id in tell.coordinators(session):
        if member_id != voice.member_id:
            once = f"need:{voice.id}:{member_id}"
            tell.member(session, member_id, text, now=now, not_before=rules.quiet.after(now), once=once)


def waiting(session: Session, *, limit: int = 8) -> list[OpenVoice]:
    """What still waits for an answer, what is due first in front."""
    return [OpenVoice(*row) for row in session.execute(_WAITING, {"limit": limit})]


def to_rate(
    session: Session,
    *,
    member_id: int,
    room_id: int,
    village_id: int | None,
    direct: bool,
    since: datetime,
    now: datetime,
) -> Lecture | None:
    """The lecture that somebody speaks of afterwards: the last of this group; in a direct chat the last that they
    signed up for, else the last of their village."""
    query = select(Lecture).where(
        Lecture.state != LectureState.CANCELLED, Lecture.starts_at <= now, Lecture.starts_at >= since
    )
    query = query.order_by(col(Lecture.starts_at).desc(), col(Lecture.id).desc())
    held_in = select(LectureRoom.lecture_id)
    if not direct:
        return session.exec(query.where(col(Lecture.id).in_(held_in.where(LectureRoom.room_id == room_id)))).first()
    mine = select(SignUp.lecture_id).where(SignUp.member_id == member_id, SignUp.state == SignUpState.SEATED)
    found = session.exec(query.where(col(Lecture.id).in_(mine))).first()
    if found is not None or village_id is None:
        return found
    near = held_in.join(Room, col(LectureRoom.room_id) == col(Room.id)).where(Room.village_id == village_id)
    return session.exec(query.where(col(Lecture.id).in_(near))).first()


def rate(
    session: Session,
    lecture: Lecture | None,
    *,
    member_id: int,
    room_id: int,
    text: str,
    rating: int | None,
    stated: bool,
    now: datetime,
    rules: Rules,
    village_id: int | None = None,
) -> Rated | None:
    """Keep what somebody says about a lecture: one rating a person and lecture, the last one counts.

    A mark that was only read out of the words (not ``stated``) never takes the place of one, and what they say
    without a mark is added to what they said before. None where nobody knows which lecture is meant.
    """
    if lecture is None:
        session.add(_feedback(None, member_id, room_id, village_id, text, rating, now))
        return None
    assert lecture.id is not None
    query = select(Voice).where(
        Voice.kind == VoiceKind.FEEDBACK, Voice.lecture_id == lecture.id, Voice.member_id == member_id
    )
    mine = session.exec(query).first()
    if mine is None:
        session.add(_feedback(lecture.id, member_id, room_id, village_id, text, rating, now))
    elif stated:
        mine.text, mine.rating, mine.at = text, rating, now
    else:
        mine.text = shorten(f"{mine.text}；{text}", MAX_TEXT) if text not in mine.text else mine.text
        mine.rating, mine.at = rating if mine.rating is None else mine.rating, now
    session.flush()
    _orders_are_rated(session, [lecture.id], by=member_id, now=now, rules=rules)
    return Rated(lecture, rating if mine is None else mine.rating, again=mine is not None)


def settle_ratings(session: Session, *, now: datetime, rules: Rules) -> None:
    """An order whose lecture was rated before anybody wrote down that it took place is rated as soon as it is."""
    heard_of = select(Voice.lecture_id).where(
        Voice.kind == VoiceKind.FEEDBACK, col(Voice.lecture_id) == col(Order.lecture_id)
    )
    query = select(Order.lecture_id).where(
        Order.state == OrderState.DELIVERED, col(Order.changed_at) > now - _RATED_LATE, heard_of.exists()
    )
    found = [each for each in session.exec(query.distinct()) if each is not None]
    if found:
        _orders_are_rated(session, found, by=None, now=now, rules=rules)


def _orders_are_rated(session: Session, lecture_ids: list[int], *, by: int | None, now: datetime, rules: Rules) -> None:
    query = select(Order).where(col(Order.lecture_id).in_(lecture_ids), Order.state == OrderState.DELIVERED)
    for order in session.exec(query.order_by(col(Order.id))).all():
        progress.advance(session, order, OrderState.RATED, by=by, now=now, rules=rules)


def _feedback(
    lecture_id: int | None,
    member_id: int,
    room_id: int,
    village_id: int | None,
    text: str,
    rating: int | None,
    now: datetime,
) -> Voice:
    return Voice(
        kind=VoiceKind.FEEDBACK,
        member_id=member_id,
        room_id=room_id,
        village_id=village_id,
        lecture_id=lecture_id,
        text=text,
        rating=rating,
        at=now,
    )


def echo_of(session: Session, lecture_id: int, *, comments: int = 5) -> LectureEcho:
    """What people said about a lecture: how many, their marks, the newest comments, and whom it was spoken past."""
    query = select(Voice.text, Voice.rating).where(Voice.lecture_id == lecture_id, Voice.kind == VoiceKind.FEEDBACK)
    rows = session.exec(query.order_by(col(Voice.at).desc(), col(Voice.id).desc())).all()
    marks = [rating for _, rating in rows if rating is not None]
    misheard = Counter(name for text, _ in rows for name in set(_dialects(text)))
    return LectureEcho(
        count=len(rows),
        rated=len(marks),
        average=round(sum(marks) / len(marks), 1) if marks else None,
        comments=tuple(shorten(text, 40) for text, _ in rows if _says_more(text))[:comments],
        misheard=tuple(misheard.most_common()),
    )


def _says_more(text: str) -> bool:
    """Whether there is more than a mark; words whose time is over are empty."""
    bare = text.strip(" 。!！")
    return bool(bare) and not bare.endswith("分")


def _dialects(text: str) -> Iterator[str]:
    return (found["dialect"] for found in _MISHEARD.finditer(text))


def shorten(text: str, most: int) -> str:
    """Words cut at ``most`` characters, in one line; never within a number or a word of Latin letters, for half a
    telephone number is neither called nor masked. Where nothing would be left, the numbers are masked first."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    cut = next((run.start() for run in _RUN.finditer(line) if run.start() < most - 1 < run.end()), most - 1)
    short = line[:cut].rstrip(" ，,、：:（(") or masked(line)[: most - 1].rstrip("0123456789- ")
    return f"{short}…"
