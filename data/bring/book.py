"""A file's bytes as rows. What comes is not trusted: sizes are weighed before anything is unpacked, formulas are
refused with their place, macros and links are never looked at."""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from data.bring.cells import number as number_of
from data.bring.errors import BadBook
from data.bring.model import Book, Fault, Page, Row
from data.bring.sheets import Sheet
from data.unpacked import NotZip, TooMuch, packed, unpacked

FILE_MOST = 10 * 2**20  # bytes as they come
UNPACKED_MOST = 64 * 2**20  # bytes of all parts
PARTS_MOST = 2_000
ROWS_MOST = 30_000  # of one sheet
COLUMNS_MOST = 64
MERGED_MOST = 200_000  # cells
EXCEL_ROWS = 1_048_576
ASIDE = ("说明", "选项")  # sheets of the template that are not read
_UNREAD_COLUMNS = ("序号", "备注")
_NOT_ONE = "不是 .xlsx 文件，或者设了密码。请用 Excel 或 WPS 另存为“Excel 工作簿（.xlsx）”，不设密码"
_HEAD_WITHIN = 10  # rows: titles may stand above the head
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_DECLARED = (b"<!DOCTYPE", b"<!ENTITY")

Merged = dict[tuple[int, int], int]  # (row, column) → the row whose value stands for it


