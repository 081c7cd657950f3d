"""One order: what is wished for and by whom, how it came here, whom to ask, and what can be done now."""

from dataclasses import dataclass

from bot.console.pages.order_words import picked
from bot.console.values import Answer, Ask, Html, Page
from data import matching, progress, reviewing, steps, wishes
from data.announcements import KINDS
from data.desk import orders as desk
from data.desk import today
from data.desk_errors import NotThere
from data.desk_tables import ConsoleRole
from data.loop import Assignment, AssignmentState, Lecture, Order, OrderState, Subject
from data.matching import Proposal, Slot
from data.progress import OPEN, STATE_NAMES
from data.reviewing import BEFORE_LECTURE
from data.steps import Stride
from data.tables import Member
from data.wishes import OPEN_OFFERS

_READY = (OrderState.RECEIVED, OrderState.REVIEWED)
_TIMES = 3  # that are offered with each lecturer
_OTHERS = 4  # lecturers that are proposed
REASON = "〈理由〉"  # where the reason comes in what will be read
OFFER_WORDS = {
    AssignmentState.OFFERED: ("等回话", "wait"),
    AssignmentState.ACCEPTED: ("接了", "good"),
    AssignmentState.DECLINED: ("不接", ""),
    AssignmentState.COUNTERED: ("想改时间", "wait"),
    AssignmentState.TAKEN: ("别的老师先接了", ""),
    AssignmentState.RECALLED: ("收回了", ""),
}


@dataclass(frozen=True, slots=True)
class Whom:
    """A lecturer who is proposed, with times at which it could be: (as a field holds it, the time, why)."""

    proposal: Proposal
    times: list[tuple[str, Slot]]


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as the page shows it."""

    row: Assignment
    name: str
    state: str
    mark: str
    open: bool
    at: str  # its time as a field holds it


@dataclass(frozen=True, slots=True)
class Can:
    """What can be done now, by this user."""

    review: bool = False
    end: bool = False  # 驳回, 加急
    merge: bool = False
    dispatch: bool = False
    recall: bool = False
    agree: bool = False
    withdraw: bool = False


def order_of(ask: Ask) -> Order:
    """The order of the address, where it is this user's to see. Raises `NotThere`."""
    order = ask.session.get(Order, ask.number)
    if order is None:
        raise NotThere("这张点单")
    ask.own(order.village_id, "这张点单")
    return order


def show(ask: Ask) -> Answer:
    """One order."""
    order = order_of(ask)
    known = wishes.wish(ask.session, order)
    people = desk.askers(ask.session, order, own=ask.scope is not None)
    rows = wishes.offers(ask.session, order, tuple(AssignmentState))
    offers = _offers(ask, order, rows)
    can = _can(ask, order, offers)
    lead = progress.leading(ask.session, order)
    values: dict[str, object] = {
        "order": order,
        "known": known,
        "state": STATE_NAMES[order.state],
        "kind": KINDS[order.kind].name,
        "late": order.state in OPEN and order.due_at is not None and order.due_at <= ask.now,
        "open": order.state in OPEN,
        "people": people,
        "where": "、".join(dict.fromkeys(each.where for each in people)),
        "owner": ask.session.get_one(Member, order.owner_id).name if order.owner_id is not None else "",
        "trail": _trail(ask, order),
        "offers": offers,
        "lead": lead if lead.id != order.id and ask.scope in (None, lead.village_id) else None,
        "parts": desk.merged_into(ask.session, order.id or 0) if ask.scope is None else [],
        "lecture": _lecture(ask, order),
        "can": can,
        "undo": _undo(ask),
        "reason": REASON,
    }
    return Html("order.html", ask.private(f"{order.id}号 {known.line}"), {**values, **_work(ask, order, can)})


