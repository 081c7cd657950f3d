"""A backup is made: a snapshot of the running database, then the folders, into one archive that is read back.

The snapshot is one read transaction of SQLite's WAL, copied some pages at a time: no turn of the bot waits for it, and
none that is committed after it began is in it. The folders come after the database, for a photo's file is written
before its row is: so each row of the snapshot has its file. An archive gets its name last, when it is whole and read
back; until then it is a ``.part`` that the next backup sweeps away.
"""

import fcntl
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import make_url

from bot import __version__
from bot.backup.archive import CHUNK, DATABASE, Archive, BackupError, Manifest, Pause, check, private
from bot.backup.mark import not_ours
from bot.backup.rooms import sweep_rooms
from bot.backup.tree import PART, LeftOut, files_of
from data.database import file_of
from data.files import disk_told

PAGES = 512  # of the snapshot, in one step
ROOM_LEFT = 64 * 2**20  # bytes that stay free on the disk
NAME = re.compile(r"menlou-(\d{8}-\d{6})(?:-(\d{1,6}))?\.zip")


@dataclass(frozen=True, slots=True)
class Keep:
    """How many stay: the last of each of so many days, weeks and months that have any."""

    days: int = 14
    weeks: int = 8
    months: int = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """What is backed up and where to. ``folders`` are by their name in the config; ``second`` is None where unused."""

    database_url: str
    folders: Mapping[str, Path]
    folder: Path
    second: Path | None = None
    keep: Keep = Keep()


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that was made; ``trouble`` is what else went wrong, or "".

    Files that could not go in, the second folder, old ones that stay.
    """

    path: Path
    manifest: Manifest
    size: int  # bytes
    copy: Path | None = None
    trouble: str = ""
    removed: int = 0  # older ones


def back_up(plan: Plan, *, now: datetime, pause: Pause = lambda: None) -> Made:
    """Make one backup, verified, and sweep away those whose time is over. Raises `BackupError`; leaves no half file.

    ``pause`` is called between pieces of work; what it raises gives the backup up.
    """
    source = sqlite_file(plan.database_url)
    if not source.is_file():
        raise BackupError(f"还没有数据库 {source}，没有什么可备份。先启动一次机器人。")
    if within := nested(plan):
        raise BackupError(within[1])
    left_out = LeftOut()
    try:
        plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _only_one(plan.folder):
            path, manifest = _write(plan, source, now, pause, left_out)
            size = path.stat().st_size
            copy, trouble = _second(plan, path, pause)
            removed, left = rotate(path, plan.keep)
            if copy is not None:
                left = rotate(copy, plan.keep)[1] or left
    except (OSError, sqlite3.Error) as error:
        raise BackupError(f"备份没做成（{error}）。看看 {plan.folder} 能不能写、硬盘满没满。") from error
    return Made(path, manifest, size, copy, left_out.words() + trouble + left, removed)


def nested(plan: Plan) -> tuple[Path, str] | None:
    """Which folder for backups lies in one that is backed up, and why that must not be: each would hold all before it.

    None where all is well.
    """
    for place in (plan.folder, plan.second):
        for label, folder in plan.folders.items():
            if place is not None and place.resolve().is_relative_to(folder.resolve()):
                said = f"备份的文件夹 {place} 在要备份的 {label}（{folder}）里面，备份会一份套一份，越来越大。"
                return place, f"{said}请把它改到别处，再把旧备份挪过去。"
    return None


def is_sqlite(database_url: str) -> bool:
    """Whether it is for us to back up."""
    return make_url(database_url).get_backend_name() == "sqlite"


def sqlite_file(database_url: str) -> Path:
    """The database's file, where it really lies. Raises `BackupError` for PostgreSQL, which brings its own tools."""
    if not is_sqlite(database_url):
        raise BackupError("PostgreSQL 请用它自己的 pg_dump -Fc 备份、pg_restore 恢复，见 docs/operate.md。")
    path = file_of(database_url)
    if path is None:
        raise BackupError("数据库只在内存里，没有文件可备份。")
    return Path(os.path.realpath(path))


def made_backups(folder: Path) -> list[Path]:
    """The backups in a folder, the newest first; of what else lies there nothing is listed or touched."""
    found = [path for path in folder.glob("menlou-*.zip") if _moment(path) is not None and path.is_file()]
    return sorted(found, key=order, reverse=True)


