"""What the tests of bringing share: a small town of its own, and files with rows to bring to it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import Engine
from sqlmodel import Session, SQLModel

from data.bring.book import read
from data.bring.model import Book
from data.bring.plan import Plan, apply, check
from data.bring.sheets import SHEETS
from data.town import load_town
from data.townfile import TownFiles, read_town
from tests.town import NOW, ZONE

TOPICS = ("健康", "医疗保险", "反诈骗", "社会救助(低保)")
BARE = """
town: {name: 桃源镇}
villages:
  - {name: 东村}
  - {name: 西村, aliases: [西头], near: []}
lecturers:
  - {name: 周文彬, title: 老师}
"""
Rows = Sequence[Mapping[str, object]]

VILLAGES: Rows = (
    {
        "名称": "东村",
        "别名": "东头、东村大队",
        "场地": "文化室；大榕树下",
        "平时方便的时间": "每天晚饭后",
        "所属镇": "桃源镇",
    },
    {"名称": "南村", "邻村": "东村", "所属镇": "桃源镇"},
)
LECTURERS: Rows = (
    {
        "姓名": "李  明",
        "职务": "医生",
        "类别": "技术",
        "行当": "镇卫生院",
        "方言": "白话，普通话",
        "题目": "健康、社会救助、家风家训",
    },
    {"姓名": "王小梅", "村": "东头", "导师": "李明", "有空时间": "每天晚上"},
)
GROUPS: Rows = (
    {"群名": "东村乡亲群", "村": "东村", "类别": "村民", "标签": "种植户、圩日"},
    {"群名": "桃源镇工作群", "类别": "工作群", "渠道": "relay"},
)
NEW_TOPICS: Rows = (
    {"名称": "家风家训", "别的说法": "传家训、立家规"},
    {"名称": "社会救助(低保)", "别的说法": "吃补助"},
)
HISTORY: Rows = (
    {
        "日期": "2026年3月5日", "时间": "晚上7点半", "题目": "反诈骗", "宣讲员": "李明", "村": "东村", "村小组": "三组",
        "地点": "文化室", "方言": "白话", "形式": "现场", "类别": "屋场会", "到场人数": "３６ 人", "发放资料": 40,
    },
    {"日期": datetime(2026, 3, 6, 9, 0), "题目": "家风家训", "宣讲员": "王小梅", "村": "南村"},
    {"日期": "2026-11-19", "时间": "10:00", "题目": "健康", "宣讲员": "李明", "村": "东村"},  # yesterday, uncounted
)  # fmt: skip
ALL = {"村": VILLAGES, "题目": NEW_TOPICS, "宣讲员": LECTURERS, "群": GROUPS, "历史讲座": HISTORY}


def workbook(pages: Mapping[str, Rows]) -> bytes:
    """An .xlsx file with these rows."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in pages.items():
        sheet = book.create_sheet(name)
        titles = list(dict.fromkeys(title for row in rows for title in row))
        sheet.append(titles)
        for row in rows:
            sheet.append([row.get(title) for title in titles])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def a_book(pages: Mapping[str, Rows]) -> Book:
    return read(workbook(pages), SHEETS)


def files_of(folder: Path, text: str = BARE) -> TownFiles:
    (folder / "town.yaml").write_text(text, "utf-8")
    return read_town(folder, topics=TOPICS)


class Bare:
    """A small town of its own, and what is done in it."""

    def __init__(self, engine: Engine, files: TownFiles) -> None:
        self.engine, self.files = engine, files
        self.restart()

    def restart(self, files: TownFiles | None = None) -> None:
        """The bot begins again, and loads the town's files."""
        self.files = files or self.files
        with Session(self.engine) as session, session.begin():
            load_town(session, self.files, TOPICS, transport=None, now=NOW)

    def check(self, pages: Mapping[str, Rows], *, now: datetime = NOW) -> Plan:
        with Session(self.engine) as session:
            return check(session, a_book(pages), files=self.files, zone=ZONE, now=now)

    def bring(self, pages: Mapping[str, Rows], *, now: datetime = NOW) -> Plan:
        plan = self.check(pages, now=now)
        with Session(self.engine) as session, session.begin():
            return apply(session, plan, by=None, now=now)

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows of all tables."""
        with Session(self.engine) as session:
            tables = SQLModel.metadata.sorted_tables
            return {
                each.name: sorted((tuple(row) for row in session.execute(each.select())), key=repr) for each in tables
            }


@pytest.fixture
def bare(any_engine: Engine, tmp_path: Path) -> Bare:
    return Bare(any_engine, files_of(tmp_path))


def told(plan: Plan) -> list[str]:
    return [str(each) for each in plan.faults]


def one_sheet(build: Callable[[Any], None], title: str) -> bytes:
    """An .xlsx file whose one sheet ``build`` fills."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = title
    build(sheet)
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()
