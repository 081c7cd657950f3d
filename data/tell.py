"""To speak to somebody, somewhere: every function puts a row into the outbox and returns its id (None: said before)."""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session, col, select

from data import outbox
from data.mail import OutboxKind
from data.tables import Member, Role, RoleKind, Room, RoomKind


def direct_room(session: Session, member_id: int, *, now: datetime) -> int:
    """The direct chat with a member, made where there was none."""
    member = session.get_one(Member, member_id)
    query = select(Room).where(Room.transport == member.transport, Room.external_id == member.external_id)
    room = session.exec(query).first()
    if room is None:
        room = Room(
            transport=member.transport,
            external_id=member.external_id,
            name="",
            kind=RoomKind.DIRECT,
            created_at=now,
        )
        session.add(room)
        session.flush()
    assert room.id is not None
    return room.id


def member(
    session: Session, member_id: int, text: str, *, now: datetime, not_before: datetime, once: str | None = None
) -> int | None:
    """Tell one person, in their direct chat."""
    return room(session, direct_room(session, member_id, now=now), text, now=now, not_before=not_before, once=once)


def room(
    session: Session,
    room_id: int,
    text: str,
    *,
    now: datetime,
    not_before: datetime,
    once: str | None = None,
    expires_at: datetime | None = None,
    mentions: Iterable[tuple[str, str]] = (),
    picture_id: int | None = None,
) -> int | None:
    """Tell a room; ``mentions`` are (member's external id, name)."""
    return outbox.queue(
        session,
        room_id=room_id,
        kind=OutboxKind.NOTICE,
        text=text,
        now=now,
        not_before=not_before,
        once=once,
        expires_at=expires_at,
        mentions=tuple(mentions),
        picture_id=picture_id,
    )


def people_in(
    session: Session,
    room_id: int,
    member_ids: Iterable[int],
    text: str,
    *,
    now: datetime,
    not_before: datetime,
    once: str | None = None,
) -> int | None:
    """Tell people where they spoke: by name in a group, plainly in a direct chat."""
    where = session.get_one(Room, room_id)
    members = session.exec(select(Member).where(col(Member.id).in_(list(member_ids))).order_by(col(Member.id)))
    named = () if where.kind == RoomKind.DIRECT else tuple((each.external_id, each.name) for each in members)
    return room(session, room_id, text, now=now, not_before=not_before, once=once, mentions=named)


def lecturer_members(session: Session, lecturer_id: int) -> list[int]:
    """The members who stand for a lecturer; none where the bot cannot reach them."""
    query = select(Role.member_id).where(Role.kind == RoleKind.LECTURER, Role.lecturer_id == lecturer_id)
    return list(session.exec(query.order_by(col(Role.id))))


def coordinators(session: Session, *, owner_id: int | None = None) -> list[int]:
    """Who is responsible: the owner where there is one, else every coordinator."""
    if owner_id is not None:
        return [owner_id]
    query = select(Role.member_id).where(Role.kind == RoleKind.COORDINATOR)
    return list(session.exec(query.order_by(col(Role.id))))
