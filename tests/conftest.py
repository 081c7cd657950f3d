"""What the tests share: the demo town in a fresh database, and no network but this machine's own."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.servers import Postgres, find_postgres
from tests.town import NOW, DemoTown, prepare_town

LOCAL = ("127.0.0.1", "::1", "localhost")


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
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A PostgreSQL server of our own, on a socket; skipped by name where its binaries are absent."""
    binaries = find_postgres()
    with Postgres(binaries, tmp_path_factory.mktemp("pg")) as server:
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


@pytest.fixture(params=["sqlite", "postgresql"])
def any_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of each kind, with today's schema."""
    from data.database import open_engine, upgrade

    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'any.db'}"
    else:
        url = request.getfixturevalue("postgres").fresh_database()
    engine = open_engine(url)
    upgrade(engine, now=NOW)
    yield engine
    engine.dispose()


LONG = (
    "test_whole_bot",
    "test_kills",
    "test_hostile",
    "test_loop_machine",
    "test_broadcast_faults",
    "test_scenes_on_gateway",
    "test_console_browser",
    "test_console_flows",
    "test_backup",
    "test_wecom_whole",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones begin, so that two cores end together."""
    items.sort(key=lambda item: LONG.index(item.path.stem) if item.path.stem in LONG else len(LONG))
