"""Policy texts on their way to the groups: what each had is read, the next is chosen (`data.series`) and queued."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data import outbox, snippets
from data.listeners import Listener, listeners
from data.mail import Outbox, OutboxKind, OutboxState
from data.rules import Rules
from data.series import ANSWER_WITHIN, WEEK, Board, Choice, Had, History
from data.series_tables import Series
from data.tables import Broadcast, Push, PushPart, Snippet

_PLANNED_AHEAD = timedelta(days=60)  # how long a broadcast may have been written before it leaves
_NOT_THERE = (OutboxState.FAILED, OutboxState.EXPIRED, OutboxState.CANCELLED)  # what no group has read


def open_board(session: Session, groups: Sequence[Listener], *, rules: Rules, now: datetime) -> Board:
    """What the next choices for these groups depend on."""
    ids = [each.room_id for each in groups]
    histories = {room_id: History() for room_id in ids}
    _read_texts(session, histories, rules.zone)
    _read_questions(session, histories, rules.zone, now=now)
    _read_reached(session, histories, rules.zone, now=now)
    series = session.exec(select(Series).where(col(Series.active)))
    return Board(snippets.living(session), series, histories, rules)


def push_due(
    session: Session,
    *,
    occurrence: datetime,
    leaves: datetime,
    not_before: datetime,
    expires_at: datetime,
    rules: Rules,
    now: datetime,
) -> list[Choice]:
    """Queue for each group what it gets at this occurrence, and return the choices; what was done before stays done."""
    done = set(session.exec(select(Push.room_id).where(Push.occurrence == occurrence)))
    groups = [each for each in listeners(session) if each.room_id not in done]
    board = open_board(session, groups, rules=rules, now=now)
    local = leaves.astimezone(rules.zone).replace(tzinfo=None)
    queued = []
    for each in groups:
        choice = board.choose(each, local)
        if choice is not None and _queue(session, each.room_id, choice, occurrence, not_before, expires_at, now):
            queued.append(choice)
    session.flush()
    return queued


def _queue(
    session: Session,
    room_id: int,
    choice: Choice,
    occurrence: datetime,
    not_before: datetime,
    expires_at: datetime,
    now: datetime,
) -> bool:
    snippet = choice.snippet
    row = outbox.queue(
        session,
        room_id=room_id,
        kind=OutboxKind.PUSH,
        text=choice.text,
        now=now,
        not_before=not_before,
        expires_at=expires_at,
        picture_id=snippet.picture_id if choice.part != PushPart.QUESTION else None,
        once=f"push:{room_id}:{occurrence.isoformat()}",
    )
    if row is None or snippet.id is None:
        return False
    session.add(
        Push(
            room_id=room_id,
            snippet_id=snippet.id,
            occurrence=occurrence,
            outbox_id=row,
            part=choice.part,
            series_id=choice.series.id if choice.series else None,
        )
    )
    return True


def _read_texts(session: Session, histories: dict[int, History], zone: ZoneInfo) -> None:
    """How often each group had each text, and when last."""
    query = (
        core_select(
            col(Push.room_id),
            col(Push.series_id),
            col(Push.snippet_id),
            col(Snippet.key),
            func.count(col(Push.id)),
            func.max(col(Outbox.not_before)),
        )
        .join(Outbox, col(Push.outbox_id) == col(Outbox.id))
        .join(Snippet, col(Push.snippet_id) == col(Snippet.id))
        .where(
            col(Push.room_id).in_(list(histories)),
            col(Outbox.state).not_in(_NOT_THERE),
            col(Push.part) != PushPart.ANSWER,
        )
        .group_by(col(Push.room_id), col(Push.series_id), col(Push.snippet_id), col(Snippet.key))
    )
    for room_id, series_id, snippet_id, key, times, last in session.execute(query):
        history, at = histories[room_id], _local(last, zone)
        had = history.texts.setdefault(snippet_id, Had())
        had.times, had.last = had.times + times, max(had.last, at)
        if series_id is not None:
            history.series[series_id] = max(at, history.series.get(series_id, at))
            history.lessons.add((series_id, snippets.bare_key(key)))


def _read_questions(session: Session, histories: dict[int, History], zone: ZoneInfo, *, now: datetime) -> None:
    """The questions that certainly reached a group, and have no answer there yet."""
    since = now - timedelta(days=ANSWER_WITHIN + 1)
    query = (
        core_select(col(Push.room_id), col(Snippet.key), col(Push.part), col(Outbox.not_before), col(Outbox.state))
        .join(Outbox, col(Push.outbox_id) == col(Outbox.id))
        .join(Snippet, col(Push.snippet_id) == col(Snippet.id))
        .where(
            col(Push.room_id).in_(list(histories)),
            col(Push.occurrence) > since,
            col(Push.part) != PushPart.WHOLE,
            col(Outbox.state).not_in(_NOT_THERE),
        )
        .order_by(col(Push.occurrence))
    )
    for room_id, key, part, moment, state in session.execute(query):
        asked, bare = histories[room_id].asked, snippets.bare_key(key)
        if part == PushPart.ANSWER:
            asked.pop(bare, None)
        elif state == OutboxState.SENT:
            asked[bare] = _local(moment, zone).date()


def _read_reached(session: Session, histories: dict[int, History], zone: ZoneInfo, *, now: datetime) -> None:
    """When pushes and broadcasts reached each group of late, may have, or still are to.

    Both ways in are indexed: the outbox itself holds years of messages.
    """
    since = now - WEEK - timedelta(days=1)
    there = (
        col(Outbox.room_id).in_(list(histories)),
        col(Outbox.state).not_in(_NOT_THERE),
        col(Outbox.not_before) > since,
    )
    moments = core_select(col(Outbox.room_id), col(Outbox.not_before))
    pushed = moments.join(Push, col(Push.outbox_id) == col(Outbox.id)).where(
        col(Push.room_id).in_(list(histories)), col(Push.occurrence) > since - timedelta(days=1), *there
    )
    lately = core_select(col(Broadcast.id)).where(col(Broadcast.created_at) > since - _PLANNED_AHEAD)
    told = moments.where(col(Outbox.broadcast_id).in_(lately), *there)
    for room_id, moment in (*session.execute(pushed), *session.execute(told)):
        histories[room_id].reached.append(_local(moment, zone))


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None)
