"""``python -m tools.report_template``: makes the templates of the reports, the same bytes each time.

A town may change a copy of them in Word. What stands in double braces is filled in, see docs/reports.md.
"""

import io
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

FOLDER = Path(__file__).parent.parent / "data" / "reports" / "templates"
SONG, HEI, LATIN = "宋体", "黑体", "Times New Roman"
MADE = datetime(2026, 1, 1)  # a file that is made again is the same
_BLACK = RGBColor(0, 0, 0)
# (heading, what is filled in, mm); every table is as wide as the text.
ACROSS = 154
PLACE = (("名称", "name", 38), ("点单", "orders", 17), ("活动", "events", 17), ("到场人次", "attended", 24),
         ("发放资料", "handouts", 24), ("意见等", "opinions", 17), ("空白月", "months_idle", 17))  # fmt: skip
TOPIC = (("题目", "name", 52), ("点单", "orders", 24), ("活动", "events", 24), ("到场人次", "attended", 30),
         ("覆盖村数", "villages", 24))  # fmt: skip
HELD = (("类别", "name", 58), ("活动", "events", 28), ("到场人次", "attended", 34), ("发放资料", "handouts", 34))
MONTH = (("月", "name", 24), ("点单", "orders", 20), ("活动", "events", 20), ("到场人次", "attended", 26),
         ("短文", "pushes", 24), ("通知", "notices", 20), ("意见等", "opinions", 20))  # fmt: skip
# Columns of words; the others are numbers, and stand at the right.
_WORDS = frozenset({
    "名称", "题目", "类别", "月", "指标", "单位", "怎么数", "日期", "媒体", "级别", "标题", "什么", "哪天", "村",
    "内容", "编号", "姓名", "项目", "数", "时间", "谁", "做了什么", "说了什么",
})  # fmt: skip


def main() -> int:
    """Write all templates."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, body in templates().items():
        (FOLDER / name).write_bytes(body)
        print(f"{name} {len(body):,}")
    return 0


def templates() -> dict[str, bytes]:
    """Each template's file name and bytes."""
    return {
        "report.docx": _bytes(_report(annual=False)),
        "annual.docx": _bytes(_report(annual=True)),
        "lecture.docx": _bytes(_lecture()),
    }


def _report(*, annual: bool) -> Any:
    page = _page()
    _title(page, "{{ title }}", "{{ made }}")
    _text(page, "{{ standing }}", small=True)
    _heading(page, "一、总体情况")
    _lines(page, "lines.overview")
    _pictures(page, "charts.months")
    _table(page, "figures", (("指标", "name", 66), ("单位", "unit", 20), ("本期", "now", 34), ("上期", "before", 34)))
    _heading(page, "二、点单")
    _lines(page, "lines.orders")
    _pictures(page, "charts.times", "charts.heat")
    _heading(page, "三、宣讲和活动")
    _lines(page, "lines.events")
    for title, name, columns in (
        ("按月", "tables.month", MONTH), ("按{{ places_by }}", "tables.places", PLACE),
        ("按题目", "tables.topic", TOPIC),
        ("按活动", "tables.event", HELD), ("按宣讲员类别", "tables.lecturer_kind", HELD),
        ("按方言", "tables.dialect", HELD), ("按场所", "tables.venue", HELD), ("按方式", "tables.mode", HELD),
    ):  # fmt: skip
        _shown_if(page, name, lambda title=title: _heading(page, title, level=2))
        _table(page, name, columns, whole=name not in ("tables.places", "tables.topic"))
    _heading(page, "四、推送和通知")
    _lines(page, "lines.pushes")
    _pictures(page, "charts.pushes")
    _heading(page, "五、意见、急难、提问和评课")
    _lines(page, "lines.voices")
    _heading(page, "六、媒体报道")
    _lines(page, "lines.media")
    _table(page, "media", (("日期", "day", 28), ("媒体", "outlet", 36), ("级别", "level", 18), ("标题", "title", 72)))
    _heading(page, "七、补报")
    _lines(page, "lines.late")
    _table(page, "late", (("什么", "what", 38), ("哪天", "day", 30), ("村", "village", 30), ("内容", "text", 56)))
    if annual:
        _annual(page)
    _heading(page, "附表：空白月")
    _lines(page, "lines.idle")
    _table(page, "idle", (("月", "month", 30), ("村", "villages", 124)))
    _heading(page, "附：数是怎么数的")
    _table(page, "figures", (("指标", "name", 48), ("怎么数", "help", 106)))
    _shown_if(page, "flags", lambda: _flags(page))
    return page


