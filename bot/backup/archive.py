"""The archive of a backup: a zip whose last bytes are the SHA-256 of all before them.

    town.db              the database, one file, no WAL
    <folder>/<path>      each file of each folder, by the folder's name in the config ("lecture.photos")
    manifest.json        what is in it: sizes, hashes, rows of each table, schema, version, when it was made

So any bit that changes is seen, and so is any byte that is missing. An archive that was made to harm has a good seal
too: names, sizes and hashes are looked at all the same, before anything is written anywhere.
"""

import hashlib
import json
import os
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Literal
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from data.errors import TownError
from data.files import disk_why

FORMAT = 1
DATABASE, MANIFEST = "town.db", "manifest.json"
SEAL = b"menlou backup 1 "  # then 64 hexadecimal digits, and the file ends
SEALED = len(SEAL) + 64
CHUNK = 2**20  # bytes
SYNC = 8 * CHUNK  # at most so much waits for the disk: a turn that commits meanwhile may wait behind it
MANIFEST_MOST = 256 * 2**20  # bytes: two million files
INFLATES = 200  # times; a database shrinks to a quarter, what unpacks to more than this is no backup of ours
INFLATES_FREE = 64 * 2**20  # bytes that an archive may unpack to, however small it is
NAME_MOST = 2**14  # bytes of a path; a zip has room for four times that
FOLDER = re.compile(r"[a-z][a-z_]*(\.[a-z_]+)*")
_FAULTS = (
    BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,
    ArithmeticError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
)  # what zipfile and json raise over bytes that were made by hand

Pause = Callable[[], None]


class BackupError(TownError):
    """A backup that cannot be made, or not be restored here."""


class GivenUp(BackupError):
    """It was told to stop; nothing of it stays."""

    def __init__(self) -> None:
        super().__init__("备份没做完就停了，不留半份。")


