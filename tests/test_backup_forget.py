"""Who asked to be forgotten does not come back with a backup from before; and what a killed command unpacked goes."""

import argparse
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlmodel import Session, col, select

from bot import cli_backup
from bot.backup import Plan, back_up, drill, restore
from bot.backup.configured import tidy_up
from bot.backup.forget import Forgotten
from bot.backup.rooms import ROOM, room_in
from bot.config import load_config
from bot.exports import export_folder, sweep_exports
from data import erasure
from data.database import open_engine
from data.desk_tables import ConsoleRole, ConsoleUser
from data.mail import Outbox, OutboxState
from data.record_tables import Removal
from data.tables import Member
from tests.test_backup import older
from tests.test_persons import ID, WHO, lived, number_of, scan
from tests.town import NOW, ROOT, DemoTown, Talk, demo_rules


def asked(town: DemoTown, tmp_path: Path) -> tuple[Talk, Plan, Path]:
    """Somebody lived, a backup was made, and then they asked to be forgotten."""
    talk = lived(town)
    plan = Plan(f"sqlite:///{town.path}", {}, tmp_path / "backups")
    path = back_up(plan, now=talk.now).path
    talk.say(WHO, None, "删除我的信息")
    talk.say(WHO, None, "确认")
    talk.pass_time(minutes=20)
    assert scan(town, (WHO, ID)) == {}
    town.engine.dispose()
    return talk, plan, path


def test_who_asked_after_the_backup_does_not_come_back(town: DemoTown, tmp_path: Path) -> None:
    """They had come back, and nobody was told whom."""
    talk, plan, path = asked(town, tmp_path)
    talk.pass_time(days=1)
    town.engine.dispose()
    done = restore(path, plan.database_url, {}, now=talk.now, rules=demo_rules())
    assert done.forgotten == Forgotten(people=1)
    assert scan(town, (WHO, ID)) == {}
    with town.session() as session:
        assert len(session.exec(select(Removal).where(Removal.kind == "person")).all()) == 1
        gone = session.exec(select(Member).where(col(Member.erased_at).is_not(None))).one()
        waiting = session.exec(select(Outbox).where(Outbox.state == OutboxState.PENDING, Outbox.not_before <= talk.now))
        assert waiting.all() == [], "nothing is said of it on a guess"
    town.engine.dispose()
    again = restore(path, plan.database_url, {}, now=talk.now + timedelta(days=1), rules=demo_rules())
    assert again.forgotten == Forgotten(people=1), "nor the second time"
    assert scan(town, (WHO, ID)) == {}
    with town.session() as session:
        assert session.exec(select(Member.id).where(col(Member.erased_at).is_not(None))).one() == gone.id


def test_who_had_an_account_then_is_forgotten_too(town: DemoTown, tmp_path: Path) -> None:
    talk = lived(town)
    with town.session() as session, session.begin():
        number = number_of(session, WHO)
        clerk = ConsoleUser(
            name="tang",
            shown_name="干事",
            password_hash="-",
            role=ConsoleRole.VIEWER,
            member_id=number,
            created_at=NOW,
            created_by="-",
        )
        session.add(clerk)
    plan = Plan(f"sqlite:///{town.path}", {}, tmp_path / "backups")
    path = back_up(plan, now=talk.now).path
    with town.session() as session, session.begin():
        session.exec(select(ConsoleUser).where(ConsoleUser.name == "tang")).one().active = False
    talk.say(WHO, None, "删除我的信息")
    talk.say(WHO, None, "确认")
    town.engine.dispose()
    assert restore(path, plan.database_url, {}, now=talk.now, rules=demo_rules()).forgotten == Forgotten(people=1)
    assert scan(town, (WHO, ID)) == {}


