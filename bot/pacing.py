"""When a message may leave, so that the account is not taken for a spammer: per room inside overall.

Pure: no clock, and its only state is what was sent, which the sender reads back from the outbox at start.
"""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from data.mail import OutboxKind
from data.pace import Speed

_DAY = timedelta(days=1)


@dataclass(slots=True)
class Pacer:
    """Says when the next message of a kind may leave to a room. A cap of 0 is no cap."""

    pace: Speed
    dice: random.Random = field(default_factory=random.Random)
    _sent: deque[datetime] = field(default_factory=deque)
    _room: dict[int, datetime] = field(default_factory=dict)
    _gap: float = 0.0
    _batch: set[int] = field(default_factory=set)  # rooms that had what nobody asked for since the last pause
    _batch_at: datetime | None = None  # when the last of it left

    def copy(self) -> "Pacer":
        """A pacer to try things on."""
        return replace(self, _sent=self._sent.copy(), _room=self._room.copy(), _batch=self._batch.copy())

    def recall(self, sends: Iterable[tuple[int, OutboxKind, datetime]]) -> None:
        """Take up what was sent before a restart, oldest first."""
        for room_id, kind, at in sends:
            self.sent(room_id, kind, at)

    def sent(self, room_id: int, kind: OutboxKind, at: datetime) -> None:
        """Note that something left."""
        if not self.pace.caps:
            self._sent.clear()  # only the last matters
        self._sent.append(at)
        self._room[room_id] = at
        self._gap = self.dice.uniform(*self.pace.other_room)
        while self._sent[0] <= at - _DAY:
            self._sent.popleft()
        if kind is not OutboxKind.REPLY and self.pace.batch_rooms:
            if self._batch_at is None or at - self._batch_at >= self._pause:
                self._batch.clear()
            self._batch.add(room_id)
            self._batch_at = at

    def clock_says(self, now: datetime) -> None:
        """Where the clock was set back, what seems to have left in time to come has just left: nobody waits for it."""
        if not self._sent or self._sent[-1] <= now:
            return
        self._sent = deque(min(at, now) for at in self._sent)
        self._room = {room_id: min(at, now) for room_id, at in self._room.items()}
        self._batch_at = min(self._batch_at, now) if self._batch_at else None

    def not_before(self, row_id: int, room_id: int, kind: OutboxKind, queued_at: datetime) -> datetime:
        """The earliest moment at which this row may leave."""
        earliest = queued_at
        if kind is OutboxKind.REPLY:
            spread = random.Random(row_id).uniform(*self.pace.reply_after)  # steady for one row, so it comes due
            earliest += timedelta(seconds=spread)
        else:
            if self._sent:
                earliest = max(earliest, self._sent[-1] + timedelta(seconds=self._gap))
            if self._batch_at is not None and len(self._batch) >= self.pace.batch_rooms:
                earliest = max(earliest, self._batch_at + self._pause)
        last_here = self._room.get(room_id)
        if last_here is not None:
            earliest = max(earliest, last_here + timedelta(seconds=self.pace.same_room))
        for cap, span in self.pace.caps:
            if len(self._sent) >= cap:
                earliest = max(earliest, self._sent[-cap] + span)
        return earliest

    @property
    def _pause(self) -> timedelta:
        return timedelta(seconds=self.pace.batch_pause)