def _annual(page: Any) -> None:
    _heading(page, "八、形式主义自查")
    _text(page, "对照2023年12月《关于防治“指尖上的形式主义”的若干意见》，只数发出去的记录。")
    _lines(page, "lines.check")
    _table(page, "asking", (("编号", "number", 20), ("发到几个群", "groups", 28), ("内容", "text", 106)))

    def commended() -> None:
        _heading(page, "九、表彰名单")
        _text(page, "条件：{{ criteria }}。够条件的都列，按姓名拼音排，不分先后。")
        _shown_if(page, "not commended", lambda: _text(page, "没有够条件的。"))
        columns = (("姓名", "name", 36), ("类别", "kind", 32), ("场次", "held", 26), ("评课人数", "ratings", 30),
                   ("平均评分", "mean", 30))  # fmt: skip
        _table(page, "commended", columns)

    _shown_if(page, "criteria", commended)


def _flags(page: Any) -> None:
    _heading(page, "附：请看一眼（只给宣传干事，上报前请删去）")
    _text(page, "下面看着不寻常，也许都有缘故，只请核对一下，不改数、不通报。")
    _lines(page, "flags")


def _lecture() -> Any:
    page = _page()
    _title(page, "{{ title }}", "{{ made }}")
    _heading(page, "一、基本情况")
    _table(page, "facts", (("项目", "name", 34), ("内容", "text", 120)))
    _heading(page, "二、数字")
    _table(page, "numbers", (("项目", "name", 34), ("数", "text", 120)))
    _heading(page, "三、来龙去脉")
    _table(page, "trail", (("时间", "at", 38), ("谁", "who", 34), ("做了什么", "what", 82)))
    _heading(page, "四、乡亲的话")
    _shown_if(page, "not feedback", lambda: _text(page, "没有留言。"))
    _table(page, "feedback", (("几分", "rating", 20), ("说了什么", "text", 134)))
    _heading(page, "五、课件和通知")
    _lines(page, "papers")
    _heading(page, "六、照片")
    _lines(page, "photo_lines")
    _pictures(page, "photos")
    return page


# ---- pieces --------------------------------------------------------------------------------------------------------


def _page() -> Any:
    page = Document()
    section = page.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(28)
    section.top_margin, section.bottom_margin = Mm(30), Mm(25)
    for name, size, east in (("Normal", 12, SONG), ("Title", 22, HEI), ("Heading 1", 16, HEI), ("Heading 2", 14, HEI)):
        style = page.styles[name]
        style.font.size, style.font.color.rgb, style.font.bold = Pt(size), _BLACK, False
        _faces(style.element.get_or_add_rPr(), east)
    for lang in page.styles.element.iter(qn("w:lang")):
        lang.set(qn("w:val"), "zh-CN")
        lang.set(qn("w:eastAsia"), "zh-CN")  # else 、 and 。 stand in the middle, as in traditional type
    normal = page.styles["Normal"].paragraph_format
    normal.line_spacing, normal.space_after = 1.4, Pt(4)
    page.styles["Title"].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _edge_off(page.styles["Title"])
    _page_number(section.footer.paragraphs[0])
    page.core_properties.author = page.core_properties.title = ""
    page.core_properties.created = page.core_properties.modified = MADE
    return page


def _faces(properties: Any, east: str) -> None:
    """Which faces Word takes: a Chinese one for Chinese, whatever the theme says."""
    faces = properties.find(qn("w:rFonts"))
    if faces is None:
        faces = OxmlElement("w:rFonts")
        properties.insert(0, faces)
    for key in list(faces.attrib):
        del faces.attrib[key]
    for part, face in (("ascii", LATIN), ("hAnsi", LATIN), ("cs", LATIN), ("eastAsia", east)):
        faces.set(qn(f"w:{part}"), face)


def _edge_off(style: Any) -> None:
    edges = style.element.pPr.find(qn("w:pBdr"))
    if edges is not None:
        style.element.pPr.remove(edges)


def _page_number(paragraph: Any) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = paragraph.add_run()
    for kind, words in (("begin", ""), ("", "PAGE"), ("end", "")):
        part = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            part.set(qn("w:fldCharType"), kind)
        else:
            part.text = words
        run._r.append(part)


def _title(page: Any, words: str, below: str) -> None:
    page.add_paragraph(words, style="Title")
    line = page.add_paragraph(below)
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _heading(page: Any, words: str, level: int = 1) -> None:
    page.add_paragraph(words, style=f"Heading {level}")


