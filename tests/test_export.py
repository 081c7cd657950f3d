"""Everything leaves the house whole, and nobody's name leaves it by oversight."""

import argparse
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import load_workbook
from sqlalchemy import Engine, LargeBinary, func, select
from sqlmodel import Session, SQLModel
from sqlmodel import select as select_rows

from bot import cli_export
from data import export as exporting
from data import outbox
from data.database import open_engine, open_reader
from data.desk_tables import Audit
from data.export import BOOK, SCHEMA, Exported, ExportError, all_tables, export
from data.export_book import SHEETS, Book
from data.export_masks import COLUMNS, HIDDEN, Kind, holds_words, kind_of, masked_text
from data.labels import TABLES
from data.loop import Lecture, SignUp, Voice, VoiceKind
from data.mail import Outbox, OutboxKind
from data.tables import Member, Picture, Room, Village
from tests.test_reports_asked import config_of
from tests.town import NOW, ROOT, ZONE, DemoTown

PHONE = "13812345678"


def fill(engine: Engine) -> None:
    """A few people who said something."""
    with Session(engine) as session, session.begin():
        room = Room(transport="webchat", external_id="r1", name="上坪村乡亲群", created_at=NOW)
        ann = Member(transport="webchat", external_id="wxid_ann", name="陈阿婆", created_at=NOW)
        village = Village(name="上坪村", near=["东村", "西村"])
        session.add_all([room, ann, village, Picture(sha256="ab", name="a.png", png=b"\x89PNG")])
        session.flush()
        text = f"=1+1 电话{PHONE}，身份证441224195001011234"
        session.add(Voice(kind=VoiceKind.NEED, member_id=ann.id or 0, room_id=room.id or 0, text=text, at=NOW))
        outbox.queue(
            session,
            room_id=room.id or 0,
            kind=OutboxKind.REPLY,
            text="好的",
            now=NOW,
            mentions=[("wxid_ann", "陈阿婆")],
        )


def exported(engine: Engine, folder: Path, **options: Any) -> Exported:
    reader = open_reader(engine.url.render_as_string(hide_password=False))
    try:
        with reader.connect() as connection:
            return export(connection, folder, now=NOW, zone=ZONE, **options)
    finally:
        reader.dispose()


def lines(folder: Path, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "tables" / f"{table}.jsonl").read_text("utf-8").splitlines()]


def everything(folder: Path) -> str:
    texts = [path.read_text("utf-8") for path in folder.rglob("*.json*")]
    book = load_workbook(folder / BOOK, read_only=True)
    texts += [str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row]
    book.close()
    return "\n".join(texts)


def test_every_column_that_holds_words_says_what_it_is() -> None:
    found = [
        (table, column.name) for table in all_tables() for column in table.columns if holds_words(table, column.name)
    ]
    assert len(found) > 100
    assert [f"{table.name}.{name}" for table, name in found if kind_of(table.name, name) is None] == []
    there = {(table.name, column.name) for table in all_tables() for column in table.columns}
    assert {(table, name) for table, names in COLUMNS.items() for name in names} <= there
    assert all(
        kind_of(table.name, name) is Kind.FILE for table, name in found if isinstance(table.c[name].type, LargeBinary)
    )


def test_every_table_leaves_with_all_its_rows(any_engine: Engine, tmp_path: Path) -> None:
    fill(any_engine)
    done = exported(any_engine, tmp_path / "out")
    described = json.loads((tmp_path / "out" / SCHEMA).read_text("utf-8"))["tables"]
    assert set(done.rows) == set(described) == set(SQLModel.metadata.tables)
    with any_engine.connect() as connection:
        for table in all_tables():
            rows = connection.execute(select(func.count()).select_from(table)).scalar_one()
            assert done.rows[table.name] == described[table.name]["rows"] == rows
            held = lines(tmp_path / "out", table.name)
            assert len(held) == rows
            assert all(list(row) == [column["name"] for column in described[table.name]["columns"]] for row in held)
    assert done.rows["member"] == 1 and done.rows["voice"] == 1


