"""One bot on one database: a second one, started by mistake, is refused before it touches anything.

On SQLite a lock on a file beside the database (``town.db.lock``), on PostgreSQL an advisory lock of a connection that
is kept for it. Both end with the process, however it ends, so a lock is never left behind; the file itself may stay.
Not for the other commands: ``code`` and ``sheet`` may run beside the bot.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from data.database import file_of
from data.errors import SchemaError
from data.files import disk_told

Release = Callable[[], None]
_KEY = 0x4D656E6C6F75  # "Menlou", in the lock space of one database


class AlreadyRunning(SchemaError):
    """Another bot has this database."""

    def __init__(self, who: str) -> None:
        super().__init__(f"已有一个机器人在用这个数据库{who}。一个数据库只开一个机器人：先停掉那一个，再启动。")


def be_alone(url: str) -> Release:
    """Claim the database for this process; what it returns gives it back. Raises `AlreadyRunning` or `SchemaError`."""
    if make_url(url).get_backend_name() != "sqlite":
        return _advisory(url)
    path = file_of(url)
    if path is None:
        return lambda: None
    return _beside(Path(f"{os.path.realpath(path)}.lock"))  # one database, by whichever link it is reached


def _beside(path: Path) -> Release:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise SchemaError(
            f"数据库旁边的 {path.name} 写不了（{disk_told(error)}）。请检查 database.url 和文件权限。"
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(lock, 20).decode("ascii", "replace").strip()
        os.close(lock)
        raise AlreadyRunning(f"（进程号 {holder}）" if holder else "") from error
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode("ascii"))
    return lambda: os.close(lock)


def _advisory(url: str) -> Release:
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        connection = engine.connect()
        ours = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _KEY}).scalar_one()
    except DBAPIError as error:
        raise SchemaError(f"数据库打不开：{error.orig}。请检查 database.url 和文件权限。") from error
    if not ours:
        connection.close()
        raise AlreadyRunning("")
    return connection.close
