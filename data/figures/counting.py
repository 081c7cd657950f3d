"""Several figures counted together: those of one source in one query, for a page that shows them all."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from sqlalchemy import and_, literal, select
from sqlmodel import Session

from data.figures import records
from data.figures.figure import SHARES, Figure, Number, Source, joined, percentile
from data.figures.scope import Scope


def count_together(
    session: Session, scope: Scope, figures: Iterable[Figure], *, by: str = ""
) -> dict[Any, dict[str, Number]]:
    """The numbers of figures, by label and key; the same as each counts for itself.

    ``by`` is a dimension of all of their sources; without one there is the label None only. What is unlabelled is
    there under None. Medians are told without a dimension only. Of a time before all records only what is late is
    known. Raises `data.figures.scope.NotBegun`.
    """
    found: dict[Any, dict[str, Number]] = defaultdict(dict)
    reached = records.reach(session, scope)
    apart: dict[int, list[Figure]] = defaultdict(list)
    for figure in figures:
        if figure.source.knows(scope) and (reached or figure.source.late):
            apart[id(figure.source)].append(figure)
    for group in apart.values():
        plain = [each for each in group if each.how not in SHARES]
        for label, numbers in _counted(session, scope, plain, by) if plain else ():
            found[label].update(numbers)
        if not by:
            found[None].update(_spread(session, scope, [each for each in group if each.how in SHARES]))
    return found


def _counted(session: Session, scope: Scope, figures: list[Figure], by: str) -> Iterator[tuple[Any, dict[str, Number]]]:
    source: Source = figures[0].source
    columns: list[list[Any]] = []
    for figure in figures:
        only = figure.where(scope)
        columns.append([each.filter(and_(*only)) if only else each for each in figure.aggregates(scope)])
    label = source.dims[by].label(scope) if by else literal(1)
    table = joined(source.rows_of(scope), source.dims[by].joins if by else ())
    query: Any = select(label.label("label"), *chain(*columns)).select_from(table).where(*source.conditions(scope))
    for found, *values in session.execute(query.group_by("label") if by else query):
        left = iter(values)
        told = {each.key: each.told(*islice(left, len(made))) for each, made in zip(figures, columns, strict=True)}
        yield found if by else None, told


def _spread(session: Session, scope: Scope, figures: list[Figure]) -> Iterator[tuple[str, Number]]:
    """Medians and the like: one reading of the spans for all that are told of them."""
    spans: dict[Any, list[Any]] = {}
    for figure in figures:
        if figure.amount not in spans:
            spans[figure.amount] = list(session.execute(figure.histogram(scope)))
        yield figure.key, percentile(spans[figure.amount], SHARES[figure.how])
