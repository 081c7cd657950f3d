"""A template may be anybody's file: what it asks for beyond names is told when it is read, before anything is run.

Once `{{ 9**(9**8) }}` stood still for more than 40 seconds, with all of the bot, already at ``check-config``; a few
letters times 900 million took 2.6 GB, a loop over `range` never ended and could not be stopped, and 2 MB of zeros in
a zip took 4 GB. Each of these is here, and what was found on the way. They are measured by a clock that is generous.
"""

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from docx import Document

from data.drawing.render import png
from data.reports.word import Picture, TemplateFault, check, render

SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
LIST = [{"name": f"第{number}村", "orders": "3"} for number in range(400)]
PARAGRAPH = b"<w:p><w:r><w:t>%b</w:t></w:r></w:p>"


def values() -> dict[str, object]:
    pictures = [Picture(png(SVG, width=9), 50)]
    return {"title": "总结", "n": {"events": "6"}, "rows": LIST, "photos": pictures, "lines": {"late": ["甲", "乙"]}}


@pytest.fixture(autouse=True)
def soon_over() -> Iterator[None]:
    """What holds up the interpreter cannot be stopped from within; what merely takes long is seen."""
    started = time.process_time()
    yield
    assert time.process_time() - started < 10


def written(folder: Path, *paragraphs: str) -> Path:
    made = Document()
    for words in paragraphs:
        made.add_paragraph(words)
    made.save(str(folder / "own.docx"))
    return folder / "own.docx"


