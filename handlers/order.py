"""Orders: 点课, 点将, and what I asked for."""

from data import orders
from data.errors import UnknownLecturer
from handlers.turn import Reply, Turn

MAX_WISH = 60


def place(turn: Turn) -> Reply:
    """Place a wish for a topic, a lecturer, or both; the same wish of the same village is seconded instead."""
    known = turn.knowledge
    act = turn.act
    wish = (act.wish or turn.args or turn.text).strip()[:MAX_WISH]
    if act.lecturer is not None and act.lecturer not in known.lecturer_ids:
        raise UnknownLecturer(act.lecturer, tuple(known.lecturer_ids))
    if act.topic is None and act.lecturer is None and not wish:
        return Reply("想听什么课？比如“点课 反诈骗”。发“菜单”看全部题目。")
    placed = orders.place(
        turn.session,
        member_id=turn.member_id,
        room_id=turn.room_id,
        village_id=turn.village_id,
        topic_id=known.topic_ids.get(act.topic) if act.topic else None,
        lecturer_id=known.lecturer_ids.get(act.lecturer) if act.lecturer else None,
        wish=wish,
        now=turn.now,
        when_text=act.when_text or "",
        dialect=act.dialect or "",
    )
    what = orders.describe(act.topic, act.lecturer, wish)
    if placed.repeated:
        return Reply(f"您已经点过了：{placed.number}号，{what}，现在{placed.people}人想听。")
    if placed.new:
        return Reply(f"已登记{placed.number}号：{what}。镇里安排好时间就在群里告诉大家。")
    return Reply(f"已加到{placed.number}号：{what}，现在{placed.people}人想听。")


def mine(turn: Turn) -> Reply:
    """The open orders that this person placed or seconded."""
    lines = orders.of_member(turn.session, turn.member_id)
    if not lines:
        return Reply("您还没有点过课。想听什么，说“点课 反诈骗”就行。")
    shown = [f"{each.number}号 {each.what}（{each.people}人{'，附议' if each.seconded else ''}）" for each in lines]
    return Reply("您的点单：\n" + "\n".join(shown))
