"""Roles, given by a one-time code that is said in a direct chat: roles hang on ids, never on names.

A code has six digits, so wrong ones are counted, by member and over all, and after a few no more are looked at for a
while. Only somebody whom a chat itself tells apart can say one: not who is served by hand, nor a user of the console.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from data import relay
from data.desk_tables import ConsoleUser, Throttle
from data.errors import CodeRefused, Declined
from data.statements import changed
from data.tables import BindingCode, Member, Role, RoleKind

CODE_LIFE = timedelta(hours=24)
TRIES = 5  # wrong codes of one member before a pause
TRIES_OF_ALL = 30  # … and of all members together, within the hour
PAUSE = timedelta(minutes=15)
_WITHIN = timedelta(hours=1)  # wrong codes are forgotten after
_ALL = "code:all"
_HANDS = (relay.TRANSPORT, "console")  # a pasted name, and a user of the console, prove nothing of a chat


class TooManyCodes(Declined):
    """So many wrong codes that no more are looked at for a while."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"绑定码错的次数太多了，请过{max(1, -(-int(wait.total_seconds()) // 60))}分钟再试。")


class AlreadyBound(Declined):
    """This person acts for another user of the console."""

    def __init__(self, name: str) -> None:
        super().__init__(f"这个微信已经绑在控制台的“{name}”上。要换，请管理员先在“人员”里解除，再用这个码。")


def _digest(code: str) -> str:
    return hashlib.sha256(f"menlou-binding:{code}".encode()).hexdigest()


def issue(
    session: Session, kind: RoleKind, *, now: datetime, lecturer_id: int | None = None, user_id: int | None = None
) -> str:
    """A fresh six-digit code for a role, good for a day and for one person. Only its hash is kept.

    A new code for a lecturer, or for a user of the console, ends those that were not used yet.
    """
    for column, value in ((BindingCode.lecturer_id, lecturer_id), (BindingCode.user_id, user_id)):
        if value is not None:
            older = update(BindingCode).where(col(column) == value, col(BindingCode.used_at).is_(None))
            changed(session, older.values(used_at=now))
    while True:
        code = f"{secrets.randbelow(1_000_000):06d}"
        if session.exec(select(BindingCode).where(BindingCode.code_hash == _digest(code))).first() is None:
            break
    session.add(
        BindingCode(
            code_hash=_digest(code),
            kind=kind,
            lecturer_id=lecturer_id,
            user_id=user_id,
            created_at=now,
            expires_at=now + CODE_LIFE,
        )
    )
    return code


def redeem(session: Session, code: str, *, member_id: int, now: datetime) -> BindingCode:
    """Use a code up, and give the member its role; a lecturer's older binding ends with it.

    A code of a user of the console gives no role by itself: `data.console_users.bind` does. Raises `TooManyCodes`, or
    `CodeRefused` for one that is wrong, used, too old or said by a hand; that try is counted. Raises `AlreadyBound`.
    """
    brakes = [_brake(session, key, now) for key in (f"code:{member_id}", _ALL)]
    wait = max((each.until - now for each in brakes if each.until is not None), default=timedelta())
    if wait > timedelta():
        raise TooManyCodes(wait)
    found = _good(session, code, now)
    if found is None or session.get_one(Member, member_id).transport in _HANDS:
        for brake, free in zip(brakes, (TRIES, TRIES_OF_ALL), strict=True):
            brake.failures += 1
            brake.last_at = now
            brake.until = now + PAUSE if brake.failures >= free else None
            session.add(brake)
        raise CodeRefused
    if found.user_id is not None:
        _require_one_person(session, found.user_id, member_id)
    found.used_at = now
    if found.user_id is not None:
        return found
    if found.lecturer_id is not None:
        others = (col(Role.lecturer_id) == found.lecturer_id, col(Role.member_id) != member_id)
        changed(session, delete(Role).where(col(Role.kind) == RoleKind.LECTURER, *others))
    grant(session, member_id, found.kind, lecturer_id=found.lecturer_id, granted_by="绑定码", now=now)
    return found


def spoil(session: Session, code: str, *, now: datetime) -> None:
    """A code was said where others read it: if it is one, it is good no more."""
    found = _good(session, code, now)
    if found is not None:
        found.used_at = now


def grant(
    session: Session, member_id: int, kind: RoleKind, *, granted_by: str, now: datetime, lecturer_id: int | None = None
) -> None:
    """Give a role; giving it again only changes which lecturer it stands for."""
    role = session.exec(select(Role).where(Role.member_id == member_id, Role.kind == kind)).first()
    if role is None:
        role = Role(member_id=member_id, kind=kind, granted_at=now, granted_by=granted_by)
    role.lecturer_id = lecturer_id
    session.add(role)


def take_back(session: Session, member_id: int, kind: RoleKind) -> bool:
    """Take a role from a member; False where they had none."""
    role = session.exec(select(Role).where(Role.member_id == member_id, Role.kind == kind)).first()
    if role is not None:
        session.delete(role)
        session.flush()
    return role is not None


def _good(session: Session, code: str, now: datetime) -> BindingCode | None:
    """The code of these digits, while it is good and whom it is for may still come in."""
    good = select(BindingCode).where(
        BindingCode.code_hash == _digest(code), col(BindingCode.used_at).is_(None), BindingCode.expires_at > now
    )
    found = session.exec(good).first()
    if found is None or found.user_id is None:
        return found
    return found if session.get_one(ConsoleUser, found.user_id).active else None


def _require_one_person(session: Session, user_id: int, member_id: int) -> None:
    """Who acts for two users could release their own notices."""
    same = select(ConsoleUser).where(ConsoleUser.member_id == member_id, col(ConsoleUser.active))
    other = session.exec(same.where(ConsoleUser.id != user_id)).first()
    if other is not None:
        raise AlreadyBound(other.shown_name)


def _brake(session: Session, key: str, now: datetime) -> Throttle:
    """The count of wrong codes under a key; begun anew after a pause, or when the last was long ago."""
    brake = session.get(Throttle, key) or Throttle(key=key, last_at=now)
    over = brake.until is not None and brake.until <= now
    if over or brake.last_at + _WITHIN < now:
        brake.failures, brake.until = 0, None
    return brake
