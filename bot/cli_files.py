"""Files that commands write: never over what somebody may have filled in, and a fault of the disk is told in words."""

import errno
from itertools import count
from pathlib import Path

from data.errors import TownError

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
}


class FileThere(TownError):
    """What a person may have filled in is not written over."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} 已经有了，不覆盖。换个名字，或先把旧的移走。")


def require_new(path: Path) -> None:
    """See that there is no such file yet, and make its folder. Raises `FileThere`; OSError of the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise FileThere(path)


def write_new(path: Path, body: bytes) -> None:
    """Write a file that is not there yet. Raises `FileThere`; OSError of the disk."""
    require_new(path)
    path.write_bytes(body)


def free(path: Path) -> Path:
    """The path, or beside what is there already ``name (2)``."""
    if not path.exists():
        return path
    others = (path.with_name(f"{path.stem} ({number}){path.suffix}") for number in count(2))
    return next(each for each in others if not each.exists())


def disk_words(error: OSError) -> str:
    """What a disk says, as a person reads it."""
    why = _WHY.get(error.errno or 0, error.strerror or str(error))
    return f"{error.filename}：{why}。" if error.filename else f"读写文件出错：{why}。"
