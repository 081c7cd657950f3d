"""When the bot backs up by itself, and what the commands say."""

import argparse
import asyncio
import threading
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
import yaml

from bot import cli_backup
from bot.alone import be_alone
from bot.backup import BackupDesk, BackupError, Manifest, Plan, back_up, check, desk
from bot.backup.child import Done, in_a_process
from bot.backup.configured import desk_of, plan_of
from bot.backup.make import made_backups
from bot.config import load_config
from tests.town import NOW, ROOT, DemoTown

THREE = time(3, 0)


@pytest.fixture
def plan(town: DemoTown, tmp_path: Path) -> Plan:
    return Plan(f"sqlite:///{town.path}", {}, tmp_path / "backups")


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


# ---- by the clock ------------------------------------------------------------------------------------------------


def due(plan: Plan, last: datetime | None, now: datetime) -> datetime:
    if last is not None:
        plan.folder.mkdir(exist_ok=True)
        (plan.folder / f"menlou-{last:%Y%m%d-%H%M%S}.zip").touch()
    return BackupDesk(plan, THREE, Clock(now)).due()


def test_the_first_one_comes_soon_after_the_first_start(plan: Plan) -> None:
    assert due(plan, None, NOW) == NOW + desk.AFTER_START


def test_the_next_one_comes_at_its_time(plan: Plan) -> None:
    assert due(plan, NOW.replace(hour=3, minute=1), NOW) == NOW.replace(day=21, hour=3, minute=0)
    assert due(plan, NOW.replace(hour=14), NOW) == NOW.replace(day=21, hour=3, minute=0)


def test_one_that_was_missed_while_the_machine_was_off_comes_soon_after_the_start(plan: Plan) -> None:
    assert due(plan, NOW - timedelta(days=1), NOW) == NOW + desk.AFTER_START


def run_until(desk_: BackupDesk, happened: threading.Event) -> None:
    async def story() -> None:
        desk_.start()
        assert await asyncio.to_thread(happened.wait, 20)
        await desk_.stop()

    asyncio.run(story())


def test_it_backs_up_when_it_is_due(plan: Plan) -> None:
    made, clock = threading.Event(), Clock(NOW)

    async def work(plan: Plan, now: datetime) -> Done:
        done = back_up(plan, now=now)
        made.set()
        return Done(done.path, done.size, done.trouble)

    own = BackupDesk(plan, THREE, clock, work=work)
    clock.now += desk.AFTER_START
    run_until(own, made)
    assert len(made_backups(plan.folder)) == 1
    assert own.due() == clock.now.replace(day=21, hour=3, minute=0)


@pytest.mark.parametrize("fault", [None, OSError(13, "denied")])
def test_it_tidies_up_at_the_start_and_goes_on(plan: Plan, fault: OSError | None) -> None:
    clock, made, tidied = Clock(NOW), threading.Event(), list[str]()

    def tidy() -> None:
        tidied.append("")
        if fault is not None:
            raise fault

    async def work(_plan: Plan, _now: datetime) -> Done:
        made.set()
        return Done(plan.folder, 0, "")

    own = BackupDesk(plan, THREE, clock, work=work, tidy=tidy)
    clock.now += desk.AFTER_START
    run_until(own, made)
    assert tidied == [""]


def test_what_goes_wrong_is_told_and_tried_again_in_an_hour(plan: Plan) -> None:
    told: list[str] = []
    clock, happened = Clock(NOW), threading.Event()

    async def tell(line: str) -> None:
        told.append(line)
        happened.set()

    async def full(plan: Plan, now: datetime) -> Done:
        raise BackupError("硬盘不够。")

    own = BackupDesk(plan, THREE, clock, told=tell, work=full)
    clock.now += desk.AFTER_START
    run_until(own, happened)
    assert told == ["自动备份没做成：硬盘不够。"]
    assert own.due() == clock.now + desk.AFTER_FAULT


def test_a_second_folder_that_is_away_is_told(plan: Plan, tmp_path: Path) -> None:
    told: list[str] = []

    async def tell(line: str) -> None:
        told.append(line)

    own = BackupDesk(replace(plan, second=tmp_path / "usb"), THREE, Clock(NOW), told=tell)
    made = asyncio.run(own.back_up_now())
    assert made is not None and made.path.exists()
    assert len(told) == 1 and "第二份没存上" in told[0]


def test_stopping_gives_up_what_is_being_made(plan: Plan) -> None:
    clock, begun = Clock(NOW), threading.Event()
    ended: list[str] = []

    async def slow(plan: Plan, now: datetime) -> Done:
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.append("given up")
            raise
        raise AssertionError("nobody sets it")

    own = BackupDesk(plan, THREE, clock, work=slow)
    clock.now += desk.AFTER_START
    run_until(own, begun)
    assert ended == ["given up"]


