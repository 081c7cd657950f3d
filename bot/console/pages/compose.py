"""Writing a notice: whom it is for by ticking or in words, its text, its hour; seen as a phone will show it."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.console.pages.lectures import read_time
from bot.console.pages.order_words import picked, turn_of
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from data import audiences, broadcast_texts, broadcasts, tags
from data.audience_words import KIND_NAMES, WHOLE_TOWN
from data.audiences import Audience, Reach
from data.broadcast_errors import OthersBroadcast
from data.broadcasts import OPEN, Outcome
from data.desk import broadcasts as desk
from data.desk.lectures import CHOICES, choices
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.errors import Declined
from data.names import row_id
from data.rooms import PUSHED
from data.tables import Broadcast, Village
from handlers import broadcast as handlers

TEXT = 2_000  # characters of a notice
_SHOWN = 4  # names of groups
_ROOMS = 80  # of more groups none is offered to be ticked: one writes its name
Values = Callable[[str], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Tick:
    """One box: what stands behind it, and how it is called in a notice's own words."""

    value: str
    label: str
    audience: Audience
    called: str


@dataclass(frozen=True, slots=True)
class Ticks:
    """Boxes of one kind."""

    key: str
    name: str
    boxes: tuple[Tick, ...]


def offered(ask: Ask) -> list[Ticks]:
    """All that can be ticked; kinds with nothing in them are left out."""
    found = [
        Ticks("town", WHOLE_TOWN, (Tick("yes", "全镇的群", Audience(town=True), WHOLE_TOWN),)),
        Ticks("kinds", "哪一类群", tuple(_kinds())),
        Ticks("villages", "村", tuple(_villages(ask))),
        Ticks("tags", "标签", tuple(Tick(each, each, Audience(tags=(each,)), f"标签:{each}") for each in _tags(ask))),
        Ticks("rooms", "单独的群", tuple(_rooms(ask))),
        Ticks("saved", "存过的名单", tuple(_saved(ask))),
        Ticks("topics", "订阅了题目的人（私信）", tuple(_topics(ask))),
    ]
    return [each for each in found if each.boxes]


def _kinds() -> Iterator[Tick]:
    for kind, name in KIND_NAMES.items():
        yield Tick(kind.value, name if kind in PUSHED else f"{name}（干部看）", Audience(kinds=(kind,)), name)


def _villages(ask: Ask) -> Iterator[Tick]:
    for number, name in choices(ask.session, Village):
        yield Tick(number, name, Audience(villages=(int(number),)), name)


def _tags(ask: Ask) -> list[str]:
    return sorted(tags.names(ask.session))[:CHOICES]


def _rooms(ask: Ask) -> Iterator[Tick]:
    for id_, name, kind in desk.spoken_rooms(ask.session, most=_ROOMS):
        yield Tick(str(id_), f"{name}（{kind}）", Audience(rooms=(id_,)), name)


def _saved(ask: Ask) -> Iterator[Tick]:
    for each in audiences.saved(ask.session):
        yield Tick(str(each.id), f"{each.name}：{each.words}", Audience.of_spec(each.spec), each.name)


def _topics(ask: Ask) -> Iterator[Tick]:
    for name, id_ in ask.knowledge.topic_ids.items():
        yield Tick(str(id_), name, Audience(topics=(id_,)), f"订阅:{name}")


def whom(ask: Ask, values: Values) -> tuple[Audience, str]:
    """Whom the ticked boxes and the words name, and how that is called; an empty audience where nothing is said.

    Raises `UnknownAudience`, or `BadEntry` where the whole town is named beside some of it.
    """
    audience, called = Audience(), list[str]()
    for group in offered(ask):
        wanted = set(values(group.key))
        for box in group.boxes:
            if box.value in wanted:
                audience |= box.audience
                called.append(box.called)
    words = next(iter(values("words")), "").strip()
    if words:
        said, name = handlers.reader(turn_of(ask)).whole(words)
        audience |= said
        called.append(name)
    if audience.town and (audience.villages or audience.kinds or audience.tags or audience.rooms):
        raise BadEntry("发给谁", "选了“全镇”，就不用再选村、群和标签。")
    return audience, " ".join(dict.fromkeys(called))


