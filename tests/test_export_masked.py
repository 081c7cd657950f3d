"""What a masked export must not tell: numbers in any column of words, and names that undo the pseudonyms."""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import load_workbook
from sqlalchemy import JSON, Engine, insert
from sqlmodel import Session, select

from bot import cli_export
from bot.console import upkeep
from bot.exports import sweep_exports
from data.database import open_reader
from data.export import BOOK, all_tables, export
from data.export_masks import COLUMNS, HIDDEN, Kind, Pseudonyms, kind_of, masks_of
from data.loop import Order, Voice, VoiceKind
from data.mail import OutboxKind
from data.outbox import queue
from data.record_tables import Material
from data.tables import DRAWN, Member, Picture, Room, Topic
from tests.test_names import IDENTITIES, LANDLINES, MOBILES
from tests.test_persons import BOSS, FRIEND, ID, WHO, YOUNG, lived, number_of
from tests.town import NOW, ROOT, ZONE, DemoTown

WROTE_NUMBERS = {  # what people type, beside what the program makes itself
    "lecture_order": "wish when_text place dialect",
    "lecture": "title venue hamlet branches dialect live_url",
    "assignment": "venue reason",
    "village": "name aliases venues free",
    "lecturer": "title trade dialects free",
    "media_report": "title outlet url",
    "material": "title note file_name",
    "voice": "text answer",
    "poll": "question options",
    "broadcast": "text audience",
    "room": "name",
    "step": "reason",
    "topic": "name",
    "topic_alias": "words",
    "inbox": "text error",
    "outbox": "text error",
    "deed": "what",
}


def exported(engine: Engine, folder: Path, **options: Any) -> Path:
    reader = open_reader(engine.url.render_as_string(hide_password=False))
    try:
        with reader.connect() as connection:
            return export(connection, folder, now=NOW, zone=ZONE, **options).folder
    finally:
        reader.dispose()


