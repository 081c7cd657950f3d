"""Sign-ups: offers of a seat that nobody answered in time."""

from datetime import datetime

from sqlmodel import Session

from data import signups
from scheduler.job import JobContext


def lapse_offers(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """End the offers whose time is over, and offer their seats to the next in line."""
    return signups.lapse(session, rules=context.rules, now=now)
