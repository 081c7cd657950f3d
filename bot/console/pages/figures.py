"""图表: all figures of a period and a place; each opens the rows behind it, each chart is a picture to keep."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.console.asked import MOST_PLACES, Asked, asked, kept_of, places, scope_of, when_words
from bot.console.lists import Column, Found, Listing, Wanted, page_of, show_list
from bot.console.values import Answer, Ask, Deed, Download, Html, Page, address
from bot.darkroom import draw
from data.desk_errors import NotThere
from data.desk_tables import ConsoleRole
from data.figures import areas, records, tables
from data.figures.figure import Figure, Number, Row
from data.figures.figures import BY_KEY, numbers
from data.figures.flags import MOST, FlagKind, Part, Seen, flags
from data.figures.named import above
from data.figures.scope import Scope
from data.figures.tables import breakdown
from data.reports import drawn, told
from data.reports.gathered import begun
from data.reports.told import PARTS

PAGE = "/figures"
SHARP = 3  # pixels of a saved picture to one of the page's
_BY_MONTH = ("events", "pushes")
_IDLE = 60  # villages that are named
_CHARTS = {"orders": ("heat",), "events": ("months", "idle")}
_OPENS = {
    "order": "/orders/{}", "lecture": "/lectures/{}", "voice": "/cases/{}", "media": "/media",
    "village": "/villages/{}", "room": "/rooms/{}", "member": "/persons/{}",
}  # fmt: skip
_MAY_OPEN = {"room": ConsoleRole.VIEWER, "member": ConsoleRole.ADMIN}  # a village's clerk opens neither
_NO_CASE = ("ratings", "rating_mean")  # ratings are no cases


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that opens."""

    figure: Figure
    words: str
    link: str


def show(ask: Ask) -> Answer:
    """One part of the figures: ``part`` of `PARTS`."""
    wish = asked(ask)
    part = ask.query.get("part", "")
    part = part if part in PARTS else "events"
    values: dict[str, object] = {**form_values(ask, wish), "part": part, "elsewhere": _elsewhere(ask, wish)}
    if wish.scope is None:
        return Html("figures.html", "图表", values | {"scope": None}, status=400)
    scope, kept = wish.scope, wish.kept
    found, charts = _counted(ask, scope, part)
    values |= {
        "scope": scope,
        "standing": standing(ask, scope, part),
        "parts": [(key, name, address(PAGE, **kept, part=key)) for key, (name, _) in PARTS.items()],
        "tiles": [_tile(BY_KEY[key], found[key], kept) for key in PARTS[part][1]],
        "charts": [
            (drawn.CHARTS[name], _sized(svg), address(f"{PAGE}/chart/{name}", **kept)) for name, svg in charts.items()
        ],
        "tables": table_links(scope, part, kept),
        "idle": _idle(ask, scope, found) if part == "events" else None,
        "above": _above(ask, scope, kept, part),
        "below": _below(ask, scope, kept, part),
    }
    return Html("figures.html", f"{scope.place.name} {scope.period.label}", values)


def form_values(ask: Ask, wish: Asked) -> dict[str, object]:
    """What the form of when and where shows."""
    return {"wish": wish, "periods": when_words(ask), "places": places(ask), "kept": wish.kept}


def table_links(scope: Scope, part: str, kept: dict[str, str]) -> list[tuple[str, str, str]]:
    """(by, its name, address) of the tables that a part's figures can be told in."""
    figures = [BY_KEY[key] for key in PARTS[part][1]]
    able = [by for by in tables.BY if any(by in each.source.dims and each.source.knows(scope) for each in figures)]
    return [(by, tables.BY[by], address(f"{PAGE}/table/{by}", **kept, part=part)) for by in able]


def rows(ask: Ask) -> Answer:
    """The rows behind a number; with ``by`` and ``label`` behind one cell of a table."""
    scope = scope_of(ask)
    kept = kept_of(ask, scope)
    figure = BY_KEY.get(ask.path["key"])
    if figure is None:
        raise NotThere("这个数")
    by, label = ask.query.get("by", ""), ask.query.get("label", "")
    if by:
        figure = tables.narrowed(ask.session, scope, figure, by, label)
    where = f"{scope.place.name}{scope.period.label}{label if by else ''}"

    def find(ask: Ask, wanted: Wanted) -> Found[Row]:
        found = figure.rows(ask.session, scope, limit=wanted.limit, offset=wanted.offset)
        return Found(found, figure.count(ask.session, scope))

    name = f"{where}{figure.name}".replace("：", "_")
    listing: Listing[Row] = Listing(name, _columns(ask, figure), find, (), searches="", empty="没有。")
    number = told.with_unit(figure.key, figure.number(ask.session, scope))
    cell = {"by": by, "label": label} if by else {}
    back = address(f"{PAGE}/table/{by}" if by else PAGE, **kept, part=_part_of(figure))
    opens = address(f"{PAGE}/{figure.key}/open", **kept, **cell, page=ask.query.get("page", ""))
    return show_list(
        ask, listing, title=f"{label if by else ''} {figure.name} {number}".strip(), template="figures_rows.html",
        scope=scope, figure=figure, back=back, opens=opens if figure.things is None else "", **turns(ask, kept | cell),
    )  # fmt: skip


