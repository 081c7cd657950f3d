"""A bounded cache whose missing values are fetched once, however many ask for them."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Cache(Generic[K, V]):
    """The least recently used goes first. A value dropped while it is being fetched is not kept when it comes."""

    def __init__(self, size: int, fetch: Callable[[K], Awaitable[V]]) -> None:
        self._size = size
        self._fetch = fetch
        self._known: OrderedDict[K, V] = OrderedDict()
        self._asked: dict[K, asyncio.Task[V]] = {}

    def __len__(self) -> int:
        return len(self._known)

    async def get(self, key: K) -> V:
        """The value; whatever the fetch raises is raised here and not remembered."""
        if key in self._known:
            self._known.move_to_end(key)
            return self._known[key]
        task = self._asked.get(key)
        if task is None:
            task = asyncio.create_task(self._ask(key))
            self._asked[key] = task
            task.add_done_callback(lambda done: self._arrived(key, done))
        return await asyncio.shield(task)

    def put(self, key: K, value: V) -> None:
        self._asked.pop(key, None)
        self._known[key] = value
        self._known.move_to_end(key)
        while len(self._known) > self._size:
            self._known.popitem(last=False)

    def drop(self, stale: Callable[[K], bool]) -> None:
        """Forget every key that is stale."""
        for key in [key for key in self._known if stale(key)]:
            del self._known[key]
        for key in [key for key in self._asked if stale(key)]:
            del self._asked[key]

    def clear(self) -> None:
        """Forget everything."""
        self._known.clear()
        self._asked.clear()

    async def _ask(self, key: K) -> V:
        return await self._fetch(key)

    def _arrived(self, key: K, task: asyncio.Task[V]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if self._asked.get(key) is not task:
            return
        if failed:
            del self._asked[key]
        else:
            self.put(key, task.result())
