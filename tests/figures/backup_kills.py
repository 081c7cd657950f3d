"""Kill a bot that backs up while it writes, at many random moments, and print what became of its backups, as JSON.

python -m tests.figures.backup_kills --moments 500 [--seed 1] [--minutes 10] [--of backup|restore|second|beside|all]

Each death is a process of its own (forked, so that it starts at once): one thread queues messages and keeps photos, a
transaction each, and notes what is committed; the other makes one backup after the other, and notes what was committed
when it began. After the kill every file that has a backup's name must verify, hold all that was committed before it
began, and a file for each photo's row. A restore that is killed must leave the old database or the new one, whole.

``second``: with a second folder, and each backup sweeps away the one before. ``beside``: who writes is another process,
which lives on. Moments are drawn from some times what one backup takes here; half of the deaths come after a first
backup, so that there is one to look at however busy the machine is.
"""

import argparse
import hashlib
import json
import mmap
import os
import random
import select
import shutil
import signal
import sqlite3
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from bot.backup import BackupError, Keep, Plan, back_up, check, drill, restore
from bot.backup.archive import DATABASE, unpack
from bot.backup.make import NAME, made_backups
from data import outbox
from data.database import open_engine
from data.loop import Photo
from data.mail import OutboxKind
from tests.town import NOW, prepare_town

PADDED = 3_000  # rows that are there before, so that a snapshot takes several steps
LABEL = "lecture.photos"
TIMES, LONGEST = 3.0, 2.0  # until a kill: at most so many times what one takes, and so many seconds
APART = timedelta(days=2)  # from one backup to the next: with `SMALL` each sweeps away the one before
SMALL = Keep(days=1, weeks=0, months=0)
TEXT = "明天上午九点到下午五点停水，请大家提前存好水。" * 20


@dataclass
class Verdict:
    """What was found after the deaths. ``broken`` must stay empty."""

    deaths: int = 0
    backups: int = 0  # that had their name, all verified and complete
    halves: int = 0  # files without a name of their own that a death left
    restores: int = 0  # that went through after the death of one
    rows_after: int = 0  # turns that the backups hold beyond those that were committed when they began
    broken: list[str] = field(default_factory=list)


class Town:
    """One folder in which processes live and die."""

    def __init__(self, folder: Path) -> None:
        self.database, self.photos, self.backups = folder / "town.db", folder / "photos", folder / "backups"
        self.log, self.second = folder / "log", folder / "usb"
        self.plan = Plan(f"sqlite:///{self.database}", {LABEL: self.photos}, self.backups)
        self._turns = mmap.mmap(-1, 8)  # its processes share it

    @property
    def committed(self) -> int:
        """Turns."""
        return int(struct.unpack("q", self._turns[:8])[0])

    def write(self) -> None:
        """One turn after the other, until the end."""
        engine = open_engine(f"sqlite:///{self.database}")
        for number in count(1):
            _turn(engine, self.photos, number)
            self._turns[:8] = struct.pack("q", number)


def prepare(path: Path) -> None:
    """The town that each death begins with."""
    prepare_town(path, now=NOW).engine.dispose()
    engine = open_engine(f"sqlite:///{path}")
    with Session(engine) as session, session.begin():
        for number in range(PADDED):
            outbox.queue(session, room_id=1, kind=OutboxKind.NOTICE, text=TEXT, now=NOW, once=f"old:{number}")
    engine.dispose()


@dataclass
class Deaths:
    """What the deaths of one run have in common."""

    template: Path
    dice: random.Random
    verdict: Verdict
    backup: float = 0.0  # seconds until a kill, at most
    restore: float = 0.0


def one_death(deaths: Deaths, folder: Path, *, second: bool = False, beside: bool = False) -> None:
    """Fork a process that backs up while somebody writes, kill it, and look at what it left."""
    folder.mkdir()
    town, verdict = Town(folder), deaths.verdict
    shutil.copy(deaths.template, town.database)
    if second:
        town.second.mkdir()
        town.plan = replace(town.plan, second=town.second, keep=SMALL)
    writer = _fork(town.write) if beside else 0
    first = second or verdict.deaths // len(KINDS) % 2 == 0
    _kill_one(lambda ready: _back_up(town, ready, first=first, writes=not beside), deaths.dice, deaths.backup)
    verdict.deaths += 1
    began = _began(town.log)
    places = [town.backups, town.second] if second else [town.backups]
    for path in [path for place in places for path in made_backups(place)]:
        verdict.backups += 1
        match = NAME.fullmatch(path.name)
        assert match is not None
        _look(path, folder / "look", began[match[1]], verdict)
    verdict.halves += sum(len(list(place.glob("*.part"))) for place in places)
    if len(began) > 1 and not made_backups(town.backups):
        verdict.broken.append("all were swept away")
    _look_after(town, places, verdict)
    if writer:
        _end(writer, verdict)
    shutil.rmtree(folder)


