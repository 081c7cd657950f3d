"""What a job is, and what it is handed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session

from data.hours import QuietHours
from data.rules import Rules


@dataclass(frozen=True, slots=True)
class JobContext:
    """What a job may know beside the database."""

    zone: ZoneInfo
    quiet: QuietHours
    grace: timedelta  # how late an occurrence may still be served
    rules: Rules
    keeps: Mapping[str, int] = field(default_factory=dict)  # days of each kind of `data.retention.RETENTION`
    homes: tuple[Path, ...] = ()  # where the folders are of files about people that have an end


@dataclass(frozen=True, slots=True)
class Job:
    """Something done by the clock: ``setting`` is the config key of its cron line; ``run`` returns what it queued."""

    name: str
    help: str
    setting: str
    run: Callable[[Session, JobContext, datetime, datetime], int]  # session, context, occurrence, now
