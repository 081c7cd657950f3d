"""The folder in which a backup is unpacked, to come back or only to be tried."""

from contextlib import AbstractContextManager
from pathlib import Path

from data import leftovers

ROOM = ".restore-"  # how its name begins


def room_in(folder: Path) -> AbstractContextManager[Path]:
    """A room of one's own on the disk of ``folder``; it goes afterwards, and before it those of the killed."""
    return leftovers.room_in(folder, ROOM)


def sweep_rooms(folder: Path) -> int:
    """Remove what killed restores and drills left in a folder; returns how many."""
    return leftovers.sweep(folder.glob(f"{ROOM}*"))
