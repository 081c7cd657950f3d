"""What is left of somebody at the desk and on the disk: accounts, the log, files, and what they are given to read."""

import argparse
import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot import cli_person
from data import oldfiles, persons
from data.console_users import TRANSPORT
from data.database import open_engine, upgrade
from data.desk_tables import Audit, ConsoleLink, ConsoleRole, ConsoleSession, ConsoleUser, LinkPurpose, Throttle
from data.loop import LecturerTraining, SignUp
from data.record_tables import Material, MaterialDownload
from data.tables import Member, Role, RoleKind
from scheduler import retention as jobs
from scheduler.job import JobContext
from tests.test_backup import older
from tests.test_persons import FRIEND, GROUP, ID, POLICE, WHO, YOUNG, lived, number_of, scan
from tests.test_traces import forget
from tests.town import NOW, ZONE, DemoTown, Talk, demo_rules

LOGIN, PLACE = "tangguiying", "10.1.2.3"


def account(session: Session, member_id: int) -> int:
    """An account that is not used any more, with all that hangs on one."""
    made: dict[str, Any] = {"role": ConsoleRole.COORDINATOR, "created_at": NOW, "created_by": "-"}
    session.add(Member(transport=TRANSPORT, external_id=f"user:{LOGIN}", name=WHO, created_at=NOW))
    user = ConsoleUser(name=LOGIN, shown_name=WHO, password_hash="$hash", member_id=member_id, active=False, **made)
    session.add(user)
    session.flush()
    number = user.id or 0
    times: dict[str, Any] = {"created_at": NOW, "expires_at": NOW}
    session.add(ConsoleSession(token_hash="a", user_id=number, csrf="c", seen_at=NOW, address=PLACE, **times))
    link: dict[str, Any] = {"purpose": LinkPurpose.RESET, "role": ConsoleRole.VIEWER}
    session.add(ConsoleLink(token_hash="b", shown_name=WHO, user_id=number, created_by="-", **link, **times))
    session.add(ConsoleLink(token_hash="c", shown_name="小农", created_by=LOGIN, **link, **times))
    session.add(Throttle(key=f"name:{LOGIN}", last_at=NOW))
    session.add(Audit(at=NOW, user_id=number, who=WHO, what="登录", address=PLACE))
    role = session.exec(select(Role).where(Role.kind == RoleKind.COORDINATOR)).first()
    assert role is not None
    role.granted_by = f"控制台:{LOGIN}"
    session.flush()
    return number


def test_an_account_that_is_not_used_any_more_keeps_its_number_only(town: DemoTown) -> None:
    talk = lived(town)
    with town.session() as session, session.begin():
        number = account(session, number_of(session, WHO))
    needles = (WHO, ID, LOGIN, PLACE, "$hash")
    assert {each for each, _ in scan(town, needles)} >= {"console_user", "console_session", "console_link", "role"}
    forget(talk)
    assert scan(town, needles) == {}
    with town.session() as session:
        (line,) = session.exec(select(Audit).where(Audit.user_id == number)).all()
        assert (line.who, line.what) == (f"账号{number}", "登录"), "what was done is known by the number"
        assert session.get_one(ConsoleUser, number).active is False


def test_the_log_loses_the_name_where_it_is_about_them_by_number(town: DemoTown) -> None:
    talk = lived(town)
    with town.session() as session, session.begin():
        number = number_of(session, WHO)
        for about, said in ((f"成员{number}", f"{WHO} 本人来的"), ("单99", f"{WHO}说的")):
            session.add(Audit(at=NOW, who="管理员", what="导出个人信息", about=about, detail={"理由": said}))
    forget(talk)
    with town.session() as session:
        rows = session.exec(select(Audit).where(Audit.what == "导出个人信息").order_by(col(Audit.id))).all()
    assert [(each.about, each.detail["理由"]) for each in rows] == [
        (f"成员{number}", "一位乡亲 本人来的"),
        ("单99", f"{WHO}说的"),
    ]


# ---- what they are given to read ------------------------------------------------------------------------------------


def test_the_file_has_what_was_told_to_them_and_what_others_wrote_in_their_name(town: DemoTown) -> None:
    lived(town)
    with town.session() as session, session.begin():
        number = number_of(session, WHO)
        session.add(SignUp(lecture_id=1, member_id=number_of(session, FRIEND), for_whom=WHO, at=NOW))
        account(session, number)
        material = Material(topic_id=1, title="讲稿", file_name="a", path="a", sha256="a", size=1, uploaded_at=NOW)
        session.add(material)
        session.flush()
        session.add(MaterialDownload(material_id=material.id or 0, member_id=number, at=NOW))
    with town.session() as session:
        told = persons.dossier(session, number, ZONE)
    assert WHO in json.dumps(told["写着您昵称的报名"], ensure_ascii=False)
    assert "月底前在桥头张榜" in json.dumps(told["对您说的话"], ensure_ascii=False)
    for part, words in (("取过的课件", "讲稿"), ("控制台账号", LOGIN), ("控制台登录", PLACE), ("控制台操作", "登录")):
        assert words in json.dumps(told[part], ensure_ascii=False), part
    assert FRIEND not in json.dumps(told, ensure_ascii=False)