def reach_words(reach: Reach) -> str:
    """Whom it reaches: 5个群（…），私信3人；机器人见过的共12人."""
    names = "、".join(name for _, name in reach.rooms[:_SHOWN]) + ("…" if len(reach.rooms) > _SHOWN else "")
    parts = [f"{len(reach.rooms)}个群（{names}）"] if reach.rooms else []
    if reach.members:
        parts.append(f"私信{len(reach.members)}人")
    seen = f"；机器人见过的共{reach.people}人" if reach.rooms else ""
    silent = f"；标签里另有{reach.silent}人没订阅，不私信" if reach.silent else ""
    return f"{'，'.join(parts)}{seen}{silent}" if parts else f"现在没有能发的群和人{silent}"


def departure(ask: Ask, broadcast: Broadcast, reach: Reach) -> str:
    """When it begins to leave, and when the last will have it."""
    return broadcast_texts.departure(broadcast, reach, rules=ask.rules, speed=ask.knowledge.speed, now=ask.now)


def new(ask: Ask) -> Answer:
    """An empty form."""
    return _form(ask, None)


def edit(ask: Ask) -> Answer:
    """A draft's form, with how it looks as it was kept."""
    return _form(ask, own_draft(ask))


def own_draft(ask: Ask) -> Broadcast:
    """The notice of the address, which this user wrote and may still change. Raises `NotThere`, `OthersBroadcast`."""
    found = find(ask)
    if found.author_id != ask.user.member_id:
        names = desk.names_of(ask.session, [found.author_id])
        raise OthersBroadcast(ask.number, names.get(found.author_id, ""))
    if found.state not in OPEN:
        raise BadEntry(f"通知B{ask.number}", "已经放行或作废，改不了了。")
    return found


def find(ask: Ask) -> Broadcast:
    """The notice of the address. Raises `NotThere`."""
    found = ask.session.get(Broadcast, ask.number)
    if found is None:
        raise NotThere(f"通知B{ask.number}")
    return found


def _form(ask: Ask, kept: Broadcast | None) -> Answer:
    reach = audiences.reach(ask.session, Audience.of_spec(kept.spec)) if kept is not None else None
    values = {
        "kept": kept,
        "to": f"/broadcasts/{kept.id}/edit" if kept is not None else "/broadcasts/new",
        "groups": offered(ask) if kept is None or kept.corrects_id is None else [],
        "reach": reach_words(reach) if reach is not None else "",
        "departs": departure(ask, kept, reach) if kept is not None and reach is not None else "",
        "at": picked(ask, kept.leaves_at) if kept is not None else "",
        "two": ask.rules.broadcast.two_people,
        "longest": TEXT,
    }
    return Html("compose.html", f"改通知B{kept.id}" if kept is not None else "写通知", values)


def preview(ask: Ask) -> Answer:
    """Whom it would reach and when, as JSON, while it is written; nothing is kept."""
    try:
        found = _previewed(ask)
    except Declined as declined:
        found = {"whom": "", "when": "", "fault": declined.at_desk}
    body = json.dumps(found, ensure_ascii=False).encode()
    return Download("preview.json", "application/json", body, inline=True)


def _previewed(ask: Ask) -> dict[str, str]:
    audience, called = whom(ask, lambda name: ask.query.get(name, "").split(",") if name != "words" else [_words(ask)])
    of = row_id(ask.query.get("of", ""))
    if not audience and of is not None:
        kept = ask.session.get(Broadcast, of)
        audience = Audience.of_spec(kept.spec) if kept is not None else audience
    if not audience:
        return {"whom": "", "when": "", "fault": ""}
    reach = audiences.reach(ask.session, audience)
    urgent = ask.query.get("urgent") == "yes" or broadcast_texts.begins_urgent(ask.query.get("head", ""))
    would = Broadcast(
        author_id=ask.user.member_id, audience=called, text="", urgent=urgent, created_at=ask.now,
        leaves_at=read_time(ask, ask.query["at"]) if ask.query.get("at") else None,
    )  # fmt: skip
    return {"whom": reach_words(reach), "when": departure(ask, would, reach), "fault": ""}