def test_a_process_of_its_own_makes_it_and_says_what_went_wrong(plan: Plan, tmp_path: Path) -> None:
    done = asyncio.run(in_a_process(replace(plan, second=tmp_path / "usb"), NOW))
    assert check(done.path).rows["village"] and done.size == done.path.stat().st_size
    assert "U盘没插好" in done.trouble
    with pytest.raises(BackupError, match="还没有数据库"):
        asyncio.run(in_a_process(replace(plan, database_url=f"sqlite:///{tmp_path / 'none.db'}"), NOW))


def test_a_process_that_is_given_up_is_ended(plan: Plan) -> None:
    async def story() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await in_a_process(plan, NOW)

    asyncio.run(story())
    assert not plan.folder.is_dir() or made_backups(plan.folder) == []


# ---- by command --------------------------------------------------------------------------------------------------


@pytest.fixture
def config(town: DemoTown, tmp_path: Path) -> Path:
    town.engine.dispose()
    path = tmp_path / "config.yaml"
    tree = {
        "town": {"folder": str(ROOT / "data/demo")},
        "database": {"url": "sqlite:///town.db"},
        "lecture": {"photos": "photos"},
        "backup": {"folder": "backups", "second_folder": "usb", "keep_days": 2, "keep_weeks": 0, "keep_months": 0},
    }
    path.write_text(yaml.safe_dump(tree), "utf-8")
    (tmp_path / "usb").mkdir()
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(b"photo")
    return path


def options(config: Path, file: Path | None = None) -> argparse.Namespace:
    return argparse.Namespace(config=config, file=file)


def test_the_plan_is_as_configured(config: Path, tmp_path: Path) -> None:
    plan = plan_of(load_config(config, {}))
    assert plan.folder == tmp_path / "backups" and plan.second == tmp_path / "usb"
    assert plan.folders["lecture.photos"] == tmp_path / "photos"
    assert (plan.keep.days, plan.keep.weeks, plan.keep.months) == (2, 0, 0)


def test_the_bot_backs_up_unless_it_is_told_not_to_or_postgresql_does(config: Path) -> None:
    clock = Clock(NOW)
    assert desk_of(load_config(config, {}), clock) is not None
    assert (
        desk_of(load_config(config, {"MENLOU_DATABASE_URL": "postgresql+psycopg://town@localhost/town"}), clock) is None
    )
    config.write_text("backup: {enabled: false}", "utf-8")
    assert desk_of(load_config(config, {}), clock) is None


def test_backup_restore_and_drill_say_what_they_did(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    release = be_alone(f"sqlite:///{tmp_path / 'town.db'}")
    try:
        assert cli_backup.make(options(config)) == 0, "beside a running bot"
        assert cli_backup.try_out(options(config)) == 0
    finally:
        release()
    told = capsys.readouterr().out.splitlines()
    (path,) = made_backups(tmp_path / "backups")
    assert told[0].startswith(f"备份好了，也读回来核对过：{path}（")
    assert "照片和资料1个" in told[1] and told[2] == f"第二份在 {tmp_path / 'usb' / path.name}。"
    assert [line[:4] for line in told[3:]] == ["演练通过"] * 2, "one line a folder"
    (tmp_path / "photos" / "a.jpg").unlink()
    assert cli_backup.bring_back(options(config, path)) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("恢复好了") and told[1] == "补回照片和资料1个。"
    assert (tmp_path / "photos" / "a.jpg").read_bytes() == b"photo"
    assert "before-restore" in told[2]


def test_a_drill_that_fails_says_which(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli_backup.try_out(options(config)) == cli_backup.FAULT
    assert "还没有备份" in capsys.readouterr().out
    cli_backup.make(options(config))
    (copy,) = made_backups(tmp_path / "usb")
    raw = bytearray(copy.read_bytes())
    raw[100] ^= 1
    copy.write_bytes(raw)
    capsys.readouterr()
    assert cli_backup.try_out(options(config)) == cli_backup.FAULT
    told = capsys.readouterr().out.splitlines()
    assert told[0].startswith("演练通过") and told[1].startswith(f"演练没通过：{copy.name} 不能用")


def test_restore_without_a_file_lists_them(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(BackupError, match="还没有备份"):
        cli_backup.bring_back(options(config))
    cli_backup.make(options(config))
    capsys.readouterr()
    assert cli_backup.bring_back(options(config)) == cli_backup.FAULT
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 3 and "恢复哪一份" in told[0]


def test_a_second_folder_that_is_away_is_a_fault(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "usb").rmdir()
    assert cli_backup.make(options(config)) == cli_backup.FAULT
    assert "U盘没插好" in capsys.readouterr().err
    assert len(made_backups(tmp_path / "backups")) == 1


def test_a_manifest_reads_as_it_was_written() -> None:
    manifest = Manifest("0.1.0", "0007", NOW.isoformat(), {"village": 3}, ["lecture.photos"])
    assert Manifest.read(manifest.write()) == manifest
