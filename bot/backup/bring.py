"""A backup comes back: restored in the place of the present database, or only tried (drill)."""

import filecmp
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import update
from sqlmodel import col

from bot.alone import AlreadyRunning, be_alone
from bot.backup.archive import DATABASE, BackupError, DamagedBackup, Manifest, Pause, check, unpack
from bot.backup.forget import Forgotten, forget_again
from bot.backup.make import look_into, made_backups, need_room, order, sqlite_file, sync_folder
from bot.backup.rooms import room_in
from bot.backup.tree import files_of
from data.database import open_engine, standing, upgrade
from data.errors import SchemaError
from data.files import disk_told
from data.mail import Outbox, OutboxState
from data.rules import Rules


@dataclass(frozen=True, slots=True)
class Restored:
    """What came back. ``aside`` is where the database is that was there before; None where there was none.

    ``doubtful`` messages waited to be sent when the backup was made, and may have been since: they wait for a word.
    ``forgotten`` are those who asked for it after the backup was made.
    """

    manifest: Manifest
    aside: Path | None
    files: int
    doubtful: int
    forgotten: Forgotten


@dataclass(frozen=True, slots=True)
class Drilled:
    """A backup that would come back. ``upgraded`` where its schema was older than this program's."""

    path: Path
    manifest: Manifest
    upgraded: bool


def newest(folders: list[Path]) -> Path:
    """The newest backup of some folders. Raises `BackupError` where there is none."""
    found = [path for folder in folders if folder.is_dir() for path in made_backups(folder)]
    if not found:
        raise BackupError(f"{'、'.join(map(str, folders))} 里还没有备份。先做一份：python -m bot backup")
    return max(found, key=order)


def restore(
    path: Path,
    database_url: str,
    folders: Mapping[str, Path],
    *,
    now: datetime,
    rules: Rules | None = None,
    pause: Pause = lambda: None,
) -> Restored:
    """Put a backup in the place of the present database, which is kept aside; nothing changes unless all of it is good.

    Files that a folder has and the backup has not are left there. Who asked to be forgotten since is forgotten again,
    by the ``rules``; without them they are only told of. Raises `BackupError`, of which `DamagedBackup` says what is
    wrong with the file.
    """
    target = sqlite_file(database_url)
    try:
        release = be_alone(database_url)
    except AlreadyRunning as error:
        raise BackupError("机器人还开着，不能恢复。先停掉它（Ctrl+C 或 systemctl stop menlou），再来。") from error
    try:
        with _unpacked(path, target.parent, folders, pause) as (room, manifest):
            forgotten = forget_again(target, room / DATABASE, now=now, rules=rules)
            doubtful = _doubt(room / DATABASE, now)
            files = sum(_bring_files(room / label, folder, now) for label, folder in folders.items())
            aside = _swap(room / DATABASE, target, now)
    except OSError as error:
        raise BackupError(
            f"没有恢复成（{disk_told(error)}）。看看硬盘满没满、文件夹能不能写。原来的数据库还在。"
        ) from error
    finally:
        release()
    return Restored(manifest, aside, files, doubtful, forgotten)


def drill(path: Path, *, folder: Path | None = None, pause: Pause = lambda: None) -> Drilled:
    """Restore a backup into a room of ``folder`` (else beside it) that goes again, and open it as the bot would.

    Raises `BackupError`.
    """
    place = folder or path.parent
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _unpacked(path, place, None, pause) as (room, manifest):
            engine = open_engine(f"sqlite:///{room / DATABASE}")
            try:
                current, head = standing(engine)
                upgrade(engine, now=datetime.fromisoformat(manifest.made_at))
            finally:
                engine.dispose()
            look_into(room / DATABASE)
    except OSError as error:
        raise BackupError(f"演练没做成（{disk_told(error)}）。看看硬盘满没满。") from error
    return Drilled(path, manifest, upgraded=current != head)


@contextmanager
def _unpacked(
    path: Path, beside: Path, folders: Mapping[str, Path] | None, pause: Pause
) -> Iterator[tuple[Path, Manifest]]:
    """All of a good backup in a folder of its own, on the disk where it is to go; the folder goes afterwards."""
    manifest = check(path, pause=pause)
    strange = sorted(set(manifest.folders) - set(folders)) if folders is not None else []
    if strange:
        raise BackupError(f"{path.name} 里有这个版本不认识的文件夹（{'、'.join(strange)}），请升级程序再恢复。")
    with room_in(beside) as room:
        need_room(room, manifest.size)
        unpack(path, manifest, room, pause=pause)
        _look_at_database(path, room / DATABASE, manifest)
        yield room, manifest


