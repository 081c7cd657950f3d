"""The files of a report, and how each is called."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from data.drawing.render import png
from data.drawing.styles import WIDE
from data.reports import told
from data.reports.book import XLSX, book
from data.reports.document import document, name_of
from data.reports.gathered import Report, Step
from data.reports.page import page
from data.reports.word import DOCX


@dataclass(frozen=True, slots=True)
class Made:
    """One file."""

    name: str
    content_type: str
    body: bytes = field(repr=False)


def picture(report: Report) -> bytes:
    """The report on one picture."""
    scope = report.scope
    note = told.standing(scope, recorded=report.recorded[0])
    return png(page(scope.place.name, scope.period.label, report.numbers, note), width=WIDE)


def files(report: Report, templates: Path | None, step: Step) -> Iterator[Made]:
    """The document, the workbook and the picture, one after another. Raises `data.reports.word.TemplateFault`."""
    name = name_of(report)
    step(0.78, "写 Word")
    yield Made(f"{name}.docx", DOCX, document(report, templates))
    step(0.92, "写 Excel")
    yield Made(f"{name}.xlsx", XLSX, book(report))
    step(0.97, "画一页图")
    yield Made(f"{name}.png", "image/png", picture(report))
    step(1.0, "好了")
