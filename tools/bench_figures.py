"""The figures of ``make bench`` under "figures": what each figure of the report costs on a prefecture city's year.

``python -m tools.bench_figures CITY.db`` measures a city that was made before (``python -m tools.city CITY.db``).
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from sqlalchemy import Engine
from sqlmodel import Session

from data.database import open_engine, upgrade
from data.figures import areas
from data.figures.commendation import Criteria, commendation
from data.figures.figures import FIGURES, numbers
from data.figures.flags import flags
from data.figures.formalism import check
from data.figures.periods import parse
from data.figures.scope import Scope
from data.figures.tables import BY, breakdown, heat
from tools.city import make_city
from tools.city.scale import YEAR_END, YEAR_ZONE

ROUNDS = 5
PAGE = 50  # rows behind a number
SCOPES = (("2026", "all"), ("2026Q3", "all"), ("2026-06", "all"), ("2026", "area:2"), ("2026", "area:12"))


def bench_figures(folder: Path) -> dict[str, object]:
    """Each figure, its rows and the tables, on a city of its own; milliseconds, the median of `ROUNDS`."""
    engine = open_engine(f"sqlite:///{folder / 'figures.db'}")
    upgrade(engine, now=YEAR_END)
    make_city(engine)
    report = measured(engine)
    engine.dispose()
    return report


def measured(engine: Engine) -> dict[str, object]:
    """The figures of a city that is there."""
    report: dict[str, object] = {"goal": "each figure <= 300 ms"}
    for words, key in SCOPES:
        with Session(engine) as session:
            scope = Scope(parse(words), areas.by_key(session, key), YEAR_ZONE, YEAR_END)
            report[f"{words} {key}"] = _of_scope(session, scope)
    return report


def _of_scope(session: Session, scope: Scope) -> dict[str, object]:
    single = {each.key: _ms(lambda each=each: each.number(session, scope)) for each in FIGURES}  # type: ignore[misc]
    rows = {each.key: _ms(lambda each=each: each.rows(session, scope, limit=PAGE)) for each in FIGURES}  # type: ignore[misc]
    slowest = dict(sorted(single.items(), key=lambda pair: pair[1], reverse=True)[:8])
    return {
        "worst_figure": max(single.values()),
        "worst_rows": max(rows.values()),
        "slowest_figures": slowest,
        "all_figures_together": _ms(lambda: numbers(session, scope)),
        "tables": {by: _ms(lambda by=by: breakdown(session, scope, by)) for by in BY},  # type: ignore[misc]
        "heat": _ms(lambda: heat(session, scope)),
        "flags": _ms(lambda: flags(session, scope)),
        "self_check": _ms(lambda: check(session, scope)),
        "commendation": _ms(lambda: commendation(session, scope, Criteria())),
    }


def _ms(what: Callable[[], object]) -> float:
    spent = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        what()
        spent.append((time.perf_counter() - started) * 1e3)
    return round(median(spent), 1)


def main() -> int:
    """Measure a city's file."""
    reader = argparse.ArgumentParser(description="Measure the figures on a city's year.")
    reader.add_argument("path", type=Path)
    engine = open_engine(f"sqlite:///{reader.parse_args().path}")
    print(json.dumps(measured(engine), indent=2, ensure_ascii=False))
    engine.dispose()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
