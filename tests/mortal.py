"""The bot as a process that dies where a test says: ``python -m tests.mortal`` is a nursery of such bots.

A bot takes seconds to import what it needs, and these tests start it hundreds of times: so the nursery imports it
all once and then forks. From there on a fork is what ``python -m bot run`` is, with one difference: at the named
points of `bot.faults` it may kill itself, as a power cut would, with nothing tidied up.

Orders come on standard input, one JSON a line: {"config", "kill": "claimed" or "", "nth": 1, "armed": true}. A bot that
is not armed yet begins to count at SIGUSR1. "@@ born PID" and "@@ gone PID" on standard output frame what it prints.
"""

import asyncio
import contextlib
import json
import os
import random
import select
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.town import ROOT
from tests.warm import read_once


class Killer:
    """Ends this process at the ``nth`` passing of a point, once armed."""

    def __init__(self, name: str, nth: int, *, armed: bool) -> None:
        self._name, self._left, self._armed = name, nth, armed

    def arm(self, *_: object) -> None:
        self._armed = True

    def __call__(self, name: str) -> None:
        if self._armed and name == self._name:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def bear(order: dict[str, Any]) -> int:
    """In the child: be a bot until told to stop; returns its exit code."""
    from bot import cli, faults

    random.seed()
    if order["kill"]:
        assert order["kill"] in faults.POINTS
        killer = Killer(order["kill"], order["nth"], armed=order["armed"])
        signal.signal(signal.SIGUSR1, killer.arm)
        faults.point = killer
    return cli.main(["run", "--config", order["config"]])


def warm_up() -> None:
    """All that a bot imports, and the words that it knows."""
    import bot.app
    import bot.cli
    import bot.console.build
    import bot.transports.wechaty
    from handlers.understand import load_lexicon

    assert bot.app and bot.cli and bot.console.build and bot.transports.wechaty
    read_once()
    load_lexicon()


def announce(news: str) -> None:
    """In one write, on a line of its own: the bot prints to the same place, and may die in the middle of a line."""
    os.write(1, f"\n@@ {news}\n".encode())


def main() -> int:
    """Serve orders until standard input ends. One bot at a time."""
    warm_up()
    announce("ready")
    for line in sys.stdin:
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            code = 1
            try:
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(1, 2)
                code = bear(json.loads(line))
            finally:
                sys.stdout.flush()
                os._exit(code)
        announce(f"born {child}")
        watch = os.pidfd_open(child)
        select.select([watch], [], [])
        os.close(watch)
        _, status = os.waitpid(child, 0)
        announce(f"gone {child} {os.waitstatus_to_exitcode(status)}")
    return 0


# ---- the test's side -------------------------------------------------------------------------------------------------


@dataclass
class Nursery:
    """Bears bots one after another; ``lines`` is what the one of now has printed."""

    environ: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    pid: int = 0  # of the bot that lives; 0: none does
    code: int = 0  # how the last one ended
    _process: asyncio.subprocess.Process | None = None
    _reader: asyncio.Task[None] | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "ignore", "-u", "-m", "tests.mortal",
            cwd=ROOT, env={**os.environ, **self.environ}, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, limit=2**22,
        )  # fmt: skip
        self._reader = asyncio.create_task(self._read(self._process))
        await self.until(lambda: any(line == "@@ ready" for line in self.lines), 60)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None and self._reader is not None
        self.signal(signal.SIGKILL)
        self._process.kill()
        async with asyncio.timeout(30):
            await self._process.wait()
            await self._reader

    async def bear(self, config: Path, *, kill: str = "", nth: int = 1, armed: bool = True) -> None:
        """A bot begins to live. It may die at once: see `online`."""
        assert not self.pid and self._process is not None and self._process.stdin is not None
        self.lines.clear()
        order = {"config": str(config), "kill": kill, "nth": nth, "armed": armed}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        await self.until(lambda: any(line.startswith("@@ born") for line in self.lines), 30)

    async def online(self, patience: float = 90) -> bool:
        """Wait until the bot is online or dead; whether it lives."""
        await self.until(lambda: not self.pid or any("wechaty 在线" in line for line in self.lines), patience)
        return bool(self.pid)

    async def gone(self, patience: float = 90) -> int:
        """Wait for its end; returns how it ended (-9: killed)."""
        await self.until(lambda: not self.pid, patience)
        return self.code

    def signal(self, number: int) -> None:
        """Send it a signal, where it still lives."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):  # its end has not been told to us yet
                os.kill(self.pid, number)

    async def until(self, come: Callable[[], bool], patience: float) -> None:
        """Wait for something in what it prints, or its end."""
        try:
            async with asyncio.timeout(patience), self._news:
                await self._news.wait_for(come)
        except TimeoutError:
            raise AssertionError(f"it did not come within {patience} s; last: {self.lines[-20:]}") from None

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        async for raw in process.stdout:
            line = raw.decode(errors="replace").rstrip()
            async with self._news:
                match line.split():
                    case ["@@", "born", pid]:
                        self.pid = int(pid)
                    case ["@@", "gone", _, code]:
                        self.pid, self.code = 0, int(code)
                self.lines.append(line)
                self._news.notify_all()


if __name__ == "__main__":
    sys.exit(main())
