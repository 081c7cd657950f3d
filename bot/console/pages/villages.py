"""村和群: the villages, and what is known of each."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.pages.rooms import KINDS, ROOM_PAGES
from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from bot.settings import TOWN_FOLDER
from data import tags
from data.desk import villages as desk
from data.desk.lecturers import understood
from data.desk.villages import VILLAGE, VillageLine
from data.desk_errors import BadEntry
from data.desk_tables import ConsoleRole
from data.lectures import STATE_NAMES
from data.tables import Village
from data.tags import Bearer
from data.townfile import TownFiles

_FIELDS = {"aliases": "别名", "venues": "场地", "near": "邻村", "free": "平时方便的时间"}


def _find(ask: Ask, wanted: Wanted) -> Found[VillageLine]:
    return Found(
        *desk.find(
            ask.session,
            words=wanted.words,
            tag=wanted.chosen.get("tag", ""),
            area_id=wanted.number("area"),
            village_id=ask.scope,
            span=desk.month(ask.now, ask.rules),
            offset=wanted.offset,
            limit=wanted.limit,
        )
    )


_COLUMNS: tuple[Column[VillageLine], ...] = (
    Column("村", lambda row: row.name, lambda row: f"/villages/{row.id}", head=True),
    Column("别名", lambda row: "、".join(row.aliases)),
    Column("场地", lambda row: "、".join(row.venues)),
    Column("所属", lambda row: row.area),
    Column("群", lambda row: row.groups),
    Column("本月的课", lambda row: row.lectures),
    Column("标签", lambda row: "、".join(row.tags)),
)


def show_all(ask: Ask) -> Answer:
    """The villages, by name."""
    areas = tuple((str(number), name) for number, name in desk.areas(ask.session))
    marks = tuple((each.tag, each.tag) for each in tags.lines(ask.session)) if ask.scope is None else ()
    filters = (Filter("area", "所属", areas), Filter("tag", "标签", marks))
    shown = tuple(each for each in filters if each.options)
    return show_list(
        ask, Listing("村", _COLUMNS, _find, shown, "村名、别名", "没有这样的村。"), template="villages.html"
    )


def show(ask: Ask) -> Answer:
    """One village."""
    ask.own(ask.number, "这个村")
    village = desk.village(ask.session, ask.number)
    groups, _ = desk.groups(ask.session, village_id=ask.number)
    values = {
        "village": village,
        "groups": groups,
        "kinds": KINDS,
        "lectures": desk.lectures(ask.session, ask.number, desk.month(ask.now, ask.rules)),
        "states": STATE_NAMES,
        "living": desk.living(ask.session, ask.number),
        "hamlets": desk.hamlets(ask.session, ask.number),
        "tags": tags.of(ask.session, _bearer(village)),
        "areas": desk.areas(ask.session),
        "free": [(words, understood(words)) for words in village.free],
        "fixed": fixed(ask, village),
        "edits": ask.may(ConsoleRole.COORDINATOR),
        "places": ask.may(ConsoleRole.COORDINATOR) or ask.scope is not None,
    }
    return Html("villages_one.html", village.name, values)


def set_places(ask: Ask) -> Done:
    """Where lectures can be held there, and when its people have time."""
    ask.own(ask.number, "这个村")
    village = desk.village(ask.session, ask.number)
    if "venues" not in ask.form.fields or "free" not in ask.form.fields:
        raise BadEntry("场地和时间", "没有收全，请再填一次。")  # half a form empties nothing
    before = {"venues": village.venues, "free": village.free}
    village.venues = desk.listed(ask.form.get("venues"), "场地")
    village.free = desk.listed(ask.form.get("free"), "平时方便的时间")
    unread = [each for each in village.free if not understood(each)]
    told = f"“{unread[0]}”没看懂是什么时间，排课时不按它算。" if unread else ""
    changed = [name for name, value in before.items() if getattr(village, name) != value]
    return _did(ask, village, changed, told)


def set_names(ask: Ask) -> Done:
    """What it is called, who is near, where it lies."""
    village = desk.village(ask.session, ask.number)
    before = {"aliases": village.aliases, "near": village.near}
    area_id = ask.form.number("area", "所属")
    if area_id is not None and area_id not in [number for number, _ in desk.areas(ask.session)]:
        raise BadEntry("所属", "请选一个。")
    desk.set_aliases(ask.session, village, desk.listed(ask.form.get("aliases"), "别名"))
    desk.set_near(ask.session, village, desk.listed(ask.form.get("near"), "邻村"))
    village.area_id = area_id
    desk.set_tags(ask.session, _bearer(village), desk.listed(ask.form.get("tags"), "标签"))
    return _did(ask, village, [name for name, value in before.items() if getattr(village, name) != value], "")


def fixed(ask: Ask, village: Village) -> list[str]:
    """What of a village the town's files say, which is so again after a restart."""
    files = town_files(ask)
    return written(files.town.villages if files else (), village.name, _FIELDS)


def town_files(ask: Ask) -> TownFiles | None:
    """The town's files, if they can be read."""
    config = ask.house.config
    return desk.in_file(config.file(TOWN_FOLDER), tuple(ask.knowledge.lexicon.topics.names))


def written(entries: Iterable[BaseModel], name: str, fields: dict[str, str]) -> list[str]:
    """The labels of the fields that the town's files write of the entry of this name."""
    found: Sequence[BaseModel] = [each for each in entries if getattr(each, "name", "") == name]
    return [label for each in found for field, label in fields.items() if field in each.model_fields_set]


def _bearer(village: Village) -> Bearer:
    return Bearer(VILLAGE, village.id or 0, village.name)


def _did(ask: Ask, village: Village, changed: list[str], told: str) -> Done:
    labels = [_FIELDS[each] for each in changed]
    back = [each for each in fixed(ask, village) if each in labels]
    warned = f"{'、'.join(back)}写在 town.yaml 里，重启会变回去，请也改那里。" if back else ""
    return Done(
        f"/villages/{village.id}", f"改好了。{told}{warned}", about=village.name,
        detail={"改了": "、".join(labels)}, reload=True,
    )  # fmt: skip


PAGES: tuple[Page | Deed, ...] = (
    Page("/villages", show_all, "村和群：村的别名、场地、邻村、方便的时间", village=True, nav="村和群", sheet=True),
    Page("/villages/{number}", show, "一个村", village=True),
    Deed("/villages/{number}/places", set_places, "改场地和时间", "/villages/{number}", village=True),
    Deed("/villages/{number}/names", set_names, "改村的资料", "/villages/{number}"),
    *ROOM_PAGES,
)
