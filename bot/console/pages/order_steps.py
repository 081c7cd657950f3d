"""Each step of an order as a form does it: 通过, 驳回, 合并, 加急, 派单, 收回, 已接, 不接, 同意改期, 撤单."""

import re
from collections.abc import Sequence
from datetime import datetime

from bot.console.pages.order import order_of
from bot.console.pages.order_words import lecturers_named, moment_of
from bot.console.values import Ask, Deed, Done
from data import dispatching, matching, progress, reviewing, wishes
from data.announcements import fixed
from data.desk_errors import BadEntry, NotThere
from data.dispatching import Offered
from data.errors import NoTime
from data.loop import Assignment, Order
from data.names import row_id
from data.phrases import day_and_time
from data.tables import Lecturer
from handlers.desk.wording import MAX_REASON

PAGE = "/orders/{number}"
_NUMBER = re.compile(r"\s*[第#]?(?P<number>\d{1,9})\s*号?\s*")


def review(ask: Ask) -> Done:
    """通过: it waits to be dispatched."""
    order = order_of(ask)
    reviewing.review(ask.session, order, by=ask.user.member_id, now=ask.now, rules=ask.rules)
    return _done(order, "通过了，下面选一位老师派给。")


def decline(ask: Ask) -> Done:
    """驳回: everybody who asked is told why."""
    order = order_of(ask)
    reason = ask.form.need("refuse_reason", "理由", longest=MAX_REASON)
    rooms = reviewing.decline(
        ask.session, order, reason, by=ask.user.member_id, now=ask.now, not_before=ask.leaves, rules=ask.rules
    )
    return _done(order, f"驳回了，发到{rooms}处。{_soon(ask)}")


def merge(ask: Ask) -> Done:
    """合并: it goes on as part of another."""
    order = order_of(ask)
    named = _NUMBER.fullmatch(ask.form.get("into_other") or ask.form.get("into"))
    if named is None:
        raise BadEntry("并到哪一张", "请选一张，或写单号，比如9号。")
    into = progress.find(ask.session, int(named["number"]))
    reviewing.merge(
        ask.session, order, into, by=ask.user.member_id, now=ask.now, not_before=ask.leaves, rules=ask.rules
    )
    people = wishes.wish(ask.session, into).people
    said = f"{order.id}号并到{into.id}号了，一共{people}人想听，以后办{into.id}号就行。{_soon(ask)}"
    return Done(f"/orders/{into.id}", said, about=f"{order.id}号", detail={"并到": into.id})


def hasten(ask: Ask) -> Done:
    """加急: each step from here on has the time of an urgent one."""
    order = order_of(ask)
    reviewing.hasten(ask.session, order, by=ask.user.member_id, now=ask.now, rules=ask.rules)
    return _done(order, "加急了，每一步都按急件的期限办。")


def dispatch(ask: Ask) -> Done:
    """派单 to one lecturer, 抢单 to several: they are asked once the minute of 撤销 is over."""
    order = order_of(ask)
    ids = [*_ticked(ask), *lecturers_named(ask, ask.form.get("others"))]
    ids = list(dict.fromkeys(ids))
    if not ids:
        raise BadEntry("老师", "请勾一位，或在“别的老师”里写名字。")
    if len(ids) > ask.rules.grab_most:
        raise BadEntry("老师", f"一次最多问{ask.rules.grab_most}位，请少勾几位。")
    at = moment_of(ask, "at", "什么时候")
    if at is None and len(ids) > 1:  # one lecture, one time: all are asked for the same
        at = _first_time(ask, order)
    made = dispatching.offer(
        ask.session,
        order,
        ids,
        by=ask.user.member_id,
        now=ask.now,
        not_before=ask.leaves,
        rules=ask.rules,
        starts_at=at,
        venue=ask.form.get("venue") if "venue" in ask.form.fields else None,
    )
    return _done(order, _offered(ask, made), {"老师": [each.assignment.lecturer_id for each in made]})


def recall(ask: Ask) -> Done:
    """收回: who was asked is let go of."""
    order = order_of(ask)
    reason = ask.form.need("recall_reason", "理由", longest=MAX_REASON)
    names = dispatching.recall(
        ask.session, order, reason, by=ask.user.member_id, now=ask.now, not_before=ask.leaves, rules=ask.rules
    )
    told = f"，会告诉{'、'.join(names)}" if names else ""
    return _done(order, f"收回了{told}。{_soon(ask)}")


def agree(ask: Ask) -> Done:
    """同意: the time that the lecturer named."""
    order = order_of(ask)
    assignment, lecture = dispatching.agree(
        ask.session, order, by=ask.user.member_id, now=ask.now, not_before=ask.leaves, rules=ask.rules
    )
    return _done(order, _scheduled(ask, assignment, lecture.id or 0), {"课": lecture.id})


