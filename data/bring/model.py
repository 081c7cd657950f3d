"""What importing speaks of: columns, rows as they were read, and what would become of them."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session

Plain = str | int | tuple[str, ...] | datetime | None  # a value as a plan shows and compares it
Values = Mapping[str, Plain]  # column's title → value


class Standing(StrEnum):
    """What would become of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"


STANDINGS = {Standing.NEW: "新增", Standing.CHANGED: "改动", Standing.SAME: "不变"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its title, what people are told to write, how a cell is read, and an example.

    ``read`` takes what openpyxl gives and raises `data.bring.cells.BadCell`. ``choices`` are offered as a list.
    """

    title: str
    help: str
    read: Callable[[object], Plain]
    example: object = ""
    required: bool = False
    choices: tuple[str, ...] = ()
    width: int = 14


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong, with its place. ``row`` counts from 1 as Excel does, 0 is the sheet as a whole."""

    sheet: str
    row: int
    column: str
    words: str

    def __str__(self) -> str:
        row = f" 第{self.row}行" if self.row else ""
        column = f"「{self.column}」" if self.column else ""
        return f"{self.sheet}{row}{column}：{self.words}"


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is not empty, as it stands in the file: title → what openpyxl gave."""

    number: int
    cells: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Page:
    """The rows of one sheet."""

    sheet: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Book:
    """A file as it was read, and what is wrong with its form."""

    pages: tuple[Page, ...]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A row with its cells read; an empty cell says nothing and is not in ``values``."""

    sheet: str
    number: int
    values: Values
    faults: list[Fault] = field(compare=False)
    hints: list[Fault] = field(compare=False)

    def fault(self, title: str, words: str) -> None:
        """Say what is wrong with a cell."""
        self.faults.append(Fault(self.sheet, self.number, title, words))

    def hint(self, title: str, words: str) -> None:
        """Say what is no fault, but should be looked at."""
        self.hints.append(Fault(self.sheet, self.number, title, words))

    def text(self, title: str) -> str | None:
        """A text; "" where it is to be emptied, None where the cell says nothing."""
        value = self.values.get(title)
        assert value is None or isinstance(value, str)
        return value

    def words(self, title: str) -> tuple[str, ...] | None:
        """A list; None where the cell says nothing."""
        value = self.values.get(title)
        assert value is None or isinstance(value, tuple)
        return value

    def moment(self, title: str) -> datetime | None:
        """A day or a time of the day, as a moment without a zone; None where the cell says nothing."""
        value = self.values.get(title)
        assert value is None or isinstance(value, datetime)
        return value


@dataclass(frozen=True, slots=True)
class Change:
    """What one column of an entry was, and what it would be, in words."""

    field: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.field}：{self.old or '（空）'} → {self.new or '（空）'}"


@dataclass(frozen=True, slots=True)
class Entry:
    """What would become of one row. ``wanted`` is all that it says, with other things by their names."""

    sheet: str
    row: int
    name: str
    standing: Standing
    wanted: Values
    changes: tuple[Change, ...] = ()

    @property
    def changed(self) -> frozenset[str]:
        """The titles of what would change."""
        return frozenset(each.field for each in self.changes)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who writes, when."""

    session: Session
    by: int | None
    now: datetime


def entry(line: Line, name: str, was: Values | None, wanted: Values) -> Entry:
    """An entry from what stands there (None: nothing yet) and what the line wants."""
    old = was or {}
    changes = tuple(
        Change(title, shown(old.get(title)), shown(value))
        for title, value in wanted.items()
        if shown(old.get(title)) != shown(value)
    )
    standing = Standing.NEW if was is None else Standing.CHANGED if changes else Standing.SAME
    return Entry(line.sheet, line.number, name, standing, wanted, changes)


def shown(value: Plain) -> str:
    """A value in words."""
    match value:
        case None:
            return ""
        case tuple():
            return "、".join(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value)


def counted(entries: Sequence[Entry]) -> dict[str, int]:
    """How many of each sheet are new, changed and the same: {"村 新增": 3}, for a log."""
    found = Counter(f"{each.sheet} {STANDINGS[each.standing]}" for each in entries)
    return dict(found)
