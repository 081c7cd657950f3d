"""Policy texts, on time: one outbox row per (room, occurrence), unique, so that firing twice is harmless."""

from datetime import datetime, time

from sqlmodel import Session

from data import pushes, rooms
from scheduler.job import JobContext


def push_snippets(session: Session, context: JobContext, occurrence: datetime, now: datetime) -> int:
    """Queue the next text of the rotation for each group and return how many were queued.

    Quiet hours put it off to their end. An occurrence that would leave later than ``grace`` after its time, or after
    its own day, lapses.
    """
    leaves = context.quiet.after(occurrence)
    if now > leaves + context.grace:
        return 0
    day = leaves.astimezone(context.zone).date()
    end_of_day = datetime.combine(day, time(23, 59, 59), tzinfo=context.zone)
    queued = [
        pushes.push_one(
            session,
            room,
            occurrence=occurrence,
            not_before=max(leaves, now),
            expires_at=end_of_day,
            today=day,
            now=now,
        )
        for room in rooms.pushed_rooms(session)
    ]
    return sum(each is not None for each in queued)
