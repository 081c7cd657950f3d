"""Everything, out of the house: each table as JSON lines, with a description, and the main ones as a workbook.

    tables/<table>.jsonl   one object a line, in the order of its key
    schema.json            what each table and column is and is called, how many rows, what was masked
    门楼微讲堂.xlsx         the tables that people look at, headed by what people call them (`data.labels`)

Names and outside ids stand there as pseudonyms, numbers in texts are masked, unless it is asked for openly. Rows are
read and written one by one.
"""

import json
import secrets
import shutil
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, Column, Connection, Select, Table, literal, select
from sqlalchemy import Enum as EnumType
from sqlmodel import SQLModel

from data import broadcast_tables, desk_tables, loop, mail, record_tables, series_tables, tables
from data.errors import TownError
from data.export_book import SHEETS, Book
from data.export_masks import WRITTEN_BY, Pseudonyms, kind_of, masks_of, whole_row
from data.files import disk_told
from data.labels import TABLES, label, words_of
from data.leftovers import held
from data.statements import table_of
from data.tables import Member

EVERY_TABLE = (broadcast_tables, desk_tables, loop, mail, record_tables, series_tables, tables)  # imported for them
PART = ".part"  # of the folder's name, until all is there
SCHEMA, BOOK, FOLDER = "schema.json", "门楼微讲堂.xlsx", "tables"
_MEMBER = table_of(Member)
TOGETHER = 2_000  # rows that are fetched at a time
SALT = 32  # bytes


class ExportError(TownError):
    """The export cannot be written there."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written; ``rows`` of each table."""

    folder: Path
    rows: dict[str, int]
    masked: bool


def export(
    connection: Connection, folder: Path, *, now: datetime, zone: ZoneInfo, openly: bool = False, version: str = ""
) -> Exported:
    """Write all tables into a new folder, which has its name only when all is there. Raises `ExportError`.

    ``connection`` should be in one transaction that only reads (`data.database.open_reader`), so that all is of one
    moment and nobody waits for it.
    """
    if folder.exists():
        raise ExportError(f"{folder} 已经有了，不覆盖。换一个名字。")
    part = folder.with_name(f"{folder.name}{PART}")
    try:
        shutil.rmtree(part, ignore_errors=True)
        (part / FOLDER).mkdir(parents=True, mode=0o700)
        part.chmod(0o700)  # it is about people
        who = None if openly else Pseudonyms(secrets.token_bytes(SALT))
        with held(part):
            rows = _write(connection, part, now, zone, version, who)
        part.rename(folder)
    except OSError as error:
        raise ExportError(f"没有导出成（{disk_told(error)}）。看看 {folder.parent} 能不能写、硬盘满没满。") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Exported(folder, rows, masked=not openly)


def all_tables() -> list[Table]:
    """Every table of the town, those that others refer to first."""
    return list(SQLModel.metadata.sorted_tables)


