"""Who may open the console and who has a role in chats, as the page 人员 lists them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from data import bindings, console_users
from data.desk_errors import NotThere
from data.desk_tables import ConsoleSession, ConsoleUser
from data.errors import Declined
from data.tables import Lecturer, Member, Role, RoleKind, Village


class ByConsole(Declined):
    """A role that hangs on an account of the console."""

    def __init__(self, name: str) -> None:
        super().__init__(f"这个身份跟着控制台账号“{name}”。要收回，请改那个账号的身份，或停用它。")


@dataclass(frozen=True, slots=True)
class UserLine:
    """A user of the console. ``bound`` is what their chat calls them, empty where they have bound none."""

    user: ConsoleUser
    village: str
    bound: str
    logins: int
    seen: datetime | None


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role in chats; ``stands_for`` is the lecturer's name, ``account`` the console's user as whom it acts."""

    id: int
    kind: RoleKind
    name: str
    transport: str
    stands_for: str
    granted_at: datetime
    granted_by: str
    account: str


def users(session: Session, *, now: datetime) -> list[UserLine]:
    """All users of the console, those who may come in first, by name."""
    query = (
        select(ConsoleUser, Village.name, Member)
        .join(Member, col(Member.id) == col(ConsoleUser.member_id))
        .outerjoin(Village, col(Village.id) == col(ConsoleUser.village_id))
        .order_by(col(ConsoleUser.active).desc(), col(ConsoleUser.name))
    )
    live = (col(ConsoleSession.ended_at).is_(None), col(ConsoleSession.expires_at) > now)
    counted = select(ConsoleSession.user_id, func.count(), func.max(ConsoleSession.seen_at)).where(*live)
    logins = {who: (many, seen) for who, many, seen in session.exec(counted.group_by(col(ConsoleSession.user_id)))}
    return [
        UserLine(user, village or "", bound_name(member), *logins.get(user.id or 0, (0, None)))
        for user, village, member in session.exec(query)
    ]


def user(session: Session, user_id: int) -> ConsoleUser:
    """One of them. Raises `NotThere`."""
    found = session.get(ConsoleUser, user_id)
    if found is None:
        raise NotThere("这个人")
    return found


def bound_name(member: Member) -> str:
    """What their chat calls whoever has bound one, empty for a member that only the console knows."""
    return "" if member.transport == console_users.TRANSPORT else member.name or "（没有昵称）"


def unbind(session: Session, user_id: int, *, now: datetime) -> bool:
    """From now on a user acts as the console's own member again; False where they were not bound."""
    who = user(session, user_id)
    bound = session.get_one(Member, who.member_id)
    if bound.transport == console_users.TRANSPORT:
        return False
    own = select(Member.id).where(Member.transport == console_users.TRANSPORT, Member.external_id == f"user:{who.name}")
    bindings.take_back(session, who.member_id, RoleKind.COORDINATOR)
    console_users.bind(session, user_id, member_id=session.exec(own).one() or 0, now=now)
    return True


def roles(session: Session, *, offset: int, limit: int, words: str = "", kind: str = "") -> tuple[list[RoleLine], int]:
    """Roles in chats by name, and how many there are; those of users who have bound no chat are left out."""
    where = [col(Member.transport) != console_users.TRANSPORT]
    if kind:
        where.append(col(Role.kind) == RoleKind(kind))
    if words:
        where.append(
            col(Member.name).contains(words, autoescape=True) | col(Lecturer.name).contains(words, autoescape=True)
        )
    joined = (
        select(Role, Member, Lecturer.name, ConsoleUser.name)
        .join(Member, col(Member.id) == col(Role.member_id))
        .outerjoin(Lecturer, col(Lecturer.id) == col(Role.lecturer_id))
        .outerjoin(ConsoleUser, (col(ConsoleUser.member_id) == col(Role.member_id)) & col(ConsoleUser.active))
        .where(*where)
    )
    total = session.exec(select(func.count()).select_from(joined.subquery())).one()
    rows = session.exec(joined.order_by(col(Role.kind), col(Member.name), col(Role.id)).offset(offset).limit(limit))
    found = [
        RoleLine(
            given.id or 0, given.kind, member.name, member.transport, lecturer or "",
            given.granted_at, given.granted_by, account or "",
        )
        for given, member, lecturer, account in rows
    ]  # fmt: skip
    return found, total


def take_role_back(session: Session, role_id: int) -> Role:
    """End a role in chats. Raises `NotThere`, or `ByConsole` for one that an account of the console carries."""
    found, _ = role(session, role_id)
    account = console_users.of_member(session, found.member_id)
    if found.kind is RoleKind.COORDINATOR and account is not None and account.role in console_users.DESK:
        raise ByConsole(account.shown_name)
    bindings.take_back(session, found.member_id, found.kind)
    return found


def role(session: Session, role_id: int) -> tuple[Role, Member]:
    """A role in chats and who has it. Raises `NotThere`."""
    found = session.get(Role, role_id)
    if found is None:
        raise NotThere("这个身份")
    return found, session.get_one(Member, found.member_id)
