"""The engine, and the way from an empty or older database to today's schema.

SQLite (WAL, foreign keys, ``synchronous=FULL``) serves a town; PostgreSQL serves a county. Each transaction of the
writer begins IMMEDIATE, so a turn never reads first and then finds that it may not write.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlmodel import Session

from data import desk_tables, record_tables
from data.errors import SchemaError
from data.files import disk_told

_BUSY_STATES = ("40001", "40P01", "55P03")  # PostgreSQL: could not serialize, deadlock, lock not available
assert desk_tables  # imported, as is the next, for the tables that others refer to
assert record_tables
MIGRATIONS = Path(__file__).parent / "migrations"
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",  # what we promised to remember survives a power cut
    "foreign_keys=ON",
    "busy_timeout=5000",
    "wal_autocheckpoint=4000",  # pages: a checkpoint every few hundred turns, not every few dozen
    "secure_delete=ON",  # what was removed is not to be read in the file
)
_WIPE = "wipe"  # in a session's ``info``
_OWNERS = 0o600  # of files that hold the town; SQLite gives its WAL the same


def open_engine(url: str) -> Engine:
    """An engine for ``url`` ("sqlite:///var/town.db", "postgresql+psycopg://…"); `SchemaError` when it is unusable."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SchemaError(f"数据库地址看不懂：{url!r}。例：sqlite:///var/town.db") from error
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if (path := file_of(parsed)) is not None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path)
        except OSError as error:
            raise SchemaError(
                f"放数据库的文件夹建不了（{disk_told(error)}）。请检查 database.url 和文件权限。"
            ) from error
    engine = create_engine(parsed)
    event.listen(engine, "connect", _tune_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def file_of(url: URL | str) -> Path | None:
    """The file of a SQLite database; None of one in memory, and of PostgreSQL."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        return None
    return Path(str(parsed.database))


def _make(path: Path) -> None:
    """An empty file that only its owner reads, where there is none yet."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, _OWNERS))


def open_reader(url: str) -> Engine:
    """An engine that only reads, each session in a snapshot of its own, beside the writer's. Raises `SchemaError`."""
    engine = open_engine(url)
    if engine.url.get_backend_name() != "sqlite":
        return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    event.remove(engine, "begin", _begin_immediate)
    event.listen(engine, "begin", _begin_deferred)
    event.listen(engine, "connect", _only_read)
    return engine


def _only_read(connection: sqlite3.Connection, _record: Any) -> None:
    connection.execute("PRAGMA query_only=ON")


def _begin_deferred(connection: Connection) -> None:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    raw.execute("BEGIN")


def _tune_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below is the only one
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:  # out of an event, nobody else makes it what callers know
        raise OperationalError("BEGIN IMMEDIATE", None, error) from error


def wipe_after(session: Session) -> None:
    """What this turn removes is not to stay readable in the database's log: whoever commits it calls `wipe`."""
    session.info[_WIPE] = True


def is_to_be_wiped(session: Session) -> bool:
    """Whether a turn of this session asked for it."""
    return _WIPE in session.info


def wipe(engine: Engine) -> bool:
    """Write SQLite's log back and cut it to nothing; False where somebody reads just now, so that it may do later.

    The log keeps former versions of a page until it is written over, which takes a small town weeks.
    """
    if engine.url.get_backend_name() != "sqlite":
        return True
    try:
        with closing(engine.raw_connection()) as connection:
            cursor = connection.cursor()
            patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute("PRAGMA busy_timeout=0")  # turns wait behind this, and a reader may take minutes
            try:
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                cursor.execute(f"PRAGMA busy_timeout={patience}")
    except (sqlite3.Error, DBAPIError):  # somebody else is at it
        return False
    return not busy


def is_busy(error: DBAPIError) -> bool:
    """Whether somebody else has the database locked just now, so that the same transaction may do later."""
    code: int | None = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
    return getattr(error.orig, "sqlstate", None) in _BUSY_STATES


def standing(engine: Engine) -> tuple[str | None, str]:
    """(the database's schema revision, None when it is empty; this program's own). Changes nothing.

    Raises `SchemaError` for a database that cannot be reached, or that a newer program has written.
    """
    with _reached(engine) as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory(str(MIGRATIONS))
    head = script.get_current_head() or ""
    if current is not None and current not in {each.revision for each in script.walk_revisions()}:
        raise SchemaError(f"数据库由更新的版本写过（结构 {current}），这个版本只认到 {head}。请升级程序，或换回备份。")
    return current, head


def upgrade(engine: Engine, *, now: datetime) -> Path | None:
    """Bring the schema up to date and return where the backup taken before it is (None: there was nothing to save).

    Raises `SchemaError` as `standing` does.
    """
    current, head = standing(engine)
    if current == head:
        return None
    backup = _back_up(engine, current, now) if current else None
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return backup


@contextmanager
def _reached(engine: Engine) -> Iterator[Connection]:
    try:
        with engine.connect() as connection:
            yield connection
    except DBAPIError as error:
        raise SchemaError(f"数据库打不开：{error.orig}。请检查 database.url 和文件权限。") from error


def _back_up(engine: Engine, revision: str, now: datetime) -> Path | None:
    """Copy a SQLite file beside itself, page by page and verified; PostgreSQL has its own tools (docs/operate.md)."""
    source = file_of(engine.url)
    if source is None:
        return None
    target = source.with_name(f"{source.stem}.before-{revision}.{now:%Y%m%d-%H%M%S}.db")
    _make(target)
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as copy:
        origin.backup(copy)
        verdict = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if verdict != "ok":
        raise SchemaError(f"升级前的备份没有通过检查（{verdict}）,没有升级。请先修复 {source}。")
    return target
