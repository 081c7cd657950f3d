"""A quarter's or a year's report as a document: what its template is filled with."""

import re
from itertools import groupby
from pathlib import Path

from data.drawing.render import png
from data.figures.figures import BY_KEY, FIGURES
from data.figures.reported import LEVEL_NAMES
from data.figures.tables import BY, Table
from data.reports import drawn, told
from data.reports.gathered import Report
from data.reports.told import NOTHING
from data.reports.word import Picture, render, template

WIDE = 620  # px of a chart on paper
_SHARP = 2  # its pixels to one of the picture's
_ACROSS, _HIGH = 150, 150  # mm; below a picture so high there is room on a page for a lower one
_NARROWEST = 120  # mm, at which its words can still be read
_TABLES = ("month", "topic", "event", "lecturer_kind", "dialect", "venue", "mode")  # with that of the places
_NO_FILE = re.compile(r'[\\/:*?"<>|\x00-\x1f]')  # what Windows or Linux keeps out of a name
_LISTED, _IDLE = 50, 200  # late entries or media reports, and months of villages; the workbook has all
_TELLING = {"topic": ("orders", "events")}  # without any of these there is no line; else without any number
_HEATS = 4  # pictures of the heat table; the whole of it is in the workbook


def document(report: Report, folder: Path | None) -> bytes:
    """The report as a Word file; ``folder`` has the town's own templates. Raises `data.reports.word.TemplateFault`."""
    return render(template("annual.docx" if report.annual else "report.docx", folder), values(report))


def title_of(report: Report) -> str:
    """What stands above it."""
    kind = "年度总结" if report.annual else "总结"
    return f"{report.scope.place.name}{report.period.label}宣讲工作{kind}"


def name_of(report: Report) -> str:
    """How its files are called, without their endings. A village may be called 上坪/下坪, a file may not."""
    return _NO_FILE.sub("_", title_of(report)).strip(". ")


def values(report: Report) -> dict[str, object]:
    """All that a template may name; `docs/reports.md` lists it."""
    scope = report.scope
    return {
        "title": title_of(report),
        "made": f"{told.day_words(scope.now, scope.zone)}制",
        "standing": told.standing(scope, recorded=report.recorded[0]),
        "place": scope.place.name,
        "period": report.period.label,
        "n": {key: told.told(number) for key, number in report.numbers.items()},
        "figures": [_figure(report, each.key) for each in FIGURES if _told(report, each.key)],
        "lines": _lines(report),
        "charts": _charts(report),
        "places_by": BY[report.lines_by],
        "tables": {"places": _rows(report.tables[report.lines_by])}
        | {by: _rows(report.tables[by]) for by in _TABLES},
        "idle": _idle(report),
        "late": _first([
            {
                "what": BY_KEY[key].name.removeprefix("补报："),
                "day": told.day_words(row.at, scope.zone) if row.at else NOTHING,
                "village": row.village or NOTHING,
                "text": row.text or NOTHING,
            }
            for key, row in report.late
        ], "text"),
        "media": _first([
            {"day": f"{each.published_on:%Y-%m-%d}", "outlet": each.outlet, "level": LEVEL_NAMES[each.level],
             "title": each.title}
            for each in report.media
        ], "title"),
        "asking": [
            {"number": f"B{number}", "groups": told.told(groups), "text": " ".join(text.split())[:120]}
            for number, text, groups in (report.check.asking_texts if report.check else ())
        ],
        "criteria": report.criteria.words if report.criteria else "",
        "commended": [
            {"name": each.name, "kind": each.kind or NOTHING, "held": told.told(each.held),
             "ratings": told.told(each.ratings), "mean": told.told(each.mean)}
            for each in report.commended
        ],
        "flags": _flags(report),
    }  # fmt: skip


