"""Places as people call them: the whole, a name cut short, a village with its 村小组; and what lies above a place."""

import pytest
from sqlmodel import Session, select

from data.figures.areas import ALL, Level, NoSuchPlace, Place, SeveralPlaces
from data.figures.named import above, named
from data.record_tables import Area, AreaLevel
from data.tables import Village
from tests.test_figures import lecture
from tests.town import DemoTown


def build(session: Session) -> None:
    """甲县 with 城关镇 and 石桥镇, 乙县 with a 城关镇; the villages lie in 石桥镇; 坡脚组 belongs to 石湾村."""
    for name in ("甲县", "乙县"):
        county = Area(level=AreaLevel.COUNTY, name=name)
        session.add(county)
        session.flush()
        session.add_all(
            Area(level=AreaLevel.TOWN, name=each, parent_id=county.id)
            for each in ("城关镇", "石桥镇")[: 2 if name == "甲县" else 1]
        )
    session.flush()
    town = session.exec(select(Area).where(Area.name == "石桥镇")).one()
    for village in session.exec(select(Village)):
        village.area_id = town.id
    session.add(Village(name="石湾头村"))
    lecture(session, village_id=session.exec(select(Village.id).where(Village.name == "石湾村")).one(), hamlet="坡脚组")
    session.flush()


@pytest.mark.parametrize(
    ("words", "name", "level"),
    [
        ("全市", "全部", Level.WHOLE),
        ("石湾村", "石湾村", Level.VILLAGE),
        ("石湾", "石湾村", Level.VILLAGE),  # another begins so, but is called more than that
        ("石湾头", "石湾头村", Level.VILLAGE),
        ("上坪", "上坪村", Level.VILLAGE),
        ("榕木", "榕木坳村", Level.VILLAGE),
        ("石桥", "石桥镇", Level.TOWN),
        ("甲县城关镇", "甲县城关镇", Level.TOWN),
        ("石湾村坡脚组", "石湾村坡脚组", Level.HAMLET),
        ("石湾村 坡脚组", "石湾村坡脚组", Level.HAMLET),
    ],
)
def test_a_place_is_found_by_what_people_call_it(town: DemoTown, words: str, name: str, level: Level) -> None:
    with town.session() as session:
        build(session)
        place = named(session, words)
        assert (place.name, place.level) == (name, level)


@pytest.mark.parametrize("words", ["月亮村", "石", "石湾村坡头组", "%", "__", "湾村"])
def test_what_is_no_place_is_declined(town: DemoTown, words: str) -> None:
    with town.session() as session:
        build(session)
        with pytest.raises(NoSuchPlace, match="没找到地方"):
            named(session, words)


def test_what_may_be_several_is_asked_back(town: DemoTown) -> None:
    with town.session() as session:
        build(session)
        with pytest.raises(SeveralPlaces, match="甲县城关镇、乙县城关镇"):
            named(session, "城关")
        session.add_all((Village(name="竹山头村"), Village(name="竹山尾村")))
        session.flush()
        with pytest.raises(SeveralPlaces, match="竹山头村、竹山尾村"):
            named(session, "竹山")


def test_above_each_place_is_the_next_larger(town: DemoTown) -> None:
    with town.session() as session:
        build(session)
        place: Place | None = named(session, "石湾村坡脚组")
        names = []
        while place is not None:
            names.append(place.name)
            last, place = place, above(session, place)
        assert names == ["石湾村坡脚组", "石湾村", "石桥镇", "甲县", "全部"]
        assert last.key == ALL
        loose = above(session, named(session, "石湾头村"))
        assert loose is not None and loose.key == ALL
