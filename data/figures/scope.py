"""What a figure is counted for: a period, a place, and what was written down when the period's books were closed."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, select

from data.errors import Declined
from data.figures.areas import Place
from data.figures.periods import GRACE_DAYS, Period
from data.statements import table_of
from data.tables import Village

_VILLAGE = table_of(Village).alias("within")  # a name of its own: the village itself may be asked for beside it


class NotBegun(Declined):
    """A period of which nothing can be known yet."""

    def __init__(self, period: Period) -> None:
        first = f"{period.first.year}年{period.first.month}月{period.first.day}日"
        super().__init__(f"{period.label}还没有开始，没有数可看。到{first}以后再来，或者换一个已经开始的时段。")


@dataclass(frozen=True, slots=True)
class Scope:
    """``now`` matters only while the books are open: afterwards the same period gives the same numbers for ever.

    ``town`` is the town's own name, as its file has it. ``firsts`` keeps for `data.figures.records` what it has read:
    a scope is made for one page or report, and the periods beside it share them.
    """

    period: Period
    place: Place
    zone: ZoneInfo
    now: datetime
    grace_days: int = GRACE_DAYS
    town: str = ""
    firsts: dict[ColumnElement[Any], datetime | None] = field(default_factory=dict, compare=False, repr=False)

    @property
    def start(self) -> datetime:
        return self.period.start(self.zone)

    @property
    def end(self) -> datetime:
        return self.period.end(self.zone)

    @property
    def closes(self) -> datetime:
        return self.period.closes_at(self.zone, grace_days=self.grace_days)

    @property
    def as_of(self) -> datetime:
        """The moment as of which it is counted."""
        return min(self.now, self.closes)

    @property
    def closed(self) -> bool:
        """Whether its numbers will stay as they are."""
        return self.now > self.closes

    def must_have_begun(self) -> None:
        """Raises `NotBegun`."""
        if self.now < self.start:
            raise NotBegun(self.period)

    def inside(self, moment: Any) -> ColumnElement[bool]:
        """That a moment lies in the period."""
        return and_(moment >= self.start, moment < self.end)

    def known(self, moment: ColumnElement[Any]) -> ColumnElement[bool]:
        """That something was written down in time."""
        return moment <= self.closes

    def here(self, village: Any, hamlet: Any = None) -> list[ColumnElement[bool]]:
        """That something lies in the place; no condition for all that the database holds."""
        if self.place.village_id is not None:
            mine = [village == self.place.village_id]
            return [*mine, hamlet == self.place.hamlet] if self.place.hamlet else mine
        if self.place.area_ids:
            return [village.in_(select(_VILLAGE.c.id).where(_VILLAGE.c.area_id.in_(self.place.area_ids)))]
        return []
