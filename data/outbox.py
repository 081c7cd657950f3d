"""What we say: every message is a row here before it is anything else, and one sender drains it.

The promise is *never lost silently, never sent twice by the machine*; `data.mail` draws the states.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, case, exists, func, insert, or_, select, update
from sqlmodel import Session, col

from data.columns import Moment
from data.mail import Outbox, OutboxKind, OutboxState, Priority
from data.record_tables import Material
from data.statements import changed, insert_one, table_of
from data.tables import Picture, Room, RoomKind

PRIORITIES = {
    OutboxKind.REPLY: Priority.REPLY,
    OutboxKind.NOTICE: Priority.NOTICE,
    OutboxKind.PUSH: Priority.PUSH,
}
_NOT_GONE = tuple(each for each in OutboxState if each not in (OutboxState.SENT, OutboxState.UNKNOWN))
GATHERED_MOST = 20  # items in one message
EVER = datetime(1, 1, 2, tzinfo=UTC)  # before all that was planned
_INSERT = insert(table_of(Outbox))
_MENTIONS = re.compile(r"^(?:@[^\u2005]*\u2005)+")
_OUT, _ROOM, _PICTURE, _MATERIAL = table_of(Outbox), table_of(Room), table_of(Picture), table_of(Material)
_ONCE = select(_OUT.c.id).where(_OUT.c.once == bindparam("once"))
_EARLIER = _OUT.alias("earlier")
# What waits for another try is not overtaken in its room; what is merely planned for later (quiet hours) may be.
_HELD = exists().where(
    _EARLIER.c.room_id == _OUT.c.room_id,
    _EARLIER.c.state == OutboxState.PENDING,
    _EARLIER.c.id < _OUT.c.id,
    _EARLIER.c.error != "",
    _EARLIER.c.not_before > bindparam("now"),
)
_DUE = (
    select(_OUT.c.id, _OUT.c.room_id, _OUT.c.kind, _OUT.c.queued_at, _ROOM.c.transport)
    .join(_ROOM, _OUT.c.room_id == _ROOM.c.id)
    .where(
        _OUT.c.state == OutboxState.PENDING,
        _OUT.c.not_before <= bindparam("now"),
        _ROOM.c.transport == bindparam("transport"),
        or_(_OUT.c.kind == OutboxKind.REPLY, _OUT.c.not_before >= bindparam("planned")),
        ~_HELD,
    )
    .order_by(_OUT.c.priority, _OUT.c.id)
    .limit(bindparam("limit"))
)
_ANSWERS_DUE = _DUE.where(_OUT.c.kind == OutboxKind.REPLY)
_LETTERS = (
    select(
        _OUT.c.id,
        _OUT.c.text,
        _OUT.c.mentions,
        _OUT.c.kind,
        _ROOM.c.transport,
        _ROOM.c.external_id,
        _ROOM.c.kind == RoomKind.DIRECT,
        _PICTURE.c.png,
        func.coalesce(_PICTURE.c.name, ""),
        _OUT.c.picture_id,
        case((func.length(_PICTURE.c.png) == 0, _PICTURE.c.svg), else_=""),
        _OUT.c.held,
        func.coalesce(_MATERIAL.c.path, ""),
        func.coalesce(_MATERIAL.c.file_name, ""),
    )
    .join(_ROOM, _OUT.c.room_id == _ROOM.c.id)
    .join(_PICTURE, _OUT.c.picture_id == _PICTURE.c.id, isouter=True)
    .join(_MATERIAL, _OUT.c.material_id == _MATERIAL.c.id, isouter=True)
    .where(_OUT.c.id.in_(bindparam("ids", expanding=True)))
    .order_by(_OUT.c.priority, _OUT.c.id)
)
_EXPIRE = (
    update(_OUT)
    .where(
        _OUT.c.id.in_(bindparam("ids", expanding=True)),
        _OUT.c.state == OutboxState.PENDING,
        _OUT.c.expires_at <= bindparam("late"),
    )
    .values(state=OutboxState.EXPIRED, settled_at=bindparam("late"), error="过期未发")
)
_CLAIM = (
    update(_OUT)
    .where(_OUT.c.id.in_(bindparam("ids", expanding=True)), _OUT.c.state == OutboxState.PENDING)
    .values(state=OutboxState.SENDING, claimed_at=bindparam("at"), attempts=_OUT.c.attempts + 1)
    .returning(_OUT.c.id)
)
_GATHERING = (
    select(Outbox)
    .where(
        _OUT.c.room_id == bindparam("room_id"),
        _OUT.c.state == OutboxState.PENDING,
        _OUT.c.gather == bindparam("key"),
        _OUT.c.attempts == 0,
    )
    .order_by(_OUT.c.id.desc())
    .limit(1)
)
_SETTLE = (
    update(_OUT)
    .where(_OUT.c.id == bindparam("row"), _OUT.c.state == OutboxState.SENDING)
    .values(
        state=bindparam("to"),
        error=bindparam("why"),
        settled_at=bindparam("at"),
        transport_message_id=bindparam("message"),
    )
)
_HOLD = (
    update(_OUT)
    .where(_OUT.c.id == bindparam("row"), _OUT.c.state == OutboxState.SENDING)
    # It did not go out, so the attempt does not count.
    .values(
        state=OutboxState.PENDING,
        error=bindparam("why"),
        not_before=bindparam("at"),
        attempts=_OUT.c.attempts - 1,
        held=_OUT.c.held + 1,
        expires_at=func.coalesce(_OUT.c.expires_at, bindparam("lapses", type_=Moment)),
    )
)


@dataclass(frozen=True, slots=True)
class Due:
    """A row that may leave now, as far as its own times say; pacing may hold it longer."""

    id: int
    room_id: int
    kind: OutboxKind
    queued_at: datetime
    transport: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed row with all that a transport needs."""

    id: int
    text: str
    mentions: tuple[tuple[str, str], ...]
    kind: OutboxKind
    transport: str
    room: str
    direct: bool
    png: bytes | None
    picture_name: str
    picture_id: int | None = None
    svg: str = ""  # of a picture that is still to be drawn
    held: int = 0  # times that it was tried and certainly did not go out
    file: str = ""  # of a piece of material, relative to its folder
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """How one attempt ended. ``retry_at`` is set where it certainly was not sent and may be tried again.

    From the first of such tries on, what had no expiry of its own expires at ``lapses_at``.
    ``trouble`` names the transport whose account is in trouble, as far as this attempt shows.
    """

    id: int
    state: OutboxState
    transport_message_id: str = ""
    error: str = ""
    retry_at: datetime | None = None
    trouble: str = ""
    lapses_at: datetime | None = None


