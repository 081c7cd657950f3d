"""``python -m tools.city var/city.db --seed 1``: the city in a new SQLite file."""

import argparse
import time
from pathlib import Path

from data.database import open_engine, upgrade
from tools.city import make_city
from tools.city.scale import YEAR_END


def main() -> int:
    """Make the city in a new file."""
    reader = argparse.ArgumentParser(description="Make a year of a prefecture city in a new SQLite file.")
    reader.add_argument("path", type=Path)
    reader.add_argument("--seed", type=int, default=1)
    asked = reader.parse_args()
    if asked.path.exists():
        reader.error(f"{asked.path} is there already")
    started = time.perf_counter()
    engine = open_engine(f"sqlite:///{asked.path}")
    upgrade(engine, now=YEAR_END)
    for table, rows in make_city(engine, seed=asked.seed).items():
        print(f"{table:15}{rows:>9,}")
    print(f"{time.perf_counter() - started:.1f} s, {asked.path.stat().st_size / 2**20:.0f} MB")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
