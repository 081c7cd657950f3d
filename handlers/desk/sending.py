"""发送情况: what became of what was sent out, and a coordinator's word on what is in doubt."""

from data import dispatches
from data.dispatches import NAMED, RECENT, Fate, Tally
from data.missed import MISSED
from data.phrases import day_and_time
from data.voices import shorten
from handlers.turn import Reply, Turn

_AGAIN = ("重发", "再发")


def standing(turn: Turn) -> Reply:
    """The broadcasts of the last days, each with its rooms; then what else is in doubt, and accounts that rest."""
    since = turn.now - RECENT
    parts = [
        f"通知B{number}“{shorten(text, NAMED)}”：{stands}。"
        for number, text, stands in dispatches.unreleased(turn.session, since=since)
    ]
    parts += [_line(each) for each in dispatches.lately(turn.session, since=since)]
    loose = dispatches.loose_ends(turn.session, since=since)
    if loose:
        parts.append("另外：\n" + "\n".join(map(_fate, loose)))
    for account in dispatches.held(turn.session, now=turn.now):
        until = day_and_time(account.breaker_until or turn.now, turn.knowledge.zone, now=turn.now)
        parts.append(f"微信号先停发到{until}：{account.breaker_why}。请看看号有没有事。")
    return Reply("\n".join(parts) or "这两天没有发过通知，也没有没发出去的。")


def settle(turn: Turn) -> Reply:
    """One word on one message in doubt."""
    assert turn.number is not None
    again = turn.word in _AGAIN
    dispatches.settle(turn.session, [turn.number], there=not again, now=turn.now)
    return Reply("好，马上再发一次。" if again else "好，记为已发。")


def make_up(turn: Turn) -> Reply:
    """补发 or 不补, on what an outage held back."""
    go = turn.word == "补发"
    leaves = turn.rules.quiet.after(turn.now)
    count, rooms = dispatches.make_up(turn.session, go=go, now=turn.now, not_before=leaves)
    if not go:
        return Reply(f"好，那{count}条不发了。")
    when = "" if leaves == turn.now else f"，{day_and_time(leaves, turn.knowledge.zone, now=turn.now)}开始"
    return Reply(f"好，补发{count}条，到{rooms}处{when}。")


def _line(each: Tally) -> str:
    mark = f"（{each.mark}）" if each.mark else ""
    head = f"通知B{each.number}“{shorten(each.text, NAMED)}”{mark}：{each.sent}/{each.rooms}{each.unit}已发"
    rest = [
        f"，{many}{word}"
        for many, word in (
            (each.waiting, "在排队"),
            (len(each.doubtful), "待确认"),
            (len(each.failed), "失败"),
        )
        if many
    ]
    told = "".join("\n" + _fate(fate) for fate in (*each.doubtful, *each.failed))
    return head + "".join(rest) + "。" + told


def _fate(fate: Fate) -> str:
    if fate.state == "unknown":
        return f"· 第{fate.id}条 {fate.room}：不知发没发出去。去群里看一眼，回“第{fate.id}条 在”或“第{fate.id}条 重发”"
    again = f"。还要发，回“第{fate.id}条 重发”" if fate.why == MISSED else ""
    return f"· 第{fate.id}条 {fate.room}：没发出去（{fate.why or '原因不明'}）{again}"
