"""Notices whose hour has come."""

from datetime import datetime

from sqlmodel import Session

from data import broadcasts
from scheduler.job import JobContext


def release_broadcasts(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """Queue what two people released for this hour, exactly as it was approved; returns how many messages."""
    return broadcasts.release_due(session, now=now, rules=context.rules, grace=context.grace)
