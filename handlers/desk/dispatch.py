"""Dispatch (派单): 派, 抢单, 1/2/3, 收回, 同意, and a coordinator's answer for a lecturer: 已接, 不接, 改到."""

import re
from datetime import datetime

from data import dispatching, matching, progress, proposals, wishes
from data.announcements import fixed
from data.dispatching import Offered
from data.errors import NoTime, WrongState
from data.loop import Assignment, Order, OrderState
from data.progress import STATE_NAMES
from handlers.answers import NO, first_choice
from handlers.desk import wording
from handlers.turn import Ask, Reply, Turn

SOON = "一分钟内回“撤销”可以收回。"
_PICKED = re.compile(r"[\s、,，.]*(?:时间|第)?(?P<time>[1-9])?(?:个?时间)?[。]?")


def dispatch(turn: Turn) -> Reply:
    """派 〈宣讲员〉 [时间] [地点]: the lecturer is asked at once; it can be undone for a minute."""
    order = progress.find(turn.session, turn.number or 0)
    if not turn.args.strip():
        return Reply(
            f"派给哪位？“{order.id}号 派 老师名 周四晚上7点半 地点”，时间地点可以不写。发“{order.id}号”看推荐。"
        )
    said = wording.read(turn, turn.args)
    if said.doubtful:
        return _ask_which(order, said)
    if len(said.names) > 1:
        return Reply(f"一次派一位。要同时问几位，发“{order.id}号 抢单 {' '.join(said.names)}”。")
    if not said.names:
        return Reply(f"派给哪位？“{order.id}号 派 老师名 周四晚上7点半”。")
    lecturer_id = turn.knowledge.lecturer_ids[said.names[0]]
    return _offered(turn, order, _offer(turn, order, [lecturer_id], said.starts_at, said.venue or None))


def choose_whom(turn: Turn) -> Reply:
    """The answer to which of several lecturers was meant."""
    options = [str(each) for each in _list(turn.payload["options"])]
    if turn.args == NO:
        return Reply("好，先不派。")
    picked = first_choice(turn.args) or 0
    number = int(str(turn.payload["number"]))
    if not 1 <= picked <= len(options):
        shown = " ".join(f"{place} {name}" for place, name in enumerate(options, 1))
        return Reply(f"没有这个号。{shown}，回复数字。", ask=Ask("choose_whom", turn.payload))
    order = progress.find(turn.session, number)
    at, venue = str(turn.payload.get("at") or ""), str(turn.payload.get("venue") or "")
    start = datetime.fromisoformat(at) if at else None
    lecturer_id = turn.knowledge.lecturer_ids[options[picked - 1]]
    return _offered(turn, order, _offer(turn, order, [lecturer_id], start, venue or None))


def take_proposal(turn: Turn) -> Reply:
    """12号 1, 12号 1 2: the first of the lecturers that were proposed, at the second of the times."""
    order = progress.find(turn.session, turn.number or 0)
    picked = _PICKED.fullmatch(turn.args)
    if picked is None:
        return Reply(f"没看懂。“{order.id}号 1”派推荐的第1位，“{order.id}号 1 2”用第2个时间；发“{order.id}号”看推荐。")
    wishes.expect(order, OrderState.RECEIVED, OrderState.REVIEWED)
    found = matching.propose(turn.session, order, rules=turn.rules, now=turn.now)
    place = int(turn.word)
    if place > len(found):
        shown = f"只推荐了{len(found)}位" if found else "没有可推荐的"
        return Reply(f"{shown}。想到谁就发“{order.id}号 派 老师名”。")
    starts_at = None
    if picked["time"]:
        slots = proposals.card_times(turn.session, order, rules=turn.rules, now=turn.now, first=found[0].lecturer_id)
        if int(picked["time"]) > len(slots):
            return Reply(
                f"只有{len(slots)}个时间。自己定就写上：“{order.id}号 派 {found[place - 1].name} 周四晚上7点半”。"
            )
        starts_at = slots[int(picked["time"]) - 1].starts_at
    return _offered(turn, order, _offer(turn, order, [found[place - 1].lecturer_id], starts_at, None))


