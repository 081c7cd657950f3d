"""Dispatch (派单): an order is offered to one lecturer or to several (抢单), who accept, refuse or name another time.

Exactly one takes it; a unique index has the last word on that. Who cannot be reached by the bot is asked on paper: a
coordinator telephones and answers for them. Accepting makes the lecture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from data import clashes, matching, planning, progress, tell, wishes
from data.announcements import fixed
from data.errors import NoTime, OfferGone, Taken, TimeIsPast, WrongState
from data.lexicon import OTHER
from data.loop import Assignment, AssignmentState, Lecture, Order, OrderState
from data.progress import STATE_NAMES
from data.proposals import suggest
from data.reviewing import own, release
from data.rules import Rules
from data.tables import LecturerTopic, Role, RoleKind, Topic
from data.wishes import expect, name_of

_READY = (OrderState.RECEIVED, OrderState.REVIEWED)


@dataclass(frozen=True, slots=True)
class Offered:
    """An offer that was made, and the words that go out; ``reached`` is False where a coordinator has to telephone."""

    assignment: Assignment
    name: str
    text: str
    reached: bool


def offer(
    session: Session,
    order: Order,
    lecturer_ids: Sequence[int],
    *,
    by: int,
    now: datetime,
    not_before: datetime,
    rules: Rules,
    starts_at: datetime | None = None,
    venue: str | None = None,
) -> list[Offered]:
    """Ask one lecturer, or several at once (抢单); time and place are proposed where none is named.

    A lecturer's counter-offer that still waits is answered by this: not then. Raises `WrongState`, `Taken`, `NoTime`
    or `TimeIsPast` before anything is written.
    """
    open_offers = wishes.offers(session, order)
    if any(each.state == AssignmentState.OFFERED for each in open_offers):
        expect(order, *_READY)
    expect(order, *_READY, OrderState.DISPATCHED)
    plans = plan(session, order, lecturer_ids, starts_at=starts_at, venue=venue, rules=rules, now=now)
    own(order, by)
    if order.state == OrderState.DISPATCHED:
        release(session, order, "那个时间没排上", by=by, now=now, not_before=not_before, rules=rules)
        why = "老师提的时间没排上，另派"
        progress.advance(session, order, OrderState.REVIEWED, by=by, now=now, rules=rules, reason=why)
    if order.state == OrderState.RECEIVED:
        progress.advance(session, order, OrderState.REVIEWED, by=by, now=now, rules=rules)
    progress.advance(session, order, OrderState.DISPATCHED, by=by, now=now, rules=rules)
    made = []
    for each in plans:
        each.offered_by, each.due_at = by, order.due_at
        session.add(each)
        session.flush()
        text = wishes.for_lecturer(session, order, each, rules=rules)
        for member_id in () if each.paper else tell.lecturer_members(session, each.lecturer_id):
            once = f"offer:{each.id}:{member_id}"
            tell.member(session, member_id, text, now=now, not_before=not_before, once=once)
        made.append(Offered(each, name_of(session, each.lecturer_id), text, not each.paper))
    return made


def plan(
    session: Session,
    order: Order,
    lecturer_ids: Sequence[int],
    *,
    starts_at: datetime | None,
    venue: str | None,
    rules: Rules,
    now: datetime,
) -> list[Assignment]:
    """The offers as they would be made; nothing is written. Raises `Taken`, `NoTime` or `TimeIsPast`."""
    plans = []
    for lecturer_id in dict.fromkeys(lecturer_ids):
        at = starts_at
        if at is None:
            slots = matching.times(session, order, rules=rules, now=now, lecturer_id=lecturer_id, limit=1)
            if not slots:
                raise NoTime(order.id or 0, name_of(session, lecturer_id))
            at = slots[0].starts_at
        where = matching.venue_for(session, order) if venue is None else venue
        _free(session, order, lecturer_id, at, where, rules=rules, now=now)
        plans.append(
            Assignment(
                order_id=order.id or 0,
                lecturer_id=lecturer_id,
                starts_at=at,
                venue=where,
                paper=not tell.lecturer_members(session, lecturer_id),
                offered_by=order.member_id,
                offered_at=now,
            )
        )
    return plans


def recall(
    session: Session, order: Order, reason: str, *, by: int, now: datetime, not_before: datetime, rules: Rules
) -> list[str]:
    """收回: the lecturers who were asked are let go of; returns their names. Raises `WrongState`."""
    expect(order, OrderState.DISPATCHED)
    own(order, by)
    names = release(session, order, reason, by=by, now=now, not_before=not_before, rules=rules)
    progress.advance(session, order, OrderState.REVIEWED, by=by, now=now, rules=rules, reason=f"收回：{reason}")
    return names


def accept(
    session: Session,
    assignment: Assignment,
    *,
    by: int,
    now: datetime,
    not_before: datetime,
    rules: Rules,
    starts_at: datetime | None = None,
) -> Lecture:
    """接单: the first who takes it has it, and the lecture is announced. ``starts_at`` where it was agreed anew.

    Raises `OfferGone`, `Taken` or `TimeIsPast`; a coordinator who answers for a lecturer looks after the order.
    """
    order = _answerable(session, assignment)
    at = starts_at or assignment.starts_at
    _free(session, order, assignment.lecturer_id, at, assignment.venue, rules=rules, now=now)
    try:
        with session.begin_nested():
            assignment.state, assignment.starts_at = AssignmentState.ACCEPTED, at
            assignment.answered_by, assignment.answered_at = by, now
    except IntegrityError as error:
        raise OfferGone(order.id or 0, "刚刚有别的老师接了，谢谢您。") from error
    if _coordinates(session, by):
        own(order, by)
    name = name_of(session, assignment.lecturer_id)
    progress.advance(session, order, OrderState.ACCEPTED, by=by, now=now, rules=rules)
    _thank_the_others(session, order, name, by=by, now=now, not_before=not_before, rules=rules)
    lecture = _hold(session, order, assignment, by=by, now=now, not_before=not_before, rules=rules)
    what = wishes.wish(session, order).line
    when = f"{fixed(at, rules.zone)}，{assignment.venue or '地点再定'}"
    text = f"{order.id}号{name}接了：{what}，{when}（课{lecture.id}），群里会通知。"
    _tell_coordinators(session, order, text, once=f"taken:{assignment.id}", by=by, now=now, not_before=not_before)
    text = f"您点的{wishes.wish(session, order).what}排好了：{when}，{name}来讲（课{lecture.id}）。"
    once = f"arranged:{order.id}:{lecture.id}"
    wishes.tell_askers(session, order, text, once=once, now=now, not_before=not_before, groups=False)
    return lecture


def refuse(
    session: Session, assignment: Assignment, reason: str, *, by: int, now: datetime, not_before: datetime, rules: Rules
) -> Order:
    """不接: when nobody else is asked, the order waits for another, and who looks after it is told why at once.

    Raises `OfferGone`.
    """
    order = _answerable(session, assignment)
    name = name_of(session, assignment.lecturer_id)
    assignment.state, assignment.reason = AssignmentState.DECLINED, reason
    assignment.answered_by, assignment.answered_at = by, now
    session.flush()
    others = wishes.offers(session, order)
    if not others:
        why = f"{name}不接：{reason}"
        progress.advance(session, order, OrderState.REVIEWED, by=by, now=now, rules=rules, reason=why)
        rest = suggest(session, order, rules=rules, now=now)
    else:
        rest = f"还在等{'、'.join(name_of(session, each.lecturer_id) for each in others)}回话。"
    what = wishes.wish(session, order).line
    text = f"{order.id}号（{what}）{name}去不了：{reason.rstrip('。')}。\n{rest}"
    _tell_coordinators(session, order, text, once=f"refused:{assignment.id}", by=by, now=now, not_before=not_before)
    return order


def counter(
    session: Session, assignment: Assignment, start: datetime, *, by: int, now: datetime, not_before: datetime,
    rules: Rules,
) -> None:  # fmt: skip
    """改到: the lecturer would come at another time; a coordinator agrees (同意) or asks somebody else.

    Raises `OfferGone`, `Taken` or `TimeIsPast`.
    """
    order = _answerable(session, assignment)
    _free(session, order, assignment.lecturer_id, start, assignment.venue, rules=rules, now=now)
    before = assignment.starts_at
    assignment.state, assignment.counter_start = AssignmentState.COUNTERED, start
    assignment.answered_by, assignment.answered_at = by, now
    session.flush()
    name, what = name_of(session, assignment.lecturer_id), wishes.wish(session, order).line
    text = (
        f"{order.id}号（{what}）{name}想改到{fixed(start, rules.zone)}（原定{fixed(before, rules.zone)}）。\n"
        f"行就发“{order.id}号 同意”，不行就“{order.id}号 派 别的老师”。"
    )
    once = f"countered:{assignment.id}:{start.timestamp():.0f}"
    _tell_coordinators(session, order, text, once=once, by=by, now=now, not_before=not_before)


def agree(
    session: Session, order: Order, *, by: int, now: datetime, not_before: datetime, rules: Rules
) -> tuple[Assignment, Lecture]:
    """同意: the lecturer's time is taken; of several, that of the first who named one. Raises as `accept` does."""
    expect(order, OrderState.DISPATCHED)
    found = wishes.offers(session, order, (AssignmentState.COUNTERED,))
    if not found or found[0].counter_start is None:
        raise WrongState(order.id or 0, STATE_NAMES[order.state], "没有老师提出改时间，在等回话。")
    assignment, start = found[0], found[0].counter_start
    return assignment, accept(session, assignment, by=by, now=now, not_before=not_before, rules=rules, starts_at=start)


