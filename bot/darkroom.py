"""Where posters become pictures: in a process of its own, for drawing a page lets no other thread in for 150 ms."""

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from bot.child import ChildFailed, call_module, run_module
from bot.worker import Worker
from data import pictures
from data.drawing.styles import WIDE

log = logging.getLogger("menlou.darkroom")

RENDER = "data.drawing.render"
PATIENCE = 30.0  # seconds; on a machine with little else to do it takes 0.3

KEPT = 8  # pictures


def draw(svg: str, *, width: int = WIDE) -> bytes:
    """A PNG ``width`` pixels wide, for a thread that may wait. Raises `ChildFailed`."""
    return call_module(RENDER, str(width), given=svg.encode(), patience=PATIENCE)


class Undrawn(Exception):
    """A picture could not be drawn."""


class Darkroom:
    """Draws one page at a time, each once, however many rooms wait for it."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker
        self._lately: dict[int, asyncio.Task[bytes]] = {}  # under way, or done for the rooms that come a moment later
        self._one = asyncio.Lock()

    async def develop(self, picture_id: int, svg: str) -> bytes:
        """The PNG of a picture, which is kept with it. Raises `Undrawn`."""
        task = self._lately.get(picture_id)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._lately[picture_id] = asyncio.create_task(self._draw(picture_id, svg))
            if len(self._lately) > KEPT:
                del self._lately[next(iter(self._lately))]
        return await asyncio.shield(task)

    async def _draw(self, picture_id: int, svg: str) -> bytes:
        async with self._one:
            try:
                async with asyncio.timeout(PATIENCE):
                    drawn = await run_module(RENDER, str(WIDE), given=svg.encode())
            except (ChildFailed, TimeoutError) as error:
                raise Undrawn(str(error) or "太久") from error
        try:
            await self._worker.run(lambda session: pictures.keep_drawn(session, picture_id, drawn))
        except SQLAlchemyError:
            log.exception("图 %d 没能存下，下次再画", picture_id)
        return drawn
