"""Orders: a private word to whoever is responsible, half-way through a step's time and when it is over."""

from datetime import datetime

from sqlmodel import Session

from data import chasing
from scheduler.job import JobContext


def chase_orders(session: Session, context: JobContext, _occurrence: datetime, now: datetime) -> int:
    """Remind those who have a step of an order to take."""
    return chasing.chase(session, rules=context.rules, now=now)
