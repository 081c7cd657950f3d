"""The whole bot as a process, started as a user starts it, and its database as anybody may read it."""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Self

from tests.town import ROOT

READY = "按 Ctrl+C 停止"


class BotProcess:
    """``python -m bot run`` on a config; ``lines`` is all that it printed. ``module`` may be `tests.hasty`."""

    def __init__(self, config: Path, module: str = "bot", **environ: str) -> None:
        self._config = config
        self._module = module
        self._environ = environ
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._ended = False
        self.lines: list[str] = []

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-u", "-m", self._module, "run", "--config", str(self._config),
            cwd=ROOT, env={**os.environ, **self._environ}, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read(self._process))
        try:
            await self.wait_line(lambda line: READY in line, timeout=180)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
        await self._gone()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def kill(self) -> None:
        """It is gone at once (SIGKILL)."""
        assert self._process is not None
        self._process.kill()
        await self._gone()

    async def wait_line(self, wanted: Callable[[str], bool], *, timeout: float = 60, since: int = 0) -> str:
        """The first printed line that is wanted, after the first ``since`` lines."""
        try:
            async with asyncio.timeout(timeout), self._news:
                await self._news.wait_for(lambda: any(map(wanted, self.lines[since:])) or self._ended)
        except TimeoutError:
            raise AssertionError(f"no such line within {timeout} s; last: {self.lines[-15:]}") from None
        found = next(filter(wanted, self.lines[since:]), None)
        assert found is not None, f"the bot ended: {self.lines[-30:]}"
        return found

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            async with self._news:
                self.lines.append(line.decode(errors="replace").rstrip())
                self._news.notify_all()
        async with self._news:
            self._ended = True
            self._news.notify_all()

    async def _gone(self) -> None:
        assert self._process is not None
        async with asyncio.timeout(30):
            await self._process.wait()
        if self._reader is not None:
            await self._reader


def rows(database: Path, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """What the bot's database holds, read from outside."""
    with closing(sqlite3.connect(database, timeout=10)) as connection:
        return connection.execute(query, values).fetchall()
