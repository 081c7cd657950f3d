"""Villages and groups as the console lists them, and what a coordinator changes of them there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from sqlalchemy import case, func
from sqlmodel import Session, col, select

from data import tags
from data.audience_words import KIND_NAMES
from data.bring import cells
from data.bring.cells import BadCell
from data.bring.known import fold
from data.broadcast_tables import RoomTag, VillageTag
from data.desk_errors import BadEntry, NotThere
from data.errors import TownFileError
from data.loop import Lecture, LectureState
from data.mail import Inbox, Outbox, OutboxState
from data.record_tables import Area
from data.rules import Rules
from data.tables import Lecturer, Role, RoleKind, Room, RoomKind, Village
from data.tags import Bearer
from data.townfile import TownFiles, read_town

VILLAGE, ROOM = 0, 1  # as `data.tags.Bearer` counts them
_TAG_LONGEST = 12
_NO_TAG = re.compile(r"[\d\W_]+")
_RESERVED = frozenset({"全镇", "全部", "大家", "标签", "订阅", *KIND_NAMES.values()})  # words that say for whom else
_GROUP = col(Room.kind) != RoomKind.DIRECT


@dataclass(frozen=True, slots=True)
class VillageLine:
    """A village of the list; ``lectures`` are those of this month."""

    id: int
    name: str
    aliases: tuple[str, ...]
    venues: tuple[str, ...]
    area: str
    groups: int
    lectures: int
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A group of the list; ``people`` are those who were heard there, ``heard`` and ``said`` when last."""

    room: Room
    village: str
    people: int
    heard: datetime | None
    said: datetime | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Living:
    """A lecturer who lives in a village."""

    id: int
    name: str
    trade: str
    reachable: bool


def month(now: datetime, rules: Rules) -> tuple[datetime, datetime]:
    """The first moment of this month, and that of the next."""
    first = now.astimezone(rules.zone).date().replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    since, until = (datetime.combine(day, time(), tzinfo=rules.zone) for day in (first, following))
    return since, until


def find(
    session: Session, *, words: str, tag: str, area_id: int | None, village_id: int | None,
    span: tuple[datetime, datetime], offset: int, limit: int,
) -> tuple[list[VillageLine], int]:  # fmt: skip
    """Villages by name, and how many there are. ``village_id`` is the only one that is shown."""
    query = select(Village, Area.name).outerjoin(Area, col(Area.id) == col(Village.area_id))
    if village_id is not None:
        query = query.where(Village.id == village_id)
    if area_id is not None:
        query = query.where(Village.area_id == area_id)
    if tag:
        query = query.join(VillageTag, col(VillageTag.village_id) == col(Village.id)).where(VillageTag.tag == tag)
    if words:
        named = session.exec(select(Village.id, Village.name, Village.aliases)).all()  # JSON is not searched alike
        hits = [number for number, name, aliases in named if any(words in each for each in (name, *aliases))]
        query = query.where(col(Village.id).in_(hits))
    total = session.exec(select(func.count()).select_from(query.subquery())).one()
    found = session.exec(query.order_by(col(Village.name), col(Village.id)).offset(offset).limit(limit)).all()
    ids = [village.id or 0 for village, _ in found]
    theirs = select(Room.village_id, func.count()).where(col(Room.village_id).in_(ids), _GROUP)
    groups = dict(session.exec(theirs.group_by(col(Room.village_id))).all())
    held = select(Lecture.village_id, func.count()).where(
        col(Lecture.village_id).in_(ids),
        Lecture.starts_at >= span[0],
        Lecture.starts_at < span[1],
        Lecture.state != LectureState.CANCELLED,
    )
    held_there = dict(session.exec(held.group_by(col(Lecture.village_id))).all())
    marks = _tags(session, VillageTag, ids)
    lines = [
        VillageLine(
            each.id or 0, each.name, tuple(each.aliases), tuple(each.venues), area or "",
            groups.get(each.id, 0), held_there.get(each.id, 0), marks.get(each.id or 0, ()),
        )
        for each, area in found
    ]  # fmt: skip
    return lines, total


