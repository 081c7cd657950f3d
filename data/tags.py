"""Tags (标签) on villages, groups and people: words by which a coordinator speaks to some of the town."""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import func, union_all
from sqlalchemy import select as core_select
from sqlmodel import Session, SQLModel, col, select

from data.broadcast_errors import NobodyOfThatName, SeveralOfThatName
from data.broadcast_tables import MemberTag, RoomTag, VillageTag
from data.statements import table_of
from data.tables import Member, Room, RoomKind, Village

_TABLES: tuple[type[SQLModel], ...] = (VillageTag, RoomTag, MemberTag)
_UNITS = ("个村", "个群", "人")
_KEYS = ("village_id", "room_id", "member_id")


@dataclass(frozen=True, slots=True)
class Bearer:
    """What may bear a tag: a village, a group or a person; ``kind`` is 0, 1 or 2 of these."""

    kind: int
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TagLine:
    """A tag and how many bear it: ((2, 个村), (1, 个群))."""

    tag: str
    counts: tuple[tuple[int, str], ...]


def bearer(session: Session, name: str) -> Bearer:
    """The village, group or person of this name. Raises `NobodyOfThatName`, or `SeveralOfThatName` of people."""
    for village in session.exec(select(Village)):
        if name in (village.name, *village.aliases):
            return Bearer(0, village.id or 0, village.name)
    spoken = col(Room.kind).not_in((RoomKind.DIRECT, RoomKind.UNBOUND))
    if room := session.exec(select(Room).where(Room.name == name, spoken).order_by(col(Room.id))).first():
        return Bearer(1, room.id or 0, room.name)
    people = session.exec(select(Member).where(Member.name == name).order_by(col(Member.id)).limit(3)).all()
    people = (
        people or session.exec(select(Member).where(col(Member.name).contains(name, autoescape=True)).limit(3)).all()
    )
    if len(people) > 1:
        raise SeveralOfThatName(name, tuple(each.name for each in people))
    if not people:
        raise NobodyOfThatName(name)
    return Bearer(2, people[0].id or 0, people[0].name)


def put(session: Session, tag: str, who: Bearer) -> bool:
    """Tag something; False where it bore the tag before."""
    table, key = _TABLES[who.kind], _KEYS[who.kind]
    if session.get(table, {"tag": tag, key: who.id}) is not None:
        return False
    session.add(table(tag=tag, **{key: who.id}))
    session.flush()
    return True


def take_off(session: Session, tag: str, who: Bearer) -> bool:
    """Take a tag off; False where it was not there."""
    found = session.get(_TABLES[who.kind], {"tag": tag, _KEYS[who.kind]: who.id})
    if found is None:
        return False
    session.delete(found)
    session.flush()
    return True


def names(session: Session) -> set[str]:
    """All tags that something bears."""
    return set(session.execute(union_all(*(core_select(table_of(each).c.tag) for each in _TABLES))).scalars())


def lines(session: Session) -> list[TagLine]:
    """All tags with how many villages, groups and people bear each, the most borne first."""
    total: Counter[str] = Counter()
    parts: dict[str, list[tuple[int, str]]] = {}
    for table, unit in zip(_TABLES, _UNITS, strict=True):
        tag = table_of(table).c.tag
        for name, many in session.execute(core_select(tag, func.count()).group_by(tag).order_by(tag)):
            total[name] += many
            parts.setdefault(name, []).append((many, unit))
    return [TagLine(name, tuple(parts[name])) for name, _ in total.most_common()]


def of(session: Session, who: Bearer) -> list[str]:
    """The tags that something bears."""
    table = table_of(_TABLES[who.kind])
    return list(
        session.execute(
            core_select(table.c.tag).where(table.c[_KEYS[who.kind]] == who.id).order_by(table.c.tag)
        ).scalars()
    )
