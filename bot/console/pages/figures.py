"""图表: all figures of a period and a place; each opens the rows behind it, each chart is a picture to keep."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.console.lists import Column, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Download, Html, Page, address
from data.desk import figures as desk
from data.desk_errors import NotThere
from data.desk_tables import ConsoleRole
from data.drawing.render import png
from data.figures import areas, flags
from data.figures.areas import Place
from data.figures.figure import Figure, Number, Row
from data.figures.figures import BY_KEY, numbers
from data.figures.periods import Period, PeriodKind, parse, period_of
from data.figures.scope import Scope
from data.figures.tables import breakdown
from data.reports import drawn, told
from data.reports.gathered import begun, whole
from data.reports.told import PARTS

PAGE = "/figures"
SHARP = 3  # pixels of a saved picture to one of the page's
_CHOICES = 400  # places that the field offers; others are typed
_IDLE = 60  # villages that are named
_CHARTS = {"orders": ("heat",), "events": ("months", "idle")}
_OPENS = {"order": "/orders/{}", "lecture": "/lectures/{}", "voice": "/cases/{}", "media": "/media"}
_NO_CASE = ("ratings", "rating_mean")  # ratings are no cases


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that opens."""

    figure: Figure
    words: str
    link: str


def show(ask: Ask) -> Answer:
    """One part of the figures: ``part`` of `PARTS`."""
    scope, kept = _scope(ask)
    part = ask.query.get("part", "")
    part = part if part in PARTS else "events"
    found, charts = _counted(ask, scope, part)
    values = {
        "scope": scope,
        "standing": told.standing(scope),
        "parts": [(key, name, address(PAGE, **kept, part=key)) for key, (name, _) in PARTS.items()],
        "part": part,
        "tiles": [_tile(BY_KEY[key], found[key], kept) for key in PARTS[part][1]],
        "charts": [
            (drawn.CHARTS[name], _sized(svg), address(f"{PAGE}/chart/{name}", **kept)) for name, svg in charts.items()
        ],
        "idle": _idle(ask, scope) if part == "events" else None,
        "below": _below(ask, scope, kept, part),
        "places": places(ask),
        "periods": when_words(ask),
        "kept": kept,
        "flags": f"{address(f'{PAGE}/flags', **kept)}" if ask.may(ConsoleRole.COORDINATOR) else "",
    }
    return Html("figures.html", f"{scope.place.name} {scope.period.label}", values)


def rows(ask: Ask) -> Answer:
    """The rows behind a number."""
    scope, kept = _scope(ask)
    figure = BY_KEY.get(ask.path["key"])
    if figure is None:
        raise NotThere("这个数")
    number = figure.number(ask.session, scope)
    subject = (figure.evidence or figure.source).subject
    opens = "/cases?kind=feedback" if figure.key in _NO_CASE else _OPENS.get(subject)
    link = (lambda row: opens.format(row.id)) if opens is not None else None
    columns: list[Column[Row]] = [
        Column("内容", lambda row: _text(ask, row), link=link, head=True),
        Column("编号", lambda row: row.id),
        Column("时间", lambda row: row.at),
        Column("村", lambda row: row.village),
    ]
    if figure.amount is not None and figure.evidence is None:
        columns.append(Column(f"计入（{figure.unit}）", lambda row: told.told(row.amount)))

    def find(ask: Ask, wanted: Wanted) -> Found[Row]:
        found = figure.rows(ask.session, scope, limit=wanted.limit, offset=wanted.offset)
        return Found(found, figure.count(ask.session, scope))

    listing: Listing[Row] = Listing(
        figure.name.replace("：", "_"), tuple(columns), find, (), searches="", empty="没有。"
    )
    return show_list(
        ask, listing, title=f"{figure.name} {told.with_unit(figure.key, number)}", template="figures_rows.html",
        scope=scope, figure=figure, back=address(PAGE, **kept), **_turns(ask, kept),
    )  # fmt: skip


