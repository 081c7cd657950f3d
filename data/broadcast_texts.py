"""How a notice (通知) is put to coordinators: its preview, where it stands, and what they are told of it."""

import re
from datetime import datetime, timedelta

from data.audiences import Reach
from data.pace import Speed
from data.phrases import day_and_time
from data.rules import Rules
from data.tables import Broadcast, BroadcastState, Release

STATE_NAMES = {
    BroadcastState.DRAFT: "草稿，还没交审",
    BroadcastState.SUBMITTED: "等另一位干事同意",
    BroadcastState.RETURNED: "被退回",
    BroadcastState.APPROVED: "已同意，等时间到",
    BroadcastState.QUEUED: "已放行",
    BroadcastState.RECALLED: "已停发",
    BroadcastState.DROPPED: "已作废",
}
RELEASE_NAMES = {Release.TWO: "", Release.ALONE: "单人发布", Release.EMERGENCY: "紧急发布"}
CORRECTION = "【更正】"
_URGENT = re.compile(r"\s*[【\[(（]?\s*(?:紧急|緊急)")
_SHOWN = 4  # names of groups
_SOON = timedelta(minutes=2)


def begins_urgent(text: str) -> bool:
    """Whether a text says of itself that it is urgent: 紧急…, 【紧急】…"""
    return _URGENT.match(text.removeprefix(CORRECTION)) is not None


def start(broadcast: Broadcast, *, rules: Rules, now: datetime) -> datetime:
    """When it would begin to leave, were it released now: at its hour, and in no quiet hours unless it is urgent."""
    wished = max(broadcast.leaves_at or now, now)
    return wished if broadcast.urgent else rules.quiet.after(wished)


def stands(broadcast: Broadcast) -> str:
    """Where it stands, as the middle of a sentence."""
    return f"现在是“{STATE_NAMES[broadcast.state]}”"


def mark(broadcast: Broadcast) -> str:
    """What is said beside its number: that one person released it, that it was stopped."""
    release = RELEASE_NAMES[broadcast.released] if broadcast.released is not None else ""
    stopped = STATE_NAMES[broadcast.state] if broadcast.state == BroadcastState.RECALLED else ""
    return "，".join(filter(None, (release, stopped)))


def preview(broadcast: Broadcast, reach: Reach, *, rules: Rules, speed: Speed, now: datetime) -> str:
    """What would go where, when it would have arrived, and the text to the letter; phone-short."""
    return (
        f"{_where(broadcast, reach)}\n{departure(broadcast, reach, rules=rules, speed=speed, now=now)}\n"
        f"————\n{broadcast.text}\n————"
    )


def _where(broadcast: Broadcast, reach: Reach) -> str:
    parts = []
    if reach.rooms:
        names = "、".join(name for _, name in reach.rooms[:_SHOWN]) + ("…" if len(reach.rooms) > _SHOWN else "")
        parts.append(f"发到{len(reach.rooms)}个群（{names}）")
    if reach.members:
        parts.append(f"私信{len(reach.members)}人")
    silent = f"；标签里另有{reach.silent}人没订阅，不私信" if reach.silent else ""
    people = f"，机器人见过的共{reach.people}人" if reach.rooms else ""
    return f"通知B{broadcast.id}·{broadcast.audience}：{'，'.join(parts)}{people}{silent}"


def departure(
    broadcast: Broadcast, reach: Reach, *, rules: Rules, speed: Speed, now: datetime, at_once: str = "放行就发"
) -> str:
    """When it begins to leave (``at_once`` where that is now), and when the last will have it."""
    begin = start(broadcast, rules=rules, now=now)
    last = speed.finish(begin, reach.messages, None if broadcast.urgent else rules.quiet)
    when = at_once if begin <= now else f"{day_and_time(begin, rules.zone, now=now)}开始发"
    until = f"，约{day_and_time(last, rules.zone, now=now)}发完" if last > begin + _SOON else ""
    urgent = "【加急，夜里也发】" if broadcast.urgent else ""
    waits = "（现在是免打扰时间）" if not broadcast.urgent and rules.quiet.covers(now) else ""
    return f"{urgent}{when}{until}{waits}"


def request(author: str, shown: str, number: int) -> str:
    """What the others are asked."""
    return f"{author}写的通知，请您看看：\n{shown}\n回“同意 B{number}”放行，不合适回“退回 B{number} 理由”。"


def goes(broadcast: Broadcast, reach: Reach, *, rules: Rules, speed: Speed, now: datetime) -> str:
    """Where it goes, from when until when, once it is released."""
    groups = f"发到{len(reach.rooms)}个群" if reach.rooms else ""
    people = f"私信{len(reach.members)}人" if reach.members else ""
    when = departure(broadcast, reach, rules=rules, speed=speed, now=now, at_once="现在开始发")
    return f"{'、'.join(filter(None, (groups, people)))}，{when}。"


def changes(before: Broadcast, rooms_before: set[int], members_before: set[int], reach: Reach) -> str:
    """What became of the audience since it was last shown: 多了…、少了…."""
    names = dict(reach.rooms)
    more = [name for id_, name in names.items() if id_ not in rooms_before]
    fewer = len(rooms_before - set(names))
    parts = []
    if more:
        parts.append(f"多了{'、'.join(more[:3])}{f'等{len(more)}个群' if len(more) > 3 else ''}")
    if fewer:
        parts.append(f"少了{fewer}个群")
    if members_before != set(reach.members):
        parts.append(f"私信的人变成{len(reach.members)}个")
    return "，".join(parts) or f"B{before.id}的内容和给您看的不一样"
