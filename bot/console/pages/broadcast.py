"""One notice: what it says and to whom, its way, how far it got; and all that its author and the others can do."""

from bot.console.pages.compose import TEXT, departure, find, reach_words, submit
from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from data import audiences, broadcast_texts, broadcasts, dispatches, missed, recalls, releasing, steps
from data.audiences import Audience, Reach
from data.broadcast_errors import RoomsFull
from data.broadcast_texts import RELEASE_NAMES, STATE_NAMES
from data.broadcasts import OPEN, Outcome
from data.desk import broadcasts as desk
from data.desk_errors import BadEntry
from data.desk_tables import ConsoleRole
from data.errors import Declined, NothingInDoubt, NothingMissed
from data.loop import Subject
from data.mail import OutboxState
from data.tables import Broadcast, BroadcastState
from handlers.desk.broadcasts import STEP_NAMES
from handlers.desk.wording import MAX_REASON

PAGE = "/broadcasts/{number}"
NAMED = 300  # groups of which the page has the names


class NotAsSeen(Declined):
    """Another notice than the one on the page would be approved."""

    def __init__(self, number: int) -> None:
        super().__init__(f"通知B{number}在您看的时候改过了。请再看一遍，对的话再点同意。")


def show(ask: Ask) -> Answer:
    """One notice."""
    kept = find(ask)
    mine, open_ = kept.author_id == ask.user.member_id, kept.state in OPEN
    names = desk.names_of(ask.session, [kept.author_id, kept.approved_by])
    reach = audiences.reach(ask.session, Audience.of_spec(kept.spec)) if open_ else None
    fates = desk.fates(ask.session, kept.id or 0, now=ask.now)
    values = {
        "kept": kept,
        "mine": mine,
        "state": STATE_NAMES[kept.state],
        "released": RELEASE_NAMES[kept.released] if kept.released is not None else "",
        "author": names.get(kept.author_id, ""),
        "approver": names.get(kept.approved_by or 0, ""),
        "rooms": desk.room_names(ask.session, kept.room_ids[:NAMED]),
        "more": len(kept.room_ids) > NAMED,
        "reach": reach_words(reach) if reach is not None else "",
        "departs": departure(ask, kept, reach) if reach is not None else "",
        "notes": _notes(ask, kept, reach) if reach is not None else [],
        "trail": [
            (STEP_NAMES.get(each.state, each.state), each)
            for each in steps.trail(ask.session, Subject.BROADCAST, kept.id or 0)
        ],
        "fates": fates,
        "corrections": desk.correction_of(ask.session, kept.id or 0),
        "can": _can(ask, kept, mine=mine, gone=bool(fates.sent or fates.unknown), waits=bool(fates.waiting)),
        "longest": TEXT,
    }
    return Html("broadcast.html", f"通知B{kept.id}", values)


def _notes(ask: Ask, kept: Broadcast, reach: Reach) -> list[str]:
    """What whoever looks at it should know before it is released."""
    found = []
    if releasing.digest_of(kept, reach) != kept.digest:
        changed = broadcast_texts.changes(kept, set(kept.room_ids), set(kept.member_ids), reach)
        found.append(f"存下以后：{changed}。放行前会请各位再看一遍。")
    try:
        releasing.refuse_full(ask.session, kept, rules=ask.rules, now=ask.now)
    except RoomsFull as full:
        found.append(str(full))
    return found


def _can(ask: Ask, kept: Broadcast, *, mine: bool, gone: bool, waits: bool) -> dict[str, bool]:
    """Which buttons there are; the services decide in the end."""
    desk_, approves = ask.may(ConsoleRole.COORDINATOR), ask.may(ConsoleRole.APPROVER)
    state, open_ = kept.state, kept.state in OPEN
    return {
        "edit": desk_ and mine and open_,
        "submit": desk_ and mine and state in (BroadcastState.DRAFT, BroadcastState.RETURNED),
        "approve": approves and not mine and state == BroadcastState.SUBMITTED,
        "give_back": desk_ and not mine and state in (BroadcastState.SUBMITTED, BroadcastState.APPROVED),
        "emergency": approves and open_ and ask.rules.broadcast.emergency and ask.rules.broadcast.two_people,
        "recall": desk_ and state == BroadcastState.QUEUED and waits,
        "correct": desk_ and gone and not waits and not open_,
        "settle": desk_,
    }


def hand_in(ask: Ask) -> Done:
    """提交."""
    return submit(ask, ask.number)


def approve(ask: Ask) -> Done:
    """同意: just what the page showed, which is what its digest says."""
    kept = find(ask)
    if ask.form.get("digest") != kept.digest:
        raise NotAsSeen(ask.number)
    result = broadcasts.approve(
        ask.session, ask.number, by=ask.user.member_id, now=ask.now, rules=ask.rules, speed=ask.knowledge.speed
    )
    said = {
        Outcome.CHANGED: f"还没发：{result.note}。请您再看一遍，照这样发就再点一次同意。",
        Outcome.APPROVED: "放行了，到时间就发。有错可以退回。",
    }.get(result.outcome, "放行了，开始发。有错马上点停发。")
    return _done(ask, said, {"结果": result.outcome.value, "核对码": kept.digest[:8]})


