"""What a figure is: a number, and the rows behind it, out of one source, so that the two cannot disagree."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, FromClause, Select, String, TextClause, case, cast, func, literal, null, select
from sqlmodel import Session

from data.figures import records
from data.figures.areas import TITLES
from data.figures.periods import Period
from data.figures.scope import Scope
from data.statements import table_of
from data.tables import Village

Joins = Sequence[tuple[FromClause, ColumnElement[bool]]]
Column = ColumnElement[Any]
Condition = ColumnElement[bool] | TextClause
Number = int | float | None
_VILLAGE = table_of(Village)


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
    """Rows of one kind. ``text`` is what a list shows of a row, ``more`` what a spreadsheet has beside it, by heading,
    with the joins for them; without ``hamlet`` they lie in no 村小组, and none of their figures is known for one.
    What is ``monthly`` is known of whole months only, what is ``late`` of any time, for it was written afterwards."""

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
    more: Mapping[str, Column] = field(default_factory=dict)
    monthly: bool = False
    late: bool = False

    def rows_of(self, scope: Scope) -> FromClause:
        """What they are read from."""
        return self.table if isinstance(self.table, FromClause) else self.table(scope)

    def knows(self, scope: Scope) -> bool:
        """Whether these rows can be told apart by such a place and such a period."""
        return (not scope.place.hamlet or self.hamlet is not None) and (not self.monthly or bool(scope.period.months()))

    def conditions(self, scope: Scope) -> list[Condition]:
        """Which of them count."""
        here = scope.here(self.village, self.hamlet) if self.village is not None else []
        return [*self.where(scope), *here]


@dataclass(frozen=True)
class Things:
    """What is counted where each is counted once: villages, groups, people. `Figure.amount` is their id. ``text`` is
    what a list shows of one, ``number`` what stands beside it under the heading ``beside``."""

    subject: str
    text: Column
    number: Column
    beside: str
    joins: Joins = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One row behind a number; ``amount`` is what it adds, in the figure's unit (None where nobody wrote it down), or
    the `Things.number` of a thing. ``more`` stands in the order of `Source.more`."""

    subject: str
    id: int
    at: datetime | None
    village: str
    text: str
    amount: Number
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One figure. ``help`` says how it is counted; ``things`` are the rows behind it where it counts each once."""

    key: str
    name: str
    unit: str
    help: str
    source: Source
    how: How = How.COUNT
    amount: Callable[[Scope], Column] | None = None
    where: Callable[[Scope], Sequence[Condition]] = lambda _scope: ()
    things: Things | None = None

    def number(self, session: Session, scope: Scope) -> Number:
        """The number; None where there is nothing to tell. Raises `data.figures.scope.NotBegun`."""
        reached = records.reach(session, scope) or self.source.late
        if not reached or not self.source.knows(scope):
            return None
        if self.how in SHARES:
            return percentile(session.execute(self.histogram(scope)), SHARES[self.how])
        query = self._narrowed(select(*self.aggregates(scope)), self.source.rows_of(scope), scope)
        return self.told(*session.execute(query).one())

    def rows(self, session: Session, scope: Scope, *, limit: int = 50, offset: int = 0) -> list[Row]:
        """The rows behind it, oldest first: as many as `count`."""
        source = self.source
        if not source.knows(scope):
            return []
        table = joined(source.rows_of(scope), self.things.joins if self.things is not None else source.text_joins)
        if source.village is not None:
            table = joined(table, ((_VILLAGE, _VILLAGE.c.id == source.village),))
        query = self._things(scope, self.things) if self.things is not None else self._single(scope)
        query = self._narrowed(query, table, scope).limit(limit).offset(offset)
        subject = self.things.subject if self.things is not None else source.subject
        return [
            Row(subject, number, at, village, str(text or ""), self._in_unit(found), tuple(str(each) for each in more))
            for number, at, village, text, found, *more in session.execute(query)
        ]

    def _single(self, scope: Scope) -> Select[Any]:
        source = self.source
        amount = self.amount(scope) if self.amount is not None else null()
        more = [func.coalesce(each, "") for each in source.more.values()]
        columns = (source.id, source.at, self._village_name(), source.text, amount, *more)
        return select(*columns).order_by(source.at, source.id)

    def _things(self, scope: Scope, things: Things) -> Select[Any]:
        """Each of the things once, by number."""
        assert self.amount is not None
        mine = self.amount(scope)
        told = (func.min(self.source.at), func.min(self._village_name()), func.min(things.text), things.number)
        return select(mine, *told).where(mine.is_not(None)).group_by(mine).order_by(mine)

    def _village_name(self) -> Column:
        return func.coalesce(_VILLAGE.c.name, "") if self.source.village is not None else literal("")

    def count(self, session: Session, scope: Scope) -> int:
        """How many rows are behind it."""
        source = self.source
        if not source.knows(scope):
            return 0
        number = func.count() if self.things is None else self.aggregates(scope)[0]
        return int(session.execute(self._narrowed(select(number), source.rows_of(scope), scope)).scalar_one())

    def only(self, by: str, label: str | None) -> "Figure":
        """The same of one label of a dimension of its source; None: of what has no label."""
        dim, whole = self.source.dims[by], self.source

        def where(scope: Scope) -> Sequence[Condition]:
            found = dim.label(scope)
            return (*self.where(scope), found.is_(None) if label is None else found == label)

        narrow = replace(whole, table=lambda scope: joined(whole.rows_of(scope), dim.joins))
        return replace(self, source=narrow, where=where)

    def _narrowed(self, query: Select[Any], table: FromClause, scope: Scope) -> Select[Any]:
        return query.select_from(table).where(*self.source.conditions(scope), *self.where(scope))

    def aggregates(self, scope: Scope) -> tuple[Any, ...]:
        """The number; of a sum also the rows, for of none it is nought. No amount is asked for twice: some are dear."""
        if self.how is How.COUNT or self.amount is None:
            return (func.count(),)
        amount = self.amount(scope)
        if self.how is How.SUM:
            return (func.sum(amount), func.count())
        return (func.avg(amount) if self.how is How.MEAN else func.count(amount.distinct()),)

    def told(self, number: Any, rows: int = 1) -> Number:
        """The number out of its `aggregates`."""
        if number is None:
            return None if rows else 0
        return round(float(number), 2) if self.how is How.MEAN else int(number)

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
        "town": Dim("镇", lambda _scope: TITLES.c.title, (home, (TITLES, TITLES.c.id == _VILLAGE.c.area_id))),
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