def _flags(report: Report) -> list[str]:
    """What looks odd, and after each kind how much more of it there is."""
    found = []
    for seen in report.flags or ():
        found += [each.words for each in seen.flags]
        if seen.more:
            found.append(f"……{seen.name}：一共{seen.many}，没有都列在这里，其余在控制台的“图表”→“请看一眼”里看。")
    return found


def _first(rows: list[dict[str, str]], column: str) -> list[dict[str, str]]:
    """The first of them; where there are more, a last line says in this column how many, and where they are."""
    rest = len(rows) - _LISTED
    more = f"还有{rest:,}条，全部在 Excel 表里。"
    return rows if rest <= 0 else [*rows[:_LISTED], dict.fromkeys(rows[0], "") | {column: more}]


def _told(report: Report, key: str) -> bool:
    """Whether a figure has a line: a part of another, 其中…, only where there was any."""
    return not BY_KEY[key].name.startswith("其中") or bool(report.numbers[key] or report.before[key])


def _figure(report: Report, key: str) -> dict[str, str]:
    figure = BY_KEY[key]
    now, before = told.told(report.numbers[key]), told.told(report.before[key])
    return {"name": figure.name, "unit": figure.unit, "now": now, "before": before, "help": figure.help}


def _lines(report: Report) -> dict[str, list[str]]:
    return {
        "overview": told.overview(report),
        "orders": told.orders(report),
        "events": told.events(report),
        "pushes": told.pushes(report),
        "voices": told.voices(report),
        "media": told.in_media(report),
        "late": told.late(report),
        "idle": told.idle(report),
        "check": told.self_check(report.check) if report.check is not None else [],
    }


def _charts(report: Report) -> dict[str, list[Picture]]:
    """Each chart in as many pictures as paper needs; none where there is nothing to see."""
    months = report.tables["month"]
    pictures = {
        "months": [drawn.months(months, wide=WIDE)] if len(months.rows) > 1 else [],
        "times": [drawn.times(report.numbers, wide=WIDE)] if any(map(report.numbers.get, drawn.TIMES)) else [],
        "heat": drawn.heat_pages(report.heat, wide=WIDE)[:_HEATS] if report.heat.cells else [],
        "pushes": _spoken(report, months),
        "events": [drawn.bars("各类活动", report.tables["event"], "events", unit="场", wide=WIDE)],
    }
    return {name: [_picture(each) for each in found] for name, found in pictures.items()}


def _spoken(report: Report, months: Table) -> list[str]:
    if not any(map(report.numbers.get, drawn.PUSHES)):
        return []
    return [drawn.pushes(months, wide=WIDE), drawn.replies(months, wide=WIDE)]


def _picture(svg: str) -> Picture:
    wide, high = (float(each) for each in svg.split('viewBox="0 0 ', 1)[1].split('"', 1)[0].split())
    return Picture(png(svg, width=WIDE * _SHARP), round(min(_ACROSS, max(_NARROWEST, _HIGH * wide / high))))


def _rows(table: Table) -> list[dict[str, str]]:
    """Each row by its name, with every figure by its key; — for what this table does not tell apart."""
    blank = dict.fromkeys(BY_KEY, NOTHING)
    keys = [each.key for each in table.figures]
    rows = [(label, dict(zip(keys, row, strict=True))) for label, row in table.rows]
    return [
        {"name": label} | blank | {key: told.told(number) for key, number in row.items()}
        for label, row in rows
        if table.by == "month" or any(map(row.get, _TELLING.get(table.by, keys)))  # a month shows that nothing was
    ]


def _idle(report: Report) -> list[dict[str, str]]:
    """The villages in which nothing was held, month by month."""
    months = groupby(report.idle[:_IDLE], key=lambda row: row.text)
    listed = [{"month": month, "villages": "、".join(row.village for row in rows)} for month, rows in months]
    rest = len(report.idle) - _IDLE
    more = {"month": "……", "villages": f"还有{rest:,}村·月，全部在 Excel 表里。"}
    return [*listed, more] if rest > 0 else listed
