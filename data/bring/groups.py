"""The sheet 群: groups with whose they are. A person is known by an id and so is a group: a group of WeChat must have
been met by the bot; a group into which people paste by hand is known by its name."""

from collections.abc import Mapping, Sequence

from sqlalchemy import and_, or_
from sqlmodel import Session, col, delete, select

from data.bring import cells
from data.bring.known import Known
from data.bring.model import Column, Entry, Hand, Line, Plain, entry
from data.broadcast_tables import RoomTag
from data.rooms import bind_room
from data.tables import Room, RoomKind

NAME, VILLAGE, KIND, CHANNEL, TAGS = "群名", "村", "类别", "渠道", "标签"
RELAY = "relay"
_KINDS = {"村民": RoomKind.RESIDENTS, "外出务工": RoomKind.MIGRANTS, "工作群": RoomKind.COORDINATORS}
_KIND_WORDS = {word: name for name in _KINDS for word in (name, f"{name.removesuffix('群')}群")}
_CHANNELS = {"relay": "relay", "转发": "relay", "人工转发": "relay", "wechaty": "wechaty", "微信": "wechaty"}
_BY_KIND = {kind: name for name, kind in _KINDS.items()}
_AT_ONCE = 500
COLUMNS = (
    Column(NAME, "群的名字，照微信里的写", cells.name, "示例乡亲群", required=True, width=24),
    Column(VILLAGE, "哪个村的群；工作群不写", cells.text, "示例村"),
    Column(KIND, "给谁的群", cells.one_of(_KIND_WORDS), "村民", required=True, choices=tuple(_KINDS)),
    Column(
        CHANNEL,
        "relay：人工转发（没有网关）；wechaty：机器人已经在的微信群。不写就是 relay",
        cells.one_of(_CHANNELS),
        RELAY,
        choices=(RELAY, "wechaty"),
    ),
    Column(TAGS, "标签，发通知时可以按标签发", cells.names, "种植户", width=20),
)

Met = Mapping[tuple[str, str], list[Room]]  # (transport, name or external id) → rooms


def weigh(known: Known, lines: Sequence[Line]) -> list[Entry]:
    """What would become of the lines."""
    met, tags = _met(known.session, lines)
    seen: dict[tuple[str, str], int] = {}
    entries = []
    for line in lines:
        name, transport = line.text(NAME), line.text(CHANNEL) or RELAY
        if not name:
            continue
        first = seen.setdefault((transport, name), line.number)
        if first != line.number:
            line.fault(NAME, f"“{name}”和第{first}行重复，请只留一行")
            continue
        entries.append(_entry(known, line, name, met.get((transport, name), []), tags))
    return entries


def put(known: Known, entries: Sequence[Entry], hand: Hand) -> None:
    """Write them."""
    met, _tags = _met_named(hand.session, [each.name for each in entries])
    for each in entries:
        transport = str(each.wanted[CHANNEL])
        rooms = met.get((transport, each.name))
        room = rooms[0] if rooms else Room(transport=transport, external_id=each.name, created_at=hand.now)
        room.name = room.name or each.name
        hand.session.add(room)
        hand.session.flush()
        village = str(each.wanted.get(VILLAGE) or "")
        if VILLAGE not in each.wanted:
            village = known.village_name(room.village_id)
        kind = _KINDS[str(each.wanted[KIND])]
        whose = known.villages[village] if village else None
        bind_room(hand.session, room.id or 0, village=whose, kind=kind, now=hand.now)
        tags = each.wanted.get(TAGS)
        if TAGS in each.changed and isinstance(tags, tuple):
            hand.session.exec(delete(RoomTag).where(col(RoomTag.room_id) == room.id))
            hand.session.add_all([RoomTag(tag=tag, room_id=room.id or 0) for tag in tags])
    hand.session.flush()


def _entry(known: Known, line: Line, name: str, rooms: list[Room], tags: Mapping[int, tuple[str, ...]]) -> Entry:
    transport, kind = line.text(CHANNEL) or RELAY, line.text(KIND)
    if len(rooms) > 1:
        line.fault(NAME, f"有几个群都叫“{name}”，分不清是哪个，请在群里发“本群 村名”登记")
    if not rooms and transport != RELAY:
        line.fault(NAME, f"机器人还没见过“{name}”。先让机器人进群、有人说句话；没有网关就写 {RELAY}")
    wanted: dict[str, Plain] = {CHANNEL: transport, KIND: kind}
    village = line.text(VILLAGE)
    if village is not None:
        wanted[VILLAGE] = known.village_names.refer(line, VILLAGE, village) if village else ""
    if line.words(TAGS) is not None:
        wanted[TAGS] = tuple(sorted(line.words(TAGS) or ()))
    if not rooms:
        return entry(line, name, None, wanted)
    room = rooms[0]
    was: dict[str, Plain] = {
        CHANNEL: room.transport,
        KIND: _BY_KIND.get(room.kind, "没登记"),
        VILLAGE: known.village_name(room.village_id),
        TAGS: tags.get(room.id or 0, ()),
    }
    return entry(line, name, was, wanted)


def _met(session: Session, lines: Sequence[Line]) -> tuple[Met, Mapping[int, tuple[str, ...]]]:
    return _met_named(session, [name for line in lines if (name := line.text(NAME))])


def _met_named(session: Session, names: Sequence[str]) -> tuple[Met, Mapping[int, tuple[str, ...]]]:
    """The groups that go by these names, and the tags on them."""
    met: dict[tuple[str, str], list[Room]] = {}
    tags: dict[int, tuple[str, ...]] = {}
    for start in range(0, len(names), _AT_ONCE):
        some = names[start : start + _AT_ONCE]
        these = or_(col(Room.name).in_(some), and_(col(Room.transport) == RELAY, col(Room.external_id).in_(some)))
        query = select(Room).where(col(Room.kind) != RoomKind.DIRECT, these)
        for room in session.exec(query.order_by(col(Room.id))):
            for name in {room.name, room.external_id} if room.transport == RELAY else {room.name}:
                met.setdefault((room.transport, name), []).append(room)
        for tag in session.exec(select(RoomTag).join(Room).where(these).order_by(col(RoomTag.tag))):
            tags[tag.room_id] = (*tags.get(tag.room_id, ()), tag.tag)
    return met, tags