def _part_of(figure: Figure) -> str:
    """The part that it is told in."""
    return next(part for part, (_, keys) in PARTS.items() if figure.key in keys)


def _columns(ask: Ask, figure: Figure) -> tuple[Column[Row], ...]:
    """What a list shows of the rows behind a figure: of things what they are, of all others what they say and add."""
    subject = figure.things.subject if figure.things is not None else figure.source.subject
    opens = "/cases?kind=feedback" if figure.key in _NO_CASE else _OPENS.get(subject, "")
    may = subject not in _MAY_OPEN or ask.may(_MAY_OPEN[subject])
    link = (lambda row: opens.format(row.id)) if opens and may else None
    found: list[Column[Row]] = _of_subject(ask, subject, link)
    if figure.things is not None:
        return (*found, Column(figure.things.beside, _amount, number=True))
    if subject == "village":
        return (*found, Column("月", _words))
    if figure.amount is not None:
        found.append(Column(f"计入（{figure.unit}）", _amount, number=True))
    return (*found, *(Column(name, _more(at), wide=True) for at, name in enumerate(figure.source.more)))


def _of_subject(ask: Ask, subject: str, link: Callable[[Row], str] | None) -> list[Column[Row]]:
    if subject == "member":
        return [Column("群友", lambda row: f"{row.id}号", link=link, head=True), Column("群", _words)]
    if subject == "village":
        return [Column("村", lambda row: row.village, link=link, head=True)]
    village: Column[Row] = Column("村", lambda row: row.village)
    if subject == "room":
        return [Column("群", _words, link=link, head=True), village]
    return [
        Column("内容", lambda row: _text(ask, row), link=link, head=True),
        Column("编号", lambda row: row.id),
        Column("时间", lambda row: row.at),
        village,
    ]


def _words(row: Row) -> object:
    return row.text


def _amount(row: Row) -> object:
    return row.amount


def _more(at: int) -> Callable[[Row], object]:
    return lambda row: row.more[at]


def chart(ask: Ask) -> Answer:
    """A chart as a picture to keep."""
    scope = scope_of(ask)
    name = ask.path["name"]
    if name not in drawn.CHARTS:
        raise NotThere("这张图")
    until = min(ask.now, scope.end - timedelta(days=1))
    under = f"{scope.place.name} {scope.period.label}，截至{told.day_words(until, scope.zone)}"
    svg = drawn.chart(ask.session, scope, name, under=under)
    wide = _width(svg)
    title = f"{scope.place.name}{scope.period.label}{drawn.CHARTS[name]}"
    body = draw(svg, width=min(round(wide * SHARP), 6_000))
    return Download(f"{title}.png", "image/png", body, logged=("存图表", title))


