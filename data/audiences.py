"""Whom a notice is for: the whole town, villages, kinds of group, tags, groups by name, and who asked for it directly.

An `Audience` is what was meant; its `Reach` is who that is now. Within one kind of condition either of several will do
(上坪村、石湾村), different kinds narrow each other (上坪村 外出务工群); groups by name and subscribers come on top.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any, cast

from sqlalchemy import func, or_
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data.broadcast_errors import NoSuchAudience
from data.broadcast_tables import MemberTag, RoomTag, SavedAudience, Subscription, VillageTag
from data.mail import Outbox, OutboxState
from data.rooms import PUSHED
from data.statements import table_of
from data.tables import Member, Room, RoomKind

GOT_IT = (OutboxState.SENT, OutboxState.UNKNOWN)  # where a text was, or may have been, read
_ROOM, _MEMBER, _OUT = table_of(Room), table_of(Member), table_of(Outbox)
_SAME_PERSON = (_ROOM.c.transport == _MEMBER.c.transport) & (_ROOM.c.external_id == _MEMBER.c.external_id)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is meant. ``got`` is the broadcast whose text they have (for a correction); ids otherwise."""

    town: bool = False
    villages: tuple[int, ...] = ()
    kinds: tuple[RoomKind, ...] = ()
    tags: tuple[str, ...] = ()
    rooms: tuple[int, ...] = ()
    topics: tuple[int, ...] = ()
    got: int | None = None

    def __or__(self, other: "Audience") -> "Audience":
        def both(name: str) -> Any:
            return tuple(dict.fromkeys((*getattr(self, name), *getattr(other, name))))

        return Audience(
            town=self.town or other.town,
            villages=both("villages"),
            kinds=both("kinds"),
            tags=both("tags"),
            rooms=both("rooms"),
            topics=both("topics"),
            got=self.got if other.got is None else other.got,
        )

    def __bool__(self) -> bool:
        return self != Audience()

    def as_spec(self) -> dict[str, object]:
        """As a table keeps it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def of_spec(cls, spec: Mapping[str, Any]) -> "Audience":
        """As `as_spec` wrote it."""
        known = {each.name: spec[each.name] for each in fields(cls) if each.name in spec}
        plain: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in known.items()
        }
        plain["kinds"] = tuple(RoomKind(each) for each in plain.get("kinds", ()))
        return cls(**plain)

    @property
    def names_rooms(self) -> bool:
        """Whether groups are meant by what they are; villages beside a topic only say whose subscribers."""
        return self.town or bool(self.kinds or self.tags or (self.villages and not self.topics))


@dataclass(frozen=True, slots=True)
class Reach:
    """Who an audience is now: groups as (id, name), members to whom it goes directly.

    ``people`` are those that the bot ever heard in these groups' villages, and these members; ``silent`` are tagged
    members who never asked for direct messages, and get none.
    """

    rooms: tuple[tuple[int, str], ...]
    members: tuple[int, ...]
    people: int
    silent: int = 0

    @property
    def room_ids(self) -> list[int]:
        return [id_ for id_, _ in self.rooms]

    @property
    def messages(self) -> int:
        return len(self.rooms) + len(self.members)


def reach(session: Session, audience: Audience) -> Reach:
    """Look up who is meant."""
    rooms: dict[int, tuple[str, int | None]] = {}
    for id_, name, village_id in _rooms(session, audience):
        rooms[id_] = name, village_id
    members, silent = _members(session, audience)
    villages = {village_id for _, village_id in rooms.values() if village_id is not None}
    met = core_select(func.count()).select_from(_MEMBER)
    people = session.execute(met.where(or_(_MEMBER.c.village_id.in_(villages), _MEMBER.c.id.in_(members)))).scalar_one()
    return Reach(tuple((id_, name) for id_, (name, _) in sorted(rooms.items())), tuple(members), people, silent)


def _rooms(session: Session, audience: Audience) -> list[tuple[int, str, int | None]]:
    what = core_select(_ROOM.c.id, _ROOM.c.name, _ROOM.c.village_id)
    found: list[Any] = []
    if audience.names_rooms:
        query = what.where(_ROOM.c.kind.in_(audience.kinds or PUSHED))
        if audience.villages:
            query = query.where(_ROOM.c.village_id.in_(audience.villages))
        if audience.tags:
            own = core_select(table_of(RoomTag).c.room_id).where(table_of(RoomTag).c.tag.in_(audience.tags))
            village = core_select(table_of(VillageTag).c.village_id).where(
                table_of(VillageTag).c.tag.in_(audience.tags)
            )
            query = query.where(or_(_ROOM.c.id.in_(own), _ROOM.c.village_id.in_(village)))
        found += session.execute(query)
    if audience.rooms:
        found += session.execute(what.where(_ROOM.c.id.in_(audience.rooms)))
    if audience.got is not None:
        had = _got(audience.got)
        found += session.execute(what.where(_ROOM.c.id.in_(had), _ROOM.c.kind != RoomKind.DIRECT))
    return cast("list[tuple[int, str, int | None]]", found)


def _got(broadcast_id: int) -> Any:
    return core_select(_OUT.c.room_id).where(_OUT.c.broadcast_id == broadcast_id, _OUT.c.state.in_(GOT_IT))


def _members(session: Session, audience: Audience) -> tuple[list[int], int]:
    """Members to whom it goes directly, and how many are tagged but did not ask for that."""
    of_village = [_MEMBER.c.village_id.in_(audience.villages)] if audience.villages else []
    chosen: set[int] = set()
    silent = 0
    opted = table_of(Subscription)
    if audience.tags:
        tagged = core_select(table_of(MemberTag).c.member_id).where(table_of(MemberTag).c.tag.in_(audience.tags))
        query = core_select(_MEMBER.c.id).where(_MEMBER.c.id.in_(tagged), *of_village)
        everyone = set(session.execute(query).scalars())
        chosen |= set(session.execute(query.where(_MEMBER.c.id.in_(core_select(opted.c.member_id)))).scalars())
        silent = len(everyone - chosen)
    if audience.topics:
        wanted = core_select(opted.c.member_id).where(opted.c.topic_id.in_(audience.topics))
        chosen |= set(session.execute(core_select(_MEMBER.c.id).where(_MEMBER.c.id.in_(wanted), *of_village)).scalars())
    if audience.got is not None:
        had = core_select(_MEMBER.c.id).join(_ROOM, _SAME_PERSON).where(_ROOM.c.id.in_(_got(audience.got)))
        chosen |= set(session.execute(had.where(_ROOM.c.kind == RoomKind.DIRECT)).scalars())
    return sorted(chosen), silent


def direct_rooms(session: Session, member_ids: Collection[int], *, now: datetime) -> list[int]:
    """The direct chats with these members, made where there were none."""
    query = (
        core_select(_MEMBER.c.transport, _MEMBER.c.external_id, _ROOM.c.id)
        .outerjoin(_ROOM, _SAME_PERSON)
        .where(_MEMBER.c.id.in_(member_ids))
        .order_by(_MEMBER.c.id)
    )
    found: list[int] = []
    missing: list[Room] = []
    for transport, external_id, room_id in session.execute(query):
        if room_id is not None:
            found.append(room_id)
        else:
            missing.append(Room(transport=transport, external_id=external_id, kind=RoomKind.DIRECT, created_at=now))
    session.add_all(missing)
    session.flush()
    return found + [room.id for room in missing if room.id is not None]


# ---- saved audiences -----------------------------------------------------------------------------------------------


def save(session: Session, name: str, audience: Audience, words: str, *, author_id: int, now: datetime) -> bool:
    """Keep an audience under a name; True where the name stood for another before."""
    kept = session.exec(select(SavedAudience).where(SavedAudience.name == name)).first()
    again = kept is not None
    if kept is None:
        kept = SavedAudience(name=name, words=words, author_id=author_id, created_at=now)
    kept.words, kept.spec = words, audience.as_spec()
    session.add(kept)
    session.flush()
    return again


def forget(session: Session, name: str) -> None:
    """Forget a saved audience; what was sent to it stays sent. Raises `NoSuchAudience`."""
    kept = session.exec(select(SavedAudience).where(SavedAudience.name == name)).first()
    if kept is None:
        raise NoSuchAudience(name, tuple(each.name for each in saved(session)))
    session.delete(kept)
    session.flush()


def saved(session: Session) -> list[SavedAudience]:
    """All of them, in the order in which they were kept."""
    return list(session.exec(select(SavedAudience).order_by(col(SavedAudience.id))))
