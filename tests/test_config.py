"""config.yaml and the command line: every fault is told with its key, its line and the mend, and never a traceback."""

import shutil
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import Session, col, select

from bot.cli import COMMANDS, main
from bot.config import ConfigError, load_config
from bot.init import config_text
from bot.settings import DATABASE_URL, LISTEN_GROUPS, PUSH_CRON, SETTINGS, WEBCHAT_PORT
from data import database
from data.database import open_engine, standing, upgrade
from data.errors import SchemaError
from data.loop import Lecture, Order, SignUp
from tests.town import NOW, ROOT

FAULTS = [
    ("push:\n  cron: 0 25 * * *", "第2行 push.cron", "cron"),
    ("push:\n  cron: 0 12 * *", "第2行 push.cron", "要五段"),
    ("push:\n  corn: 0 12 * * *", "第2行 push.corn", "您要的是 push.cron 吗"),
    ("webchat:\n  port: abc", "第2行 webchat.port", "1 到 65535"),
    ("webchat:\n  port: 0", "第2行 webchat.port", "1 到 65535"),
    ("webchat:\n  enabled: maybe", "第2行 webchat.enabled", "true 或 false"),
    ("quiet:\n  start: 2100", "第2行 quiet.start", '"21:00"'),
    ("quiet:\n  start: '25:00'", "第2行 quiet.start", '"21:00"'),
    ("pace:\n  reply_after: [6, 2]", "第2行 pace.reply_after", "前一个数不能大于后一个"),
    ("town:\n  zone: Asia/Shangai", "第2行 town.zone", "Asia/Shanghai"),
    ("wechaty:\n  token: abc123", "第2行 wechaty.token", "不写在 config.yaml"),
    ("database:\n  url: postgresql://me:secret@host/db", "第2行 database.url", "MENLOU_DATABASE_URL"),
    ("database:\n  url: mysql://host/db", "第2行 database.url", "sqlite 和 postgresql"),
    ("listen:\n  default: loud", "第2行 listen.default", "mention"),
    ("listen:\n  groups:\n    上坪: loud", "第3行 listen.groups", "mention"),
    ("loop:\n  review_hours: 0", "第2行 loop.review_hours", "小时数"),
    ("loop:\n  review_hours: soon", "第2行 loop.review_hours", "小时数"),
    ("work:\n  hours: ['18:00', '08:00']", "第2行 work.hours", "开始和结束"),
    ("work:\n  holidays: [下周一]", "第2行 work.holidays", "2026-12-24"),
    ("work:\n  farming: [02-30..03-01]", "第2行 work.farming", "07-10..08-05"),
    ("work:\n  farming: 农忙", "第2行 work.farming", "列表"),
    ("lecture:\n  usual_times: []", "第2行 lecture.usual_times", '"19:30"'),
    ("push: [1, 2", "第1行", "写法不对"),
    ("- a\n- b", "第1行", "组: 键: 值"),
    ("quiet:\n  start: '21:00'\nquiet:\n  start: '22:00'", "第4行 quiet.start", "写了两次"),
    ("a\x01b: 1", "", "UTF-8"),
]


@pytest.mark.parametrize(("text", "where", "mend"), FAULTS)
def test_a_fault_is_told_with_its_place_and_mend(
    text: str, where: str, mend: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    assert main(["check-config", "--config", str(path)]) == 2
    told = capsys.readouterr().err
    assert where in told
    assert mend in told
    assert "Traceback" not in told


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("webchat:\n  port: x\npush:\n  cron: y\nnonsense: 1\n", "utf-8")
    with pytest.raises(ConfigError) as told:
        load_config(path, {})
    assert [problem.line for problem in told.value.problems] == [2, 4, 5]


def test_no_file_and_no_town(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--config", str(tmp_path / "none.yaml")]) == 2
    assert "python -m bot init" in capsys.readouterr().err
    (tmp_path / "config.yaml").write_text("town:\n  folder: nowhere\n", "utf-8")
    assert main(["check-config", "--config", str(tmp_path / "config.yaml")]) == 2
    assert "town.folder" in capsys.readouterr().err


def test_a_database_that_cannot_be_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("not a folder")
    path = tmp_path / "config.yaml"
    path.write_text(f"town:\n  folder: {ROOT / 'data/demo'}\ndatabase:\n  url: sqlite:///file/town.db\n", "utf-8")
    for command in ("check-config", "run"):
        assert main([command, "--config", str(path)]) == 2
        assert "第4行 database.url" in capsys.readouterr().err


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        path = tmp_path / "config.yaml"
        path.write_text(config_text({"webchat.port": port, "town.folder": str(ROOT / "data/demo")}), "utf-8")
        run = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "bot", "run", "--config", str(path)],
            cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert run.returncode == 2
    assert f"webchat.port：127.0.0.1:{port}" in run.stderr
    assert "Traceback" not in run.stderr


def test_the_shipped_config_holds_every_setting_at_its_default() -> None:
    assert SETTINGS
    assert (ROOT / "config.yaml").read_text("utf-8") == config_text({})
    config = load_config(ROOT / "config.yaml", {})
    for setting in SETTINGS:
        assert config[setting] == setting.read(setting.default), setting.key
        assert setting.help


def test_secrets_come_from_the_environment_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    (tmp_path / "token").write_text("from-file\n")
    path.write_text("wechaty:\n  token_file: token\n", "utf-8")
    assert load_config(path, {}).wechaty_token == "from-file"
    assert load_config(path, {"MENLOU_WECHATY_TOKEN": "from-env"}).wechaty_token == "from-env"
    url = "postgresql+psycopg://me:secret@host/db"
    assert load_config(path, {"MENLOU_DATABASE_URL": url})[DATABASE_URL] == url


def test_values_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "listen:\n  groups:\n    上坪村乡亲群: mention\npush:\n  cron: 0 8 * * 1\nwebchat:\n  port: 9000\n", "utf-8"
    )
    config = load_config(path, {})
    assert config[LISTEN_GROUPS] == {"上坪村乡亲群": "mention"}
    assert config[PUSH_CRON] == ("0 8 * * 1",)
    assert config[WEBCHAT_PORT] == 9000
    assert config.database_url == f"sqlite:///{tmp_path.as_posix()}/var/town.db"


