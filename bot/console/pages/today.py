"""今天: what waits for me, what goes out, what is overdue, how the accounts are, what I was told; and 撤销."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from bot.town import caution_of
from data import accounts, deeds, desk_inbox, dispatches, missed, preview, relay
from data.accounts import FREE
from data.desk import cases, materials, orders, today
from data.desk.cases import VoiceRow
from data.desk.lectures import groups_of
from data.desk.orders import OrderRow
from data.desk_errors import BadEntry
from data.desk_numbers import numbers
from data.desk_tables import ConsoleRole
from data.dispatches import RECENT
from data.listeners import listeners
from data.loop import OrderState
from data.phrases import day_and_time
from data.progress import STATE_NAMES
from data.record_tables import MaterialState
from data.voices import KIND_NAMES, shorten

EACH = 5  # lines of a group: the rest is a tap away
_LEAVING = 10
_LOOKED_AHEAD = 40  # groups whose pushes are named; of more, only how many
_WAITS = (OrderState.RECEIVED, OrderState.REVIEWED, OrderState.DISPATCHED, OrderState.ACCEPTED)
_TO_MEND = timedelta(days=30)  # how long somebody is reminded of what came back to them
_TRANSPORTS = {"wechaty": "微信号", "webchat": "网页群聊", "wecom": "企业微信"}
_CAREFUL = "wechaty"  # the one with an account to lose


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that waits, where it is done, and a word on it in a colour ("late", "wait", "")."""

    text: str
    to: str
    note: str = ""
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Things of one kind; ``all`` leads to all of them."""

    name: str
    lines: list[Line]
    all: str
    more: bool


@dataclass(frozen=True, slots=True)
class Health:
    """How one account stands: ``word`` says what is wrong, or that all is well."""

    name: str
    well: bool
    word: str


def show(ask: Ask) -> Answer:
    """The first page."""
    desk = ask.may(ConsoleRole.COORDINATOR)
    within = ask.rules.undo_within
    values = {
        "numbers": numbers(ask.session, village_id=ask.scope, broadcast_id=None, rules=ask.rules, now=ask.now),
        "groups": [each for each in _waiting(ask) if each.lines],
        "leaving": _leaving(ask),
        "health": _health(ask) if ask.scope is None else [],
        "loose": dispatches.loose_ends(ask.session, since=ask.now - RECENT) if ask.scope is None else [],
        "missed": len(missed.held_back(ask.session, now=ask.now)) if ask.scope is None else 0,
        "told": desk_inbox.messages(ask.session, ask.user.member_id, now=ask.now),
        "undo": today.last_deed(ask.session, ask.user.member_id, within=within, now=ask.now) if desk else None,
        "desk": desk,
        "places": desk or ask.scope is not None,
    }
    return Html("today.html", "今天", values)


def _waiting(ask: Ask) -> list[Group]:
    """What waits for somebody: 待办, as links. What is late stands first in each group."""
    session, village_id, now = ask.session, ask.scope, ask.now
    found = [_orders(ask, state) for state in _WAITS]
    if village_id is None:
        notices = [
            Line(f"B{each.number} {shorten(each.text, 40)}", f"/broadcasts/{each.number}", "等另一位同意", "wait")
            for each in today.submitted(session, limit=EACH + 1)
        ]
        found.append(_group("通知等放行", notices, "/broadcasts"))
    if ask.may(ConsoleRole.COORDINATOR):
        found += [_given_back(ask), _materials(ask)]
    found.append(_by_hand(ask))
    held = [
        Line(f"课{each.number}《{each.title}》{each.village}", f"/lectures/{each.number}", "还没报人数", "wait")
        for each in today.uncounted(session, village_id, now=now, limit=EACH + 1)
    ]
    found.append(_group("讲完了，等报人数", held, "/lectures?state=uncounted"))
    lists = [
        Line(f"课{each.number}《{each.title}》{each.village}", f"/lectures/{each.number}", f"{each.doubts}处", "wait")
        for each in today.unclear(session, village_id, limit=EACH + 1)
    ]
    found.append(_group("接龙请核对", lists, "/lectures"))
    which = cases.Which(village_id=village_id, waits=True)
    voices = [
        Line(
            f"{row.number}号 {_voiced(row)}",
            f"/cases/{row.number}",
            *_due(ask, row.due_at),
        )
        for row in cases.find(session, which, limit=EACH + 1)
    ]
    found.append(_group("意见等答复", voices, "/cases?state=open"))
    return found


def _materials(ask: Ask) -> Group:
    """The material that waits for review, and by whom: nobody reviews what they uploaded."""
    rows = materials.find(ask.session, state=MaterialState.WAITING, limit=EACH + 1)
    own = materials.uploaded_by(ask.session, [row.number for row in rows], ask.user.member_id)
    lines = [
        Line(
            f"《{row.title}》第{row.version}版（{row.topic}）",
            f"/materials/{row.number}",
            "您传的，等另一位审" if row.number in own else "等您审",
            "" if row.number in own else "wait",
        )
        for row in rows
    ]
    return _group("课件等人审", lines, "/materials?state=waiting")


def _given_back(ask: Ask) -> Group:
    """The material that came back to whoever uploaded it, till they send a newer version: they may have no chat."""
    rows = materials.given_back(ask.session, ask.user.member_id, since=ask.now - _TO_MEND, limit=EACH + 1)
    lines = [
        Line(
            f"《{row.title}》第{row.version}版：{shorten(row.note, 40)}",
            f"/materials/new?of={row.number}",
            "改好再传一版",
            "wait",
        )
        for row in rows
    ]
    return _group("您传的课件退回了", lines, "/materials?state=returned")


def _by_hand(ask: Ask) -> Group:
    """The groups without the bot where something is to be said by hand."""
    lines = [
        Line(f"{each.name} {each.village}", f"/relay/{each.id}", f"{each.waiting}条要发", "wait")
        for each in relay.served(ask.session, village_id=ask.scope, now=ask.now, limit=EACH + 1)
        if each.waiting
    ]
    return _group("手动群", lines, "/relay")


def _voiced(row: VoiceRow) -> str:
    """意见：路灯坏了 — the kind is not said twice."""
    kind = KIND_NAMES[row.kind]
    return f"{kind}：{shorten(row.text.removeprefix(kind).lstrip(' ：:，,'), 40)}"


def _orders(ask: Ask, state: OrderState) -> Group:
    which = orders.Which(village_id=ask.scope, states=(state,))
    rows = orders.find(ask.session, which, limit=EACH + 1)
    return _group(f"点单{STATE_NAMES[state]}", [_order(ask, row) for row in rows], f"/orders?state={state.value}")


def _order(ask: Ask, row: OrderRow) -> Line:
    note, mark = _due(ask, row.due_at)
    people = f"，{row.people}人" if row.people > 1 else ""
    urgent = "【加急】" if row.urgent else ""
    return Line(f"{row.number}号 {urgent}{row.village} {row.what}{people}", f"/orders/{row.number}", note, mark)


def _due(ask: Ask, due: datetime | None) -> tuple[str, str]:
    if due is None:
        return "", ""
    when = day_and_time(due, ask.rules.zone, now=ask.now)
    return (f"过期了（{when}）", "late") if due <= ask.now else (f"{when}前", "")


def _group(name: str, lines: Sequence[Line], all_of_them: str) -> Group:
    return Group(name, list(lines[:EACH]), all_of_them, len(lines) > EACH)


def _leaving(ask: Ask) -> list[Line]:
    """What goes out today, in the order of its time: lectures, reminders, broadcasts, texts, what is queued."""
    session, zone = ask.session, ask.rules.zone
    day = ask.now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    tomorrow, after = day + timedelta(days=1), day + timedelta(days=2)
    timed: list[tuple[datetime, Line]] = []
    for each in today.lectures(session, ask.scope, since=day, until=tomorrow, limit=_LEAVING):
        where = f"{each.village} {each.venue}，{each.lecturer}"
        timed.append(
            (each.starts_at, Line(f"课{each.number}《{each.title}》{where}", f"/lectures/{each.number}", "课"))
        )
    evening = datetime.combine(day.date(), ask.rules.remind_evening, tzinfo=zone)
    coming = today.lectures(session, ask.scope, since=tomorrow, until=after, limit=100) if evening > ask.now else []
    if coming:
        timed.append((evening, Line(f"提醒明天的{len(coming)}场课", "/lectures", "提醒")))
    for queued in today.leaving(session, ask.scope, until=tomorrow, limit=_LEAVING):
        where = queued.room if queued.places == 1 else f"{queued.places}个群"
        timed.append((max(queued.at, ask.now), Line(f"{where}：{shorten(queued.text, 40)}", "", "在排队")))
    if ask.scope is None:
        for notice in today.released(session, until=tomorrow, limit=_LEAVING):
            line = Line(f"B{notice.number} {shorten(notice.text, 40)}", f"/broadcasts/{notice.number}", "通知")
            timed.append((notice.leaves_at or ask.now, line))
    timed += _pushes(ask, tomorrow)
    return [
        Line(f"{at.astimezone(zone):%H:%M} {line.text}", line.to, line.note, line.mark)
        for at, line in sorted(timed, key=lambda each: each[0])
    ]


def _pushes(ask: Ask, until: datetime) -> list[tuple[datetime, Line]]:
    """The texts that the timetable sends till then, by title where the groups are few."""
    times = ask.knowledge.push_times(ask.now, until)
    many = today.groups(ask.session) if times and ask.scope is None else 0
    if not times or many > _LOOKED_AHEAD:
        return [(ask.rules.quiet.after(at), Line(f"推短文，到{many}个群", "/texts", "短文")) for at in times]
    groups = listeners(ask.session, None if ask.scope is None else groups_of(ask.session, ask.scope))
    by: dict[tuple[datetime, str], list[str]] = {}
    for each in preview.plan(ask.session, times, rules=ask.rules, now=ask.now, groups=groups):
        by.setdefault((each.leaves, each.choice.snippet.title), []).append(each.room)
    return [
        (at, Line(f"《{title}》到{rooms[0] if len(rooms) == 1 else f'{len(rooms)}个群'}", "/texts", "短文"))
        for (at, title), rooms in by.items()
        if at < until
    ]


def _health(ask: Ask) -> list[Health]:
    """How the accounts stand: whether they can speak, the breaker, and the first days of a new one."""
    careful = caution_of(ask.house.config)
    resting = {each.transport: each for each in dispatches.held(ask.session, now=ask.now)}
    live = {name: (ready, word) for name, ready, word in ask.house.live.accounts()}
    allowed = accounts.leaves(ask.session, {_CAREFUL: careful} if _CAREFUL in live else {}, now=ask.now)
    found = []
    for name in dict.fromkeys((*live, *resting)):
        ready, word = live.get(name, (True, ""))
        account, leave = resting.get(name), allowed.get(name, FREE)
        why = f"先停一停：{account.breaker_why}" if account is not None else leave.why
        until = account.breaker_until if account is not None else leave.until
        when = f"，到{day_and_time(until, ask.rules.zone, now=ask.now)}" if why and until is not None else ""
        words = "；".join(filter(None, (word, f"{why}{when}")))
        well = ready and not why
        found.append(Health(_TRANSPORTS.get(name, name), well, words or ("正常" if well else "现在发不出去")))
    return found


def undo(ask: Ask) -> Done:
    """撤销: what this user did last, within the minute and while nothing of it was said."""
    what = deeds.undo(ask.session, member_id=ask.user.member_id, within=ask.rules.undo_within, now=ask.now)
    return Done(ask.form.get("back") or "/", f"已撤销：“{what}”。没有人收到消息。", about=what)


def settle(ask: Ask) -> Done:
    """One word on one message in doubt: it is there, or it goes again."""
    number = ask.form.number("id", "哪一条")
    there = ask.form.get("there") == "yes"
    if number is None:
        raise BadEntry("哪一条", "请重新点。")
    dispatches.settle(ask.session, [number], there=there, now=ask.now)
    return Done("/", "好，记为已发。" if there else "好，马上再发一次。", about=f"第{number}条")


def make_up(ask: Ask) -> Done:
    """补发 or 不补, on what an outage held back."""
    go = ask.form.get("go") == "yes"
    leaves = ask.rules.quiet.after(ask.now)
    count, rooms = dispatches.make_up(ask.session, go=go, now=ask.now, not_before=leaves)
    return Done("/", f"好，补发{count}条，到{rooms}处。" if go else f"好，那{count}条不发了。", about=f"{count}条")


PAGES: tuple[Page | Deed, ...] = (
    Page("/", show, "今天：要办的、要发的、过期的、账号好不好", village=True, nav="今天", private=True),
    Deed("/undo", undo, "撤销", "/", village=True),
    Deed("/today/settle", settle, "确认发没发出", "/"),
    Deed("/today/missed", make_up, "补发误了点的", "/"),
)
