"""Spans of time in SQL, alike on SQLite and PostgreSQL."""

import sqlite3
from typing import Any

from sqlalchemy import ColumnElement, Integer, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

# The younger function is half as dear, and a figure of a year calls it 100,000 times.
_EPOCH = "unixepoch({})" if sqlite3.sqlite_version_info >= (3, 38) else "CAST(strftime('%s', {}) AS INTEGER)"


class _SecondsBetween(GenericFunction[int]):
    type = Integer()
    inherit_cache = True
    name = "seconds_between"


@compiles(_SecondsBetween, "sqlite")
def _sqlite(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    first, last = (compiler.process(each, **options) for each in element.clauses)
    return f"({_EPOCH.format(last)} - {_EPOCH.format(first)})"


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