def test_init_makes_a_town_that_passes_its_own_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = iter(["", "桃源镇", "", "东村、西村 南村", "127.0.0.1:8788"])
    monkeypatch.setattr("builtins.input", lambda _prompt: next(answers))
    path = tmp_path / "config.yaml"
    assert main(["init", "--config", str(path)]) == 0
    assert main(["check-config", "--config", str(path)]) == 0
    assert "桃源镇，3个村" in capsys.readouterr().out
    assert main(["init", "--config", str(path)]) == 2
    assert "不覆盖" in capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(COMMANDS) >= 5
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    for command in COMMANDS:
        assert command.name in told
        assert command.help in told
    assert main(["version"]) == 0
    assert capsys.readouterr().out.startswith("menlou")


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'town.db'}")
    assert upgrade(engine, now=NOW) is None
    current, head = standing(engine)
    assert current == head
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaError, match="更新的版本"):
        upgrade(engine, now=NOW)
    engine.dispose()


def test_the_migrations_make_exactly_the_tables_that_the_program_knows(any_engine: object) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import Engine
    from sqlmodel import SQLModel

    assert isinstance(any_engine, Engine)
    assert len(SQLModel.metadata.tables) > 10
    with any_engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    assert differences == []


def test_what_a_town_wrote_with_the_first_tables_is_taken_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(database.MIGRATIONS, migrations)
    for later in (migrations / "versions").glob("*.py"):
        if not later.name.startswith("0001"):
            later.unlink()
    engine = open_engine(f"sqlite:///{tmp_path / 'town.db'}")
    with monkeypatch.context() as patched:
        patched.setattr(database, "MIGRATIONS", migrations)
        upgrade(engine, now=NOW)
    with engine.begin() as old:
        for statement in (
            "INSERT INTO topic (id, name, position) VALUES (1, '反诈骗', 1)",
            "INSERT INTO lecturer VALUES (1, '覃志刚', '', '', '', '[]', '[]', NULL)",
            "INSERT INTO room VALUES (1, 'webchat', 'r', '', 'residents', NULL, '2026-11-20')",
            "INSERT INTO member VALUES (1, 'webchat', 'p', '', NULL, '2026-11-20')",
            "INSERT INTO lecture (id, topic_id, lecturer_id, title, venue, dialect, starts_at, state)"
            " VALUES (1, 1, 1, '防骗', '', '', '2026-11-20', 'announced')",
            "INSERT INTO sign_up VALUES (1, 1, 1, '', 2, '2026-11-19', NULL)",
            "INSERT INTO sign_up VALUES (2, 1, 1, '妈妈', 1, '2026-11-19', '2026-11-20')",
            "INSERT INTO lecture_order (id, member_id, room_id, wish, when_text, dialect, state, created_at)"
            " VALUES (1, 1, 1, '防骗', '', '', 'received', '2026-11-18 00:00:00')",
        ):
            old.exec_driver_sql(statement)
    assert upgrade(engine, now=NOW) is not None
    with Session(engine) as session:
        assert [each.state for each in session.exec(select(SignUp).order_by(col(SignUp.id)))] == ["seated", "out"]
        order = session.get_one(Order, 1)
        assert (order.kind, order.urgent, order.changed_at) == ("lecture", False, order.created_at)
        assert (session.get_one(Lecture, 1).minutes, session.get_one(Lecture, 1).branches) == (60, [])
    engine.dispose()


def test_an_older_schema_is_backed_up_before_it_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    migrations = tmp_path / "migrations"
    shutil.copytree(database.MIGRATIONS, migrations)
    monkeypatch.setattr(database, "MIGRATIONS", migrations)
    engine = open_engine(f"sqlite:///{tmp_path / 'town.db'}")
    upgrade(engine, now=NOW)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO topic (name, position) VALUES ('反诈骗', 1)")
    (migrations / "versions" / "9000_next.py").write_text(
        "from alembic import op\nimport sqlalchemy as sa\nrevision = '9000'\n"
        f"down_revision = {standing(engine)[1]!r}\n"
        "def upgrade() -> None:\n    op.add_column('topic', sa.Column('note', sa.String()))\n"
    )
    backup = upgrade(engine, now=NOW)
    engine.dispose()
    assert backup is not None
    with closing(sqlite3.connect(backup)) as kept, closing(sqlite3.connect(tmp_path / "town.db")) as changed:
        assert kept.execute("SELECT name FROM topic").fetchall() == [("反诈骗",)]
        assert "note" not in [column[1] for column in kept.execute("PRAGMA table_info(topic)")]
        assert "note" in [column[1] for column in changed.execute("PRAGMA table_info(topic)")]