def grab(turn: Turn) -> Reply:
    """抢单 [names] [时间]: shows what several lecturers will read, and asks; without names the proposed ones."""
    order = progress.find(turn.session, turn.number or 0)
    wishes.expect(order, OrderState.RECEIVED, OrderState.REVIEWED)
    said = wording.read(turn, turn.args) if turn.args.strip() else wording.Said((), None, "", "")
    if said.doubtful:
        words, options = said.doubtful[0]
        return Reply(wording.ask_which(words, options))
    ids = [turn.knowledge.lecturer_ids[name] for name in said.names]
    if not ids:
        limit = turn.rules.grab_most
        found = matching.propose(turn.session, order, rules=turn.rules, now=turn.now, limit=limit)
        ids = [each.lecturer_id for each in found if each.reachable]
    if len(ids) < 2:
        return Reply(f"抢单要问两位以上，写上名字：“{order.id}号 抢单 覃志刚 黄秀兰”。只问一位用“派”。")
    if len(ids) > turn.rules.grab_most:
        return Reply(f"一次最多问{turn.rules.grab_most}位，请少写几位。")
    at = said.starts_at
    if at is None:  # one lecture, one time: all are asked for the same
        slots = matching.times(turn.session, order, rules=turn.rules, now=turn.now, limit=1)
        if not slots:
            raise NoTime(order.id or 0, "老师名")
        at = slots[0].starts_at
    plans = dispatching.plan(
        turn.session, order, ids, starts_at=at, venue=said.venue or None, rules=turn.rules, now=turn.now
    )
    text = wishes.for_lecturer(turn.session, order, plans[0], rules=turn.rules)
    names = "、".join(wishes.name_of(turn.session, each) for each in ids)
    payload: dict[str, object] = {"number": order.id, "ids": ids, "at": at.isoformat(), "venue": plans[0].venue}
    return Reply(
        f"会同时问{len(ids)}位：{names}，先接的去。\n————\n{text}\n————\n回“确认”发出，回“取消”不发。",
        ask=Ask("confirm_grab", payload),
    )


def confirm_grab(turn: Turn) -> Reply:
    """The answer to that."""
    number = int(str(turn.payload["number"]))
    if turn.args == NO:
        return Reply(f"好，{number}号没有发。")
    order = progress.find(turn.session, number)
    ids = [int(str(each)) for each in _list(turn.payload["ids"])]
    at = datetime.fromisoformat(str(turn.payload["at"]))
    made = _offer(turn, order, ids, at, str(turn.payload["venue"]))
    paper = "、".join(each.name for each in made if not each.reached)
    phone = f"{paper}机器人联系不上，请打电话。" if paper else ""
    return Reply(f"{number}号问了{'、'.join(each.name for each in made)}，先接的去。{phone}{_soon(turn)}")


def recall(turn: Turn) -> Reply:
    """收回 理由: who was asked is let go of."""
    order = progress.find(turn.session, turn.number or 0)
    wishes.expect(order, OrderState.DISPATCHED)
    reason = wording.reason(turn.args)
    if not reason:
        return Reply(f"请写上理由，老师会看到：“{order.id}号 收回 时间要改”。")
    names = dispatching.recall(
        turn.session, order, reason, by=turn.member_id, now=turn.now, not_before=turn.leaves, rules=turn.rules
    )
    told = f"会告诉{'、'.join(names)}。" if names else ""
    return Reply(f"{order.id}号收回了，{told}{_soon(turn)}\n再派发“{order.id}号”看推荐。")


def agree(turn: Turn) -> Reply:
    """同意: the time that the lecturer named."""
    order = progress.find(turn.session, turn.number or 0)
    assignment, lecture = dispatching.agree(
        turn.session, order, by=turn.member_id, now=turn.now, not_before=turn.leaves, rules=turn.rules
    )
    return Reply(scheduled(turn, assignment, lecture.id or 0) + _soon(turn))


def accept_for(turn: Turn, order: Order) -> Reply:
    """已接: a coordinator answers for the lecturer who was asked."""
    assignment = _one_asked(turn, order)
    if isinstance(assignment, Reply):
        return assignment
    lecture = dispatching.accept(
        turn.session, assignment, by=turn.member_id, now=turn.now, not_before=turn.leaves, rules=turn.rules
    )
    return Reply(scheduled(turn, assignment, lecture.id or 0) + _soon(turn))


