"""What was heard: each addressed message once, and how it was taken."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert
from sqlmodel import Session, col, select

from data.mail import Inbox
from data.statements import insert_one, table_of

_SEEN = select(Inbox.id).where(Inbox.transport == bindparam("transport"), Inbox.message_id == bindparam("message_id"))
_RECENT = (
    select(Inbox.text, Inbox.route, Inbox.heard_at)
    .where(Inbox.member_id == bindparam("member_id"), Inbox.heard_at > bindparam("since"))
    .order_by(col(Inbox.heard_at))
    .limit(200)
)
_INSERT = insert(table_of(Inbox))


@dataclass(frozen=True, slots=True)
class Earlier:
    """A message of the same person that we took before."""

    text: str
    route: str
    heard_at: datetime


def seen(session: Session, transport: str, message_id: str) -> bool:
    """Whether this message was taken before: gateways repeat themselves after a reconnect."""
    return session.execute(_SEEN, {"transport": transport, "message_id": message_id}).first() is not None


def recent(session: Session, member_id: int, *, now: datetime, within: timedelta) -> tuple[Earlier, ...]:
    """What this person wrote to the bot lately, oldest first."""
    rows = session.execute(_RECENT, {"member_id": member_id, "since": now - within})
    return tuple(Earlier(text, route, heard_at) for text, route, heard_at in rows)


def record(
    session: Session,
    *,
    transport: str,
    message_id: str,
    room_id: int,
    member_id: int,
    text: str,
    heard_at: datetime,
    handled_at: datetime,
    route: str,
    understood: dict[str, object] | None = None,
    error: str = "",
) -> int:
    """Keep one message and return its id."""
    values = {
        "transport": transport,
        "message_id": message_id,
        "room_id": room_id,
        "member_id": member_id,
        "text": text,
        "heard_at": heard_at,
        "handled_at": handled_at,
        "route": route,
        "understood": understood or {},
        "error": error,
    }
    return insert_one(session, _INSERT, values)
