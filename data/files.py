"""Files are written whole or not at all: those that are named by what is in them, and those made for somebody."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data.leftovers import room_in

ROOM = ".menlou-part-"  # how the name of a folder begins in which files are half written


_WHY = {
    errno.ENOENT: "找不到",
    errno.EEXIST: "已经有一个同名的文件",
    errno.ENOTDIR: "路上有一个是文件，不是资料夹",
    errno.EISDIR: "是个资料夹，这里要写文件名",
    errno.EACCES: "没有权限",
    errno.EPERM: "没有权限",
    errno.EROFS: "那里只能读，不能写",
    errno.ENOSPC: "硬盘满了",
    errno.ENAMETOOLONG: "名字太长",
    errno.EIO: "硬盘读写出错",
    errno.ESTALE: "网络盘断开过",
}


def write_once(path: Path, content: bytes) -> None:
    """Write a file, all of it or nothing: a half-written one never has the name. One that is there stays as it is."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # a name without its bytes would stay after the power fails
    part.replace(path)


@contextmanager
def new_file(path: Path, *, over: bool = False) -> Iterator[Path]:
    """Where to write a file that is called ``path`` once this has ended well; a killed one's half goes with the next.

    Raises FileExistsError where that name is taken, then or in the end, unless it is to be written ``over``; OSError of
    the disk.
    """
    if not over and os.path.lexists(path):
        raise FileExistsError(path)
    with room_in(path.parent, ROOM) as room:
        part = room / path.name
        yield part
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        if over:
            part.replace(path)
        else:
            _give_name(part, path)


def _give_name(part: Path, path: Path) -> None:
    """Never over another's. Raises FileExistsError."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a disk that knows no second names (exFAT): the name is claimed first
        path.open("xb").close()
        try:
            part.replace(path)
        except OSError:
            path.unlink()
            raise


def disk_why(error: OSError | UnicodeDecodeError) -> str:
    """Why a disk, or a port, refused, as a person reads it; or why what it gave is no text."""
    if isinstance(error, UnicodeDecodeError):
        return "不是 UTF-8 文本"
    return _WHY.get(error.errno or 0, error.strerror or str(error))


def disk_told(error: OSError) -> str:
    """The same, with the file that it is about."""
    return f"{error.filename}：{disk_why(error)}" if error.filename else disk_why(error)
