"""Files about people that lie beside the database and have had their time: nobody looks after them by hand.

Files that were made for one person, exports, and the town as it was before a restore or a new version. Backups have
their own rotation (`bot.backup`).
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree


@dataclass(frozen=True, slots=True)
class Old:
    """Files below the database's folder that go when they were not written for so long."""

    pattern: str
    age: timedelta


OLD = (
    Old("persons/person-*.json", timedelta(days=7)),  # to be handed over and deleted
    Old("exports/menlou-export-*", timedelta(days=30)),  # made in the console
    Old("exports/menlou-archive-*", timedelta(days=30)),  # … of a year
    Old("exports/20??????-??????*", timedelta(days=30)),  # on the command line
    Old("{town}.before-*", timedelta(days=30)),
)
MOST = 20  # in one turn


def sweep(database: Path, *, now: datetime) -> int:
    """Remove those whose time is over, the oldest kinds first; returns how many. What cannot be removed stays."""
    gone = 0
    for path in _old(database, now):
        if gone == MOST:
            break
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                rmtree(path)
            else:
                path.unlink()
            gone += 1
    return gone


def _old(database: Path, now: datetime) -> Iterator[Path]:
    places = {database, Path(os.path.realpath(database))}  # where it is a link, a restore works where it really lies
    for each in OLD:
        found = {path for place in places for path in place.parent.glob(each.pattern.format(town=place.stem))}
        for path in sorted(found):
            with suppress(OSError):
                if path.lstat().st_mtime < (now - each.age).timestamp():
                    yield path
