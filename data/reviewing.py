"""What becomes of an order before a lecturer is asked: review (审单), declining, merging (并单), withdrawing (撤单)."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from data import progress, tell, wishes
from data.announcements import fixed
from data.errors import CannotMerge, NotYourOrder
from data.loop import AssignmentState, Order, OrderSeconder, OrderState
from data.progress import OPEN
from data.rules import Rules
from data.tables import Member, Room, RoomKind
from data.wishes import expect

BEFORE_LECTURE = (OrderState.RECEIVED, OrderState.REVIEWED, OrderState.DISPATCHED)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What is left of an order that somebody withdrew: its number, and how many still wish for it."""

    number: int
    people: int


def own(order: Order, by: int) -> None:
    """The coordinator who first acts on an order looks after it."""
    if order.owner_id is None:
        order.owner_id = by


def review(session: Session, order: Order, *, by: int, now: datetime, rules: Rules) -> None:
    """通过: it will be dispatched. Raises `WrongState`."""
    expect(order, OrderState.RECEIVED)
    own(order, by)
    progress.advance(session, order, OrderState.REVIEWED, by=by, now=now, rules=rules)


def refusal(session: Session, order: Order, reason: str) -> str:
    """What those who asked are told when it is declined."""
    what = wishes.wish(session, order).what
    return f"您点的{what}（{order.id}号）这次没办成：{reason.rstrip('。')}。想听别的，随时说“点课”。"


def decline(
    session: Session, order: Order, reason: str, *, by: int, now: datetime, not_before: datetime, rules: Rules
) -> int:
    """驳回: everybody who asked is told why, once, where they asked; returns in how many rooms. Raises `WrongState`."""
    expect(order, *OPEN)
    text = refusal(session, order, reason)
    own(order, by)
    release(session, order, "这一单镇里不办了", by=by, now=now, not_before=not_before, rules=rules)
    progress.advance(session, order, OrderState.DECLINED, by=by, now=now, rules=rules, reason=reason)
    return wishes.tell_askers(session, order, text, once=f"declined:{order.id}", now=now, not_before=not_before)


def merge(
    session: Session, order: Order, into: Order, *, by: int, now: datetime, not_before: datetime, rules: Rules
) -> None:
    """合并: it goes on as part of another, whatever village it is of; its askers stay its own.

    Raises `WrongState` where either is scheduled or over, `CannotMerge` for an order and itself.
    """
    if order.id == into.id:
        raise CannotMerge(order.id or 0)
    expect(order, *BEFORE_LECTURE)
    expect(into, *BEFORE_LECTURE)
    own(order, by)
    own(into, by)
    why = f"并到{into.id}号一起办"
    release(session, order, f"{order.id}号{why}了", by=by, now=now, not_before=not_before, rules=rules)
    for follower in session.exec(select(Order).where(Order.merged_into == order.id)):
        follower.merged_into = into.id  # never a chain: what is merged is one step from what leads it
    order.merged_into = into.id
    progress.advance(session, order, OrderState.MERGED, by=by, now=now, rules=rules, reason=why)


def hasten(session: Session, order: Order, *, by: int, now: datetime, rules: Rules) -> None:
    """加急: each step from here on has the time of an urgent one. Raises `WrongState`."""
    expect(order, *OPEN)
    own(order, by)
    order.urgent = True
    due = rules.due(order.state, now=now, urgent=True)
    order.due_at = min(filter(None, (order.due_at, due)), default=None)
    session.flush()


def withdraw(
    session: Session, number: int, *, member_id: int, now: datetime, not_before: datetime, rules: Rules
) -> Withdrawn:
    """撤单 by one who asked. While others wish for it too it lives on with the next of them; else it ends.

    Raises `NoSuchOrder`, `NotYourOrder` or `WrongState`.
    """
    order = progress.find(session, number)
    mine = session.get(OrderSeconder, (order.id, member_id))
    if order.member_id != member_id and mine is None:
        raise NotYourOrder(number)
    if order.state == OrderState.SCHEDULED:
        raise NotYourOrder(number, "已经排好课，撤不了。不去的话，报过名的说“取消报名”就行。")
    if order.state == OrderState.MERGED:
        raise NotYourOrder(number, f"已经和{order.merged_into}号并在一起办，不用撤；到时不想去，不报名就行。")
    expect(order, *OPEN)
    if mine is not None and order.member_id != member_id:
        session.delete(mine)
        session.flush()
        return Withdrawn(number, len(progress.askers(session, order)))
    left = [each for each in progress.askers(session, order) if each[0] != member_id]
    if left:
        _hand_on(session, order, *left[0], now=now)
        return Withdrawn(number, len(left))
    release(session, order, "点课的人撤单了", by=member_id, now=now, not_before=not_before, rules=rules)
    progress.advance(
        session, order, OrderState.WITHDRAWN, by=member_id, now=now, rules=rules, reason="点课的人自己撤了"
    )
    return Withdrawn(number, 0)


def release(
    session: Session, order: Order, why: str, *, by: int, now: datetime, not_before: datetime, rules: Rules
) -> list[str]:
    """Let go of the lecturers who were asked, and tell those whom the bot reaches; returns their names."""
    names = []
    for each in wishes.offers(session, order):
        each.state, each.answered_by, each.answered_at, each.reason = AssignmentState.RECALLED, by, now, why
        names.append(wishes.name_of(session, each.lecturer_id))
        text = f"{order.id}号那一课（{fixed(each.starts_at, rules.zone)}）先不用准备了：{why}。谢谢您。"
        for member_id in () if each.paper else tell.lecturer_members(session, each.lecturer_id):
            once = f"released:{each.id}:{member_id}"
            tell.member(session, member_id, text, now=now, not_before=not_before, once=once)
    session.flush()
    return names


def _hand_on(session: Session, order: Order, heir: int, room_id: int, *, now: datetime) -> None:
    """Make the next who wishes for it its asker."""
    seconded = session.get(OrderSeconder, (order.id, heir))
    if seconded is not None:
        session.delete(seconded)
    room, member = session.get_one(Room, room_id), session.get_one(Member, heir)
    if room.kind == RoomKind.DIRECT and room.external_id != member.external_id:
        room_id = tell.direct_room(session, heir, now=now)
    order.member_id, order.room_id = heir, room_id
    session.flush()
