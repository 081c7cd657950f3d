"""到哪了: where an order or a case stands, in plain words, for those whom it concerns."""

import re
from datetime import datetime

from data import status
from data.loop import OrderState
from data.phrases import day_and_time
from data.tables import RoleKind
from handlers import info, voice
from handlers.turn import Reply, Turn

_S = OrderState
_NEXT = {
    _S.RECEIVED: "镇里正在看",
    _S.REVIEWED: "镇里正在找老师",
    _S.DISPATCHED: "已经问了老师，在等回话",
    _S.ACCEPTED: "有老师答应来讲，正在定时间",
}
_ASKS = re.compile(r"到哪|怎么样|什么时候|几时|哪天|进度|进展|有没有|没有|办|安排|[?？]")
_MINE = re.compile(r"我们?(?:家|村)?[点订请要]的|我的[点订]?单")
NOT_THEIRS = "没查到您的{number}号。您自己和本村点的课、您自己提的意见，都能问我；发“到哪了”看有哪些。"
NOTHING = "您现在没有在办的事。想听什么，说“点课 反诈骗”；有意见也可以跟我说。"


def of_number(turn: Turn) -> Reply:
    """12号到哪了: the order of that number, and the opinion of that number where it is theirs."""
    number = turn.number if turn.number is not None else turn.act.order_number
    if number is None:
        return mine_open(turn)
    order = status.of_order(
        turn.session,
        number,
        member_id=turn.member_id,
        village_id=turn.village_id,
        desk=RoleKind.COORDINATOR in turn.member.roles,
    )
    case = status.of_case(turn.session, number, member_id=turn.member_id)
    lines = [_order(turn, order)] if order else []
    lines += [_case(turn, case)] if case else []
    return Reply("\n".join(lines) or NOT_THEIRS.format(number=number))


def of_case(turn: Turn) -> Reply:
    """意见3号到哪了: one's own only; what others said to the town is theirs."""
    number = turn.number or 0
    case = status.of_case(turn.session, number, member_id=turn.member_id)
    return Reply(_case(turn, case) if case else NOT_THEIRS.format(number=number).replace("您的", "您的意见", 1))


def mine_open(turn: Turn) -> Reply:
    """到哪了: one's own open things."""
    orders = status.orders_of(turn.session, turn.member_id, finished=False)
    cases = status.cases_of(turn.session, turn.member_id)
    lines = [*(_order(turn, each) for each in orders), *(_case(turn, each) for each in cases)]
    return Reply("\n".join(lines) or NOTHING)


def asked_about(turn: Turn) -> Reply:
    """我点的课到哪了, 我的意见: one's open things; 我的意见是… is an opinion."""
    if turn.args and not _ASKS.search(turn.args) and turn.word.startswith("我的"):
        return voice.suggestion(turn)
    return mine_open(turn)


def mine(turn: Turn) -> Reply:
    """我的点单: what they placed or seconded, with where it stands."""
    orders = status.orders_of(turn.session, turn.member_id)
    if not orders:
        return Reply("您还没有点过课。想听什么，说“点课 反诈骗”就行。")
    return Reply("您的点单：\n" + "\n".join(_order(turn, each) for each in orders))


def schedule(turn: Turn) -> Reply:
    """什么时候来讲: of the order that they name, of their own, else the schedule."""
    if turn.act.order_number is not None:
        return of_number(turn)
    if _MINE.search(turn.text):
        return mine_open(turn)
    return info.schedule(turn)


def _order(turn: Turn, each: status.OrderStatus) -> str:
    seconded = "，附议" if each.seconded else ""
    through = f"和{each.through}号一起办，" if each.through else ""
    return f"{each.number}号 {each.what}（{each.people}人{seconded}）：{through}{_stand(turn, each)}。"


def _stand(turn: Turn, each: status.OrderStatus) -> str:
    what = f"《{each.title}》"
    match each.state:
        case _S.SCHEDULED if each.starts_at is not None:
            return f"排好了，{_time(turn, each.starts_at)}在{each.venue}，{each.lecturer}老师讲{what}"
        case _S.DELIVERED if each.starts_at is not None:
            return f"{_time(turn, each.starts_at)}讲过了{what}。想说说的话，发“5分 讲得好”，不说也没关系"
        case _S.SCHEDULED | _S.DELIVERED | _S.RATED | _S.ARCHIVED:
            return f"讲过了{what}，谢谢您点课" if each.title else "已经办好了，谢谢您点课"
        case _S.DECLINED:
            return f"没办成，{each.reason.rstrip('。')}。想听别的，说“点课 题目”"
        case _S.WITHDRAWN:
            return f"撤单了（{each.reason.rstrip('。')}）。又想听了，再说“点课”"
    step = _NEXT.get(each.state, "镇里正在办")
    if each.state == _S.ACCEPTED and each.lecturer:
        step = f"{each.lecturer}老师答应来讲，正在定时间"
    return f"{step}，{_by(turn, each.due_at)}"


def _case(turn: Turn, each: status.CaseStatus) -> str:
    head = f"意见{each.number}号"
    if each.private and not turn.room.direct:
        return f"{head}是您私聊说的，请私聊问我。"
    if each.refused:
        return f"{head}“{each.text}”：镇里看过了，这次办不了：{each.answer}"
    if each.closed:
        return f"{head}“{each.text}”：镇里答复了：{each.answer}"
    return f"{head}“{each.text}”：镇里正在办，{_by(turn, each.due_at)}。"


def _by(turn: Turn, due_at: datetime | None) -> str:
    if due_at is None:
        return "有回音就告诉您"
    if due_at < turn.now:
        return "比说好的晚了，已经在催"
    return f"最晚{_time(turn, due_at)}前有回音"


def _time(turn: Turn, moment: datetime) -> str:
    return day_and_time(moment, turn.rules.zone, now=turn.now)