def _can(ask: Ask, order: Order, offers: list[Offer]) -> Can:
    mine = order.state in OPEN and any(
        member_id == ask.user.member_id for member_id, _ in progress.askers(ask.session, order)
    )
    if not ask.may(ConsoleRole.COORDINATOR):
        return Can(withdraw=mine and ask.user.role is ConsoleRole.VILLAGE)
    countered = any(each.row.state == AssignmentState.COUNTERED for each in offers)
    waits = any(each.row.state == AssignmentState.OFFERED for each in offers)
    asked = order.state is OrderState.DISPATCHED
    return Can(
        review=order.state is OrderState.RECEIVED,
        end=order.state in OPEN,
        merge=order.state in BEFORE_LECTURE,
        dispatch=order.state in _READY or (asked and countered and not waits),
        recall=asked,
        agree=asked and countered,
        withdraw=mine,
    )


def _work(ask: Ask, order: Order, can: Can) -> dict[str, object]:
    """What only those need who do something: whom to ask, what will be read, what it could be merged with."""
    whom = _whom(ask, order) if can.dispatch else []
    venue = matching.venue_for(ask.session, order) if can.dispatch else ""
    refusal = reviewing.refusal(ask.session, order, REASON).partition(REASON) if can.end else ("", "", "")
    return {
        "whom": whom,
        "venue": venue,
        "letter": _letter(ask, order, whom, venue),
        "refusal": (refusal[0], refusal[2]),
        "alike": desk.alike(ask.session, order) if can.merge else [],
        "leaves": ask.leaves,
    }


def _letter(ask: Ask, order: Order, whom: list[Whom], venue: str) -> str:
    """What the first who is proposed would read, at the first time."""
    if not whom or not whom[0].times:
        return ""
    first, (_, slot) = whom[0].proposal, whom[0].times[0]
    me = ask.user.member_id
    offer = Assignment(
        order_id=order.id or 0, lecturer_id=first.lecturer_id, starts_at=slot.starts_at, venue=venue, offered_by=me,
        offered_at=ask.now,
    )  # fmt: skip
    return wishes.for_lecturer(ask.session, order, offer, rules=ask.rules)


def _whom(ask: Ask, order: Order) -> list[Whom]:
    found = matching.propose(ask.session, order, rules=ask.rules, now=ask.now, limit=_OTHERS)
    return [Whom(each, _times(ask, order, each.lecturer_id)) for each in found]


def _times(ask: Ask, order: Order, lecturer_id: int) -> list[tuple[str, Slot]]:
    slots = matching.times(ask.session, order, rules=ask.rules, now=ask.now, lecturer_id=lecturer_id, limit=_TIMES)
    return [(picked(ask, each.starts_at), each) for each in slots]


def _offers(ask: Ask, order: Order, rows: list[Assignment]) -> list[Offer]:
    names = desk.lecturer_names(ask.session, rows)
    return [
        Offer(
            row,
            names[row.lecturer_id],
            *OFFER_WORDS[row.state],
            open=order.state is OrderState.DISPATCHED and row.state in OPEN_OFFERS,
            at=picked(ask, row.counter_start or row.starts_at),
        )
        for row in reversed(rows)
    ]


def _trail(ask: Ask, order: Order) -> list[tuple[str, Stride]]:
    found = steps.trail(ask.session, Subject.ORDER, order.id or 0)
    return [
        ("点单" if each.state == OrderState.RECEIVED else STATE_NAMES[OrderState(each.state)], each) for each in found
    ]


def _lecture(ask: Ask, order: Order) -> Lecture | None:
    return ask.session.get(Lecture, order.lecture_id) if order.lecture_id is not None else None


def _undo(ask: Ask) -> today.LastDeed | None:
    if not ask.may(ConsoleRole.COORDINATOR):
        return None
    return today.last_deed(ask.session, ask.user.member_id, within=ask.rules.undo_within, now=ask.now)


PAGES: tuple[Page, ...] = (
    Page("/orders/{number}", show, "一张点单：原话、经过、推荐的老师、每一步", village=True, private=True),
)
