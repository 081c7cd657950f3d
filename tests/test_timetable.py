"""The timetable fires: on the loop, as the process that runs for weeks needs it (not only what was missed at start)."""

import asyncio
from datetime import datetime

from scheduler.job import Job
from scheduler.timetable import Timetable
from tests.town import ZONE


def test_a_job_that_comes_due_is_fired_on_the_loop_with_its_occurrence() -> None:
    """It once was called on a thread, where no loop runs: every job failed but those that were missed at start."""
    job = Job("tick", "滴答", "loop.cron", lambda *_: 0)
    fired: list[tuple[Job, datetime]] = []

    async def story() -> None:
        come = asyncio.Event()

        def fire(which: Job, occurrence: datetime) -> None:
            asyncio.get_running_loop().call_soon(come.set)  # raises where no loop runs
            fired.append((which, occurrence))

        table = Timetable(((job, "* * * * *"),), ZONE)
        table.start(fire, lambda: datetime.now(ZONE))
        try:
            assert table._scheduler is not None
            for each in table._scheduler.get_jobs():
                each.modify(next_run_time=datetime.now(ZONE))  # its minute has come
            async with asyncio.timeout(60):
                await come.wait()
        finally:
            table.stop()

    asyncio.run(story())
    [(which, occurrence)] = fired
    assert which is job
    assert (occurrence.second, occurrence.microsecond) == (0, 0)