def read(data: bytes, sheets: Sequence[Sheet]) -> Book:
    """The rows of the sheets that are known. Raises `BadBook`; faults of single cells are told in the book."""
    if len(data) > FILE_MOST:
        raise BadBook(f"文件有{len(data) / 2**20:.0f}MB，最多{FILE_MOST // 2**20}MB，可以分成几个文件")
    data = _weighed(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what openpyxl leaves aside
            return _read(data, {each.name: each for each in sheets})
    except BadBook:
        raise
    except Exception as error:  # broken files fail in any of a hundred ways
        raise BadBook("打不开，请用 Excel 或 WPS 另存为“Excel 工作簿（.xlsx）”再试") from error


def _weighed(data: bytes) -> bytes:
    """The same file, unpacked with care and packed again, without its pictures, which nobody reads.

    Refuses what would not fit, and XML that declares things.
    """
    try:
        parts = unpacked(BytesIO(data), parts=PARTS_MOST, size=UNPACKED_MOST, endings=(".xml", ".rels"))
    except TooMuch as error:
        raise BadBook(f"解开来太大了（最多{UNPACKED_MOST // 2**20}MB），可以分成几个文件") from error
    except NotZip as error:
        raise BadBook(_NOT_ONE) from error
    for body in parts.values():
        _look_at(body)
    return packed(parts).getvalue()


def _look_at(part: bytes) -> None:
    if b"\x00" in part or any(each in part for each in _DECLARED):
        raise BadBook("文件的写法不寻常，不敢打开。请用 Excel 或 WPS 重新存一份")


def _read(data: bytes, sheets: Mapping[str, Sheet]) -> Book:
    from openpyxl import load_workbook  # loaded only where it is used

    pages: list[Page] = []
    faults: list[Fault] = []
    book = load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
    with ZipFile(BytesIO(data)) as archive:
        for worksheet in book.worksheets:
            name = str(worksheet.title).strip()
            if name in ASIDE:
                continue
            worksheet.reset_dimensions()  # what a file says of its own size is often wrong
            grid = _Grid(name, worksheet, faults)
            if name not in sheets and worksheet.sheet_state != "visible":
                continue  # WPS keeps pictures so; people cannot see it, nor mend it
            if name not in sheets:
                if any(True for _ in grid.rows()):
                    faults.append(Fault(name, 0, "", f"没有叫“{name}”的表{_meant(name, sheets)}"))
                continue
            merged = _merged(archive.read(worksheet._worksheet_path), name, faults)
            pages.append(Page(name, tuple(_rows(sheets[name], grid, merged, faults))))
    book.close()
    if not pages and not faults:
        raise BadBook(f"里面没有要导入的表。表的名字要是：{'、'.join(sheets)}")
    return Book(tuple(pages), tuple(faults))


class _Grid:
    """The cells of a sheet, row by row; formulas and errors come as what says so."""

    def __init__(self, name: str, worksheet: Any, faults: list[Fault]) -> None:
        self._name = name
        self._worksheet = worksheet
        self._faults = faults

    def rows(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """(row, its cells) of each row that is not empty. Raises `BadBook` when there are too many."""
        found, blank = 0, None
        for number, cells in enumerate(self._worksheet.iter_rows(max_col=COLUMNS_MOST), 1):
            if number > EXCEL_ROWS:
                raise BadBook(f"“{self._name}”的行数不对，请重新存一份")
            if cells is blank:  # the same for each row of a gap
                continue
            if not any(each.value not in (None, "") for each in cells):
                blank = cells
                continue
            found += 1
            if found > ROWS_MOST:
                raise BadBook(f"“{self._name}”超过{ROWS_MOST}行，请分成几个文件")
            yield number, cells


def _rows(sheet: Sheet, grid: _Grid, merged: Merged, faults: list[Fault]) -> Iterator[Row]:
    """The rows below the head, with what merged cells show."""
    heads: dict[int, str] = {}
    above: dict[int, tuple[Any, ...]] = {}  # of merged cells, the rows that they take their value from
    wanted = set(merged.values())
    first: tuple[int, tuple[Any, ...]] | None = None  # what stands there where there is no head
    for number, cells in grid.rows():
        if number in wanted:
            above[number] = cells
        if not heads:
            if _is_head(sheet, cells):
                heads = _heads(sheet, number, cells, faults)
                continue
            first = first or (number, cells)
            if number >= _HEAD_WITHIN:
                break
            continue
        row = _row(sheet, number, cells, heads, merged, above, faults)
        if any(value not in (None, "") for value in row.values()):
            yield Row(number, row)
    if not heads and first:
        _heads(sheet, *first, faults)


def _row(
    sheet: Sheet,
    number: int,
    cells: tuple[Any, ...],
    heads: Mapping[int, str],
    merged: Merged,
    above: Mapping[int, tuple[Any, ...]],
    faults: list[Fault],
) -> dict[str, object]:
    values: dict[str, object] = {}
    counts = {each.title for each in sheet.columns if each.read is number_of}
    for at, title in heads.items():
        source = above.get(merged.get((number, at), 0), cells)
        cell = source[at - 1] if at <= len(source) else None
        if cell is None or cell.value is None or cell.value == "":
            continue
        if source is not cells and title in counts:
            faults.append(Fault(sheet.name, number, title, "是合并的单元格，会算两遍。请拆开，每行写各自的"))
        elif cell.data_type == "f":
            faults.append(Fault(sheet.name, number, title, "是公式，不会替您算。请复制后“选择性粘贴”成数值"))
        elif cell.data_type == "e":
            faults.append(Fault(sheet.name, number, title, f"是错误值（{cell.value}），请改好"))
        elif not isinstance(cell.value, str) or cell.value.strip():
            values[title] = cell.value
    return values


def _is_head(sheet: Sheet, cells: tuple[Any, ...]) -> bool:
    titles = {each.title for each in sheet.columns}
    found = {_title(each.value) for each in cells} & titles
    return sheet.key in found or len(found) > 1


def _heads(sheet: Sheet, number: int, cells: tuple[Any, ...], faults: list[Fault]) -> dict[int, str]:
    """Column → title; strange, repeated and missing titles are faults."""
    titles = [each.title for each in sheet.columns]
    heads: dict[int, str] = {}
    for at, cell in enumerate(cells, 1):
        title = _title(cell.value)
        if not title or title in _UNREAD_COLUMNS:
            continue
        if title not in titles:
            faults.append(Fault(sheet.name, number, title[:20], f"没有这一列{_meant(title, titles, '「{}」')}"))
        elif title in heads.values():
            faults.append(Fault(sheet.name, number, title, "这一列写了两次"))
        else:
            heads[at] = title
    missing = (each.title for each in sheet.columns if each.required and each.title not in heads.values())
    faults += (Fault(sheet.name, number, title, "缺这一列，一定要有") for title in missing)
    return heads


def _title(value: object) -> str:
    """A title without spaces, the star of what is required, and what stands in brackets behind it."""
    words = re.sub(r"[\s*＊]+", "", str(value)) if value is not None else ""
    return re.sub(r"[(（].*", "", words)


def _meant(words: str, known: Iterator[str] | Sequence[str] | Mapping[str, object], frame: str = "“{}”") -> str:
    near = get_close_matches(words[:40], list(known), n=1, cutoff=0.4)
    return f"，您要的是{frame.format(near[0])}吗？" if near else f"，可以写：{'、'.join(known)}"


def _merged(part: bytes, name: str, faults: list[Fault]) -> Merged:
    """Merged cells of one column show their value in each row; over several columns nobody knows whose it is.

    Those above the head, as titles are, do no harm.
    """
    found: Merged = {}
    for match in _MERGED.finditer(part):
        left, top, right, bottom = _column(match[1]), int(match[2]), _column(match[3]), int(match[4])
        if left != right:
            if bottom > _HEAD_WITHIN:
                faults.append(Fault(name, top, "", "合并了几列的单元格，请拆开，每格各写各的"))
            continue
        if len(found) + bottom - top > MERGED_MOST:
            raise BadBook(f"“{name}”合并的单元格太多，请拆开再存")
        found |= {(row, left): top for row in range(top + 1, bottom + 1)}
    return found


def _column(letters: bytes) -> int:
    number = 0
    for each in letters:
        number = number * 26 + each - 64
    return number
