"""What was said to a user of the console in the console."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from data.console_users import TRANSPORT
from data.mail import Outbox
from data.tables import Member, Room

RECENT = timedelta(days=7)


def messages(session: Session, member_id: int, *, now: datetime, limit: int = 10) -> list[Outbox]:
    """What this member was told lately where they have no chat, the newest first; empty for those who have one."""
    query = (
        select(Outbox)
        .join(Room, col(Outbox.room_id) == col(Room.id))
        .join(
            Member, (col(Member.transport) == col(Room.transport)) & (col(Member.external_id) == col(Room.external_id))
        )
        .where(Member.id == member_id, Room.transport == TRANSPORT, Outbox.not_before <= now)
        .where(Outbox.queued_at > now - RECENT)
    )
    return list(session.exec(query.order_by(col(Outbox.id).desc()).limit(limit)))
