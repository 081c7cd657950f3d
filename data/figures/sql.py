"""Spans of time in SQL, alike on SQLite and PostgreSQL."""

from typing import Any

from sqlalchemy import ColumnElement, Integer, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _SecondsBetween(GenericFunction[int]):
    type = Integer()
    inherit_cache = True
    name = "seconds_between"


@compiles(_SecondsBetween, "sqlite")
def _sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    first, last = (compiler.process(each, **options) for each in element.clauses)
    return f"(CAST(strftime('%s', {last}) AS INTEGER) - CAST(strftime('%s', {first}) AS INTEGER))"


@compiles(_SecondsBetween, "postgresql")
def _postgresql(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    first, last = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM ({last} - {first}))) AS INTEGER)"


def seconds_between(first: Any, last: Any) -> ColumnElement[int]:
    """Whole seconds from one moment to another."""
    return _SecondsBetween(first, last)


def minutes_between(first: Any, last: Any) -> ColumnElement[int]:
    """Whole minutes from one moment to another."""
    return type_coerce(seconds_between(first, last) // 60, Integer)
