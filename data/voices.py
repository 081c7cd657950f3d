"""What people tell the town: ratings, opinions, and questions that none of our texts answers. Each gets an answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from data import outbox
from data.errors import NoSuchVoice
from data.loop import Voice, VoiceKind
from data.mail import OutboxKind
from data.tables import Member, Room

ANSWERED = (VoiceKind.QUESTION, VoiceKind.SUGGESTION)  # the kinds that wait for an answer


@dataclass(frozen=True, slots=True)
class OpenVoice:
    """One that waits, as a coordinator's list shows it."""

    number: int
    text: str
    who: str
    where: str


def record(
    session: Session,
    kind: VoiceKind,
    *,
    member_id: int,
    room_id: int,
    text: str,
    now: datetime,
    rating: int | None = None,
    lecture_id: int | None = None,
    topic_id: int | None = None,
) -> int:
    """Keep it and return its number."""
    voice = Voice(
        kind=kind,
        member_id=member_id,
        room_id=room_id,
        lecture_id=lecture_id,
        topic_id=topic_id,
        text=text,
        rating=rating,
        at=now,
    )
    session.add(voice)
    session.flush()
    assert voice.id is not None
    return voice.id


def waiting(session: Session, *, limit: int = 8) -> list[OpenVoice]:
    """What still waits for an answer, oldest first."""
    query = (
        select(Voice, Member.name, Room.name)
        .join(Member, col(Voice.member_id) == col(Member.id))
        .join(Room, col(Voice.room_id) == col(Room.id))
        .where(col(Voice.answered_at).is_(None), col(Voice.kind).in_(ANSWERED))
        .order_by(col(Voice.id))
        .limit(limit)
    )
    return [OpenVoice(voice.id or 0, voice.text, who, where) for voice, who, where in session.exec(query)]


def answer(session: Session, number: int, words: str, *, by: int, now: datetime, not_before: datetime) -> Room:
    """Send the answer to whoever asked, where they asked, and return that room. Raises `NoSuchVoice`."""
    voice = session.get(Voice, number)
    if voice is None or voice.answered_at is not None or voice.kind not in ANSWERED:
        raise NoSuchVoice(number)
    voice.answer, voice.answered_by, voice.answered_at = words, by, now
    room, asker = session.get_one(Room, voice.room_id), session.get_one(Member, voice.member_id)
    asked = voice.text if len(voice.text) <= 30 else voice.text[:30] + "…"
    outbox.queue(
        session,
        room_id=voice.room_id,
        kind=OutboxKind.NOTICE,
        text=f"您问的“{asked}”，镇里答复：{words}",
        now=now,
        not_before=not_before,
        mentions=() if room.kind == "direct" else ((asker.external_id, asker.name),),
        once=f"voice:{number}",
    )
    return room
