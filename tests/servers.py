"""Real servers for the tests, and how a part that is absent is named."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
import pytest
from sqlalchemy import make_url

REVISION = "alembic_version"  # the table that says which schema it is


def absent(part: str) -> None:
    """A part that the tests need is not on this machine: skip by name, but fail in CI."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"absent part: {part}")
    pytest.skip(f"absent part: {part}")


def find_postgres() -> Path:
    """The folder of PostgreSQL's server binaries."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        absent("postgresql")
    return found[-1].parent if found else Path(str(on_path)).parent


class Postgres:
    """A throw-away server that listens on a socket in ``folder`` only."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries = binaries
        self._folder = folder
        # The server refuses to run as root; Debian's package brings a user for it.
        self._user = "postgres" if os.getuid() == 0 else None
        self._numbers = count(1)
        self._idle: list[str] = []  # databases to lend, by URL
        self._schemas: dict[str, list[tuple[Any, ...]]] = {}

    def __enter__(self) -> "Postgres":
        if self._user:
            for folder in (self._folder, *self._folder.parents):
                if not folder.stat().st_mode & 0o001:  # its user must get through
                    folder.chmod(0o755)
            shutil.chown(self._folder, self._user)
        self._do("initdb", "-D", self._folder / "data", "-A", "trust", "-U", "menlou", "-E", "UTF8", "--no-sync")
        options = f"-k {self._folder} -c listen_addresses='' -c fsync=off"
        self._do("pg_ctl", "-D", self._folder / "data", "-o", options, "-l", self._folder / "log", "-w", "start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do("pg_ctl", "-D", self._folder / "data", "-m", "immediate", "stop", must=False)

    def fresh_database(self) -> str:
        """The URL of a database that nobody has used."""
        name = f"town_{next(self._numbers)}"
        with self._connect("postgres") as admin:
            admin.execute(f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://menlou@/{name}?host={self._folder}"

    @contextmanager
    def lent(self, prepare: Callable[[str], None]) -> Iterator[str]:
        """The URL of a database with the schema that ``prepare`` makes, and no rows.

        To make one takes a second or two. So what a test gives back is emptied for the next one, unless it changed
        the schema or is still in use.
        """
        url = self._idle.pop() if self._idle else None
        if url is None:
            url = self.fresh_database()
            prepare(url)
            self._schemas[url] = self._schema(url)
        yield url
        if self._schema(url) == self._schemas[url] and self._emptied(url):
            self._idle.append(url)

    def _schema(self, url: str) -> list[tuple[Any, ...]]:
        with self._connect(make_url(url).database or "") as connection:
            columns = connection.execute(
                "SELECT attrelid::regclass::text, attname, atttypid FROM pg_attribute JOIN pg_class"
                " ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace AND attnum > 0 ORDER BY 1, 2"
            )
            return [*columns.fetchall(), *connection.execute(f"TABLE {REVISION}").fetchall()]

    def _emptied(self, url: str) -> bool:
        """Take all rows out, and begin to count anew; whether nobody stood in the way."""
        with self._connect(make_url(url).database or "") as connection:
            tables = connection.execute(
                "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND tablename <> %s",
                [REVISION],
            ).fetchall()
            try:
                connection.execute("SET lock_timeout = '1s'")
                connection.execute(f"TRUNCATE {', '.join(name for (name,) in tables)} RESTART IDENTITY")
            except psycopg.errors.LockNotAvailable:
                return False
        return True

    def _connect(self, database: str) -> "psycopg.Connection[tuple[Any, ...]]":
        return psycopg.connect(host=str(self._folder), user="menlou", dbname=database, autocommit=True)

    def _do(self, program: str, *arguments: str | Path, must: bool = True) -> None:
        command = [str(self._binaries / program), *map(str, arguments)]
        subprocess.run(command, check=must, user=self._user, stdout=subprocess.DEVNULL, cwd=self._folder)
