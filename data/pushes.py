"""Policy texts in rotation: none twice to a room before all were sent, none past its expiry."""

from datetime import date, datetime

from sqlalchemy import func
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data import outbox
from data.mail import OutboxKind
from data.tables import Push, Room, Snippet


def next_snippet(session: Session, room_id: int, *, today: date) -> Snippet | None:
    """The valid text that this room had least often; of those, one of the topic whose turn is longest ago.

    None where no text is valid.
    """
    query = (
        core_select(
            col(Snippet.id), col(Snippet.topic_id), func.count(col(Push.id)), func.coalesce(func.max(col(Push.id)), 0)
        )
        .join(Push, (col(Push.snippet_id) == col(Snippet.id)) & (col(Push.room_id) == room_id), isouter=True)
        .where(col(Snippet.issued_on) <= today, col(Snippet.expires_on) >= today)
        .group_by(col(Snippet.id), col(Snippet.topic_id))
    )
    rows = session.execute(query).all()
    if not rows:
        return None
    topic_turn: dict[int, int] = {}
    for _, topic_id, _, last in rows:
        topic_turn[topic_id] = max(last, topic_turn.get(topic_id, 0))
    chosen, *_ = min(rows, key=lambda row: (row[2], topic_turn[row[1]], row[3], row[0]))
    return session.get(Snippet, chosen)


def push_one(
    session: Session,
    room: Room,
    *,
    occurrence: datetime,
    not_before: datetime,
    expires_at: datetime,
    today: date,
    now: datetime,
) -> int | None:
    """Queue this occurrence's text for one room: the outbox id, None when that was done before or no text is valid."""
    assert room.id is not None
    done = select(Push.id).where(Push.room_id == room.id, Push.occurrence == occurrence)
    if session.exec(done).first() is not None:
        return None
    snippet = next_snippet(session, room.id, today=today)
    if snippet is None or snippet.id is None:
        return None
    queued = outbox.queue(
        session,
        room_id=room.id,
        kind=OutboxKind.PUSH,
        text=as_message(snippet),
        now=now,
        not_before=not_before,
        expires_at=expires_at,
        picture_id=snippet.picture_id,
        once=f"push:{room.id}:{occurrence.isoformat()}",
    )
    if queued is None:
        return None
    session.add(Push(room_id=room.id, snippet_id=snippet.id, occurrence=occurrence, outbox_id=queued))
    session.flush()
    return queued


def as_message(snippet: Snippet) -> str:
    """A snippet as a group reads it: title, text, where it comes from and since when."""
    since = f"{snippet.issued_on.year}年{snippet.issued_on.month}月{snippet.issued_on.day}日"
    return f"【{snippet.title}】\n{snippet.text}\n——{snippet.source}，{since}"
