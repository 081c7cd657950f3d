"""Who may open the console: users, their one-time links, and as which member of the town each of them acts."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, or_, update
from sqlmodel import Session, col, select

from data import bindings
from data.desk import feeds
from data.desk_errors import BadEntry, BadPassword, LastAdmin, LinkRefused, NotThere
from data.desk_tables import ConsoleLink, ConsoleRole, ConsoleSession, ConsoleUser, LinkPurpose
from data.names import clean_name
from data.record_tables import Material, MaterialState
from data.statements import changed
from data.tables import BindingCode, Broadcast, BroadcastState, Member, Role, RoleKind, Village

TRANSPORT = "console"
LINK_LIFE = timedelta(hours=48)
LEAST = 10  # characters of a password
MOST = 200
_LOGIN = re.compile(r"[\w.\-]{2,32}")
_COMMON = ("password", "12345678", "qwerty", "menlou", "abc123", "admin", "密码", "111111", "iloveyou")
DESK = frozenset({ConsoleRole.COORDINATOR, ConsoleRole.APPROVER, ConsoleRole.ADMIN})  # who do a coordinator's work


@dataclass(frozen=True, slots=True)
class Promise:
    """What a one-time link gives."""

    purpose: LinkPurpose
    shown_name: str
    role: ConsoleRole
    village_id: int | None


def token_hash(token: str) -> str:
    """How a token is kept: it is random, so a plain SHA-256 does."""
    return hashlib.sha256(f"menlou-console:{token}".encode()).hexdigest()


def anybody(session: Session) -> bool:
    """Whether the console has a user yet."""
    return session.exec(select(ConsoleUser.id).limit(1)).first() is not None


def make_link(
    session: Session,
    purpose: LinkPurpose,
    *,
    role: ConsoleRole,
    created_by: str,
    now: datetime,
    shown_name: str = "",
    village_id: int | None = None,
    user_id: int | None = None,
) -> str:
    """A link's token, good for two days and once. A new set-up or reset link ends the older ones."""
    if role is ConsoleRole.VILLAGE and (village_id is None or session.get(Village, village_id) is None):
        raise BadEntry("村", "村级的人要选一个村。")
    if purpose is not LinkPurpose.INVITE:
        same = (
            col(ConsoleLink.purpose) == purpose,
            col(ConsoleLink.user_id) == user_id,
            col(ConsoleLink.used_at).is_(None),
        )
        changed(session, update(ConsoleLink).where(*same).values(used_at=now))
    token = secrets.token_urlsafe(24)
    session.add(
        ConsoleLink(
            token_hash=token_hash(token),
            purpose=purpose,
            shown_name=clean_name(shown_name),
            role=role,
            village_id=village_id if role is ConsoleRole.VILLAGE else None,
            user_id=user_id,
            created_at=now,
            created_by=created_by,
            expires_at=now + LINK_LIFE,
        )
    )
    return token


def promise(session: Session, token: str, *, now: datetime) -> Promise:
    """What the link gives, while it is good. Raises `LinkRefused`."""
    link = _good_link(session, token, now)
    return Promise(link.purpose, link.shown_name, link.role, link.village_id)


def redeem(
    session: Session, token: str, *, name: str, shown_name: str, password_hash: str, now: datetime
) -> ConsoleUser:
    """Make the user whom the link promises, or give the old one a new password; ends all log-ins of that user.

    Raises `LinkRefused`, or `BadEntry` for a name that is taken.
    """
    link = _good_link(session, token, now)
    link.used_at = now
    if link.purpose is LinkPurpose.RESET:
        user = session.get_one(ConsoleUser, link.user_id)
        user.password_hash = password_hash
        end_sessions(session, user.id or 0, now=now)
        return user
    return add(
        session,
        name=name,
        shown_name=shown_name or link.shown_name,
        password_hash=password_hash,
        role=link.role,
        village_id=link.village_id,
        created_by=link.created_by,
        now=now,
    )


def add(
    session: Session,
    *,
    name: str,
    shown_name: str,
    password_hash: str,
    role: ConsoleRole,
    created_by: str,
    now: datetime,
    village_id: int | None = None,
) -> ConsoleUser:
    """A new user with a member of its own, by which it acts. Raises `BadEntry`."""
    login = name.strip().lower()
    if not _LOGIN.fullmatch(login):
        raise BadEntry("登录名", "2到32个字，用字母、数字、汉字，不要空格。")
    if session.exec(select(ConsoleUser).where(ConsoleUser.name == login)).first() is not None:
        raise BadEntry("登录名", "已经有人用了，换一个。")
    shown = clean_name(shown_name) or login
    if session.exec(select(ConsoleUser.id).where(ConsoleUser.shown_name == shown)).first() is not None:
        raise BadEntry("称呼", "已经有人叫这个了，请加上村名或单位。")  # the log must tell the two apart
    member = Member(transport=TRANSPORT, external_id=f"user:{login}", name=shown, village_id=village_id, created_at=now)
    session.add(member)
    session.flush()
    assert member.id is not None
    user = ConsoleUser(
        name=login,
        shown_name=shown,
        password_hash=password_hash,
        role=role,
        village_id=village_id,
        member_id=member.id,
        created_at=now,
        created_by=created_by,
    )
    session.add(user)
    session.flush()
    _match_roles(session, user, now)
    return user


