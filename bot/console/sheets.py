"""Spreadsheets (xlsx) of what a page shows: text stays text, a formula that somebody typed never becomes one."""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from data.cells import safe_cell

_TITLE_MOST = 31  # characters of a sheet's name
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))


def workbook(name: str, head: Sequence[str], rows: Iterable[Sequence[object]], *, zone: ZoneInfo) -> bytes:
    """One sheet with a heading row that stays in view. Moments are written in the town's time, without a zone."""
    from openpyxl import Workbook  # loaded only where it is used
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(name.translate(_FORBIDDEN)[:_TITLE_MOST])
    sheet.freeze_panes = "A2"
    for index in range(len(head)):
        sheet.column_dimensions[chr(ord("A") + index) if index < 26 else "Z"].width = 18
    bold = Font(bold=True)
    cells = [WriteOnlyCell(sheet, value=safe_cell(title)) for title in head]
    for cell in cells:
        cell.font = bold
    sheet.append(cells)
    for row in rows:
        sheet.append([safe_cell(_local(value, zone)) for value in row])
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _local(value: object, zone: ZoneInfo) -> object:
    return value.astimezone(zone).replace(tzinfo=None) if isinstance(value, datetime) and value.tzinfo else value
