"""Questions of ours that wait for one person's answer in one room."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select
from sqlmodel import Session, col

from data.statements import table_of
from data.tables import Dialog

_DIALOG = table_of(Dialog).c
_OPEN = select(_DIALOG.kind, _DIALOG.payload).where(
    _DIALOG.room_id == bindparam("room_id"),
    _DIALOG.member_id == bindparam("member_id"),
    _DIALOG.expires_at > bindparam("now"),
)


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that still waits: ``kind`` names who asked, ``payload`` is what they need to go on."""

    kind: str
    payload: dict[str, object]


def pending(session: Session, *, room_id: int, member_id: int, now: datetime) -> Pending | None:
    """The question that waits for this person here, unless it is too old."""
    row = session.execute(_OPEN, {"room_id": room_id, "member_id": member_id, "now": now}).first()
    return None if row is None else Pending(row.kind, row.payload)


def ask(
    session: Session, *, room_id: int, member_id: int, kind: str, payload: dict[str, object], expires_at: datetime
) -> None:
    """Remember a question; it takes the place of an earlier one."""
    session.merge(Dialog(room_id=room_id, member_id=member_id, kind=kind, payload=payload, expires_at=expires_at))


def close(session: Session, *, room_id: int, member_id: int) -> None:
    """Let the question go: it was answered, or the person went on to something else."""
    session.execute(delete(Dialog).where(col(Dialog.room_id) == room_id, col(Dialog.member_id) == member_id))
