"""待办, and one order looked at: 12号."""

from data import progress, proposals, steps, todo, wishes
from data.loop import AssignmentState, Lecture, Order, OrderState, Subject
from data.phrases import day_and_time
from data.progress import STATE_NAMES
from data.tables import Member
from handlers.desk import wording
from handlers.turn import Reply, Turn

IN_PUBLIC = "点单的事请私聊我说，或在工作群里说。"
TRAIL = 6  # steps shown, the last ones
_OFFER_WORDS = {
    AssignmentState.OFFERED: "等回话",
    AssignmentState.ACCEPTED: "接了",
    AssignmentState.DECLINED: "不接",
    AssignmentState.COUNTERED: "想改时间",
    AssignmentState.TAKEN: "别人先接了",
    AssignmentState.RECALLED: "收回了",
}


def waiting(turn: Turn) -> Reply:
    """待办: what waits for somebody, by group, with the next word to type."""
    if wording.in_public(turn):
        return Reply(IN_PUBLIC)
    groups = todo.waiting(turn.session, rules=turn.rules, now=turn.now)
    if not groups:
        return Reply("现在没有要办的事。")
    shown = (
        "\n".join((f"【{group.name}】", *(f"· {line}" for line in group.lines), *filter(None, (group.more,))))
        for group in groups
    )
    return Reply("\n".join(shown))


def card(turn: Turn) -> Reply:
    """12号: what is wished for, how it came here, and whom to ask."""
    if wording.in_public(turn):
        return Reply(IN_PUBLIC)
    order = progress.find(turn.session, turn.number or 0)
    known = wishes.wish(turn.session, order)
    urgent = todo.URGENT if order.urgent else ""
    late = todo.OVERDUE if order.due_at is not None and order.due_at <= turn.now else ""
    said = f"\n原话：{known.words}" if known.words else ""
    wanted = f"\n希望：{known.wanted}" if known.wanted else ""
    whom = f"（为{known.for_whom}）" if known.for_whom else ""
    head = f"{order.id}号{urgent}{late}【{STATE_NAMES[order.state]}】{known.line}{whom}，{known.people}人{said}{wanted}"
    return Reply(
        "\n".join(
            filter(None, (head, _owner(turn, order), _trail(turn, order), _offers(turn, order), _next(turn, order)))
        )
    )


def _owner(turn: Turn, order: Order) -> str:
    owner = turn.session.get_one(Member, order.owner_id).name if order.owner_id is not None else ""
    due = f"{_time(turn, order)}前要办" if order.due_at is not None and order.due_at > turn.now else ""
    return "，".join(filter(None, (f"负责：{owner}" if owner else "", due)))


def _time(turn: Turn, order: Order) -> str:
    return day_and_time(order.due_at, turn.knowledge.zone, now=turn.now) if order.due_at is not None else ""


def _trail(turn: Turn, order: Order) -> str:
    """Each step with who, when and why."""
    strides = list(steps.trail(turn.session, Subject.ORDER, order.id or 0))
    lines = [
        f"· {each.at.astimezone(turn.knowledge.zone):%m-%d %H:%M} {_step_name(each.state)} {each.who}"
        f"{f'（{each.reason}）' if each.reason else ''}".rstrip()
        for each in strides[-TRAIL:]
    ]
    return "经过：\n" + "\n".join(lines) if lines else ""


def _step_name(state: str) -> str:
    return "点单" if state == OrderState.RECEIVED else STATE_NAMES[OrderState(state)]


def _offers(turn: Turn, order: Order) -> str:
    """Who was asked, and what they said."""
    found = wishes.offers(turn.session, order, tuple(AssignmentState))
    lines = [
        f"· {wishes.name_of(turn.session, each.lecturer_id)} "
        f"{day_and_time(each.starts_at, turn.knowledge.zone, now=turn.now)} {_OFFER_WORDS[each.state]}"
        f"{f'：{each.reason}' if each.reason else ''}"
        for each in found[-4:]
    ]
    return "问过：\n" + "\n".join(lines) if lines else ""


def _next(turn: Turn, order: Order) -> str:
    """What to type now."""
    if order.state in (OrderState.RECEIVED, OrderState.REVIEWED):
        return proposals.suggest(turn.session, order, rules=turn.rules, now=turn.now)
    if order.state == OrderState.SCHEDULED and order.lecture_id is not None:
        lecture = turn.session.get_one(Lecture, order.lecture_id)
        when = day_and_time(lecture.starts_at, turn.knowledge.zone, now=turn.now)
        return f"课{lecture.id}：{when} {lecture.venue}。{wishes.hint(order)}"
    countered = wishes.offers(turn.session, order, (AssignmentState.COUNTERED,))
    if countered and countered[0].counter_start is not None:
        when = day_and_time(countered[0].counter_start, turn.knowledge.zone, now=turn.now)
        name = wishes.name_of(turn.session, countered[0].lecturer_id)
        return f"{name}想改到{when}：行就发“{order.id}号 同意”，不行就“{order.id}号 派 别的老师”。"
    return wishes.hint(order)
