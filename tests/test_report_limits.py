"""What a report does not let happen: a template that gets out, a list cut without a word, a name that is a path."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from docx import Document
from openpyxl import load_workbook

from data.drawing.render import png
from data.figures import areas
from data.figures.figure import Row
from data.figures.periods import parse
from data.figures.scope import Scope
from data.record_tables import MediaLevel, MediaReport
from data.reports.book import book
from data.reports.document import document, name_of, title_of
from data.reports.gathered import Report, Wish, gather
from data.reports.word import Picture, TemplateFault, render
from tests.town import NOW, ZONE, DemoTown

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
# How a picture once led to the whole document, and from there out of the sandbox.
_INNER = "<w:p>{' ~ '{ cycler.__init__.__globals__.os.mkdir(\"MINE\") }' ~ '}</w:p>"
ESCAPES = (
    f"{{{{ photos[0].tpl.render_xml_part('{_INNER}', photos[0].tpl.docx.part, {{}}, none) }}}}",
    '{{ photos[0].tpl.docx.save("MINE") }}',
    "{{ photos[0]._image.tpl }}",
    "{{ photos[0].__str__.__globals__ }}",
)


def filled(folder: Path, words: str) -> bytes:
    path = folder / "own.docx"
    made = Document()
    made.add_paragraph(words)
    made.save(str(path))
    return render(path, {"photos": [Picture(png(SVG, width=9), 50)], "title": "总结"})


@pytest.mark.parametrize("words", ESCAPES)
def test_a_picture_leads_nowhere(tmp_path: Path, words: str) -> None:
    mine = tmp_path / "mine"
    with pytest.raises(TemplateFault, match=r"own\.docx"):
        filled(tmp_path, words.replace("MINE", str(mine)))
    assert not mine.exists()


def test_a_picture_is_still_shown(tmp_path: Path) -> None:
    made = Document(io.BytesIO(filled(tmp_path, "{{ title }}{{ photos[0] }}")))
    assert len(made.inline_shapes) == 1


@pytest.mark.parametrize(
    "words", ["{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% for i in range(10**7) %}x{% endfor %}"]
)
def test_what_would_never_end_is_told_of_its_template(tmp_path: Path, words: str) -> None:
    with pytest.raises(TemplateFault, match=r"own\.docx"):
        filled(tmp_path, words)


def report_of(town: DemoTown) -> Report:
    with town.session() as session:
        scope = Scope(parse("2026Q2"), areas.whole(session), ZONE, NOW)
        return gather(session, scope, Wish(), lambda _done, _what: None)


def sheet(report: Report, name: str) -> int:
    """Rows of a sheet, without its heading."""
    return int(load_workbook(io.BytesIO(book(report)))[name].max_row) - 1


def words_of(report: Report) -> str:
    made = Document(io.BytesIO(document(report, None)))
    cells = [cell.text for table in made.tables for row in table.rows for cell in row.cells]
    return "\n".join([each.text for each in made.paragraphs] + cells)


def test_lists_that_are_cut_on_paper_say_so_and_are_whole_in_the_workbook(town: DemoTown) -> None:
    report = report_of(town)
    at = datetime(2026, 5, 1, tzinfo=UTC)
    idle = tuple(Row("village", number, at, f"第{number}村", "2026-05", 1) for number in range(260))
    late = tuple(("late_media", Row("media", number, at, "", f"第{number}篇", None)) for number in range(61))
    media = tuple(
        MediaReport(title=f"第{number}篇", outlet="西江日报", level=MediaLevel.CITY, published_on=date(2026, 5, 1))
        for number in range(53)
    )
    report = replace(report, idle=idle, late=late, media=media)
    assert (sheet(report, "空白月"), sheet(report, "补报"), sheet(report, "媒体报道")) == (260, 61, 53)
    said = words_of(report)
    assert "还有60村·月，全部在 Excel 表里。" in said
    assert "还有11条，全部在 Excel 表里。" in said and "还有3条，全部在 Excel 表里。" in said
    assert "第49篇" in said and "第50篇" not in said


def test_a_list_of_fifty_is_not_cut(town: DemoTown) -> None:
    row = Row("media", 1, None, "", "一篇", None)
    assert "全部在 Excel" not in words_of(replace(report_of(town), late=(("late_media", row),) * 50))


@pytest.mark.parametrize(
    ("village", "name"), [("上坪/下坪村", "上坪_下坪村"), ("../../村", "_.._村"), ("a\\b:c?", "a_b_c_")]
)
def test_a_village_s_name_is_no_path(town: DemoTown, village: str, name: str) -> None:
    report = report_of(town)
    report = replace(report, scope=replace(report.scope, place=replace(report.scope.place, name=village)))
    assert name_of(report) == f"{name}2026年第二季度宣讲工作总结"
    assert title_of(report).startswith(village)