def queue(
    session: Session,
    *,
    room_id: int,
    kind: OutboxKind,
    text: str,
    now: datetime,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    mentions: Sequence[Sequence[str]] = (),
    picture_id: int | None = None,
    material_id: int | None = None,
    inbox_id: int | None = None,
    broadcast_id: int | None = None,
    once: str | None = None,
    gathers: tuple[str, str] | None = None,
) -> int | None:
    """Queue one message; its text is frozen from here on, unless it ``gathers`` (key, item) more (see `gather`).

    Returns its id, or None when ``once`` was said before.
    """
    if once is not None and session.execute(_ONCE, {"once": once}).first() is not None:
        return None
    values = {
        "room_id": room_id,
        "kind": kind,
        "priority": int(PRIORITIES[kind]),
        "text": text,
        "mentions": [list(each) for each in mentions],
        "picture_id": picture_id,
        "material_id": material_id,
        "state": OutboxState.PENDING,
        "queued_at": now,
        "not_before": not_before or now,
        "expires_at": expires_at,
        "attempts": 0,
        "transport_message_id": "",
        "error": "",
        "inbox_id": inbox_id,
        "broadcast_id": broadcast_id,
        "once": once,
        "gather": gathers[0] if gathers else None,
        "gathered": [[inbox_id, gathers[1]]] if gathers else [],
    }
    row_id = insert_one(session, _INSERT, values)
    if (recorder := session.info.get("deed")) is not None:  # see `data.deeds`
        recorder.outbox_ids.append(row_id)
    return row_id


def gather(
    session: Session,
    item: str,
    *,
    key: str,
    text: str,
    together: Callable[[list[str]], str],
    room_id: int,
    now: datetime,
    not_before: datetime | None = None,
    expires_at: datetime | None = None,
    mentions: Sequence[Sequence[str]] = (),
    inbox_id: int | None = None,
) -> int:
    """Say ``item`` together with others of its ``key`` that still wait in this room, else alone as ``text``.

    ``together`` words several items. What is on its way is never changed: the next item begins a new row.
    """
    waiting: Outbox | None = session.execute(_GATHERING, {"room_id": room_id, "key": key}).scalars().first()
    if waiting is None or len(waiting.gathered) >= GATHERED_MOST:
        row_id = queue(
            session,
            room_id=room_id,
            kind=OutboxKind.REPLY,
            text=text,
            now=now,
            not_before=not_before,
            expires_at=expires_at,
            mentions=mentions,
            inbox_id=inbox_id,
            gathers=(key, item),
        )
        assert row_id is not None
        return row_id
    waiting.gathered = [*waiting.gathered, [inbox_id, item]]
    waiting.text = together([str(said) for _, said in waiting.gathered])
    known = {who for who, _ in waiting.mentions}
    waiting.mentions = [*waiting.mentions, *(list(each) for each in mentions if each[0] not in known)]
    session.flush()
    assert waiting.id is not None
    return waiting.id


def due(
    session: Session,
    *,
    transports: Iterable[str],
    now: datetime,
    limit: int,
    answers_only: Collection[str] = (),
    planned: datetime = EVER,
) -> list[Due]:
    """Rows that may leave now, at most ``limit`` over each of these transports, the most urgent of each first.

    Over those of ``answers_only`` nothing but replies. What is no reply only where it was planned for ``planned`` or
    later: in quiet hours, what was planned for before them waits, and what was planned for just then is urgent.
    """
    given = {"now": now, "limit": limit, "planned": planned}
    return [
        Due(*row)
        for transport in transports
        for row in session.execute(
            _ANSWERS_DUE if transport in answers_only else _DUE, given | {"transport": transport}
        )
    ]