def made_at(path: Path) -> datetime:
    """When a backup was made, on the town's clocks, by its name; without a zone."""
    moment = _moment(path)
    assert moment is not None
    return moment


def doomed(paths: list[Path], keep: Keep) -> list[Path]:
    """Those of some backups, the newest first, that need not stay. What is of the newest one's last 24 hours does."""
    if not paths:
        return []
    last_day = made_at(paths[0]) - timedelta(days=1)
    stay = {path for path in paths if made_at(path) > last_day}
    for most, form in ((keep.days, "%Y%m%d"), (keep.weeks, "%G-%V"), (keep.months, "%Y%m")):
        lasts: dict[str, Path] = {}
        for path in paths:
            lasts.setdefault(made_at(path).strftime(form), path)
        stay |= set(list(lasts.values())[:most])
    return [path for path in paths if path not in stay]


def rotate(made: Path, keep: Keep) -> tuple[int, str]:
    """Remove those beside ``made`` whose time is over: (how many, what went wrong or "").

    What is dated after it, by a clock that was ahead, neither goes nor takes the place of another.
    """
    removed, trouble = 0, ""
    for path in doomed([each for each in made_backups(made.parent) if order(each) <= order(made)], keep):
        try:
            path.unlink()
            removed += 1
        except OSError as error:
            trouble = f"过了期的旧备份删不掉（{disk_told(error)}），请看看文件夹的权限。"
    return removed, trouble


def snapshot(source: Path, target: Path, *, pages: int = PAGES, pause: Pause = lambda: None) -> None:
    """Copy a database that others write to, as it is at one moment, into a single file without WAL."""
    with _connected(source) as origin, closing(sqlite3.connect(target, isolation_level=None)) as copy:
        copy.execute("PRAGMA synchronous=OFF")  # it is made durable as part of the archive
        copy.execute("PRAGMA journal_mode=OFF")
        # The read transaction is what the whole copy sees. Without it each step would take a lock of its own, and
        # begin again from the first page whenever somebody has written in between.
        origin.execute("BEGIN")
        origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
        origin.backup(copy, pages=pages, progress=lambda *_: pause())
        origin.execute("ROLLBACK")
        copy.execute("PRAGMA journal_mode=DELETE")


def look_into(path: Path) -> tuple[str, dict[str, int]]:
    """(schema revision, rows of each table) of a database that nobody writes to. Raises `BackupError` if damaged."""
    try:
        with closing(sqlite3.connect(path)) as database:
            verdict = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if verdict != "ok":
                raise BackupError(f"数据库没有通过检查（{verdict}）。")
            query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
            tables = [str(name) for (name,) in database.execute(query)]
            if "alembic_version" not in tables:
                raise BackupError("数据库里没有门楼的表。")
            revision = str(database.execute("SELECT version_num FROM alembic_version").fetchone()[0])
            # The names are those of the database itself, quoted.
            count = 'SELECT count(*) FROM "{}"'
            rows = {each: int(database.execute(count.format(each.replace('"', '""'))).fetchone()[0]) for each in tables}
    except (sqlite3.Error, TypeError) as error:
        raise BackupError(f"数据库读不了（{error}）。") from error
    return revision, rows


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def need_room(folder: Path, size: int) -> None:
    """Raises `BackupError` where the disk of a folder has not ``size`` bytes to spare."""
    free = shutil.disk_usage(folder).free
    if free < size + ROOM_LEFT:
        mega = 2**20
        raise BackupError(
            f"硬盘不够：{folder} 还剩{free // mega}MB，要{(size + ROOM_LEFT) // mega}MB。请先腾出地方，什么都没有改动。"
        )


