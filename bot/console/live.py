"""Live numbers by server-sent events: what a page shows changes by itself while it is open."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot.console.background import EVERYBODY
from bot.console.gate import HEADERS, Gate
from bot.console.reader import Reader
from bot.console.values import House
from data.desk_numbers import numbers
from data.names import row_id
from data.rules import Rules

log = logging.getLogger("menlou.console")

EVERY = 2.0  # seconds between looks, while somebody watches
BREATH = 20.0  # seconds after which an empty word keeps a proxy from closing the line
MOST = 100  # pages that watch at a time
MOST_OF_ONE = 12  # … of one user
Key = tuple[int | None, int | None]  # the village that a user sees, the broadcast that a page shows


@dataclass(slots=True, eq=False)
class Watcher:
    """An open page: what it watches, and what it was last told. ``work``: how far what is made is too."""

    key: Key
    user_id: int
    work: bool
    request: web.Request
    news: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(4))
    last: str = ""

    @property
    def gone(self) -> bool:
        """Whether the browser went on to another page: its stream here ends only when it is next written to."""
        return self.request.transport is None or self.request.transport.is_closing()


class Streams:
    """All pages that watch. One task looks, once for all who see the same."""

    def __init__(
        self, reader: Reader, gate: Gate, clock: Callable[[], datetime], rules: Callable[[], Rules], house: House
    ) -> None:
        self._reader, self._gate, self._clock, self._rules, self._house = reader, gate, clock, rules, house
        self._watchers: set[Watcher] = set()
        self._looking: asyncio.Task[None] | None = None

    def attach(self, application: web.Application) -> None:
        application.router.add_get("/live", self._stream)
        application.on_shutdown.append(self._close)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        visitor = await self._gate.visitor(request, used=False)
        if visitor is None:
            return web.Response(status=204)  # which tells a browser not to come again
        there = [each for each in self._watchers if not each.gone]
        if len(there) >= MOST or sum(each.user_id == visitor.user_id for each in there) >= MOST_OF_ONE:
            return web.Response(status=503, headers=HEADERS)
        broadcast = row_id(request.query.get("b", ""))
        key = (visitor.scope, None if visitor.scope is not None else broadcast)
        watcher = Watcher(key, visitor.user_id, "work" in request.query, request)
        response = web.StreamResponse(headers={**HEADERS, "Content-Type": "text/event-stream"})
        await response.prepare(request)
        self._watchers.add(watcher)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            with suppress(ConnectionResetError):
                while await self._gate.visitor(request, used=False) is not None:  # a log-in that was ended sees no more
                    try:
                        async with asyncio.timeout(BREATH):
                            news = f"data: {await watcher.news.get()}\n\n"
                    except TimeoutError:
                        news = ": .\n\n"
                    await response.write(news.encode())
        finally:
            self._watchers.discard(watcher)
        return response

    async def _look(self) -> None:
        while self._watchers:
            for key in {watcher.key for watcher in self._watchers}:
                try:
                    found = await self._reader.run(lambda session, key=key: numbers(  # type: ignore[misc]
                        session, village_id=key[0], broadcast_id=key[1], rules=self._rules(), now=self._clock()
                    ))  # fmt: skip
                except SQLAlchemyError:
                    log.exception("查不了实时的数")
                    continue
                for watcher in tuple(self._watchers):
                    if watcher.key == key:
                        self._tell(watcher, {**found, **self._progress(watcher)})
            await asyncio.sleep(EVERY)

    def _tell(self, watcher: Watcher, found: Mapping[str, object]) -> None:
        """Tell a page, where anything is new."""
        told = json.dumps(found, ensure_ascii=False)
        if watcher.last != told and not watcher.news.full():
            watcher.last = told
            watcher.news.put_nowait(told)

    def _progress(self, watcher: Watcher) -> dict[str, object]:
        """How far each report of the user is that is under way: "w.3" in per cent, "w.3.doing" in words.

        So is the upkeep that is, as "w.u3".
        """
        if not watcher.work:
            return {}
        now = self._clock()
        under_way = {f"w.{job.number}": job for job in self._house.reports.of(watcher.user_id, now=now)}
        under_way |= {f"w.u{job.number}": job for job in self._house.upkeep.of(EVERYBODY, now=now)}
        found: dict[str, object] = {"work": sum(not job.over for job in under_way.values())}
        for key, job in under_way.items():
            if not job.over:
                found |= {key: job.percent, f"{key}.doing": f"{job.percent}% {job.doing}"}
        return found

    async def _close(self, _application: web.Application) -> None:
        if self._looking is not None:
            self._looking.cancel()
