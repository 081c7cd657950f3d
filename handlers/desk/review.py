"""Review (审单): 通过, 驳回, 合并, 加急, and an order on somebody's behalf (代点)."""

import re

from data import orders, progress, reviewing, wishes
from data.kinds import kind_of
from handlers.answers import NO
from handlers.desk import wording
from handlers.desk.dispatch import SOON
from handlers.turn import Ask, Reply, Turn

_OTHER = re.compile(r"\s*(?:到|进|入|给|与|和)?\s*[第#]?(?P<number>\d{1,9})\s*号?.*")
BEHALF = "请这样写：“代点 上坪村 反诈骗 周三晚上 为李大爷”。"


def approve(turn: Turn) -> Reply:
    """通过: it waits to be dispatched."""
    order = progress.find(turn.session, turn.number or 0)
    reviewing.review(turn.session, order, by=turn.member_id, now=turn.now, rules=turn.rules)
    return Reply(f"{order.id}号通过了。发“{order.id}号”看推荐的老师，或“{order.id}号 派 老师名”。")


def decline(turn: Turn) -> Reply:
    """驳回 with a reason: shows what those who asked will read, and asks."""
    order = progress.find(turn.session, turn.number or 0)
    reason = wording.reason(turn.args)
    wishes.expect(order, *progress.OPEN)
    if not reason:
        return Reply(f"请写上理由，点课的人会看到：“{order.id}号 驳回 今年的课排满了”。")
    people = wishes.wish(turn.session, order).people
    text = reviewing.refusal(turn.session, order, reason)
    return Reply(
        f"会告诉点这课的{people}人：\n————\n{text}\n————\n回“确认”发出，回“取消”不办。",
        ask=Ask("confirm_decline", {"number": order.id, "reason": reason}),
    )


def confirm_decline(turn: Turn) -> Reply:
    """The answer to that."""
    number = int(str(turn.payload["number"]))
    if turn.args == NO:
        return Reply(f"好，{number}号没有驳回。")
    order = progress.find(turn.session, number)
    rooms = reviewing.decline(
        turn.session,
        order,
        str(turn.payload["reason"]),
        by=turn.member_id,
        now=turn.now,
        not_before=turn.leaves,
        rules=turn.rules,
    )
    return Reply(f"{number}号驳回了，发到{rooms}处。{SOON}")


def merge(turn: Turn) -> Reply:
    """12号 合并 9号: 12 goes on as part of 9."""
    order = progress.find(turn.session, turn.number or 0)
    other = _OTHER.fullmatch(turn.args)
    if other is None:
        return Reply(f"请写并到哪一号：“{order.id}号 合并 9号”，以后都办9号。")
    into = progress.find(turn.session, int(other["number"]))
    reviewing.merge(
        turn.session, order, into, by=turn.member_id, now=turn.now, not_before=turn.leaves, rules=turn.rules
    )
    known = wishes.wish(turn.session, into)
    return Reply(f"{order.id}号并到{into.id}号了：{known.line}，一共{known.people}人。以后办{into.id}号就行。{SOON}")


def hasten(turn: Turn) -> Reply:
    """加急."""
    order = progress.find(turn.session, turn.number or 0)
    reviewing.hasten(turn.session, order, by=turn.member_id, now=turn.now, rules=turn.rules)
    return Reply(f"{order.id}号加急了。{wishes.hint(order)}")


def on_behalf(turn: Turn) -> Reply:
    """代点: an order for a village, of somebody who does not ask in WeChat."""
    words = turn.args.strip()
    urgent, whom = wording.URGENT.search(words), None
    words = wording.URGENT.sub("", words)
    if whom := wording.FOR_WHOM.search(words):
        words = words[: whom.start()]
    name, _, rest = words.partition(" ")
    village = wishes.village_named(turn.session, name) if name else None
    if village is None:
        return Reply(f"没有叫“{name[:12]}”的村。{BEHALF}" if name else BEHALF)
    starts_at, when_text, topic_words = wording.split_time(turn, rest)
    topic_words = re.sub(r"\s+", " ", topic_words).strip(" ，,。")
    if not topic_words:
        return Reply(f"想听什么？{BEHALF}")
    kind, bare = kind_of(topic_words)
    topic, lecturer, dialect = wording.meant(turn, bare) if bare else (None, None, None)
    placed = orders.place(
        turn.session,
        member_id=turn.member_id,
        room_id=turn.room_id,
        village_id=village.id,
        topic_id=turn.knowledge.topic_ids.get(topic) if topic else None,
        lecturer_id=turn.knowledge.lecturer_ids.get(lecturer) if lecturer else None,
        wish=topic_words[:60],
        now=turn.now,
        rules=turn.rules,
        when_text=when_text,
        when=(starts_at, None) if starts_at is not None else None,
        dialect=dialect or "",
        kind=kind,
        for_whom=whom["whom"] if whom else "",
        urgent=urgent is not None,
    )
    order = progress.leading(turn.session, progress.find(turn.session, placed.number))
    line = wishes.wish(turn.session, order)
    if not placed.new:
        return Reply(f"{village.name}已经有人点过：{placed.number}号 {line.what}，一起办。发“{placed.number}号”看。")
    wanted = "".join(f"，{each}" for each in (line.wanted, line.for_whom and f"为{line.for_whom}") if each)
    return Reply(
        f"代点好了：{placed.number}号 {line.line}{wanted}。"
        f"发“{placed.number}号”看推荐，点错了发“{placed.number}号 撤单”。"
    )
