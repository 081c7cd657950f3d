"""One thread owns the write session; each turn is one transaction, committed once, here."""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot import faults
from data.database import is_busy, is_to_be_wiped, wipe

log = logging.getLogger("menlou.worker")

Result = TypeVar("Result")
Work = Callable[[Session], Any]
_Task = tuple[Work, "asyncio.Future[Any]"]
_Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]

_BUSY_PAUSE = 0.05  # seconds, beside those that SQLite itself waits
TOGETHER = 64  # turns that may share a commit
PATIENCE = 60.0  # seconds that a turn waits while somebody else has the database locked (a backup, another program)


class Worker:
    """Runs plain functions of a session, one after another, each in a transaction of its own.

    Under load, turns that wait together share one commit: a result is given back only after it, and a turn that
    fails takes nothing with it, for then each of them is run again in a transaction of its own. So a turn must do
    nothing that a rollback does not undo.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._done: deque[_Outcome] = deque()
        self._waking = False  # the loop was asked to fetch results and has not begun to
        self._thread: threading.Thread | None = None
        self._to_be_wiped = True  # by now: what a former life of the bot removed may be in the log

    async def run(self, work: Callable[[Session], Result]) -> Result:
        """Run ``work`` in its turn and return what it returned, after the commit; rolled back where it raises.

        Once taken up, a turn is finished even when the caller is cancelled.
        """
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="worker", daemon=True)
            self._thread.start()
        future: asyncio.Future[Result] = loop.create_future()
        self._tasks.put((work, future))
        return await future

    def run_now(self, work: Callable[[Session], Result]) -> Result:
        """The transaction itself, on the calling thread: for the worker's own, and before the loop runs."""
        result: Result = self._transaction([work])[0]
        return result

    def close(self) -> None:
        """Finish what is queued, then give the connections back."""
        if self._thread is not None:
            self._tasks.put(None)
            self._thread.join()
            self._thread = None
        self._engine.dispose()

    def _serve(self) -> None:
        while tasks := self._next():
            self._done.extend(self._together(tasks))
            if not self._waking:
                self._waking = True
                try:
                    tasks[0][1].get_loop().call_soon_threadsafe(self._deliver)
                except RuntimeError:  # that loop is closed: nobody waits for this any more
                    self._waking = False
                    self._done.clear()

    def _next(self) -> list[_Task]:
        """The next turn, and those that wait behind it by now; none when it is time to stop."""
        tasks = [] if (first := self._tasks.get()) is None else [first]
        while tasks and len(tasks) < TOGETHER:
            try:
                task = self._tasks.get_nowait()
            except Empty:
                break
            if task is None:
                self._tasks.put(None)  # after these
                break
            tasks.append(task)
        return tasks

    def _together(self, tasks: list[_Task]) -> list[_Outcome]:
        """Turns that waited together share one commit. If one of them fails, each is done again by itself."""
        if len(tasks) == 1:
            return [self._alone(*tasks[0])]
        try:
            results = self._transaction([work for work, _ in tasks])
        except Exception:  # whose it was shows when each runs alone
            return [self._alone(*task) for task in tasks]
        return [(future, result, None) for (_, future), result in zip(tasks, results, strict=True)]

    def _transaction(self, works: list[Work]) -> list[Any]:
        """One commit. Begun again while the database is locked by another program: a rollback undoes all of a turn."""
        give_up = time.monotonic() + PATIENCE
        while True:
            try:
                with Session(self._engine, expire_on_commit=False) as session, session.begin():
                    faults.point("turn_begun")
                    results = [work(session) for work in works]
                    session.flush()
                    faults.point("before_commit")
                faults.point("after_commit")
            except OperationalError as error:
                if not is_busy(error) or time.monotonic() >= give_up:
                    raise
                log.warning("数据库被别的程序占着，等它放开")
                time.sleep(_BUSY_PAUSE)  # this thread has nothing else to do
            else:
                self._wipe(asked=is_to_be_wiped(session))
                return results

    def _wipe(self, *, asked: bool) -> None:
        """Behind a turn that removed something, or behind the next ones while somebody reads.

        The turn stands by now: whatever goes wrong here must not have it done again.
        """
        self._to_be_wiped |= asked
        try:
            self._to_be_wiped = self._to_be_wiped and not wipe(self._engine)
        except Exception:
            log.exception("数据库的日志没清成，下次再清")

    def _alone(self, work: Work, future: "asyncio.Future[Any]") -> _Outcome:
        try:
            return future, self.run_now(work), None
        except BaseException as error:  # it is the caller's to judge
            return future, None, error

    def _deliver(self) -> None:
        self._waking = False
        while self._done:
            future, result, error = self._done.popleft()
            if future.done():  # its caller was cancelled
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
