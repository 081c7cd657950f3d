"""Which messages still wait for their answer, so that it can be said as one."""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

_KEPT = 500


@dataclass(frozen=True, slots=True)
class _Question:
    room: str
    req_id: str
    person: str
    at: datetime


class Asked:
    """A message is answered once, within the window. In a group where several wait, only who is named is answered:
    better said to all than under a stranger's words."""

    def __init__(self, window: float, clock: Callable[[], datetime]) -> None:
        self._window = timedelta(seconds=window)
        self._clock = clock
        self._open: OrderedDict[str, _Question] = OrderedDict()  # by the message's id

    def note(self, room: str, message_id: str, req_id: str, person: str) -> None:
        self._open[message_id] = _Question(room, req_id, person, self._clock())
        while len(self._open) > _KEPT:
            self._open.popitem(last=False)

    def take(self, room: str, named: Collection[str]) -> str:
        """The req_id that an answer to this room goes under; "" where there is none."""
        since = self._clock() - self._window
        self._open = OrderedDict((key, each) for key, each in self._open.items() if each.at >= since)
        here = [(key, each) for key, each in self._open.items() if each.room == room]
        if named:
            here = [(key, each) for key, each in here if each.person in named]
        elif len({each.person for _, each in here}) > 1:
            return ""
        if not here:
            return ""
        key, question = here[0]
        del self._open[key]
        return question.req_id

    def forget(self) -> None:
        """Another connection knows nothing of them."""
        self._open.clear()
