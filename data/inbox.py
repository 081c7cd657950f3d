"""What was heard: each addressed message once, and how it was taken."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select
from sqlmodel import Session, col
from sqlmodel import select as select_row

from data.mail import Inbox, Outbox, OutboxState
from data.statements import insert_one, table_of
from data.tables import Member

RECALLED = "（已撤回）"
_INBOX = table_of(Inbox)
_RECENT = (
    select(_INBOX.c.text, _INBOX.c.route, _INBOX.c.heard_at)
    .where(_INBOX.c.member_id == bindparam("member_id"), _INBOX.c.heard_at > bindparam("since"))
    .order_by(_INBOX.c.heard_at.desc())
    .limit(200)
)
_INSERT = insert(_INBOX)


@dataclass(frozen=True, slots=True)
class Earlier:
    """A message of the same person that we took before."""

    text: str
    route: str
    heard_at: datetime


def recent(session: Session, member_id: int, *, now: datetime, within: timedelta) -> tuple[Earlier, ...]:
    """What this person wrote to the bot lately, oldest first."""
    rows = session.execute(_RECENT, {"member_id": member_id, "since": now - within})
    return tuple(Earlier(text, route, heard_at) for text, route, heard_at in reversed(rows.all()))


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


def take_back(session: Session, transport: str, message_id: str, *, now: datetime) -> bool:
    """A person recalled a message: its words are forgotten, and an answer that has not left yet stays here."""
    row = session.exec(select_row(Inbox).where(Inbox.transport == transport, Inbox.message_id == message_id)).first()
    if row is None:
        return False
    row.text, row.understood = RECALLED, {}
    waiting = select_row(Outbox).where(Outbox.room_id == row.room_id, Outbox.state == OutboxState.PENDING)
    for answer in session.exec(waiting).all():
        others = [each for each in answer.gathered if each[0] != row.id]
        if others and len(others) < len(answer.gathered):
            _leave_out(session, answer, row, others)
        elif answer.inbox_id == row.id:
            answer.state, answer.settled_at, answer.error = OutboxState.EXPIRED, now, "原话已撤回"
    return True


def _leave_out(session: Session, answer: Outbox, row: Inbox, others: list[list[int | str | None]]) -> None:
    """Take one person's part out of an answer that was gathered; what it says to the others stays."""
    for inbox_id, item in answer.gathered:
        if inbox_id == row.id:
            answer.text = re.sub(
                rf"、{re.escape(str(item))}(?=[、。])|(?<=[：、]){re.escape(str(item))}、", "", answer.text, count=1
            )
    answer.gathered = others
    answer.inbox_id = next((int(each[0]) for each in others if each[0] is not None), None)
    theirs = select_row(Inbox.member_id).where(col(Inbox.id).in_([each[0] for each in others]))
    if row.member_id not in session.exec(theirs).all():
        who = session.get_one(Member, row.member_id).external_id
        answer.mentions = [each for each in answer.mentions if each[0] != who]
