"""Groups that a person serves by hand (手动群): what is to be said waits as cards, in order, until a hand has said it.

Nothing here is sent by the machine: the sender has no transport "relay" that is ready, so these rows are left to hands.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, update
from sqlmodel import Session, col, select

from data.desk_errors import BadEntry, NotThere
from data.desk_tables import RelayDraft
from data.errors import Declined
from data.mail import Outbox, OutboxKind, OutboxState, Priority
from data.names import clean_name
from data.statements import changed
from data.tables import Room, RoomKind, Village

TRANSPORT = "relay"
SHOWN = 30  # cards of a group on one page
STALE = timedelta(hours=12)  # an answer that waited longer is marked: is it still of use?
MISTAKEN = timedelta(hours=1)  # within which a tap can be taken back
DRAFT_LIFE = timedelta(days=1)
_KINDS = (RoomKind.RESIDENTS, RoomKind.MIGRANTS, RoomKind.COORDINATORS)


class CardGone(Declined):
    """The card was dealt with, or taken back, meanwhile."""

    def __init__(self) -> None:
        super().__init__("这一条已经办过了，或者撤回了。请看还剩哪些。")


class SaidLongAgo(CardGone):
    """A card that was said so long ago is counted, and people have read it."""

    def __init__(self) -> None:
        Declined.__init__(self, "这一条记成“已发”过了一个小时，不能再放回来，已经算进数里了。真没发的话，请另写一条。")


@dataclass(frozen=True, slots=True)
class Card:
    """Something to say in a group. ``text`` is all that is to be copied, whom it calls included."""

    id: int
    text: str
    to: str  # the person to whom it goes alone; empty: it goes into the group
    kind: OutboxKind
    since: datetime
    picture_id: int | None
    stale: bool
    urgent: bool


@dataclass(frozen=True, slots=True)
class Served:
    """A group that is served by hand, and how many cards wait there."""

    id: int
    name: str
    village: str
    kind: RoomKind
    waiting: int
    oldest: datetime | None


def add_room(session: Session, *, name: str, village_id: int | None, kind: RoomKind, now: datetime) -> Room:
    """A group to be served by hand. Raises `BadEntry`."""
    clean = clean_name(name)
    if not clean:
        raise BadEntry("群名", "请填上，和微信里的一样。")
    if kind not in _KINDS:
        raise BadEntry("用途", "请选一个。")
    if village_id is not None and session.get(Village, village_id) is None:
        raise BadEntry("村", "没有这个村。")
    if kind is not RoomKind.COORDINATORS and village_id is None:
        raise BadEntry("村", "请选这个群是哪个村的。")
    query = select(Room).where(Room.transport == TRANSPORT, Room.name == clean)
    if session.exec(query).first() is not None:
        raise BadEntry("群名", "已经有叫这个名字的手动群了。")
    key = hashlib.sha256(f"{clean}{now.isoformat()}".encode()).hexdigest()[:16]
    room = Room(transport=TRANSPORT, external_id=f"hand:{key}", name=clean, village_id=village_id, kind=kind)
    room.created_at = now
    session.add(room)
    session.flush()
    return room


def find_room(session: Session, room_id: int, *, village_id: int | None) -> Room:
    """A group that is served by hand, of this village where one is given. Raises `NotThere`."""
    room = session.get(Room, room_id)
    if room is None or room.transport != TRANSPORT or (village_id is not None and room.village_id != village_id):
        raise NotThere("这个群")
    return room


def served(session: Session, *, village_id: int | None, now: datetime, limit: int | None = None) -> list[Served]:
    """The groups that are served by hand, those where something waits first."""
    waits = (
        select(Outbox.room_id, func.count().label("many"), func.min(Outbox.not_before).label("oldest"))
        .where(*_due(now))
        .group_by(col(Outbox.room_id))
        .subquery()
    )
    query = (
        select(Room, Village.name, waits.c.many, waits.c.oldest)
        .outerjoin(Village, col(Room.village_id) == col(Village.id))
        .outerjoin(waits, waits.c.room_id == col(Room.id))
        .where(Room.transport == TRANSPORT, Room.kind != RoomKind.DIRECT)
        .order_by(func.coalesce(waits.c.many, 0).desc(), col(Room.id))
    )
    if village_id is not None:
        query = query.where(Room.village_id == village_id)
    return [
        Served(room.id or 0, room.name, village or "", room.kind, many or 0, oldest)
        for room, village, many, oldest in session.execute(query.limit(limit))
    ]


def cards(session: Session, room_id: int, *, now: datetime) -> list[Card]:
    """What is to be said in a group, or to one of its people alone, in the order in which it should be."""
    group = session.get_one(Room, room_id)
    alone = (col(Room.transport) == TRANSPORT) & col(Room.external_id).startswith(f"{group.external_id}:")
    query = select(Outbox, Room).join(Room).where(or_(col(Room.id) == room_id, alone), *_due(now))
    rows = session.exec(query.order_by(col(Outbox.priority), col(Outbox.id)).limit(SHOWN)).all()
    return [
        Card(
            row.id or 0,
            "".join(f"@{name} " for _, name in row.mentions) + row.text,
            room.external_id.removeprefix(f"{group.external_id}:") if room.kind is RoomKind.DIRECT else "",
            row.kind,
            row.not_before,
            row.picture_id,
            row.kind is OutboxKind.REPLY and row.not_before < now - STALE,
            row.priority == Priority.URGENT,
        )
        for row, room in rows
    ]


def said(session: Session, card_id: int, *, village_id: int | None, by: str, now: datetime) -> Outbox:
    """A hand has said it. Raises `CardGone`, `NotThere`."""
    return _settle(session, card_id, OutboxState.SENT, "", village_id=village_id, by=by, now=now)


def left_out(session: Session, card_id: int, *, village_id: int | None, by: str, now: datetime) -> Outbox:
    """A person decided not to say it. Raises `CardGone`, `NotThere`."""
    return _settle(session, card_id, OutboxState.CANCELLED, f"{by}决定不发", village_id=village_id, by=by, now=now)


def not_said(session: Session, card_id: int, *, village_id: int | None, now: datetime) -> Outbox:
    """It was marked by mistake: it waits again. Raises `SaidLongAgo`, `CardGone`, `NotThere`."""
    row = _row(session, card_id, village_id)
    if row.settled_at is not None and row.settled_at < now - MISTAKEN:
        raise SaidLongAgo
    again = update(Outbox).where(col(Outbox.id) == card_id, col(Outbox.state) == OutboxState.SENT)
    if not changed(session, again.values(state=OutboxState.PENDING, settled_at=None, transport_message_id="")):
        raise CardGone
    return row


def group_of(session: Session, room_id: int) -> int:
    """The group of a card's room: a direct chat with one of a group's people belongs to that group."""
    room = session.get_one(Room, room_id)
    if room.kind is not RoomKind.DIRECT:
        return room_id
    group = room.external_id.rsplit(":", 1)[0]
    found = session.exec(select(Room.id).where(Room.transport == room.transport, Room.external_id == group)).first()
    return found or room_id


def keep_draft(
    session: Session, lines: Sequence[dict[str, object]], *, room_id: int, user_id: int, now: datetime
) -> RelayDraft:
    """Keep pasted lines until they are corrected; drafts left alone for a day go."""
    old = session.exec(select(RelayDraft).where(RelayDraft.created_at < now - DRAFT_LIFE))
    for each in old:
        session.delete(each)
    draft = RelayDraft(room_id=room_id, user_id=user_id, created_at=now, lines=list(lines))
    session.add(draft)
    session.flush()
    return draft


def find_draft(session: Session, draft_id: int, *, user_id: int, room_id: int) -> RelayDraft:
    """A draft of this user's, of this group. Raises `NotThere`."""
    draft = session.get(RelayDraft, draft_id)
    if draft is None or draft.user_id != user_id or draft.room_id != room_id:
        raise NotThere("这份粘贴的内容")
    return draft