def _answerable(session: Session, assignment: Assignment) -> Order:
    """The order of an offer that still can be answered. Raises `OfferGone`."""
    order = progress.find(session, assignment.order_id)
    number = order.id or 0
    match assignment.state:
        case AssignmentState.TAKEN:
            raise OfferGone(number, "已经有别的老师接了，谢谢您。")
        case AssignmentState.RECALLED:
            raise OfferGone(number, "镇里已经收回，不用去了，谢谢您。")
        case AssignmentState.ACCEPTED:
            raise OfferGone(number, "您已经接了。去不了请告诉镇里，由镇里改期或换人。")
        case AssignmentState.DECLINED:
            raise OfferGone(number, "之前回过去不了。改主意了请告诉镇里，镇里再派给您。")
    if order.state != OrderState.DISPATCHED:
        raise OfferGone(number, f"现在是“{STATE_NAMES[order.state]}”，不用回了，谢谢您。")
    return order


def _free(
    session: Session, order: Order, lecturer_id: int, at: datetime, venue: str, *, rules: Rules, now: datetime
) -> None:
    """Raise `TimeIsPast` or `Taken`, with what would do instead, unless lecturer, place and people are free then."""
    if at <= now:
        raise TimeIsPast
    reasons = clashes.clashes(
        session,
        starts_at=at,
        minutes=rules.lecture_minutes,
        lecturer_id=lecturer_id,
        venue=venue,
        village_id=order.village_id,
        rules=rules,
        ignoring_order=order.id,
    )
    if reasons:
        slots = matching.times(session, order, rules=rules, now=now, lecturer_id=lecturer_id)
        raise Taken(reasons, tuple(fixed(each.starts_at, rules.zone) for each in slots if each.starts_at != at))


