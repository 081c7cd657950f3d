"""For whom a text or a series is: a group by its village, its kind and its tags."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from data.broadcast_tables import RoomTag, VillageTag
from data.rooms import pushed_rooms
from data.tables import Room, RoomKind, Village


@dataclass(frozen=True, slots=True)
class Listener:
    """A group as choosing sees it."""

    room_id: int
    name: str
    kind: RoomKind
    village: str
    tags: frozenset[str] = frozenset()


def takes(audience: Mapping[str, Sequence[str]], listener: Listener) -> bool:
    """Whether the group belongs to an audience: all that is named fits; nothing named is everybody."""
    villages, kinds, tags = audience.get("villages"), audience.get("kinds"), audience.get("tags")
    return (
        (not villages or listener.village in villages)
        and (not kinds or listener.kind in kinds)
        and (not tags or not listener.tags.isdisjoint(tags))
    )


def listeners(session: Session, rooms: Sequence[Room] | None = None) -> list[Listener]:
    """The groups that get policy texts, or these of them."""
    found = pushed_rooms(session) if rooms is None else rooms
    names = {each.id: each.name for each in session.exec(select(Village).order_by(col(Village.id)))}
    own, villages = _tags(session)
    return [
        Listener(
            room.id,
            room.name,
            room.kind,
            names.get(room.village_id, ""),
            frozenset(own.get(room.id, set()) | villages.get(room.village_id or 0, set())),
        )
        for room in found
        if room.id is not None
    ]


def groups_called(session: Session, words: str) -> list[Listener]:
    """The groups of a village, or those whose name holds ``words``; none where nobody goes by them."""
    everyone = listeners(session)
    named = [each.name for each in session.exec(select(Village)) if words in (each.name, *each.aliases)]
    return [each for each in everyone if each.village in named] or [each for each in everyone if words in each.name]


def _tags(session: Session) -> tuple[dict[int, set[str]], dict[int, set[str]]]:
    """The tags of groups and of villages, by id."""
    own: dict[int, set[str]] = {}
    villages: dict[int, set[str]] = {}
    for mark in session.exec(select(RoomTag)):
        own.setdefault(mark.room_id, set()).add(mark.tag)
    for of_village in session.exec(select(VillageTag)):
        villages.setdefault(of_village.village_id, set()).add(of_village.tag)
    return own, villages
