"""Files made for somebody: whole or not there, never over another's, and beside the town's own database."""

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine
from sqlmodel import Session

from bot import assemble, cli, cli_archive, places
from bot.cli_files import FileThere, write_free, write_new
from bot.config import load_config
from bot.exports import export_folder
from bot.places import PERSONS, REPORTS, beside, only_ours
from data import archive, files, leftovers, oldfiles
from data.archive import Kept
from data.database import open_reader
from data.files import ROOM, new_file
from data.leftovers import room_in, sweep
from data.reports import zipped
from handlers.desk.numbers import STEPS
from scheduler import retention as jobs
from scheduler.job import JobContext
from tests.test_reports import hold
from tests.town import NOW, ROOT, ZONE, DemoTown, demo_rules

# ---- whole or not at all -------------------------------------------------------------------------------------------


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


_FULL = """
import resource, signal, sys
from pathlib import Path
from bot.cli_files import write_new
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    write_new(Path(sys.argv[1]), b"x" * 100_000)
except OSError:
    sys.exit(7)
"""


def test_a_full_disk_leaves_no_half_report(tmp_path: Path) -> None:
    """It left the first half under the final name, and the next run called its own "总结 (2).docx"."""
    done = subprocess.run([sys.executable, "-c", _FULL, str(tmp_path / "总结.docx")], cwd=ROOT, check=False)
    assert done.returncode == 7
    assert names(tmp_path) == []


def test_two_who_write_one_name_are_not_both_told_it_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both looked, both saw it free, both "wrote" it."""
    path, given = tmp_path / "总结.docx", files._give_name

    def quicker(part: Path, final: Path) -> None:
        if not final.exists():
            final.write_bytes(b"theirs")
        given(part, final)

    monkeypatch.setattr(files, "_give_name", quicker)
    with pytest.raises(FileThere):
        write_new(path, b"ours")
    assert path.read_bytes() == b"theirs" and names(tmp_path) == ["总结.docx"]
    path.unlink()

    def once(part: Path, final: Path) -> None:
        monkeypatch.setattr(files, "_give_name", given)
        quicker(part, final)

    monkeypatch.setattr(files, "_give_name", once)
    assert write_free(path, b"ours") == tmp_path / "总结 (2).docx"
    assert (path.read_bytes(), (tmp_path / "总结 (2).docx").read_bytes()) == (b"theirs", b"ours")


def test_a_disk_that_knows_no_second_names_is_no_reason_to_write_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stick with exFAT."""

    def unknown(*_paths: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", unknown)
    write_new(tmp_path / "a", b"1")
    assert (tmp_path / "a").read_bytes() == b"1"
    with pytest.raises(FileExistsError):
        files._give_name(tmp_path / "a", tmp_path / "a")

    def full(*_paths: Path) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="full"):
        write_new(tmp_path / "b", b"2")
    assert names(tmp_path) == ["a"]


def test_what_is_written_over_is_whole_at_each_moment(tmp_path: Path) -> None:
    path = tmp_path / "person-1.json"
    path.write_text("old")

    def breaks_off() -> None:
        with new_file(path, over=True) as part:
            part.write_text("ne")
            raise KeyError

    with pytest.raises(KeyError):
        breaks_off()
    assert path.read_text() == "old"
    with new_file(path, over=True) as part:
        part.write_text("new")
    assert path.read_text() == "new" and names(tmp_path) == ["person-1.json"]


# ---- two of one year -----------------------------------------------------------------------------------------------


