"""Broadcasts (通知): drafted by a coordinator, shown with its audience, queued when confirmed."""

from datetime import datetime

from sqlmodel import Session, col, select

from data import outbox
from data.mail import OutboxKind
from data.tables import Broadcast, BroadcastState, Room


def draft(session: Session, *, author_id: int, audience: str, rooms: list[Room], text: str, now: datetime) -> Broadcast:
    """Keep a notice and the rooms it is for, as they are shown to its author."""
    ids = [room.id for room in rooms if room.id is not None]
    broadcast = Broadcast(author_id=author_id, audience=audience, room_ids=ids, text=text, created_at=now)
    session.add(broadcast)
    session.flush()
    return broadcast


def release(session: Session, broadcast_id: int, *, not_before: datetime, now: datetime) -> int:
    """Queue a draft for each of its rooms and return how many; a draft that was decided before is not queued again."""
    broadcast = session.get_one(Broadcast, broadcast_id)
    if broadcast.state != BroadcastState.DRAFT:
        return 0
    broadcast.state, broadcast.decided_at = BroadcastState.QUEUED, now
    rooms = session.exec(select(Room).where(col(Room.id).in_(broadcast.room_ids)).order_by(col(Room.id)))
    queued = [
        outbox.queue(
            session,
            room_id=room.id or 0,
            kind=OutboxKind.NOTICE,
            text=broadcast.text,
            now=now,
            not_before=not_before,
            broadcast_id=broadcast.id,
            once=f"broadcast:{broadcast.id}:{room.id}",
        )
        for room in rooms
    ]
    return sum(each is not None for each in queued)


def drop(session: Session, broadcast_id: int, *, now: datetime) -> None:
    """Let a draft go."""
    broadcast = session.get_one(Broadcast, broadcast_id)
    if broadcast.state == BroadcastState.DRAFT:
        broadcast.state, broadcast.decided_at = BroadcastState.DROPPED, now
