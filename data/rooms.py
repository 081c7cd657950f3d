"""Rooms and villages: whose group is whose, and which groups are spoken to."""

from datetime import datetime

from sqlmodel import Session, col, select

from data.tables import Room, RoomKind, Village

PUSHED = (RoomKind.RESIDENTS, RoomKind.MIGRANTS)  # rooms that get policy texts and public notices


def find_room(session: Session, transport: str, external_id: str) -> Room | None:
    """The room with this id, if it was ever met."""
    return session.exec(select(Room).where(Room.transport == transport, Room.external_id == external_id)).first()


def pushed_rooms(session: Session, *, village: str | None = None) -> list[Room]:
    """The groups that get policy texts and public notices, in a steady order; of one village when it is named."""
    query = select(Room).where(col(Room.kind).in_(PUSHED)).order_by(col(Room.id))
    if village is not None:
        query = query.join(Village).where(Village.name == village)
    return list(session.exec(query))


def bind_room(session: Session, room_id: int, *, village: Village | None, kind: RoomKind, now: datetime) -> None:
    """Say whose group this is; from then on it is served like any other of its kind."""
    room = session.get_one(Room, room_id)
    number = village.id if village is not None else None
    if room.village_id != number:
        room.village_id, room.bound_at = number, now
    room.kind = kind


def villages(session: Session) -> list[Village]:
    """All villages, in a steady order."""
    return list(session.exec(select(Village).order_by(col(Village.id))))
