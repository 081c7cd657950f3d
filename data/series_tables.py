"""The table of series (`data.series`): texts that follow one another, or that have their days."""

from enum import StrEnum

from sqlmodel import Field, SQLModel

from data.columns import choice, json_list, json_object


class SeriesKind(StrEnum):
    """How a series finds its next text. What is in no series goes round in rotation."""

    COURSE = "course"  # 第一课, 第二课 …, in this order, to each room
    DATED = "dated"  # only on its days


class Series(SQLModel, table=True):
    """Texts that belong together, as ``town.yaml`` has them; ``texts`` are their keys.

    ``days`` are the spans in which it goes (`data.seasons`), one is enough; a course with none goes all year. Between
    two of its texts lie at least ``every_days`` days; ``again`` lets a span hear a text more than once.
    A series that was taken out of the file is not ``active`` and stays for what it has sent.
    """

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    kind: SeriesKind = choice(SeriesKind)
    texts: list[str] = json_list()
    days: list[str] = json_list()
    every_days: int = 1
    again: bool = False
    audience: dict[str, list[str]] = json_object()
    position: int = 0
    active: bool = True
