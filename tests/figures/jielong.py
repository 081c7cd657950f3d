"""Figures on 接龙 lists: ``python tests/figures/jielong.py [--data DIR]`` prints a table and every miss."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from bot.cli_jielong import main as run  # noqa: E402  (the path above makes it importable)


def _people(entries: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(entry["name"], entry["count"]) for entry in entries]


def measure(data: Path) -> list[str]:
    """Lines of the report on ``data/jielong.json``."""
    rows = json.loads((data / "jielong.json").read_text(encoding="utf-8"))
    misses: list[str] = []
    right = notes = titles = 0
    for case in rows["cases"]:
        got = json.loads(run(case["text"], sequence=False))
        fine = got["is_jielong"] == case["is_jielong"] and _people(got["entries"]) == _people(case["entries"])
        fine = fine and got["total"] in (case["total"], case.get("alt_total", case["total"]))
        right += fine
        titles += got["title"] == case["title"]
        notes += [e["note"] for e in got["entries"]] == [e.get("note", "") for e in case["entries"]]
        if not fine:
            misses.append(f"  {case['id']}: got {_people(got['entries'])}, want {_people(case['entries'])}")
    merged = 0
    for case in rows["sequences"]:
        got = json.loads(run(json.dumps(case["messages"]), sequence=True))
        merged += _people(got) == _people(case["expected_final"])
        if _people(got) != _people(case["expected_final"]):
            misses.append(f"  {case['id']}: got {_people(got)}, want {_people(case['expected_final'])}")
    cases, sequences = len(rows["cases"]), len(rows["sequences"])
    return [
        f"jielong entries and counts exactly right  {right}/{cases}",
        f"jielong titles / notes as labelled        {titles}/{cases} / {notes}/{cases}",
        f"jielong sequences                         {merged}/{sequences}",
        *misses,
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    print("\n".join(measure(parser.parse_args().data)))
