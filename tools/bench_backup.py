"""The figures of ``make bench`` under "backup": what a backup costs the turns that go on meanwhile.

Twenty messages a second come by the clock, whether or not the last was answered, to a bot with a city's year behind
it, while one backup follows the other. Each such run has its fellow without one. A turn's time counts from when its
message came, so waiting counts too.

python -m tools.bench_backup [--folder DIR] [--only backup]
"""

import argparse
import asyncio
import json
import random
import shutil
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median, quantiles

from bot.backup import Plan, back_up
from bot.backup.child import in_a_process
from bot.backup.make import snapshot
from bot.worker import Worker
from handlers.knowledge import Limits
from handlers.message import Heard
from tests.town import NOW, WEB, DemoTown, prepare_town
from tools.city import make_city

A_SECOND = 20  # messages
ROUNDS = 3
A_RUN = 10.0  # seconds; backups follow one another for as long
PHOTOS, PHOTO = 300, 300_000  # files, bytes
GROUP = "r-shangping-1"


def bench_backup(folder: Path, only: str = "") -> dict[str, object]:
    """Turns beside a backup, and beside the two other ways to take a snapshot; and how long each takes."""
    town = prepare_town(folder / "city.db", now=NOW)
    make_city(town.engine, now=NOW, transport=WEB)
    knowledge = replace(town.knowledge, limits=Limits(per_minute=10**9, loop_turns=10**6))
    town = replace(town, knowledge=knowledge)
    plan = Plan(f"sqlite:///{town.path}", {"lecture.photos": _photos(folder / "photos")}, folder / "backups")
    copy = folder / "copy.db"
    worker = Worker(town.engine)
    numbers = count()
    run = partial(_run, town, worker, numbers)
    run(lambda: time.sleep(2))  # to warm up
    ways: dict[str, Callable[[], object]] = {
        "backup": lambda: asyncio.run(in_a_process(plan, NOW)),
        "backup_in_a_thread": lambda: back_up(plan, now=NOW),
        "snapshot_in_steps": lambda: snapshot(town.path, copy),
        "snapshot_in_one_step": lambda: snapshot(town.path, copy, pages=-1),
        "snapshot_vacuum_into": lambda: _vacuum(town.path, copy),
    }
    report: dict[str, object] = {"megabytes": round(town.path.stat().st_size / 2**20), "messages_a_second": A_SECOND}
    for name, way in ways.items():
        if only not in ("", name):
            continue
        report[name] = _beside(run, way, copy)
    worker.close()
    report["archive_megabytes"] = round(max(each.stat().st_size for each in plan.folder.glob("*.zip")) / 2**20, 1)
    report["goal"] = "worst turn <= 200 ms"
    return report


def _beside(
    run: Callable[[Callable[[], object]], tuple[float, list[float]]], way: Callable[[], object], copy: Path
) -> dict[str, object]:
    took: list[float] = []
    quiet, busy = [], []
    for _ in range(ROUNDS):
        quiet.append(run(lambda: time.sleep(A_RUN))[1])
        busy.append(run(partial(_again_and_again, way, copy, took))[1])
    return {
        "times": len(took),
        "seconds": round(median(took), 2),
        "turns_ms": _told(busy),
        "turns_ms_without": _told(quiet),
    }


def _again_and_again(way: Callable[[], object], copy: Path, took: list[float]) -> None:
    end = time.perf_counter() + A_RUN
    while time.perf_counter() < end:
        copy.unlink(missing_ok=True)
        started = time.perf_counter()
        way()
        took.append(time.perf_counter() - started)


def _photos(folder: Path) -> Path:
    dice = random.Random(1)
    folder.mkdir()
    for number in range(PHOTOS):
        (folder / f"{number}.jpg").write_bytes(dice.randbytes(PHOTO))
    return folder


def _told(runs: list[list[float]]) -> dict[str, object]:
    every = [each * 1e3 for run in runs for each in run]
    return {
        "turns": len(every),
        "median": round(median(every), 1),
        "p99": round(quantiles(every, n=100)[98], 1),
        "worst_of_each_run": [round(max(run) * 1e3, 1) for run in runs],
    }


def _run(
    town: DemoTown, worker: Worker, numbers: "count[int]", work: Callable[[], object]
) -> tuple[float, list[float]]:
    """(seconds of the work in its thread, seconds of each turn that came meanwhile)."""
    listener = town.listener()

    async def turn(due: float) -> float:
        number = next(numbers)
        heard = Heard(WEB, f"m{number}", GROUP, f"u{number % 500}", "报名", NOW, sender_name=f"村民{number % 500}")
        await worker.run(lambda session: listener.take(session, heard, now=NOW))
        return time.perf_counter() - due

    async def turns() -> tuple[float, list[float]]:
        done = threading.Event()
        started = time.perf_counter()
        working = asyncio.create_task(asyncio.to_thread(_and_set, work, done))
        taking = []
        for beat in count():
            due = started + beat / A_SECOND
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if done.is_set():
                break
            taking.append(asyncio.create_task(turn(due)))
        seconds = await working
        return seconds, await asyncio.gather(*taking)

    return asyncio.run(turns())


def _and_set(work: Callable[[], object], done: threading.Event) -> float:
    started = time.perf_counter()
    try:
        work()
    finally:
        done.set()
    return time.perf_counter() - started


def _vacuum(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))


def main() -> int:
    """Print the figures."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--folder", type=Path, help="where the databases go, on the disk that is measured")
    reader.add_argument("--only", default="", help="backup, or one of the ways to take a snapshot")
    asked = reader.parse_args()
    folder = Path(tempfile.mkdtemp(dir=asked.folder))
    try:
        print(json.dumps(bench_backup(folder, asked.only), indent=1))
    finally:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
