"""A brake on heavy downloads: one at a time for each user, one in work for all, and the pages of others stay quick.

They are made on a thread of their own, never on those that read pages. Whoever asks for the same again meanwhile (a
second tap) is given what is being made already, not a second one.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from sqlmodel import Session

from bot.console.reader import Reader
from data.errors import Declined

Result = TypeVar("Result")
MOST = 8  # of all users: the one in work and those that wait
AGAIN = 30  # seconds after which a browser or a script may ask again


class TooHeavy(Declined):
    """Not now: other heavy downloads are in work."""


class OneAtATime(TooHeavy):
    """This user's last one is still in work."""

    def __init__(self) -> None:
        super().__init__("您点的上一份还在做。请等它下载好，再点这一份。")


class Crowded(TooHeavy):
    """Too many others wait."""

    def __init__(self) -> None:
        super().__init__("现在要下载的人多，要排队。请过一分钟再点一次。")


class Brake(Generic[Result]):
    """What is heavy, in turn. A place is taken until the work itself has ended, even where nobody waits any more."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._under_way: dict[int, tuple[str, Future[Result]]] = {}  # by user
        self._lock = threading.RLock()  # what is over already tells so within `run`

    async def run(self, user_id: int, what: str, work: Callable[[Session], Result]) -> Result:
        """Do it in its turn; ``what`` tells one download from another. Raises `TooHeavy`."""
        with self._lock:
            what_now, future = self._under_way.get(user_id, ("", None))
            if future is not None and what_now != what:
                raise OneAtATime
            if future is None:
                if len(self._under_way) >= MOST:
                    raise Crowded
                future = self._reader.begin_heavy(work)
                self._under_way[user_id] = (what, future)
                future.add_done_callback(lambda _: self._over(user_id))
        return await asyncio.shield(asyncio.wrap_future(future))

    def _over(self, user_id: int) -> None:
        with self._lock:
            del self._under_way[user_id]
