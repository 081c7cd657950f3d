"""The charts of the figures, as SVG: the same for a page, a document and a group."""

from collections.abc import Mapping

from sqlmodel import Session

from data.drawing import charts
from data.drawing import heat as drawing
from data.drawing.charts import WIDTH
from data.figures import areas, tables
from data.figures.areas import Level
from data.figures.figure import Number
from data.figures.figures import BY_KEY, numbers
from data.figures.scope import Scope
from data.figures.tables import Heat, Table, breakdown
from data.reports import told
from data.reports.gathered import begun

STEPS = (("点单到派单", "dispatch"), ("点单到接单", "accept"), ("点单到开讲", "lecture"), ("意见到答复", "answer"))
TIMES = tuple(f"{key}_{share}" for _, key in STEPS for share in ("median", "p90"))
PUSHES = ("pushes", "notices", "replies")
_MOST_BARS = 40
_GAP = "空着的月份还没有记录，不是0。"
CHARTS: Mapping[str, str] = {
    "heat": "哪个题目、哪里点得多",
    "times": "各步用了多久",
    "months": "各月办了多少场",
    "pushes": "推送到群里的短文和通知",
    "replies": "推送后一天内群里回应",
    "idle": "空白月",
}


def chart(session: Session, scope: Scope, name: str, *, under: str = "") -> str:
    """The chart of this name (one of `CHARTS`), counted for itself; ``under`` stands below its title."""

    def by_month(*keys: str) -> Table:
        return begun(breakdown(session, scope, "month", keys=keys), scope)

    match name:
        case "heat":
            return heat(tables.heat(session, scope), under=under)
        case "times":
            return times(numbers(session, scope, keys=TIMES), under=under)
        case "months":
            return months(by_month("events"), under=under)
        case "pushes":
            return pushes(by_month(*PUSHES), under=under)
        case "replies":
            return replies(by_month(*PUSHES), under=under)
        case _:
            found = breakdown(session, scope, idle_by(session, scope), keys=("months_idle",))
            unknown, known = _unknown_idle(session, scope)
            return idle(found, under=under, none=told.none_idle(unknown, known=known))


def idle_by(session: Session, scope: Scope) -> str:
    """Whether months in which nothing was held are shown by village, or there are too many villages for that."""
    few = areas.villages_in(session, scope.place) <= _MOST_BARS or scope.place.level is Level.TOWN
    return "village" if few else "month" if scope.place.level is Level.WHOLE else "town"


def heat(found: Heat, *, under: str = "") -> str:
    """Orders by topic and place, in one picture."""
    return drawing.heat(_table(found, under))


def heat_pages(found: Heat, *, wide: float) -> list[str]:
    """The same in pictures that are no wider than paper."""
    return drawing.heat_pages(_table(found), wide=wide)


def times(found: Mapping[str, Number], *, wide: float = WIDTH, under: str = "") -> str:
    """How long the steps of the loop took; the figures are hours, the picture takes minutes."""
    steps = [(name, _minutes(found[f"{key}_median"]), _minutes(found[f"{key}_p90"])) for name, key in STEPS]
    return charts.spans(_title("times", under), steps, wide=wide)


def months(table: Table, *, wide: float = WIDTH, under: str = "") -> str:
    """Events by month; of few a bar each."""
    items = _column(table, "events")
    if len(items) < 3:
        return charts.bars(_title("months", under), items, unit="场", wide=wide)
    unknown = [value is None for _, value in items]
    if any(unknown) and not all(unknown):
        under = "\n".join(filter(None, (under, _GAP)))
    return charts.line(_title("months", under), items, unit="场", wide=wide)


def pushes(table: Table, *, wide: float = WIDTH, under: str = "") -> str:
    """Texts and notices to groups, by month."""
    texts, notices = (_column(table, key) for key in ("pushes", "notices"))
    rows = [
        (label, None if text is None and notice is None else [text or 0.0, notice or 0.0])
        for (label, text), (_, notice) in zip(texts, notices, strict=True)
    ]
    return charts.stacked(_title("pushes", under), rows, ("政策短文", "通知"), unit="群次", wide=wide)


def replies(table: Table, *, wide: float = WIDTH, under: str = "") -> str:
    """What was written back in groups, by month: other things than messages, so in a picture of its own."""
    return charts.bars(_title("replies", under), _column(table, "replies"), unit="条", wide=wide)


def idle(table: Table, *, wide: float = WIDTH, under: str = "", none: str = charts.NOTHING) -> str:
    """Months in which nothing was held, by village, town or month; ``none`` is said where there is no such month."""
    items = [(label, value) for label, value in _column(table, "months_idle") if value]
    unit = "村·月" if table.by != "village" else "个月"
    return charts.bars(_title("idle", under), items, unit=unit, wide=wide, none=none)


def bars(title: str, table: Table, key: str, *, unit: str, wide: float = WIDTH) -> str:
    """One figure of a table, a bar for each row that has any."""
    items = [(label, value) for label, value in _column(table, key) if value]
    return charts.bars(title, items[:_MOST_BARS], unit=unit, wide=wide)


def _unknown_idle(session: Session, scope: Scope) -> tuple[list[str], bool]:
    """The months of which nobody knows whether nothing was held in them, and whether that is known of any other."""
    passed = {each.key for each in scope.period.months() if each.start(scope.zone) <= scope.now}
    unknown = [each for each in tables.unknown_months(session, scope) if each in passed]
    return unknown, BY_KEY["months_idle"].source.knows(scope) and len(unknown) < len(passed)


def _title(name: str, under: str) -> str:
    return f"{CHARTS[name]}\n{under}" if under else CHARTS[name]


def _table(found: Heat, under: str = "") -> drawing.Heat:
    rows = {name: at for at, name in enumerate(found.topics)}
    columns = {name: at for at, name in enumerate(found.places)}
    counts = {(rows[topic], columns[place]): count for (topic, place), count in found.cells.items()}
    return drawing.Heat(_title("heat", under), found.topics, found.places, counts)


def _column(table: Table, key: str) -> list[tuple[str, float | None]]:
    """(label, number) of one figure; None of what nobody knows, so that it is not drawn as nought."""
    at = [each.key for each in table.figures].index(key)
    name = _month if table.by == "month" else str
    numbers_ = ((name(label), row[at]) for label, row in table.rows)
    return [(label, None if number is None else float(number)) for label, number in numbers_]


def _month(key: str) -> str:
    """11月 of 2026-11; another period as it is."""
    year, _, month = key.partition("-")
    return f"{int(month)}月" if year.isdecimal() and month.isdecimal() else key


def _minutes(hours: Number) -> float | None:
    return None if hours is None else hours * 60
