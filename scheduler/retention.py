"""Personal data whose time is over: begun once a day, gone on with each minute, so that no turn is long."""

from datetime import datetime

from sqlmodel import Session

from data import erasure, oldfiles, retention
from data.database import file_of
from scheduler.job import JobContext


def begin(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """Begin the day's run. Nothing is queued."""
    _begin(session, context, now)
    retention.go_on(session, now=now)
    return 0


def go_on(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """Go on with a run that was begun, and let go of the direct chats of those who asked to be forgotten."""
    if retention.is_overdue(session, now=now):
        _begin(session, context, now)
    retention.go_on(session, now=now)
    erasure.settle(session, now=now)
    return 0


def _begin(session: Session, context: JobContext, now: datetime) -> None:
    """Begin a run, and remove old files; neither while the clock is not believed."""
    if retention.begin(session, context.keeps, now=now):
        oldfiles.sweep(file_of(session.connection().engine.url), context.homes, now=now)