def check_password(password: str, *, about: tuple[str, ...] = ()) -> None:
    """Raises `BadPassword` for one that is short, huge, common, all alike, or made of the user's own names."""
    if len(password) < LEAST:
        raise BadPassword(f"要{LEAST}个字以上")
    if len(password) > MOST:
        raise BadPassword(f"最多{MOST}个字")
    low = password.lower()
    for word in (*_COMMON, *(each.lower() for each in about if len(each) > 1)):
        low = low.replace(word, "")
    if len(low) < LEAST - 2 or len(set(low)) < 5:  # what is left of it would not do by itself
        raise BadPassword("太容易猜到")


def change(
    session: Session, user_id: int, *, role: ConsoleRole, village_id: int | None, active: bool, now: datetime
) -> ConsoleUser:
    """Give a user another role, or close the account; their log-ins end, and the calendar addresses that they made of
    what they see no more. Raises `LastAdmin`, `BadEntry`, `NotThere`.
    """
    user = session.get(ConsoleUser, user_id)
    if user is None:
        raise NotThere("这个人")
    if role is ConsoleRole.VILLAGE and (village_id is None or session.get(Village, village_id) is None):
        raise BadEntry("村", "村级的人要选一个村。")
    loses_admin = user.role is ConsoleRole.ADMIN and user.active and (role is not ConsoleRole.ADMIN or not active)
    if loses_admin and _admins(session) <= 1:
        raise LastAdmin
    if loses_admin or not active:
        _end_keys(session, user, now)
    user.role, user.active = role, active
    user.village_id = village_id if role is ConsoleRole.VILLAGE else None
    end_sessions(session, user_id, now=now)
    if not active or role is ConsoleRole.VIEWER or user.village_id is not None:
        feeds.end_of(session, user_id, now=now, but_village=user.village_id if active else None)
    _match_roles(session, user, now)
    return user


def bind(session: Session, user_id: int, *, member_id: int, now: datetime) -> None:
    """From now on the user acts as this member of a chat. What they wrote and nobody decided yet goes along."""
    user = session.get_one(ConsoleUser, user_id)
    old = user.member_id
    if old == member_id:
        return
    undecided = (BroadcastState.DRAFT, BroadcastState.SUBMITTED, BroadcastState.RETURNED, BroadcastState.APPROVED)
    mine = update(Broadcast).where(col(Broadcast.author_id) == old, col(Broadcast.state).in_(undecided))
    changed(session, mine.values(author_id=member_id))
    unread = update(Material).where(col(Material.uploaded_by) == old, col(Material.state) == MaterialState.WAITING)
    changed(session, unread.values(uploaded_by=member_id))
    _drop_role(session, old)
    user.member_id = member_id
    session.flush()
    _match_roles(session, user, now)


def end_sessions(session: Session, user_id: int, *, now: datetime, but: str = "") -> int:
    """End a user's log-ins, all but the one whose token hash is ``but``; returns how many."""
    live = (col(ConsoleSession.user_id) == user_id, col(ConsoleSession.ended_at).is_(None))
    return changed(
        session, update(ConsoleSession).where(*live, col(ConsoleSession.token_hash) != but).values(ended_at=now)
    )


def of_member(session: Session, member_id: int) -> ConsoleUser | None:
    """The active user who acts as this member."""
    query = select(ConsoleUser).where(ConsoleUser.member_id == member_id, col(ConsoleUser.active))
    return session.exec(query.order_by(col(ConsoleUser.id))).first()


def _good_link(session: Session, token: str, now: datetime) -> ConsoleLink:
    link = session.get(ConsoleLink, token_hash(token))
    if link is None or link.used_at is not None or link.expires_at <= now:
        raise LinkRefused
    if link.user_id is not None and not session.get_one(ConsoleUser, link.user_id).active:
        raise LinkRefused
    return link


def _end_keys(session: Session, user: ConsoleUser, now: datetime) -> None:
    """Somebody who lets nobody in any more: what they could still come back by, or let others in by, ends."""
    links = update(ConsoleLink).where(col(ConsoleLink.used_at).is_(None))
    theirs = or_(col(ConsoleLink.created_by) == user.name, col(ConsoleLink.user_id) == user.id)
    changed(session, links.where(theirs).values(used_at=now))
    codes = update(BindingCode).where(col(BindingCode.used_at).is_(None), col(BindingCode.kind) == RoleKind.COORDINATOR)
    if user.role is not ConsoleRole.ADMIN:  # whose codes nobody can tell from those of the other admins
        codes = codes.where(col(BindingCode.user_id) == user.id)
    changed(session, codes.values(used_at=now))


def _admins(session: Session) -> int:
    query = select(func.count()).select_from(ConsoleUser)
    return session.exec(query.where(ConsoleUser.role == ConsoleRole.ADMIN, col(ConsoleUser.active))).one()


def _match_roles(session: Session, user: ConsoleUser, now: datetime) -> None:
    """A user who does a coordinator's work is a coordinator to the services too; who does not any more is none."""
    if user.active and user.role in DESK:
        bindings.grant(session, user.member_id, RoleKind.COORDINATOR, granted_by=f"控制台:{user.name}", now=now)
    else:
        _drop_role(session, user.member_id)


def _drop_role(session: Session, member_id: int) -> None:
    """Take back a coordinator's role that the console gave; one that was given otherwise stays."""
    query = select(Role).where(Role.member_id == member_id, Role.kind == RoleKind.COORDINATOR)
    role = session.exec(query).first()
    if role is not None and role.granted_by.startswith("控制台:"):
        session.delete(role)
        session.flush()