def _text(page: Any, words: str, *, small: bool = False) -> None:
    paragraph = page.add_paragraph()
    run = paragraph.add_run(words)
    if small:
        run.font.size = Pt(10.5)
    else:
        paragraph.paragraph_format.first_line_indent = Pt(24)


def _lines(page: Any, name: str) -> None:
    page.add_paragraph(f"{{%p for line in {name} %}}")
    _text(page, "{{ line }}")
    page.add_paragraph("{%p endfor %}")


def _pictures(page: Any, *names: str) -> None:
    for name in names:
        page.add_paragraph(f"{{%p for picture in {name} %}}")
        page.add_paragraph("{{ picture }}").alignment = WD_ALIGN_PARAGRAPH.CENTER
        page.add_paragraph("{%p endfor %}")


def _shown_if(page: Any, condition: str, add: Any) -> None:
    page.add_paragraph(f"{{%p if {condition} %}}")
    add()
    page.add_paragraph("{%p endif %}")


def _table(page: Any, name: str, columns: Sequence[tuple[str, str, int]], *, whole: bool = False) -> None:
    """A table of rows, with its heading on each page; not there where it has no row. Widths in mm.

    One that is ``whole`` is short, and not divided between pages.
    """
    assert sum(width for _, _, width in columns) == ACROSS, name
    page.add_paragraph(f"{{%p if {name} %}}")
    table = page.add_table(rows=4, cols=len(columns), style="Table Grid")
    table.alignment, table.autofit = WD_TABLE_ALIGNMENT.CENTER, False
    _room_in_cells(table)
    for at, (title, key, width) in enumerate(columns):
        table.columns[at].width = Mm(width)
        for row in table.rows:
            row.cells[at].width = Mm(width)
        right = title not in _WORDS
        _cell(table.cell(0, at), title, east=HEI, shade="EDE7DA", right=right, with_next=True)
        _cell(table.cell(2, at), f"{{{{ row.{key} }}}}", right=right, with_next=whole)
    _cell(table.cell(1, 0), f"{{%tr for row in {name} %}}")
    _cell(table.cell(3, 0), "{%tr endfor %}")
    for row in (table.rows[0], table.rows[2]):
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    if whole:  # its last row stays with what follows: with this, and not with the next table
        page.add_paragraph().paragraph_format.space_after = Pt(0)
    page.add_paragraph("{%p endif %}")


def _room_in_cells(table: Any) -> None:
    """Room above and below the words, so that no line touches them."""
    margins = OxmlElement("w:tblCellMar")
    for side in ("top", "bottom"):
        edge = OxmlElement(f"w:{side}")
        edge.set(qn("w:w"), "50")  # twentieths of a point
        edge.set(qn("w:type"), "dxa")
        margins.append(edge)
    table._tbl.tblPr.append(margins)


def _cell(
    cell: Any, words: str, *, east: str = SONG, shade: str = "", right: bool = False, with_next: bool = False
) -> None:
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.line_spacing, paragraph.paragraph_format.space_after = 1.15, Pt(0)
    paragraph.paragraph_format.keep_with_next = with_next
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    run = paragraph.add_run(words)
    run.font.size = Pt(10.5)
    _faces(run._r.get_or_add_rPr(), east)
    if shade:
        fill = OxmlElement("w:shd")
        for key, value in (("val", "clear"), ("color", "auto"), ("fill", shade)):
            fill.set(qn(f"w:{key}"), value)
        cell._tc.get_or_add_tcPr().append(fill)


def _bytes(page: Any) -> bytes:
    """The file, with no time of day in it."""
    first = io.BytesIO()
    page.save(first)
    second = io.BytesIO()
    with zipfile.ZipFile(first) as before, zipfile.ZipFile(second, "w", zipfile.ZIP_DEFLATED) as after:
        for name in sorted(before.namelist(), key=lambda each: (each != "[Content_Types].xml", each)):
            if not name.startswith("docProps/thumbnail"):
                body = before.read(name)
                if name == "_rels/.rels":
                    body = _without_thumbnail(body)
                entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                after.writestr(entry, body)
    return second.getvalue()


def _without_thumbnail(relations: bytes) -> bytes:
    head, mark, rest = relations.partition(b"<Relationship ")
    parts = [b"<Relationship " + each for each in rest.split(b"<Relationship ")]
    kept = [each for each in parts if b"thumbnail" not in each]
    end = b"" if kept and kept[-1].endswith(b"</Relationships>") else b"</Relationships>"
    return head + b"".join(kept) + end if mark else relations


if __name__ == "__main__":
    raise SystemExit(main())