def test_who_was_gone_already_and_who_has_the_number_elsewhere_are_left_alone(town: DemoTown, tmp_path: Path) -> None:
    talk, plan, _ = asked(town, tmp_path)
    later = back_up(plan, now=talk.now).path
    assert restore(later, plan.database_url, {}, now=talk.now, rules=demo_rules()).forgotten == Forgotten()
    stranger = tmp_path / "elsewhere.db"
    engine = open_engine(f"sqlite:///{town.path}")
    with Session(engine) as session, session.begin():  # the same numbers, but another town
        for each in session.exec(select(Member)):
            each.created_at += timedelta(seconds=1)
    engine.dispose()
    town.path.rename(stranger)
    path = sorted(plan.folder.glob("*.zip"))[0]
    assert restore(path, f"sqlite:///{stranger}", {}, now=talk.now, rules=demo_rules()).forgotten == Forgotten()


def test_where_it_cannot_be_known_the_town_comes_back_and_it_is_told(town: DemoTown, tmp_path: Path) -> None:
    talk, plan, path = asked(town, tmp_path)
    for name, content in (("none.db", None), ("ruin.db", b"no database at all" * 999)):
        place = tmp_path / "place" / name
        place.parent.mkdir(exist_ok=True)
        if content is not None:
            place.write_bytes(content)
        done = restore(path, f"sqlite:///{place}", {}, now=talk.now, rules=demo_rules())
        assert done.forgotten == Forgotten(known=False) and place.is_file()
    with town.session() as session:
        number = session.exec(select(Member.id).where(col(Member.erased_at).is_not(None))).one()
    town.engine.dispose()
    done = restore(path, plan.database_url, {}, now=talk.now, rules=None)  # the town's files have a fault
    assert done.forgotten == Forgotten(failed=(number or 0,))


def test_one_who_is_in_a_backup_of_an_older_program_is_forgotten_too(town: DemoTown, tmp_path: Path) -> None:
    """There nobody could be forgotten yet: it is brought up to date for it."""
    with town.session() as session, session.begin():
        session.add(Member(transport="erased", external_id="-", name="", created_at=NOW, erased_at=NOW))
    older(tmp_path / "old.db")
    with closing(sqlite3.connect(town.path)) as present, closing(sqlite3.connect(tmp_path / "old.db")) as past, past:
        (number, came) = present.execute("SELECT id, created_at FROM member WHERE erased_at NOT NULL").fetchone()
        row = (number, "webchat", ID, WHO, came)
        past.execute("INSERT INTO member (id, transport, external_id, name, created_at) VALUES (?, ?, ?, ?, ?)", row)
    path = back_up(Plan(f"sqlite:///{tmp_path / 'old.db'}", {}, tmp_path / "backups"), now=NOW).path
    town.engine.dispose()
    done = restore(path, f"sqlite:///{town.path}", {}, now=NOW, rules=demo_rules())
    assert done.forgotten == Forgotten(people=1) and done.manifest.schema == "0005"
    assert scan(town, (WHO, ID)) == {}