def odd(ask: Ask) -> Answer:
    """请看一眼: what looks odd, for coordinators; the first of each kind, or all of one, page by page."""
    scope = scope_of(ask)
    kept = kept_of(ask, scope)
    kind = next((each for each in FlagKind if each == ask.query.get("kind")), None)
    seen, page = (flags(ask.session, scope), 1) if kind is None else _one_kind(ask, scope, kind)
    pages = -(-seen[0].total // MOST) if kind is not None and seen else 1
    values = {
        "seen": [(each, address(f"{PAGE}/flags", **kept, kind=each.kind)) for each in seen],
        "page": page,
        "pages": pages,
        "turn": lambda to: address(f"{PAGE}/flags", **kept, kind=kind or "", page=to if to > 1 else ""),
        "all": address(f"{PAGE}/flags", **kept) if kind is not None else "",
        "back": address(PAGE, **kept),
        "scope": scope,
    }
    return Html("figures_flags.html", "请看一眼", values)


def _one_kind(ask: Ask, scope: Scope, kind: FlagKind) -> tuple[list[Seen], int]:
    """One page of what was seen of one kind, and its number; behind the last there is the first."""
    page = page_of(ask)
    seen = flags(ask.session, scope, kinds=(kind,), part=Part((page - 1) * MOST))
    return (seen, page) if seen and seen[0].flags else (flags(ask.session, scope, kinds=(kind,)), 1)


def _tile(figure: Figure, number: Number, kept: dict[str, str]) -> Tile:
    return Tile(figure, told.told(number), address(f"{PAGE}/{figure.key}", **kept))


def _counted(ask: Ask, scope: Scope, part: str) -> tuple[dict[str, Number], dict[str, str]]:
    """The numbers of a part and its charts. What is slow to count is counted once for both."""
    keys = PARTS[part][1]
    if part == "times":
        found = numbers(ask.session, scope, keys=(*keys, *drawn.TIMES))
        return found, {"times": drawn.times(found)}
    if part == "pushes":  # the months lie side by side, so that a count of messages is the sum of theirs
        table = begun(breakdown(ask.session, scope, "month", keys=drawn.PUSHES), scope)
        found = numbers(ask.session, scope, keys=tuple(key for key in keys if key not in drawn.PUSHES))
        for at, figure in enumerate(table.figures):
            known = [row[at] for _, row in table.rows]
            found[figure.key] = (
                sum(int(each or 0) for each in known) if any(each is not None for each in known) else None
            )
        return found, {"pushes": drawn.pushes(table), "replies": drawn.replies(table)}
    names = [each for each in _CHARTS.get(part, ()) if each != "idle" or BY_KEY["months_idle"].source.knows(scope)]
    charts = {name: drawn.chart(ask.session, scope, name) for name in names}
    return numbers(ask.session, scope, keys=keys), charts


def standing(ask: Ask, scope: Scope, part: str) -> str:
    """Whether the numbers stay as they are, and what to know of the months where they are shown."""
    recorded = records.reach(ask.session, scope)
    said = told.standing(scope, recorded=recorded)
    return "".join((said, *(told.by_month(scope) if recorded and part in _BY_MONTH else ())))


def _width(svg: str) -> float:
    return float(svg.split('viewBox="0 0 ', 1)[1].split(" ", 1)[0])


def _sized(svg: str) -> str:
    """At its own size, so that a wide one is scrolled and not shrunk."""
    return svg.replace("<svg ", f'<svg width="{_width(svg):.0f}" ', 1)


def _idle(ask: Ask, scope: Scope, found: Mapping[str, Number]) -> list[tuple[str, str]]:
    """(village, month) in which nothing was held; of many there is the list that the number opens."""
    if not 0 < (found["months_idle"] or 0) <= _IDLE:
        return []
    rows = BY_KEY["months_idle"].rows(ask.session, scope, limit=_IDLE)
    return [(row.village, row.text) for row in rows]


def _below(ask: Ask, scope: Scope, kept: dict[str, str], part: str) -> list[tuple[str, str]]:
    """The places within, to look into."""
    if ask.scope is not None:
        return []
    children = areas.children(ask.session, scope.place)[:MOST_PLACES]
    return [(each.name, address(PAGE, **{**kept, "place": each.key}, part=part)) for each in children]


def _above(ask: Ask, scope: Scope, kept: dict[str, str], part: str) -> tuple[str, str] | None:
    """The place that it lies in."""
    place = above(ask.session, scope.place) if ask.scope is None else None
    return (place.name, address(PAGE, **{**kept, "place": place.key}, part=part)) if place is not None else None


def _elsewhere(ask: Ask, wish: Asked) -> list[tuple[str, str]]:
    """What belongs to the figures and has a page of its own."""
    found = [("做总结", address("/reports", **wish.kept)), ("媒体报道", "/media"), ("归档的课", "/archive")]
    return [
        *found,
        *([("请看一眼", address(f"{PAGE}/flags", **wish.kept))] if ask.may(ConsoleRole.COORDINATOR) else []),
    ]


def turns(ask: Ask, kept: dict[str, str]) -> dict[str, object]:
    """The pages of a list and its spreadsheet, with the period and the place in their addresses."""
    return {
        "turn": lambda to: address(ask.where, **kept, page=to if to > 1 else ""),
        "as_xlsx": address(ask.where, **kept, **{"as": "xlsx"}),
    }


def _text(ask: Ask, row: Row) -> str:
    """What is shown of a row; what residents said in groups is the coordinators' to read."""
    if row.subject == "heard" and not ask.may(ConsoleRole.COORDINATOR):
        return "（群里的话）"
    return " ".join(row.text.split())[:200] or "（没有字）"


PAGES: tuple[Page | Deed, ...] = (
    Page(PAGE, show, "图表：所有的数，点开看是哪些", village=True, nav="图表"),
    Page(f"{PAGE}/flags", odd, "请看一眼：看着不寻常、请核对的", may=ConsoleRole.COORDINATOR),
    Page(f"{PAGE}/chart/{{name}}", chart, "一张图表，存成图片", village=True, heavy=True),
    Page(f"{PAGE}/{{key}}", rows, "一个数后面的每一条", village=True, private=True, sheet=True),
)
