"""Who could take an order: proposals with reasons that a coordinator can check at a glance; and when it could be.

What counts how much stands in `POINTS`. It is shown to nobody: only the reasons are, and only to coordinators.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlmodel import Session

from data.candidates import Candidate, Record, Roll
from data.clashes import Taken, taken, why_not
from data.freetimes import covers
from data.loop import EventKind, Order
from data.rules import Rules
from data.slots import WISHED, Slot, part_of_day, times, venue_for
from data.tables import Topic

__all__ = ["POINTS", "Proposal", "Slot", "propose", "times", "venue_for"]

POINTS = {
    "dialect": 30,  # the one that was asked for
    "other dialect": -30,
    "usual dialect": 10,  # the one that lectures in this village are mostly held in
    "own village": 25,
    "near village": 15,
    "free": 20,
    "not free": -20,
    "clash": -60,
    "kind": 15,  # 政策, 技术 or 文明: what an event of another kind than a lecture calls for
    "spoke before": 8,  # on this topic
    "lecture this month": -4,  # each, up to six
    "star": 8,  # of the ratings, above or below four; few ratings count less
    "reachable": 5,  # by the bot
}
_CALLS_FOR = {
    EventKind.COURTYARD: "政策",
    EventKind.VOLUNTEER: "文明",
    EventKind.TRAINING: "技术",
    EventKind.SHOW: "文明",
    EventKind.VISIT: "政策",
}
_WEEKDAYS = "一二三四五六日"
_CLOSE = 50  # how many are looked at closely
_MANY_LECTURES = 6
_DOUBT = 5  # ratings of four stars that everybody is thought to have already

Basis = Literal["named", "topic", "like named", "words", "anybody", "asked"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A lecturer for an order; ``reasons`` are what speaks for them, then what against. ``reachable``: by the bot."""

    lecturer_id: int
    name: str
    reasons: tuple[str, ...]
    reachable: bool


