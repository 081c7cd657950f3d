"""What became of what we said: where it went, what is in doubt, what failed; and a person's word on it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data import broadcast_texts, broadcasts, missed, outbox, tell
from data.broadcast_texts import STATE_NAMES
from data.errors import NothingInDoubt, NothingMissed
from data.mail import Account, Outbox, OutboxKind, OutboxState
from data.tables import Broadcast, Room
from data.voices import shorten

_WAITS = (OutboxState.PENDING, OutboxState.SENDING)
_DOUBT = OutboxState.UNKNOWN
RECENT = timedelta(days=2)  # what 发送情况 looks back on
NAMED = 13  # characters of a notice by which it is told from others


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one message in one room."""

    id: int
    room: str
    state: OutboxState
    why: str
    text: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of one broadcast: rooms by state, and the rooms where somebody should look."""

    number: int
    text: str
    counts: dict[OutboxState, int]
    doubtful: tuple[Fate, ...]
    failed: tuple[Fate, ...]
    mark: str = ""  # 紧急发布, 单人发布, 已停发
    unit: str = "群"  # 处 where some of it goes to people directly

    @property
    def rooms(self) -> int:
        return sum(self.counts.values())

    @property
    def sent(self) -> int:
        """Rooms of which there is evidence."""
        return self.counts.get(OutboxState.SENT, 0)

    @property
    def waiting(self) -> int:
        return sum(self.counts.get(state, 0) for state in _WAITS)


def tally(session: Session, number: int) -> Tally | None:
    """One broadcast's standing, None where there is none of that number or nothing of it was queued."""
    broadcast = session.get(Broadcast, number)
    if broadcast is None:
        return None
    mine = col(Outbox.broadcast_id) == number
    rows = session.execute(core_select(Outbox.state, func.count()).where(mine).group_by(Outbox.state))  # type: ignore[call-overload]
    counts: dict[OutboxState, int] = {OutboxState(state): many for state, many in rows}
    if not counts:
        return None
    return Tally(
        number,
        broadcast.text,
        counts,
        tuple(_fates(session, mine, (_DOUBT,))),
        tuple(_fates(session, mine, (OutboxState.FAILED, OutboxState.EXPIRED))),
        broadcast_texts.mark(broadcast),
        "处" if broadcast.member_ids else "群",
    )


def unreleased(session: Session, *, since: datetime) -> list[tuple[int, str, str]]:
    """(number, text, where it stands) of the broadcasts that are not released, the newest first."""
    return [(each.id or 0, each.text, STATE_NAMES[each.state]) for each in broadcasts.waiting(session, since=since)]


def lately(session: Session, *, since: datetime, limit: int = 5) -> list[Tally]:
    """The broadcasts that were queued lately, the newest first."""
    query = (
        core_select(Outbox.broadcast_id)  # type: ignore[call-overload]
        .where(col(Outbox.broadcast_id).is_not(None), Outbox.queued_at >= since)
        .group_by(Outbox.broadcast_id)
        .order_by(col(Outbox.broadcast_id).desc())
        .limit(limit)
    )
    tallies = (tally(session, number) for number in session.execute(query).scalars().all())
    return [each for each in tallies if each is not None]


def loose_ends(session: Session, *, since: datetime, limit: int = 8) -> list[Fate]:
    """Single messages (of no broadcast) that are in doubt, failed or were missed, the newest first."""
    # Said so that the index of broadcasts does not serve: nearly all rows have none.
    single = (func.coalesce(col(Outbox.broadcast_id), 0) == 0) & (col(Outbox.queued_at) >= since)
    ended = (col(Outbox.state) != OutboxState.EXPIRED) | (col(Outbox.error) == missed.MISSED)
    return list(_fates(session, single & ended, (_DOUBT, OutboxState.FAILED, OutboxState.EXPIRED), limit=limit))


def held(session: Session, *, now: datetime) -> list[Account]:
    """The accounts whose breaker is open."""
    return list(session.exec(select(Account).where(col(Account.breaker_until) > now)))


