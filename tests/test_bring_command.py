"""Bring your own: the template, the command line, and a plan that is of its book."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook
from sqlmodel import Session, col, select

from bot.cli import main
from data.bring.book import read
from data.bring.errors import FaultyBook
from data.bring.plan import apply, check
from data.bring.sheets import SHEETS
from data.bring.template import template
from data.database import open_engine
from data.desk_tables import Audit
from data.tables import Village
from tests.bring_town import TOPICS, Bare, told, workbook
from tests.town import NOW, ROOT, ZONE

# ---- the template, and the command line ----------------------------------------------------------------------------


def test_the_template_as_it_is_brings_nothing(bare: Bare) -> None:
    book = read(template(topics=TOPICS, villages=("东村",)), SHEETS)
    assert [(page.sheet, len(page.rows)) for page in book.pages] == [(sheet.name, 1) for sheet in SHEETS]
    with Session(bare.engine) as session:
        plan = check(session, book, files=bare.files, zone=ZONE, now=NOW)
    assert (plan.entries, plan.faults, plan.hints) == ((), (), ())


def test_the_template_helps_and_its_example_can_be_made_one_s_own(bare: Bare) -> None:
    book = load_workbook(BytesIO(template(topics=TOPICS, villages=("东村",))))
    assert book.sheetnames == ["说明", *(sheet.name for sheet in SHEETS), "选项"]
    for sheet in SHEETS:
        page = book[sheet.name]
        assert [cell.value for cell in page[1]] == [column.title for column in sheet.columns]
        assert all(column.help in cell.comment.text for column, cell in zip(sheet.columns, page[1], strict=True))
        offered = {str(each.sqref).split(":")[0][0]: each.formula1 for each in page.data_validations.dataValidation}
        for at, column in enumerate(sheet.columns):
            if column.choices:
                assert offered[chr(65 + at)] == f'"{",".join(column.choices)}"'
    assert [cell.value for cell in book["选项"]["A"]] == list(TOPICS)
    book["村"]["F2"] = "桃源镇"  # the example with one cell changed is a mistake, and a row below it is a row
    book["村"].append(["东村"])
    buffer = BytesIO()
    book.save(buffer)
    with Session(bare.engine) as session:
        plan = check(session, read(buffer.getvalue(), SHEETS), files=bare.files, zone=ZONE, now=NOW)
    assert [(each.sheet, each.row, each.name) for each in plan.entries] == [("村", 3, "东村")]
    assert told(plan) == ["村 第2行「名称」：还是示例里的名字，请改成真的，或整行删掉"]


def run(config: Path, *argv: str) -> int:
    """What ``python -m bot bring …`` does."""
    return main([*argv, "--config", str(config)])


def test_the_command_line_makes_checks_and_imports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text((ROOT / "config.yaml").read_text("utf-8"), "utf-8")
    values = yaml.safe_load(config.read_text("utf-8"))
    values["database"]["url"] = f"sqlite:///{tmp_path / 'town.db'}"
    values["town"]["folder"] = str(ROOT / "data/demo")
    config.write_text(yaml.safe_dump(values, allow_unicode=True), "utf-8")
    out = tmp_path / "new" / "资料.xlsx"
    assert run(config, "bring", "template", "--out", str(out)) == 0
    assert out.is_file()
    filled = tmp_path / "填好.xlsx"
    filled.write_bytes(workbook({"村": [{"名称": "新村", "邻村": "上坪村"}]}))
    engine = open_engine(f"sqlite:///{tmp_path / 'town.db'}")
    assert run(config, "bring", "check", str(filled)) == 0
    assert "什么也没有写" in capsys.readouterr().out
    for words in ("新增 村 第2行 新村", "什么也没有变"):
        assert run(config, "bring", "import", str(filled)) == 0
        assert words in capsys.readouterr().out
    with Session(engine) as session:
        assert session.exec(select(Village.near).where(Village.name == "新村")).one() == ["上坪村"]
        notes = session.exec(select(Audit).order_by(col(Audit.id))).all()
        assert [(each.what, each.who, each.about) for each in notes] == [("导入资料", "命令行", "填好.xlsx")] * 2
        assert notes[0].detail == {"村 新增": 1, "村 改动": 1}
    engine.dispose()
    assert run(config, "bring", "check", str(tmp_path / "没有.xlsx")) != 0
    assert "打不开" in capsys.readouterr().err


def test_a_plan_is_of_its_book(bare: Bare) -> None:
    """A plan whose faults were taken out by hand is weighed again."""
    plan = bare.check({"宣讲员": [{"姓名": "李明", "村": "不是村"}]})
    with Session(bare.engine) as session, pytest.raises(FaultyBook), session.begin():
        apply(session, replace(plan, faults=()), by=None, now=NOW)
