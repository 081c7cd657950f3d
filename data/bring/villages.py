"""The sheet 村: villages with what people call them, where lectures can be held, and who is near whom."""

from collections.abc import Iterable, Sequence

from data.bring import cells
from data.bring.known import NOT_HERE, Known, fold, once_each, settled
from data.bring.model import Column, Entry, Hand, Line, Plain, entry
from data.bring.said import check_free
from data.record_tables import Area, AreaLevel
from data.tables import Village
from data.town import governs

NAME, ALIASES, VENUES, NEAR, FREE, TOWN = "名称", "别名", "场地", "邻村", "平时方便的时间", "所属镇"
COLUMNS = (
    Column(NAME, "村名，写全，如 东村", cells.proper_name, "示例村", required=True),
    Column(ALIASES, "乡亲们还怎么叫它，几个就用顿号隔开", cells.names, "示例大队、村头", width=20),
    Column(VENUES, "能办讲座的地方，先写的先推荐", cells.names, "村文化室、大榕树下", width=30),
    Column(NEAR, "邻村的名称；写在一头，另一头也记上", cells.names, "示例邻村", width=20),
    Column(FREE, "乡亲们什么时候有空", cells.names, "每天晚饭后、周末中午", width=24),
    Column(TOWN, "属于哪个镇；只有一个镇可以不写", cells.text),
)
_FIELDS = {ALIASES: "aliases", VENUES: "venues", FREE: "free"}


def weigh(known: Known, lines: Sequence[Line]) -> list[Entry]:
    """What would become of the lines, and of villages that they name as neighbours."""
    named = once_each(lines, NAME, known.village_names)
    bases = {name: tuple(each.near) for name, each in known.villages.items()}
    bases |= {name: bases.get(name, ()) for _, name in named}
    for line, name in named:
        _clashes(known, line, name)
        check_free(line, FREE, known.villages[name].free if name in known.villages else ())
        near = settled(known.village_names, line, NEAR, line.words(NEAR))
        if near is not None:
            bases[name] = near
            if name in near:
                line.fault(NEAR, "写了自己")
    joined = _joined(bases)
    entries = [_entry(known, line, name, joined[name]) for line, name in named]
    return entries + list(_other_ends(known, named, joined))


def put(known: Known, entries: Sequence[Entry], hand: Hand) -> None:
    """Write them."""
    for each in entries:
        village = known.villages.get(each.name)
        if village is None:
            village = Village(name=each.name)
            hand.session.add(village)
            known.villages[each.name] = village
        for title in each.changed:
            value = each.wanted[title]
            if title == TOWN:
                village.area_id = _area(known, str(value), hand)
            else:
                assert isinstance(value, tuple)
                setattr(village, "near" if title == NEAR else _FIELDS[title], list(value))
    hand.session.flush()


def _entry(known: Known, line: Line, name: str, near: tuple[str, ...]) -> Entry:
    village = known.villages.get(name)
    was: dict[str, Plain] | None = None
    if village is not None:
        was = {title: tuple(getattr(village, field)) for title, field in _FIELDS.items()}
        was |= {NEAR: tuple(village.near), TOWN: _town(known, village)}
    wanted: dict[str, Plain] = {title: line.words(title) for title in _FIELDS if line.words(title) is not None}
    wanted[NEAR] = near
    town = line.text(TOWN)
    if town is not None:
        wanted[TOWN] = town
        if len(known.towns.get(town, ())) > 1:
            line.fault(TOWN, f"登记了几个“{town}”，不知道是哪个，请到控制台里选")
    found = entry(line, name, was, wanted)
    written = known.village_entries.get(name)
    if written is not None:
        for title in found.changed & _FIELDS.keys():
            if _FIELDS[title] in written.model_fields_set:
                line.fault(title, NOT_HERE)
        before = village.near if village is not None else []
        if any(governs(known.near_said, name, each) for each in set(before) ^ set(near)):
            line.fault(NEAR, NOT_HERE)
    return found


def _other_ends(known: Known, named: Sequence[tuple[Line, str]], joined: dict[str, tuple[str, ...]]) -> Iterable[Entry]:
    """The villages not in the file whose neighbours would be others."""
    own = {name for _, name in named}
    for name, village in known.villages.items():
        added = [other for other in joined[name] if other in own and other not in village.near]
        if name not in own and added:
            line = next(line for line, other in named if other == added[0])
            yield entry(line, name, {NEAR: tuple(village.near)}, {NEAR: (*village.near, *added)})


def _joined(bases: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Neighbours, whichever of the two says so."""
    joined = {name: dict.fromkeys(near) for name, near in bases.items()}
    for name, near in bases.items():
        for other in near:
            if other in joined:
                joined[other].setdefault(name)
    return {name: tuple(near) for name, near in joined.items()}


def _clashes(known: Known, line: Line, name: str) -> None:
    """What people call a village must not be another's."""
    own = known.village_names
    if own.exact.get(name, name) != name:
        line.fault(NAME, f"“{name}”是“{own.exact[name]}”的别名，请写“{own.exact[name]}”")
    for alias in line.words(ALIASES) or ():
        other = own.find(alias)
        if other is not None and other != name and fold(other) != fold(name):
            line.fault(ALIASES, f"“{alias}”已经是“{other}”")


def _town(known: Known, village: Village) -> str:
    return next((name for name, towns in known.towns.items() for each in towns if each.id == village.area_id), "")


def _area(known: Known, name: str, hand: Hand) -> int | None:
    if not name:
        return None
    if name not in known.towns:
        area = Area(level=AreaLevel.TOWN, name=name)
        hand.session.add(area)
        hand.session.flush()
        known.towns[name] = [area]
    return known.towns[name][0].id