def settle(session: Session, row_ids: Sequence[int], *, there: bool, now: datetime) -> int:
    """A coordinator looked: it is there, or it is to be sent again. Only what is in doubt, or was missed.

    Raises `NothingInDoubt`.
    """
    doubtful = select(Outbox).where(col(Outbox.id).in_(row_ids), Outbox.state == _DOUBT)
    if not there:  # what was stopped meanwhile (停发) has expired, and is not sent again
        doubtful = doubtful.where(col(Outbox.expires_at).is_(None) | (col(Outbox.expires_at) > now))
    rows = session.exec(doubtful).all()
    late = [] if there else [each for each in missed.held_back(session, now=now) if each in set(row_ids)]
    if not rows and not late:
        raise NothingInDoubt
    missed.release(session, late, now=now, not_before=now)
    for row in rows:
        if there:
            row.state, row.settled_at, row.error = OutboxState.SENT, now, ""
        else:
            row.state, row.not_before, row.settled_at, row.error = OutboxState.PENDING, now, None, ""
    return len(rows) + len(late)


def make_up(session: Session, *, go: bool, now: datetime, not_before: datetime) -> tuple[int, int]:
    """A coordinator's word on all that was missed: (messages, rooms). Raises `NothingMissed`."""
    ids = missed.held_back(session, now=now)
    if not ids:
        raise NothingMissed
    query = core_select(func.count(func.distinct(Outbox.room_id))).where(col(Outbox.id).in_(ids))
    rooms = session.execute(query).scalar_one()
    if go:
        return missed.release(session, ids, now=now, not_before=not_before), rooms
    return missed.drop(session, ids, now=now), rooms


def report_missed(session: Session, ids: Sequence[int], *, now: datetime, not_before: datetime) -> None:
    """Ask every coordinator, privately and together, what shall become of the notices that an outage held back."""
    query = (
        core_select(Outbox.text, func.count())  # type: ignore[call-overload]
        .where(col(Outbox.id).in_(ids))
        .group_by(Outbox.text)
        .order_by(func.min(Outbox.id))
    )
    lines = [f"“{shorten(text, NAMED)}”{many}处" for text, many in session.execute(query)]
    for member_id in tell.coordinators(session) if lines else ():
        _privately(session, member_id, lines, "missed", _asked, now=now, not_before=not_before)


def _asked(lines: list[str]) -> str:
    shown = "；".join(lines[:5]) + (f"等{len(lines)}件" if len(lines) > 5 else "")
    return f"停机误了点，没有发：{shown}。还要发，回“补发”；不发了，回“不补”。三天内有效。"


def report(session: Session, ids: Sequence[int], *, now: datetime, not_before: datetime) -> None:
    """Tell every coordinator, privately and together, of what failed for good; not of answers, nor of such reports."""
    query = (
        core_select(Outbox.id, Room.name, Outbox.error)  # type: ignore[call-overload]
        .join(Room, col(Outbox.room_id) == col(Room.id))
        .where(col(Outbox.id).in_(ids), Outbox.kind != OutboxKind.REPLY)
    )
    lines = [f"{room or '私聊'}（{why or '原因不明'}）" for _, room, why in session.execute(query)]
    for member_id in tell.coordinators(session) if lines else ():
        _privately(session, member_id, lines, "failed", _told, now=now, not_before=not_before)


def _privately(
    session: Session,
    member_id: int,
    lines: Sequence[str],
    key: str,
    together: Callable[[list[str]], str],
    *,
    now: datetime,
    not_before: datetime,
) -> None:
    room_id = tell.direct_room(session, member_id, now=now)
    for line in lines:
        outbox.gather(
            session,
            line,
            key=key,
            text=together([line]),
            together=together,
            room_id=room_id,
            now=now,
            not_before=not_before,
            expires_at=not_before + RECENT,
        )


def _told(lines: list[str]) -> str:
    return f"有{len(lines)}条没发出去：{'；'.join(lines)}。发“发送情况”看怎么办。"


def _fates(session: Session, which: object, states: Sequence[OutboxState], *, limit: int = 20) -> list[Fate]:
    query = (
        core_select(Outbox.id, Room.name, Outbox.state, Outbox.error, Outbox.text)  # type: ignore[call-overload]
        .join(Room, col(Outbox.room_id) == col(Room.id))
        .where(which, col(Outbox.state).in_(states))
        .order_by(col(Outbox.id).desc())
        .limit(limit)
    )
    return [
        Fate(id_, room or "私聊", OutboxState(state), why, text)
        for id_, room, state, why, text in session.execute(query)
    ]
