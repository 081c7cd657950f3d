"""From state to state: which step of an order may follow which, and none without who and why."""

from datetime import datetime

from sqlmodel import Session, col, select

from data import steps
from data.errors import NoSuchOrder, WrongState
from data.loop import Order, OrderSeconder, OrderState, Subject
from data.rules import Rules

_S = OrderState
NEXT: dict[OrderState, tuple[OrderState, ...]] = {
    _S.RECEIVED: (_S.REVIEWED, _S.DECLINED, _S.WITHDRAWN, _S.MERGED),
    _S.REVIEWED: (_S.DISPATCHED, _S.DECLINED, _S.WITHDRAWN, _S.MERGED),
    _S.DISPATCHED: (_S.ACCEPTED, _S.REVIEWED, _S.DECLINED, _S.WITHDRAWN, _S.MERGED),
    _S.ACCEPTED: (_S.SCHEDULED, _S.REVIEWED, _S.DECLINED, _S.WITHDRAWN),
    _S.SCHEDULED: (_S.DELIVERED, _S.REVIEWED, _S.DECLINED, _S.WITHDRAWN),
    _S.DELIVERED: (_S.RATED, _S.ARCHIVED),
    _S.RATED: (_S.ARCHIVED,),
    _S.ARCHIVED: (),
    _S.DECLINED: (),
    _S.WITHDRAWN: (),
    _S.MERGED: (),
}
OPEN = (_S.RECEIVED, _S.REVIEWED, _S.DISPATCHED, _S.ACCEPTED)  # somebody still has to do something
ALIVE = (*OPEN, _S.SCHEDULED)  # can still become a lecture, or is one to come
STATE_NAMES: dict[OrderState, str] = {
    _S.RECEIVED: "待审",
    _S.REVIEWED: "待派",
    _S.DISPATCHED: "待接单",
    _S.ACCEPTED: "已接单",
    _S.SCHEDULED: "已排课",
    _S.DELIVERED: "已开讲",
    _S.RATED: "已评",
    _S.ARCHIVED: "已归档",
    _S.DECLINED: "没办成",
    _S.WITHDRAWN: "已撤单",
    _S.MERGED: "已并单",
}


def find(session: Session, number: int) -> Order:
    """The order with this number. Raises `NoSuchOrder`."""
    order = session.get(Order, number)
    if order is None:
        raise NoSuchOrder(number)
    return order


def leading(session: Session, order: Order) -> Order:
    """The order itself, or the one that it is now part of."""
    seen = {order.id}
    while order.merged_into is not None and order.merged_into not in seen:
        seen.add(order.merged_into)
        order = find(session, order.merged_into)
    return order


def advance(
    session: Session,
    order: Order,
    to: OrderState,
    *,
    by: int | None,
    now: datetime,
    rules: Rules,
    reason: str = "",
) -> None:
    """Take a step and write it down. Raises `WrongState` where it may not follow.

    Steps back and endings need a ``reason``: without one it is a ValueError, a mistake of the caller's.
    """
    assert order.id is not None
    if to not in NEXT[order.state]:
        raise WrongState(order.id, STATE_NAMES[order.state])
    if needs_reason(order.state, to) and not reason.strip():
        raise ValueError(f"an order does not go from {order.state} to {to} without a reason")
    order.state, order.changed_at = to, now
    order.due_at = rules.due(to, now=now, urgent=order.urgent)
    session.add(order)
    steps.record(session, Subject.ORDER, order.id, to, by=by, now=now, reason=reason)
    session.flush()


def needs_reason(before: OrderState, to: OrderState) -> bool:
    """Whether somebody will ask why."""
    back = before in (_S.DISPATCHED, _S.ACCEPTED, _S.SCHEDULED) and to is _S.REVIEWED
    return back or to in (_S.DECLINED, _S.WITHDRAWN, _S.MERGED)


def askers(session: Session, order: Order) -> list[tuple[int, int]]:
    """(member id, room id where they asked) of everybody who wishes for it, those of merged orders too, each once.

    A seconder is spoken to where the order stands.
    """
    assert order.id is not None
    followers = session.exec(select(Order).where(Order.merged_into == order.id).order_by(col(Order.id))).all()
    people: dict[int, int] = {order.member_id: order.room_id}
    seconders = session.exec(select(OrderSeconder.member_id).where(OrderSeconder.order_id == order.id))
    for member_id in seconders:
        people.setdefault(member_id, order.room_id)
    for follower in followers:
        for member_id, room_id in askers(session, follower):
            people.setdefault(member_id, room_id)
    return list(people.items())