def chart(ask: Ask) -> Answer:
    """A chart as a picture to keep."""
    scope, _ = _scope(ask)
    name = ask.path["name"]
    if name not in drawn.CHARTS:
        raise NotThere("这张图")
    svg = drawn.chart(ask.session, scope, name)
    wide = _width(svg)
    title = f"{scope.place.name}{scope.period.label}{drawn.CHARTS[name]}"
    body = png(svg, width=min(round(wide * SHARP), 6_000))
    return Download(f"{title}.png", "image/png", body, logged=("存图表", title))


def odd(ask: Ask) -> Answer:
    """请看一眼: what looks odd, for coordinators."""
    scope, kept = _scope(ask)
    values = {"flags": flags.flags(ask.session, scope), "back": address(PAGE, **kept), "scope": scope}
    return Html("figures_flags.html", "请看一眼", values)


# ---- of when and where, for the pages of reports too -----------------------------------------------------------------


def place_of(ask: Ask, words: str) -> Place:
    """The place that was chosen, by its key or its name; a village's clerk has only their own. Raises `NoSuchPlace`."""
    if ask.scope is not None:
        return areas.of_village(ask.session, ask.scope)
    if words in ("", areas.ALL, ask.knowledge.town):
        return whole(ask.session, ask.knowledge.town)
    return areas.by_key(ask.session, words) if ":" in words else areas.find(ask.session, words)


def when_words(ask: Ask) -> list[Period]:
    """The periods that one mostly wants: this and the last quarter, month and year."""
    today = ask.now.astimezone(ask.rules.zone).date()
    kinds = (PeriodKind.QUARTER, PeriodKind.MONTH, PeriodKind.YEAR)
    return [each for kind in kinds for each in (period_of(today, kind), period_of(today, kind).before())]


def places(ask: Ask) -> Sequence[str]:
    """Names that the field of the place offers; none for a village's clerk."""
    if ask.scope is not None:
        return ()
    return desk.place_names(ask.session, _CHOICES)


def _scope(ask: Ask) -> tuple[Scope, dict[str, str]]:
    """What is asked for, and how an address says it. Raises `BadPeriod` or `NoSuchPlace`."""
    words = ask.query.get("period", "").strip()
    period = parse(words) if words else when_words(ask)[0]
    place = place_of(ask, ask.query.get("place", "").strip())
    kept = {"period": period.key} | ({"place": place.key} if ask.scope is None else {})
    return Scope(period, place, ask.rules.zone, ask.now), kept


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
            found[figure.key] = sum(int(row[at] or 0) for _, row in table.rows)
        return found, {"pushes": drawn.pushes(table)}
    charts = {name: drawn.chart(ask.session, scope, name) for name in _CHARTS.get(part, ())}
    return numbers(ask.session, scope, keys=keys), charts


def _width(svg: str) -> float:
    return float(svg.split('viewBox="0 0 ', 1)[1].split(" ", 1)[0])


def _sized(svg: str) -> str:
    """At its own size, so that a wide one is scrolled and not shrunk."""
    return svg.replace("<svg ", f'<svg width="{_width(svg):.0f}" ', 1)


def _idle(ask: Ask, scope: Scope) -> list[tuple[str, str]]:
    """(village, month) in which nothing was held, the first of them."""
    found = BY_KEY["months_idle"].rows(ask.session, scope, limit=_IDLE)
    return [(row.village, row.text) for row in found]


def _below(ask: Ask, scope: Scope, kept: dict[str, str], part: str) -> list[tuple[str, str]]:
    """The places within, to look into."""
    if ask.scope is not None:
        return []
    children = areas.children(ask.session, scope.place)[:_CHOICES]
    return [(each.name, address(PAGE, **{**kept, "place": each.key}, part=part)) for each in children]


def _turns(ask: Ask, kept: dict[str, str]) -> dict[str, object]:
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
    Page(f"{PAGE}/flags", odd, "看着不寻常、请核对的", may=ConsoleRole.COORDINATOR),
    Page(f"{PAGE}/chart/{{name}}", chart, "一张图表，存成图片", village=True),
    Page(f"{PAGE}/{{key}}", rows, "一个数后面的每一条", village=True, private=True),
)
