"""What a figure is: a number, and the rows behind it, out of one source, so that the two cannot disagree."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, Select, String, TextClause, case, cast, func, literal, null, select
from sqlmodel import Session

from data.figures.periods import Period
from data.figures.scope import Scope
from data.record_tables import Area
from data.statements import table_of
from data.tables import Village

Joins = Sequence[tuple[FromClause, ColumnElement[bool]]]
Column = ColumnElement[Any]
Condition = ColumnElement[bool] | TextClause
Number = int | float | None
NOWHERE = "（没写村）"
_VILLAGE, _AREA = table_of(Village), table_of(Area)


class How(StrEnum):
    """How a number comes of rows."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    DISTINCT = "distinct"  # different amounts
    MEDIAN = "median"  # of minutes, told in hours
    P90 = "p90"


SHARES = {How.MEDIAN: 0.5, How.P90: 0.9}


@dataclass(frozen=True)
class Dim:
    """What a table can be made by: the column of its labels, with the joins that it needs."""

    name: str
    label: Callable[[Scope], Column]
    joins: Joins = ()


@dataclass(frozen=True)
class Source:
    """Rows of one kind. ``text`` is what a list shows of a row, with the joins for it; without ``hamlet`` they lie in
    no 村小组, and none of their figures is known for one."""

    subject: str
    table: FromClause | Callable[[Scope], FromClause]
    id: Column
    at: Column
    text: Column
    where: Callable[[Scope], Sequence[Condition]]
    village: Column | None = None
    hamlet: Column | None = None
    text_joins: Joins = ()
    dims: Mapping[str, Dim] = field(default_factory=dict)

    def rows_of(self, scope: Scope) -> FromClause:
        """What they are read from."""
        return self.table if isinstance(self.table, FromClause) else self.table(scope)

    def knows(self, scope: Scope) -> bool:
        """Whether these rows can be told apart by such a place."""
        return not scope.place.hamlet or self.hamlet is not None

    def conditions(self, scope: Scope) -> list[Condition]:
        """Which of them count."""
        here = scope.here(self.village, self.hamlet) if self.village is not None else []
        return [*self.where(scope), *here]


@dataclass(frozen=True, slots=True)
class Row:
    """One row behind a number; ``amount`` is what it adds, in the figure's unit (None where nobody wrote it down)."""

    subject: str
    id: int
    at: datetime | None
    village: str
    text: str
    amount: Number


