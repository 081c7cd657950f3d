"""Polls (投票): a numbered question that a coordinator asks one group, and one choice a person until it closes."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from data import steps, tell
from data.errors import NoSuchPoll, PollOpen, PollOver
from data.loop import Poll, PollState, PollVote, Subject
from data.mail import Outbox, OutboxState
from data.phrases import day_and_time
from data.rules import Rules
from data.tables import Room

_STALE = timedelta(days=2)  # after a longer downtime only its author hears how a poll ended
_UNSAID = (OutboxState.PENDING, OutboxState.CANCELLED, OutboxState.EXPIRED)


@dataclass(frozen=True, slots=True)
class Tally:
    """How a poll stands: (number, option, people), most people first, and how many chose at all. No names."""

    lines: tuple[tuple[int, str, int], ...]
    people: int


def draft(
    session: Session,
    *,
    room_id: int,
    author_id: int,
    question: str,
    options: tuple[str, ...],
    closes_at: datetime,
    now: datetime,
) -> Poll:
    """Keep a poll as it is shown to its author. Raises `PollOpen` where the room answers another."""
    _refuse_second(session, room_id)
    poll = Poll(
        room_id=room_id,
        author_id=author_id,
        question=question,
        options=list(options),
        created_at=now,
        closes_at=closes_at,
    )
    session.add(poll)
    session.flush()
    assert poll.id is not None
    steps.record(session, Subject.POLL, poll.id, PollState.DRAFT, by=author_id, now=now)
    return poll


def release(session: Session, number: int, *, by: int, now: datetime, not_before: datetime, rules: Rules) -> bool:
    """Ask the group, once; False where the draft was decided before. Raises `PollOpen`."""
    poll = session.get(Poll, number)
    if poll is None or poll.state != PollState.DRAFT:
        return False
    _refuse_second(session, poll.room_id)
    _become(session, poll, PollState.OPEN, by=by, now=now)
    text = asked(poll, number, rules=rules, now=now)
    tell.room(
        session, poll.room_id, text, now=now, not_before=not_before, once=_asked_once(number), expires_at=poll.closes_at
    )
    return True


def drop(session: Session, number: int, *, by: int, now: datetime) -> None:
    """Let a draft go."""
    poll = session.get(Poll, number)
    if poll is not None and poll.state == PollState.DRAFT:
        _become(session, poll, PollState.DROPPED, by=by, now=now)


def asked(poll: Poll, number: int | None, *, rules: Rules, now: datetime) -> str:
    """The question as the group reads it."""
    head = f"【投票{number}】" if number else "【投票】"
    options = "\n".join(f"{at} {words}" for at, words in enumerate(poll.options, 1))
    until = day_and_time(poll.closes_at, rules.zone, now=now)
    return f"{head}{poll.question}\n{options}\n想选就回数字，不选也没关系。到{until}。"


def open_in(session: Session, room_id: int, *, now: datetime) -> Poll | None:
    """The poll that a room is answering: its question was said there, and it is not over."""
    query = select(Poll).where(Poll.room_id == room_id, Poll.state == PollState.OPEN, Poll.closes_at > now)
    poll = session.exec(query).first()
    if poll is None or poll.id is None:
        return None
    said = session.exec(select(Outbox.state).where(Outbox.once == _asked_once(poll.id))).first()
    return None if said is None or said in _UNSAID else poll


def find(session: Session, number: int) -> Poll:
    """The poll with this number. Raises `NoSuchPoll`."""
    poll = session.get(Poll, number)
    if poll is None or poll.state in (PollState.DRAFT, PollState.DROPPED):
        raise NoSuchPoll(number)
    return poll


def vote(session: Session, poll: Poll, *, member_id: int, choice: int, now: datetime) -> None:
    """Record one person's choice, from 1, in place of an earlier one. Raises `PollOver`; ValueError for no option."""
    assert poll.id is not None
    if poll.state != PollState.OPEN or poll.closes_at <= now:
        raise PollOver(poll.id)
    if not 1 <= choice <= len(poll.options):
        raise ValueError(f"poll {poll.id} has no option {choice}")
    mine = session.get(PollVote, (poll.id, member_id))
    if mine is None:
        session.add(PollVote(poll_id=poll.id, member_id=member_id, choice=choice, at=now))
    else:
        mine.choice, mine.at = choice, now
    session.flush()


def tally(session: Session, poll: Poll) -> Tally:
    """Count."""
    query = select(PollVote.choice, func.count()).where(PollVote.poll_id == poll.id).group_by(col(PollVote.choice))
    counts: dict[int, int] = dict(session.exec(query).all())
    lines = [(number, words, counts.get(number, 0)) for number, words in enumerate(poll.options, 1)]
    return Tally(tuple(sorted(lines, key=lambda line: (-line[2], line[0]))), sum(counts.values()))


def close(session: Session, number: int, *, by: int, now: datetime, not_before: datetime) -> str:
    """End a poll before its time, post its result and return it. Raises `NoSuchPoll` or `PollOver`."""
    poll = find(session, number)
    if poll.state != PollState.OPEN:
        raise PollOver(number)
    text = _close(session, poll, by=by, now=now)
    tell.room(session, poll.room_id, text, now=now, not_before=not_before, once=_result_once(number))
    return text


def close_due(session: Session, *, now: datetime, rules: Rules) -> int:
    """End the polls whose time has come and post each result once. Returns how many were queued."""
    query = select(Poll).where(Poll.state == PollState.OPEN, Poll.closes_at <= now).order_by(col(Poll.id))
    due = session.exec(query).all()
    leaves = rules.quiet.after(now)
    for poll in due:
        assert poll.id is not None
        text, once = _close(session, poll, by=None, now=now), _result_once(poll.id)
        if poll.closes_at > now - _STALE:
            tell.room(session, poll.room_id, text, now=now, not_before=leaves, once=once)
        else:
            tell.member(session, poll.author_id, text, now=now, not_before=leaves, once=once)
    return len(due)


def result(session: Session, poll: Poll) -> str:
    """The counts by option, for anybody to read."""
    counted = tally(session, poll)
    if not counted.people:
        return f"【投票{poll.id}】{poll.question}\n到时间了，还没有人选。想听什么，随时说“点课 题目”。"
    lines = "\n".join(f"{number} {words}：{people}人" for number, words, people in counted.lines)
    return f"【投票{poll.id}】{poll.question}\n结果（按选的人数）：\n{lines}\n共{counted.people}人选，谢谢大家。"


def _close(session: Session, poll: Poll, *, by: int | None, now: datetime) -> str:
    poll.closed_at = now
    _become(session, poll, PollState.CLOSED, by=by, now=now)
    return result(session, poll)


def _become(session: Session, poll: Poll, state: PollState, *, by: int | None, now: datetime) -> None:
    assert poll.id is not None
    poll.state = state
    session.add(poll)
    steps.record(session, Subject.POLL, poll.id, state, by=by, now=now)
    session.flush()


def _refuse_second(session: Session, room_id: int) -> None:
    query = select(Poll.id).where(Poll.room_id == room_id, Poll.state == PollState.OPEN)
    open_one = session.exec(query).first()
    if open_one is not None:
        raise PollOpen(open_one, session.get_one(Room, room_id).name)


def _asked_once(number: int) -> str:
    return f"poll:{number}"


def _result_once(number: int) -> str:
    return f"poll-result:{number}"
