"""To take back what was not said yet: pending outbox rows are cancelled, so that something else can be said instead.

It is part of the deed in which it is done: 撤销 makes the rows wait again.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from data.deeds import KEY
from data.mail import Outbox, OutboxState
from data.statements import table_of


def pending(session: Session, room_ids: Iterable[int], once: str) -> list[Outbox]:
    """The rows of these rooms that nobody has tried to send, and whose ``once`` begins with these words."""
    query = select(Outbox).where(
        col(Outbox.room_id).in_(list(room_ids)), Outbox.state == OutboxState.PENDING, Outbox.attempts == 0
    )
    return [row for row in session.exec(query.order_by(col(Outbox.id))) if (row.once or "").startswith(once)]


def retract(session: Session, rows: Iterable[Outbox], *, why: str, now: datetime) -> None:
    """Cancel pending rows; what they would have said once may be said by another row."""
    for row in rows:
        assert row.id is not None
        before = {"state": OutboxState.PENDING.value, "settled_at": None, "error": row.error, "once": row.once}
        row.state, row.settled_at, row.error, row.once = OutboxState.CANCELLED, now, why, None
        if (recorder := session.info.get(KEY)) is not None:
            after = {"state": OutboxState.CANCELLED.value, "error": why, "once": None}
            recorder.changes.append(
                {"table": table_of(Outbox).name, "key": {"id": row.id}, "before": before, "after": after}
            )
    session.flush()
