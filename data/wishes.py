"""An order in words: who wishes for what, when and where, for coordinators, for lecturers, and for those who asked."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from data import progress, tell
from data.announcements import fixed
from data.errors import WrongState
from data.loop import Assignment, AssignmentState, Order, OrderState
from data.orders import describe
from data.progress import STATE_NAMES
from data.rules import Rules
from data.tables import Lecturer, Member, Room, RoomKind, Topic, Village

_S = OrderState
OPEN_OFFERS = (AssignmentState.OFFERED, AssignmentState.COUNTERED)
# What would work, by where an order stands; {n} is its number.
HINTS: dict[OrderState, str] = {
    _S.RECEIVED: "发“{n}号”看推荐的老师，或“{n}号 派 老师名”。",
    _S.REVIEWED: "发“{n}号”看推荐的老师，或“{n}号 派 老师名”。",
    _S.DISPATCHED: "已经问了老师，等回话；要换人先发“{n}号 收回 理由”。",
    _S.ACCEPTED: "老师已经接了，要换人先发“{n}号 收回 理由”。",
    _S.SCHEDULED: "已经排成课{lecture}，改期、换人、取消都对课说：“课{lecture} 取消 理由”。",
    _S.DELIVERED: "课已经讲过。想再办一场，发“代点 村名 题目”。",
    _S.RATED: "课已经讲过。想再办一场，发“代点 村名 题目”。",
    _S.ARCHIVED: "课已经讲过、归了档。想再办一场，发“代点 村名 题目”。",
    _S.DECLINED: "已经答复点课的人。要重新办，发“代点 村名 题目”。",
    _S.WITHDRAWN: "点课的人自己撤了。要另外办，发“代点 村名 题目”。",
    _S.MERGED: "它并到{lead}号一起办了，请对{lead}号说。",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What an order is about, as people read it; ``villages`` is empty where nobody knows."""

    number: int
    villages: str
    what: str
    people: int
    words: str  # the asker's own, where they say more than ``what``
    wanted: str  # time, dialect, place and how many, as far as they were said
    for_whom: str = ""

    @property
    def line(self) -> str:
        return f"{self.villages} {self.what}".strip()


def expect(order: Order, *states: OrderState) -> None:
    """Raise `WrongState`, with what would work, unless the order stands in one of these."""
    if order.state not in states:
        raise WrongState(order.id or 0, STATE_NAMES[order.state], hint(order))


def hint(order: Order) -> str:
    """What would work now."""
    return HINTS[order.state].format(n=order.id, lecture=order.lecture_id or "", lead=order.merged_into)


def wish(session: Session, order: Order) -> Wish:
    """The order in words, with all that was merged into it."""
    topic = session.get(Topic, order.topic_id) if order.topic_id is not None else None
    lecturer = session.get(Lecturer, order.lecturer_id) if order.lecturer_id is not None else None
    what = describe(topic.name if topic else None, lecturer.name if lecturer else None, order.wish, order.kind)
    ids = village_ids(session, order)
    names = session.execute(select(col(Village.id), col(Village.name)).where(col(Village.id).in_(ids)))
    by_id = {row[0]: row[1] for row in names}
    parts = (order.when_text, order.dialect, order.place)
    heads = f"约{order.listeners}人来" if order.listeners else ""
    return Wish(
        number=order.id or 0,
        villages="、".join(by_id[each] for each in ids),
        what=what,
        people=len(progress.askers(session, order)),
        words="" if order.wish in what else order.wish.replace(",", "，"),
        wanted="，".join(filter(None, (*parts, heads))),
        for_whom=order.for_whom,
    )


def village_ids(session: Session, order: Order) -> tuple[int, ...]:
    """The villages that the order serves: its own first, then those of the orders that are part of it."""
    query = select(Order.village_id).where(Order.merged_into == order.id).order_by(col(Order.id))
    found = (order.village_id, *session.exec(query))
    return tuple(dict.fromkeys(each for each in found if each is not None))


def offers(session: Session, order: Order, states: Iterable[AssignmentState] = OPEN_OFFERS) -> list[Assignment]:
    """The order's offers that stand in one of these states, oldest first."""
    query = select(Assignment).where(Assignment.order_id == order.id, col(Assignment.state).in_(list(states)))
    return list(session.exec(query.order_by(col(Assignment.id))))


def name_of(session: Session, lecturer_id: int) -> str:
    """A lecturer's name."""
    return session.get_one(Lecturer, lecturer_id).name


def for_lecturer(session: Session, order: Order, assignment: Assignment, *, rules: Rules) -> str:
    """The offer, as the lecturer reads it: who wants what, when and where, and how to answer."""
    known = wish(session, order)
    where = known.villages or "镇里"
    heads = known.for_whom or (f"{known.people}人" if known.people > 1 else "有人")
    said = f"（“{known.words}”）" if known.words else ""
    asked = f"\n大家希望：{known.wanted}" if known.wanted else ""
    when = f"{fixed(assignment.starts_at, rules.zone)}，{assignment.venue or '地点再定'}"
    return (
        f"想请您讲一课（{order.id}号）：{where}{heads}想听{known.what}{said}{asked}\n时间地点：{when}\n"
        "能去回“接单”，去不了回“不接 理由”，想换时间回“改到 周四晚上”。"
    )


def tell_askers(
    session: Session, order: Order, text: str, *, once: str, now: datetime, not_before: datetime, groups: bool = True
) -> int:
    """Tell everybody who asked, where they asked, one message a room that names them; returns how many rooms.

    Who seconded what stands in another person's direct chat is told in their own. ``groups=False``: only those who
    asked in a direct chat, for the others read it in their group.
    """
    where: dict[int, list[int]] = {}
    for member_id, asked_in in progress.askers(session, order):
        room, member = session.get_one(Room, asked_in), session.get_one(Member, member_id)
        elsewhere = room.kind == RoomKind.DIRECT and room.external_id != member.external_id
        if groups or (room.kind == RoomKind.DIRECT and not elsewhere):
            room_id = tell.direct_room(session, member_id, now=now) if elsewhere else asked_in
            where.setdefault(room_id, []).append(member_id)
    for room_id, people in where.items():
        tell.people_in(session, room_id, people, text, now=now, not_before=not_before, once=f"{once}:{room_id}")
    return len(where)


def village_named(session: Session, words: str) -> Village | None:
    """The village of this name, or that people also call so."""
    named = session.exec(select(Village).where(Village.name == words)).first()
    if named is not None:
        return named
    aliases = session.execute(select(col(Village.id), col(Village.aliases)))
    found = next((number for number, names in aliases if words in names), None)
    return session.get(Village, found) if found is not None else None