def accept(ask: Ask) -> Done:
    """已接: the lecturer said so on the telephone, perhaps for another time."""
    order, assignment = order_of(ask), _asked(ask)
    at = moment_of(ask, f"at_{assignment.id}", "什么时候")
    lecture = dispatching.accept(
        ask.session, assignment, by=ask.user.member_id, now=ask.now, not_before=ask.leaves, rules=ask.rules,
        starts_at=at,
    )  # fmt: skip
    return _done(order, _scheduled(ask, assignment, lecture.id or 0), {"课": lecture.id})


def refuse(ask: Ask) -> Done:
    """不接 理由: the lecturer said so on the telephone."""
    order, assignment = order_of(ask), _asked(ask)
    reason = ask.form.need(f"why_{assignment.id}", "理由", longest=MAX_REASON)
    dispatching.refuse(
        ask.session, assignment, reason, by=ask.user.member_id, now=ask.now, not_before=ask.leaves, rules=ask.rules
    )
    return _done(order, f"{wishes.name_of(ask.session, assignment.lecturer_id)}去不了，记下了。")


def withdraw(ask: Ask) -> Done:
    """撤单 of one's own: others who wish for it keep it."""
    order = order_of(ask)
    left = reviewing.withdraw(
        ask.session,
        order.id or 0,
        member_id=ask.user.member_id,
        now=ask.now,
        not_before=ask.rules.quiet.after(ask.now),
        rules=ask.rules,
    )
    return _done(order, f"不算您的了，另外{left.people}人还想听，照样办。" if left.people else "撤单了。")


def _ticked(ask: Ask) -> list[int]:
    """The lecturers that were ticked. Raises `BadEntry`."""
    ids = ask.form.all("lecturer")
    found = [number for each in ids if (number := row_id(each)) is not None]
    if len(found) < len(ids):
        raise BadEntry("老师", "请重新选。")
    if any(ask.session.get(Lecturer, each) is None for each in found[: ask.rules.grab_most + 1]):
        raise BadEntry("老师", "请重新选。")
    return found


def _first_time(ask: Ask, order: Order) -> datetime:
    slots = matching.times(ask.session, order, rules=ask.rules, now=ask.now, limit=1)
    if not slots:
        raise NoTime(order.id or 0, "老师名")
    return slots[0].starts_at


def _asked(ask: Ask) -> Assignment:
    """The offer of the address. Raises `NotThere`."""
    found = ask.session.get(Assignment, ask.id("offer"))
    if found is None or found.order_id != ask.number:
        raise NotThere("这次派单")
    return found


def _offered(ask: Ask, made: Sequence[Offered]) -> str:
    """Whom it went to, when, and whom to telephone."""
    first = made[0].assignment
    when = f"{fixed(first.starts_at, ask.rules.zone)}，{first.venue or '地点再定'}"
    names = "、".join(each.name for each in made)
    paper = "、".join(each.name for each in made if not each.reached)
    grab = "，先接的去" if len(made) > 1 else ""
    phone = f"{paper}还没绑定，请打电话问，问好了点“已接”或“不接”。" if paper else ""
    return f"派给{names}：{when}{grab}。{phone}{_soon(ask)}"


def _scheduled(ask: Ask, assignment: Assignment, lecture_id: int) -> str:
    name = wishes.name_of(ask.session, assignment.lecturer_id)
    when = f"{fixed(assignment.starts_at, ask.rules.zone)}，{assignment.venue or '地点再定'}"
    return f"排好了（课{lecture_id}）：{when}，{name}。{_soon(ask)}"


def _soon(ask: Ask) -> str:
    """When it goes out, and that it can be taken back until then."""
    if ask.leaves > ask.now + ask.rules.undo_within:
        when = day_and_time(ask.leaves, ask.rules.zone, now=ask.now)
        return f"现在是免打扰时间，{when}才发。一分钟内可以撤销。"
    return "一分钟内可以撤销。"


def _done(order: Order, said: str, detail: dict[str, object] | None = None) -> Done:
    return Done(f"/orders/{order.id}", f"{order.id}号{said}", about=f"{order.id}号", detail=detail or {})


PAGES: tuple[Deed, ...] = (
    Deed(f"{PAGE}/review", review, "审单通过", PAGE, undo=True),
    Deed(f"{PAGE}/decline", decline, "驳回点单", PAGE, undo=True),
    Deed(f"{PAGE}/merge", merge, "合并点单", PAGE, undo=True),
    Deed(f"{PAGE}/hasten", hasten, "点单加急", PAGE, undo=True),
    Deed(f"{PAGE}/dispatch", dispatch, "派单", PAGE, undo=True),
    Deed(f"{PAGE}/recall", recall, "收回派单", PAGE, undo=True),
    Deed(f"{PAGE}/agree", agree, "同意改期", PAGE, undo=True),
    Deed(f"{PAGE}/offers/{{offer}}/accept", accept, "记下已接", PAGE, undo=True),
    Deed(f"{PAGE}/offers/{{offer}}/refuse", refuse, "记下不接", PAGE, undo=True),
    Deed(f"{PAGE}/withdraw", withdraw, "撤单", PAGE, village=True),
)
