"""Print how many times of the shared collection are read right: ``python tests/figures/when.py [--data DIR] [-v]``."""

import argparse
import csv
import sys
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from handlers.understand.values import When  # noqa: E402
from handlers.understand.when import TownCalendar, read_times  # noqa: E402

TOWN = TownCalendar()


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated file with a header."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read(text: str, now: str) -> When | None:
    """The first certain time, else the first weak one: the row asks for a time."""
    readings = read_times(text, datetime.fromisoformat(now), TOWN)
    ordered = sorted(readings, key=lambda reading: not reading.certain)
    return ordered[0].when if ordered else None


def right_start(row: dict[str, str], when: When | None) -> bool:
    """Whether the start is the gold one or the one that also counts."""
    if not row["gold_start"]:
        return when is None
    golds = [datetime.fromisoformat(row[name]) for name in ("gold_start", "alt_start") if row[name]]
    return when is not None and when.start in golds


def right_day_part(row: dict[str, str], when: When | None) -> bool:
    """As `right_start`, but a part of the day may begin elsewhere within three hours of the gold start."""
    if right_start(row, when):
        return True
    if when is None or when.grain != "part" or not row["gold_start"]:
        return False
    return abs(when.start - datetime.fromisoformat(row["gold_start"])) <= timedelta(hours=3)


def right_plain(row: dict[str, str], when: When | None) -> bool:
    """``exp_time`` is HH:MM, or ~from-to for a part of the day, or nothing."""
    if when is None or when.start.date().isoformat() != row["exp_date"]:
        return False
    expected = row["exp_time"]
    if not expected:
        return when.start.hour == 0
    if expected.startswith("~"):
        low, high = (int(hour) for hour in expected[1:].split("-"))
        return low <= when.start.hour <= high and when.end is not None
    return f"{when.start:%H:%M}" == expected


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("-v", action="store_true", help="print the rows read wrong")
    options = parser.parse_args()
    total: Counter[str] = Counter()
    good: Counter[str] = Counter()
    lenient: Counter[str] = Counter()
    for row in rows(options.data / "datetime.tsv"):
        when = read(row["text"], row["now"])
        total[row["tier"]] += 1
        good[row["tier"]] += right_start(row, when)
        lenient[row["tier"]] += right_day_part(row, when)
        if options.v and not right_start(row, when):
            print(
                f"{row['tier']:9} {row['text']}  now {row['now']}  gold {row['gold_start']}  read {when and when.start}"
            )
    for row in rows(options.data / "datetime_plain.tsv"):
        when = read(row["text"], row["now"])
        total["plain"] += 1
        good["plain"] += right_plain(row, when)
        if options.v and not right_plain(row, when):
            print(f"plain     {row['text']}  expected {row['exp_date']} {row['exp_time']}  read {when and when.start}")
    for tier, count in total.items():
        extra = f"; {lenient[tier] / count:.1%} when a part of the day may begin elsewhere" if tier in lenient else ""
        print(f"{tier:12} {good[tier]:4} / {count:4}  {good[tier] / count:.1%}{extra}")


if __name__ == "__main__":
    main()
