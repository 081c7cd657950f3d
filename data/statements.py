"""Statements of the hot path: on tables, built once; they cost a tenth of the mapped ones."""

from collections.abc import Mapping
from typing import cast

from sqlalchemy import CursorResult, Executable, Insert, Table, inspect
from sqlmodel import Session, SQLModel


def table_of(model: type[SQLModel]) -> Table:
    """A model's table."""
    return cast(Table, inspect(model).local_table)


def insert_one(session: Session, statement: Insert, values: Mapping[str, object]) -> int:
    """Insert one row and return its id."""
    result = cast("CursorResult[tuple[int]]", session.execute(statement, dict(values)))
    assert result.inserted_primary_key is not None
    return int(result.inserted_primary_key[0])


def changed(session: Session, statement: Executable) -> int:
    """Run an update or delete and return how many rows it touched."""
    return cast("CursorResult[tuple[int]]", session.execute(statement)).rowcount