class DamagedBackup(BackupError):
    """A file that is no backup, or not the one that was made."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path.name} 不能用：{why}。请换一份备份。什么都没有改动。")
        self.why = why


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the archive; ``size`` is in bytes, as it was."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says of itself. ``made_at`` is ISO 8601 with its zone; ``rows`` are those of each table."""

    version: str
    schema: str
    made_at: str
    rows: dict[str, int]
    folders: list[str]
    members: dict[str, Member] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Bytes that it unpacks to."""
        return sum(member.size for member in self.members.values())

    def write(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True).encode()

    @classmethod
    def read(cls, raw: bytes) -> "Manifest":
        """Raises one of `_FAULTS` where it is none."""
        found = json.loads(raw)
        datetime.fromisoformat(found["made_at"])
        if found["format"] != FORMAT:
            raise ValueError(f"format {found['format']}")
        members = {str(name): Member(str(each["sha256"]), int(each["size"])) for name, each in found["members"].items()}
        return cls(
            version=str(found["version"]),
            schema=str(found["schema"]),
            made_at=str(found["made_at"]),
            rows={str(table): int(rows) for table, rows in found["rows"].items()},
            folders=[str(each) for each in found["folders"]],
            members=members,
        )


class Archive:
    """An archive that is being written. ``pause`` is called between pieces of work and may raise, to give up."""

    def __init__(self, file: IO[bytes], pause: Pause) -> None:
        self._file, self._pause = file, pause
        self._zip = ZipFile(file, "w", allowZip64=True, compresslevel=1)
        self._members: dict[str, Member] = {}
        self._durable = 0  # bytes

    def close(self) -> None:
        """Let go of it; one that was not sealed is of no use to anybody."""
        self._zip.close()

    def add(self, name: str, origin: IO[bytes], *, shrink: bool) -> None:
        """Copy an open file in, as it is while it is read."""
        self._zip.compression = ZIP_DEFLATED if shrink else ZIP_STORED
        digest, size = hashlib.sha256(), 0
        with self._zip.open(name, "w", force_zip64=True) as target:
            while chunk := origin.read(CHUNK):
                self._pause()
                digest.update(chunk)
                size += len(chunk)
                target.write(chunk)
                if self._file.tell() - self._durable > SYNC:
                    self._file.flush()
                    os.fdatasync(self._file.fileno())
                    self._durable = self._file.tell()
        self._members[name] = Member(digest.hexdigest(), size)

    def seal(self, manifest: Manifest) -> Manifest:
        """Write the manifest and the seal; what is returned has all members."""
        whole = Manifest(**{**_fields(manifest), "members": self._members})
        self._zip.writestr(ZipInfo(MANIFEST), whole.write())
        self._zip.comment = SEAL + b"0" * 64
        self._zip.close()
        self._file.seek(0, 2)
        end = self._file.tell() - 64
        digest = _digest(self._file, end, self._pause)
        self._file.seek(end)
        self._file.write(digest.encode("ascii"))
        self._file.flush()
        return whole


def check(path: Path, *, pause: Pause = lambda: None) -> Manifest:
    """Read the whole archive and hold every byte of it against its seal and its manifest. Raises `DamagedBackup`."""
    with _opened(path) as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - SEALED))
        tail = file.read(SEALED)
        if not tail.startswith(SEAL):
            whole = path.suffix != ".zip" or size == 0
            raise DamagedBackup(path, "它不是门楼的备份" if whole else "它不是门楼的备份，或者没有存完整")
        if _digest(file, size - 64, pause).encode("ascii") != tail[len(SEAL) :]:
            raise DamagedBackup(path, "内容和封存时不一样，坏了或被改过")
        with _zip(path, file) as archive:
            manifest = _manifest(path, archive)
            _look_at_names(path, archive, manifest, size)
            for name, member in manifest.members.items():
                _copy(path, archive, name, member, None, pause)
    return manifest


def unpack(path: Path, manifest: Manifest, into: Path, *, pause: Pause = lambda: None) -> None:
    """Write the members of an archive that was checked under ``into``. Raises `DamagedBackup`."""
    with _opened(path) as file, _zip(path, file) as archive:
        for name, member in manifest.members.items():
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with private(target, "xb") as out:
                _copy(path, archive, name, member, out, pause)


def private(path: Path, mode: Literal["xb", "x+b"]) -> IO[bytes]:
    """A new file that nobody else on this machine reads: it is about people."""
    return open(path, mode, opener=lambda name, flags: os.open(name, flags, 0o600))


def _look_at_names(path: Path, archive: ZipFile, manifest: Manifest, size: int) -> None:
    infos = archive.infolist()
    names = [info.filename for info in infos]
    if sorted(names) != sorted({*manifest.members, MANIFEST}):
        raise DamagedBackup(path, "里面的文件和清单对不上，少了或多了")
    if DATABASE not in manifest.members:
        raise DamagedBackup(path, "里面没有数据库")
    for info in infos:
        if info.filename not in (DATABASE, MANIFEST) and not _is_ours(info.filename, manifest.folders):
            raise DamagedBackup(path, "里面有不该有的文件名")
        if info.filename != MANIFEST and info.file_size != manifest.members[info.filename].size:
            raise DamagedBackup(path, "里面文件的大小和清单对不上")
    if sum(info.compress_size for info in infos) > size:
        raise DamagedBackup(path, "里面的文件互相重叠")
    if manifest.size > max(INFLATES_FREE, INFLATES * size):
        raise DamagedBackup(path, "解开以后大得不合常理")


def is_plain(path: str) -> bool:
    """Whether a path, with "/" between its parts, may be that of a file on any system."""
    parts = path.split("/")
    if any(part in ("", ".", "..") or re.search(r"[\\:\x00-\x1f\ud800-\udfff]", part) for part in parts):
        return False
    return len(path.encode()) < NAME_MOST


def _is_ours(name: str, folders: list[str]) -> bool:
    """Whether it is a plain path below one of the folders."""
    folder, _, rest = name.partition("/")
    return is_plain(rest) and folder in folders and FOLDER.fullmatch(folder) is not None


def _manifest(path: Path, archive: ZipFile) -> Manifest:
    if MANIFEST not in archive.namelist() or archive.getinfo(MANIFEST).file_size > MANIFEST_MOST:
        raise DamagedBackup(path, "里面没有清单")
    with archive.open(MANIFEST) as file:
        return Manifest.read(file.read(MANIFEST_MOST))


def _copy(path: Path, archive: ZipFile, name: str, member: Member, out: IO[bytes] | None, pause: Pause) -> None:
    """Read a member, never more of it than it should have, and hold it against its hash."""
    digest, left = hashlib.sha256(), member.size
    with archive.open(name) as file:
        while chunk := file.read(min(CHUNK, left + 1)):
            pause()
            left -= len(chunk)
            if left < 0:
                break
            digest.update(chunk)
            if out is not None:
                out.write(chunk)
    if left or digest.hexdigest() != member.sha256:
        raise DamagedBackup(path, f"里面的 {name} 和清单对不上")


def _opened(path: Path) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise BackupError(f"没有这个文件：{path}。看看名字和路径对不对。") from error
    except OSError as error:
        raise BackupError(f"{path} 读不了（{disk_why(error)}）。") from error


@contextmanager
def _zip(path: Path, file: IO[bytes]) -> Iterator[ZipFile]:
    """What zipfile says of an archive that somebody has made by hand is told as damage."""
    try:
        with ZipFile(file) as archive:
            yield archive
    except _FAULTS as error:
        raise DamagedBackup(path, f"里面的结构不对（{type(error).__name__}）") from error


def _digest(file: IO[bytes], end: int, pause: Pause) -> str:
    digest, left = hashlib.sha256(), end
    file.seek(0)
    while left > 0 and (chunk := file.read(min(CHUNK, left))):
        pause()
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()


def _fields(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in Manifest.__slots__}