def village(session: Session, village_id: int) -> Village:
    """A village. Raises `NotThere`."""
    found = session.get(Village, village_id)
    if found is None:
        raise NotThere("这个村")
    return found


def areas(session: Session) -> list[tuple[int | None, str]]:
    """The areas in which villages may lie."""
    return list(session.exec(select(Area.id, Area.name).order_by(col(Area.level), col(Area.name))))


def hamlets(session: Session, village_id: int) -> list[str]:
    """The hamlets (村小组) of a village in which something was held."""
    query = select(Lecture.hamlet).where(Lecture.village_id == village_id, Lecture.hamlet != "").distinct()
    return sorted(session.exec(query.limit(100)))


def living(session: Session, village_id: int) -> list[Living]:
    """The lecturers who live in a village, by name."""
    bound = select(Role.id).where(Role.lecturer_id == col(Lecturer.id), Role.kind == RoleKind.LECTURER).exists()
    query = select(Lecturer, bound).where(Lecturer.village_id == village_id).order_by(col(Lecturer.name)).limit(100)
    return [Living(each.id or 0, each.name, each.trade or each.title, reach) for each, reach in session.exec(query)]


def lectures(session: Session, village_id: int, span: tuple[datetime, datetime]) -> list[Lecture]:
    """What is held in a village within a span."""
    query = select(Lecture).where(
        Lecture.village_id == village_id, Lecture.starts_at >= span[0], Lecture.starts_at < span[1]
    )
    return list(session.exec(query.order_by(col(Lecture.starts_at)).limit(60)))


def listed(said: str, label: str) -> list[str]:
    """Several words of one field, with 、，； or new lines between. Raises `BadEntry`."""
    try:
        return list(cells.names(said))
    except BadCell as bad:
        raise BadEntry(label, f"{bad}。") from bad


def set_aliases(session: Session, of: Village, aliases: Sequence[str]) -> None:
    """What people also call a village. Raises `BadEntry` where another goes by it."""
    others = session.exec(select(Village).where(Village.id != of.id)).all()
    owners = {fold(name): each.name for each in others for name in (each.name, *each.aliases)}
    for alias in aliases:
        if (owner := owners.get(fold(alias))) is not None:
            raise BadEntry("别名", f"“{alias}”已经是{owner}了。")
    of.aliases = [each for each in aliases if fold(each) != fold(of.name)]


def set_near(session: Session, of: Village, names: Sequence[str]) -> None:
    """Who its neighbours are; they have it for a neighbour too. Raises `BadEntry` for a name that no village has."""
    others = session.exec(select(Village).where(Village.id != of.id)).all()
    known = {name: each.name for each in reversed(others) for name in (*each.aliases, each.name)}
    for name in names:
        if name not in known:
            raise BadEntry("邻村", f"没有“{name}”。写村名，几个用顿号隔开。")
    near = list(dict.fromkeys(known[name] for name in names))
    of.near = near
    for each in others:
        if (of.name in each.near) != (each.name in near):
            without = [name for name in each.near if name != of.name]
            each.near = [*without, of.name] if each.name in near else without


def set_tags(session: Session, who: Bearer, wanted: Sequence[str]) -> None:
    """Which tags a village or a group bears. Raises `BadEntry`."""
    for tag in wanted:
        if len(tag) > _TAG_LONGEST or tag in _RESERVED or _NO_TAG.fullmatch(tag) or re.search(r"[\s:：]", tag):
            raise BadEntry("标签", f"“{tag[:_TAG_LONGEST]}”不能当标签，用短短的词，比如：种植户、老党员、学生家长。")
    borne = tags.of(session, who)
    for tag in borne:
        if tag not in wanted:
            tags.take_off(session, tag, who)
    for tag in wanted:
        if tag not in borne:
            tags.put(session, tag, who)


