"""The charts of a workbook, drawn by Excel or WPS itself from the cells of its tables: with them they change.

They show what the document shows. A cell that is empty, for nobody knows the number, is a gap.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from data.drawing.palette import SERIES, SHADES
from data.figures.tables import Table
from data.reports.drawn import CHARTS

_WIDE, _HIGH = 20.0, 7.0  # cm; of this height one fits on a page with a year's months
_ROWS = 15  # of a sheet, that a chart and the room below it take
_UNDER = 2  # rows between a table and its first chart
# What is drawn below a table: (title, the unit, the figures that stand one upon another).
_DRAWN: Mapping[str, tuple[tuple[str, str, tuple[str, ...]], ...]] = {
    "month": (
        (CHARTS["months"], "场", ("events",)),
        (CHARTS["pushes"], "群次", ("pushes", "notices")),
        (CHARTS["replies"], "条", ("replies",)),
    ),
    "event": (("各类活动", "场", ("events",)),),
}


def of_table(sheet: Any, table: Table, columns: Mapping[str, int]) -> None:
    """The charts of a breakdown; ``columns`` says in which column a figure stands, where it has one."""
    able = [
        (title, unit, [columns[key] for key in keys if key in columns])
        for title, unit, keys in _DRAWN.get(table.by, ())
    ]
    alone = table.by == "month" and len(table.rows) == 1  # a month is set beside no other
    _below(sheet, len(table.rows), [each for each in able if each[2] and not alone])


def steps(sheet: Any, rows: int) -> None:
    """How long the steps of the loop took, half of them and nine of ten, side by side."""
    _below(sheet, rows, [(CHARTS["times"], "小时", [2, 3])], stacked=False)


def shades(sheet: Any, rows: int, columns: int) -> None:
    """The cells of a heat table, the darker the more."""
    from openpyxl.formatting.rule import ColorScaleRule  # loaded only where it is used
    from openpyxl.utils import get_column_letter

    if rows and columns:
        first, last = (shade.lstrip("#") for shade in (SHADES[0], SHADES[2]))
        rule = ColorScaleRule(start_type="min", start_color=first, end_type="max", end_color=last)
        sheet.conditional_formatting.add(f"B2:{get_column_letter(columns + 1)}{rows + 1}", rule)


def _below(sheet: Any, rows: int, charts: Sequence[tuple[str, str, list[int]]], *, stacked: bool = True) -> None:
    """Charts under a table of so many rows, one below the other."""
    from openpyxl.worksheet.pagebreak import Break  # loaded only where it is used

    at = rows + 1 + _UNDER
    for place, (title, unit, columns) in enumerate(charts):
        if place:  # printed, none is cut in two
            sheet.row_breaks.append(Break(id=at - 1))
        sheet.add_chart(_columns(sheet, rows, f"{title}（{unit}）", columns, stacked=stacked), f"A{at}")
        at += _ROWS


def _columns(sheet: Any, rows: int, title: str, columns: Sequence[int], *, stacked: bool) -> Any:
    """A chart of upright bars: a group for each row, a colour for each column. Each number stands at its bar, but where
    bars stand one upon another there is a scale instead."""
    from openpyxl.chart import BarChart, Reference  # loaded only where it is used
    from openpyxl.chart.label import DataLabelList

    chart = BarChart()
    chart.title, chart.width, chart.height = title, _WIDE, _HIGH
    chart.title.overlay = False
    chart.display_blanks = "gap"
    chart.gapWidth = 60
    piled = stacked and len(columns) > 1
    if piled:
        chart.grouping, chart.overlap = "stacked", 100
    for column in columns:
        chart.add_data(Reference(sheet, min_col=column, min_row=1, max_row=rows + 1), titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=rows + 1))
    for series, colour in zip(chart.series, SERIES, strict=False):
        series.graphicalProperties.solidFill = colour.lstrip("#")
    chart.x_axis.delete, chart.y_axis.delete = False, not piled
    chart.y_axis.scaling.min = 0
    if not piled:
        chart.y_axis.majorGridlines = None
        chart.dataLabels = DataLabelList(showVal=True, showSerName=False, showCatName=False, showLegendKey=False)
    if len(columns) > 1:
        chart.legend.position = "b"
    else:
        chart.legend = None
    return chart
