"""What the tests share: the demo town in a fresh database, and no network but this machine's own."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy import Engine

from data.database import open_engine, upgrade
from tests.servers import Postgres, find_postgres
from tests.town import NOW, DemoTown, prepare_town
from tests.warm import read_once

pytest_plugins = ("tests.bring_town", "tests.broadcast_desk", "tests.matching_desk")  # their fixtures
LOCAL = ("127.0.0.1", "::1", "localhost")
read_once()


@pytest.fixture(autouse=True)
def _only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undeclared network in a test fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server of our own, on a socket; skipped by name where its binaries are absent."""
    binaries = find_postgres()
    # Not in pytest's own folder: the next run that begins beside this one shuts that to the server's user again.
    with TemporaryDirectory(prefix="menlou-pg-") as folder, Postgres(binaries, Path(folder)) as server:
        yield server


@pytest.fixture(scope="session")
def town_template(tmp_path_factory: pytest.TempPathFactory) -> DemoTown:
    """The demo town, loaded once: tests get copies."""
    return prepare_town(tmp_path_factory.mktemp("town") / "town.db", now=NOW)


@pytest.fixture
def town(town_template: DemoTown, tmp_path: Path) -> Iterator[DemoTown]:
    """A fresh demo town on SQLite."""
    copy = town_template.copy(tmp_path / "town.db")
    yield copy
    copy.engine.dispose()


@pytest.fixture(scope="session")
def schema_on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with today's schema and nothing in it, migrated once: tests get copies."""
    path = tmp_path_factory.mktemp("schema") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


def migrate(url: str) -> None:
    engine = open_engine(url)
    upgrade(engine, now=NOW)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind, with today's schema."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            shutil.copy(request.getfixturevalue("schema_on_sqlite"), tmp_path / "any.db")
            url = f"sqlite:///{tmp_path / 'any.db'}"
        else:
            url = stack.enter_context(request.getfixturevalue("postgres").lent(migrate))
        engine = open_engine(url)
        stack.callback(engine.dispose)
        yield engine


LONG = (  # those that cannot be shared out, or mostly wait; with three workers each has a column of these
    *("test_kills", "test_whole_bot", "test_scenes_on_gateway"),
    *("test_hostile", "test_console_browser", "test_broadcast_faults"),
    *("test_loop_machine", "test_console_flows", "test_console_gate"),
    *("test_outbox_machine", "test_backup", "test_wecom_whole"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones begin, so that all cores end together: xdist gives each worker an equal stretch of the list."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = sorted((item for item in items if item.path.stem in LONG), key=lambda item: LONG.index(item.path.stem))
    rest = [item for item in items if item.path.stem not in LONG]
    size, ordered = -(-len(items) // workers), list[pytest.Item]()
    for worker in range(workers):
        stretch = [item for item in long if LONG.index(item.path.stem) % workers == worker]
        ordered += stretch + rest[: max(0, size - len(stretch))]
        del rest[: max(0, size - len(stretch))]
    items[:] = ordered + rest