def _hold(
    session: Session, order: Order, assignment: Assignment, *, by: int, now: datetime, not_before: datetime,
    rules: Rules,
) -> Lecture:  # fmt: skip
    """The lecture that serves the order and all that are part of it."""
    wished = planning.Plan(
        kind=order.kind,
        topic_id=order.topic_id if order.topic_id is not None else _topic_of(session, assignment.lecturer_id),
        lecturer_id=assignment.lecturer_id,
        village_ids=wishes.village_ids(session, order),
        title=planning.title_of(session, order),
        venue=assignment.venue,
        starts_at=assignment.starts_at,
        dialect=order.dialect,
    )
    lecture = planning.hold(session, wished, by=by, now=now, not_before=not_before, rules=rules)
    if lecture.owner_id is None:
        lecture.owner_id = order.owner_id
    for each in (order, *session.exec(select(Order).where(Order.merged_into == order.id))):
        each.lecture_id = lecture.id
    progress.advance(session, order, OrderState.SCHEDULED, by=by, now=now, rules=rules)
    return lecture


def _topic_of(session: Session, lecturer_id: int) -> int:
    """Under which topic a lecture stands whose wish fits none: 其他, else one of the lecturer's."""
    other = session.exec(select(Topic.id).where(Topic.name == OTHER)).first()
    own_topic = select(LecturerTopic.topic_id).where(LecturerTopic.lecturer_id == lecturer_id)
    return other or session.exec(own_topic.order_by(col(LecturerTopic.topic_id))).first() or 0


def _thank_the_others(
    session: Session, order: Order, name: str, *, by: int, now: datetime, not_before: datetime, rules: Rules
) -> None:
    """抢单: those who were asked too are told, once, that somebody else has it."""
    for each in wishes.offers(session, order):
        each.state, each.answered_by, each.answered_at, each.reason = AssignmentState.TAKEN, by, now, f"{name}接了"
        text = f"{order.id}号（{fixed(each.starts_at, rules.zone)}）{name}先接了，这次不用您跑了，谢谢您愿意去。"
        for member_id in () if each.paper else tell.lecturer_members(session, each.lecturer_id):
            once = f"taken-by-other:{each.id}:{member_id}"
            tell.member(session, member_id, text, now=now, not_before=not_before, once=once)
    session.flush()


def _tell_coordinators(
    session: Session, order: Order, text: str, *, once: str, by: int, now: datetime, not_before: datetime
) -> None:
    """Tell who looks after the order, in private; not the one who does it."""
    for member_id in tell.coordinators(session, owner_id=order.owner_id):
        if member_id != by:
            tell.member(session, member_id, text, now=now, not_before=not_before, once=f"{once}:{member_id}")


def _coordinates(session: Session, member_id: int) -> bool:
    query = select(Role.id).where(Role.member_id == member_id, Role.kind == RoleKind.COORDINATOR)
    return session.exec(query).first() is not None