def _look_after(town: Town, places: list[Path], verdict: Verdict) -> None:
    """The next one is made as if nothing had been."""
    try:
        made = back_up(town.plan, now=NOW + timedelta(days=9_999))
        for path in filter(None, (made.path, made.copy)):
            drill(path)
        if made.trouble:
            verdict.broken.append(f"after it: {made.trouble}")
    except BackupError as error:
        verdict.broken.append(f"after it: {error}")
    if any(list(place.glob("*.part")) for place in places):
        verdict.broken.append("a half file was not swept away")
    if len(places) > 1 and [len(made_backups(place)) for place in places] != [1, 1]:
        verdict.broken.append("older ones were not swept away")


def one_restore(deaths: Deaths, folder: Path) -> None:
    """Fork a process that restores two backups in turn, kill it, and look at the database."""
    folder.mkdir()
    town, verdict = Town(folder), deaths.verdict
    shutil.copy(deaths.template, town.database)
    for number in (1, 2):
        _mark(town.database, number)
        (town.photos / "ab").mkdir(parents=True, exist_ok=True)
        (town.photos / "ab" / f"{number}.jpg").write_bytes(bytes([number]) * 10_000)
        back_up(town.plan, now=NOW + timedelta(seconds=number))
    paths = made_backups(town.backups)
    _kill_one(lambda ready: _restore_in_turn(town, paths, ready), deaths.dice, deaths.restore)
    verdict.deaths += 1
    try:
        with closing(sqlite3.connect(town.database)) as database:
            fine = database.execute("PRAGMA integrity_check").fetchone()[0]
            marks = [row[0] for row in database.execute("SELECT once FROM outbox WHERE once LIKE 'mark:%' ORDER BY id")]
        if fine != "ok" or marks not in (["mark:1"], ["mark:1", "mark:2"]):
            verdict.broken.append(f"restore: {fine} {marks}")
        restore(paths[0], town.plan.database_url, town.plan.folders, now=NOW + timedelta(days=1))
        verdict.restores += 1
    except (sqlite3.Error, BackupError) as error:
        verdict.broken.append(f"restore: {error}")
    if list(folder.glob(".restore-*")):
        verdict.broken.append("an unpacked folder was not swept away")
    shutil.rmtree(folder)


def _kill_one(life: Callable[[int], None], dice: random.Random, longest: float) -> None:
    """Fork, wait until it is under way, and end it at a random moment."""
    readable, ready = os.pipe()
    child = _fork(lambda: life(ready), readable)
    os.close(ready)
    assert os.read(readable, 1) == b"!", "it died by itself"
    ended, _, _ = select.select([readable], [], [], dice.uniform(0, longest))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    os.close(readable)
    assert not ended, "it died by itself"


def _fork(life: Callable[[], None], *others: int) -> int:
    """A process that has no end but the kill, without the handles of ``others``."""
    child = os.fork()
    if child == 0:
        try:
            for handle in others:
                os.close(handle)
            life()
        finally:
            os._exit(1)
    return child


def _end(writer: int, verdict: Verdict) -> None:
    if os.waitpid(writer, os.WNOHANG)[0]:
        verdict.broken.append("who wrote beside it died by itself")
        return
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)


