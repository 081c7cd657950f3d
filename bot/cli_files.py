"""Files that commands write: never over what somebody may have filled in, and a fault of the disk is told in words."""

import os
from contextlib import suppress
from itertools import count
from pathlib import Path

from data.errors import TownError
from data.files import disk_told, new_file


class FileThere(TownError):
    """What a person may have filled in is not written over."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} 已经有了，不覆盖。换个名字，或先把旧的移走。")


def require_new(path: Path) -> None:
    """See that there is no such file yet, and make its folder. Raises `FileThere`; OSError of the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(path):
        raise FileThere(path)


def write_new(path: Path, body: bytes) -> None:
    """Write a file that is not there yet, all of it or nothing. Raises `FileThere`; OSError of the disk."""
    require_new(path)
    try:
        with new_file(path) as part:
            part.write_bytes(body)
    except FileExistsError as error:  # somebody was quicker
        raise FileThere(path) from error


def write_free(path: Path, body: bytes) -> Path:
    """Write a file under the first name that is `free`, and return that. OSError of the disk."""
    while True:
        found = free(path)
        with suppress(FileThere):  # taken just now
            write_new(found, body)
            return found


def free(path: Path) -> Path:
    """The path, or beside what is there already ``name (2)``."""
    if not os.path.lexists(path):
        return path
    others = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in count(2))
    return next(each for each in others if not os.path.lexists(each))


def disk_words(error: OSError) -> str:
    """What a disk says, as a person reads it."""
    return f"{disk_told(error)}。" if error.filename else f"读写文件出错：{disk_told(error)}。"
