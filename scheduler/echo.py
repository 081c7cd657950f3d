"""The echo: one invitation to rate, reminders to those who owe an answer, and the end of polls."""

from datetime import datetime, time, timedelta

from sqlmodel import Session, col, select

from data import cases, polls, tell, voices
from data.loop import Lecture, LectureRoom, LectureState
from data.mail import Outbox
from data.rules import Rules
from data.tables import Room, RoomKind
from scheduler.job import JobContext

NOON = time(12, 0)  # when an invitation goes out that fell into the quiet hours
WITHIN = timedelta(days=2)  # of the end of a lecture; later nobody is asked
_LONGEST = timedelta(hours=12)  # no lecture takes longer
INVITATION = "《{title}》讲完了。想说说的话，发“5分 讲得好”或想听什么都行，不说也没关系。"


def invite_ratings(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """Invite each residents' group of a lecture that is over, once, and return how many were invited.

    Groups away from home are invited where it could be watched.
    """
    rules = context.rules
    voices.settle_ratings(session, now=now, rules=rules)
    query = (
        select(Lecture, Room)
        .join(LectureRoom, col(LectureRoom.lecture_id) == col(Lecture.id))
        .join(Room, col(LectureRoom.room_id) == col(Room.id))
        .where(
            Lecture.starts_at <= now - rules.rate_after,
            Lecture.starts_at > now - WITHIN - _LONGEST,
            Lecture.state != LectureState.CANCELLED,
        )
        .order_by(col(Lecture.starts_at), col(Room.id))
    )
    due = {f"rate:{lecture.id}:{room.id}": (lecture, room) for lecture, room in session.exec(query)}
    known = select(Outbox.once).where(col(Outbox.once).in_(list(due)))
    said = set(session.exec(known)) if due else set()
    return sum(
        _invite(session, lecture, room, once, rules=rules, now=now)
        for once, (lecture, room) in due.items()
        if once not in said
    )


def _invite(session: Session, lecture: Lecture, room: Room, once: str, *, rules: Rules, now: datetime) -> bool:
    ends = lecture.starts_at + timedelta(minutes=lecture.minutes)
    invited = room.kind == RoomKind.RESIDENTS or (room.kind == RoomKind.MIGRANTS and bool(lecture.live_url))
    leaves = _not_at_night(now, rules)
    if not invited or now < ends + rules.rate_after or leaves > ends + WITHIN or room.id is None:
        return False
    text = INVITATION.format(title=lecture.title)
    expires = ends + WITHIN
    return tell.room(session, room.id, text, now=now, not_before=leaves, once=once, expires_at=expires) is not None


def _not_at_night(moment: datetime, rules: Rules) -> datetime:
    """``moment`` itself, or the noon after the quiet hours that it falls in."""
    if not rules.quiet.covers(moment):
        return moment
    morning = rules.quiet.after(moment).astimezone(rules.zone)
    return max(morning, datetime.combine(morning.date(), NOON, tzinfo=rules.zone))


def chase_cases(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """Remind whoever owes an answer, privately."""
    return cases.chase(session, now=now, rules=context.rules)


def close_polls(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """End the polls whose time has come."""
    return polls.close_due(session, now=now, rules=context.rules)