def person_id(room: Room, name: str) -> str:
    """By what a person in a hand-served group is known: there is no id but the name in that group.

    So such a person never holds a role, and two of one name in one group are one.
    """
    return f"{room.external_id}:{name.replace(':', '：')}"


def message_id(room: Room, name: str, text: str, stamp: str, turn: int) -> str:
    """The same line pasted twice is the same message; ``turn`` tells apart equal lines of one paste."""
    parts = "\x1f".join((room.external_id, name, text, stamp, str(turn)))
    return f"hand:{hashlib.sha256(parts.encode()).hexdigest()[:32]}"


def _due(now: datetime) -> tuple[ColumnElement[bool], ...]:
    waits = col(Outbox.state) == OutboxState.PENDING
    alive = or_(col(Outbox.expires_at).is_(None), col(Outbox.expires_at) > now)
    return waits, col(Outbox.not_before) <= now, alive


def _row(session: Session, card_id: int, village_id: int | None) -> Outbox:
    row = session.get(Outbox, card_id)
    if row is None:
        raise NotThere("这一条")
    find_room(session, group_of(session, row.room_id), village_id=village_id)
    return row


def _settle(
    session: Session, card_id: int, state: OutboxState, why: str, *, village_id: int | None, by: str, now: datetime
) -> Outbox:
    row = _row(session, card_id, village_id)
    values = {"state": state, "settled_at": now, "claimed_at": now, "error": why, "transport_message_id": f"hand:{by}"}
    waiting = update(Outbox).where(col(Outbox.id) == card_id, col(Outbox.state) == OutboxState.PENDING)
    if not changed(session, waiting.values(**values)):
        raise CardGone
    return row
