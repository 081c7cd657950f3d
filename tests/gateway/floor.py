"""A floor and a flood: the bare echo as a process of its own, and what a flood through it measures."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from tests.gateway.harness import BOT, Flood, Gateway

ECHO = Path(__file__).parents[2] / "tools" / "echo_baseline.py"


def flood_town(rooms: int, people: int) -> dict[str, Any]:
    """A town for a flood: every person is in every room."""
    everyone = [f"p{number}" for number in range(people)]
    return {
        "bot": {"id": BOT, "name": "门楼"},
        "people": [{"id": each, "name": f"村民{each}"} for each in everyone],
        "rooms": [{"id": f"r{n}@chatroom", "topic": f"村{n}", "members": everyone} for n in range(rooms)],
    }


@asynccontextmanager
async def echoing(gateway: Gateway, timeout: float = 20) -> AsyncIterator[None]:
    """The bare echo runs on the gateway; nothing else may be connected to it."""
    echo = await asyncio.create_subprocess_exec(
        sys.executable,
        str(ECHO),
        gateway.endpoint,
        env={**os.environ, "WECHATY_TOKEN": gateway.token},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert echo.stdout is not None
        async with asyncio.timeout(timeout):
            await echo.stdout.readline()
        yield
    finally:
        if echo.returncode is None:
            echo.kill()
        await echo.wait()


@dataclass(frozen=True, slots=True)
class Measured:
    """What a flood took. Times are milliseconds, from message in to answer out, as the gateway saw them."""

    answered: int
    complete: bool
    per_second: float
    median_ms: float
    p99_ms: float
    worst_ms: float


def measure(flood: Flood) -> Measured:
    """The figures of one flood; all zero when nothing was answered."""
    times = sorted(1000 * seconds for seconds in flood.latencies())
    if len(times) < 2:
        return Measured(len(times), flood.complete, flood.per_second(), *(3 * [sum(times)]))
    cuts = quantiles(times, n=100, method="inclusive")
    return Measured(len(times), flood.complete, flood.per_second(), cuts[49], cuts[98], times[-1])


async def flood(gateway: Gateway, n: int, text: str, rate: float | None = None, **about: Any) -> Flood:
    """A flood in every room and by everybody of the gateway's town."""
    rooms = [room["id"] for room in gateway.town["rooms"]]
    people = [person["id"] for person in gateway.town["people"]]
    return await gateway.flood(n, rooms=rooms, people=people, text=text, rate=rate, **about)
