"""What somebody sent in one step of a form and needs in the next, kept in memory for a while.

It is found by a token that nobody can guess, and only by who sent it. What is too old, or too much, is let go of.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Generic, TypeVar

from data.desk_errors import NotThere

Item = TypeVar("Item")
MOST = 20  # things
HEAVIEST = 64 * 2**20  # bytes of all
KEPT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Item]):
    user_id: int
    item: Item
    weight: int
    at: datetime


class Store(Generic[Item]):
    """Things by their tokens; any thread may ask. ``weigh`` says how many bytes one has."""

    def __init__(self, what: str, weigh: Callable[[Item], int]) -> None:
        self._what, self._weigh = what, weigh
        self._kept: dict[str, _Kept[Item]] = {}  # the oldest first
        self._lock = Lock()

    def put(self, item: Item, *, user_id: int, now: datetime) -> str:
        """Keep it, in the place of the oldest where there is no room; returns its token."""
        token = secrets.token_urlsafe(18)
        with self._lock:
            self._sweep(now)
            self._kept[token] = _Kept(user_id, item, self._weigh(item), now)
            while len(self._kept) > MOST or sum(each.weight for each in self._kept.values()) > HEAVIEST:
                del self._kept[next(iter(self._kept))]
        return token

    def get(self, token: str, *, user_id: int, now: datetime) -> Item:
        """What this user keeps there. Raises `NotThere`."""
        with self._lock:
            self._sweep(now)
            found = self._kept.get(token)
        if found is None or found.user_id != user_id:
            raise NotThere(self._what)
        return found.item

    def change(self, token: str, item: Item, *, user_id: int, now: datetime) -> None:
        """Put something else under a token, whose time goes on. Raises `NotThere`."""
        self.get(token, user_id=user_id, now=now)
        with self._lock:
            if (found := self._kept.get(token)) is not None:
                self._kept[token] = _Kept(user_id, item, self._weigh(item), found.at)

    def drop(self, token: str, *, user_id: int) -> None:
        """Let go of it, where it is this user's."""
        with self._lock:
            if (found := self._kept.get(token)) is not None and found.user_id == user_id:
                del self._kept[token]

    def _sweep(self, now: datetime) -> None:
        for token in [token for token, each in self._kept.items() if now - each.at > KEPT]:
            del self._kept[token]
