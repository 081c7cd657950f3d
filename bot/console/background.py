"""Work that takes longer than a page may: it runs beside the bot on a thread of its own and reads only.

What is made is kept in memory for a while, for the one who asked and nobody else. One piece of work runs at a time, so
that two reports never fill the memory together.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count

from sqlmodel import Session

from data.database import open_reader
from data.errors import Declined, TownError

log = logging.getLogger("menlou.console")

KEPT = timedelta(hours=1)
EVERYBODY = 0  # whose work is shown to all who may see its page
MOST_OF_ONE = 3  # pieces of work of one user; the oldest that is done goes
MOST_BYTES = 64 * 2**20  # of all that is kept
PATIENCE = 10.0  # seconds that a step of work under way may take to see that the console stops


class Standing(StrEnum):
    """How a piece of work stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = (Standing.DONE, Standing.FAILED, Standing.CANCELLED)


class TooMany(Declined):
    """Somebody has as much under way as they may."""

    def __init__(self) -> None:
        super().__init__(f"您有{MOST_OF_ONE}份还在做，等一份做完再做，或先停掉一份。")


class Stopped(Exception):
    """Raised within the work where it was cancelled."""


@dataclass(frozen=True, slots=True)
class File:
    """Something that was made."""

    name: str
    content_type: str
    body: bytes = field(repr=False)


@dataclass(slots=True, eq=False)
class Job:
    """A piece of work: ``done`` goes from 0 to 1, ``doing`` says what is being done, ``fault`` why it failed.

    What is ``inner`` is for coordinators only, also an hour later, when its owner may be none any more.
    """

    number: int
    owner: int  # the user
    title: str
    begun: datetime
    inner: bool = False
    standing: Standing = Standing.WAITING
    done: float = 0.0
    doing: str = "排队"
    fault: str = ""
    files: Sequence[File] = ()
    stop: threading.Event = field(default_factory=threading.Event)

    def step(self, done: float, doing: str) -> None:
        """Say how far it is. Raises `Stopped`."""
        if self.stop.is_set():
            raise Stopped
        self.done, self.doing = done, doing

    @property
    def percent(self) -> int:
        return round(self.done * 100)

    @property
    def over(self) -> bool:
        return self.standing in OVER


Work = Callable[[Session, Job], Iterable[File]]


class Workshop:
    """All work of one console on its database, newest last."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._jobs: list[Job] = []
        self._threads: list[threading.Thread] = []
        self._numbers = count(1)
        self._lock, self._turn = threading.Lock(), threading.Lock()

    def begin(self, owner: int, title: str, work: Work, *, now: datetime, inner: bool = False) -> Job:
        """Start; the database is read on a connection of its own. Raises `TooMany`."""
        with self._lock:
            self._forget(now)
            mine = [each for each in self._jobs if each.owner == owner]
            if sum(not each.over for each in mine) >= MOST_OF_ONE:
                raise TooMany
            for each in [each for each in mine if each.over][: max(len(mine) - MOST_OF_ONE + 1, 0)]:
                self._jobs.remove(each)
            job = Job(next(self._numbers), owner, title, now, inner)
            self._jobs.append(job)
            self._threads = [each for each in self._threads if each.is_alive()]
            thread = threading.Thread(target=self._run, args=(job, work), name=f"report-{job.number}", daemon=True)
            self._threads.append(thread)
            thread.start()
        return job

    def close(self) -> None:
        """Stop all that is under way or waits, and see it end; what takes longer than `PATIENCE` ends with the bot."""
        with self._lock:
            for job in self._jobs:
                job.stop.set()
            threads = tuple(self._threads)
        until = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))

    def of(self, owner: int, *, now: datetime) -> list[Job]:
        """The work of somebody, newest first."""
        with self._lock:
            self._forget(now)
            return [each for each in reversed(self._jobs) if each.owner == owner]

    def find(self, owner: int, number: int, *, now: datetime) -> Job | None:
        """One piece of work, where it is this owner's."""
        return next((each for each in self.of(owner, now=now) if each.number == number), None)

    def _run(self, job: Job, work: Work) -> None:
        with self._turn:
            if job.stop.is_set():
                job.standing = Standing.CANCELLED
                return
            job.standing = Standing.RUNNING
            try:
                job.files = self._made(job, work)
                job.standing, job.done = Standing.DONE, 1.0
                self._make_room()
            except Stopped:
                job.standing = Standing.CANCELLED
            except TownError as error:
                job.standing = Standing.FAILED
                job.fault = error.at_desk if isinstance(error, Declined) else str(error)
            except BaseException:  # also an exit within it: whoever waits must see that it ended
                log.exception("没做成：%s", job.title)
                job.standing, job.fault = Standing.FAILED, "出错了，已经记下。请再试一次，还不行就告诉管理员。"

    def _made(self, job: Job, work: Work) -> tuple[File, ...]:
        """What came of it; the database is let go of, however it ended."""
        engine = open_reader(self._url)
        try:
            with Session(engine, autoflush=False) as session:
                return tuple(work(session, job))
        finally:
            engine.dispose()

    def _forget(self, now: datetime) -> None:
        """What is over and old."""
        self._jobs = [each for each in self._jobs if not each.over or now - each.begun < KEPT]

    def _make_room(self) -> None:
        """Let the oldest go while all together weigh too much."""
        with self._lock:
            done = [each for each in self._jobs if each.files]
            while len(done) > 1 and sum(len(file.body) for each in done for file in each.files) > MOST_BYTES:
                self._jobs.remove(done.pop(0))
