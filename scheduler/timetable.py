"""The timetable: the only place that knows APScheduler.

An occurrence is the time that the cron line names, never the moment at which a busy machine got round to it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger

from scheduler.job import Job

Fire = Callable[[Job, datetime], None]  # the job and its occurrence

_LOOK_BACK = timedelta(days=8)  # longer than any gap in a weekly timetable


class BadCron(ValueError):
    """A cron line that cannot be read; the text says why."""


def read_cron(line: str, zone: ZoneInfo) -> CronTrigger:
    """A trigger for five fields (minute hour day month weekday), where weekdays are 0 = Sunday as cron counts them."""
    fields = line.split()
    if len(fields) != 5:
        raise BadCron(f"要五段（分 时 日 月 周），这里有{len(fields)}段")
    minute, hour, day, month, weekday = fields
    try:
        return CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=_weekdays(weekday), timezone=zone
        )
    except ValueError as error:
        raise BadCron(str(error)) from error


def _weekdays(field: str) -> str:
    """Cron counts Sunday as 0 or 7, APScheduler Monday as 0: names mean the same to both."""
    names = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
    if "/" in field:
        return field
    parts = []
    for part in field.split(","):
        ends = part.split("-")
        if all(end.isdigit() for end in ends):
            if any(int(end) > 7 for end in ends):
                raise ValueError(f"周只能写 0-7，这里是 {part}")
            parts.append("-".join(names[int(end)] for end in ends))
        else:
            parts.append(part)
    return ",".join(parts)


def next_fires(trigger: CronTrigger, *, now: datetime, count: int = 1) -> list[datetime]:
    """The next ``count`` times at which a trigger fires, after ``now``."""
    times: list[datetime] = []
    moment = now
    while len(times) < count:
        following = trigger.get_next_fire_time(times[-1] if times else None, moment)
        if following is None:
            break
        times.append(following)
        moment = following + timedelta(microseconds=1)
    return times


def latest_fire(trigger: CronTrigger, *, now: datetime, within: timedelta = _LOOK_BACK) -> datetime | None:
    """The last time at or before ``now`` at which a trigger fired, no longer ago than ``within``."""
    window = timedelta(
        minutes=2
    )  # widened until it holds a fire, so that a busy timetable costs no more than a rare one
    while True:
        window = min(window, within)
        latest = None
        moment = trigger.get_next_fire_time(None, now - window)
        while moment is not None and moment <= now:
            latest = moment
            moment = trigger.get_next_fire_time(moment, moment + timedelta(microseconds=1))
        if latest is not None or window == within:
            return latest
        window *= 4


def occurrences(lines: tuple[str, ...], zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """All times after ``start``, up to ``end``, at which any of these lines fires, in order."""
    found: set[datetime] = set()
    for line in lines:
        trigger = read_cron(line, zone)
        moment = start + timedelta(microseconds=1)
        following = trigger.get_next_fire_time(None, moment)
        while following is not None and following <= end:
            found.add(following)
            following = trigger.get_next_fire_time(following, following + timedelta(microseconds=1))
    return sorted(found)


class Timetable:
    """Jobs by their cron lines. `start` needs a running event loop; ``fire`` is called on it and must not block."""

    def __init__(self, jobs: tuple[tuple[Job, str], ...], zone: ZoneInfo) -> None:
        self._entries = tuple((job, read_cron(line, zone)) for job, line in jobs)
        self._zone = zone
        self._scheduler: AsyncIOScheduler | None = None

    def upcoming(self, *, now: datetime) -> list[tuple[Job, datetime]]:
        """Each job with its next fire."""
        return [(job, fire) for job, trigger in self._entries for fire in next_fires(trigger, now=now)]

    def missed(self, *, now: datetime, within: timedelta) -> list[tuple[Job, datetime]]:
        """Each job with its latest occurrence, where that was within ``within``: fired again at start, harmlessly."""
        latest = ((job, latest_fire(trigger, now=now, within=within)) for job, trigger in self._entries)
        return [(job, occurrence) for job, occurrence in latest if occurrence is not None]

    def start(self, fire: Fire, clock: Callable[[], datetime]) -> None:
        """Fire each job on time until `stop`."""
        # The usual executor of this scheduler would call a plain function on a thread, where no loop runs.
        scheduler = AsyncIOScheduler(timezone=self._zone, executors={"default": DebugExecutor()})
        for job, trigger in self._entries:
            scheduler.add_job(
                self._fire,
                trigger,
                args=(job, trigger, fire, clock),
                coalesce=True,
                misfire_grace_time=None,
            )
        scheduler.start()
        self._scheduler = scheduler

    def stop(self) -> None:
        """Stop firing."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)
            self._scheduler = None

    @staticmethod
    def _fire(job: Job, trigger: CronTrigger, fire: Fire, clock: Callable[[], datetime]) -> None:
        occurrence = latest_fire(trigger, now=clock(), within=_LOOK_BACK)
        if occurrence is not None:
            fire(job, occurrence)
