"""Policy texts in one Excel file: a row each, under Chinese headings."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, the field that it fills, and what the template says of it. ``many`` is a list."""

    name: str
    field: str
    example: object
    width: int = 14
    many: bool = False
    needed: bool = False


COLUMNS = (
    Column("编号", "key", "yibao-beian", needed=True),
    Column("题目", "topic", "医疗保险", needed=True),
    Column("标题", "title", "外地看病先备案", width=20, needed=True),
    Column("正文", "text", "在外地打工，看病前先办异地就医备案，不收钱。也可以打12393问。", width=60, needed=True),
    Column("出处", "source", "镇医保所", width=20, needed=True),
    Column("发布日", "issued_on", date(2026, 1, 15), needed=True),
    Column("到期日", "expires_on", date(2028, 12, 31), needed=True),
    Column("版本", "version", 1),
    Column("其他题目", "topics", "", many=True),
    Column("问法", "questions", "异地就医备案怎么办；在外地看病能报吗", width=40, many=True),
    Column("提问", "ask", "", width=30),
    Column("村", "audience.villages", "", many=True),
    Column("群", "audience.kinds", "", many=True),
    Column("标签", "audience.tags", "", many=True),
    Column("图片", "picture", ""),
    Column("链接", "link", "", width=30),
)
NAMES = {column.field: column.name for column in COLUMNS}
_MOST_COLUMNS, _MOST_ROWS = 64, 30_000
_DATE = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
_KINDS = {"村民群": "residents", "外出务工群": "migrants"}
_SEPARATORS = str.maketrans(dict.fromkeys(";\n", "；"))
_LISTS = str.maketrans(dict.fromkeys(";\n、，,", "；"))


class BadSheet(ValueError):
    """The file cannot be read as a table of texts; the text says why."""


def read_sheet(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """(row number, the fields of its entry) of each row that is not empty. Raises `BadSheet`."""
    from openpyxl import load_workbook  # loaded only where it is used
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
        raise BadSheet("打不开，请另存为 Excel 工作簿（.xlsx）") from error
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what a file says of its own size may be a billion cells
        rows = sheet.iter_rows(max_col=_MOST_COLUMNS, max_row=_MOST_ROWS + 1, values_only=True)
        columns = _columns(next(rows, ()))
        for number, row in enumerate(rows, 2):
            if number > _MOST_ROWS:
                raise BadSheet(f"超过{_MOST_ROWS}行，请分成几个文件")
            if any(value not in (None, "") for value in row):
                yield number, _fields(columns, row)
    finally:
        book.close()


def write_template(path: Path, topics: tuple[str, ...]) -> None:
    """A workbook to be filled in: the headings, one example, and what each column takes."""
    from openpyxl import Workbook  # loaded only where it is used
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.worksheet import Worksheet

    book = Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "政策短文"
    for position, column in enumerate(COLUMNS, 1):
        head = sheet.cell(1, position, column.name)
        head.font = Font(bold=True, color="C00000" if column.needed else "000000")
        cell = sheet.cell(2, position, column.example or None)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(position)].width = column.width
    sheet.freeze_panes = "A2"
    notes = book.create_sheet("怎么填")
    for line in (
        "红字的列一定要填。编号不能重复，填好以后别改。",
        "一条短文一行，日期写成 2026-12-31。问法之间用分号隔开。",
        "提问不空的，晚上先发提问，第二天中午再发正文。",
        "村、群、标签空着，就是全镇；群写：村民群、外出务工群。",
        f"题目照抄：{'、'.join(topics)}",
    ):
        notes.append([line])
    notes.column_dimensions["A"].width = 100
    book.save(path)


def _columns(head: tuple[Any, ...]) -> list[Column | None]:
    known = {column.name: column for column in COLUMNS} | {column.field: column for column in COLUMNS}
    names = [str(value).strip() if value is not None else "" for value in head]
    strange = [name for name in names if name and name not in known]
    if strange:
        raise BadSheet(f"第1行 {strange[0]}：没有这一列。用 python -m bot texts template --out 短文.xlsx 做一个空表")
    missing = [column.name for column in COLUMNS if column.needed and not {column.name, column.field} & set(names)]
    if missing:
        raise BadSheet(f"第1行：缺“{'、'.join(missing)}”这一列")
    return [known.get(name) for name in names]


def _fields(columns: list[Column | None], row: tuple[Any, ...]) -> dict[str, object]:
    """What a row says, as an entry takes it: empty cells say nothing."""
    fields: dict[str, object] = {}
    for column, value in zip(columns, row, strict=False):
        if column is None or value is None or value == "":
            continue
        read = _value(column, value)
        group, _, name = column.field.rpartition(".")
        if group:
            inner = fields.setdefault(group, {})
            assert isinstance(inner, dict)
            inner[name] = read
        else:
            fields[name] = read
    return fields


def _value(column: Column, value: object) -> object:
    if isinstance(value, datetime):
        value = value.date()
    if column.field in ("issued_on", "expires_on"):
        said = _DATE.fullmatch(str(value).strip())
        return f"{said[1]}-{said[2]:0>2}-{said[3]:0>2}" if said else value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if column.many:
        parts = str(value).translate(_SEPARATORS if column.field == "questions" else _LISTS).split("；")
        return [_KINDS.get(each.strip(), each.strip()) for each in parts if each.strip()]
    return value if column.field == "version" else str(value).strip()
