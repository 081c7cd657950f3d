"""Reads for the console: beside the writer, on connections that cannot write."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from sqlmodel import Session

from data.database import open_reader

Result = TypeVar("Result")
THREADS = 2  # more only wait for one another


class Reader:
    """Runs plain functions of a session that reads, each in a snapshot of its own."""

    def __init__(self, url: str) -> None:
        self._engine = open_reader(url)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="reader")
        self._heavy = ThreadPoolExecutor(1, thread_name_prefix="heavy")

    async def run(self, work: Callable[[Session], Result]) -> Result:
        """Run ``work`` beside the writer and return what it returned."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.run_now, work)

    def begin_heavy(self, work: Callable[[Session], Result]) -> Future[Result]:
        """The same, for what takes long: in turn on a thread of its own, so that it holds up no page."""
        return self._heavy.submit(self.run_now, work)

    def run_now(self, work: Callable[[Session], Result]) -> Result:
        """The same on the calling thread."""
        with Session(self._engine, autoflush=False) as session:
            return work(session)

    def close(self) -> None:
        """Give the connections back."""
        for threads in (self._heavy, self._threads):
            threads.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()
