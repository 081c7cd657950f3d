"""A text that goes out to groups also goes to those who asked for its topic directly (订阅): once a text, each."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from data import outbox, snippets, tell
from data.listeners import Listener
from data.mail import OutboxKind
from data.pushes import open_board
from data.rules import Rules
from data.subscriptions import direct_text, subscribers
from data.tables import Push, PushPart, RoomKind, Snippet


def tell_subscribers(
    session: Session,
    texts: Iterable[Snippet],
    *,
    occurrence: datetime,
    not_before: datetime,
    expires_at: datetime,
    rules: Rules,
    now: datetime,
) -> int:
    """Queue these texts for who asked for their topics, and return how many messages that made.

    Nobody gets two at one occurrence, nor more than ``rules.per_week``; what has no room today may come with the next
    group that gets it.
    """
    wanted: dict[int, list[Snippet]] = {}
    for snippet in {each.id: each for each in texts}.values():
        for member_id in dict.fromkeys(
            who for topic in snippets.topics_of(snippet) for who in subscribers(session, topic)
        ):
            wanted.setdefault(tell.direct_room(session, member_id, now=now), []).append(snippet)
    if not wanted:
        return 0
    had = set(session.exec(select(Push.room_id, Push.snippet_id).where(col(Push.room_id).in_(list(wanted)))))
    served = set(session.exec(select(Push.room_id).where(Push.occurrence == occurrence)))
    board = open_board(session, [_alone(room_id) for room_id in wanted], rules=rules, now=now)
    queued = 0
    for room_id, offered in wanted.items():
        fresh = [each for each in offered if (room_id, each.id) not in had]
        if not fresh or room_id in served or board.is_full(room_id, now.astimezone(rules.zone).replace(tzinfo=None)):
            continue
        queued += _queue(session, room_id, fresh[0], occurrence, not_before, expires_at, now)
    session.flush()
    return queued


def _queue(
    session: Session,
    room_id: int,
    snippet: Snippet,
    occurrence: datetime,
    not_before: datetime,
    expires_at: datetime,
    now: datetime,
) -> bool:
    assert snippet.id is not None
    row = outbox.queue(
        session,
        room_id=room_id,
        kind=OutboxKind.PUSH,
        text=direct_text(snippets.as_message(snippet)),
        now=now,
        not_before=not_before,
        expires_at=expires_at,
        picture_id=snippet.picture_id,
        once=f"topic:{room_id}:{snippet.id}",
    )
    if row is not None:
        session.add(
            Push(room_id=room_id, snippet_id=snippet.id, occurrence=occurrence, outbox_id=row, part=PushPart.WHOLE)
        )
    return row is not None


def _alone(room_id: int) -> Listener:
    return Listener(room_id, "", RoomKind.DIRECT, "")
