"""Broadcasts: a coordinator drafts, sees what will go where, and confirms."""

import re

from data import broadcasts, rooms
from data.phrases import day_and_time
from data.tables import Room
from handlers.answers import NO
from handlers.turn import Ask, Reply, Turn

_NOTICE = re.compile(r"\s*通知[\s:：,，]*(?P<audience>[^\s:：,，]{1,20})[\s:：,，]+(?P<text>.+)", re.DOTALL)
_WHOLE_TOWN = ("全镇", "全部", "所有群")
USAGE = "请这样写：“通知 全镇 明天上午停水”，或“通知 上坪村 …”。"


def draft(turn: Turn) -> Reply:
    """Show what would go where, and ask."""
    words = _NOTICE.fullmatch(turn.verbatim)  # official speech goes out to the letter
    if words is None:
        return Reply(USAGE)
    audience, text = words["audience"], words["text"].strip()
    chosen = _audience(turn, audience)
    if chosen is None:
        names = "、".join(village.name for village in rooms.villages(turn.session))
        return Reply(f"不认识“{audience[:12]}”。可以写：全镇、{names}。{USAGE}")
    if not chosen:
        return Reply(f"“{audience}”还没有登记的群。先在群里发“本群 村名”。")
    kept = broadcasts.draft(
        turn.session, author_id=turn.member_id, audience=audience, rooms=chosen, text=text, now=turn.now
    )
    names = "、".join(room.name for room in chosen[:6]) + ("…" if len(chosen) > 6 else "")
    return Reply(
        f"将发到{len(chosen)}个群：{names}\n{_departure(turn)}\n————\n{text}\n————\n回“确认”发出，回“取消”作废。",
        ask=Ask("release_broadcast", {"broadcast_id": kept.id}),
    )


def decide(turn: Turn) -> Reply:
    """确认 queues the notice, 取消 lets it go."""
    broadcast_id = int(str(turn.payload["broadcast_id"]))
    if turn.args == NO:
        broadcasts.drop(turn.session, broadcast_id, now=turn.now)
        return Reply("好，这条通知作废了，没有发。")
    leaves = turn.knowledge.quiet.after(turn.now)
    count = broadcasts.release(turn.session, broadcast_id, not_before=leaves, now=turn.now)
    return Reply(f"已排队，发到{count}个群，{_departure(turn)}" if count else "这条通知已经处理过了。")


def _audience(turn: Turn, words: str) -> list[Room] | None:
    if words in _WHOLE_TOWN:
        return rooms.pushed_rooms(turn.session)
    for village in rooms.villages(turn.session):
        if words in (village.name, *village.aliases):
            return rooms.pushed_rooms(turn.session, village=village.name)
    return None


def _departure(turn: Turn) -> str:
    leaves = turn.knowledge.quiet.after(turn.now)
    if leaves == turn.now:
        return "确认后就开始发。" if not turn.payload else "现在开始发。"
    return f"现在是免打扰时间，{day_and_time(leaves, turn.knowledge.zone, now=turn.now)}开始发。"
