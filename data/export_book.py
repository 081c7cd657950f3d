"""The tables that people look at, as one Excel workbook: a row at a time, a sheet each, the next when it is full."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from data.cells import safe_cell

SHEETS = (  # in this order
    "area", "village", "room", "member", "lecturer", "lecturer_training", "topic", "lecture_order", "assignment",
    "lecture", "lecture_count", "sign_up", "voice", "poll", "broadcast", "snippet", "push", "material", "media_report",
)  # fmt: skip
_EXACT = 2**53
MOST_ROWS = 1_048_576  # of one sheet, with its heading
MOST_TITLE = 28  # characters: Excel takes 31, and three are for the number of a sheet that goes on


class Book:
    """A workbook that is being written. Of each sheet only the row at hand is in memory."""

    def __init__(self, zone: ZoneInfo, *, most_rows: int = MOST_ROWS) -> None:
        from openpyxl import Workbook  # loaded only where it is used

        self._book = Workbook(write_only=True)
        self._zone, self._most_rows = zone, most_rows
        self._title, self._head, self._part, self._left = "", [""], 0, 0

    def note(self, title: str, lines: Iterable[str]) -> None:
        """A sheet of plain lines."""
        sheet = self._book.create_sheet(title)
        sheet.column_dimensions["A"].width = 100
        for line in lines:
            sheet.append([safe_cell(line)])

    def begin(self, title: str, head: list[str]) -> None:
        """A sheet for a table."""
        self._title, self._head, self._part = title, head, 0
        self._next_sheet()

    def add(self, values: Iterable[object]) -> None:
        """A row of the table that was begun."""
        if not self._left:
            self._next_sheet()
        zone = self._zone
        # Numbers are most of it, and as they are.
        self._sheet.append([v if type(v) is int and -_EXACT < v < _EXACT else safe_cell(v, zone=zone) for v in values])
        self._left -= 1

    def save(self, path: Path) -> None:
        """Write it, once all is added."""
        self._book.save(path)

    def close(self) -> None:
        """Let go of what was not saved, and of its temporary files."""
        from openpyxl.utils.exceptions import WorkbookAlreadySaved  # loaded only where it is used

        for sheet in self._book.worksheets:
            with suppress(WorkbookAlreadySaved):
                sheet.close()
                sheet._writer.cleanup()

    def _next_sheet(self) -> None:
        self._part += 1
        self._sheet = self._book.create_sheet(self._title if self._part == 1 else f"{self._title}{self._part}")
        self._sheet.freeze_panes = "A2"
        self._sheet.append(self._head)
        self._left = self._most_rows - 1