def test_the_file_of_a_lecturer_has_what_is_registered_of_them(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        number = number_of(session, POLICE)
        role = session.exec(select(Role).where(Role.member_id == number, Role.kind == RoleKind.LECTURER)).one()
        session.add(LecturerTraining(lecturer_id=role.lecturer_id or 0, held_on=NOW.date(), title="备课会"))
    with town.session() as session:
        told = persons.dossier(session, number, ZONE)
    words = json.dumps(told, ensure_ascii=False)
    assert "覃志刚" in words
    assert "备课会" in words


def test_a_file_that_is_given_out_on_the_command_line_is_written_down(
    town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENLOU_DATABASE_URL", f"sqlite:///{town.path}")
    with town.session() as session:
        number = number_of(session, YOUNG)
    town.engine.dispose()
    options = argparse.Namespace(config=Path("config.yaml"), member=number, out=tmp_path / "out")
    assert cli_person.run(options) == 0
    with town.session() as session:
        line = session.exec(select(Audit)).one()
    assert (line.what, line.about, line.who) == ("导出个人信息", f"成员{number}", "命令行")
    assert str(tmp_path) in str(line.detail)
    options.member = 10**6
    with pytest.raises(cli_person.NoSuchPerson):
        cli_person.run(options)
    with town.session() as session:
        assert len(session.exec(select(Audit)).all()) == 1


# ---- files ----------------------------------------------------------------------------------------------------------


def test_files_about_people_go_when_their_time_is_over(town: DemoTown) -> None:
    here = town.path.parent
    ages = {
        "persons/person-3.json": 8, "persons/person-4.json": 6, "persons/letter.txt": 99,
        "exports/menlou-export-20260901-120000.zip": 31, "exports/20260901-120000/tables/a.jsonl": 31,
        "exports/menlou-archive-2025-20260901-120000.zip": 31, "exports/menlou-export-20261119-120000.zip": 1,
        "exports/mine.txt": 99,
        "town.before-restore.20260901-120000.db": 31, "town.before-0009.20260901-120000.db": 31,
        "town.before-0010.20261119-120000.db": 1, "village.before-0009.20260901-120000.db": 99,
    }  # fmt: skip
    for name, days in ages.items():
        path = here / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        for each in {path, path.parent} - {here, here / "persons", here / "exports"}:
            os.utime(each, ((NOW - timedelta(days=days)).timestamp(),) * 2)
    os.utime(here / "exports/20260901-120000", ((NOW - timedelta(days=31)).timestamp(),) * 2)
    rules = demo_rules()
    with town.session() as session, session.begin():
        jobs.begin(session, JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules), NOW, NOW)
    assert {name for name in ages if (here / name).exists()} == {
        "persons/person-4.json", "persons/letter.txt", "exports/menlou-export-20261119-120000.zip",
        "exports/mine.txt", "town.before-0010.20261119-120000.db", "village.before-0009.20260901-120000.db",
    }  # fmt: skip
    assert town.path.exists()
    assert oldfiles.sweep(town.path, now=NOW) == 0


def test_only_its_owner_reads_the_database_and_what_is_beside_it(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        path = tmp_path / "new" / "town.db"
        older(path)
        engine = open_engine(f"sqlite:///{path}")
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
            modes = {each.name: each.stat().st_mode & 0o077 for each in path.parent.iterdir()}
        assert modes.keys() == {"town.db", "town.db-wal", "town.db-shm"}
        copy = upgrade(engine, now=NOW)
        engine.dispose()
    finally:
        os.umask(old)
    assert copy is not None
    assert set(modes.values()) | {copy.stat().st_mode & 0o077} == {0}


def test_what_was_removed_is_not_to_be_read_in_the_file(town: DemoTown) -> None:
    with town.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    town.engine.dispose()
    talk = Talk(town)
    talk.say(WHO, GROUP, "@小门 点课 竹鼠拉稀怎么治")
    town.engine.dispose()
    assert "竹鼠拉稀".encode() in town.path.read_bytes()
    forget(talk)
    town.engine.dispose()
    with closing(sqlite3.connect(town.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert "竹鼠拉稀".encode() not in town.path.read_bytes()