def refuse_for(turn: Turn, order: Order) -> Reply:
    """不接 理由: the lecturer said so on the telephone."""
    reason = turn.args.strip()
    said = wording.lecturers_called(turn, reason.split(" ")[0]) if reason else ()
    assignment = _one_asked(turn, order, said)
    if isinstance(assignment, Reply):
        return assignment
    if said:
        reason = reason.partition(" ")[2]
    if not reason:
        return Reply(f"请写上理由：“{order.id}号 不接 那天值班”。")
    dispatching.refuse(
        turn.session,
        assignment,
        wording.reason(reason),
        by=turn.member_id,
        now=turn.now,
        not_before=turn.leaves,
        rules=turn.rules,
    )
    name = wishes.name_of(turn.session, assignment.lecturer_id)
    if order.state != OrderState.REVIEWED:
        return Reply(f"{order.id}号{name}去不了，记下了，还在等别的老师回话。")
    return Reply(
        f"{order.id}号{name}去不了，记下了。\n{proposals.suggest(turn.session, order, rules=turn.rules, now=turn.now)}"
    )


def scheduled(turn: Turn, assignment: Assignment, lecture_id: int) -> str:
    """That it became a lecture."""
    name = wishes.name_of(turn.session, assignment.lecturer_id)
    when = fixed(assignment.starts_at, turn.knowledge.zone)
    return f"{assignment.order_id}号排好了（课{lecture_id}）：{when}，{assignment.venue or '地点再定'}，{name}。"


def _soon(turn: Turn) -> str:
    """When it goes out, and that it can be taken back until then."""
    if turn.leaves > turn.now + turn.rules.undo_within:
        return f"现在是免打扰时间，{fixed(turn.leaves, turn.knowledge.zone)}才发。{SOON}"
    return SOON


def _offer(turn: Turn, order: Order, ids: list[int], at: datetime | None, venue: str | None) -> list[Offered]:
    return dispatching.offer(
        turn.session,
        order,
        ids,
        by=turn.member_id,
        now=turn.now,
        not_before=turn.leaves,
        rules=turn.rules,
        starts_at=at,
        venue=venue,
    )


def _offered(turn: Turn, order: Order, made: list[Offered]) -> Reply:
    """What went out to one lecturer."""
    each = made[0]
    if each.reached:
        return Reply(f"{order.id}号派给{each.name}，发给{each.name}的话：\n————\n{each.text}\n————\n{_soon(turn)}")
    when = f"{fixed(each.assignment.starts_at, turn.knowledge.zone)}，{each.assignment.venue or '地点再定'}"
    return Reply(
        f"{order.id}号派给{each.name}：{when}。{each.name}还没绑定，机器人联系不上，请打电话问。\n"
        f"接了发“{order.id}号 已接”，去不了发“{order.id}号 不接 理由”。派错了一分钟内回“撤销”。"
    )


def _ask_which(order: Order, said: wording.Said) -> Reply:
    words, options = said.doubtful[0]
    payload: dict[str, object] = {
        "number": order.id,
        "options": list(options),
        "at": said.starts_at.isoformat() if said.starts_at is not None else "",
        "venue": said.venue,
    }
    shown = " ".join(f"{place} {name}" for place, name in enumerate(options[:9], 1))
    return Reply(f"“{words}”是哪位：{shown}？回复数字。", ask=Ask("choose_whom", payload))


def _one_asked(turn: Turn, order: Order, said: tuple[str, ...] = ()) -> Assignment | Reply:
    """The offer that a coordinator answers for: the only one, the named one, or the only one on paper."""
    found = wishes.offers(turn.session, order)
    if not found:
        wishes.expect(order, OrderState.DISPATCHED)
        raise WrongState(order.id or 0, STATE_NAMES[order.state], f"现在没有在问哪位老师。发“{order.id}号”看推荐。")
    words = said or wording.lecturers_called(turn, turn.args.strip()) if turn.args.strip() else said
    named = [each for each in found if wishes.name_of(turn.session, each.lecturer_id) in words]
    paper = [each for each in found if each.paper]
    for narrowed in (named, found, paper):
        if len(narrowed) == 1:
            return narrowed[0]
    names = "、".join(wishes.name_of(turn.session, each.lecturer_id) for each in found)
    return Reply(f"{order.id}号问了{names}，是哪位？写上名字：“{order.id}号 {turn.word} {names.split('、')[0]}”。")


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
