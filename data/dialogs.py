"""Questions of ours that wait for one person's answer in one room; `data.glance` finds the open one."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col

from data.tables import Dialog


def ask(
    session: Session, *, room_id: int, member_id: int, kind: str, payload: dict[str, object], expires_at: datetime
) -> None:
    """Remember a question; it takes the place of an earlier one."""
    session.merge(Dialog(room_id=room_id, member_id=member_id, kind=kind, payload=payload, expires_at=expires_at))


def close(session: Session, *, room_id: int, member_id: int) -> None:
    """Let the question go: it was answered, or the person went on to something else."""
    session.execute(delete(Dialog).where(col(Dialog.room_id) == room_id, col(Dialog.member_id) == member_id))
