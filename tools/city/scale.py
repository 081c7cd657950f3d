"""How large the city is, and what its tables share while they are made."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select
from sqlmodel import SQLModel

from data.loop import OrderState
from data.statements import table_of

TOWN = 16  # villages
COUNTY = 10  # towns


@dataclass(frozen=True)
class Scale:
    """How many there are of each; the defaults are the city's."""

    lectures: int = 27_800
    attendances: int = 4_420_000
    lecturers: int = 6_000
    villages: int = 1_600
    rooms: int = 4_000
    people: int = 30_000  # residents who ever asked for something
    announced: int = 600  # lectures to come
    uncounted: int = 60  # lectures that were held and nobody has typed a number for yet
    orders: int = 60_000
    merged: int = 9_000
    declined: int = 3_500
    withdrawn: int = 2_000
    received: int = 180
    reviewed: int = 140
    dispatched: int = 170
    accepted: int = 10
    ratings: int = 40_000
    opinions: int = 26_100
    unanswered: int = 300  # opinions
    cancelled: int = 400  # lectures, beside those above
    pushes: int = 200_000  # texts, each to one group
    notices: int = 120  # each to forty groups
    heard: int = 60_000  # messages to the bot
    media: int = 400  # reports

    @property
    def ended(self) -> dict[OrderState, int]:
        """Orders that no lecture came of."""
        return {
            OrderState.MERGED: self.merged,
            OrderState.DECLINED: self.declined,
            OrderState.WITHDRAWN: self.withdrawn,
        }

    @property
    def open(self) -> dict[OrderState, int]:
        """Orders that wait for somebody."""
        return {
            OrderState.RECEIVED: self.received,
            OrderState.REVIEWED: self.reviewed,
            OrderState.DISPATCHED: self.dispatched,
            OrderState.ACCEPTED: self.accepted,
        }


CITY = Scale()
# One town in one month, where each list of 待办 is as long on the screen as in the city.
SMALL = Scale(
    lectures=40,
    attendances=6_400,
    lecturers=20,
    villages=16,
    rooms=40,
    people=60,
    announced=6,
    uncounted=6,
    orders=100,
    merged=10,
    declined=4,
    withdrawn=2,
    received=8,
    reviewed=8,
    dispatched=8,
    accepted=8,
    ratings=40,
    opinions=20,
    unanswered=6,
    cancelled=2,
    pushes=160,
    notices=2,
    heard=60,
    media=8,
)
YEAR_ZONE = ZoneInfo("Asia/Shanghai")
YEAR_END = datetime(2026, 11, 20, 15, 0, tzinfo=YEAR_ZONE)
TRANSPORT = "city"
CHUNK = 10_000
DIALECTS = ("白话", "客家话", "普通话", "四会话", "湘语")
_HOURS = ((19, 30), (19, 30), (12, 30), (15, 0), (9, 30))  # after supper most of all


@dataclass
class City:
    """What the tables share while they are made; ids go on from what the database holds already."""

    connection: Connection
    scale: Scale
    dice: random.Random
    now: datetime
    transport: str
    topics: list[int] = field(default_factory=list)
    villages: list[int] = field(default_factory=list)
    village_rooms: dict[int, list[int]] = field(default_factory=dict)
    lecturers: list[int] = field(default_factory=list)
    people: list[int] = field(default_factory=list)
    homes: list[int] = field(default_factory=list)  # of people: the village
    clerks: list[int] = field(default_factory=list)  # coordinators, one a town
    lectures: list[dict[str, Any]] = field(default_factory=list)

    def load(self, table: type[SQLModel], rows: Iterable[dict[str, Any]]) -> None:
        """Insert rows, a chunk at a time."""
        statement = insert(table_of(table))
        left = iter(rows)
        while chunk := list(islice(left, CHUNK)):
            self.connection.execute(statement, chunk)

    def ids(self, table: type[SQLModel], count: int) -> range:
        """The next ``count`` free ids of a table."""
        last = self.connection.execute(select(func.max(table_of(table).c.id))).scalar() or 0
        return range(last + 1, last + 1 + count)

    def past(self) -> datetime:
        """A moment of the year that is over, at least a fortnight ago, at an hour at which lectures begin."""
        return self.evening(-self.dice.randint(14, 364))

    def evening(self, days: int) -> datetime:
        hour, minute = self.dice.choice(_HOURS)
        return (self.now + timedelta(days=days)).replace(hour=hour, minute=minute, second=0, microsecond=0)
