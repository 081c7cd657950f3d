"""All tables of a report as a workbook, with their charts: every figure, each breakdown, the heat table, idle months,
late, media."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from data.cells import safe_cell
from data.figures.figures import BY_KEY, FIGURES
from data.figures.reported import LEVEL_NAMES
from data.figures.tables import BY, Table
from data.reports import drawn, plots, told
from data.reports.gathered import Report

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDE, _NARROW = 28, 12
_LONG = {"怎么数": 90, "内容": 40, "标题": 40, "网址": 40, "什么时候": 18}
_A4 = 9  # as Excel counts papers
_ACROSS = 18  # columns that can be read on one page
_OWN_PARTS = ("state", "level", "kind")  # what figures tell apart too


def book(report: Report) -> bytes:
    """The workbook. An empty cell is where there is no data."""
    from openpyxl import Workbook  # loaded only where it is used

    made = Workbook(write_only=True)
    zone = report.scope.zone
    _sheet(
        made,
        "总表",
        ("指标", "单位", "本期", "上期", "怎么数"),
        [
            *((each.name, each.unit, report.numbers[each.key], report.before[each.key], each.help) for each in FIGURES),
            (told.standing(report.scope, recorded=report.recorded[0]),),
            *((line,) for line in told.compared(report)),
        ],
    )
    if any(map(report.numbers.get, drawn.TIMES)):
        rows = [(name, *(report.numbers[f"{key}_{share}"] for share in ("median", "p90"))) for name, key in drawn.STEPS]
        sheet = _sheet(made, "各步用时", ("哪一步", "一半在多少小时以内", "九成在多少小时以内"), rows)
        plots.steps(sheet, len(rows))
    for by, table in report.tables.items():
        if table.rows:
            shown = _telling(table)
            head = (BY[by], *(f"{table.figures[at].name}（{table.figures[at].unit}）" for at in shown))
            rows_ = ((label, *(row[at] for at in shown)) for label, row in table.rows)
            sheet = _sheet(made, f"按{BY[by]}", head, rows_)
            plots.of_table(sheet, table, {table.figures[at].key: place for place, at in enumerate(shown, 2)})
    heat = report.heat
    cells = ((topic, *(heat.cells.get((topic, place)) for place in heat.places)) for topic in heat.topics)
    plots.shades(_sheet(made, "题目和地方", ("点单（单）", *heat.places), cells), len(heat.topics), len(heat.places))
    _sheet(made, "空白月", ("月", "村"), ((row.text, row.village) for row in report.idle))
    late = (
        (BY_KEY[key].name, row.at.astimezone(zone) if row.at else None, row.village, row.text)
        for key, row in report.late
    )
    _sheet(made, "补报", ("什么", "什么时候", "村", "内容"), late)
    media = ((each.published_on, each.outlet, LEVEL_NAMES[each.level], each.title, each.url) for each in report.media)
    _sheet(made, "媒体报道", ("日期", "媒体", "级别", "标题", "网址"), media)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def _telling(table: Table) -> list[int]:
    """The columns that tell something: not those of noughts, nor 其中已归档 beside the row 已归档."""
    parts = table.by in _OWN_PARTS
    columns = enumerate(table.figures)
    kept = [at for at, figure in columns if not (parts and figure.name.startswith("其中"))]
    return [at for at in kept if any(row[at] for _, row in table.rows)]


def one_sheet(name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """A workbook of one table."""
    from openpyxl import Workbook  # loaded only where it is used

    made = Workbook(write_only=True)
    _sheet(made, name, head, rows)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def _sheet(made: Any, name: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> Any:
    """One sheet, its heading and first column staying in view."""
    from openpyxl.cell import WriteOnlyCell  # loaded only where it is used
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet = made.create_sheet(name)
    sheet.freeze_panes = "B2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", _A4
    sheet.print_title_rows, sheet.print_title_cols = "1:1", "A:A"
    if len(head) <= _ACROSS:  # as wide as a page, as long as it is
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        sheet.page_setup.fitToHeight = 0
    for at, title in enumerate(head):
        sheet.column_dimensions[_letter(at)].width = _LONG.get(title, _WIDE if at == 0 else _NARROW)
    sheet.row_dimensions[1].height = 32  # two lines
    cells = [WriteOnlyCell(sheet, value=safe_cell(title)) for title in head]
    for cell in cells:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="EDE7DA")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.append(cells)
    for row in rows:
        sheet.append([safe_cell(value) for value in row])
    return sheet


def _letter(at: int) -> str:
    """A, B, …, Z, AA."""
    return (chr(ord("A") + at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)
