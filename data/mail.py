"""The two tables of what was heard and what is said.

An outbox row goes

    pending → sending (committed before the call) → sent
                    ↘ failed (the transport said no)
                    ↘ unknown (we died, or the answer never came)

or ends as ``expired`` when its time has passed before it could leave, or as ``cancelled`` when what it speaks of was
taken back before it left.
"""

from datetime import datetime
from enum import IntEnum, StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from data.columns import choice, json_list, json_object, maybe_moment, moment


class OutboxState(StrEnum):
    """Where an outbox row stands."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class OutboxKind(StrEnum):
    """What a row is, which decides how it is paced and whether it may ever be sent again."""

    REPLY = "reply"
    NOTICE = "notice"  # a broadcast by a coordinator
    PUSH = "push"


class Priority(IntEnum):
    """Lower leaves first: replies before notices before pushes."""

    REPLY = 0
    URGENT = 5  # a notice that cannot wait behind others (台风, 停电)
    NOTICE = 10
    PUSH = 20


class Account(SQLModel, table=True):
    """The account behind a transport. ``since`` is when it was first seen online; the breaker holds its tongue."""

    transport: str = Field(primary_key=True)
    account_id: str = ""
    since: datetime = moment()
    breaker_until: datetime | None = maybe_moment()
    breaker_why: str = ""
    able_at: datetime | None = maybe_moment()  # when it could last say anything (noted once a minute)


class Inbox(SQLModel, table=True):
    """A message that was addressed to the bot: what was heard, what was understood, and how that went."""

    __table_args__ = (
        UniqueConstraint("transport", "message_id"),
        Index("ix_inbox_member_time", "member_id", "heard_at"),
        Index("ix_inbox_room", "room_id", "heard_at", "member_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    transport: str
    message_id: str
    room_id: int = Field(foreign_key="room.id")
    member_id: int = Field(foreign_key="member.id")
    text: str
    heard_at: datetime = moment()
    handled_at: datetime = moment()
    route: str
    understood: dict[str, object] = json_object()
    error: str = ""


OUTBOX_PICTURED = text("outbox.picture_id IS NOT NULL")
# What was said of ourselves, and certainly; in these words, so that its index serves, and not that of what is due.
OUTBOX_SPOKEN = text("NOT (outbox.state <> 'sent') AND outbox.kind IN ('push', 'notice')")


class Outbox(SQLModel, table=True):
    """One message that we say in one room. ``once`` names what may be said only once ("push:3:2026-11-22T12:00").

    ``gather`` names what may be said together with others: while such a row waits, more is added to its ``gathered``
    and its text is made anew (`data.outbox.gather`).
    """

    __table_args__ = (
        Index("ix_outbox_due", "state", "priority", "id"),
        Index("ix_outbox_room_state", "room_id", "state"),
        Index("ix_outbox_claimed", "claimed_at"),
        Index(
            "ix_outbox_picture",
            "picture_id",
            sqlite_where=OUTBOX_PICTURED,
            postgresql_where=OUTBOX_PICTURED,
        ),
        Index(
            "ix_outbox_spoken",
            "room_id",
            "settled_at",
            "kind",
            "broadcast_id",
            "state",
            sqlite_where=OUTBOX_SPOKEN,
            postgresql_where=OUTBOX_SPOKEN,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    room_id: int = Field(foreign_key="room.id")
    kind: OutboxKind = choice(OutboxKind)
    priority: int
    text: str
    mentions: list[list[str]] = json_list()
    picture_id: int | None = Field(default=None, foreign_key="picture.id")
    material_id: int | None = Field(default=None, foreign_key="material.id")  # a file that goes after the text
    state: OutboxState = choice(OutboxState, default=OutboxState.PENDING)
    queued_at: datetime = moment()
    not_before: datetime = moment()
    expires_at: datetime | None = maybe_moment()
    claimed_at: datetime | None = maybe_moment()
    settled_at: datetime | None = maybe_moment()
    attempts: int = 0
    held: int = 0  # tries that certainly did not go out, one after another: the next waits longer
    transport_message_id: str = ""
    error: str = ""
    inbox_id: int | None = Field(default=None, foreign_key="inbox.id", index=True)
    broadcast_id: int | None = Field(default=None, foreign_key="broadcast.id", index=True)
    once: str | None = Field(default=None, unique=True)
    gather: str | None = None
    gathered: list[list[int | str | None]] = json_list()  # [inbox id, item]
