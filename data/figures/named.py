"""Places as people call them: 全市, 安窝, 安窝村坡脚组."""

from sqlalchemy import literal, union_all
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from data.figures import areas
from data.figures.areas import TITLES, Level, NoSuchPlace, Place, SeveralPlaces
from data.loop import Lecture
from data.record_tables import Area
from data.tables import Village

WHOLE = frozenset({"全部", "全市", "全县", "全区", "全镇", "全乡", "所有"})
_SHORTEST = 2  # characters of a name that is not written out
_ENDINGS = ("村", "社区", "镇", "乡", "街道", "县", "区", "市")


def named(session: Session, words: str) -> Place:
    """The place of a name, of a village's name with a 村小组 behind it, or of the beginning of one name only. Raises
    `NoSuchPlace` or `SeveralPlaces`."""
    words = "".join(words.split())
    if words in WHOLE:
        return areas.whole(session)
    try:
        return areas.find(session, words)
    except NoSuchPlace:
        found = _hamlet(session, words) or _shortened(session, words)
        if found is None:
            raise
        return found


def above(session: Session, place: Place) -> Place | None:
    """The place in which it lies; None of the whole."""
    if place.level is Level.WHOLE:
        return None
    if place.level is Level.HAMLET:
        assert place.village_id is not None
        return areas.of_village(session, place.village_id)
    if place.village_id is not None:
        number = session.get_one(Village, place.village_id).area_id
    else:
        number = session.get_one(Area, place.area_ids[0]).parent_id
    return areas.whole(session) if number is None else areas.by_key(session, f"area:{number}")


def _hamlet(session: Session, words: str) -> Place | None:
    begins = select(Village.id, Village.name).where(literal(words).startswith(col(Village.name)))
    for number, name in session.exec(begins):
        hamlet = words[len(name) :]
        known = select(Lecture.id).where(Lecture.village_id == number, Lecture.hamlet == hamlet).limit(1)
        if hamlet and session.exec(known).first() is not None:
            return areas.by_key(session, f"hamlet:{number}:{hamlet}")
    return None


def _shortened(session: Session, words: str) -> Place | None:
    """The only place whose name without its last word is this, else the only one whose name begins so."""
    if len(words) < _SHORTEST:
        return None
    of_areas = core_select(literal("area").label("kind"), TITLES.c.id, TITLES.c.title.label("name"))
    of_villages = core_select(literal("village"), col(Village.id), col(Village.name))
    begin = union_all(
        of_areas.where(TITLES.c.name.startswith(words, autoescape=True)),
        of_villages.where(col(Village.name).startswith(words, autoescape=True)),
    ).subquery()
    found = session.execute(core_select(begin).order_by(begin.c.kind, begin.c.id)).all()
    found = [each for each in found if each.name.removeprefix(words) in _ENDINGS] or found
    if len(found) > 1:
        raise SeveralPlaces(words, [each.name for each in found])
    return areas.by_key(session, f"{found[0].kind}:{found[0].id}") if found else None