def test_two_archives_of_one_year_at_once_do_not_write_into_one_file(town: DemoTown, tmp_path: Path) -> None:
    """Both wrote "2026年宣讲档案.part": what came of it was no zip, and was called good."""
    first, out = threading.Event(), tmp_path / "out"

    def pack(lectures: Callable[[Iterator[Kept]], Iterator[Kept]]) -> Path:
        reader = open_reader(f"sqlite:///{town.path}")
        try:
            with Session(reader) as session:
                kept = lectures(archive.each_of(session, archive.numbers_of(session, 2026, ZONE), STEPS))
                done = zipped.year(kept, out, 2026, photos=tmp_path, zone=ZONE, now=NOW, step=lambda _done: None)
                return done.path
        finally:
            reader.dispose()

    def with_another(lectures: Iterator[Kept]) -> Iterator[Kept]:
        yield from lectures
        pack(lambda others: others)
        first.set()

    with pytest.raises(zipped.ArchiveThere):
        pack(with_another)
    assert first.is_set() and names(out) == ["2026年宣讲档案.zip"]
    with zipfile.ZipFile(out / "2026年宣讲档案.zip") as made:
        assert made.testzip() is None and "2026年宣讲档案/index.html" in made.namelist()


_KILLED = """
import os, sys
from pathlib import Path
from data.files import new_file
with new_file(Path(sys.argv[1])) as part:
    part.write_text("half")
    os.kill(os.getpid(), 9)
"""


def test_a_killed_ones_half_goes_with_the_next(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "a.zip")], cwd=ROOT, check=False)
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(ROOM) and (left / "a.zip").read_text() == "half"
    with new_file(tmp_path / "a.zip") as part:
        part.write_text("whole")
    assert names(tmp_path) == ["a.zip"]


# ---- rooms ---------------------------------------------------------------------------------------------------------


