"""What lies below a folder that is backed up, and what of it cannot go into an archive, which is told, never hidden."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from bot.backup.archive import is_plain
from data.files import disk_why

PART = ".part"
ABOVE = "链接到了数据库，或装着它、装着照片的文件夹"
NO_END = "链接的那头找不到，盘没插好？"
_SHOWN = 3  # names in a line for a person


class LeftOut:
    """What a backup has not: each once, with its reason."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def add(self, path: Path, why: str) -> None:
        self._found.setdefault(_readable(path), why)

    def refused(self, path: Path, error: OSError) -> None:
        """By the disk. What was removed meanwhile is nothing to tell."""
        if not isinstance(error, FileNotFoundError):
            self.add(path, disk_why(error))

    def words(self) -> str:
        """A line for a person; "" where all went in."""
        if not self._found:
            return ""
        first = "、".join(f"{where}（{why}）" for where, why in list(self._found.items())[:_SHOWN])
        more = f"等{len(self._found)}个" if len(self._found) > _SHOWN else ""
        return f"有文件没备份进去：{first}{more}。别的都备份了。请改名、改好或移走，下次就没有这句了。"


def files_of(
    folder: Path, left: LeftOut | None = None, *, never: Iterable[Path] = (), database: Path | None = None
) -> Iterator[tuple[str, Path]]:
    """(path inside, file) of the files below a folder, but for hidden ones and those half written.

    A link is read as the bot reads it, to a file and to a folder; each folder once, so that links that lead round have
    an end, and first where it really lies. ``never`` are folders that are not entered; nor is a link to a folder above
    this one, or to the ``database`` or above it: a second copy of all that would come back beside the photos.
    """
    told = left if left is not None else LeftOut()
    if os.path.islink(folder) and not os.path.exists(folder):
        told.add(folder, NO_END)
        return
    apart = {found for each in never if (found := _identity(each, LeftOut())) is not None}
    core = [os.path.realpath(each) for each in (folder, database) if each is not None]

    def above(link: Path) -> bool:
        end = os.path.realpath(link)
        if astray := any(os.path.commonpath((end, each)) == end for each in core):
            told.add(link, ABOVE)
        return astray

    for base, names in _folders(folder, told, apart, above):
        for name in names:
            path = base / name
            if name.startswith(".") or name.endswith(PART) or (os.path.islink(path) and above(path)):
                continue
            inside = path.relative_to(folder).as_posix()
            if _goes(path, inside, told):
                yield inside, path


def _folders(
    folder: Path, told: LeftOut, never: set[tuple[int, int]], above: Callable[[Path], bool]
) -> Iterator[tuple[Path, list[str]]]:
    """Each folder with the names of its files: all that really lie below it, then those behind links."""

    def closed(error: OSError) -> None:
        told.refused(Path(error.filename), error)

    mine, starts = set[tuple[int, int]](), [folder]
    for start in starts:  # which grows
        for base, folders, names in os.walk(start, onerror=closed):
            here = _identity(Path(base), told)
            if here in mine:
                told.add(Path(base), "链接到已经在备份里的文件夹")
            if here is None or here in mine or here in never:
                folders.clear()
                continue
            mine.add(here)
            shown = sorted(each for each in folders if not each.startswith("."))
            links = {each for each in shown if os.path.islink(os.path.join(base, each))}
            folders[:] = [each for each in shown if each not in links]
            starts += [link for each in shown if each in links and not above(link := Path(base, each))]
            yield Path(base), sorted(names)


def _goes(path: Path, inside: str, told: LeftOut) -> bool:
    """Whether it is a file whose name every system can have."""
    why = ""
    try:
        if not path.exists():
            if not path.is_symlink():
                return False  # removed meanwhile
            why = NO_END
        elif not path.is_file():
            why = "不是普通的文件"
        elif not is_plain(inside):
            why = "名字里有不能用的字"
    except OSError as error:  # in a folder that may be read but not entered, or on a disk that fails
        told.refused(path, error)
        return False
    if why:
        told.add(path, why)
    return not why


def _identity(folder: Path, told: LeftOut) -> tuple[int, int] | None:
    """None where it cannot be looked at."""
    try:
        found = folder.stat()
    except OSError as error:
        told.refused(folder, error)
        return None
    return found.st_dev, found.st_ino


def _readable(path: Path) -> str:
    """As it can be printed, whatever bytes it is of."""
    return re.sub(r"[\x00-\x1f\x7f]", "?", os.fsencode(path).decode("utf-8", "replace"))