def test_a_fault_over_one_person_does_not_keep_the_town_away(
    town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk, plan, path = asked(town, tmp_path)

    def broken(*_: object, **__: object) -> None:
        raise KeyError("rows")

    monkeypatch.setattr(erasure, "erase", broken)
    done = restore(path, plan.database_url, {}, now=talk.now, rules=demo_rules())
    assert done.forgotten.people == 0 and len(done.forgotten.failed) == 1
    assert scan(town, (WHO,)) != {}


def test_a_disk_without_second_names_keeps_a_copy(
    town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan(f"sqlite:///{town.path}", {}, tmp_path / "backups")
    path = back_up(plan, now=NOW).path
    town.engine.dispose()

    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    before = town.path.read_bytes()
    done = restore(path, plan.database_url, {}, now=NOW)
    assert done.aside is not None and len(done.aside.read_bytes()) == len(before)
    assert town.path.is_file() and not list(town.path.parent.glob(".*.part"))


# ---- by command ------------------------------------------------------------------------------------------------------


def config_of(town: DemoTown, tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    tree = {
        "town": {"folder": str(ROOT / "data/demo")},
        "database": {"url": f"sqlite:///{town.path}"},
        "backup": {"folder": "backups"},
    }
    path.write_text(yaml.safe_dump(tree), "utf-8")
    return path


def test_the_command_says_how_many(town: DemoTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, _, path = asked(town, tmp_path)
    config = config_of(town, tmp_path)
    options = argparse.Namespace(config=config, file=path)
    assert cli_backup.bring_back(options) == 0
    assert "备份以后有1位要求删除个人信息，已经在恢复的数据里照样删掉了。" in capsys.readouterr().out
    town.path.write_bytes(b"ruin" * 999)
    assert cli_backup.bring_back(options) == 0
    told = capsys.readouterr()
    assert told.out.startswith("恢复好了") and "翻一翻那以后的聊天" in told.err
    assert forget_failed(town, tmp_path, capsys, options)


def forget_failed(
    town: DemoTown, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: argparse.Namespace
) -> bool:
    """The town's own files have a fault: it is told who is to be forgotten by hand."""
    with town.session() as session, session.begin():
        number = number_of(session, WHO)
        session.get_one(Member, number).erased_at = NOW
    town.engine.dispose()
    tree = yaml.safe_load(options.config.read_text("utf-8"))
    options.config.write_text(yaml.safe_dump(tree | {"town": {"folder": str(tmp_path / "nowhere")}}), "utf-8")
    assert cli_backup.bring_back(options) == cli_backup.FAULT
    return f"{number}号" in capsys.readouterr().err


# ---- killed ----------------------------------------------------------------------------------------------------------

_HOLD = """
import sys, time
from pathlib import Path
from bot.backup.rooms import room_in
with room_in(Path(sys.argv[1])) as room:
    (room / "town.db").write_text("everybody")
    print(room, flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_drill_unpacked_goes_with_the_next(town: DemoTown, tmp_path: Path) -> None:
    """It had lain in the system's temporary folder, and nothing ever swept it."""
    plan = Plan(f"sqlite:///{town.path}", {}, tmp_path / "backups")
    path = back_up(plan, now=NOW).path
    command = [sys.executable, "-c", _HOLD, str(plan.folder)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as living:
        assert living.stdout is not None
        room = Path(living.stdout.readline().strip())
        drill(path, folder=plan.folder)
        back_up(plan, now=NOW + timedelta(days=1))
        assert (room / "town.db").exists(), "a living one's is left alone"
        living.send_signal(signal.SIGKILL)
        living.wait()
    assert (room / "town.db").exists() and room.parent == plan.folder
    drill(path, folder=plan.folder)
    assert not room.exists() and not list(plan.folder.glob(f"{ROOM}*"))


def test_the_start_sweeps_what_killed_ones_left_and_nothing_else(town: DemoTown, tmp_path: Path) -> None:
    config = load_config(config_of(town, tmp_path), {})
    exports = export_folder(config)
    left = [tmp_path / "backups" / f"{ROOM}abc", town.path.parent / f"{ROOM}def"]
    left += [exports / f"menlou-export-20261120-150000{end}" for end in ("-open.part", "-open", ".part", "")]
    left += [exports / "20261120-150000.part", exports / "menlou-archive-2026-20261120-150000"]
    stay = [exports / "20261120-150000", exports / "mine.part", tmp_path / "backups" / "mine"]
    for folder in (*left, *stay):
        folder.mkdir(parents=True)
        (folder / "town.db").write_text("everybody")
    half, whole = (exports / f"menlou-export-20261120-150000{end}.zip" for end in ("-open.part", ""))
    for file in (half, whole):
        file.touch()
    with room_in(tmp_path / "backups") as living:
        tidy_up(config)
        assert living.is_dir()
    assert [each for each in (*left, half) if each.exists()] == []
    assert all(each.exists() for each in (*stay, whole))
    assert sweep_exports(exports) == 0