def claim(session: Session, ids: Sequence[int], *, now: datetime) -> list[Letter]:
    """Take rows for sending: ``pending → sending``. Commit before the transport is called. Expired rows end here."""
    session.execute(_EXPIRE, {"ids": list(ids), "late": now})
    claimed = list(session.execute(_CLAIM, {"ids": list(ids), "at": now}).scalars())
    if not claimed:
        return []
    return [
        Letter(id_, text, tuple((who, name) for who, name in mentions), *rest)
        for id_, text, mentions, *rest in session.execute(_LETTERS, {"ids": claimed})
    ]


def settle(session: Session, outcomes: Iterable[Settled], *, now: datetime) -> None:
    """Write down how attempts ended. A row that its own echo settled meanwhile stays sent."""
    held, done = [], []
    for each in outcomes:
        values = {"row": each.id, "why": each.error, "at": each.retry_at or now}
        if each.retry_at is not None:
            held.append(values | {"lapses": each.lapses_at})
        else:
            done.append(values | {"to": each.state, "message": each.transport_message_id})
    if held:
        session.execute(_HOLD, held)
    if done:
        session.execute(_SETTLE, done)


def orphan(session: Session, *, now: datetime) -> int:
    """At start: rows that we died over became unknown. Returns how many."""
    stale = update(_OUT).where(_OUT.c.state == OutboxState.SENDING)
    return changed(session, stale.values(state=OutboxState.UNKNOWN, settled_at=now, error="发送途中程序停了"))


def settle_by_echo(session: Session, *, transport: str, room: str, text: str, message_id: str, now: datetime) -> bool:
    """Our own message came back in its room: the oldest row there with these words that is in doubt was sent.

    Not where the message is already known as another row's: two rows may say the same.
    """
    ours = select(_OUT.c.id).join(_ROOM, _OUT.c.room_id == _ROOM.c.id)
    ours = ours.where(_ROOM.c.transport == transport, _ROOM.c.external_id == room)
    if message_id and session.execute(ours.where(_OUT.c.transport_message_id == message_id)).first():
        return False
    candidates = (
        select(Outbox)
        .join(Room, col(Outbox.room_id) == col(Room.id))
        .where(
            col(Room.transport) == transport,
            col(Room.external_id) == room,
            col(Outbox.state).in_((OutboxState.SENDING, OutboxState.UNKNOWN)),
        )
        .order_by(col(Outbox.id))
    )
    for row in session.execute(candidates).scalars():
        if says(text, row.text):
            row.state, row.settled_at, row.transport_message_id, row.error = OutboxState.SENT, now, message_id, ""
            return True
    return False


def says(echo: str, text: str) -> bool:
    """Whether an echo is of ``text``: transports put mentions before it and may cut it into parts."""
    words = _MENTIONS.sub("", echo)
    return bool(words) and text.startswith(words)


def retry_fresh_replies(session: Session, *, now: datetime, doubt: timedelta, fresh: timedelta) -> int:
    """Direct answers in doubt for longer than ``doubt``, with no echo, and still fresh, are sent once more.

    A push or a notice is never sent again on a guess.
    """
    again = (
        update(_OUT)
        .where(
            _OUT.c.kind == OutboxKind.REPLY,
            _OUT.c.state == OutboxState.UNKNOWN,
            _OUT.c.attempts < 2,
            _OUT.c.settled_at <= now - doubt,
            _OUT.c.queued_at > now - fresh,
        )
        .values(state=OutboxState.PENDING, not_before=now, settled_at=None)
    )
    return changed(session, again)


def in_doubt(session: Session) -> set[tuple[str, str]]:
    """(transport, room's external id) of the rooms where an unknown row waits for evidence."""
    query = (
        select(_ROOM.c.transport, _ROOM.c.external_id)
        .join(_OUT, _OUT.c.room_id == _ROOM.c.id)
        .where(_OUT.c.state == OutboxState.UNKNOWN)
        .distinct()
    )
    return {(transport, room) for transport, room in session.execute(query)}


def last_sends(session: Session, *, since: datetime) -> list[tuple[int, str, OutboxKind, datetime]]:
    """(room id, transport, kind, time) of all that was or may have been sent since, oldest first: pacing goes on."""
    query = (
        select(_OUT.c.room_id, _ROOM.c.transport, _OUT.c.kind, _OUT.c.claimed_at)
        .join(_ROOM, _OUT.c.room_id == _ROOM.c.id)
        .where(_OUT.c.claimed_at > since, _OUT.c.state.not_in(_NOT_GONE))  # a NOT IN: the way is by time, not by state
        .order_by(_OUT.c.claimed_at)
    )
    return [(room_id, transport, kind, at) for room_id, transport, kind, at in session.execute(query)]