def lines(folder: Path, table: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "tables" / f"{table}.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize("written", [*MOBILES, *LANDLINES, *IDENTITIES])
def test_a_number_leaves_in_no_column_of_words(written: str) -> None:
    """It had left in places, venues and titles, which were taken for nobody's words."""
    who, tables, seen = Pseudonyms(b"salt"), {each.name: each for each in all_tables()}, 0
    for name, columns in WROTE_NUMBERS.items():
        masks = dict(zip((each.name for each in tables[name].columns), masks_of(tables[name], who), strict=True))
        for column in columns.split():
            mask = masks[column]
            assert mask is not None, f"{name}.{column}"
            value = [f"找{written}"] if isinstance(tables[name].c[column].type, JSON) else f"找{written}"
            assert written not in str(mask(value)), f"{name}.{column}"
            seen += 1
    assert seen > 30


def test_what_is_plain_is_nobodys_words() -> None:
    plain = {(table, name) for table, names in COLUMNS.items() for name, kind in names.items() if kind is Kind.PLAIN}
    typed = {(table, name) for table, names in WROTE_NUMBERS.items() for name in names.split()}
    assert plain and not plain & typed
    assert all(kind_of(table, name) in (Kind.TEXT, Kind.HIDE) for table, name in typed)


def fill(town: DemoTown) -> None:
    """A life, and words in which people name themselves."""
    lived(town)
    with town.session() as session, session.begin():
        me = number_of(session, WHO)
        room = session.exec(select(Room.id)).first() or 0
        session.add(Voice(kind=VoiceKind.NEED, member_id=me, room_id=room, text=f"我是{WHO}，断水了", at=NOW))
        session.add(Order(member_id=me, room_id=room, wish="听课", place=f"{WHO}家院子", created_at=NOW))
        topic = session.exec(select(Topic.id)).first() or 0
        session.add(
            Material(
                topic_id=topic,
                title=f"{WHO}讲稿",
                file_name=f"{WHO}.pdf",
                path="a/b",
                sha256="x",
                size=1,
                uploaded_at=NOW,
                uploaded_by=me,
            )
        )
        queue(session, room_id=room, kind=OutboxKind.REPLY, text=f"{WHO}，记下了", now=NOW)
        session.add(Picture(sha256="a", name=f"{DRAWN}1.png", png=b"a poster", svg=f"<svg>{BOSS}</svg>"))
        session.add(Picture(sha256="b", name="photo.png", png=b"a photo"))


def test_nobody_is_named_beside_their_number(town: DemoTown, tmp_path: Path) -> None:
    """Replies, what was said, deeds and file names had carried nicknames beside member ids: pseudonyms came undone."""
    fill(town)
    town.engine.dispose()
    folder = exported(town.engine, tmp_path / "out")
    names = (WHO, ID, FRIEND, YOUNG, BOSS)
    for table in all_tables():
        text = (folder / "tables" / f"{table.name}.jsonl").read_text("utf-8")
        assert [each for each in names if each in text] == [], table.name
    book = load_workbook(folder / BOOK, read_only=True)
    cells = [str(value) for sheet in book for row in sheet.iter_rows(values_only=True) for value in row]
    assert not [cell for cell in cells if any(each in cell for each in names)]
    notes = [str(row[0]) for row in book["说明"].iter_rows(values_only=True)]
    book.close()
    assert any("整格隐去" in line for line in notes)


def test_who_wrote_it_goes_by_one_pseudonym_in_it(town: DemoTown, tmp_path: Path) -> None:
    fill(town)
    town.engine.dispose()
    folder = exported(town.engine, tmp_path / "out")
    me = lines(folder, "voice")[-1]["member_id"]
    alias = next(row["name"] for row in lines(folder, "member") if row["id"] == me)
    assert lines(folder, "voice")[-1]["text"] == f"我是{alias}，断水了"
    assert lines(folder, "lecture_order")[-1]["place"] == f"{alias}家院子"
    assert lines(folder, "material")[-1]["title"] == f"{alias}讲稿"
    assert lines(folder, "outbox")[-1]["text"] == HIDDEN


def test_a_poster_shows_who_speaks_and_a_photo_does_not(town: DemoTown, tmp_path: Path) -> None:
    fill(town)
    town.engine.dispose()
    *_, poster, photo = lines(exported(town.engine, tmp_path / "out"), "picture")
    assert (poster["png"], poster["svg"]) == (HIDDEN, HIDDEN) and photo["png"] == "YSBwaG90bw=="
    *_, poster, _ = lines(exported(town.engine, tmp_path / "open", openly=True), "picture")
    assert BOSS in poster["svg"] and poster["png"] == "YSBwb3N0ZXI="


def test_openly_words_leave_as_they_are(any_engine: Engine, tmp_path: Path) -> None:
    with Session(any_engine) as session, session.begin():
        member = Member(transport="webchat", external_id="x", name=WHO, created_at=NOW)
        room = Room(transport="webchat", external_id="r", name="群", created_at=NOW)
        session.add_all([member, room])
        session.flush()
        row = {"kind": VoiceKind.NEED, "member_id": member.id, "room_id": room.id, "text": f"我是{WHO}", "at": NOW}
        session.execute(insert(Voice), [row])
    assert lines(exported(any_engine, tmp_path / "out", openly=True), "voice")[0]["text"] == f"我是{WHO}"


# ---- where it goes, and what a killed one leaves -----------------------------------------------------------------


def config_of(town: DemoTown, tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    tree = {"town": {"folder": str(ROOT / "data/demo")}, "database": {"url": f"sqlite:///{town.path}"}}
    path.write_text(yaml.safe_dump(tree), "utf-8")
    return path


def test_the_command_exports_beside_its_database_wherever_it_is_called(
    town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    options = argparse.Namespace(config=config_of(town, tmp_path), out=None, open=False, noted=False)
    assert cli_export.run(options) == 0
    (made,) = (tmp_path / "exports").iterdir()
    assert (made / BOOK).is_file() and not list((tmp_path / "elsewhere").iterdir())


_SLOW = """
import os, signal, sys, time
sys.argv = ["bot", "export", "--open", "--config", sys.argv[1], "--out", sys.argv[2]]
from data import export
write = export._write_table
def hold(connection, table, *rest):
    print("writing", flush=True)
    sys.stdin.read(1)
    return write(connection, table, *rest)
export._write_table = hold
"""


def begun(town: DemoTown, tmp_path: Path) -> tuple[subprocess.Popen[str], Path]:
    """An export as the console runs it, which has begun to write."""
    config = config_of(town, tmp_path)
    out = tmp_path / "exports" / "menlou-export-20261120-150000-open"
    code = f"{_SLOW}\n{upkeep._GENTLY}"
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", code, str(config), str(out)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    return process, out.with_name(f"{out.name}.part")


def test_a_killed_export_is_swept_by_the_next(town: DemoTown, tmp_path: Path) -> None:
    """The whole town had stayed there, in the open, listed nowhere."""
    town.engine.dispose()
    process, part = begun(town, tmp_path)
    folder = part.parent
    with process:
        assert part.is_dir() and sweep_exports(folder) == 0, "a living one's is left alone"
        process.send_signal(signal.SIGKILL)
    assert part.is_dir()
    assert cli_export.run(argparse.Namespace(config=tmp_path / "config.yaml", out=None, open=False, noted=False)) == 0
    assert not part.exists()
    (made,) = folder.iterdir()
    assert (made / BOOK).is_file() and sweep_exports(folder) == 0


def test_an_export_that_is_ended_clears_up(town: DemoTown, tmp_path: Path) -> None:
    town.engine.dispose()
    process, part = begun(town, tmp_path)
    with process:
        process.terminate()
    assert process.returncode == 143 and not part.exists()
