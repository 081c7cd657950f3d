"""Events to the feed: in order within a room, side by side across rooms, and never in the way of the connection."""

import asyncio
import logging
from collections import deque

from bot.transports.base import Event, Feed

log = logging.getLogger("menlou.wecom")


class Lanes:
    """An event that the feed fails on is logged with its story, and the next goes on."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._waiting: dict[str, deque[Event]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def put(self, lane: str, event: Event) -> None:
        waiting = self._waiting.get(lane)
        if waiting is not None:
            waiting.append(event)
            return
        self._waiting[lane] = deque([event])
        task = asyncio.create_task(self._drain(lane))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Stop at once; what is on its way is abandoned."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drain(self, lane: str) -> None:
        waiting = self._waiting[lane]
        while waiting:
            event = waiting.popleft()
            try:
                await self._feed(event)
            except Exception:
                log.exception("没能处理 %s", type(event).__name__)
        del self._waiting[lane]
