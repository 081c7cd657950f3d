"""Lectures by the clock: reminders in their groups, the end of a lecture, and its archive.

Nothing old leaves after a long silence of ours: a reminder has its moment, and lapses with it.
"""

from datetime import datetime, time, timedelta

from sqlmodel import Session, col, select

from data import announcements, delivery, tell
from data.lecture_notes import facts_of, key, rooms_of
from data.loop import Lecture, LectureState, Step, Subject
from data.signups import seats_left
from data.tables import RoomKind
from scheduler.job import JobContext

TOLD_LATELY = timedelta(hours=3)  # who was told so shortly before needs no reminder
_LOOK_AHEAD = timedelta(days=2)  # the evening before is never further from its lecture
_TOLD = ("announced", "changed")


def remind_lectures(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """Remind each group the evening before and shortly before a lecture, once each."""
    query = (
        select(Lecture)
        .where(
            Lecture.state == LectureState.ANNOUNCED,
            Lecture.starts_at > now,
            Lecture.starts_at <= now + _LOOK_AHEAD,
        )
        .order_by(col(Lecture.starts_at), col(Lecture.id))
    )
    return sum(
        _remind(session, context, lecture, what, moment, now)
        for lecture in session.exec(query).all()
        for what, moment in moments(lecture, context)
        if moment <= now <= moment + context.grace and not context.quiet.covers(now)
    )


def moments(lecture: Lecture, context: JobContext) -> list[tuple[str, datetime]]:
    """When its groups are reminded."""
    starts = lecture.starts_at.astimezone(context.zone)
    eve = datetime.combine(starts.date() - timedelta(days=1), context.rules.remind_evening, tzinfo=context.zone)
    before = context.rules.remind_before
    return [("evening", eve), *([("before", starts - before)] if before else [])]


def close_lectures(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """At its end a lecture was held, with its orders; then somebody is asked, privately, how many came."""
    queued = 0
    for lecture in delivery.over(session, now=now):
        delivery.deliver(session, lecture, by=None, now=now, rules=context.rules)
        queued += delivery.ask_for_count(session, lecture, rules=context.rules, now=now)
    for lecture in delivery.uncounted(session, rules=context.rules, now=now):
        queued += delivery.ask_again(session, lecture, rules=context.rules, now=now)
    return queued


def archive_lectures(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """What was held long enough ago is put away; nobody is told."""
    for lecture in delivery.to_archive(session, rules=context.rules, now=now):
        delivery.archive(session, lecture, now=now, rules=context.rules)
    return 0


def _remind(session: Session, context: JobContext, lecture: Lecture, what: str, moment: datetime, now: datetime) -> int:
    if _last_told(session, lecture) > moment - TOLD_LATELY:
        return 0
    facts, left = facts_of(session, lecture), seats_left(session, lecture)
    starts = lecture.starts_at.astimezone(context.zone)
    midnight = datetime.combine(now.astimezone(context.zone).date(), time(23, 59, 59), tzinfo=context.zone)
    day = "今天" if starts.date() == midnight.date() else "明天"
    queued = 0
    for room in rooms_of(session, lecture):
        if room.kind == RoomKind.MIGRANTS and not facts.live_url:
            continue  # nothing of it is for them
        text = announcements.reminder(facts, f"{day}{starts:%H:%M}", room.kind, left=left)
        # A lecture that was moved is reminded of anew.
        once = f"{key(lecture, what, room.id or 0)}:{starts.isoformat()}"
        row = tell.room(
            session,
            room.id or 0,
            text,
            now=now,
            not_before=now,
            once=once,
            expires_at=min(midnight, lecture.starts_at),  # its 明天 is true today only
        )
        queued += row is not None
    return queued


def _last_told(session: Session, lecture: Lecture) -> datetime:
    """When its groups were last told of its time; long ago where nobody wrote that down."""
    query = (
        select(Step.at)
        .where(Step.subject == Subject.LECTURE, Step.subject_id == lecture.id, col(Step.state).in_(_TOLD))
        .order_by(col(Step.id).desc())
        .limit(1)
    )
    return session.exec(query).first() or lecture.created_at or lecture.starts_at - _LOOK_AHEAD
