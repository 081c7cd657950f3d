"""The folder in which a backup is unpacked, to come back or only to be tried."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.leftovers import held, sweep

ROOM = ".restore-"  # how its name begins


@contextmanager
def room_in(folder: Path) -> Iterator[Path]:
    """A room of one's own on the disk of ``folder``; it goes afterwards, and before it those of the killed."""
    folder.mkdir(parents=True, exist_ok=True)
    sweep_rooms(folder)
    with tempfile.TemporaryDirectory(prefix=ROOM, dir=folder) as made, held(Path(made)):
        yield Path(made)


def sweep_rooms(folder: Path) -> int:
    """Remove what killed restores and drills left in a folder; returns how many."""
    return sweep(folder.glob(f"{ROOM}*"))