def test_nobody_is_named_and_no_number_is_told(any_engine: Engine, tmp_path: Path) -> None:
    fill(any_engine)
    folder = exported(any_engine, tmp_path / "out").folder
    told = everything(folder)
    for secret in ("陈阿婆", "wxid_ann", PHONE, "441224195001011234"):
        assert secret not in told
    assert "138****5678" in told and "441224************" in told
    (member,) = lines(folder, "member")
    assert member["name"].startswith("人") and member["external_id"].startswith("人")
    assert lines(folder, "outbox")[0]["mentions"] == HIDDEN


def test_a_person_has_one_pseudonym_in_an_export_and_another_in_the_next(town: DemoTown, tmp_path: Path) -> None:
    with town.session() as session, session.begin():
        member = session.exec(select_rows(Member).limit(1)).first()
        if member is None:
            member = Member(transport="webchat", external_id="x", name="x", created_at=NOW)
            session.add(member)
            session.flush()
        lecture = session.exec(select_rows(Lecture).limit(1)).one()
        for whom in ("妈妈", "", "爸爸"):
            session.add(SignUp(lecture_id=lecture.id or 0, member_id=member.id or 0, for_whom=whom, at=NOW))
        session.add(Member(transport="webchat", external_id="y", name="妈妈", created_at=NOW))
    first, second = (exported(town.engine, tmp_path / name).folder for name in ("one", "two"))
    mother = lines(first, "sign_up")[-3]["for_whom"]
    assert mother == lines(first, "member")[-1]["name"] != lines(first, "sign_up")[-1]["for_whom"]
    assert lines(first, "sign_up")[-2]["for_whom"] == ""
    assert mother != lines(second, "sign_up")[-3]["for_whom"]


def test_openly_everything_but_what_opens_doors(any_engine: Engine, tmp_path: Path) -> None:
    fill(any_engine)
    folder = exported(any_engine, tmp_path / "out", openly=True).folder
    told = everything(folder)
    assert "陈阿婆" in told and "wxid_ann" in told and PHONE in told
    (picture,) = lines(folder, "picture")
    assert picture["png"] == "iVBORw=="
    assert {"password_hash", "csrf", "token_hash", "code_hash", "token"} == {
        name for names in COLUMNS.values() for name, kind in names.items() if kind is Kind.OPENS
    }


def test_what_opens_doors_leaves_in_no_export(town: DemoTown, tmp_path: Path) -> None:
    from data import bindings
    from data.tables import RoleKind

    with town.session() as session, session.begin():
        bindings.issue(session, RoleKind.COORDINATOR, now=NOW)
    folder = exported(town.engine, tmp_path / "out", openly=True).folder
    assert [row["code_hash"] for row in lines(folder, "binding_code")] == [None]


def test_moments_are_on_the_towns_clocks_and_formulas_do_not_run(any_engine: Engine, tmp_path: Path) -> None:
    fill(any_engine)
    folder = exported(any_engine, tmp_path / "out").folder
    assert lines(folder, "voice")[0]["at"] == "2026-11-20T15:00:00+08:00"
    book = load_workbook(folder / BOOK)
    assert book.sheetnames == ["说明", *(TABLES[name] for name in SHEETS)]
    head, row = book["评课和意见"].iter_rows()
    cells = dict(zip((cell.value for cell in head), row, strict=True))
    assert cells["时间"].value == datetime(2026, 11, 20, 15, 0)
    assert cells["原话"].value.startswith("'=1+1") and cells["原话"].data_type == "s"
    assert cells["人编号"].data_type == "n"


