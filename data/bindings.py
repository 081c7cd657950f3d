"""Roles, given by a one-time code that is said in a direct chat: roles hang on ids, never on names."""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from data.errors import CodeRefused
from data.tables import BindingCode, Role, RoleKind

CODE_LIFE = timedelta(hours=24)


def _digest(code: str) -> str:
    return hashlib.sha256(f"menlou-binding:{code}".encode()).hexdigest()


def issue(session: Session, kind: RoleKind, *, lecturer_id: int | None = None, now: datetime) -> str:
    """A fresh six-digit code for a role, good for a day and for one person. Only its hash is kept."""
    while True:
        code = f"{secrets.randbelow(1_000_000):06d}"
        if session.exec(select(BindingCode).where(BindingCode.code_hash == _digest(code))).first() is None:
            break
    session.add(
        BindingCode(
            code_hash=_digest(code), kind=kind, lecturer_id=lecturer_id, created_at=now, expires_at=now + CODE_LIFE
        )
    )
    return code


def redeem(session: Session, code: str, *, member_id: int, now: datetime) -> RoleKind:
    """Give the member the code's role; raises `CodeRefused` for a code that is wrong, used or too old."""
    found = session.exec(
        select(BindingCode).where(
            BindingCode.code_hash == _digest(code), col(BindingCode.used_at).is_(None), BindingCode.expires_at > now
        )
    ).first()
    if found is None:
        raise CodeRefused
    found.used_at = now
    grant(session, member_id, found.kind, lecturer_id=found.lecturer_id, granted_by="绑定码", now=now)
    return found.kind


def grant(
    session: Session, member_id: int, kind: RoleKind, *, granted_by: str, now: datetime, lecturer_id: int | None = None
) -> None:
    """Give a role; giving it again only changes which lecturer it stands for."""
    role = session.exec(select(Role).where(Role.member_id == member_id, Role.kind == kind)).first()
    if role is None:
        role = Role(member_id=member_id, kind=kind, granted_at=now, granted_by=granted_by)
    role.lecturer_id = lecturer_id
    session.add(role)
