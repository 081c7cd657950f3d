"""The made city that the bot is measured on: its figures add up, and the same seed makes the same city."""

from pathlib import Path

from sqlalchemy import select as core_select
from sqlmodel import Session, SQLModel, col, func, select

from data.database import open_engine, upgrade
from data.loop import Lecture, LectureState, Order, SignUp
from tests import loop_world as must
from tests.town import NOW
from tools.city import make_city
from tools.city.scale import CITY, SMALL, Scale


def made(path: Path, seed: int, scale: Scale = SMALL) -> dict[str, list[tuple[object, ...]]]:
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine, now=NOW)
    make_city(engine, seed=seed, now=NOW, scale=scale)
    with engine.connect() as connection:
        rows = {
            table.name: [tuple(row) for row in connection.execute(core_select(table))]
            for table in SQLModel.metadata.sorted_tables
        }
    engine.dispose()
    return rows


def test_the_same_seed_makes_the_same_city(tmp_path: Path) -> None:
    first, again, other = (made(tmp_path / name, seed) for name, seed in (("a.db", 1), ("b.db", 1), ("c.db", 2)))
    assert first == again
    assert first["lecture"] != other["lecture"]


def test_its_figures_add_up_and_its_trails_lead_where_it_stands(tmp_path: Path) -> None:
    made(tmp_path / "city.db", seed=1)
    engine = open_engine(f"sqlite:///{tmp_path / 'city.db'}")
    with Session(engine) as session:
        assert session.exec(select(func.sum(Lecture.attended))).one() == SMALL.attendances
        assert session.exec(select(func.count()).select_from(Order)).one() == SMALL.orders
        for state, wanted in (SMALL.open | SMALL.ended).items():
            assert session.exec(select(func.count()).where(Order.state == state)).one() == wanted, state
        books = must.Books.of(session)
        must.never_oversold(books)
        must.waiting_in_order(books)
        must.sums_agree(books)
        must.every_state_has_its_step(books)
        must.every_lecture_has_its_step(books)
        signed = select(Lecture.state).join(SignUp, col(SignUp.lecture_id) == col(Lecture.id)).distinct()
        assert set(session.exec(signed)) == {LectureState.ANNOUNCED}
    engine.dispose()


def test_the_city_is_as_large_as_was_reported() -> None:
    assert (CITY.lectures, CITY.lecturers, CITY.attendances) == (27_800, 6_000, 4_420_000)
    assert (CITY.orders, CITY.villages, sum(CITY.open.values())) == (60_000, 1_600, 500)
