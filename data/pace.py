"""How fast an account may speak, and when a broadcast will therefore have reached its last room.

Defaults follow what is known of WeChat's own limits (docs/pacing.md). `bot.pacing` keeps the pace, row by row.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from data.hours import QuietHours


@dataclass(frozen=True, slots=True)
class Speed:
    """Gaps in seconds (low, high), caps over all rooms, and batches. All zero: no pacing, as in the web chat."""

    reply_after: tuple[float, float] = (2.0, 6.0)
    same_room: float = 10.0
    other_room: tuple[float, float] = (20.0, 45.0)  # between notices or pushes to different rooms
    per_minute: int = 6
    per_hour: int = 60
    per_day: int = 300
    batch_rooms: int = 20  # after notices or pushes to so many rooms comes a pause; 0: none
    batch_pause: float = 600.0

    @classmethod
    def none(cls) -> "Speed":
        """As fast as the transport takes it."""
        return cls((0.0, 0.0), 0.0, (0.0, 0.0), 0, 0, 0, 0, 0.0)

    @property
    def caps(self) -> tuple[tuple[int, timedelta], ...]:
        """(messages, span) of each cap that there is."""
        spans = ((self.per_minute, timedelta(minutes=1)), (self.per_hour, timedelta(hours=1)))
        return tuple((cap, span) for cap, span in (*spans, (self.per_day, timedelta(days=1))) if cap)

    def finish(self, start: datetime, rooms: int, quiet: QuietHours | None = None) -> datetime:
        """When the last of so many rooms will have what begins to leave at ``start``: the slow end, not the hope.

        Nothing leaves in ``quiet`` (None for what is urgent). What else the account says meanwhile is not known here.
        """
        gap = timedelta(seconds=self.other_room[1])
        pause = max(gap, timedelta(seconds=self.batch_pause))
        times: list[datetime] = []
        for number in range(rooms):
            at = start
            if times:
                at = times[-1] + (pause if self.batch_rooms and number % self.batch_rooms == 0 else gap)
            for cap, span in self.caps:
                if len(times) >= cap:
                    at = max(at, times[-cap] + span)
            times.append(quiet.after(at) if quiet is not None else at)
        return times[-1] if times else start
