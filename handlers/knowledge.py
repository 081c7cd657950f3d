"""What a handler may know beside the database: the town as it was loaded at start. Frozen, shared, never written to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from data.hours import QuietHours
from data.pace import Speed
from data.rules import Rules
from handlers.understand import Lexicon
from handlers.understand.answers import AnswerIndex
from handlers.understand.values import Listen


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one person may ask of the bot, and when it takes them for another bot."""

    per_minute: int = 10
    loop_turns: int = 5
    loop_window: timedelta = timedelta(seconds=60)
    answer_within: timedelta = timedelta(minutes=10)  # how long a question of ours waits


def _never(_start: datetime, _end: datetime) -> list[datetime]:
    return []


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The town, its words and its rules. ``listen_in`` maps a group's name or id to its mode."""

    town: str
    zone: ZoneInfo
    quiet: QuietHours
    lexicon: Lexicon
    topic_ids: Mapping[str, int]
    lecturer_ids: Mapping[str, int]
    answers: AnswerIndex
    rules: Rules
    speed: Speed  # of the account behind the groups
    photos: Path  # the folder of the photos of lectures
    push_times: Callable[[datetime, datetime], list[datetime]] = _never  # the occurrences of pushes within
    limits: Limits = field(default_factory=Limits)
    listen: Listen = "natural"
    listen_in: Mapping[str, Listen] = field(default_factory=dict)

    def listen_mode(self, room_name: str, room_id: str) -> Listen:
        """How the bot listens in a group."""
        return self.listen_in.get(room_id) or self.listen_in.get(room_name) or self.listen