def _write(
    connection: Connection, part: Path, now: datetime, zone: ZoneInfo, version: str, who: Pseudonyms | None
) -> dict[str, int]:
    rows: dict[str, int] = {}
    with closing(Book(zone)) as book:
        book.note("说明", _notes(now.astimezone(zone), openly=who is None))
        for table in sorted(all_tables(), key=_place):
            shown = book if table.name in SHEETS else None
            with (part / FOLDER / f"{table.name}.jsonl").open("w", encoding="utf-8", newline="\n") as out:
                rows[table.name] = _write_table(connection, table, out, shown, zone, who)
        book.save(part / BOOK)
    described = {
        "made_at": now.astimezone(zone).isoformat(timespec="seconds"),
        "version": version,
        "zone": zone.key,
        "masked": who is not None,
        "tables": {table.name: _described(table, rows[table.name]) for table in all_tables()},
    }
    (part / SCHEMA).write_text(json.dumps(described, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return rows


def _write_table(
    connection: Connection, table: Table, out: TextIO, book: Book | None, zone: ZoneInfo, who: Pseudonyms | None
) -> int:
    names = [column.name for column in table.columns]
    codes = [(place, words) for place, column in enumerate(table.columns) if (words := words_of(column))]
    lists = [place for place, column in enumerate(table.columns) if isinstance(column.type, JSON)]
    masks = [(place, mask) for place, mask in enumerate(masks_of(table, who)) if mask is not None]
    encode = json.JSONEncoder(ensure_ascii=False, default=lambda value: _plain(value, zone)).encode
    if book is not None:
        book.begin(TABLES[table.name], [label(column) for column in table.columns])
    whole, count = whole_row(table, who), 0
    for row in connection.execute(_query(table)):
        values: list[Any] = list(row)
        own = values.pop() or ""
        for place, mask in masks:
            values[place] = mask(values[place])
        if whole is not None:
            whole(values, own)
        out.write(encode(dict(zip(names, values, strict=True))))
        out.write("\n")
        if book is not None:
            for place, words in codes:
                values[place] = words.get(values[place], values[place])
            for place in lists:
                values[place] = _listed(values[place])
            book.add(values)
        count += 1
    return count


def _query(table: Table) -> Select[Any]:
    """All rows in the order of their key, each with the name of who wrote it, or nothing, behind its columns."""
    written_by = WRITTEN_BY.get(table.name)
    query = select(table, literal("") if written_by is None else _MEMBER.c.name)
    if written_by is not None:
        query = query.outerjoin(_MEMBER, _MEMBER.c.id == table.c[written_by])
    return query.order_by(*table.primary_key.columns).execution_options(yield_per=TOGETHER)


def _listed(value: object) -> object:
    """A list as people write one; where it is empty, an empty cell."""
    return "、".join(str(each) for each in value) if isinstance(value, list) else value or None


def _plain(value: object, zone: ZoneInfo) -> str:
    """A moment on the town's clocks, with its zone; a day."""
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value)}")


def _place(table: Table) -> tuple[int, str]:
    return SHEETS.index(table.name) if table.name in SHEETS else len(SHEETS), table.name


def _described(table: Table, rows: int) -> dict[str, object]:
    return {
        "label": TABLES[table.name],
        "about": _about(table),
        "file": f"{FOLDER}/{table.name}.jsonl",
        "rows": rows,
        "key": [column.name for column in table.primary_key.columns],
        "columns": [_column(table, column) for column in table.columns],
    }


def _column(table: Table, column: Column[Any]) -> dict[str, object]:
    kind = kind_of(table.name, column.name)
    return {
        "name": column.name,
        "label": label(column),
        "type": str(column.type),
        "null": bool(column.nullable),
        "refers": [key.target_fullname for key in column.foreign_keys],
        "holds": kind.value if kind is not None else "",
        "words": words_of(column) if isinstance(column.type, EnumType) else {},
    }


def _about(table: Table) -> str:
    """The first paragraph of what its class says."""
    classes = (mapper.class_ for mapper in SQLModel._sa_registry.mappers if mapper.local_table is table)
    return next((" ".join((each.__doc__ or "").split("\n\n")[0].split()) for each in classes), "")


def _notes(made: datetime, *, openly: bool) -> Iterable[str]:
    yield f"门楼微讲堂 {made:%Y-%m-%d %H:%M} 的全部数据，每张表一页，一页写不下接着下一页。"
    yield "时间都是本地时间。更全的在 tables 资料夹（JSON），每一列是什么见 schema.json，那里也写着它在 JSON 里叫什么。"
    yield "“村编号”“人编号”这样的列，是“村”“人”那一页第一列的编号。"
    if openly:
        yield "注意：这一份没有隐去姓名和编号，请照个人信息保管，用完删掉。"
    else:
        yield "姓名和微信编号换成了代号（同一份里同一个人同一个代号），话里的电话、身份证号抹掉了中间。"
        yield "意见、点单和课件里，写的人自己的名字也换成了代号。收到和发出的每条消息、画好的海报会说出是谁，整格隐去。"
        yield "话是大家自己写的，里面提到的别人的名字没有改，往外给之前请再看一遍。"
