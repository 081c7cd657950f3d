"""待办: what waits for somebody, the oldest first. It costs the same with sixty thousand orders behind it: each list
is read from the front of its index, and what is beyond `COUNTED` is not counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, literal_column, select, union_all
from sqlmodel import Session

from data import planning, solitaires, voices
from data.loop import Assignment, AssignmentState, EventKind, Order, OrderSeconder, OrderState
from data.orders import describe
from data.phrases import day_and_time
from data.rules import Rules
from data.statements import table_of
from data.tables import Broadcast, BroadcastState, Lecturer, Topic, Village
from data.voices import shorten

SHOWN = 3  # of each group: it is read on a phone
COUNTED = 100
OVERDUE, URGENT = "〔超时〕", "〔急〕"
_GROUPS = (
    (OrderState.RECEIVED, "待审"),
    (OrderState.REVIEWED, "待派"),
    (OrderState.DISPATCHED, "待接单"),
    (OrderState.ACCEPTED, "待排课"),
)
_ORDER, _SECONDER, _OFFER = table_of(Order), table_of(OrderSeconder), table_of(Assignment)
_TOPIC, _LECTURER, _VILLAGE = table_of(Topic), table_of(Lecturer), table_of(Village)


def _is(state: OrderState) -> Any:
    return _ORDER.c.state == literal_column(f"'{state.value}'")


_PEOPLE = select(func.count()).where(_SECONDER.c.order_id == _ORDER.c.id).correlate(_ORDER).scalar_subquery()
_FRONTS = union_all(
    *(
        select(select(_ORDER.c.id).where(_is(state)).order_by(_ORDER.c.due_at, _ORDER.c.id).limit(SHOWN).subquery())
        for state, _ in _GROUPS
    )
).subquery()
_LINES = (
    select(
        _ORDER.c.id,
        _ORDER.c.state,
        _ORDER.c.kind,
        _ORDER.c.urgent,
        _ORDER.c.due_at,
        _ORDER.c.wish,
        _TOPIC.c.name,
        _LECTURER.c.name,
        _VILLAGE.c.name,
        _PEOPLE,
    )
    .select_from(_FRONTS.join(_ORDER, _ORDER.c.id == _FRONTS.c.id))
    .join(_TOPIC, _ORDER.c.topic_id == _TOPIC.c.id, isouter=True)
    .join(_LECTURER, _ORDER.c.lecturer_id == _LECTURER.c.id, isouter=True)
    .join(_VILLAGE, _ORDER.c.village_id == _VILLAGE.c.id, isouter=True)
    .order_by(_ORDER.c.due_at, _ORDER.c.id)
)
_COUNTS = select(
    *(
        select(func.count())
        .select_from(select(literal_column("1")).select_from(_ORDER).where(_is(state)).limit(COUNTED).subquery())
        .scalar_subquery()
        for state, _ in _GROUPS
    )
)
_OFFERS = (
    select(_OFFER.c.order_id, _OFFER.c.state, _OFFER.c.paper, _OFFER.c.counter_start, _LECTURER.c.name)
    .join(_LECTURER, _LECTURER.c.id == _OFFER.c.lecturer_id)
    .where(
        _OFFER.c.order_id.in_(bindparam("orders", expanding=True)),
        _OFFER.c.state.in_((AssignmentState.OFFERED, AssignmentState.COUNTERED)),
    )
    .order_by(_OFFER.c.id)
)


_BROADCAST = table_of(Broadcast)
_SUBMITTED = (
    select(_BROADCAST.c.id, _BROADCAST.c.text)
    .where(_BROADCAST.c.state == BroadcastState.SUBMITTED)
    .order_by(_BROADCAST.c.id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Group:
    """What waits for one kind of step; ``more`` is how many lines are not shown, in words, or empty."""

    name: str
    lines: tuple[str, ...]
    more: str


def waiting(session: Session, *, rules: Rules, now: datetime) -> list[Group]:
    """All that waits, by group; groups with nothing in them are left out."""
    groups = [*_orders(session, rules, now)]
    drafts = session.execute(_SUBMITTED, {"limit": SHOWN + 1})
    groups += _others("通知待放行", [_released_by(row) for row in drafts])
    groups += _others("待报人数", planning.uncounted(session, now=now, limit=SHOWN + 1))
    groups += _others("接龙请核对", solitaires.unclear(session, limit=SHOWN + 1))
    found = voices.waiting(session, limit=SHOWN + 1)
    groups += _others("待答（发“待答”看全部）", [_case(each, now) for each in found])
    return groups


def _orders(session: Session, rules: Rules, now: datetime) -> Iterable[Group]:
    rows = session.execute(_LINES).all()
    counts = session.execute(_COUNTS).one()
    dispatched = [row.id for row in rows if row.state == OrderState.DISPATCHED]
    asked: dict[int, list[Any]] = {}
    for each in session.execute(_OFFERS, {"orders": dispatched}):
        asked.setdefault(each.order_id, []).append(each)
    for (state, name), count in zip(_GROUPS, counts, strict=True):
        lines = [
            _line(row, overdue=row.due_at is not None and row.due_at <= now) + _next(row, asked, rules, now)
            for row in rows
            if row.state == state
        ]
        if lines:
            rest = count - len(lines)
            more = f"还有{rest}件" if count < COUNTED else f"还有{rest}件以上"
            yield Group(f"{name}{count}件" if count < COUNTED else name, tuple(lines), more if rest > 0 else "")


def _line(row: Any, *, overdue: bool) -> str:
    number, _, kind, urgent, _, wish, topic, lecturer, village, seconders = row
    what = describe(topic, lecturer, shorten(wish, 20), EventKind(kind))
    marks = (URGENT if urgent else "") + (OVERDUE if overdue else "")
    people = f"，{1 + seconders}人" if seconders else ""
    return f"{number}号{marks or ' '}{f'{village} ' if village else ''}{what}{people}："


def _next(row: Any, asked: dict[int, list[Any]], rules: Rules, now: datetime) -> str:
    """The next word to type."""
    if row.state in (OrderState.RECEIVED, OrderState.REVIEWED):
        return f"发“{row.id}号”看推荐"
    offers = asked.get(row.id, [])
    countered = next((each for each in offers if each.counter_start is not None and each.state == "countered"), None)
    if countered is not None:
        when = day_and_time(countered.counter_start, rules.zone, now=now)
        return f"{countered.name}想改到{when}，行就发“{row.id}号 同意”"
    if any(each.paper for each in offers):
        names = "、".join(each.name for each in offers if each.paper)
        return f"请电话问{names}，发“{row.id}号 已接”"
    names = "、".join(each.name for each in offers)
    return f"等{names}回话，换人发“{row.id}号 收回 理由”" if names else f"发“{row.id}号”看"


def _released_by(row: Any) -> str:
    return f"B{row.id}“{shorten(row.text, 13)}”：等另一位干事同意，发“B{row.id}”看"


def _case(each: voices.OpenVoice, now: datetime) -> str:
    late = OVERDUE if each.overdue(now) else ""
    return f"意见{each.number}号{late}{shorten(each.text, 24)}：发“答复 {each.number}号 内容”"


def _others(name: str, lines: list[str]) -> list[Group]:
    if not lines:
        return []
    return [Group(name, tuple(lines[:SHOWN]), "还有别的" if len(lines) > SHOWN else "")]
