"""The empty workbook to be filled in: a sheet for each kind, with heads, help, lists to choose from, and an example."""

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from data.bring.book import ASIDE
from data.bring.model import Column
from data.bring.sheets import SHEETS, TOPICS, VILLAGES, Sheet
from data.cells import safe_text

_LAST = 5_000  # the row down to which lists are offered
_EXAMPLE = "示例：照原样留着不会导入，也可以直接改成您的"
_NOTES = (
    "红字的列一定要填。不用的表空着就行，不用删。",
    "灰色斜体那行是示例，照原样留着不会导入。",
    "空着的格子不改原来的；要清空就写“无”。几样之间用顿号隔开。",
    "同一个文件导入两次，第二次什么也不会变。有一处错，就都不导入。",
    "写在镇的 town.yaml 里的，以 town.yaml 为准。",
)


def template(*, topics: Sequence[str] = (), villages: Sequence[str] = ()) -> bytes:
    """An .xlsx file; ``topics`` and ``villages`` are offered as lists where they are given."""
    from openpyxl import Workbook  # loaded only where it is used

    book = Workbook()
    notes = book.active
    notes.title = ASIDE[0]
    lists = _Lists(book, {TOPICS.name: topics, VILLAGES.name: villages})
    for sheet in SHEETS:
        _add(book.create_sheet(sheet.name, len(book.sheetnames) - 1), sheet, lists)
    for line in (*_NOTES, "", *_told()):
        notes.append([line])
    notes.column_dimensions["A"].width = 100
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


class _Lists:
    """Lists too long for a cell's own validation, on a sheet of their own."""

    def __init__(self, book: Any, lists: Mapping[str, Sequence[str]]) -> None:
        from openpyxl.utils import get_column_letter  # loaded only where it is used

        sheet = book.create_sheet(ASIDE[1])
        sheet.sheet_state = "hidden"
        self._ranges: dict[str, str] = {}
        for at, (title, words) in enumerate((each for each in lists.items() if each[1]), 1):
            for row, word in enumerate(words, 1):
                sheet.cell(row, at, safe_text(word))
            letter = get_column_letter(at)
            self._ranges[title] = f"'{ASIDE[1]}'!${letter}$1:${letter}${len(words)}"

    def formula(self, column: Column, *, single: bool) -> str:
        """What a column's cells may be chosen from, "" for anything."""
        if column.choices:
            return f'"{",".join(column.choices)}"'
        return self._ranges.get(column.title, "") if single else ""


def _add(page: Any, sheet: Sheet, lists: _Lists) -> None:
    from openpyxl.comments import Comment  # loaded only where it is used
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    for at, column in enumerate(sheet.columns, 1):
        letter = get_column_letter(at)
        head = page.cell(1, at, column.title)
        head.font = Font(bold=True, color="C00000" if column.required else "000000")
        head.comment = Comment(column.help + ("（一定要填）" if column.required else ""), "说明")
        example = page.cell(2, at, column.example if column.example != "" else None)
        example.font = Font(italic=True, color="808080")
        example.fill = PatternFill("solid", fgColor="F2F2F2")
        page.column_dimensions[letter].width = column.width
        formula = lists.formula(column, single=isinstance(column.example, str) and "、" not in column.example)
        if formula:
            offered = DataValidation(type="list", formula1=formula, allow_blank=True, showErrorMessage=False)
            offered.add(f"{letter}2:{letter}{_LAST}")
            page.add_data_validation(offered)
    page["A2"].comment = Comment(_EXAMPLE, "说明")
    page.freeze_panes = "A2"


def _told() -> list[str]:
    """Each sheet and column in words, for who does not see comments."""
    lines = []
    for sheet in SHEETS:
        lines.append(f"【{sheet.name}】{sheet.help}")
        for each in sheet.columns:
            needed = "（一定要填）" if each.required else ""
            chosen = f"；可以写：{'、'.join(each.choices)}" if each.choices else ""
            lines.append(f"　{each.title}{needed}：{each.help}{chosen}")
    return lines
