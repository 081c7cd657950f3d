"""A backup is made beside a bot that writes, and what comes back is what was there, or nothing."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config as AlembicConfig
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from bot.alone import be_alone
from bot.backup import BackupError, Keep, Plan, back_up, check, drill, newest, restore
from bot.backup import make as making
from bot.backup.archive import GivenUp
from bot.backup.make import doomed, look_into, made_backups, snapshot
from bot.backup.mark import MARK
from data import outbox
from data.database import MIGRATIONS, open_engine
from data.mail import Outbox, OutboxKind, OutboxState
from tests.town import NOW, DemoTown

PHOTOS = "lecture.photos"
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def plan(town: DemoTown, tmp_path: Path) -> Plan:
    photos = tmp_path / "photos"
    (photos / "ab").mkdir(parents=True)
    (photos / "ab" / "abc.jpg").write_bytes(b"\xff\xd8\xff photo")
    (photos / "ab" / "half.part").write_bytes(b"not whole yet")
    return Plan(f"sqlite:///{town.path}", {PHOTOS: photos}, tmp_path / "backups")


def say(town: DemoTown, text: str, **options: object) -> None:
    with town.session() as session, session.begin():
        outbox.queue(session, room_id=1, kind=OutboxKind.NOTICE, text=text, now=NOW, **options)  # type: ignore[arg-type]


def texts(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute("SELECT text FROM outbox ORDER BY id")]


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.suffix != ".zip" and path.name not in (".lock", MARK)]


# ---- making --------------------------------------------------------------------------------------------------------


def test_a_backup_holds_the_database_and_the_folders(town: DemoTown, plan: Plan) -> None:
    say(town, "停水通知")
    made = back_up(plan, now=NOW)
    assert made.path.name == "menlou-20261120-150000.zip"
    assert set(made.manifest.members) == {"town.db", f"{PHOTOS}/ab/abc.jpg"}
    assert made.manifest.rows["outbox"] == 1 and made.manifest.rows["village"] > 1
    assert made.manifest.schema == look_into(town.path)[0]
    assert check(made.path) == made.manifest
    assert leftovers(plan.folder) == []
    assert made.path.stat().st_mode & 0o777 == 0o600 and plan.folder.stat().st_mode & 0o777 == 0o700


def test_a_snapshot_is_of_one_moment_though_others_write_between_its_steps(town: DemoTown, tmp_path: Path) -> None:
    say(town, "before")
    steps = 0

    def write() -> None:
        nonlocal steps
        steps += 1
        say(town, "填" * 5_000)

    snapshot(town.path, tmp_path / "copy.db", pages=10, pause=write)
    assert steps > 10
    assert texts(tmp_path / "copy.db") == ["before"]
    assert not list(tmp_path.glob("copy.db-*"))
    assert len(texts(town.path)) == 1 + steps


def test_what_a_killed_bot_left_in_the_wal_is_backed_up_too(town: DemoTown, plan: Plan, tmp_path: Path) -> None:
    say(town, "in the WAL")
    crash = tmp_path / "crash" / "town.db"
    crash.parent.mkdir()
    for each in town.path.parent.glob("town.db*"):
        (crash.parent / each.name).write_bytes(each.read_bytes())
    assert (crash.parent / "town.db-wal").stat().st_size > 0
    assert back_up(replace(plan, database_url=f"sqlite:///{crash}"), now=NOW).manifest.rows["outbox"] == 1


def test_two_at_once_are_one_too_many(plan: Plan) -> None:
    refused: list[str] = []

    def another() -> None:
        if not refused:
            refused.append("")
            with pytest.raises(BackupError) as told:
                back_up(plan, now=LATER)
            refused[0] = str(told.value)

    back_up(plan, now=NOW, pause=another)
    assert refused == ["正在做一份备份，等它做完再来。"]
    assert len(made_backups(plan.folder)) == 1


def test_two_in_one_second_have_names_of_their_own(plan: Plan) -> None:
    first, second = back_up(plan, now=NOW).path, back_up(plan, now=NOW).path
    assert second.name == "menlou-20261120-150000-2.zip"
    assert made_backups(plan.folder) == [second, first]
    assert newest([plan.folder]) == second


@pytest.mark.parametrize("pieces", [0, 1, 2, 3, 5])
def test_one_that_is_given_up_leaves_nothing(plan: Plan, pieces: int) -> None:
    left = pieces

    def pause() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise GivenUp

    with pytest.raises(GivenUp):
        back_up(plan, now=NOW, pause=pause)
    assert made_backups(plan.folder) == [] and leftovers(plan.folder) == []


def test_the_disk_is_asked_before(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(plan.folder.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**20))
    with pytest.raises(BackupError, match=r"硬盘不够.*还剩1MB"):
        back_up(plan, now=NOW)
    assert made_backups(plan.folder) == [] and leftovers(plan.folder) == []


def test_a_damaged_database_is_not_backed_up_over_good_ones(town: DemoTown, plan: Plan) -> None:
    for number in range(40):
        say(town, f"{number}" * 500)
    with closing(sqlite3.connect(town.path)) as database:
        root = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_outbox_due'").fetchone()[0]
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    town.engine.dispose()
    with town.path.open("r+b") as file:
        file.seek((root - 1) * 4096 + 8)
        file.write(b"\xff" * 600)
    with pytest.raises(BackupError, match=r"没有通过检查|读不了"):
        back_up(plan, now=NOW)
    assert made_backups(plan.folder) == [] and leftovers(plan.folder) == []


def test_postgresql_is_told_its_own_tools(plan: Plan) -> None:
    with pytest.raises(BackupError, match="pg_dump"):
        back_up(replace(plan, database_url="postgresql+psycopg://town@localhost/town"), now=NOW)


def test_no_database_no_backup(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="还没有数据库"):
        back_up(replace(plan, database_url=f"sqlite:///{tmp_path / 'none.db'}"), now=NOW)
    assert not (tmp_path / "none.db").exists()


# ---- the second folder and the rotation ------------------------------------------------------------------------------


def test_a_second_one_is_copied_and_read_back(plan: Plan, tmp_path: Path) -> None:
    second = tmp_path / "usb"
    second.mkdir()
    made = back_up(replace(plan, second=second), now=NOW)
    assert made.copy == second / made.path.name and made.trouble == ""
    assert check(made.copy) == made.manifest
    assert leftovers(second) == []


def test_a_disk_that_is_not_plugged_in_is_not_made_up(plan: Plan, tmp_path: Path) -> None:
    made = back_up(replace(plan, second=tmp_path / "usb"), now=NOW)
    assert made.path.exists() and made.copy is None
    assert "U盘没插好" in made.trouble and not (tmp_path / "usb").exists()


def backups_of(days: list[int]) -> list[Path]:
    """Names, the newest first, so many days before a Sunday."""
    last = datetime(2026, 11, 22, 3, 0)
    return [Path(f"menlou-{last - timedelta(days=each):%Y%m%d-%H%M%S}.zip") for each in days]


def test_days_weeks_and_months_stay() -> None:
    paths = backups_of(list(range(400)))
    over = set(doomed(paths, Keep(days=7, weeks=4, months=12)))
    stay = [making.made_at(path).date() for path in paths if path not in over]
    assert stay[:7] == [date(2026, 11, 22) - timedelta(days=each) for each in range(7)]
    assert stay[7:10] == [date(2026, 11, 15), date(2026, 11, 8), date(2026, 11, 1)]  # Sundays
    assert stay[10:13] == [date(2026, 10, 31), date(2026, 9, 30), date(2026, 8, 31)]
    assert len(stay) == 7 + 3 + 11


def test_days_without_a_backup_do_not_count() -> None:
    paths = backups_of([0, 30, 31, 90, 91, 200])
    assert doomed(paths, Keep(days=3, weeks=0, months=0)) == paths[3:]


@given(st.lists(st.integers(0, 2_000), max_size=40, unique=True), st.integers(1, 20), st.integers(0, 9))
def test_the_newest_always_stays_and_sweeping_twice_is_sweeping_once(days: list[int], keep: int, more: int) -> None:
    paths = backups_of(sorted(days))
    rule = Keep(days=keep, weeks=more, months=more)
    over = doomed(paths, rule)
    stay = [path for path in paths if path not in over]
    assert stay[:keep] == paths[:keep]
    assert doomed(stay, rule) == []


def test_only_backups_are_swept(plan: Plan) -> None:
    plan.folder.mkdir()
    strangers = [plan.folder / name for name in ("menlou-old.zip", "年终.zip", "menlou-20200101-000000.zip.txt")]
    for stranger in strangers:
        stranger.write_text("mine")
    keep = replace(plan, keep=Keep(days=1, weeks=0, months=0))
    back_up(keep, now=NOW - timedelta(days=9))
    assert back_up(keep, now=NOW).removed == 1
    assert [path.name for path in made_backups(plan.folder)] == ["menlou-20261120-150000.zip"]
    assert all(stranger.exists() for stranger in strangers)


# ---- coming back -----------------------------------------------------------------------------------------------------


def test_what_comes_back_is_what_was_there(town: DemoTown, plan: Plan) -> None:
    say(town, "before")
    photo = plan.folders[PHOTOS] / "ab" / "abc.jpg"
    path = back_up(plan, now=NOW).path
    say(town, "after")
    town.path.chmod(0o640)
    photo.write_bytes(b"changed")
    newer = photo.with_name("newer.jpg")
    newer.write_bytes(b"newer")
    town.engine.dispose()
    done = restore(path, plan.database_url, plan.folders, now=LATER)
    assert texts(town.path) == ["before"]
    assert done.aside == town.path.with_name("town.before-restore.20261120-180000.db")
    assert texts(done.aside) == ["before", "after"]
    assert town.path.stat().st_mode & 0o777 == 0o640
    assert photo.read_bytes() == b"\xff\xd8\xff photo" and newer.read_bytes() == b"newer"
    assert [each.read_bytes() for each in photo.parent.glob("abc.before-restore.*")] == [b"changed"]
    assert done.files == 1
    assert not list(town.path.parent.glob(".restore-*"))


def test_it_comes_back_where_there_is_nothing(plan: Plan, tmp_path: Path) -> None:
    path = back_up(plan, now=NOW).path
    place = tmp_path / "new" / "var" / "town.db"
    done = restore(path, f"sqlite:///{place}", {PHOTOS: tmp_path / "new" / "photos"}, now=LATER)
    assert done.aside is None and look_into(place)[1] == done.manifest.rows
    assert (tmp_path / "new" / "photos" / "ab" / "abc.jpg").is_file()
    assert place.stat().st_mode & 0o777 == 0o600  # not as the umask has it: it is about people


def test_one_from_before_there_was_a_folder_comes_back(plan: Plan, tmp_path: Path) -> None:
    path = back_up(replace(plan, folders={}), now=NOW).path
    done = restore(path, f"sqlite:///{tmp_path / 'here.db'}", plan.folders, now=LATER)
    assert done.files == 0 and done.manifest.folders == []


@pytest.mark.parametrize("database_too", [True, False])
def test_the_wal_of_a_killed_bot_never_meets_the_restored_database(
    town: DemoTown, plan: Plan, tmp_path: Path, database_too: bool
) -> None:
    path = back_up(plan, now=NOW).path
    say(town, "in the WAL" * 900)
    crash = tmp_path / "crash" / "town.db"
    crash.parent.mkdir()
    for each in town.path.parent.glob("town.db*"):
        if database_too or each.name != "town.db":
            (crash.parent / each.name).write_bytes(each.read_bytes())
    done = restore(path, f"sqlite:///{crash}", plan.folders, now=LATER)
    assert texts(crash) == []
    assert look_into(crash)[1] == done.manifest.rows
    if database_too:
        assert done.aside is not None and texts(done.aside) == ["in the WAL" * 900]


def test_a_database_that_cannot_be_opened_is_replaced_and_kept(plan: Plan, tmp_path: Path) -> None:
    path = back_up(plan, now=NOW).path
    ruin = tmp_path / "ruin" / "town.db"
    ruin.parent.mkdir()
    ruin.write_bytes(b"no database at all" * 999)
    done = restore(path, f"sqlite:///{ruin}", plan.folders, now=LATER)
    assert look_into(ruin)[1] == done.manifest.rows
    assert done.aside is not None and done.aside.read_bytes() == b"no database at all" * 999


def test_it_does_not_come_back_under_a_running_bot(town: DemoTown, plan: Plan) -> None:
    path = back_up(plan, now=NOW).path
    say(town, "after")
    release = be_alone(plan.database_url)
    try:
        with pytest.raises(BackupError, match=r"机器人还开着.*先停掉"):
            restore(path, plan.database_url, plan.folders, now=LATER)
    finally:
        release()
    assert texts(town.path) == ["after"]
    assert not list(town.path.parent.glob("*before-restore*"))


def test_what_may_have_been_said_since_is_not_said_again(town: DemoTown, plan: Plan) -> None:
    say(town, "may have left")
    say(town, "cannot have left", not_before=LATER + timedelta(hours=1))
    with town.session() as session, session.begin():
        outbox.queue(session, room_id=2, kind=OutboxKind.NOTICE, text="sent", now=NOW)
        row = session.exec(select(Outbox).where(Outbox.text == "sent")).one()
        row.state, row.settled_at = OutboxState.SENT, NOW
    path = back_up(plan, now=NOW).path
    town.engine.dispose()
    assert restore(path, plan.database_url, plan.folders, now=LATER).doubtful == 1
    with Session(open_engine(plan.database_url)) as session:
        states = dict(session.exec(select(Outbox.text, Outbox.state).order_by(col(Outbox.id))).all())
    assert states == {
        "may have left": OutboxState.UNKNOWN,
        "cannot have left": OutboxState.PENDING,
        "sent": OutboxState.SENT,
    }


def older(path: Path) -> None:
    """A database as an older program left it."""
    engine = open_engine(f"sqlite:///{path}")
    config = AlembicConfig()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0005")
    engine.dispose()


def test_an_older_schema_comes_back_and_is_upgraded_later(plan: Plan, tmp_path: Path) -> None:
    older(tmp_path / "old.db")
    path = back_up(replace(plan, database_url=f"sqlite:///{tmp_path / 'old.db'}"), now=NOW).path
    assert drill(path).upgraded
    done = restore(path, f"sqlite:///{tmp_path / 'here.db'}", plan.folders, now=LATER)
    assert look_into(tmp_path / "here.db")[0] == done.manifest.schema == "0005"


# ---- the drill -------------------------------------------------------------------------------------------------------


def test_a_drill_opens_the_newest_and_leaves_all_as_it_was(town: DemoTown, plan: Plan) -> None:
    back_up(plan, now=NOW - timedelta(days=1))
    path = back_up(plan, now=NOW).path
    before = {each.name: each.read_bytes() for each in plan.folder.iterdir()}
    done = drill(newest([plan.folder]))
    assert done.path == path and not done.upgraded and done.manifest.rows["village"] > 1
    assert {each.name: each.read_bytes() for each in plan.folder.iterdir()} == before


def test_a_drill_without_a_backup_says_how_to_make_one(plan: Plan) -> None:
    with pytest.raises(BackupError, match="python -m bot backup"):
        newest([plan.folder])


# ---- killed ----------------------------------------------------------------------------------------------------------


def test_killed_at_random_moments(run_figures: Callable[..., dict[str, object]]) -> None:
    """`tests.figures.backup_kills` has many more of them. On a busy machine all deaths came before the first backup."""
    verdict = run_figures("--moments", "8", "--seed", "7")
    assert verdict["broken"] == []
    assert verdict["deaths"] == 8 and verdict["restores"] == 2
    assert isinstance(verdict["backups"], int) and verdict["backups"] >= 4


@pytest.fixture
def run_figures() -> Callable[..., dict[str, object]]:
    """The figures in a process of their own: it forks, which one with threads should not."""
    import json
    import subprocess
    import sys

    def run(*arguments: str) -> dict[str, object]:
        command = [sys.executable, "-m", "tests.figures.backup_kills", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.stdout, done.stderr
        verdict: dict[str, object] = json.loads(done.stdout)
        return verdict

    return run
