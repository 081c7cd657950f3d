"""All that a turn must know before it can begin, in one statement: it is run for every message that passes the gate."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import BindParameter, bindparam, exists, func, insert, literal, select, update
from sqlmodel import Session

from data.mail import Inbox
from data.statements import insert_one, table_of
from data.tables import Dialog, Member, Role, RoleKind, Room, RoomKind

_ROOM, _MEMBER, _ROLE = table_of(Room), table_of(Member), table_of(Role)
_DIALOG, _INBOX = table_of(Dialog), table_of(Inbox)
LATELY = timedelta(minutes=10)
_TRANSPORT: BindParameter[str] = bindparam("transport")


def _holds(kind: RoleKind) -> object:
    return exists().where(_ROLE.c.member_id == _MEMBER.c.id, _ROLE.c.kind == kind).correlate(_MEMBER)


_ONE = select(literal(1).label("one")).subquery()
_GLANCE = select(
    exists().where(_INBOX.c.transport == _TRANSPORT, _INBOX.c.message_id == bindparam("message_id")),
    _ROOM.c.id,
    _ROOM.c.name,
    _ROOM.c.kind,
    _ROOM.c.village_id,
    _MEMBER.c.id,
    _MEMBER.c.name,
    _MEMBER.c.village_id,
    _DIALOG.c.kind,
    _DIALOG.c.payload,
    select(func.count())
    .where(_INBOX.c.member_id == _MEMBER.c.id, _INBOX.c.heard_at > bindparam("since"))
    .correlate(_MEMBER)
    .scalar_subquery(),
    *(_holds(kind) for kind in RoleKind),  # type: ignore[call-overload]
).select_from(
    _ONE.outerjoin(_ROOM, (_ROOM.c.transport == _TRANSPORT) & (_ROOM.c.external_id == bindparam("room")))
    .outerjoin(_MEMBER, (_MEMBER.c.transport == _TRANSPORT) & (_MEMBER.c.external_id == bindparam("member")))
    .outerjoin(
        _DIALOG,
        (_DIALOG.c.room_id == _ROOM.c.id)
        & (_DIALOG.c.member_id == _MEMBER.c.id)
        & (_DIALOG.c.expires_at > bindparam("now")),
    )
)
_NEW_ROOM = insert(_ROOM)
_NEW_MEMBER = insert(_MEMBER)


@dataclass(frozen=True, slots=True)
class Place:
    """A room, as a turn sees it."""

    id: int
    transport: str
    external_id: str
    name: str
    kind: RoomKind
    village_id: int | None

    @property
    def direct(self) -> bool:
        return self.kind == RoomKind.DIRECT


@dataclass(frozen=True, slots=True)
class Person:
    """A member, as a turn sees them."""

    id: int
    transport: str
    external_id: str
    name: str
    village_id: int | None
    roles: frozenset[RoleKind] = frozenset()


@dataclass(frozen=True, slots=True)
class Pending:
    """A question of ours that still waits: ``kind`` names it, ``payload`` is what is needed to go on."""

    kind: str
    payload: dict[str, object]


@dataclass(frozen=True, slots=True)
class Glance:
    """What is known of a message's room, its sender, and whether it was taken before.

    ``lately`` counts the sender's messages to us within `LATELY`.
    """

    seen: bool
    room: Place | None
    member: Person | None
    pending: Pending | None
    lately: int = 0


def glance(session: Session, *, transport: str, message_id: str, room: str, member: str, now: datetime) -> Glance:
    """Look everything up by the transport's own ids; writes nothing."""
    row = session.execute(
        _GLANCE,
        {
            "transport": transport,
            "message_id": message_id,
            "room": room,
            "member": member,
            "now": now,
            "since": now - LATELY,
        },
    ).one()
    seen, room_id, room_name, kind, room_village, member_id, name, village, dialog, payload, lately, *holds = row
    roles = frozenset(each for each, held in zip(RoleKind, holds, strict=True) if held)
    return Glance(
        seen=bool(seen),
        room=None if room_id is None else Place(room_id, transport, room, room_name, kind, room_village),
        member=None if member_id is None else Person(member_id, transport, member, name, village, roles),
        pending=None if dialog is None else Pending(dialog, payload),
        lately=lately,
    )


def meet_room(
    session: Session, known: Place | None, *, transport: str, external_id: str, name: str, direct: bool, now: datetime
) -> Place:
    """The room, made on first sight; a new name is kept."""
    if known is None:
        kind = RoomKind.DIRECT if direct else RoomKind.UNBOUND
        values = {
            "transport": transport,
            "external_id": external_id,
            "name": name,
            "kind": kind,
            "village_id": None,
            "created_at": now,
        }
        return Place(insert_one(session, _NEW_ROOM, values), transport, external_id, name, kind, None)
    if not name or name == known.name:
        return known
    session.execute(update(_ROOM).where(_ROOM.c.id == known.id).values(name=name))
    return replace(known, name=name)


def meet_member(
    session: Session,
    known: Person | None,
    *,
    transport: str,
    external_id: str,
    name: str,
    village_id: int | None,
    now: datetime,
) -> Person:
    """The person, made on first sight; a new name, or the village of the group where they spoke, is kept."""
    if known is None:
        values = {
            "transport": transport,
            "external_id": external_id,
            "name": name,
            "village_id": village_id,
            "created_at": now,
        }
        return Person(insert_one(session, _NEW_MEMBER, values), transport, external_id, name, village_id)
    name = name or known.name
    village_id = village_id if village_id is not None else known.village_id
    if (name, village_id) == (known.name, known.village_id):
        return known
    session.execute(update(_MEMBER).where(_MEMBER.c.id == known.id).values(name=name, village_id=village_id))
    return replace(known, name=name, village_id=village_id)
