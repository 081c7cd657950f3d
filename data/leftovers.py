"""Folders that a process uses for a while. It locks them: so what a killed one left is told from what is in use, and
goes, for it is about people."""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """While this lasts, and this process lives, `sweep` leaves a folder alone. OSError of the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


def sweep(folders: Iterable[Path]) -> int:
    """Remove those folders that no living process holds; returns how many. What is not ours to remove stays."""
    swept = 0
    for path in folders:
        with suppress(OSError):
            if path.is_dir() and not path.is_symlink() and _nobody_holds(path):
                shutil.rmtree(path)
                swept += 1
    return swept


def _nobody_holds(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
