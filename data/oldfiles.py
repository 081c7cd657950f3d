"""Files about people that lie beside the database and have had their time: nobody looks after them by hand.

Files that were made for one person, exports, and the town as it was before a restore or a new version. Backups have
their own rotation (`bot.backup`).
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from glob import escape
from pathlib import Path
from shutil import rmtree


@dataclass(frozen=True, slots=True)
class Old:
    """Files, below a folder that is swept, that go when they were not written for so long."""

    pattern: str
    age: timedelta


OLD = (
    Old("persons/person-*.json", timedelta(days=7)),  # to be handed over and deleted
    Old("exports/menlou-export-*", timedelta(days=30)),  # made in the console
    Old("exports/menlou-archive-*", timedelta(days=30)),  # … of a year
    Old("exports/20??????-??????*", timedelta(days=30)),  # on the command line
)
BEFORE = timedelta(days=30)  # of the town as it was, beside its database
MOST = 20  # in one turn


def sweep(database: Path | None, folders: Iterable[Path] = (), *, now: datetime) -> int:
    """Remove those whose time is over, below ``folders`` and beside the database, None where that is no file; returns
    how many. What cannot be removed stays."""
    gone = 0
    for path in _old(database, folders, now):
        if gone == MOST:
            break
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink():
                rmtree(path)
            else:
                path.unlink()
            gone += 1
    return gone


def _old(database: Path | None, folders: Iterable[Path], now: datetime) -> Iterator[Path]:
    # Where the database is a link, a restore works where it really lies.
    files = {database, Path(os.path.realpath(database))} if database is not None else set[Path]()
    places = {*folders, *(each.parent for each in files)}
    kinds = [(place, each.pattern, each.age) for each in OLD for place in places]
    kinds += [(each.parent, f"{escape(each.stem)}.before-*", BEFORE) for each in files]
    for place, pattern, age in kinds:
        for path in sorted(place.glob(pattern)):
            with suppress(OSError):
                if path.lstat().st_mtime < (now - age).timestamp():
                    yield path
