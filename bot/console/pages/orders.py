"""点单: the board, the list, and an order on somebody's behalf (代点)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.pages.order_words import MAX_WISH, YEARS, Understood, lecturers_named, moment_of, picked, read_wish
from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from data import orders, progress, tell, wishes
from data.announcements import KINDS
from data.desk import lectures as choices
from data.desk import orders as desk
from data.desk.orders import OrderRow, Which
from data.desk_errors import BadEntry
from data.desk_tables import ConsoleRole
from data.loop import EventKind, OrderState
from data.names import clean_name
from data.phrases import day_and_time
from data.progress import OPEN, STATE_NAMES
from data.tables import Topic, Village

EACH = 8  # orders in a column of the board
KIND_OPTIONS = tuple((kind.value, words.name) for kind, words in KINDS.items())
_LATE, _OPEN = "late", "open"
_STATES = ((_OPEN, "要办的"), (_LATE, "过期的"), *((state.value, name) for state, name in STATE_NAMES.items()))
_COLUMNS = {
    OrderState.RECEIVED: "等审单",
    OrderState.REVIEWED: "等派给老师",
    OrderState.DISPATCHED: "等老师回话",
    OrderState.ACCEPTED: "老师接了，等排课",
}


@dataclass(frozen=True, slots=True)
class Lane:
    """A column of the board; ``asked`` says whom each order waits for, by number."""

    name: str
    state: OrderState
    hint: str
    rows: list[OrderRow]
    total: int
    asked: dict[int, str]


def show(ask: Ask) -> Answer:
    """The board; with anything behind the "?" the list."""
    if ask.query:
        return show_list(ask, _listing(ask), template="orders_list.html", places=_places(ask))
    return _board(ask)


def _places(ask: Ask) -> bool:
    """Whether this user may place an order for a village."""
    return ask.scope is not None or ask.may(ConsoleRole.COORDINATOR)


def _board(ask: Ask) -> Answer:
    lanes = []
    for state, hint in _COLUMNS.items():
        which = Which(village_id=ask.scope, states=(state,))
        rows = desk.find(ask.session, which, limit=EACH)
        if rows or state is not OrderState.ACCEPTED:  # which nearly always becomes a lecture at once
            total = len(rows) if len(rows) < EACH else desk.count(ask.session, which)
            lanes.append(Lane(STATE_NAMES[state], state, hint, rows, total, {}))
    waiting = [row.number for lane in lanes if lane.state is OrderState.DISPATCHED for row in lane.rows]
    asked = desk.asked(ask.session, waiting)
    lanes = [replace(lane, asked=asked) for lane in lanes]
    rows = desk.scheduled(ask.session, ask.scope, now=ask.now, limit=EACH)
    many = desk.count(ask.session, Which(village_id=ask.scope, states=(OrderState.SCHEDULED,)))
    lanes.append(Lane(STATE_NAMES[OrderState.SCHEDULED], OrderState.SCHEDULED, "等开讲", rows, many, {}))
    return Html("orders.html", "点单", {"lanes": lanes, "places": _places(ask)})


def _listing(ask: Ask) -> Listing[OrderRow]:
    villages = () if ask.scope is not None else choices.choices(ask.session, Village)
    owners = tuple((str(number), name) for number, name in desk.coordinators(ask.session))
    filters = (
        Filter("state", "到哪一步", _STATES),
        *((Filter("village", "村", villages),) if villages else ()),
        Filter("topic", "题目", choices.topics(ask.session)),
        Filter("kind", "活动", KIND_OPTIONS),
        Filter("urgent", "加急", (("yes", "加急的"),)),
        *((Filter("owner", "谁负责", owners),) if ask.scope is None else ()),
    )
    return Listing(
        "点单", _columns(ask.now), _find, filters,
        searches="单号、题目、村、老师、谁点的", empty="没有这样的点单。", days=True,
    )  # fmt: skip


def _columns(now: datetime) -> tuple[Column[OrderRow], ...]:
    return (
        Column("点单", lambda row: f"{row.number}号 {row.what}", link=lambda row: f"/orders/{row.number}", head=True),
        Column("村", lambda row: row.village),
        Column("到哪一步", lambda row: _state(row, now), mark=lambda row: "late" if row.late(now) else ""),
        Column("要在这之前办", lambda row: row.due_at if row.state in OPEN else None),
        Column("谁点的", lambda row: row.for_whom or row.asker),
        Column("几人想听", lambda row: row.people),
        Column("想什么时候", lambda row: row.when_text),
        Column("谁负责", lambda row: row.owner),
        Column("哪天点的", lambda row: row.created_at),
        Column("活动", lambda row: KINDS[row.kind].name, wide=True),
        Column("原话", lambda row: row.wish, wide=True),
        Column("哪天讲", lambda row: row.held_at, wide=True),
    )


def _state(row: OrderRow, now: datetime) -> str:
    marks = [*(["加急"] if row.urgent else []), *(["过期"] if row.late(now) else [])]
    return STATE_NAMES[row.state] + (f"（{'，'.join(marks)}）" if marks else "")


def _find(ask: Ask, wanted: Wanted) -> Found[OrderRow]:
    state = wanted.chosen.get("state", "")
    kind = wanted.chosen.get("kind")
    which = Which(
        village_id=ask.scope if ask.scope is not None else wanted.number("village"),
        states=OPEN if state == _OPEN else (OrderState(state),) if state in set(OrderState) else (),
        late=ask.now if state == _LATE else None,
        topic_id=wanted.number("topic"),
        kind=EventKind(kind) if kind else None,
        urgent=wanted.chosen.get("urgent") == "yes",
        owner_id=wanted.number("owner"),
        since=day_of(ask, wanted.chosen.get("from", "")),
        until=day_of(ask, wanted.chosen.get("to", ""), after=1),
        words=wanted.words,
    )
    rows = desk.find(ask.session, which, offset=wanted.offset, limit=wanted.limit)
    return Found(rows, desk.count(ask.session, which))


def day_of(ask: Ask, value: str, *, after: int = 0) -> datetime | None:
    """The first moment of a day (``after`` days later), as a list's filter has it; None where it is none."""
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return None
    if found.year not in YEARS:
        return None
    return datetime.combine(found + timedelta(days=after), time(), tzinfo=ask.rules.zone)


