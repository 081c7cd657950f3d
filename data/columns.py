"""The column type for a moment in time, and the field helpers that the tables share."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, DateTime, Enum
from sqlalchemy.engine import Dialect
from sqlalchemy.types import JSON, TypeDecorator
from sqlmodel import Field


class Moment(TypeDecorator[datetime]):
    """An aware datetime, kept as naive UTC so that SQLite and PostgreSQL order and compare it alike."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone: {value!r}")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)


def moment(**options: Any) -> Any:
    """A required moment."""
    return Field(sa_type=Moment, **options)


def maybe_moment(**options: Any) -> Any:
    """A moment that may not have come yet."""
    return Field(default=None, sa_type=Moment, nullable=True, **options)


def json_list() -> Any:
    """A list kept as JSON; empty by default."""
    return Field(default_factory=list, sa_column=Column(JSON, nullable=False))


def json_object() -> Any:
    """An object kept as JSON; empty by default."""
    return Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


def choice(kind: type[StrEnum], **options: Any) -> Any:
    """One of a StrEnum's values, kept as its plain text, so that a new value needs no change of the schema."""
    values = Enum(kind, native_enum=False, length=20, values_callable=lambda each: [member.value for member in each])
    return Field(sa_type=values, **options)