def give_back(ask: Ask) -> Done:
    """退回, with the reason that its author reads."""
    reason = ask.form.need("return_reason", "理由", longest=MAX_REASON)
    broadcasts.give_back(ask.session, ask.number, reason, by=ask.user.member_id, now=ask.now, rules=ask.rules)
    return _done(ask, "退回去了，理由告诉了作者。")


def hasten(ask: Ask) -> Done:
    """加急, 不加急."""
    urgent = ask.form.get("urgent") == "yes"
    broadcasts.change(ask.session, ask.number, by=ask.user.member_id, now=ask.now, rules=ask.rules, urgent=urgent)
    return _done(ask, "加急了，夜里也发。请再交一次。" if urgent else "不加急了。请再交一次。", {"加急": urgent})


def drop(ask: Ask) -> Done:
    """作废."""
    broadcasts.drop(ask.session, ask.number, by=ask.user.member_id, now=ask.now)
    return _done(ask, "作废了，没有发。")


def emergency(ask: Ask) -> Done:
    """紧急: one person alone, who says why."""
    reason = ask.form.need("why_alone", "理由", longest=MAX_REASON)
    kept = find(ask)
    if ask.form.get("digest") != kept.digest:
        raise NotAsSeen(ask.number)
    broadcasts.emergency(ask.session, ask.number, reason, by=ask.user.member_id, now=ask.now, rules=ask.rules)
    return _done(ask, "紧急发布了，现在就发。已记明是您单独放行，也告诉了其他干事。")


def recall(ask: Ask) -> Done:
    """停发."""
    done = recalls.recall(ask.session, ask.number, by=ask.user.member_id, now=ask.now, rules=ask.rules)
    had = f"已有{done.sent}处收到" + (f"，{done.doubtful}处说不准" if done.doubtful else "")
    more = f"{had}。要更正就在下面写对的内容。" if done.sent + done.doubtful else "还没有人收到。"
    return _done(ask, f"停了，{done.stopped}处没发。{more}", {"停": done.stopped, "已发": done.sent})


def correct(ask: Ask) -> Done:
    """更正: a new notice to those who have this one."""
    text = ask.form.need("correction", "对的内容", longest=TEXT)
    kept, _ = recalls.correct(ask.session, ask.number, text, by=ask.user.member_id, now=ask.now)
    return Done(
        f"/broadcasts/{kept.id}", f"更正B{kept.id}写好了，只发给收到过B{ask.number}的。看一看，再交出去。",
        about=f"通知B{ask.number}", detail={"更正": kept.id},
    )  # fmt: skip


def settle(ask: Ask) -> Done:
    """在 or 重发, on one message that is in doubt or on all of them."""
    there, one = ask.form.get("there") == "yes", ask.form.number("id", "哪一条")
    ids = desk.own_rows(ask.session, ask.number, OutboxState.UNKNOWN, () if one is None else (one,))
    if not ids:
        raise NothingInDoubt
    many = dispatches.settle(ask.session, ids, there=there, now=ask.now)
    return _done(ask, f"好，{many}处记为已发。" if there else f"好，{many}处马上再发一次。", {"条": many, "在": there})


def make_up(ask: Ask) -> Done:
    """补发 or 不补, on what an outage held back of this notice."""
    go = ask.form.get("go") == "yes"
    if ask.form.get("go") not in ("yes", "no"):
        raise BadEntry("补发", "请重新点。")
    held = set(missed.held_back(ask.session, now=ask.now))
    ids = sorted(held.intersection(desk.own_rows(ask.session, ask.number, OutboxState.EXPIRED)))
    if not ids:
        raise NothingMissed
    if go:
        leaves = ask.now if find(ask).urgent else ask.rules.quiet.after(ask.now)
        many = missed.release(ask.session, ids, now=ask.now, not_before=leaves)
    else:
        many = missed.drop(ask.session, ids, now=ask.now)
    return _done(ask, f"好，补发{many}处。" if go else f"好，那{many}处不发了。", {"条": many, "补": go})


def _done(ask: Ask, said: str, detail: dict[str, object] | None = None) -> Done:
    return Done(f"/broadcasts/{ask.number}", said, about=f"通知B{ask.number}", detail=detail or {})


PAGES: tuple[Page | Deed, ...] = (
    Page(PAGE, show, "一条通知：内容、发给谁、经过、发到哪里", private=True),
    Deed(f"{PAGE}/submit", hand_in, "交审通知", PAGE),
    Deed(f"{PAGE}/approve", approve, "同意通知", PAGE, may=ConsoleRole.APPROVER),
    Deed(f"{PAGE}/return", give_back, "退回通知", PAGE),
    Deed(f"{PAGE}/hasten", hasten, "加急通知", PAGE),
    Deed(f"{PAGE}/drop", drop, "作废通知", PAGE),
    Deed(f"{PAGE}/emergency", emergency, "紧急发布", PAGE, may=ConsoleRole.APPROVER),
    Deed(f"{PAGE}/recall", recall, "停发通知", PAGE),
    Deed(f"{PAGE}/correct", correct, "更正通知", PAGE),
    Deed(f"{PAGE}/settle", settle, "确认通知发没发出", PAGE),
    Deed(f"{PAGE}/make-up", make_up, "补发误了点的通知", PAGE),
)
