"""A heat table: how much of what where, such as orders by topic and village. Every cell has its number."""

from collections.abc import Mapping
from dataclasses import dataclass

from data.drawing.charts import EDGE, LABEL, NOTHING, SMALL, WIDTH, begin, end, said
from data.drawing.font import clip_lines, drawable, width
from data.drawing.palette import INK, RULE, SHADES, SOFT, readable_on
from data.drawing.svg import Canvas, number

CELL, ROW = 42, 34  # px
_STACKED = 7  # characters of a heading, one below the other
_LEFT = 92  # px of the rows' names


@dataclass(frozen=True, slots=True)
class Heat:
    """``rows`` and ``columns`` are names in the order shown; ``counts`` has (row, column) → how many, by position."""

    title: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: Mapping[tuple[int, int], int]


def heat(table: Heat) -> str:
    """The whole table in one picture: as wide as its columns, for a page that lets it be scrolled sideways."""
    wide = max(_LEFT + 2 * EDGE + CELL * (len(table.columns) + 1), WIDTH)
    return _part(table, range(len(table.columns)), wide=wide, page="")


def heat_pages(table: Heat, *, wide: float = WIDTH) -> list[str]:
    """The table in pictures no wider than ``wide``: all rows in each, and as many columns as fit. Sums in the last."""
    fit = max(int((wide - 2 * EDGE - _LEFT) // CELL), 2)
    places = len(table.columns) + 1  # the sums too
    pages = -(-places // fit)
    per = -(-places // pages)
    return [
        _part(
            table,
            range(page * per, min((page + 1) * per, len(table.columns))),
            wide=wide,
            page=f"（{page + 1}/{pages}）" if pages > 1 else "",
            sums=page == pages - 1,
        )
        for page in range(pages)
    ]


def shade(count: int, top: int) -> int:
    """Which of the shades stands for a count, where ``top`` is the highest: 0 is the lightest. ``count`` is not 0."""
    return min((count * len(SHADES) - 1) // top, len(SHADES) - 1)


def _part(table: Heat, columns: range, *, wide: float, page: str, sums: bool = True) -> str:
    rows, names = [drawable(each).text for each in table.rows], [drawable(each).text for each in table.columns]
    canvas, y = begin(f"{table.title}{page}", _told(table, columns), wide=wide)
    if not rows or not names:
        return end(canvas, y, empty=True)
    y = _scale(canvas, table, y) if table.counts else _none(canvas, y)
    heads = [names[at] for at in columns] + (["合计"] if sums else [])
    body = y + max(_head_high(each) for each in heads) + 8
    left = EDGE + _LEFT
    for place, words in enumerate(heads):
        _heading(canvas, words, left + (place + 0.5) * CELL, body - 8)
    bottom = body + len(rows) * ROW
    _lines(canvas, len(rows), body, wide)
    for at, name in enumerate(rows):
        _name(canvas, name, body + (at + 0.5) * ROW)
    _cells(canvas, table, columns, left, body)
    if sums:
        right = left + (len(columns) + 0.5) * CELL
        for at in range(len(rows)):
            whole = sum(table.counts.get((at, column), 0) for column in range(len(names)))
            canvas.text(
                right, body + (at + 0.5) * ROW + 5, _short(whole), size=SMALL, fill=INK, anchor="middle", bold=True
            )
    canvas.text(EDGE, bottom + 24, "合计", size=LABEL, fill=INK, bold=True)
    for place, column in enumerate(columns):
        whole = sum(table.counts.get((row, column), 0) for row in range(len(rows)))
        x = left + (place + 0.5) * CELL
        canvas.text(x, bottom + 24, _short(whole), size=SMALL, fill=INK, anchor="middle", bold=True)
    if sums:
        x = left + (len(columns) + 0.5) * CELL
        every = sum(table.counts.values())
        canvas.text(x, bottom + 24, _short(every), size=SMALL, fill=INK, anchor="middle", bold=True)
    return end(canvas, bottom + 32)


def _name(canvas: Canvas, name: str, middle: float) -> None:
    """A row's name, in two lines where it is long."""
    lines = clip_lines(name, SMALL, _LEFT - 8, most=2)
    for place, words in enumerate(lines):
        canvas.text(EDGE, middle + 5 + (place - (len(lines) - 1) / 2) * (SMALL + 2), words, size=SMALL, fill=INK)


def _short(count: int) -> str:
    """A count that fits a cell: 9999, 4.4万."""
    return str(count) if count < 10_000 else f"{said(round(count / 10_000, 1))}万"


def _told(table: Heat, columns: range) -> list[str]:
    """The table for the ear: the highest counts first."""
    found = sorted(((count, at) for at, count in table.counts.items() if at[1] in columns and count), reverse=True)
    return [f"{table.rows[row]}{table.columns[column]}{count}" for count, (row, column) in found] or [NOTHING]


def _scale(canvas: Canvas, table: Heat, y: float) -> float:
    """The key: from few to many."""
    canvas.text(EDGE, y + SMALL, "少", size=SMALL, fill=SOFT)
    for place, colour in enumerate(SHADES):
        canvas.rect(EDGE + 20 + place * 26, y + 1, 26, 16, fill=colour)
    top = max(table.counts.values(), default=0)
    canvas.text(EDGE + 28 + len(SHADES) * 26, y + SMALL, f"多（最多{top}）", size=SMALL, fill=SOFT)
    return y + 32


def _none(canvas: Canvas, y: float) -> float:
    canvas.text(EDGE, y + SMALL, NOTHING, size=SMALL, fill=SOFT)
    return y + 32


def _head_high(words: str) -> float:
    return min(len(words), _STACKED) * (SMALL + 2)


def _heading(canvas: Canvas, words: str, middle: float, bottom: float) -> None:
    """A column's name, one character below the other; one that is long in two columns, read from the right."""
    parts = [words] if len(words) <= _STACKED else [words[:_STACKED], _cut_off(words[_STACKED:], _STACKED)]
    top = bottom - _head_high(words)
    for place, part in enumerate(parts if words else []):
        shift = 0 if len(parts) == 1 else 9 - 18 * place
        places = " ".join(number(middle + shift - width(each, SMALL) / 2) for each in part)
        downs = " ".join(number(top + (at + 1) * (SMALL + 2) - 3) for at in range(len(part)))
        canvas.group(f'font-size="{SMALL}" fill="{INK}"')
        canvas.plain_text(places, downs, part)
        canvas.end()


def _cut_off(words: str, most: int) -> str:
    """No more than ``most`` characters."""
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _lines(canvas: Canvas, rows: int, top: float, wide: float) -> None:
    """A fine line under each row, so that the eye stays in it."""
    levels = "".join(f"M{EDGE} {number(top + at * ROW)}H{number(wide - EDGE)}" for at in range(rows + 1))
    canvas.path(levels, stroke=RULE, thick=1)


def _cells(canvas: Canvas, table: Heat, columns: range, left: float, top: float) -> None:
    """All cells of a shade as one shape, and their numbers: a table of a thousand cells stays light."""
    highest = max(table.counts.values(), default=0)
    for level, colour in enumerate(SHADES):
        shape, spots = [], []
        for (row, column), count in sorted(table.counts.items()):
            if count and column in columns and shade(count, highest) == level:
                x, y = left + (column - columns.start) * CELL + 1, top + row * ROW + 1
                shape.append(f"M{number(x)} {number(y)}h{CELL - 2}v{ROW - 2}h-{CELL - 2}z")
                spots.append((number(x + CELL / 2 - 1), number(y + ROW / 2 + 4), _short(count)))
        if shape:
            canvas.path("".join(shape), fill=colour)
            canvas.group(f'font-size="{SMALL}" fill="{readable_on(colour)}" text-anchor="middle"')
            for x_at, y_at, words in spots:
                canvas.plain_text(x_at, y_at, words)
            canvas.end()
