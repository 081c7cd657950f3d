"""The live numbers of the console: what waits, what goes out, and how far a broadcast got."""

from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from data.loop import Lecture, LectureState, Order, OrderState, Voice, VoiceKind
from data.mail import Outbox, OutboxState
from data.record_tables import Material, MaterialState
from data.rules import Rules
from data.statements import table_of
from data.tables import Broadcast, BroadcastState

_ORDER, _LECTURE, _VOICE = table_of(Order), table_of(Lecture), table_of(Voice)
_OUT, _BROADCAST, _MATERIAL = table_of(Outbox), table_of(Broadcast), table_of(Material)
WAITS = (OrderState.RECEIVED, OrderState.REVIEWED, OrderState.DISPATCHED, OrderState.ACCEPTED)
MANY = 1_000  # beyond it nobody counts


def numbers(
    session: Session, *, village_id: int | None, broadcast_id: int | None, rules: Rules, now: datetime
) -> dict[str, int]:
    """By name, each at most `MANY`: of one village, or of the town where None, and of one broadcast if given."""
    mine = (_ORDER.c.village_id == village_id,) if village_id is not None else ()
    orders = _ORDER.c.state.in_(WAITS), *mine
    theirs = (_VOICE.c.village_id == village_id,) if village_id is not None else ()
    cases = _VOICE.c.answered_at.is_(None), _VOICE.c.kind != VoiceKind.FEEDBACK, *theirs
    found = {
        "orders": _count(session, _ORDER.c.id, *orders),
        "late": _count(session, _ORDER.c.id, *orders, _ORDER.c.due_at <= now),
        "cases": _count(session, _VOICE.c.id, *cases),
        "lectures": _lectures_today(session, village_id, rules, now),
    }
    if village_id is None:
        found["approve"] = _count(session, _BROADCAST.c.id, _BROADCAST.c.state == BroadcastState.SUBMITTED)
        found["materials"] = _count(session, _MATERIAL.c.id, _MATERIAL.c.state == MaterialState.WAITING)
        found["outbox"] = _count(session, _OUT.c.id, _OUT.c.state == OutboxState.PENDING, _OUT.c.not_before <= now)
        found["unknown"] = _count(session, _OUT.c.id, _OUT.c.state == OutboxState.UNKNOWN)
    if broadcast_id is not None:
        found |= _broadcast(session, broadcast_id)
    return found


def _lectures_today(session: Session, village_id: int | None, rules: Rules, now: datetime) -> int:
    day = now.astimezone(rules.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    today = (
        _LECTURE.c.state != LectureState.CANCELLED,
        _LECTURE.c.starts_at >= day,
        _LECTURE.c.starts_at < day.replace(hour=23, minute=59, second=59),
    )
    mine = (_LECTURE.c.village_id == village_id,) if village_id is not None else ()
    return _count(session, _LECTURE.c.id, *today, *mine)


def _broadcast(session: Session, number: int) -> dict[str, int]:
    """How far it got: "b.sent" of "b.all", what is "b.unknown", "b.failed" or "b.waiting"."""
    query = select(_OUT.c.state, func.count()).where(_OUT.c.broadcast_id == number).group_by(_OUT.c.state)
    by: dict[str, int] = {str(state): many for state, many in session.execute(query)}
    return {
        "b.all": sum(by.values()) - by.get(OutboxState.CANCELLED, 0),
        "b.sent": by.get(OutboxState.SENT, 0),
        "b.unknown": by.get(OutboxState.UNKNOWN, 0),
        "b.failed": by.get(OutboxState.FAILED, 0) + by.get(OutboxState.EXPIRED, 0),
        "b.waiting": by.get(OutboxState.PENDING, 0) + by.get(OutboxState.SENDING, 0),
    }


def _count(session: Session, column: object, *conditions: object) -> int:
    rows = select(column).where(*conditions).limit(MANY).subquery()  # type: ignore[call-overload]
    return int(session.execute(select(func.count()).select_from(rows)).scalar_one())
