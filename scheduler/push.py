"""Policy texts, on time: one outbox row per (room, occurrence), unique, so that firing twice is harmless."""

from datetime import datetime, time

from sqlmodel import Session

from data import pushes, topic_mail
from data.tables import PushPart
from scheduler.job import JobContext


def push_snippets(session: Session, context: JobContext, occurrence: datetime, now: datetime) -> int:
    """Queue what each group gets at this occurrence, and for who asked for its topic; return how many were queued.

    Quiet hours put it off to their end. An occurrence that would leave later than ``grace`` after its time, or after
    its own day, lapses.
    """
    leaves = context.quiet.after(occurrence)
    if now > leaves + context.grace:
        return 0
    day = leaves.astimezone(context.zone).date()
    not_before = max(leaves, now)
    expires_at = datetime.combine(day, time(23, 59, 59), tzinfo=context.zone)
    queued = pushes.push_due(
        session,
        occurrence=occurrence,
        leaves=leaves,
        not_before=not_before,
        expires_at=expires_at,
        rules=context.rules,
        now=now,
    )
    told = topic_mail.tell_subscribers(
        session,
        [each.snippet for each in queued if each.part != PushPart.QUESTION],
        occurrence=occurrence,
        not_before=not_before,
        expires_at=expires_at,
        rules=context.rules,
        now=now,
    )
    return len(queued) + told
