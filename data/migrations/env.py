"""Alembic's entry: it runs on the connection that `data.database.upgrade` hands over, never on one of its own."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Enum
from sqlmodel import AutoString, SQLModel

import data.broadcast_tables
import data.desk_tables
import data.loop
import data.mail
import data.record_tables
import data.series_tables
import data.tables
from data.columns import Moment

assert data.broadcast_tables  # imported, as are the next, for the tables that they register
assert data.desk_tables
assert data.loop
assert data.mail
assert data.record_tables
assert data.series_tables
assert data.tables


def plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our own column types into a migration as what they are in the database."""
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime()"
    if kind == "type" and isinstance(item, Enum):
        return "sa.String(20)"
    if kind == "type" and isinstance(item, AutoString):
        return "sa.String()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_item=plain_types,
)
with context.begin_transaction():
    context.run_migrations()
