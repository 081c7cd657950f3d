"""Since when there are records: of the time before anything was written down nothing is known, and nought is a guess.

What counts is when a row was written, not of when it tells: so it is never earlier than it was, whatever is brought
along afterwards (补报).
"""

from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import Session

from data.figures.scope import Scope
from data.loop import Lecture, Order, Voice
from data.mail import Outbox
from data.record_tables import MediaReport
from data.statements import table_of
from data.tables import Room

_WRITTEN = (
    table_of(Room).c.created_at,
    table_of(Outbox).c.queued_at,
    table_of(Order).c.created_at,
    table_of(Lecture).c.created_at,
    table_of(Voice).c.at,
    table_of(MediaReport).c.noted_at,
)


def reach(session: Session, scope: Scope) -> bool:
    """Whether the records reach back into a period, in whatever place. Raises `data.figures.scope.NotBegun`."""
    scope.must_have_begun()
    return scope.now < scope.end or began_before(session, scope.end)


def began_before(session: Session, moment: datetime) -> bool:
    """Whether anything was written down before a moment. The first row that it looks at mostly says yes."""
    any_of = or_(*(select(each).where(each < moment).exists() for each in _WRITTEN))
    return bool(session.execute(select(any_of)).scalar_one())