def changed(path: Path, name: str, change: Callable[[bytes], bytes]) -> Path:
    """The same document with one part of it changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {each: archive.read(each) for each in archive.namelist()}
    parts[name] = change(parts.get(name, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, body in parts.items():
            archive.writestr(each, body)
    return path


def in_body(folder: Path, xml: bytes) -> Path:
    path = written(folder, "好")
    return changed(path, "word/document.xml", lambda body: body.replace(b"<w:body>", b"<w:body>" + xml, 1))


def refused(path: Path) -> str:
    """What is said of it, already when it is read; and the same when it is to be filled in."""
    with pytest.raises(TemplateFault) as read:
        check(path)
    with pytest.raises(TemplateFault) as filled:
        render(path, values())
    assert str(read.value) == str(filled.value)
    return str(read.value)


def text_of(body: bytes) -> str:
    made: Any = Document(io.BytesIO(body))
    parts = [each.text for each in made.paragraphs]
    return "\n".join(parts + [cell.text for table in made.tables for row in table.rows for cell in row.cells])


# ---- what it asks for ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("{{ 9**(9**8) }}", "不能计算"),
        ("{{ 7 % 3 }}", "不能计算"),
        ("{{ 'a'*900000000 }}", "不能计算"),
        ("{{ '%999999999d'%1 }}", "不能计算"),
        ("{{ title ~ title }}", "不能计算"),
        ("{{ -n.events }}", "不能计算"),
        ("{{ title.format(1) }}", "不能调用"),
        ("{{ range(9) }}", "不能调用"),
        ("{{ title|center(10**9) }}", "没有“| center”"),
        ("{{ title|center(999999999) }}", "没有“| center”"),
        ("{{ rows|map(attribute='name') }}", "没有“| map”"),
        ("{{ rows|join(title) }}", "没有“| join”"),
        ("{{ title|safe }}", "没有“| safe”"),
        ("{{ title|default(title) }}", "只能写一个字或一个数"),
        ("{{ title is odd }}", "不能写别的"),
        ("{{ [1, 2] }}", "不能列举和截取"),
        ("{{ rows[1:2] }}", "方括号里只能是一个数或一个字"),
        ("{{ rows[n.events] }}", "方括号里只能是一个数或一个字"),
        ("{{ title['__class__'] }}", "方括号里只能是一个数或一个字"),
        ("{{ title.__class__ }}", "没有“__class__”"),
        ("{% for a in range(99999) %}{% endfor %}", "只能是“名字 in 名字”"),
        ("{% for a in [1, 2] %}{% endfor %}", "只能是“名字 in 名字”"),
        ("{% if title in rows %}{% endif %}", "in 只能写在 for 里"),
        ("{% for a in rows if a not in lines %}{% endfor %}", "in 只能写在 for 里"),
        ("{% for a in 'xyz' %}{% endfor %}", "只能是“名字 in 名字”"),
        ("{% for a, b in rows %}{% endfor %}", "只能是“名字 in 名字”"),
        ("{% for a in rows recursive %}{% endfor %}", "只能是“名字 in 名字”"),
        ("{% if title %}" * 9 + "{% endif %}" * 9, "套得太深"),
        ("{% if title %}" * 900 + "{% endif %}" * 900, "套得太深"),
        ("{{ " + "(" * 140 + "title" + ")" * 140 + " }}", "套得太深"),
        ("{% set x = title %}", "花括号里只能写名字、for"),
        ("{% macro m() %}{{ m() }}{% endmacro %}", "花括号里只能写名字、for"),
        ("{% include 'x' %}", "花括号里只能写名字、for"),
        ("{% raw %}{% endraw %}", "花括号里只能写名字、for"),
        ("{% autoescape false %}{% endautoescape %}", "花括号里只能写名字、for"),
        ("{% vm %}", "花括号里只能写名字、for"),  # docxtpl's own, looked for with patterns that can take for ever
        ("{% hm %}", "花括号里只能写名字、for"),
        ("{% colspan 99999999 %}", "花括号里只能写名字、for"),
        ("{%- if title %}{% endif %}", "两头不写 - 和 +"),
        ("{# {{ title }} #}", "不能写 {# 这样的注"),
        ("{%tr for a in rows %}", "{%tr 要写在表格里"),
        ("{{ title", "没有写完"),
        ("{{ title {{ title }}", "没有写完"),
        ("{{ " + "n." * 200 + "x }}", "没有写完，或太长"),
        ("好 {", "没有写完"),
        ("{{" * 400_000, "没有写完"),
        ("{{ title }}" * 3_001, "花括号太多"),
        ("字" * 2_000_001, "文字太多"),
    ],
)  # fmt: skip
def test_more_than_names_is_refused_when_it_is_read(tmp_path: Path, mark: str, said: str) -> None:
    why = refused(written(tmp_path, "第一段 {{ title }}", mark))
    assert said in why and "模板 own.docx 有问题" in why
    if "套得太深" not in said and "太多" not in said:
        assert mark[:5] in why, why


def test_the_same_holds_in_headers_footnotes_and_properties(tmp_path: Path) -> None:
    made: Any = Document()
    made.sections[0].header.paragraphs[0].text = "{{ 9**(9**8) }}"
    made.save(str(tmp_path / "own.docx"))
    assert "在“{{ 9**(9**8) }}”这里" in refused(tmp_path / "own.docx")
    made = Document()
    made.core_properties.title = "{{ 9**(9**8) }}"
    made.save(str(tmp_path / "own.docx"))
    assert "在“{{ 9**(9**8) }}”这里" in refused(tmp_path / "own.docx")
    assert "在“{{ 9**(9**8) }}”这里" in refused(with_footnote(tmp_path, "{{ 9**(9**8) }}"))


def with_footnote(folder: Path, words: str) -> Path:
    made: Any = Document()
    made.add_section()
    made.save(str(folder / "own.docx"))
    office = "application/vnd.openxmlformats-officedocument.wordprocessingml"
    schema = "http://schemas.openxmlformats.org"
    kind = f'<Override PartName="/word/footnotes.xml" ContentType="{office}.footnotes+xml"/></Types>'
    link = (
        f'<Relationship Id="rId99" Type="{schema}/officeDocument/2006/relationships/footnotes" Target="footnotes.xml"/>'
    )
    note = f'<w:footnotes xmlns:w="{schema}/wordprocessingml/2006/main"><w:footnote w:id="1">'
    note += (PARAGRAPH % words.encode()).decode() + "</w:footnote></w:footnotes>"
    path = changed(folder / "own.docx", "word/footnotes.xml", lambda _: note.encode())
    changed(path, "[Content_Types].xml", lambda body: body.replace(b"</Types>", kind.encode()))
    end = b"</Relationships>"
    return changed(path, "word/_rels/document.xml.rels", lambda body: body.replace(end, link.encode() + end))


def test_what_a_resident_wrote_is_not_read_as_a_mark_in_a_footnote(tmp_path: Path) -> None:
    """With two sections the footnotes were filled in twice, the second time from what had been filled in."""
    path = with_footnote(tmp_path, "{{ title }}")
    made = render(path, values() | {"title": "{{ rows }}"})
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert "{{ rows }}" in archive.read("word/footnotes.xml").decode()


# ---- how much it makes ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        "{% for a in rows %}{% for b in rows %}{% for c in rows %}{% endfor %}{% endfor %}{% endfor %}",
        "{% for a in rows %}" + "字" * 60_000 + "{% endfor %}",
        "{{ photos[0] }}" * 300,
        "{{ rows }}" * 2_000,
        "{% for a in rows %}{% for b in rows %}" + "{% if a.name == b.name %}{% endif %}" * 9 + "{% endfor %}" * 2,
    ],
)
def test_more_than_a_report_has_is_refused_while_it_is_made(tmp_path: Path, words: str) -> None:
    """A turn of a loop counts with what stands in it: 160,000 turns took 9 s, for each was counted as one."""
    path = written(tmp_path, words)
    check(path)
    with pytest.raises(TemplateFault, match="写出来太长了"):
        render(path, values())


@pytest.mark.parametrize(
    ("words", "named"), [("rows == rows", "rows"), ("'3' != n", "n"), ("title < lines.late", "late")]
)
def test_whole_lists_are_not_compared(tmp_path: Path, words: str, named: str) -> None:
    """As `in`, each comparison goes through all of a list, and none of that was counted."""
    with pytest.raises(TemplateFault, match=f"在“好 .*“{named}”是一串，不能比"):
        render(written(tmp_path, f"好 {{% if {words} %}}{{% endif %}}"), values())


@pytest.mark.parametrize("name", ["title", "n", "n.events"])
def test_only_lists_are_gone_through(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, f"好 {{% for a in {name} %}}{{% endfor %}}")
    check(path)
    with pytest.raises(TemplateFault, match=r"在“好 .*不是一串，不能用 for"):
        render(path, values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("{{ title.upper }}", "没有“upper”这一项"),
        ("{{ n.items }}", "没有“items”这一项"),
        ("{{ photos[0]._image }}", "没有“_image”"),
        ("{{ photos[0].png }}", "没有“png”这一项"),
        ("{{ rows[400].name }}", "没有“400”这一项"),
        ("{{ range }}", "没有“range”这一项"),
        ("{% if n.events < 3 %}{% endif %}", "字和数不能比大小"),
    ],
)
def test_nothing_is_reached_but_the_values(tmp_path: Path, words: str, said: str) -> None:
    with pytest.raises(TemplateFault, match=said):
        render(written(tmp_path, words), values())


# ---- how it is written ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "xml",
    [
        b"<w:t>{%p if title %}</w:t>" * 9_000,
        b'<w:p w:rsidR="{{ title }}"/>',
        b"<w:p><w:r><w:delText>{{ title }}</w:delText></w:r></w:p>",
        b"<w:p><w:r><w:delText>{</w:delText><w:t>{ title }}</w:t></w:r></w:p>",
        b"<w:p><w:r><w:t>{</w:t><w:delText>% if title %}</w:delText><w:t>x</w:t></w:r></w:p>" * 9,
        b"<w:p><w:r><w:t>{</w:t><w:delText>% if title </w:delText><w:t>x</w:t></w:r></w:p>" * 9,
        PARAGRAPH % b"{" + PARAGRAPH % b"{ title }}",
        PARAGRAPH % b"{{ title" + PARAGRAPH % b"}}",
    ],
)
def test_marks_stand_in_the_text_of_one_paragraph(tmp_path: Path, xml: bytes) -> None:
    assert "花括号" in refused(in_body(tmp_path, xml))


@pytest.mark.parametrize(
    "xml",
    [
        b'<w:p w:rsidR="1"/>' * 9_000,
        b"<w:p>" + b'<w:r w:rsidR="1"/>' * 9_000 + b"</w:p>",
        b"<w:p><w:r>" + b'<w:t xml:space="preserve"/>' * 9_000 + b"</w:r></w:p>",
        b"<!-- {{ " + b"<w:p a " * 100_000 + b" -->",
        PARAGRAPH % (b"}" * 300_000),
        PARAGRAPH % (b"%" * 300_000),
    ],
)
def test_odd_yet_harmless_writing_takes_no_time(tmp_path: Path, xml: bytes) -> None:
    """Empty paragraphs with an attribute took docxtpl the square of their number, and lxml too."""
    path = in_body(tmp_path, xml + PARAGRAPH % b"{{ title }}")
    check(path)
    assert "总结" in text_of(render(path, values()))


def test_many_empty_paragraphs_take_no_more_than_their_number(tmp_path: Path) -> None:
    """9,000 are too few to see the square: 250,000 took 10 s and not 2. Eight times as many took 21 times as long."""

    def taken(many: int) -> float:
        path = in_body(tmp_path, b"<w:p/>" * many + PARAGRAPH % b"{{ title }}")
        started = time.process_time()
        check(path)
        return time.process_time() - started

    taken(1)  # what is loaded with the first
    assert taken(160_000) < 14 * taken(20_000)


@pytest.mark.parametrize(
    "head", [b'<!DOCTYPE a [<!ENTITY b "c">]>', b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]>"]
)
def test_xml_that_declares_things_is_not_opened(tmp_path: Path, head: bytes) -> None:
    path = written(tmp_path, "好")
    why = refused(changed(path, "word/document.xml", lambda body: head + body[body.index(b"<w:document") :]))
    assert "写法不寻常" in why


def test_xml_in_another_encoding_is_not_opened(tmp_path: Path) -> None:
    path = changed(written(tmp_path, "好"), "word/styles.xml", lambda body: body.decode().encode("utf-16"))
    assert "写法不寻常" in refused(path)


# ---- how large it is -----------------------------------------------------------------------------------------------


def zeros(folder: Path, megabytes: int) -> Path:
    path = written(folder, "好")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/media/a.png", "w") as part:
        for _ in range(megabytes):
            part.write(bytes(2**20))
    return path


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = zeros(tmp_path, 65)
    assert path.stat().st_size < 2**18
    assert "解开来太大了，最多64MB" in refused(path)


def test_other_ways_to_pack_are_not_unpacked(tmp_path: Path) -> None:
    path = written(tmp_path, "好")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("word/media/a.png", bytes(2**20))
    assert "打不开" in refused(path)


def test_more_text_or_parts_than_a_document_has(tmp_path: Path) -> None:
    path = changed(written(tmp_path, "好"), "word/more.xml", lambda _: b"<a>" + b" " * 2**23 + b"</a>")
    assert "文字和样式太多了" in refused(path)
    path = written(tmp_path, "好")
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(1_001):
            archive.writestr(f"more/{number}", b"")
    assert "解开来太大了" in refused(path)


# ---- what a town may write -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ("{{ rows[1].name }}", "第1村"),
        ("{{ rows[0]['orders'] }}场", "3场"),
        ("{{ n.events }}、{{ n['events'] }}", "6、6"),
        ("{{ nothing|default('—') }}", "—"),
        ("{{ rows|length }}", "400"),
        ("{{ (lines.late|first) }}{{ lines.late|last }}", "甲乙"),
        ("{% if n.events == '6' and not nothing|default(false) %}是{% else %}否{% endif %}", "是"),
        ("{% if rows|length > 3 %}多{% elif rows %}少{% endif %}", "多"),
        ("{{ '有' if lines.late else '没有' }}", "有"),
        ("{% for a in lines.late %}{{ loop.index }}{{ a }}{% if not loop.last %}，{% endif %}{% endfor %}", "1甲，2乙"),
        ("{% for a in rows if a.name == '第7村' %}{{ a.name }}{% endfor %}", "第7村"),
        ("{% if n.events != “5” %}引号{% endif %}", "引号"),
        ("集合{1,2}、100%", "集合{1,2}、100%"),
    ],
)
def test_names_conditions_and_loops_are_filled_in(tmp_path: Path, words: str, made: str) -> None:
    path = written(tmp_path, words)
    check(path)
    assert text_of(render(path, values())) == made


def test_rows_paragraphs_cells_and_runs_are_repeated(tmp_path: Path) -> None:
    page: Any = Document()
    table = page.add_table(rows=3, cols=1)
    for row, words in enumerate(("{%tr for row in rows %}", "{{ row.name }}", "{%tr endfor %}")):
        table.cell(row, 0).text = words
    across = page.add_table(rows=1, cols=3)
    for column, words in enumerate(("{%tc for a in lines.late %}", "{{ a }}", "{%tc endfor %}")):
        across.cell(0, column).text = words
    for words in ("{%p for picture in photos %}", "{{ picture }}", "{%p endfor %}", "{{r title }}"):
        page.add_paragraph(words)
    split = page.add_paragraph("{")  # as Word writes what was typed with a pause
    for words in ("{ ti", "tle }", "}"):
        split.add_run(words)
    page.save(str(tmp_path / "own.docx"))
    check(tmp_path / "own.docx")
    made: Any = Document(io.BytesIO(render(tmp_path / "own.docx", values())))
    assert [len(each.rows) for each in made.tables] == [400, 1]
    assert [cell.text for cell in made.tables[1].rows[0].cells] == ["甲", "乙"]
    assert len(made.inline_shapes) == 1
    assert made.paragraphs[-1].text == "总结"
