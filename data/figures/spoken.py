"""How texts and notices are counted: to how many groups they went, who could read them, who wrote back.

As in `data.reach`: sent is what there is evidence of, members of a group are those whom the bot had heard there by
then, and replies are what was said to the bot in that group within a day. A message counts where it was certain.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, func, select

from data.figures.figure import Column, Condition, Source, Things, months, places
from data.figures.scope import Scope
from data.figures.sql import seconds_between
from data.mail import OUTBOX_SPOKEN, Inbox, Outbox, OutboxKind
from data.statements import table_of
from data.tables import Room, RoomKind

OUT, IN, ROOM = table_of(Outbox), table_of(Inbox), table_of(Room)
DAY = timedelta(days=1)
SENT_TO = ROOM.join(OUT, OUT.c.room_id == ROOM.c.id)
_TEXT = OUT.c.kind == OutboxKind.PUSH
_NOTICE = OUT.c.broadcast_id.is_not(None)
_EITHER = _TEXT | _NOTICE
GROUP = ROOM.c.kind != RoomKind.DIRECT


def _messages(where: ColumnElement[bool]) -> Source:
    return Source(
        subject="message",
        table=SENT_TO,
        id=OUT.c.id,
        at=OUT.c.settled_at,
        text=OUT.c.text,
        where=lambda scope: (OUTBOX_SPOKEN, scope.inside(OUT.c.settled_at), _EITHER, where),
        village=ROOM.c.village_id,
        dims={"month": months(OUT.c.settled_at), **places(ROOM.c.village_id)},
    )


SPOKEN = _messages(GROUP)
DIRECT = _messages(ROOM.c.kind == RoomKind.DIRECT)


def texts(_scope: Scope) -> tuple[Condition, ...]:
    """Of what was sent, policy texts."""
    return (_TEXT,)


def notices(_scope: Scope) -> tuple[Condition, ...]:
    """Of what was sent, notices."""
    return (_NOTICE,)


def room(_scope: Scope) -> Column:
    """The group of a message."""
    return ROOM.c.id


GROUPS = Things("room", ROOM.c.name, func.count(), "收到几条")


def _last_before(scope: Scope) -> Any:
    """When a group was last sent something in the period before it was heard from."""
    mine = (OUT.c.room_id == IN.c.room_id, OUTBOX_SPOKEN, _EITHER, OUT.c.settled_at >= scope.start)
    before = case((IN.c.heard_at < scope.end, IN.c.heard_at), else_=scope.end)  # of two bounds SQLite may walk to one
    last = select(OUT.c.settled_at).where(*mine, OUT.c.settled_at < before)
    return last.order_by(OUT.c.settled_at.desc()).limit(1).correlate(IN).scalar_subquery()


def _last_of_all(scope: Scope) -> Any:
    """When a group was last sent something in the period."""
    mine = (OUT.c.room_id == ROOM.c.id, OUTBOX_SPOKEN, _EITHER, scope.inside(OUT.c.settled_at))
    return select(func.max(OUT.c.settled_at)).where(*mine).correlate(ROOM).scalar_subquery()


REPLIES = Source(
    subject="heard",
    table=ROOM.join(IN, IN.c.room_id == ROOM.c.id),
    id=IN.c.id,
    at=IN.c.heard_at,
    text=IN.c.text,
    where=lambda scope: (
        GROUP,
        IN.c.heard_at > scope.start,
        IN.c.heard_at <= min(scope.end + DAY, scope.closes),
        seconds_between(_last_before(scope), IN.c.heard_at) <= DAY.total_seconds(),
    ),
    village=ROOM.c.village_id,
    dims={"month": months(IN.c.heard_at), **places(ROOM.c.village_id)},
)
REACHED = Source(
    subject="heard",
    table=ROOM.join(IN, IN.c.room_id == ROOM.c.id),
    id=IN.c.id,
    at=IN.c.heard_at,
    text=IN.c.text,
    where=lambda scope: (GROUP, IN.c.heard_at <= _last_of_all(scope)),
    village=ROOM.c.village_id,
    dims=places(ROOM.c.village_id),
)


def member(_scope: Scope) -> Column:
    """Who was heard."""
    return IN.c.member_id


# Of a person their number and a group of theirs: never how much they say.
PEOPLE = Things("member", ROOM.c.name, func.count(ROOM.c.id.distinct()), "在几个群")
