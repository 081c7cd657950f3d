"""Whose the second folder is. Backups of two towns have the same names: in one folder each would write over the other's
and sweep them away."""

import os
import secrets
from pathlib import Path

MARK = ".menlou-town"  # in both folders of a town that has two: the same line of words
_MARK_MOST = 64  # characters


def not_ours(folder: Path, second: Path) -> str:
    """Why the second folder must not be used; "" where it is this town's, whose mark it gets if it has none.

    OSError of the disk.
    """
    if os.path.samefile(folder, second):
        return f"第二份没存上：backup.second_folder 就是第一份的文件夹 {folder}。请换成另一块盘上的。"
    own, other = _mark_of(folder), _mark_of(second)
    if other and own != other:
        return (
            f"第二份没存上：{second} 里存的是另一个镇的备份。请给这个镇另建一个文件夹，改 backup.second_folder。"
            f"要是同一个镇换了机器，把那里的 {MARK} 拷到 {folder} 就接着用。"
        )
    if not own:
        own = secrets.token_hex(8)
        (folder / MARK).write_text(own, "ascii")
    if not other:
        (second / MARK).write_text(own, "ascii")
    return ""


def _mark_of(folder: Path) -> str:
    try:
        with (folder / MARK).open("rb") as file:
            return file.read(_MARK_MOST).decode("ascii", "replace").strip()
    except FileNotFoundError:
        return ""