def _back_up(town: Town, ready: int, *, first: bool, writes: bool) -> None:
    """One backup after the other; it is under way after the ``first``, or at once."""
    log = os.open(town.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    if writes:
        threading.Thread(target=town.write, daemon=True).start()
    if not first:
        os.write(ready, b"!")
    for number in count(1):
        now = NOW + number * APART
        os.write(log, f"{now:%Y%m%d-%H%M%S} {town.committed}\n".encode())
        back_up(town.plan, now=now)
        if first and number == 1:
            os.write(ready, b"!")


def _turn(engine: Engine, photos: Path, number: int) -> None:
    """One transaction, as the bot does it: what is said, and a photo whose file is written before its row."""
    picture = f"photo {number}".encode() * 100
    digest = hashlib.sha256(picture).hexdigest()
    path = Path(digest[:2]) / f"{digest}.jpg"
    with Session(engine) as session, session.begin():
        outbox.queue(session, room_id=1, kind=OutboxKind.NOTICE, text=TEXT, now=NOW, once=f"n:{number}")
        (photos / path).parent.mkdir(parents=True, exist_ok=True)
        (photos / path).with_suffix(".part").write_bytes(picture)
        (photos / path).with_suffix(".part").replace(photos / path)
        session.add(Photo(lecture_id=1, member_id=1, sha256=digest, path=path.as_posix(), size=len(picture), at=NOW))


def _restore_in_turn(town: Town, paths: list[Path], ready: int) -> None:
    os.write(ready, b"!")
    number = 0
    while True:
        number += 1
        restore(paths[number % 2], town.plan.database_url, town.plan.folders, now=NOW + timedelta(seconds=number))


def _mark(database: Path, number: int) -> None:
    engine = open_engine(f"sqlite:///{database}")
    with Session(engine) as session, session.begin():
        outbox.queue(session, room_id=1, kind=OutboxKind.NOTICE, text=TEXT, now=NOW, once=f"mark:{number}")
    engine.dispose()


def _began(log: Path) -> dict[str, int]:
    """How many turns were committed when each backup began."""
    return {name: int(count) for name, count in (line.split() for line in log.read_text("ascii").splitlines())}


def _look(path: Path, into: Path, committed: int, verdict: Verdict) -> None:
    """A file with a backup's name: whole, and complete as of its beginning."""
    try:
        manifest = check(path)
        unpack(path, manifest, into)
    except BackupError as error:
        verdict.broken.append(str(error))
        return
    with closing(sqlite3.connect(into / DATABASE)) as database:
        fine = database.execute("PRAGMA integrity_check").fetchone()[0]
        numbers = {int(row[0][2:]) for row in database.execute("SELECT once FROM outbox WHERE once LIKE 'n:%'")}
        photos = [str(row[0]) for row in database.execute("SELECT path FROM photo")]
    if fine != "ok" or numbers != set(range(1, len(numbers) + 1)) or len(numbers) < committed:
        verdict.broken.append(f"{path.name}: {fine}, {len(numbers)} of {committed}")
    if len(photos) != len(numbers) or not all((into / LABEL / photo).is_file() for photo in photos):
        verdict.broken.append(f"{path.name}: a photo is not there")
    verdict.rows_after += len(numbers) - committed
    shutil.rmtree(into)


KINDS: dict[str, Callable[[Deaths, Path], None]] = {
    "backup": one_death,
    "restore": one_restore,
    "second": partial(one_death, second=True),
    "beside": partial(one_death, beside=True),
}


def _time(deaths: Deaths, folder: Path) -> None:
    """How long one backup and one restore take here and now."""
    folder.mkdir()
    town = Town(folder)
    shutil.copy(deaths.template, town.database)
    begun = time.monotonic()
    made = back_up(town.plan, now=NOW)
    between = time.monotonic()
    restore(made.path, town.plan.database_url, town.plan.folders, now=NOW)
    deaths.backup = min(TIMES * (between - begun), LONGEST)
    deaths.restore = min(TIMES * (time.monotonic() - between), LONGEST)


def run(folder: Path, *, moments: int, seed: int, minutes: float, of: str) -> Verdict:
    """Many deaths, of one of the `KINDS` or of all in turn."""
    deaths = Deaths(folder / "template.db", random.Random(seed), Verdict())
    prepare(deaths.template)
    _time(deaths, folder / "timed")
    deadline = time.monotonic() + minutes * 60
    kinds = [KINDS[of]] if of in KINDS else list(KINDS.values())
    for number in range(moments):
        if time.monotonic() > deadline:
            break
        kinds[number % len(kinds)](deaths, folder / str(number))
        if number % 50 == 49:
            print(f"{deaths.verdict.deaths} killed, {deaths.verdict.backups} backups", file=sys.stderr, flush=True)
    return deaths.verdict


def main() -> int:
    """Run, and exit with 1 where anything was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="stop after so long, with what was done by then")
    parser.add_argument("--of", choices=[*KINDS, "all"], default="all", help="what is killed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        verdict = run(Path(folder), moments=options.moments, seed=options.seed, minutes=options.minutes, of=options.of)
    print(json.dumps(asdict(verdict), ensure_ascii=False))
    return int(bool(verdict.broken))


if __name__ == "__main__":
    sys.exit(main())