def _words(ask: Ask) -> str:
    return ask.query.get("words", "")[:200]


def write(ask: Ask) -> Done:
    """A new draft; with "交审" it is handed on at once."""
    text = ask.form.need("text", "内容", longest=TEXT)
    audience, called = whom(ask, ask.form.all)
    if not audience:
        raise BadEntry("发给谁", "请勾上，或用话写。")
    kept, _ = broadcasts.draft(
        ask.session, author_id=ask.user.member_id, audience=audience, called=called, text=text, now=ask.now,
        leaves_at=_hour(ask), urgent=bool(ask.form.get("urgent")),
    )  # fmt: skip
    return _kept(ask, kept, "存好了，还没发。看一看对不对。")


def rewrite(ask: Ask) -> Done:
    """A draft as it is now in its form: only what differs is changed."""
    kept = own_draft(ask)
    text, hour = ask.form.need("text", "内容", longest=TEXT), _hour(ask)
    audience, called = whom(ask, ask.form.all) if kept.corrects_id is None else (Audience(), "")
    urgent = bool(ask.form.get("urgent"))
    changed: dict[str, object] = {}
    if text != kept.text:
        changed["text"] = text
    if hour != kept.leaves_at:
        changed |= {"leaves_at": hour} if hour is not None else {"at_once": True}
    if urgent != kept.urgent:
        changed["urgent"] = urgent
    if audience and audience != Audience.of_spec(kept.spec):
        changed["audience"] = audience, called
    if changed:
        by, number = ask.user.member_id, kept.id or 0
        broadcasts.change(ask.session, number, by=by, now=ask.now, rules=ask.rules, **changed)  # type: ignore[arg-type]
    return _kept(ask, kept, "改好了。看一看对不对。" if changed else "没有改动。")


def _hour(ask: Ask) -> datetime | None:
    said = ask.form.get("at")
    return read_time(ask, said) if said else None


def _kept(ask: Ask, kept: Broadcast, said: str) -> Done:
    """On to its form again, or handed on to be approved."""
    if ask.form.get("what") == "submit":
        return submit(ask, kept.id or 0)
    return Done(f"/broadcasts/{kept.id}/edit", said, about=f"通知B{kept.id}")


def submit(ask: Ask, number: int) -> Done:
    """Ask the others to approve it, or queue it where the town wants no second person."""
    result = broadcasts.submit(
        ask.session, number, by=ask.user.member_id, now=ask.now, rules=ask.rules, speed=ask.knowledge.speed
    )
    said = {
        Outcome.CHANGED: f"还没交：{result.note}。请再看一遍，对的话再交一次。",
        Outcome.QUEUED: "已排队（单人发布），写错了可以停发。",
    }.get(result.outcome, f"交上去了，会请{result.asked}位看，有一位同意就放行。")
    return Done(f"/broadcasts/{number}", said, about=f"通知B{number}", detail={"结果": result.outcome.value})


PAGES: tuple[Page | Deed, ...] = (
    Page("/broadcasts/new", new, "写通知：发给谁、说什么、几点发", may=ConsoleRole.COORDINATOR),
    Page("/broadcasts/preview", preview, "写的时候看会发到哪里", may=ConsoleRole.COORDINATOR),
    Deed("/broadcasts/new", write, "写通知", "/broadcasts/new"),
    Page("/broadcasts/{number}/edit", edit, "改一条还没放行的通知", may=ConsoleRole.COORDINATOR),
    Deed("/broadcasts/{number}/edit", rewrite, "改通知", "/broadcasts/{number}/edit"),
)