@dataclass(frozen=True)
class Figure:
    """One figure. ``help`` says how it is counted; ``evidence`` are the rows behind it where they are others than
    those that are counted."""

    key: str
    name: str
    unit: str
    help: str
    source: Source
    how: How = How.COUNT
    amount: Callable[[Scope], Column] | None = None
    where: Callable[[Scope], Sequence[Condition]] = lambda _scope: ()
    evidence: Source | None = None

    def number(self, session: Session, scope: Scope) -> Number:
        """The number; None where there is nothing to tell."""
        if not self.source.knows(scope):
            return None
        if self.how in SHARES:
            return percentile(session.execute(self.histogram(scope)), SHARES[self.how])
        query = self._narrowed(select(*self.aggregates(scope)), self.source.rows_of(scope), scope)
        return self.told(*session.execute(query).one())

    def rows(self, session: Session, scope: Scope, *, limit: int = 50, offset: int = 0) -> list[Row]:
        """The rows behind it, oldest first."""
        source = self.evidence or self.source
        if not source.knows(scope):
            return []
        amount = self.amount(scope) if self.amount is not None and self.evidence is None else null()
        place = source.village if source.village is not None else null()
        table = joined(source.rows_of(scope), source.text_joins)
        if source.village is not None and not _reads(table, _VILLAGE):
            table = table.outerjoin(_VILLAGE, _VILLAGE.c.id == source.village)
        name = func.coalesce(_VILLAGE.c.name, "") if source.village is not None else literal("")
        columns = (source.id, source.at, name, source.text, amount, place)
        query = self._narrowed(select(*columns), table, scope, source)
        query = query.order_by(source.at, source.id).limit(limit).offset(offset)
        return [
            Row(source.subject, number, at, village, str(text or ""), self._in_unit(found))
            for number, at, village, text, found, _ in session.execute(query)
        ]

    def count(self, session: Session, scope: Scope) -> int:
        """How many rows are behind it."""
        source = self.evidence or self.source
        if not source.knows(scope):
            return 0
        query = self._narrowed(select(func.count()), source.rows_of(scope), scope, source)
        return int(session.execute(query).scalar_one())

    def _narrowed(
        self, query: Select[Any], table: FromClause, scope: Scope, source: Source | None = None
    ) -> Select[Any]:
        source = source or self.source
        own = () if source is self.evidence else self.where(scope)
        return query.select_from(table).where(*source.conditions(scope), *own)

    def aggregates(self, scope: Scope) -> tuple[Any, ...]:
        """(rows, rows with an amount, the number)."""
        if self.how is How.COUNT or self.amount is None:
            return (func.count(), func.count(), func.count())
        amount = self.amount(scope)
        made = {How.SUM: func.sum(amount), How.MEAN: func.avg(amount), How.DISTINCT: func.count(amount.distinct())}
        return (func.count(), func.count(amount), made[self.how])

    def told(self, rows: int, known: int, number: Any) -> Number:
        """The number out of its `aggregates`."""
        if self.how in (How.COUNT, How.DISTINCT):
            return int(number)
        if known == 0:
            return 0 if rows == 0 and self.how is How.SUM else None
        return int(number) if self.how is How.SUM else round(float(number), 2)

    def histogram(self, scope: Scope) -> Select[Any]:
        """(minutes, how often), the shortest first."""
        assert self.amount is not None
        minutes = self.amount(scope).label("minutes")
        counted: Any = select(minutes, func.count())
        query = self._narrowed(counted, self.source.rows_of(scope), scope)
        return query.group_by(minutes).order_by(minutes)

    def _in_unit(self, amount: Any) -> Number:
        if amount is None:
            return None
        return hours(amount) if self.how in SHARES else int(amount)


def hours(minutes: int) -> float:
    """Minutes as hours, to a tenth."""
    return round(minutes / 60, 1)


def months(at: Column) -> Dim:
    """By month: of a year or a quarter each of its months, under its key."""

    def label(scope: Scope) -> Column:
        return _month_of(at, scope.period.months() or (scope.period,), scope.zone)

    return Dim("月", label)


def _month_of(at: Column, parts: Sequence[Period], zone: ZoneInfo) -> Column:
    """The key of the part that a moment lies in, by halves. What is later than all lies in the last: a reply to its
    last evening comes on the day after."""
    if len(parts) == 1:
        return literal(parts[0].key)
    middle = len(parts) // 2
    earlier, later = _month_of(at, parts[:middle], zone), _month_of(at, parts[middle:], zone)
    return case((at < parts[middle].start(zone), earlier), else_=later)


def places(village: Column) -> dict[str, Dim]:
    """By village, and by the area that the village lies in."""
    home = (_VILLAGE, _VILLAGE.c.id == village)
    return {
        "village": Dim("村", lambda _scope: _VILLAGE.c.name, (home,)),
        "town": Dim("镇", lambda _scope: _AREA.c.name, (home, (_AREA, _AREA.c.id == _VILLAGE.c.area_id))),
    }


def plain(name: str, column: Column, joins: Joins = ()) -> Dim:
    """By a column as it is; an empty text is no label."""
    return Dim(name, lambda _scope: func.nullif(cast(column, String), ""), joins)


def percentile(histogram: Iterable[Any], share: float) -> float | None:
    """The nearest rank among (minutes, how often), in hours; None of nothing."""
    counted = [(int(minutes), int(often)) for minutes, often in histogram if minutes is not None]
    total = sum(often for _, often in counted)
    rank = -(-total * round(share * 100) // 100)
    for minutes, often in counted:
        rank -= often
        if rank <= 0:
            return hours(minutes)
    return None


def joined(table: FromClause, joins: Joins) -> FromClause:
    """A table with others beside it, none of them twice."""
    for other, on in joins:
        if not _reads(table, other):
            table = table.outerjoin(other, on)
    return table


def _reads(table: FromClause, other: FromClause) -> bool:
    return any(each is other for each in table._from_objects)