def new(ask: Ask) -> Answer:
    """代点: words that are read as the chat reads them, and the form that they fill in."""
    words = ask.query.get("words", "")[:200]
    found = read_wish(ask, words) if words else Understood()
    if ask.scope is not None:
        found = replace(found, village_id=ask.scope)
    elif not found.village_id and ask.query.get("village", "").isdecimal():
        found = replace(found, village_id=int(ask.query["village"][:9]))
    topic_id = ask.knowledge.topic_ids.get(found.topic)
    village = ask.session.get(Village, found.village_id) if found.village_id else None
    what = orders.describe(found.topic, found.lecturer, found.wish, found.kind) if found.wish else ""
    when = day_and_time(found.at, ask.rules.zone, now=ask.now) if found.at else ""
    echo = [village.name if village else "", what, found.when_text and f"{found.when_text}（{when}）", found.dialect]
    return Html(
        "orders_new.html",
        "代点",
        {
            "words": words,
            "found": found,
            "echo": "，".join(filter(None, [*echo, found.for_whom and f"为{found.for_whom}"])) if words else "",
            "village": village,
            "villages": choices.choices(ask.session, Village) if ask.scope is None else (),
            "topics": choices.topics(ask.session),
            "topic_id": topic_id,
            "kinds": KIND_OPTIONS,
            "at": picked(ask, found.at),
        },
    )


def place(ask: Ask) -> Done:
    """Place it as the asker's own, for a village."""
    form = ask.form
    village_id = ask.scope or choices.named(ask.session, Village, form.get("village"), "村")
    topic_id = choices.named(ask.session, Topic, form.get("topic"), "题目") if form.get("topic") else None
    lecturers = lecturers_named(ask, form.get("lecturer"))
    if len(lecturers) > 1:
        raise BadEntry("想请哪位老师", "先写一位，别的到派单时再选。")
    wish = form.get("wish")[:MAX_WISH]
    if not wish and topic_id is None and not lecturers:
        raise BadEntry("想听什么", "写一句，或选题目、写老师。")
    kind = form.get("kind")
    if kind and kind not in set(EventKind):
        raise BadEntry("活动", "请重新选。")
    at = moment_of(ask, "at", "什么时候")
    if at is not None and at <= ask.now:
        raise BadEntry("什么时候", "这个时间已经过了，换一个。")
    placed = orders.place(
        ask.session,
        member_id=ask.user.member_id,
        room_id=tell.direct_room(ask.session, ask.user.member_id, now=ask.now),
        village_id=village_id,
        topic_id=topic_id,
        lecturer_id=lecturers[0] if lecturers else None,
        wish=wish,
        now=ask.now,
        rules=ask.rules,
        when_text=form.get("when_text")[:MAX_WISH] or (day_and_time(at, ask.rules.zone, now=ask.now) if at else ""),
        when=(at, None) if at is not None else None,
        dialect=clean_name(form.get("dialect")),
        kind=EventKind(kind) if kind else EventKind.LECTURE,
        place=form.get("place")[:MAX_WISH],
        listeners=form.number("listeners", "大概几人", low=1, high=9_999),
        for_whom=clean_name(form.get("for_whom"))[:12],
        urgent=form.get("urgent") == "yes",
    )
    lead = progress.leading(ask.session, progress.find(ask.session, placed.number))
    line = wishes.wish(ask.session, lead).line
    said = (
        f"代点好了：{placed.number}号 {line}。"
        if placed.new
        else f"村里已经有人点过：{placed.number}号 {line}，一起办。"
    )
    to = f"/orders/{placed.number}" if ask.scope in (None, lead.village_id) else "/orders"
    return Done(to, ask.private(said), about=f"{placed.number}号")


PAGES: tuple[Page | Deed, ...] = (
    Page("/orders", show, "点单：每一步等着办的，和全部点单", village=True, nav="点单", sheet=True),
    Page(
        "/orders/new",
        new,
        "代点：替村里人、替不用微信的人点课",
        may=ConsoleRole.COORDINATOR,
        village=True,
        private=False,
    ),
    Deed("/orders/new", place, "代点", "/orders/new", village=True),
)
