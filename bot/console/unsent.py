"""Forms that came in when their log-in was over, held for the same person till they have logged in again.

In memory only, a few, for a while, and without files.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.console.values import Form

WITHIN = timedelta(hours=1)
MOST = 50  # persons
AGAIN = "刚才登录过期了，没有交上去。写的都还在，看一遍再交一次（选过的文件要重新选）。"


@dataclass(frozen=True, slots=True)
class _Held:
    path: str  # of the page with the form
    form: Form
    at: datetime


class Unsent:
    """The last such form of each person."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._by_user: dict[int, _Held] = {}

    def hold(self, user_id: int, path: str, form: Form) -> None:
        """Hold a form for whoever wrote it; where there are too many, the oldest goes."""
        self._by_user.pop(user_id, None)
        self._by_user[user_id] = _Held(path, Form(form.fields), self._clock())
        if len(self._by_user) > MOST:
            del self._by_user[next(iter(self._by_user))]

    def take(self, user_id: int, path: str) -> Form | None:
        """What this person wrote on this page; given once."""
        held = self._by_user.get(user_id)
        if held is None or held.path != path:
            return None
        del self._by_user[user_id]
        return held.form if held.at > self._clock() - WITHIN else None