@dataclass(slots=True)
class _Tally:
    """One candidate's points, with the reasons on either side."""

    who: Candidate
    points: float = 0.0
    good: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    def count(self, what: str, reason: str = "", *, often: float = 1.0) -> None:
        points = POINTS[what] * often
        self.points += points
        if reason:
            (self.bad if points < 0 else self.good).append(reason)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a candidate is measured by.

    ``possible`` are the best times for the village, in local time; where one was wished, it alone. ``topic`` is a name.
    """

    order: Order
    rules: Rules
    possible: tuple[datetime, ...]
    wished: bool
    topic: str
    usual_dialect: str


def propose(session: Session, order: Order, *, rules: Rules, now: datetime, limit: int = 3) -> list[Proposal]:
    """Up to ``limit`` lecturers for the order, best first, the one whom it names before all others.

    Who has been asked already is named only where there is nobody else.
    """
    roll = Roll(session, order, rules=rules, now=now)
    slots = times(session, order, rules=rules, now=now)
    wished = bool(slots) and slots[0].reason.startswith(WISHED)
    topic = None if order.topic_id is None else session.get(Topic, order.topic_id)
    wanted = _Wanted(
        order,
        rules,
        tuple(slot.starts_at.astimezone(rules.zone) for slot in slots[: 1 if wished else None]),
        wished,
        topic.name if topic else "",
        "" if order.dialect or order.village_id is None else roll.usual_dialect(),
    )
    asked = roll.asked()
    proposals: list[Proposal] = []
    for basis, pool in _pools(roll, order, asked):
        for tally, record in _best(session, roll, pool, wanted)[: limit - len(proposals)]:
            first = asked[tally.who.id] if basis == "asked" else _why(basis, tally.who, wanted, record)
            reasons = (first, *tally.good, *tally.bad)
            proposals.append(Proposal(tally.who.id, tally.who.name, reasons, record.reachable))
    return proposals


def _pools(roll: Roll, order: Order, asked: Collection[int]) -> list[tuple[Basis, list[Candidate]]]:
    """The lecturer whom the order names, and others who could; anybody at all only where there are none of these."""
    named = order.lecturer_id
    pools: list[tuple[Basis, list[Candidate]]] = []
    if named is not None and named not in asked:
        pools.append(("named", roll.these([named])))
    but = {*asked, *([] if named is None else [named])}
    fit = _fit(roll, order, but)
    if fit[1]:
        pools.append(fit)
    if not pools:
        pools.append(("anybody", roll.anybody(but=but)))
    if not pools[0][1]:
        return [("asked", roll.these(asked))]
    return pools


def _fit(roll: Roll, order: Order, but: Collection[int]) -> tuple[Basis, list[Candidate]]:
    if order.topic_id is not None:
        return "topic", roll.on([order.topic_id], but=but)
    if order.lecturer_id is not None:
        return "like named", roll.on(roll.topics_of(order.lecturer_id), but=but)
    return "words", roll.called(order.wish, but=but)


def _why(basis: Basis, who: Candidate, wanted: _Wanted, record: Record) -> str:
    """Why this lecturer is thought of at all."""
    match basis:
        case "named":
            return "点名请的"
        case "topic":
            return f"讲过{wanted.topic}" if record.spoke_before else f"能讲{wanted.topic}"
        case "like named":
            return "讲的题目相近"
        case "words":
            return who.trade or who.title
        case _:
            return f"没登记讲{wanted.topic}" if wanted.topic else "没对上题目和行当"


def _best(session: Session, roll: Roll, pool: list[Candidate], wanted: _Wanted) -> list[tuple[_Tally, Record]]:
    """The pool, best first: weighed by what was read with it, and the first `_CLOSE` of that by what they did."""
    tallies = [_Tally(each) for each in pool]
    for tally in tallies:
        _weigh(tally, wanted)
    tallies = sorted(tallies, key=_rank)[:_CLOSE]
    ids = [tally.who.id for tally in tallies]
    records = roll.records(ids)
    busy = _busy(session, wanted, ids)
    for tally in tallies:
        _weigh_record(tally, records[tally.who.id])
        _weigh_clashes(tally, wanted, busy)
    return [(tally, records[tally.who.id]) for tally in sorted(tallies, key=_rank)]


def _rank(tally: _Tally) -> tuple[float, int, int]:
    return -tally.points, tally.who.this_month, tally.who.id


def _weigh(tally: _Tally, wanted: _Wanted) -> None:
    """What can be said of a lecturer without looking at what they did."""
    who, order = tally.who, wanted.order
    if order.dialect:
        speaks = order.dialect in who.dialects
        tally.count(
            "dialect" if speaks else "other dialect", f"会{order.dialect}" if speaks else f"没登记会{order.dialect}"
        )
    elif wanted.usual_dialect and wanted.usual_dialect in who.dialects:
        tally.count("usual dialect", f"会{wanted.usual_dialect}")
    if who.nearness == 0:
        tally.count("own village", "本村人")
    elif who.nearness == 1:
        tally.count("near village", f"邻村人（{who.village}）")
    if _CALLS_FOR.get(order.kind, "") == who.kind != "":
        tally.count("kind", f"{who.kind}宣讲员")
    _weigh_free_times(tally, wanted)
    tally.count("lecture this month", often=min(who.this_month, _MANY_LECTURES))
    tally.good.append(f"本月排了{who.this_month}场" if who.this_month else "本月还没排课")


def _weigh_free_times(tally: _Tally, wanted: _Wanted) -> None:
    """Whether they said that they are free then; of times that nobody wished for, one is enough."""
    market_days, work = wanted.rules.market_days, wanted.rules.work
    for at in wanted.possible:
        if covers(tally.who.free, at, market_days, work):
            tally.count("free", f"{_that_time(at, wanted)}有空")
            return
    if wanted.possible and covers(tally.who.free, wanted.possible[0], market_days, work) is False:
        reason = f"{_that_time(wanted.possible[0], wanted)}没说有空"
        tally.count("not free", reason, often=1 if wanted.wished else 0.5)


def _that_time(at: datetime, wanted: _Wanted) -> str:
    """那天晚上, of a day that was wished for; else 周日晚上."""
    day = "那天" if wanted.wished else f"周{_WEEKDAYS[at.weekday()]}"
    return f"{day}{part_of_day(at)}"


def _weigh_record(tally: _Tally, record: Record) -> None:
    """What the lecturer did so far."""
    if record.spoke_before:
        tally.count("spoke before")
    if record.ratings:
        shown = f"评分{record.stars / record.ratings:.1f}（{record.ratings}人）"
        tally.points += POINTS["star"] * ((record.stars + 4 * _DOUBT) / (record.ratings + _DOUBT) - 4)
        tally.good.append(shown)
    if record.reachable:
        tally.count("reachable")


def _busy(session: Session, wanted: _Wanted, ids: Collection[int]) -> list[Taken]:
    if not wanted.possible:
        return []
    return taken(
        session,
        since=min(wanted.possible),
        until=max(wanted.possible) + timedelta(minutes=wanted.rules.lecture_minutes),
        lecturer_ids=ids,
        village_id=None,
        ignoring=wanted.order.lecture_id,
        ignoring_order=wanted.order.id,
        rules=wanted.rules,
    )


def _weigh_clashes(tally: _Tally, wanted: _Wanted, busy: Iterable[Taken]) -> None:
    """Whether the lecturer is on somewhere else at each of these times."""
    mine = [each for each in busy if each.lecturer_id == tally.who.id]
    reasons = [
        why_not(
            mine,
            starts_at=at,
            minutes=wanted.rules.lecture_minutes,
            lecturer_id=tally.who.id,
            venue="",
            village_id=wanted.order.village_id,
            rules=wanted.rules,
        )
        for at in wanted.possible
    ]
    if reasons and all(reasons):
        tally.count("clash", reasons[0][0].removeprefix(tally.who.name))
