"""One thread owns the write session; each turn is one transaction, committed once, here."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Engine
from sqlmodel import Session

Result = TypeVar("Result")


class Worker:
    """Runs plain functions of a session, one after another, each in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker")

    async def run(self, work: Callable[[Session], Result]) -> Result:
        """Run ``work`` in its turn and return what it returned, after the commit; rolled back where it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.run_now, work)

    def run_now(self, work: Callable[[Session], Result]) -> Result:
        """The transaction itself, on the calling thread: for the worker's own, and before the loop runs."""
        with Session(self._engine, expire_on_commit=False, autoflush=True) as session, session.begin():
            return work(session)

    def close(self) -> None:
        """Finish what is queued, then give the connections back."""
        self._thread.shutdown(wait=True)
        self._engine.dispose()