def _look_at_database(path: Path, database: Path, manifest: Manifest) -> None:
    try:
        schema, rows = look_into(database)
    except BackupError as error:
        raise DamagedBackup(path, str(error).rstrip("。")) from error
    if schema != manifest.schema or rows != manifest.rows:
        raise DamagedBackup(path, "数据库里的内容和清单对不上")
    engine = open_engine(f"sqlite:///{database}")
    try:
        standing(engine)
    except SchemaError as error:
        raise BackupError(f"{path.name} 是更新版本的程序做的（结构 {schema}），请升级程序再恢复。") from error
    finally:
        engine.dispose()


def _doubt(database: Path, now: datetime) -> int:
    """What waited to be sent by now may have been sent since the backup: it is never sent again on a guess."""
    engine = open_engine(f"sqlite:///{database}")
    waited = update(Outbox).where(
        col(Outbox.state).in_((OutboxState.PENDING, OutboxState.SENDING)), col(Outbox.not_before) <= now
    )
    try:
        with engine.begin() as connection:
            done = connection.execute(
                waited.values(state=OutboxState.UNKNOWN, settled_at=now, error="恢复备份以前可能已经发过")
            )
            return int(done.rowcount)
    finally:
        engine.dispose()


def _bring_files(source: Path, folder: Path, now: datetime) -> int:
    """Files that are not there as they were come back; one that differs is kept aside. Returns how many came.

    A name is never without its file, at whichever line the power goes: what comes is whole on the disk before.
    """
    came, touched = 0, set[Path]()
    for inside, path in files_of(source):
        target = folder / inside
        if target.is_file() and _same(path, target):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        shutil.copyfile(path, part)
        _sync(part)
        if target.is_dir() and not target.is_symlink():
            target.rename(_aside(target, now))
        elif os.path.lexists(target):
            _keep(target, _aside(target, now))
        part.replace(target)
        touched |= {folder, *(folder / each for each in Path(inside).parents)}
        came += 1
    for each in touched:
        sync_folder(each)
    return came


def _same(one: Path, other: Path) -> bool:
    return filecmp.cmp(one, other, shallow=False)


def _swap(database: Path, target: Path, now: datetime) -> Path | None:
    """Give the name to the restored database; the present one stays under another.

    The name is always that of a whole database, at whichever line the power goes. The present one's WAL is folded into
    it first, or goes with it: beside a database that it does not belong to it would be its ruin.
    """
    _sync(database)
    aside = _aside(target, now)
    there = target.exists()
    _belong(database, target)
    if there:
        _fold_wal(target)
        _keep(target, aside)
    for ending in ("-wal", "-shm"):
        beside = target.with_name(target.name + ending)
        if beside.exists():
            beside.rename(aside.with_name(aside.name + ending))
    sync_folder(target.parent)
    database.replace(target)
    sync_folder(target.parent)
    return aside if there else None


def _keep(target: Path, aside: Path) -> None:
    """Give a file a second name; a copy where the disk knows no second names (exFAT)."""
    try:
        os.link(target, aside)
    except OSError:
        need_room(target.parent, target.stat().st_size)
        part = target.with_name(f".{aside.name}.part")
        shutil.copy2(target, part)
        _sync(part)
        part.replace(aside)


def _belong(database: Path, target: Path) -> None:
    """Whoever may read and write the present one, else its owner alone who owns the folder.

    An administrator may restore what the bot's own user runs.
    """
    owner = (target if target.exists() else target.parent).stat()
    database.chmod(owner.st_mode & 0o777 if target.exists() else 0o600)
    if (owner.st_uid, owner.st_gid) != (os.geteuid(), os.getegid()):
        with suppress(PermissionError):
            os.chown(database, owner.st_uid, owner.st_gid)


def _fold_wal(database: Path) -> None:
    """Where that cannot be done the database is damaged, which is why it is being replaced."""
    try:
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error:
        return


def _aside(path: Path, now: datetime) -> Path:
    aside, number = path.with_name(f"{path.stem}.before-restore.{now:%Y%m%d-%H%M%S}{path.suffix}"), 1
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.stem}.before-restore.{now:%Y%m%d-%H%M%S}-{number}{path.suffix}")
    return aside


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
