"""From events in the order of their arrival to reports in the order of each room, many at a time."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from bot.transports.base import Event, Feed

log = logging.getLogger("menlou.wechaty")

Report = Callable[[], Awaitable[Event | None]]
Prepare = Callable[[], Awaitable[tuple[str, Report] | None]]


class Inflow:
    """Two steps for each thing that arrives: ``prepare`` finds out its lane (which room it belongs to), ``report``
    makes the event for the feed.

    Up to ``limit`` things are on their way at once. They are prepared side by side, join their lanes in the order of
    their arrival, and are reported one after another within a lane, side by side across lanes. What does not fit waits
    here (it is only ids) rather than in the gateway, where a lost connection would lose it.

    A step that raises is logged with its story, and the next goes on.
    """

    def __init__(self, feed: Feed, limit: int) -> None:
        self._feed = feed
        self._slots = asyncio.Semaphore(limit)
        self._arrived: asyncio.Queue[Prepare] = asyncio.Queue()
        self._in_order: asyncio.Queue[asyncio.Task[tuple[str, Report] | None]] = asyncio.Queue()
        self._lanes: dict[str, deque[tuple[Report, bool]]] = {}
        self._tasks: set[asyncio.Task[object]] = set()
        self._spawn(self._prepare_all())
        self._spawn(self._route_all())

    def put(self, prepare: Prepare) -> None:
        """Something arrived."""
        self._arrived.put_nowait(prepare)

    def put_now(self, lane: str, report: Report) -> None:
        """Something that waits for nothing but its lane, and takes no slot (the state of the account)."""
        self._join(lane, report, slot=False)

    async def close(self) -> None:
        """Stop at once; what is on its way is abandoned."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _spawn(self, work: Awaitable[object]) -> asyncio.Task[object]:
        task: asyncio.Task[object] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _prepare_all(self) -> None:
        while True:
            prepare = await self._arrived.get()
            await self._slots.acquire()
            self._in_order.put_nowait(self._spawn(self._prepared(prepare)))  # type: ignore[arg-type]

    async def _prepared(self, prepare: Prepare) -> tuple[str, Report] | None:
        try:
            return await prepare()
        except Exception:
            log.exception("an event from the gateway could not be understood, passed over")
            return None

    async def _route_all(self) -> None:
        while True:
            prepared = await (await self._in_order.get())
            if prepared is None:
                self._slots.release()
            else:
                self._join(*prepared, slot=True)

    def _join(self, lane: str, report: Report, *, slot: bool) -> None:
        waiting = self._lanes.get(lane)
        if waiting is None:
            self._lanes[lane] = deque([(report, slot)])
            self._spawn(self._drain(lane))
        else:
            waiting.append((report, slot))

    async def _drain(self, lane: str) -> None:
        waiting = self._lanes[lane]
        while waiting:
            report, slot = waiting.popleft()
            try:
                event = await report()
                if event is not None:
                    await self._feed(event)
            except Exception:
                log.exception("an event from the gateway could not be reported, passed over")
            finally:
                if slot:
                    self._slots.release()
        del self._lanes[lane]
