"""Places that figures are counted for: 村小组 → 村 → 镇 → 县 → 市, or all that the database holds.

Villages lie in the tree of `data.record_tables.Area` as it stands now; a 村小组 is what was written with a lecture.
"""

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import String, Subquery, case, cast, func, or_
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data.errors import Declined
from data.loop import Lecture
from data.names import row_id
from data.record_tables import Area, AreaLevel
from data.statements import table_of
from data.tables import Village

ALL = "all"
_AREA = table_of(Area)
_ABOVE = _AREA.alias("above")


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


class SeveralPlaces(Declined):
    """More than one area goes by this name."""

    def __init__(self, words: str, titles: list[str]) -> None:
        super().__init__(f"叫“{words[:20]}”的地方不止一个，请写清楚是哪一个：{'、'.join(titles[:10])}。")


def whole(session: Session) -> Place:
    """All that this database holds, under the name of the one area on top where there is one and all lie in it."""
    tops = session.exec(select(Area.name).where(col(Area.parent_id).is_(None)).limit(2)).all()
    outside = session.exec(select(Village.id).where(col(Village.area_id).is_(None)).limit(1)).first() is not None
    return Place(Level.WHOLE, "全镇" if not tops else tops[0] if len(tops) == 1 and not outside else "全部")


def any_kept(session: Session) -> bool:
    """Whether this database holds the villages of more than the one town that its file names."""
    return session.exec(select(Area.id).limit(1)).first() is not None


def _titles() -> Subquery:
    """How each area is called: by its name, after that of the area above where another has the same name, and by its
    number where that does not tell them apart."""
    alike = func.count().over(partition_by=_AREA.c.name)
    twins = func.count().over(partition_by=(_AREA.c.name, _AREA.c.parent_id))
    full = func.coalesce(_ABOVE.c.name, "") + _AREA.c.name
    numbered = full + "（" + cast(_AREA.c.id, String) + "号）"
    title = case((twins > 1, numbered), (alike > 1, full), else_=_AREA.c.name).label("title")
    table = _AREA.outerjoin(_ABOVE, _ABOVE.c.id == _AREA.c.parent_id)
    return core_select(_AREA.c.id, _AREA.c.name, title).select_from(table).subquery("titled")


TITLES = _titles()


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
    """The area or village of this name (甲县城关镇 where two have it), or the village of this by-name.

    Raises `NoSuchPlace` or `SeveralPlaces`.
    """
    named = core_select(TITLES.c.id, TITLES.c.title).where(or_(TITLES.c.name == words, TITLES.c.title == words))
    found = session.execute(named.order_by(TITLES.c.id)).all()
    found = [each for each in found if each.title == words] or found
    if len(found) > 1:
        raise SeveralPlaces(words, [each.title for each in found])
    if found:
        return _of_area(session, session.get_one(Area, found[0].id))
    village = session.exec(select(Village).where(Village.name == words)).first()
    return _of_village(village if village is not None else _by_alias(session, words))


def _by_alias(session: Session, words: str) -> Village:
    known = session.exec(select(Village.id, Village.name, Village.aliases).order_by(col(Village.id))).all()
    found = [(number, name) for number, name, aliases in known if words in aliases]
    if not found:
        raise NoSuchPlace(words)
    if len(found) > 1:
        raise SeveralPlaces(words, [name for _, name in found])
    return session.get_one(Village, found[0][0])


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
    title = session.execute(core_select(TITLES.c.title).where(TITLES.c.id == area.id)).scalar_one()
    return Place(levels[area.level], title, tuple(found))


def _of_village(village: Village) -> Place:
    return Place(Level.VILLAGE, village.name, village_id=village.id)


def _of_hamlet(village: Village, hamlet: str) -> Place:
    return Place(Level.HAMLET, f"{village.name}{hamlet}", village_id=village.id, hamlet=hamlet)