def _write(plan: Plan, source: Path, now: datetime, pause: Pause, left: LeftOut) -> tuple[Path, Manifest]:
    weight = _size(source) + _size(source.with_name(f"{source.name}-wal"))
    papers = sum(_size(path) for _, _, path in _papers(plan, LeftOut()))
    need_room(plan.folder, 2 * weight + papers)
    final = _free_name(plan.folder, now)
    part, copy = final.with_suffix(PART), final.with_suffix(".db" + PART)
    try:
        private(copy, "xb").close()
        snapshot(source, copy, pause=pause)
        schema, rows = look_into(copy)
        manifest = Manifest(__version__, schema, now.isoformat(timespec="seconds"), rows, sorted(plan.folders))
        with private(part, "x+b") as file, closing(Archive(file, pause)) as archive:
            with copy.open("rb") as origin:
                archive.add(DATABASE, origin, shrink=True)
            for label, inside, path in _papers(plan, left):
                try:
                    origin = path.open("rb")
                except OSError as error:  # one that was removed meanwhile has no row any more, or soon will not
                    left.refused(path, error)
                    continue
                with origin:
                    archive.add(f"{label}/{inside}", origin, shrink=False)
            written = archive.seal(manifest)
            os.fsync(file.fileno())
        if check(part, pause=pause) != written:
            raise BackupError("备份写下去和读回来不一样，没有留。硬盘可能有问题，请换一个。")
        part.rename(final)
        sync_folder(plan.folder)
    finally:
        part.unlink(missing_ok=True)
        copy.unlink(missing_ok=True)
    return final, written


def _papers(plan: Plan, left: LeftOut) -> Iterator[tuple[str, str, Path]]:
    """(folder's name, path inside, file) of all that the database speaks of, but never of the backups themselves."""
    never = [each for each in (plan.folder, plan.second) if each is not None]
    for label, folder in plan.folders.items():
        for inside, path in files_of(folder, left, never=never, database=sqlite_file(plan.database_url)):
            yield label, inside, path


def _second(plan: Plan, path: Path, pause: Pause) -> tuple[Path | None, str]:
    """Copy a backup into the second folder, read back too: (where it is, what went wrong).

    A second folder that is not there is not made: it may be a disk that is not plugged in.
    """
    if plan.second is None:
        return None, ""
    if not os.path.isdir(plan.second):
        return None, f"第二份没存上：没有文件夹 {plan.second}（U盘没插好？）。"
    target = plan.second / path.name
    part = target.with_suffix(PART)
    try:
        if why := not_ours(plan.folder, plan.second):
            return None, why
        _sweep_parts(plan.second)
        need_room(plan.second, path.stat().st_size)
        with path.open("rb") as origin, private(part, "xb") as copy:
            while chunk := origin.read(CHUNK):
                pause()
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        check(part, pause=pause)
        part.rename(target)
        sync_folder(plan.second)
    except OSError as error:
        return None, f"第二份没存上（{disk_told(error)}）。"
    except BackupError as error:
        return None, f"第二份没存上：{error}"
    finally:
        part.unlink(missing_ok=True)
    return target, ""


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """One backup at a time in a folder; what an earlier one left half done when it was killed goes."""
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        _sweep_parts(folder)
        sweep_rooms(folder)
        yield
    except BlockingIOError as error:
        raise BackupError("正在做一份备份，等它做完再来。") from error
    finally:
        os.close(lock)


def _sweep_parts(folder: Path) -> None:
    """Files only: a folder of such a name is somebody else's."""
    for left in folder.glob(f"menlou-*{PART}*"):
        if left.is_symlink() or not left.is_dir():
            left.unlink()


def order(path: Path) -> tuple[datetime, int]:
    """By when they were made, then by their number within a second."""
    match = NAME.fullmatch(path.name)
    return made_at(path), int(match[2]) if match and match[2] else 0


def _moment(path: Path) -> datetime | None:
    """None for a name of somebody else's, or of a day that there is not."""
    match = NAME.fullmatch(path.name)
    try:
        return datetime.strptime(match[1], "%Y%m%d-%H%M%S") if match else None  # noqa: DTZ007 - the days it is kept by
    except ValueError:
        return None


def _free_name(folder: Path, now: datetime) -> Path:
    path, number = folder / f"menlou-{now:%Y%m%d-%H%M%S}.zip", 1
    first = path.stem
    while path.exists():
        number += 1
        path = folder / f"{first}-{number}.zip"
    return path


@contextmanager
def _connected(source: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads. Never open the file itself: closing it would drop SQLite's locks on it."""
    with closing(sqlite3.connect(source, isolation_level=None, timeout=5)) as connection:
        connection.execute("PRAGMA query_only=ON")
        yield connection


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # gone, or told when it is opened
        return 0
