"""Files as they come: titles above the head, merged cells, blank rows; and files made to do harm."""

import struct
import time
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.bring import book as files
from data.bring.book import read
from data.bring.errors import BadBook
from data.bring.model import Book
from data.bring.sheets import SHEETS
from tests.bring_town import Rows, one_sheet, workbook

FILL = {"名称": "东村", "别名": "东头"}


def made(build: Callable[[Any], None], *, title: str = "村") -> bytes:
    return one_sheet(build, title)


def part_of(data: bytes, ending: str, change: Callable[[bytes], bytes]) -> bytes:
    """The file with one of its parts changed."""
    out = BytesIO()
    with zipfile.ZipFile(BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        assert any(each.endswith(ending) for each in old.namelist())
        for each in old.namelist():
            new.writestr(each, change(old.read(each)) if each.endswith(ending) else old.read(each))
    return out.getvalue()


def rows(book: Book) -> list[tuple[int, dict[str, object]]]:
    return [(row.number, dict(row.cells)) for page in book.pages for row in page.rows]


def told(book: Book) -> list[str]:
    return [
        str(each) for each in sorted(book.faults, key=lambda each: (each.sheet != "村", each.sheet == "群", each.row))
    ]


# ---- as people make them -------------------------------------------------------------------------------------------


def test_titles_above_blank_rows_and_columns_that_are_not_ours() -> None:
    def build(sheet: Any) -> None:
        sheet.append(["桃源镇各村情况一览表"])
        sheet.merge_cells("A1:D1")
        sheet.append([])
        sheet.append(["序号", "名称*", "别名（可空）", "备注"])
        sheet.append([1, "东村", " ", "老村"])
        sheet.append([None, "  ", None, None])
        sheet.append([3, "西村", "西头", None])

    book = read(made(build), SHEETS)
    assert told(book) == []
    assert rows(book) == [(4, {"名称": "东村"}), (6, {"名称": "西村", "别名": "西头"})]


def test_merged_cells_of_a_column_stand_for_each_of_their_rows() -> None:
    def build(sheet: Any) -> None:
        sheet.append(["日期", "村", "题目"])
        for topic in ("健康", "反诈骗", "教育"):
            sheet.append(["2026-3-5" if topic == "健康" else None, "东村", topic])
        sheet.merge_cells("A2:A4")
        sheet.append(["2026-3-6", "西村", "健康"])
        sheet.merge_cells("B20:C21")

    book = read(made(build, title="历史讲座"), SHEETS)
    assert [row["日期"] for _, row in rows(book)] == ["2026-3-5"] * 3 + ["2026-3-6"]
    assert told(book) == [
        "历史讲座 第1行「宣讲员」：缺这一列，一定要有",
        "历史讲座 第20行：合并了几列的单元格，请拆开，每格各写各的",
    ]


def test_strange_sheets_and_columns_are_told_with_what_was_meant() -> None:
    pages: dict[str, Rows] = {
        "村": [{"名称": "东村", "别明": "东头", "电话": 1}],
        "宣讲源": [{"姓名": "李明"}],
        "群": [{"村": "东村"}],
    }
    book = read(workbook(pages), SHEETS)
    assert told(book) == [
        "村 第1行「别明」：没有这一列，您要的是「别名」吗？",
        "村 第1行「电话」：没有这一列，可以写：名称、别名、场地、邻村、平时方便的时间、所属镇",
        "宣讲源：没有叫“宣讲源”的表，您要的是“宣讲员”吗？",
        "群 第1行「群名」：缺这一列，一定要有",
        "群 第1行「类别」：缺这一列，一定要有",
    ]


def test_formulas_and_errors_are_refused_with_their_place() -> None:
    def build(sheet: Any) -> None:
        sheet.append(["名称", "别名", "场地"])
        sheet.append(["东村", '=HYPERLINK("http://evil","x")', "=1+1"])
        sheet.append(["西村", "#REF!", "文化室"])
        sheet["B3"].data_type = "e"

    assert told(read(made(build), SHEETS)) == [
        "村 第2行「别名」：是公式，不会替您算。请复制后“选择性粘贴”成数值",
        "村 第2行「场地」：是公式，不会替您算。请复制后“选择性粘贴”成数值",
        "村 第3行「别名」：是错误值（#REF!），请改好",
    ]


def test_a_sheet_twice_headed_or_headless_or_empty() -> None:
    def twice(sheet: Any) -> None:
        sheet.append(["名称", "别名", "别名"])

    def headless(sheet: Any) -> None:
        for _ in range(12):
            sheet.append(["东村", "东头"])

    assert told(read(made(twice), SHEETS)) == ["村 第1行「别名」：这一列写了两次"]
    assert told(read(made(headless), SHEETS))[-1] == "村 第1行「名称」：缺这一列，一定要有"
    assert told(read(made(lambda sheet: None), SHEETS)) == []
    with pytest.raises(BadBook, match="没有要导入的表"):
        read(made(lambda sheet: None, title="Sheet1"), SHEETS)


# ---- made to do harm -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, b"a,b\n1,2\n"])
def test_what_is_no_workbook_is_refused(data: bytes) -> None:
    with pytest.raises(BadBook, match="另存为"):
        read(data, SHEETS)


def test_a_file_that_is_too_big_is_not_opened() -> None:
    with pytest.raises(BadBook, match="最多10MB"):
        read(b"PK" + b"\0" * files.FILE_MOST, SHEETS)


def test_a_zip_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = BytesIO()
    archive = zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED)
    with archive, archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
        for _ in range(files.UNPACKED_MOST // 2**20 + 1):
            part.write(b" " * 2**20)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(BadBook, match="太大了"):
        read(bomb.getvalue(), SHEETS)


def test_pictures_in_a_workbook_are_not_unpacked() -> None:
    """Nobody reads them; 63 KB with 60 MB of media took 124 MB, for it was unpacked and packed again."""
    data = workbook({"村": [FILL]})
    read(data, SHEETS)  # what is loaded with the first
    whole = BytesIO(data)
    with zipfile.ZipFile(whole, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/image1.png", bytes(8 * 2**20))
    tracemalloc.start()
    try:
        assert rows(read(whole.getvalue(), SHEETS)) == [(2, FILL)]
        assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    finally:
        tracemalloc.stop()


def test_a_part_that_says_it_is_smaller_than_it_is_gives_no_more_than_it_says() -> None:
    data = bytearray(workbook({"村": [FILL]}))
    with zipfile.ZipFile(BytesIO(bytes(data))) as archive:
        sheet = next(each for each in archive.infolist() if each.filename.endswith("sheet1.xml"))
    at = data.index(b"PK\x01\x02")
    while data[at + 46 : at + 46 + len(sheet.filename)] != sheet.filename.encode():
        at = data.index(b"PK\x01\x02", at + 4)
    data[at + 24 : at + 28] = struct.pack("<I", 10)
    with pytest.raises(BadBook):
        read(bytes(data), SHEETS)


def test_too_many_parts_are_refused() -> None:
    many = BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(files.PARTS_MOST + 1):
            archive.writestr(f"xl/{number}.bin", b"")
    with pytest.raises(BadBook, match="太大了"):
        read(many.getvalue(), SHEETS)


@pytest.mark.parametrize(
    "declared",
    [
        b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd">',
    ],
)
@pytest.mark.parametrize("ending", ["sheet1.xml", "workbook.xml", ".rels", "[Content_Types].xml"])
def test_xml_that_declares_things_of_its_own_is_refused(declared: bytes, ending: str) -> None:
    data = part_of(workbook({"村": [FILL]}), ending, lambda part: declared + part)
    with pytest.raises(BadBook, match="不寻常"):
        read(data, SHEETS)


def test_xml_in_another_encoding_hides_nothing() -> None:
    hidden = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'.encode("utf-16")
    with pytest.raises(BadBook, match="不寻常"):
        read(part_of(workbook({"村": [FILL]}), "sheet1.xml", lambda _part: hidden), SHEETS)


def test_merged_cells_over_the_whole_sheet_cost_nothing() -> None:
    def spread(ref: bytes) -> bytes:
        return part_of(
            workbook({"村": [FILL]}),
            "sheet1.xml",
            lambda part: part.replace(
                b"</sheetData>", b'</sheetData><mergeCells><mergeCell ref="%b"/></mergeCells>' % ref
            ),
        )

    began = time.perf_counter()
    assert told(read(spread(b"A1:XFD1048576"), SHEETS))[0].startswith("村 第1行：合并了几列")
    with pytest.raises(BadBook, match="合并的单元格太多"):
        read(spread(b"A2:A1048576"), SHEETS)
    assert time.perf_counter() - began < 5


def test_a_row_number_beyond_excel_ends_the_reading() -> None:
    def far(row: bytes) -> bytes:
        last = b'<row r="%b"><c r="A%b" t="inlineStr"><is><t>x</t></is></c></row></sheetData>' % (row, row)
        return part_of(workbook({"村": [FILL]}), "sheet1.xml", lambda part: part.replace(b"</sheetData>", last))

    with pytest.raises(BadBook, match="行数不对"):
        read(far(b"999999999999"), SHEETS)
    assert rows(read(far(b"200000"), SHEETS))[-1] == (200_000, {"名称": "x"})


def test_a_file_that_says_it_is_smaller_is_read_to_its_end() -> None:
    data = workbook({"村": [FILL] * 9})
    short = part_of(data, "sheet1.xml", lambda part: part.replace(b'ref="A1:B10"', b'ref="A1:A2"'))
    assert short != data
    assert len(rows(read(short, SHEETS))) == 9


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "ROWS_MOST", 50)
    assert len(rows(read(workbook({"村": [FILL] * 49}), SHEETS))) == 49
    with pytest.raises(BadBook, match="超过50行"):
        read(workbook({"村": [FILL] * 50}), SHEETS)


def test_macros_and_links_are_never_looked_at() -> None:
    out = BytesIO(workbook({"村": [FILL]}))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 evil")
        archive.writestr("xl/externalLinks/externalLink1.xml", b"<broken")
        archive.writestr("../../../tmp/evil.xml", b"<x/>")
    assert rows(read(out.getvalue(), SHEETS)) == [(2, FILL)]
    assert not Path("/tmp/evil.xml").exists()


def test_control_characters_and_long_texts_go_no_further_than_their_reader() -> None:
    pages = {"村": [{"名称": "东村", "别名": "长" * 30_000}]}
    assert len(str(rows(read(workbook(pages), SHEETS))[0][1]["别名"])) == 30_000


@given(where=st.floats(0, 1), junk=st.binary(min_size=1, max_size=40), cut=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_file_is_read_or_refused_and_nothing_else(where: float, junk: bytes, *, cut: bool) -> None:
    data = workbook({"村": [FILL], "群": [{"群名": "某群"}]})
    at = int(where * len(data))
    damaged = data[:at] + junk + (b"" if cut else data[at + len(junk) :])
    with suppress(BadBook):
        read(damaged, SHEETS)


@given(part=st.sampled_from(["sheet1.xml", "workbook.xml", "styles.xml"]), seed=st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_damaged_xml_is_read_or_refused_and_nothing_else(part: str, seed: Any) -> None:
    def damage(xml: bytes) -> bytes:
        broken = bytearray(xml)
        for _ in range(seed.randrange(1, 6)):
            broken[seed.randrange(len(broken))] = seed.choice(b'<>"=/0a9&')
        return bytes(broken)

    with suppress(BadBook):
        read(part_of(workbook({"村": [FILL]}), part, damage), SHEETS)
