"""Folders that a process uses for a while. It locks them: so what a killed one left is told from what is in use, and
goes, for it is about people."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """While this lasts, and this process lives, `sweep` leaves a folder alone. OSError of the disk, and where it was
    swept away before it was held."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)  # waits while one sweeps it
        if not os.path.samestat(os.fstat(handle), os.stat(folder)):
            raise FileNotFoundError(folder)
        yield
    finally:
        os.close(handle)


@contextmanager
def room_in(folder: Path, prefix: str) -> Iterator[Path]:
    """A new folder in ``folder``, held; it goes afterwards, and before it those that killed processes left there."""
    folder.mkdir(parents=True, exist_ok=True)
    sweep(folder.glob(f"{prefix}*"))
    with ExitStack() as stack:
        yield _new_room(stack, folder, prefix)


def _new_room(stack: ExitStack, folder: Path, prefix: str) -> Path:
    """Another where somebody's sweep came between its making and its holding."""
    while True:
        made = Path(tempfile.mkdtemp(prefix=prefix, dir=folder))
        stack.callback(shutil.rmtree, made, ignore_errors=True)
        with suppress(FileNotFoundError):
            stack.enter_context(held(made))
            return made


def sweep(folders: Iterable[Path]) -> int:
    """Remove those folders that no living process holds; returns how many. What is not ours to remove stays."""
    swept = 0
    for path in folders:
        with suppress(OSError):
            swept += path.is_dir() and not path.is_symlink() and _remove_unheld(path)
    return swept


def _remove_unheld(folder: Path) -> bool:
    """It is locked until it is gone: nobody begins to hold what goes."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
    except BlockingIOError:
        return False
    finally:
        os.close(handle)
    return True
