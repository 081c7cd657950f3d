"""The self-check against 指尖上的形式主义 (the national opinion of December 2023), from what was sent and nothing else.

All that the bot said of itself in groups is counted, not only texts and notices: who reads a group reads reminders too.
Asked is what has words in it that tell people to do something; an invitation to a lecture or a poll is counted beside
it, for nobody has to. There is no number of what was forced: the bot can force nobody, and keeps no list of who did
not answer.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlmodel import Session

from data.figures.asking import asked
from data.figures.figure import Source
from data.figures.scope import Scope
from data.figures.spoken import GROUP, OUT, ROOM, SENT_TO, SPOKEN, notices
from data.figures.sql import seconds_between
from data.lecture_notes import ANNOUNCED
from data.mail import OUTBOX_SPOKEN, OutboxKind
from data.statements import table_of
from data.tables import Broadcast

_BROADCAST = table_of(Broadcast)
_WEEK = 7 * 24 * 3600  # seconds
_SAID = Source(
    subject="message",
    table=SENT_TO,
    id=OUT.c.id,
    at=OUT.c.settled_at,
    text=OUT.c.text,
    where=lambda scope: (OUTBOX_SPOKEN, GROUP, scope.inside(OUT.c.settled_at)),
    village=ROOM.c.village_id,
)
_TEXT, _NOTICE = OUT.c.kind == OutboxKind.PUSH, OUT.c.broadcast_id.is_not(None)
_INVITES = and_(~_TEXT, ~_NOTICE, OUT.c.once.like(f"lecture:%:{ANNOUNCED}:%"))
_ASKS = and_(~_TEXT, ~_NOTICE, OUT.c.once.like("poll:%"))  # as `data.polls` names them


@dataclass(frozen=True, slots=True)
class SelfCheck:
    """Messages to groups, each counted once for each group. ``mean_week`` and ``most_week`` are messages to one group
    in seven days, without replies."""

    messages: int  # all that the bot said of itself
    texts: int  # of these: policy texts
    notices: int
    invitations: int  # announcements of lectures and other events
    polls: int
    asking: int  # of the notices, those that tell people to do something
    asking_texts: tuple[tuple[int, str, int], ...]  # (number, text, groups) of the first of them
    groups: int
    mean_week: float | None
    most_week: int

    @property
    def others(self) -> int:
        """Reminders, changes, results and the like."""
        return self.messages - self.texts - self.notices - self.invitations - self.polls


def check(session: Session, scope: Scope) -> SelfCheck:
    """The self-check of a period."""
    told = _notices(session, scope)
    asking = [each for each in told if asked(each[1])]
    groups, mean, most = _weeks(session, scope)
    messages, texts, count, invitations, polls = _kinds(session, scope)
    return SelfCheck(
        messages=messages,
        texts=texts,
        notices=count,
        invitations=invitations,
        polls=polls,
        asking=sum(count for _, _, count in asking),
        asking_texts=tuple(asking[:10]),
        groups=groups,
        mean_week=mean,
        most_week=most,
    )


def _kinds(session: Session, scope: Scope) -> tuple[int, ...]:
    """(all, texts, notices, announcements, polls)."""

    def many(which: ColumnElement[bool]) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((which, 1), else_=0)), 0)

    query = select(func.count(), many(_TEXT), many(_NOTICE), many(_INVITES), many(_ASKS)).select_from(SENT_TO)
    return tuple(int(each) for each in session.execute(query.where(*_SAID.conditions(scope))).one())


def _notices(session: Session, scope: Scope) -> list[tuple[int, str, int]]:
    """(number, text, groups that it reached) of each notice."""
    sent = (
        select(OUT.c.broadcast_id, func.count().label("groups"))
        .select_from(SPOKEN.rows_of(scope))
        .where(*SPOKEN.conditions(scope), *notices(scope))
        .group_by(OUT.c.broadcast_id)
        .subquery("sent")
    )
    query = select(_BROADCAST.c.id, _BROADCAST.c.text, sent.c.groups).join(sent, sent.c.broadcast_id == _BROADCAST.c.id)
    return [(number, text, int(count)) for number, text, count in session.execute(query.order_by(_BROADCAST.c.id))]


def _weeks(session: Session, scope: Scope) -> tuple[int, float | None, int]:
    """(groups written to, messages to one of them in a week, the most in a week); weeks begin with the period, and
    count from that of its first message."""
    week = seconds_between(scope.start, OUT.c.settled_at) // _WEEK
    each = (
        select(ROOM.c.id.label("room"), week.label("week"), func.count().label("count"))
        .select_from(SENT_TO)
        .where(*_SAID.conditions(scope))
        .group_by(ROOM.c.id, week)
        .subquery("each")
    )
    counts = (func.count(each.c.room.distinct()), func.sum(each.c.count), func.max(each.c.count), func.min(each.c.week))
    groups, messages, most, first = session.execute(select(*counts)).one()
    begun = scope.start + timedelta(seconds=int(first or 0) * _WEEK)  # before its first message there was no bot
    weeks = max((min(scope.end, scope.as_of) - begun).total_seconds() / _WEEK, 1)
    return int(groups), round(int(messages) / int(groups) / weeks, 2) if groups else None, int(most or 0)
