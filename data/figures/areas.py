"""Places that figures are counted for: 村小组 → 村 → 镇 → 县 → 市, or all that the database holds.

Villages lie in the tree of `data.record_tables.Area` as it stands now; a 村小组 is what was written with a lecture.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import func
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data.errors import Declined
from data.loop import Lecture
from data.names import row_id
from data.record_tables import Area, AreaLevel
from data.tables import Village

ALL = "all"


class Level(StrEnum):
    """What a place is."""

    HAMLET = "hamlet"
    VILLAGE = "village"
    TOWN = "town"
    COUNTY = "county"
    CITY = "city"
    WHOLE = "whole"  # everything that this database holds


LEVEL_NAMES = {
    Level.HAMLET: "村小组", Level.VILLAGE: "村", Level.TOWN: "镇", Level.COUNTY: "县", Level.CITY: "市",
    Level.WHOLE: "全部",
}  # fmt: skip


class NoSuchPlace(Declined):
    """No area, village or hamlet goes by this."""

    def __init__(self, words: str) -> None:
        super().__init__(f"没找到地方“{words[:20]}”。请写村名或镇名，跟系统里登记的一样。")


@dataclass(frozen=True, slots=True)
class Place:
    """``area_ids`` are its areas, with those within; `key` names it in addresses."""

    level: Level
    name: str
    area_ids: tuple[int, ...] = ()
    village_id: int | None = None
    hamlet: str = ""

    @property
    def key(self) -> str:
        match self.level:
            case Level.WHOLE:
                return ALL
            case Level.VILLAGE:
                return f"village:{self.village_id}"
            case Level.HAMLET:
                return f"hamlet:{self.village_id}:{self.hamlet}"
            case _:
                return f"area:{self.area_ids[0]}"


def whole(session: Session) -> Place:
    """All that this database holds, under the name of the one area on top where there is one."""
    tops = session.exec(select(Area.name).where(col(Area.parent_id).is_(None)).limit(2)).all()
    return Place(Level.WHOLE, tops[0] if len(tops) == 1 else "全镇" if not tops else "全部")


def by_key(session: Session, key: str) -> Place:
    """The place of a `Place.key`. Raises `NoSuchPlace`."""
    kind, _, rest = key.partition(":")
    written, _, hamlet = rest.partition(":")
    if key == ALL:
        return whole(session)
    number = row_id(written)
    if number is None:
        raise NoSuchPlace(key)
    if kind == "area" and (area := session.get(Area, number)) is not None:
        return _of_area(session, area)
    if (village := session.get(Village, number)) is not None:
        if kind == "village":
            return _of_village(village)
        if kind == "hamlet" and hamlet:
            return _of_hamlet(village, hamlet)
    raise NoSuchPlace(key)


def find(session: Session, words: str) -> Place:
    """The area or village of this name. Raises `NoSuchPlace`."""
    area = session.exec(select(Area).where(Area.name == words).order_by(col(Area.id))).first()
    if area is not None:
        return _of_area(session, area)
    village = session.exec(select(Village).where(Village.name == words)).first()
    if village is None:
        raise NoSuchPlace(words)
    return _of_village(village)


def of_village(session: Session, village_id: int) -> Place:
    """A village."""
    return _of_village(session.get_one(Village, village_id))


def children(session: Session, place: Place) -> list[Place]:
    """What a place is made of, one step down, by number: areas, or villages, or the hamlets that lectures name."""
    if place.level is Level.HAMLET:
        return []
    if place.level is Level.VILLAGE:
        village = session.get_one(Village, place.village_id)
        named = select(Lecture.hamlet).where(Lecture.village_id == place.village_id, Lecture.hamlet != "").distinct()
        return [_of_hamlet(village, name) for name in session.exec(named.order_by(col(Lecture.hamlet)))]
    top = place.area_ids[0] if place.area_ids else None
    above = select(Area).where(Area.parent_id == top) if top else select(Area).where(col(Area.parent_id).is_(None))
    areas = [_of_area(session, each) for each in session.exec(above.order_by(col(Area.id)))]
    mine = col(Village.area_id) == top if top else col(Village.area_id).is_(None)
    villages = session.exec(select(Village).where(mine).order_by(col(Village.id)))
    return [*areas, *(_of_village(each) for each in villages)]


def villages_in(session: Session, place: Place) -> int:
    """How many villages it has (a hamlet lies in one)."""
    if place.village_id is not None:
        return 1
    query = core_select(func.count()).select_from(Village)
    if place.area_ids:
        query = query.where(col(Village.area_id).in_(place.area_ids))
    return int(session.execute(query).scalar_one())


def _of_area(session: Session, area: Area) -> Place:
    """With all areas below it: a level at a time, and none twice however the tree is tied."""
    assert area.id is not None
    found, level = [area.id], [area.id]
    while level:
        below = session.exec(select(Area.id).where(col(Area.parent_id).in_(level)).order_by(col(Area.id))).all()
        level = [each for each in below if each is not None and each not in found]
        found += level
    levels = {AreaLevel.TOWN: Level.TOWN, AreaLevel.COUNTY: Level.COUNTY, AreaLevel.CITY: Level.CITY}
    return Place(levels[area.level], area.name, tuple(found))


def _of_village(village: Village) -> Place:
    return Place(Level.VILLAGE, village.name, village_id=village.id)


def _of_hamlet(village: Village, hamlet: str) -> Place:
    return Place(Level.HAMLET, f"{village.name}{hamlet}", village_id=village.id, hamlet=hamlet)
