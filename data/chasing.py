"""Reminders that a step of an order is due: half-way through its time, and again when it is over. Always in private,
at most one message a person a run, and once for each stage of each step."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, or_, select
from sqlmodel import Session

from data import tell, wishes
from data.announcements import fixed
from data.loop import Assignment, AssignmentState, Order, OrderState
from data.phrases import day_and_time
from data.progress import OPEN, STATE_NAMES
from data.rules import Rules
from data.statements import table_of
from data.todo import OVERDUE
from data.workdays import Span

SHOWN = 8  # lines in one message
LOOK_BACK = timedelta(days=14)  # what was due longer ago is seen in 待办
_MOST = 100  # orders of one state in one run
_ORDER = table_of(Order)
# `reminded_at` is of the present step only when it is later than the step itself.
_NEXT = (
    select(Order)
    .where(
        _ORDER.c.state == bindparam("state"),
        _ORDER.c.due_at > bindparam("since"),
        _ORDER.c.due_at <= bindparam("until"),
        or_(
            _ORDER.c.reminded_at.is_(None),
            _ORDER.c.reminded_at <= _ORDER.c.changed_at,
            and_(_ORDER.c.due_at <= bindparam("now"), _ORDER.c.reminded_at < _ORDER.c.due_at),
        ),
    )
    .order_by(_ORDER.c.due_at, _ORDER.c.id)
    .limit(_MOST)
)


@dataclass(slots=True)
class _Note:
    """What one person is told: as a lecturer who was asked, and as a coordinator."""

    asked: list[tuple[Order, Assignment]] = field(default_factory=list)
    desk: list[Order] = field(default_factory=list)
    first: str = ""  # names the first thing in it, for the outbox row's ``once``


def chase(session: Session, *, rules: Rules, now: datetime) -> int:
    """Remind whoever is responsible for what is half-way or overdue, and return how many were told."""
    if rules.quiet.covers(now):
        return 0
    notes: dict[int, _Note] = {}
    found = _due(session, rules, now)
    everybody = tell.coordinators(session) if found else []
    for order in found:
        assert order.due_at is not None
        overdue = order.due_at <= now
        changed = order.changed_at or order.created_at
        key = f"{order.id}:{changed.timestamp():.0f}:{'overdue' if overdue else 'half'}"
        for member_id, asked in _responsible(session, order, everybody, overdue=overdue):
            note = notes.setdefault(member_id, _Note(first=key))
            if asked is not None:
                note.asked.append((order, asked))
            else:
                note.desk.append(order)
    for order in found:  # together, so that they are written together
        order.reminded_at = now
    session.flush()
    said = []
    for member_id, note in notes.items():
        text, once = _text(session, note, rules, now), f"chase:{member_id}:{note.first}"
        said.append(tell.member(session, member_id, text, now=now, not_before=now, once=once))
    return sum(each is not None for each in said)


def _due(session: Session, rules: Rules, now: datetime) -> list[Order]:
    """The orders of which half the step's time has gone by, or all of it, and nobody was told yet.

    Half of a step's working time is left at the moment from which the other half leads to its end.
    """
    urgent = rules.work.after(now, _half(rules.deadlines.urgent))
    found = []
    for state in OPEN:
        ordinary = rules.work.after(now, _half(_span(rules, state)))
        times = {"state": state, "since": now - LOOK_BACK, "until": max(ordinary, urgent), "now": now}
        rows: Any = session.execute(_NEXT, times).scalars()
        found += [each for each in rows if each.due_at <= (urgent if each.urgent else ordinary)]
    return found


def _span(rules: Rules, state: OrderState) -> Span:
    spans = {
        OrderState.RECEIVED: rules.deadlines.review,
        OrderState.REVIEWED: rules.deadlines.dispatch,
        OrderState.DISPATCHED: rules.deadlines.accept,
        OrderState.ACCEPTED: rules.deadlines.schedule,
    }
    return spans[state]


def _half(span: Span) -> Span:
    return Span(hours=span.hours / 2, days=span.days // 2)


def _responsible(
    session: Session, order: Order, everybody: list[int], *, overdue: bool
) -> list[tuple[int, Assignment | None]]:
    """Who is told: the lecturers who were asked and can be reached; the desk where it is its turn, or time is over."""
    asked: list[tuple[int, Assignment | None]] = []
    if order.state == OrderState.DISPATCHED:
        for each in wishes.offers(session, order, (AssignmentState.OFFERED,)):
            asked += [(member_id, each) for member_id in tell.lecturer_members(session, each.lecturer_id)]
    if not asked or overdue:
        desk = everybody if order.owner_id is None else [order.owner_id]
        asked += [(member_id, None) for member_id in desk]
    return asked


def _asked_line(session: Session, order: Order, asked: Assignment, rules: Rules) -> str:
    return f"{order.id}号 {wishes.wish(session, order).line}，{fixed(asked.starts_at, rules.zone)}"


def _desk_line(session: Session, order: Order, rules: Rules, now: datetime) -> str:
    """What is to be done, and the next word to type."""
    assert order.due_at is not None
    late = order.due_at <= now
    known = wishes.wish(session, order).line
    head = f"{order.id}号{OVERDUE if late else ' '}{known}"
    until = "" if late else f"，{day_and_time(order.due_at, rules.zone, now=now)}前要办"
    if order.state != OrderState.DISPATCHED:
        return f"{head}：{STATE_NAMES[order.state]}{until}，发“{order.id}号”"
    countered = wishes.offers(session, order, (AssignmentState.COUNTERED,))
    if countered and countered[0].counter_start is not None:
        name = wishes.name_of(session, countered[0].lecturer_id)
        when = fixed(countered[0].counter_start, rules.zone)
        return f"{head}：{name}想改到{when}，行就发“{order.id}号 同意”"
    names = "、".join(wishes.name_of(session, each.lecturer_id) for each in wishes.offers(session, order))
    return f"{head}：{names}还没回话，打电话问好发“{order.id}号 已接”，换人发“{order.id}号 收回 理由”"


def _text(session: Session, note: _Note, rules: Rules, now: datetime) -> str:
    """All that one person is told; what is beyond `SHOWN` is only counted."""
    parts = []
    if note.asked:
        lines = "\n".join(f"· {_asked_line(session, order, asked, rules)}" for order, asked in note.asked[:SHOWN])
        answers = "能去回“接单”，去不了回“不接 理由”，换时间回“改到 周四晚上”。"
        parts.append(f"请您讲的课还没定，方便时回一声：\n{lines}\n{answers}")
    if note.desk:
        lines = "\n".join(f"· {_desk_line(session, order, rules, now)}" for order in note.desk[:SHOWN])
        more = f"\n还有{len(note.desk) - SHOWN}件，发“待办”看。" if len(note.desk) > SHOWN else ""
        parts.append(f"这些单等着办：\n{lines}{more}")
    return "\n".join(parts)
