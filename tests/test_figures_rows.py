"""The rows behind a number: what it counts, one row each, and the same of every cell of every table."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from data.database import open_engine, upgrade
from data.figures import areas, tables
from data.figures.figure import Figure, How, Row
from data.figures.figures import BY_KEY, FIGURES
from data.figures.periods import parse
from data.figures.scope import Scope
from tests.town import NOW, ZONE
from tools.city import make_city
from tools.city.scale import SMALL

SCOPES = (("2026Q3", "all"), ("2026", "village:3"), ("2026-10", "hamlet:3:坡脚组"))
_MANY = 100_000


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    made = open_engine(f"sqlite:///{tmp_path_factory.mktemp('rows') / 'rows.db'}")
    upgrade(made, now=NOW)
    make_city(made, seed=5, now=NOW, scale=SMALL)
    yield made
    made.dispose()


def scope_of(session: Session, words: str, place: str) -> Scope:
    return Scope(parse(words), areas.by_key(session, place), ZONE, NOW)


@pytest.mark.parametrize(
    ("key", "subject", "beside"),
    [
        ("villages", "village", "场次"),
        ("stations_idle", "village", "空白月"),
        ("groups", "room", "收到几条"),
        ("reached", "member", "在几个群"),
    ],
)
def test_what_counts_things_shows_the_things(engine: Engine, key: str, subject: str, beside: str) -> None:
    figure = BY_KEY[key]
    assert figure.things is not None and figure.things.beside == beside
    with Session(engine) as session:
        scope = scope_of(session, "2026Q3", "all")
        rows = figure.rows(session, scope, limit=_MANY)
    assert len({each.id for each in rows}) == len(rows) > 3
    assert {each.subject for each in rows} == {subject}
    assert all(each.text for each in rows)


def test_what_stands_beside_the_things_is_no_id(engine: Engine) -> None:
    with Session(engine) as session:
        scope = scope_of(session, "2026Q3", "all")

        def beside(key: str) -> int:
            return sum(int(each.amount or 0) for each in BY_KEY[key].rows(session, scope, limit=_MANY))

        def number(key: str) -> int:
            return int(BY_KEY[key].number(session, scope) or 0)

        assert beside("villages") == number("events") > 0
        assert beside("stations_idle") == number("months_idle") > 0
        assert beside("groups") == number("pushes") + number("notices") > 0
        assert beside("reached") >= number("reached") > 0


def test_every_figure_that_counts_things_has_them() -> None:
    distinct = [each for each in FIGURES if each.how is How.DISTINCT]
    assert len(distinct) == 4
    assert all((each.things is not None) == (each in distinct) for each in FIGURES)


@pytest.mark.parametrize("by", tables.BY)
@pytest.mark.parametrize(("words", "place"), SCOPES)
def test_every_cell_of_a_table_opens_as_many_rows(engine: Engine, words: str, place: str, by: str) -> None:
    with Session(engine) as session:
        scope = scope_of(session, words, place)
        table = tables.breakdown(session, scope, by)
        cells = 0
        for label, numbers in table.rows:
            for figure, number in zip(table.figures, numbers, strict=True):
                cell = tables.narrowed(session, scope, figure, by, label)
                if figure.how in (How.COUNT, How.DISTINCT):
                    assert cell.count(session, scope) == (number or 0), (figure.key, label)
                    cells += bool(number)
                else:
                    assert cell.number(session, scope) == number or number in (0, None), (figure.key, label)
        assert cells or place != "all"


def test_a_cell_s_rows_are_those_of_its_label(engine: Engine) -> None:
    with Session(engine) as session:
        scope = scope_of(session, "2026Q3", "all")
        every: list[Row] = []
        for label, (number,) in tables.breakdown(session, scope, "town", keys=("events",)).rows:
            rows = tables.narrowed(session, scope, BY_KEY["events"], "town", label).rows(session, scope, limit=_MANY)
            assert len(rows) == number
            every += rows
        assert sorted(each.id for each in every) == sorted(
            each.id for each in BY_KEY["events"].rows(session, scope, limit=_MANY)
        )


def test_only_what_a_figure_knows_can_be_narrowed(engine: Engine) -> None:
    figure: Figure = BY_KEY["media"]
    with Session(engine) as session:
        scope = scope_of(session, "2026Q3", "all")
        for by in ("venue", "moon", "id"):
            with pytest.raises(tables.NoSuchTable, match="不能按"):
                tables.narrowed(session, scope, figure, by, "校园")


def test_labels_stand_in_the_order_of_their_numbers() -> None:
    found = ["第100镇", "第10镇", "第2镇", "上坪村", "2026-10", "2026-09"]
    assert tables.in_order(found) == ["2026-09", "2026-10", "上坪村", "第2镇", "第10镇", "第100镇"]


def test_a_row_tells_more_of_a_lecture(engine: Engine) -> None:
    with Session(engine) as session:
        scope = scope_of(session, "2026Q3", "all")
        figure = BY_KEY["attended"]
        rows = figure.rows(session, scope, limit=50)
    assert len(rows) > 5
    assert {len(each.more) for each in rows} == {len(figure.source.more)}
    assert all(any(each) for each in zip(*(each.more[:3] for each in rows), strict=True))


def test_of_part_of_a_month_it_is_not_told_whether_nothing_was_held(engine: Engine) -> None:
    with Session(engine) as session:
        for words in ("2026-09-20", "2026W38"):
            scope = scope_of(session, words, "all")
            assert BY_KEY["months_idle"].number(session, scope) is None
            assert BY_KEY["months_idle"].rows(session, scope) == []
        assert BY_KEY["months_idle"].number(session, scope_of(session, NOW.strftime("%Y-%m"), "all")) == 0