def test_the_workbook_speaks_chinese_and_the_lines_speak_as_the_tables(any_engine: Engine, tmp_path: Path) -> None:
    """A coordinator who opened it on her phone had read "kind", "need" and "member_id"."""
    fill(any_engine)
    folder = exported(any_engine, tmp_path / "out").folder
    book = load_workbook(folder / BOOK, read_only=True)
    heads = {sheet.title: [cell.value for cell in next(sheet.iter_rows())] for sheet in list(book)[1:]}
    villages = [cell for row in book["村"].iter_rows(min_row=2, values_only=True) for cell in row]
    assert "东村、西村" in villages and "[]" not in villages
    (voice,) = book["评课和意见"].iter_rows(min_row=2, values_only=True)
    book.close()
    assert heads["点单"][:4] == ["编号", "类别", "人编号", "群编号"]
    assert not [cell for head in heads.values() for cell in head if re.search("[A-Za-z]", str(cell))]
    assert voice[heads["评课和意见"].index("类别")] == "急难"
    assert lines(folder, "voice")[0]["kind"] == "need"
    described = json.loads((folder / SCHEMA).read_text("utf-8"))["tables"]["voice"]
    assert described["label"] == "评课和意见"
    assert {each["name"]: each["label"] for each in described["columns"]}["member_id"] == "人编号"
    assert {each["name"]: each["words"] for each in described["columns"]}["kind"]["need"] == "急难"


def test_a_full_sheet_goes_on_in_the_next(tmp_path: Path) -> None:
    book = Book(ZONE, most_rows=3)
    book.begin("课", ["id"])
    for number in range(5):
        book.add([number])
    book.save(tmp_path / "book.xlsx")
    read = load_workbook(tmp_path / "book.xlsx")
    assert read.sheetnames == ["课", "课2", "课3"]
    assert [[cell.value for cell in sheet["A"]] for sheet in read] == [["id", 0, 1], ["id", 2, 3], ["id", 4]]


def test_all_of_it_is_of_one_moment_though_the_bot_writes(
    town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table = exporting._write_table

    def and_write(*arguments: Any) -> int:
        with town.session() as session, session.begin():
            outbox.queue(session, room_id=1, kind=OutboxKind.REPLY, text="later", now=NOW)
        return write_table(*arguments)

    monkeypatch.setattr(exporting, "_write_table", and_write)
    assert exported(town.engine, tmp_path / "out").rows["outbox"] <= 1
    with town.session() as session:
        assert len(session.exec(select_rows(Outbox)).all()) == len(all_tables())


def test_what_is_there_is_not_written_over(town: DemoTown, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    with pytest.raises(ExportError, match="不覆盖"):
        exported(town.engine, tmp_path / "out")


def test_one_that_fails_leaves_nothing(town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Book, "save", full)
    with pytest.raises(ExportError, match="硬盘满没满"):
        exported(town.engine, tmp_path / "exports" / "out")
    assert list((tmp_path / "exports").iterdir()) == []


def test_words_in_lists_and_objects_are_masked_too() -> None:
    assert masked_text({"a": [f"打{PHONE}", 3]}) == {"a": ["打138****5678", 3]}
    assert masked_text("编号20261120150000123456") == "编号20261120150000123456"


def test_the_command_writes_it_down(town: DemoTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        yaml.safe_dump({"town": {"folder": str(ROOT / "data/demo")}, "database": {"url": f"sqlite:///{town.path}"}})
    )
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, default=config)
    cli_export.add_arguments(parser)
    assert cli_export.run(parser.parse_args(["--out", str(tmp_path / "out"), "--open"])) == 0
    assert "没有隐去个人信息" in capsys.readouterr().out
    engine = open_engine(f"sqlite:///{town.path}")
    with Session(engine) as session:
        (written,) = session.exec(select_rows(Audit)).all()
    engine.dispose()
    assert (written.who, written.what, written.detail) == ("命令行", "导出全部数据", {"隐去个人信息": False})
    assert abs(written.at - datetime.now(ZONE)) < timedelta(minutes=5)
    assert len(lines(tmp_path / "out", "audit")) == 1, "an export tells of itself"


def test_what_the_console_noted_is_not_noted_again(town: DemoTown, tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, default=config_of(town, tmp_path))
    cli_export.add_arguments(parser)
    assert cli_export.run(parser.parse_args(["--noted", "--out", str(tmp_path / "out")])) == 0
    with town.session() as session:
        assert session.exec(select_rows(Audit)).all() == []
