"""The figures on both databases: each question can be asked there, and the answer is the same."""

from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from data.database import open_engine, upgrade
from data.figures import areas, commendation, flags, formalism, tables
from data.figures.figure import Row
from data.figures.figures import FIGURES, numbers
from data.figures.periods import parse
from data.figures.scope import Scope
from tests.servers import Postgres
from tests.town import NOW, ZONE
from tools.city import make_city
from tools.city.scale import SMALL


def told(engine: Engine) -> list[object]:
    """All that can be asked, of several periods and places."""
    found: list[object] = []
    with Session(engine) as session:
        for words, key in (("2026", "area:1"), ("2026-10", "hamlet:3:坡脚组")):
            scope = Scope(parse(words), areas.by_key(session, key), ZONE, NOW)
            rows: list[Row] = [row for each in FIGURES for row in each.rows(session, scope, limit=5)]
            shown = [tables.breakdown(session, scope, by).rows for by in tables.BY]
            found += [
                numbers(session, scope),
                rows,
                [sorted(each) for each in shown],
                tables.heat(session, scope).cells,
            ]
            for by, table in zip(tables.BY, shown, strict=True):  # and what is behind a cell of each
                asked = [(each, label) for each in tables.columns(by)[:3] for label, _ in table[:3]]
                cells = [tables.narrowed(session, scope, each, by, label) for each, label in asked]
                found.append([(each.number(session, scope), each.rows(session, scope, limit=3)) for each in cells])
            found += [flags.flags(session, scope), formalism.check(session, scope)]
            loose = commendation.Criteria(held=1, mean=1.0, ratings=1)
            found.append({each.lecturer_id: each for each in commendation.commendation(session, scope, loose)})
    return found


def test_both_databases_tell_the_same(postgres: Postgres, tmp_path: Path) -> None:
    answers = []
    for url in (f"sqlite:///{tmp_path / 'plain.db'}", postgres.fresh_database()):
        engine = open_engine(url)
        upgrade(engine, now=NOW)
        make_city(engine, seed=5, now=NOW, scale=SMALL)
        answers.append(told(engine))
        engine.dispose()
    assert len(answers[0]) == 14 + 2 * len(tables.BY)
    for one, other in zip(*answers, strict=True):
        assert one == other