def group(session: Session, room_id: int) -> Room:
    """A group, not a chat with one person. Raises `NotThere`."""
    room = session.get(Room, room_id)
    if room is None or room.kind is RoomKind.DIRECT:
        raise NotThere("这个群")
    return room


def groups(
    session: Session, *, words: str = "", kind: str = "", village_id: int | None = None, tag: str = "",
    listen: str = "", offset: int = 0, limit: int = 60,
) -> tuple[list[RoomLine], int]:  # fmt: skip
    """Groups, those of whom nobody said whose they are first, then by village and name; and how many there are."""
    query = select(Room, Village.name).outerjoin(Village, col(Village.id) == col(Room.village_id)).where(_GROUP)
    if words:
        query = query.where(
            col(Room.name).contains(words, autoescape=True) | col(Village.name).contains(words, autoescape=True)
        )
    if kind:
        query = query.where(Room.kind == RoomKind(kind))
    if village_id is not None:
        query = query.where(Room.village_id == village_id)
    if listen:
        query = query.where(Room.listen == listen)
    if tag:
        query = query.join(RoomTag, col(RoomTag.room_id) == col(Room.id)).where(RoomTag.tag == tag)
    total = session.exec(select(func.count()).select_from(query.subquery())).one()
    unbound = case((col(Room.kind) == RoomKind.UNBOUND, 0), else_=1)
    found = session.exec(
        query.order_by(unbound, col(Village.name), col(Room.name), col(Room.id)).offset(offset).limit(limit)
    ).all()
    return _lines(session, found), total


def in_file(folder: Path, topics: tuple[str, ...]) -> TownFiles | None:
    """What the town's files say, which wins at the next start; None where they cannot be read."""
    try:
        stamp = (folder / "town.yaml").stat().st_mtime_ns
    except OSError:
        return None
    return _files(folder, topics, stamp)


@lru_cache(maxsize=4)
def _files(folder: Path, topics: tuple[str, ...], _stamp: int) -> TownFiles | None:
    try:
        return read_town(folder, topics=topics)
    except TownFileError:
        return None


def _lines(session: Session, found: Sequence[tuple[Room, str | None]]) -> list[RoomLine]:
    ids = [room.id or 0 for room, _ in found]
    heard = {
        room_id: (people, last)
        for room_id, people, last in session.exec(
            select(Inbox.room_id, func.count(func.distinct(Inbox.member_id)), func.max(Inbox.heard_at))
            .where(col(Inbox.room_id).in_(ids))
            .group_by(col(Inbox.room_id))
        )
    }
    # The last row's number is at the end of an index; when each of them left would be a row to open.
    last = select(func.max(Outbox.id)).where(col(Outbox.room_id).in_(ids), Outbox.state == OutboxState.SENT)
    numbers = session.exec(last.group_by(col(Outbox.room_id))).all()
    sent = select(Outbox.room_id, Outbox.settled_at).where(col(Outbox.id).in_(numbers))
    said = dict(session.exec(sent).all())
    marks = _tags(session, RoomTag, ids)
    lines = []
    for room, name in found:
        number = room.id or 0
        people, last_heard = heard.get(number, (0, None))
        lines.append(RoomLine(room, name or "", people, last_heard, said.get(number), marks.get(number, ())))
    return lines


def _tags(
    session: Session, table: type[VillageTag] | type[RoomTag], ids: Sequence[int]
) -> Mapping[int, tuple[str, ...]]:
    key = VillageTag.village_id if table is VillageTag else RoomTag.room_id
    found: dict[int, tuple[str, ...]] = {}
    for number, tag in session.exec(select(key, table.tag).where(col(key).in_(ids)).order_by(table.tag)):
        found[number] = (*found.get(number, ()), tag)
    return found
