"""What could not leave in its time: after an outage nothing old comes out of nowhere, and nothing is lost silently.

Lateness is what an outage of ours cost a row (the process was down, the gateway away, the breaker open), not what
pacing costs it: a broadcast to three hundred groups may take its hours.

    reply   lapses
    push    sent while it is late by no more than the grace, then lapses: the next one comes
    notice  sent while it is late by no more than its grace, then held back: coordinators are told what did not leave
            and say 补发, which sends it now, or 不补
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlmodel import Session

from data.mail import Outbox, OutboxKind, OutboxState
from data.relay import TRANSPORT as HANDS
from data.statements import changed, table_of
from data.tables import Room

TOO_LATE = "过了时候，没有发"
MISSED = "停机误了点，没有发"  # the reason of a notice that a coordinator may release again
DROPPED = "停机误了点，干事说不补"
OUTAGE = timedelta(minutes=10)  # a shorter one changes nothing
KEPT = timedelta(days=3)  # how long what was missed can be released again, and an answer waits for hands

_OUT, _ROOM = table_of(Outbox), table_of(Room)
_PENDING = _OUT.c.state == OutboxState.PENDING
_HELD_BACK = and_(
    _OUT.c.state == OutboxState.EXPIRED, _OUT.c.kind == OutboxKind.NOTICE, _OUT.c.error == MISSED
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Patience:
    """How late a row of each kind may still leave."""

    reply: timedelta = timedelta(hours=2)
    push: timedelta = timedelta(minutes=90)
    notice: timedelta = timedelta(hours=12)


def lapse(session: Session, patience: Patience, *, now: datetime) -> int:
    """What waited past its expiry ends, and answers that have waited too long. Returns how many."""
    by_hand = _OUT.c.room_id.in_(
        select(_ROOM.c.id).where(_ROOM.c.transport == HANDS)
    )  # a person comes by when they can
    old_answers = and_(
        _OUT.c.kind == OutboxKind.REPLY,
        _OUT.c.expires_at.is_(None),
        _OUT.c.not_before <= now - patience.reply,
        or_(_OUT.c.not_before <= now - KEPT, ~by_hand),
    )
    late = update(_OUT).where(_PENDING, or_(_OUT.c.expires_at <= now, old_answers))
    return changed(session, late.values(state=OutboxState.EXPIRED, settled_at=now, error=TOO_LATE))


def after_outage(
    session: Session, transport: str, *, since: datetime, patience: Patience, now: datetime
) -> tuple[int, list[int]]:
    """We can speak again over this transport: (how many pushes lapsed, the ids of the notices held back)."""
    pushes = _expire(session, transport, OutboxKind.PUSH, since, patience.push, TOO_LATE, now)
    return len(pushes), _expire(session, transport, OutboxKind.NOTICE, since, patience.notice, MISSED, now)


def _expire(
    session: Session, transport: str, kind: OutboxKind, since: datetime, grace: timedelta, why: str, now: datetime
) -> list[int]:
    """End what is later than ``grace``: planned before that, and silent since before that."""
    if since > now - grace:
        return []
    late = (
        update(_OUT)
        .where(
            _PENDING,
            _OUT.c.kind == kind,
            _OUT.c.not_before <= now - grace,
            _OUT.c.room_id.in_(select(_ROOM.c.id).where(_ROOM.c.transport == transport)),
        )
        .values(state=OutboxState.EXPIRED, settled_at=now, error=why)
        .returning(_OUT.c.id)
    )
    return sorted(session.execute(late).scalars())


def held_back(session: Session, *, now: datetime) -> list[int]:
    """The notices that were held back and may still be released."""
    query = select(_OUT.c.id).where(_may_go(now)).order_by(_OUT.c.id)
    return list(session.execute(query).scalars())


def release(session: Session, ids: Sequence[int], *, now: datetime, not_before: datetime) -> int:
    """A coordinator says 补发: these leave after all, paced as ever. Only what may still go; returns how many."""
    again = update(_OUT).where(_OUT.c.id.in_(ids), _may_go(now))
    return changed(
        session, again.values(state=OutboxState.PENDING, not_before=not_before, settled_at=None, error="", held=0)
    )


def drop(session: Session, ids: Sequence[int], *, now: datetime) -> int:
    """A coordinator says 不补; returns how many."""
    return changed(session, update(_OUT).where(_OUT.c.id.in_(ids), _may_go(now)).values(error=DROPPED))


def _may_go(now: datetime) -> ColumnElement[bool]:
    return and_(
        _HELD_BACK,
        _OUT.c.settled_at > now - KEPT,
        or_(_OUT.c.expires_at.is_(None), _OUT.c.expires_at > now),
    )
