"""When the bot makes a backup by itself: each day at its time, in a process beside the turns.

Where the machine was off then, soon after the next start. What goes wrong is logged, and told to whoever is given.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta

from bot.backup.archive import BackupError
from bot.backup.child import Done, in_a_process
from bot.backup.make import Plan, made_at, made_backups

log = logging.getLogger("menlou.backup")

Told = Callable[[str], Awaitable[None]]
Work = Callable[[Plan, datetime], Awaitable[Done]]

AFTER_START = timedelta(minutes=5)  # a start has enough to do
AFTER_FAULT = timedelta(hours=1)
_LOOK = 60.0  # seconds between looks at the clock, which may jump or sleep


class BackupDesk:
    """Backs up while the bot runs. ``clock`` is in the town's zone; ``told`` gets a line when a backup went wrong.

    ``tidy`` sweeps, once after the start, what killed processes left.
    """

    def __init__(
        self,
        plan: Plan,
        at: time,
        clock: Callable[[], datetime],
        *,
        told: Told | None = None,
        work: Work = in_a_process,
        tidy: Callable[[], object] = lambda: None,
    ) -> None:
        self._plan, self._at, self._clock, self._told, self._work = plan, at, clock, told, work
        self._tidy = tidy
        self._task: asyncio.Task[None] | None = None
        self._not_before = clock() + AFTER_START

    def start(self) -> None:
        """Begin to look at the clock. Call from the loop."""
        self._task = asyncio.create_task(self._serve(), name="backup")

    async def stop(self) -> None:
        """End, and give up a backup that is being made; nothing half done stays."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def due(self) -> datetime:
        """When the next backup is to be made."""
        now = self._clock()
        if self._not_before > now + AFTER_FAULT:  # the clock went back
            self._not_before = now + AFTER_START
        made = made_backups(self._plan.folder) if self._plan.folder.is_dir() else []
        times = (made_at(path).replace(tzinfo=now.tzinfo) for path in made)
        last = next((each for each in times if each <= now), None)  # one by a clock that was ahead is no reason to wait
        if last is None:
            return self._not_before
        today = last.replace(hour=self._at.hour, minute=self._at.minute, second=0, microsecond=0)
        return max(today if today > last else today + timedelta(days=1), self._not_before)

    async def back_up_now(self) -> Done | None:
        """One backup. None where it went wrong, which is logged and told."""
        try:
            made = await self._work(self._plan, self._clock())
        except BackupError as error:
            await self._fault(f"自动备份没做成：{error}")
            return None
        log.info("备份好了：%s，%.1f MB", made.path, made.size / 2**20)
        if made.trouble:
            await self._fault(f"备份做好了，但{made.trouble}")
        return made

    async def _serve(self) -> None:
        try:
            await asyncio.to_thread(self._tidy)
        except Exception:  # nor must what others left
            log.exception("上次停在半路的没有清掉")
        while True:
            try:
                if self._clock() >= await asyncio.to_thread(self.due) and await self.back_up_now() is None:
                    self._not_before = self._clock() + AFTER_FAULT
            except Exception:  # a fault of its own must not end the backups for good
                log.exception("备份出错，过一小时再试")
                self._not_before = self._clock() + AFTER_FAULT
            await asyncio.sleep(_LOOK)

    async def _fault(self, line: str) -> None:
        log.error("%s", line)
        if self._told is not None:
            await self._told(line)
