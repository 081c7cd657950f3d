"""推送计划, 推送效果, 小喇叭: what the groups will get, how far it went, and a text for the loudspeaker."""

from datetime import datetime, timedelta
from itertools import groupby

from data import loudspeaker, preview, reach, snippets
from data.errors import NoSuchGroup
from data.listeners import groups_called, listeners
from data.phrases import day_and_time
from data.preview import Planned
from data.reach import Reached
from handlers.turn import Reply, Turn

MOST_LINES = 8
TOWN_DAYS, VILLAGE_DAYS = 3, 7
LATELY = timedelta(days=7)


def plan(turn: Turn) -> Reply:
    """What goes out in the next days: of the whole town, or of one village or group."""
    words = turn.args.strip(" “”。")
    groups = groups_called(turn.session, words) if words else listeners(turn.session)
    if not groups:
        known = dict.fromkeys(each.village or each.name for each in listeners(turn.session))
        raise NoSuchGroup(words, tuple(known))
    days = VILLAGE_DAYS if words else TOWN_DAYS
    times = turn.knowledge.push_times(turn.now, turn.now + timedelta(days=days))
    planned = preview.plan(turn.session, times, rules=turn.rules, now=turn.now, groups=groups)
    if not planned:
        return Reply(f"{days}天内没有要推的短文。")
    lines = [
        _line(turn, leaves, list(same))
        for leaves, same in groupby(planned[: MOST_LINES * len(groups)], key=lambda each: each.leaves)
    ][:MOST_LINES]
    head = f"{words or '全镇'}接下来{days}天（照现在看）："
    more = "" if words else "\n看一个村的：推送计划 村名。"
    return Reply("\n".join([head, *lines]) + more)


def effect(turn: Turn) -> Reply:
    """How far texts and notices went in the last seven days: what is certain, and what is not."""
    found = reach.since(turn.session, turn.now - LATELY, now=turn.now)
    if not found:
        return Reply("七天里没有发过推送和通知。")
    lines = [_effect(each) for each in found[:MOST_LINES]]
    more = f"\n还有{len(found) - MOST_LINES}条。" if len(found) > MOST_LINES else ""
    return Reply("\n".join(["近七天（确实发到的才算）：", *lines]) + more)


def speak(turn: Turn) -> Reply:
    """A text as it is read aloud. Raises `NoSuchText`."""
    return Reply(loudspeaker.spoken(snippets.find(turn.session, turn.args)))


def _line(turn: Turn, leaves: datetime, same: list[Planned]) -> str:
    """One time: each text once, with how many groups get it."""
    when = day_and_time(leaves, turn.knowledge.zone, now=turn.now)
    texts: dict[str, int] = {}
    for each in same:
        name = f"{each.choice.snippet.title}（{each.choice.why}）"
        texts[name] = texts.get(name, 0) + 1
    several = len({each.room_id for each in same}) > 1
    return f"· {when} " + "；".join(f"{name}{f'{many}群' if several else ''}" for name, many in texts.items())


def _effect(each: Reached) -> str:
    name = each.name.replace("\n", " ")
    name = f"{name[:14]}…" if len(name) > 15 else name
    number = f"通知B{each.notice}" if each.notice is not None else ""
    said = [f"{each.groups}群"]
    if each.people:
        said.append(f"私聊{each.people}人")
    if each.groups:
        said.append(f"当时认得{each.members}人")
        said.append(f"一天内{each.repliers}人回了{each.replies}句{'，还没满一天' if each.open else ''}")
    doubts = ((each.unknown, "待确认"), (each.waiting, "在排队"), (each.failed, "没发成"))
    said += [f"{many}{word}" for many, word in doubts if many]
    return f"· {number}“{name}”：{'，'.join(said)}"
