"""The figures of ``make bench`` under "reports": what a report and the pages of figures cost on a city's year.

``python -m tools.bench_reports CITY.db`` measures a city that was made before (``python -m tools.city CITY.db``).
"""

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from sqlmodel import Session

from data.database import open_engine, open_reader, upgrade
from data.figures import areas
from data.figures.figures import BY_KEY, numbers
from data.figures.periods import parse
from data.figures.scope import Scope
from data.reports import drawn
from data.reports.files import files
from data.reports.gathered import Wish, gather
from data.reports.told import PARTS
from tools.city import make_city
from tools.city.scale import YEAR_END, YEAR_ZONE

ROUNDS = 5
REPORTS = (("2026", "all"), ("2026Q3", "all"), ("2026Q3", "area:12"))


def bench_reports(folder: Path) -> dict[str, object]:
    """On a city of its own."""
    path = folder / "reports.db"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine, now=YEAR_END)
    make_city(engine)
    engine.dispose()
    return measured(path)


def measured(path: Path) -> dict[str, object]:
    """On a city that is there; seconds of the reports, milliseconds of the pages' parts."""
    engine = open_reader(f"sqlite:///{path}")
    found: dict[str, object] = {"goal": "annual report <= 10 s and <= 400 MB, each page of figures <= 300 ms"}
    with Session(engine) as session:
        for words, key in REPORTS:
            scope = Scope(parse(words), areas.by_key(session, key), YEAR_ZONE, YEAR_END)
            found[f"report {words} {key}"] = _report(session, scope)
            found[f"pages {words} {key}"] = _pages(session, scope)
    engine.dispose()
    found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return found


def _report(session: Session, scope: Scope) -> dict[str, object]:
    """Seconds from the start until each file is there, and its bytes; ``cpu_s`` is what a machine of its own takes."""
    started, busy = time.perf_counter(), time.process_time()
    report = gather(session, scope, Wish(flags=True), _silent)
    told: dict[str, object] = {"figures_s": round(time.perf_counter() - started, 2)}
    for made in files(report, None, _silent):
        ending = made.name.rsplit(".", 1)[-1]
        told[ending] = {"s": round(time.perf_counter() - started, 2), "bytes": len(made.body)}
    return told | {"cpu_s": round(time.process_time() - busy, 2)}


def _pages(session: Session, scope: Scope) -> dict[str, float]:
    def part(keys: tuple[str, ...]) -> float:
        return _ms(lambda: numbers(session, scope, keys=keys))

    def chart(name: str) -> float:
        return _ms(lambda: drawn.chart(session, scope, name))

    def rows(key: str) -> float:
        return _ms(lambda: BY_KEY[key].rows(session, scope, limit=30))

    return (
        {name: part(keys) for name, (_, keys) in PARTS.items()}
        | {f"chart {name}": chart(name) for name in drawn.CHARTS}
        | {f"rows {key}": rows(key) for key in ("orders", "replies")}
    )


def _ms(what: Callable[[], object]) -> float:
    spent = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        what()
        spent.append((time.perf_counter() - started) * 1e3)
    return round(median(spent), 1)


def _silent(_done: float, _what: str) -> None:
    """Nobody watches."""


def main() -> int:
    """Measure a city's file."""
    reader = argparse.ArgumentParser(description="Measure the reports on a city's year.")
    reader.add_argument("path", type=Path)
    print(json.dumps(measured(reader.parse_args().path), indent=2, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
