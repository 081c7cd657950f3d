"""Rooms and the people in them: found or first met, and what they may do."""

from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from data.tables import Member, Role, RoleKind, Room, RoomKind, Village

PUSHED = (RoomKind.RESIDENTS, RoomKind.MIGRANTS)  # rooms that get policy texts and public notices

# Statements of the hot path are built once: building one anew costs more than running it.
_ROOM = select(Room).where(Room.transport == bindparam("transport"), Room.external_id == bindparam("external_id"))
_MEMBER = select(Member).where(
    Member.transport == bindparam("transport"), Member.external_id == bindparam("external_id")
)
_ROLES = select(Role.kind).where(Role.member_id == bindparam("member_id"))


def find_room(session: Session, transport: str, external_id: str) -> Room | None:
    """The room with this id, if it was ever met."""
    return session.execute(_ROOM, {"transport": transport, "external_id": external_id}).scalar_one_or_none()


def find_member(session: Session, transport: str, external_id: str) -> Member | None:
    """The person with this id, if they were ever met."""
    return session.execute(_MEMBER, {"transport": transport, "external_id": external_id}).scalar_one_or_none()


def meet_room(session: Session, transport: str, external_id: str, *, name: str, direct: bool, now: datetime) -> Room:
    """The room with this id, made on first sight; a new name is kept."""
    room = find_room(session, transport, external_id)
    if room is None:
        kind = RoomKind.DIRECT if direct else RoomKind.UNBOUND
        room = Room(transport=transport, external_id=external_id, name=name, kind=kind, created_at=now)
        session.add(room)
        session.flush()
    elif name and room.name != name:
        room.name = name
    return room


def meet_member(
    session: Session, transport: str, external_id: str, *, name: str, village_id: int | None, now: datetime
) -> Member:
    """The person with this id, made on first sight; a new name, or the village of the group, is kept."""
    member = find_member(session, transport, external_id)
    if member is None:
        member = Member(transport=transport, external_id=external_id, name=name, village_id=village_id, created_at=now)
        session.add(member)
        session.flush()
        return member
    if name and member.name != name:
        member.name = name
    if village_id is not None and member.village_id != village_id:
        member.village_id = village_id
    return member


def roles_of(session: Session, member_id: int) -> frozenset[RoleKind]:
    """What a member may do."""
    return frozenset(session.execute(_ROLES, {"member_id": member_id}).scalars())


def pushed_rooms(session: Session, *, village: str | None = None) -> list[Room]:
    """The groups that get policy texts and public notices, in a steady order; of one village when it is named."""
    query = select(Room).where(col(Room.kind).in_(PUSHED)).order_by(col(Room.id))
    if village is not None:
        query = query.join(Village).where(Village.name == village)
    return list(session.exec(query))


def bind_room(session: Session, room: Room, *, village: Village, kind: RoomKind) -> None:
    """Say whose group this is; from then on it is served like any other of that village."""
    room.village_id = village.id
    room.kind = kind
    session.add(room)


def villages(session: Session) -> list[Village]:
    """All villages, in a steady order."""
    return list(session.exec(select(Village).order_by(col(Village.id))))
