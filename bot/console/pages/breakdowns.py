"""图表, told apart: the figures by month, village, topic …; each number opens its rows."""

from collections.abc import Callable
from functools import partial

from bot.console.asked import asked
from bot.console.lists import Column, Found, Listing, Wanted, show_list
from bot.console.pages.figures import PAGE as FIGURES
from bot.console.pages.figures import form_values, standing, table_links, turns
from bot.console.values import Answer, Ask, Html, Page, address
from data.desk_errors import NotThere
from data.figures import records, tables
from data.figures.figure import Figure, Number
from data.figures.tables import BY, Table
from data.reports.gathered import begun
from data.reports.told import PARTS

PAGE = f"{FIGURES}/table"
_Line = tuple[str, tuple[Number, ...]]


def show(ask: Ask) -> Answer:
    """One part of the figures, by what the address says."""
    by = ask.path["by"]
    if by not in BY:
        raise NotThere("这张表")
    wish = asked(ask)
    parts = [key for key, (_, keys) in PARTS.items() if any(each.key in keys for each in tables.columns(by))]
    part = ask.query.get("part", "")
    part = part if part in parts else "events" if "events" in parts else parts[0]
    values: dict[str, object] = {**form_values(ask, wish), "part": part}
    if wish.scope is None:
        return Html("figures.html", f"按{BY[by]}", {**values, "elsewhere": (), "scope": None}, status=400)
    scope, kept = wish.scope, wish.kept
    whole = begun(tables.breakdown(ask.session, scope, by, keys=PARTS[part][1]), scope)
    shown = [at for at in range(len(whole.figures)) if any(row[at] for _, row in whole.rows)]
    empty, unknown = tables.noughts(whole, scope, reached=records.reach(ask.session, scope))
    title = f"{scope.place.name}{scope.period.label}{PARTS[part][0]}（按{BY[by]}）"

    def find(_ask: Ask, wanted: Wanted) -> Found[_Line]:
        return Found(whole.rows[wanted.offset : wanted.offset + wanted.limit], len(whole.rows))

    columns: tuple[Column[_Line], ...] = (
        Column(BY[by], _label, head=True),
        *(_column(whole, at, kept) for at in shown),
    )
    listing: Listing[_Line] = Listing(title, columns, find, (), searches="", empty="没有可以这样分开的。")
    return show_list(
        ask, listing, title=f"{scope.place.name} {scope.period.label} 按{BY[by]}", template="figures_table.html",
        parts=[(key, PARTS[key][0], address(f"{PAGE}/{by}", **kept, part=key)) for key in parts],
        tables=table_links(scope, part, kept), by=by, back=address(FIGURES, **kept, part=part),
        standing=standing(ask, scope, part),
        empty=empty, unknown=unknown,
        **values, **turns(ask, kept | {"part": part}),
    )  # fmt: skip


def _column(table: Table, at: int, kept: dict[str, str]) -> Column[_Line]:
    figure = table.figures[at]
    opens = partial(_opens, figure, table.by, kept)
    return Column(f"{figure.name}（{figure.unit}）", _cell(at), link=lambda line: opens(line, at), number=True)


def _label(line: _Line) -> object:
    return line[0]


def _cell(at: int) -> Callable[[_Line], object]:
    return lambda line: line[1][at]


def _opens(figure: Figure, by: str, kept: dict[str, str], line: _Line, at: int) -> str:
    """The rows behind a number; behind nought there are none."""
    return address(f"{FIGURES}/{figure.key}", **kept, by=by, label=line[0]) if line[1][at] else ""


PAGES: tuple[Page, ...] = (
    Page(f"{PAGE}/{{by}}", show, "分列：按月、村、题目……看数，点开看是哪些", village=True, sheet=True),
)
