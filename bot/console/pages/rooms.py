"""群: whose group is whose, what is heard there, and its tags."""

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from data import rooms, tags
from data.desk import lectures as choices
from data.desk import villages as desk
from data.desk.villages import ROOM, RoomLine
from data.desk_errors import BadEntry
from data.labels import TRANSPORTS
from data.tables import RoomKind, Village
from data.tags import Bearer

KINDS = {
    RoomKind.UNBOUND: "还没登记",
    RoomKind.RESIDENTS: "村民群",
    RoomKind.MIGRANTS: "外出务工群",
    RoomKind.COORDINATORS: "工作群",
}
LISTEN = {"natural": "听得懂的都答", "command": "只听口令", "mention": "只听@"}
_OF_A_VILLAGE = (RoomKind.RESIDENTS, RoomKind.MIGRANTS)


def _find(ask: Ask, wanted: Wanted) -> Found[RoomLine]:
    return Found(
        *desk.groups(
            ask.session,
            words=wanted.words,
            kind=wanted.chosen.get("kind", ""),
            village_id=wanted.number("village"),
            tag=wanted.chosen.get("tag", ""),
            listen=wanted.chosen.get("listen", ""),
            offset=wanted.offset,
            limit=wanted.limit,
        )
    )


_COLUMNS: tuple[Column[RoomLine], ...] = (
    Column("群", lambda row: row.room.name or "（没有名字）", lambda row: f"/rooms/{row.room.id}", head=True),
    Column("村", lambda row: row.village),
    Column(
        "用途",
        lambda row: KINDS[row.room.kind],
        mark=lambda row: "wait" if row.room.kind is RoomKind.UNBOUND else "",
    ),
    Column("听什么", lambda row: LISTEN.get(row.room.listen, "照设置")),
    Column("说过话的人", lambda row: row.people),
    Column("上次有人说", lambda row: row.heard),
    Column("上次机器人说", lambda row: row.said),
    Column("标签", lambda row: "、".join(row.tags)),
    Column("从哪里", lambda row: TRANSPORTS.get(row.room.transport, row.room.transport)),
)


def show_all(ask: Ask) -> Answer:
    """The groups; those that nobody has registered first."""
    filters = (
        Filter("kind", "用途", tuple((kind.value, name) for kind, name in KINDS.items())),
        Filter("village", "村", choices.choices(ask.session, Village)),
        Filter("listen", "听什么", tuple(LISTEN.items())),
        Filter("tag", "标签", tuple((each.tag, each.tag) for each in tags.lines(ask.session))),
    )
    shown = tuple(each for each in filters if each.options)
    return show_list(ask, Listing("群", _COLUMNS, _find, shown, "群名、村名", "没有这样的群。"), template="rooms.html")


def show(ask: Ask) -> Answer:
    """One group."""
    room = desk.group(ask.session, ask.number)
    village = ask.session.get(Village, room.village_id) if room.village_id is not None else None
    values = {
        "room": room,
        "village": village,
        "kinds": KINDS,
        "transport": TRANSPORTS.get(room.transport, room.transport),
        "listens": tuple(LISTEN.items()),
        "now_heard": LISTEN[ask.knowledge.listen_mode(room.name, room.external_id)],
        "villages": choices.choices(ask.session, Village),
        "tags": tags.of(ask.session, _bearer(ask)),
    }
    return Html("room_one.html", room.name or "（没有名字）", values)


def bind(ask: Ask) -> Done:
    """Say whose group it is."""
    room = desk.group(ask.session, ask.number)
    if ask.form.get("kind") not in [kind.value for kind in KINDS]:
        raise BadEntry("用途", "请选一个。")
    kind, said = RoomKind(ask.form.get("kind")), ask.form.get("village")
    if kind in _OF_A_VILLAGE and not said:
        raise BadEntry("村", f"{KINDS[kind]}要选一个村。")
    whose = None
    if kind in _OF_A_VILLAGE:
        whose = ask.session.get_one(Village, choices.named(ask.session, Village, said, "村"))
    rooms.bind_room(ask.session, ask.number, village=whose, kind=kind, now=ask.now)
    told = {
        RoomKind.COORDINATORS: "登记好了：这是工作群，不推送政策短文。",
        RoomKind.UNBOUND: "好，这个群先不管，什么也不发。",
    }
    said = told.get(kind, f"登记好了：“{room.name}”是{whose.name if whose else ''}的{KINDS[kind]}。")
    return _did(ask, said, {"用途": kind.value, "村": whose.name if whose else ""})


def set_listen(ask: Ask) -> Done:
    """What is heard there when nobody addresses the bot."""
    room = desk.group(ask.session, ask.number)
    wanted = ask.form.get("listen")
    if wanted and wanted not in LISTEN:
        raise BadEntry("听什么", "请选一个。")
    room.listen = wanted
    return _did(ask, f"改好了：{LISTEN.get(wanted, '照设置里的')}。", {"听什么": wanted or "照设置"}, reload=True)


def set_tags(ask: Ask) -> Done:
    """Words by which a notice is sent to some groups."""
    desk.group(ask.session, ask.number)
    wanted = desk.listed(ask.form.get("tags"), "标签")
    desk.set_tags(ask.session, _bearer(ask), wanted)
    return _did(ask, "标签改好了。", {"标签": "、".join(wanted)})


def _bearer(ask: Ask) -> Bearer:
    return Bearer(ROOM, ask.number, "")


def _did(ask: Ask, said: str, detail: dict[str, object], *, reload: bool = False) -> Done:
    return Done(f"/rooms/{ask.number}", said, about=f"群{ask.number}", detail=detail, reload=reload)


ROOM_PAGES: tuple[Page | Deed, ...] = (
    Page("/rooms", show_all, "群：登记给哪个村、做什么用、听什么、标签", sheet=True),
    Page("/rooms/{number}", show, "一个群"),
    Deed("/rooms/{number}/bind", bind, "登记群", "/rooms/{number}"),
    Deed("/rooms/{number}/listen", set_listen, "改群里听什么", "/rooms/{number}"),
    Deed("/rooms/{number}/tags", set_tags, "改群的标签", "/rooms/{number}"),
)