def test_a_room_that_is_swept_before_it_is_held_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between its making and its lock another's sweep took it for a killed one's: a restore wrote into nothing."""
    made = tempfile.mkdtemp
    swept = list[str]()

    def at_once(**options: Any) -> str:
        room: str = made(**options)
        if not swept:
            swept.append(room)
            assert sweep([Path(room)]) == 1
        return room

    monkeypatch.setattr(tempfile, "mkdtemp", at_once)
    with room_in(tmp_path, ".room-") as room:
        assert swept and room.is_dir() and str(room) != swept[0]
        assert sweep([room]) == 0
    assert names(tmp_path) == []


def test_what_is_being_swept_is_not_held_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock was let go of before the folder was removed: who held it in between lost it."""
    room, remove = tmp_path / "room", shutil.rmtree
    room.mkdir()

    def with_a_look(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.close(handle)
        remove(folder)

    monkeypatch.setattr(shutil, "rmtree", with_a_look)
    assert sweep([room]) == 1
    with pytest.raises(FileNotFoundError), leftovers.held(room):
        pass


# ---- where they go -------------------------------------------------------------------------------------------------


@pytest.fixture
def config(town: DemoTown, tmp_path: Path) -> Path:
    town.engine.dispose()
    path = tmp_path / "elsewhere" / "config.yaml"
    path.parent.mkdir()
    tree = {"town": {"folder": str(ROOT / "data/demo")}, "database": {"url": f"sqlite:///{town.path}"}}
    path.write_text(yaml.safe_dump(tree), "utf-8")
    return path


def test_files_lie_beside_the_towns_own_database(
    config: Path, town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Written from another folder they lay in that one: one town's people in another's var/, where nothing cleaned."""
    (tmp_path / "standing").mkdir()
    monkeypatch.chdir(tmp_path / "standing")
    with town.session() as session, session.begin():
        number = str(hold(session, 1).id)
    old = os.umask(0o022)
    try:
        for command in (["person", "--member", "1"], ["report", "--period", "2026Q4"], ["archive", "--year", "2026"],
                        ["sheet", number], ["export"]):  # fmt: skip
            assert cli.main([*command, "--config", str(config)]) == 0, capsys.readouterr()
    finally:
        os.umask(old)
    assert names(tmp_path / "standing") == [] and names(config.parent) == ["config.yaml"]
    persons = town.path.parent / "persons"
    assert names(persons) == ["person-1.json"]
    for folder in ("persons", "archive", "sheets", "exports"):
        assert (town.path.parent / folder).stat().st_mode & 0o777 == 0o700, f"{folder}: names and photos"
    assert (persons / "person-1.json").stat().st_mode & 0o777 == 0o600
    assert len(names(town.path.parent / "reports")) > 2 and names(town.path.parent / "archive") == [
        "2026年宣讲档案.zip"
    ]
    os.utime(persons / "person-1.json", (0, 0))
    assert oldfiles.sweep(town.path, now=NOW) == 1 and names(persons) == []


def test_every_command_that_makes_files_asks_the_config_where(config: Path) -> None:
    """A default of its own would be of wherever somebody stands."""
    parser, met = cli._parser(), 0
    for each in _parsers(parser):
        for action in each._actions:
            if "--out" in action.option_strings and not action.required:
                met += 1
                assert action.default is None, each.prog
    assert met >= 6


def _parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from _parsers(below)


def test_where_the_database_is_no_file_they_lie_beside_the_config(config: Path) -> None:
    postgres = load_config(config, {"MENLOU_DATABASE_URL": "postgresql+psycopg://town@localhost/town"})
    assert beside(postgres, REPORTS) == config.parent / "var" / "reports"
    assert beside(load_config(config, {}), PERSONS).name == "persons"


def lies(folder: Path, *names: str) -> list[Path]:
    """Files of long ago."""
    made = [folder / name for name in names]
    for each in made:
        each.parent.mkdir(parents=True, exist_ok=True)
        each.touch()
        os.utime(each, (0, 0))
    return made


OVER = ("exports/menlou-archive-2025-20260901-120000.zip", "exports/menlou-export-20260901-120000.zip")


def test_what_the_console_packed_goes_wherever_the_database_is(config: Path, town: DemoTown) -> None:
    """It was put beside config.yaml and swept beside the database: with the two apart it stayed for ever, and the page
    said 30天后自动删. What lies there still goes too."""
    loaded = load_config(config, {})
    assert export_folder(loaded) == town.path.parent / "exports"
    over = lies(export_folder(loaded).parent, *OVER) + lies(config.parent / "var", *OVER)
    context = assemble._context(loaded, town.knowledge)
    with town.session() as session, session.begin():
        jobs.begin(session, context, NOW, NOW)
    assert [each for each in over if each.exists()] == []


def test_files_about_people_go_on_each_kind_of_database(any_engine: Engine, config: Path, tmp_path: Path) -> None:
    """On PostgreSQL nothing was ever swept: the file of a person that goes after seven days stayed."""
    postgres = load_config(config, {"MENLOU_DATABASE_URL": "postgresql+psycopg://town@localhost/town"})
    assert export_folder(postgres) == config.parent / "var" / "exports"
    home = config.parent / "var"
    over = lies(home, *OVER, "persons/person-1.json")
    stay = lies(home, "town.before-0009.20200101-000000.db", "archive/2025年宣讲档案.zip", "sheets/sheet-1.html")
    rules, homes = demo_rules(), places.homes(postgres)
    with Session(any_engine) as session, session.begin():
        context = JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules, homes=homes)
        jobs.begin(session, context, NOW, NOW)
    assert [each for each in over if each.exists()] == [] and all(each.exists() for each in stay)


def test_a_folder_of_another_users_is_no_reason_to_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its mode is that user's to change: to try ended the command."""

    def theirs(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", theirs)
    old = os.umask(0o022)
    try:
        assert only_ours(tmp_path) == tmp_path and only_ours(tmp_path / "new").stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(old)


def test_old_files_are_found_where_the_database_really_lies(town: DemoTown, tmp_path: Path) -> None:
    link = tmp_path / "here" / "town.db"
    link.parent.mkdir()
    link.symlink_to(town.path)
    left = [town.path.parent / "town.before-restore.20200101-000000.db", link.parent / "persons" / "person-1.json"]
    for each in left:
        each.parent.mkdir(exist_ok=True)
        each.touch()
        os.utime(each, (0, 0))
    assert oldfiles.sweep(link, now=NOW) == 2
    assert not any(each.exists() for each in left) and link.is_symlink()


def test_the_help_says_where() -> None:
    parser = argparse.ArgumentParser()
    cli_archive.add_arguments(parser)
    assert "数据库旁边的 archive" in parser.format_help()
