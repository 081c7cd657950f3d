"""Since when there are records: of the time before anything was written down nothing is known, and nought is a guess.

What counts is when a row was written, not of when it tells: so it is never earlier than it was, whatever is brought
along afterwards (补报).
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session

from data.figures.scope import Scope
from data.loop import Lecture, Order, Voice
from data.mail import Outbox
from data.record_tables import MediaReport
from data.statements import table_of
from data.tables import Room

_WRITTEN = (  # the quick ones first
    table_of(Room).c.created_at,
    table_of(Order).c.created_at,
    table_of(MediaReport).c.noted_at,
    table_of(Lecture).c.created_at,
    table_of(Voice).c.at,
    table_of(Outbox).c.queued_at,
)


def reach(session: Session, scope: Scope) -> bool:
    """Whether the records reach back into a period, in whatever place. Raises `data.figures.scope.NotBegun`."""
    scope.must_have_begun()
    return scope.now < scope.end or began_before(session, scope, scope.end)


def began_before(session: Session, scope: Scope, moment: datetime) -> bool:
    """Whether anything was written down before a moment, in whatever place. The first column mostly says yes."""
    return any(first < moment for first in _firsts(session, scope))


def _firsts(session: Session, scope: Scope) -> Iterator[datetime]:
    """The first moment of each column. The tables are long and these columns have no index: one that was read is not
    read again for the same page or report."""
    for column in _WRITTEN:
        if column not in scope.firsts:
            scope.firsts[column] = session.execute(select(func.min(column))).scalar_one()
        first = scope.firsts[column]
        if first is not None:
            yield first
