"""The one way of a broadcast into the outbox, and what must hold: just what was approved, not too many a day."""

import hashlib
import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from sqlalchemy import Insert, bindparam, func, insert
from sqlalchemy import select as core_select
from sqlmodel import Session

from data import audiences, broadcast_texts, steps, subscriptions, tell
from data.audiences import Audience, Reach
from data.broadcast_errors import RoomsFull
from data.desk_tables import ConsoleRole, ConsoleUser
from data.errors import Declined
from data.loop import Subject
from data.mail import Outbox, OutboxKind, OutboxState, Priority
from data.phrases import day_and_time
from data.rules import Rules
from data.statements import table_of
from data.tables import Broadcast, BroadcastState, Release

_LATELY = timedelta(days=3)  # what was queued longer ago has left, for the count of a day
_OUT, _BROADCAST, _USER = table_of(Outbox), table_of(Broadcast), table_of(ConsoleUser)
_APPROVERS = (ConsoleRole.APPROVER, ConsoleRole.ADMIN)
_COUNTED = (OutboxState.PENDING, OutboxState.SENDING, OutboxState.SENT, OutboxState.UNKNOWN)


class NotAnApprover(Declined):
    """Somebody whose log-in to the console lets them write notices, and not release them; so does their chat."""

    def __init__(self, number: int) -> None:
        super().__init__(f"您在控制台的身份还不能放行通知。B{number}请审核员或管理员来放行；要当审核员，请找管理员。")


def approvers(session: Session, *, but: Collection[int]) -> list[int]:
    """The coordinators who may release a notice: all but those whose log-in to the console is no approver's."""
    withheld = _withheld(session)
    return [each for each in tell.coordinators(session) if each not in but and each not in withheld]


def refuse_others(session: Session, number: int, *, by: int) -> None:
    """Raises `NotAnApprover` for those who may not release: the chat gives nobody more than the console does."""
    if by in _withheld(session):
        raise NotAnApprover(number)


def _withheld(session: Session) -> set[int]:
    """The members who act for users of the console that are no approvers."""
    query = core_select(_USER.c.member_id).where(_USER.c.active, _USER.c.role.not_in(_APPROVERS))
    return set(session.execute(query).scalars())


def digest_of(broadcast: Broadcast, reach: Reach) -> str:
    """SHA-256 over all that an approval binds to: text, groups, members, hour, urgency."""
    at = broadcast.leaves_at.astimezone(UTC).isoformat() if broadcast.leaves_at else ""
    bound = [broadcast.text, sorted(reach.room_ids), sorted(reach.members), at, broadcast.urgent]
    return hashlib.sha256(json.dumps(bound, ensure_ascii=False).encode()).hexdigest()


def step(
    session: Session, broadcast: Broadcast, state: str, *, by: int | None, now: datetime, reason: str = ""
) -> None:
    """Write a step of a notice down."""
    assert broadcast.id is not None
    steps.record(session, Subject.BROADCAST, broadcast.id, state, by=by, now=now, reason=reason)


def refuse_full(session: Session, broadcast: Broadcast, *, rules: Rules, now: datetime) -> None:
    """Raises `RoomsFull` where groups of it have had as many notices that day as are good for them."""
    if full := full_rooms(session, broadcast, rules=rules, now=now):
        day = day_and_time(broadcast_texts.start(broadcast, rules=rules, now=now), rules.zone, now=now)[:-5]
        raise RoomsFull(broadcast.id or 0, tuple(full), day=day, most=rules.broadcast.per_room_day)


def full_rooms(session: Session, broadcast: Broadcast, *, rules: Rules, now: datetime) -> list[str]:
    """Names of its groups that have had their notices of the day; none for what is urgent, or corrects another."""
    most = rules.broadcast.per_room_day
    if not most or broadcast.urgent or broadcast.corrects_id is not None:
        return []
    local = broadcast_texts.start(broadcast, rules=rules, now=now).astimezone(rules.zone)
    day = local.replace(hour=0, minute=0, second=0, microsecond=0)
    lately = core_select(_BROADCAST.c.id).where(_BROADCAST.c.decided_at > now - _LATELY)
    left = func.coalesce(_OUT.c.claimed_at, _OUT.c.not_before)
    had = (
        core_select(_OUT.c.room_id)
        .where(_OUT.c.broadcast_id.in_(lately), _OUT.c.state.in_(_COUNTED), left >= day, left < day + timedelta(days=1))
        .group_by(_OUT.c.room_id)
        .having(func.count() >= most)
    )
    full = set(session.execute(had).scalars()) & set(broadcast.room_ids)
    names = dict(audiences.reach(session, Audience(rooms=tuple(sorted(full)))).rooms) if full else {}
    return [names[id_] for id_ in sorted(names)]


def release(
    session: Session,
    broadcast: Broadcast,
    on: Release,
    *,
    by: int | None,
    now: datetime,
    rules: Rules,
    reason: str = "",
) -> int:
    """Queue it for each of its groups and members, at once and in one go; returns how many messages.

    The one way into the outbox: what two people release was approved exactly as it stands.
    """
    assert on != Release.TWO or (broadcast.approved_digest == broadcast.digest and broadcast.approved_by is not None)
    begin = broadcast_texts.start(broadcast, rules=rules, now=now)
    direct = audiences.direct_rooms(session, broadcast.member_ids, now=now) if broadcast.member_ids else []
    plain, personal = broadcast.text, subscriptions.direct_text(broadcast.text)
    rows = [{"room": id_, "key": f"broadcast:{broadcast.id}:{id_}", "words": plain} for id_ in broadcast.room_ids]
    rows += [{"room": id_, "key": f"broadcast:{broadcast.id}:{id_}", "words": personal} for id_ in direct]
    session.execute(_insert_all(broadcast.id, urgent=broadcast.urgent, now=now, not_before=begin), rows)
    broadcast.state, broadcast.released, broadcast.decided_at = BroadcastState.QUEUED, on, now
    state = BroadcastState.QUEUED if on == Release.TWO else on
    step(session, broadcast, state, by=by, now=now, reason=reason)
    session.flush()
    return len(rows)


def _insert_all(broadcast_id: int | None, *, urgent: bool, now: datetime, not_before: datetime) -> Insert:
    """One statement for all rows; what differs are ``room``, ``key`` and ``words``."""
    return insert(_OUT).values(
        room_id=bindparam("room"),
        once=bindparam("key"),
        text=bindparam("words"),
        kind=OutboxKind.NOTICE,
        priority=int(Priority.URGENT if urgent else Priority.NOTICE),
        mentions=[],
        state=OutboxState.PENDING,
        queued_at=now,
        not_before=not_before,
        attempts=0,
        held=0,
        transport_message_id="",
        error="",
        broadcast_id=broadcast_id,
        gathered=[],
    )
