"""When a message may leave, so that the account is not taken for a spammer: per room inside overall.

Defaults follow what is known of WeChat's own limits (docs/pacing.md). Pure: no clock, and its only state is what
was sent, which the sender reads back from the outbox at start.
"""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from data.mail import OutboxKind

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """Gaps in seconds (low, high), and caps over all rooms. All zero: no pacing at all, as in the web chat."""

    reply_after: tuple[float, float] = (2.0, 6.0)
    same_room: float = 10.0
    other_room: tuple[float, float] = (20.0, 45.0)  # between notices or pushes to different rooms
    per_minute: int = 6
    per_hour: int = 60
    per_day: int = 300

    @classmethod
    def none(cls) -> "Pace":
        return cls((0.0, 0.0), 0.0, (0.0, 0.0), 0, 0, 0)


@dataclass(slots=True)
class Pacer:
    """Says when the next message of a kind may leave to a room. A cap of 0 is no cap."""

    pace: Pace
    dice: random.Random = field(default_factory=random.Random)
    _sent: deque[datetime] = field(default_factory=deque)
    _room: dict[int, datetime] = field(default_factory=dict)
    _gap: float = 0.0

    @property
    def _capped(self) -> bool:
        return bool(self.pace.per_minute or self.pace.per_hour or self.pace.per_day)

    def copy(self) -> "Pacer":
        """A pacer to try things on."""
        return replace(self, _sent=self._sent.copy(), _room=self._room.copy())

    def recall(self, sends: Iterable[tuple[int, datetime]]) -> None:
        """Take up what was sent before a restart, oldest first."""
        for room_id, at in sends:
            self.sent(room_id, at)

    def sent(self, room_id: int, at: datetime) -> None:
        """Note that something left."""
        if not self._capped:
            self._sent.clear()  # only the last matters
        self._sent.append(at)
        self._room[room_id] = at
        self._gap = self.dice.uniform(*self.pace.other_room)
        while self._sent and self._sent[0] <= at - _DAY:
            self._sent.popleft()

    def not_before(self, row_id: int, room_id: int, kind: OutboxKind, queued_at: datetime) -> datetime:
        """The earliest moment at which this row may leave."""
        earliest = queued_at
        if kind is OutboxKind.REPLY:
            spread = random.Random(row_id).uniform(*self.pace.reply_after)  # steady for one row, so it comes due
            earliest += timedelta(seconds=spread)
        elif self._sent:
            earliest = max(earliest, self._sent[-1] + timedelta(seconds=self._gap))
        last_here = self._room.get(room_id)
        if last_here is not None:
            earliest = max(earliest, last_here + timedelta(seconds=self.pace.same_room))
        for cap, span in (
            (self.pace.per_minute, timedelta(minutes=1)),
            (self.pace.per_hour, _HOUR),
            (self.pace.per_day, _DAY),
        ):
            if cap and len(self._sent) >= cap:
                earliest = max(earliest, self._sent[-cap] + span)
        return earliest
