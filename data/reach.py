"""How far a text or a notice went: counted by what is certain. Unknown is told, and never counted as sent.

Members are those whom the bot had heard in that group by then: it knows no others. Replies are what was said to the bot
in that group within a day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy import select as core_select
from sqlmodel import Session, col

from data import snippets
from data.mail import Inbox, Outbox, OutboxState
from data.tables import Broadcast, Push, PushPart, Room, RoomKind, Snippet

DAY = timedelta(days=1)
_WAITS = (OutboxState.PENDING, OutboxState.SENDING)


@dataclass(slots=True)
class Reached:
    """What became of one text or notice. ``open`` are groups where its day of replies is not over yet."""

    name: str
    notice: int | None = None  # the number of a notice
    groups: int = 0
    people: int = 0  # written to directly, because they asked for it
    members: int = 0
    replies: int = 0
    repliers: int = 0
    unknown: int = 0
    failed: int = 0
    waiting: int = 0
    open: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Sent:
    """One message of a text or a notice in one room."""

    subject: tuple[str, int]
    room_id: int
    direct: bool
    state: OutboxState
    at: datetime


@dataclass(slots=True)
class _Heard:
    """Who spoke in one group, and when they first did."""

    first: dict[int, datetime] = field(default_factory=dict)
    said: list[tuple[datetime, int]] = field(default_factory=list)


def since(session: Session, start: datetime, *, now: datetime) -> list[Reached]:
    """Every text and notice of which something was queued since ``start``, the latest first."""
    sent = [*_pushes(session, start), *_notices(session, start)]
    heard = _heard(session, {each.room_id for each in sent if not each.direct}, start)
    names = _names(session, sent)
    found: dict[tuple[str, int], Reached] = {}
    by_subject: dict[tuple[str, int], list[_Sent]] = {}
    for each in sent:
        by_subject.setdefault(each.subject, []).append(each)
        kind, number = each.subject
        reached = found.setdefault(each.subject, Reached(names[each.subject], number if kind == "notice" else None))
        _count(reached, each, now=now)
    for subject, reached in found.items():
        _count_people(reached, by_subject[subject], heard, now=now)
    return sorted(found.values(), key=lambda each: (each.last is not None, each.last or start), reverse=True)


def _count(reached: Reached, each: _Sent, *, now: datetime) -> None:
    if each.state == OutboxState.SENT:
        reached.last = max(reached.last or each.at, each.at)
        if each.direct:
            reached.people += 1
        else:
            reached.groups += 1
            reached.open += each.at + DAY > now
    elif each.state == OutboxState.UNKNOWN:
        reached.unknown += 1
    elif each.state in _WAITS:
        reached.waiting += 1
    else:
        reached.failed += 1


def _count_people(reached: Reached, sent: Sequence[_Sent], heard: dict[int, _Heard], *, now: datetime) -> None:
    """Members known then, and who spoke to us within a day: nobody is counted twice."""
    members: set[int] = set()
    repliers: set[int] = set()
    for each in sent:
        if each.state != OutboxState.SENT or each.direct:
            continue
        group = heard.get(each.room_id, _Heard())
        members |= {who for who, first in group.first.items() if first <= each.at}
        replies = [who for at, who in group.said if each.at < at <= min(each.at + DAY, now)]
        reached.replies += len(replies)
        repliers |= set(replies)
    reached.members, reached.repliers = len(members), len(repliers)


def _pushes(session: Session, start: datetime) -> Iterable[_Sent]:
    """A question counts with its text, where the text itself has not come yet."""
    query = (
        core_select(
            col(Push.snippet_id),
            col(Push.part),
            col(Outbox.room_id),
            col(Room.kind),
            col(Outbox.state),
            func.coalesce(col(Outbox.claimed_at), col(Outbox.settled_at), col(Outbox.queued_at)),
        )
        .join(Outbox, col(Push.outbox_id) == col(Outbox.id))
        .join(Room, col(Outbox.room_id) == col(Room.id))
        .where(col(Outbox.queued_at) >= start)
        .order_by(col(Push.id))
    )
    for snippet_id, part, room_id, kind, state, at in session.execute(query):
        what = "question" if part == PushPart.QUESTION else "text"
        yield _Sent((what, snippet_id), room_id, kind == RoomKind.DIRECT, OutboxState(state), at)


def _notices(session: Session, start: datetime) -> Iterable[_Sent]:
    query = (
        core_select(
            col(Outbox.broadcast_id),
            col(Outbox.room_id),
            col(Room.kind),
            col(Outbox.state),
            func.coalesce(col(Outbox.claimed_at), col(Outbox.settled_at), col(Outbox.queued_at)),
        )
        .join(Room, col(Outbox.room_id) == col(Room.id))
        .where(col(Outbox.queued_at) >= start, col(Outbox.broadcast_id).is_not(None))
    )
    for number, room_id, kind, state, at in session.execute(query):
        yield _Sent(("notice", number), room_id, kind == RoomKind.DIRECT, OutboxState(state), at)


def _heard(session: Session, rooms: set[int], start: datetime) -> dict[int, _Heard]:
    """What these groups said to the bot: who first when, and each message since ``start``."""
    heard = {room_id: _Heard() for room_id in rooms}
    first = core_select(col(Inbox.room_id), col(Inbox.member_id), func.min(col(Inbox.heard_at)))
    mine = col(Inbox.room_id).in_(rooms)
    for room_id, member_id, at in session.execute(first.where(mine).group_by(col(Inbox.room_id), col(Inbox.member_id))):
        heard[room_id].first[member_id] = at
    later = core_select(col(Inbox.room_id), col(Inbox.heard_at), col(Inbox.member_id))
    for room_id, at, member_id in session.execute(later.where(mine, col(Inbox.heard_at) >= start)):
        heard[room_id].said.append((at, member_id))
    return heard


def _names(session: Session, sent: Iterable[_Sent]) -> dict[tuple[str, int], str]:
    subjects = {each.subject for each in sent}
    ids = {number for kind, number in subjects if kind != "notice"}
    texts = {row.id: row for row in session.execute(core_select(Snippet).where(col(Snippet.id).in_(ids))).scalars()}
    numbers = {number for kind, number in subjects if kind == "notice"}
    notices = dict(
        session.execute(core_select(col(Broadcast.id), col(Broadcast.text)).where(col(Broadcast.id).in_(numbers))).all()
    )
    return {
        (kind, number): _name(kind, texts.get(number)) if kind != "notice" else str(notices.get(number, ""))
        for kind, number in subjects
    }


def _name(kind: str, snippet: Snippet | None) -> str:
    if snippet is None:
        return ""
    old = f"（第{snippet.version}版，已撤）" if snippets.archived(snippet) else ""
    return f"{snippet.title}{old}" if kind == "text" else f"问：{snippet.ask}"
