"""Spans of time, and numbers for names, in SQL: alike on SQLite and PostgreSQL."""

import sqlite3
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, func, type_coerce
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


class _CodePoint(GenericFunction[int]):
    type = BigInteger()
    inherit_cache = True
    name = "code_point"


@compiles(_CodePoint, "sqlite")
def _sqlite_point(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    (letter,) = (compiler.process(each, **options) for each in element.clauses)
    return f"coalesce(unicode({letter}), 0)"


@compiles(_CodePoint, "postgresql")
def _postgresql_point(element: Any, compiler: SQLCompiler, **options: Any) -> str:
    (letter,) = (compiler.process(each, **options) for each in element.clauses)
    return f"CAST(ascii({letter}) AS BIGINT)"


def name_code(name: Any) -> ColumnElement[int]:
    """A number for a name, of its first, second and last letter: few others have the same, and it is small enough that
    the squares of a long list can be added up."""
    first, second, last = (_CodePoint(func.substr(name, at, 1)) for at in (1, 2, func.length(name)))
    return type_coerce((first * 65599 + second * 257 + last) % 9999991, BigInteger)


def seconds_between(first: Any, last: Any) -> ColumnElement[int]:
    """Whole seconds from one moment to another."""
    return _SecondsBetween(first, last)


def minutes_between(first: Any, last: Any) -> ColumnElement[int]:
    """Whole minutes from one moment to another."""
    return type_coerce(seconds_between(first, last) // 60, Integer)
