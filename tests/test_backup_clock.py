"""Backups under a clock that was wrong, and in folders that are not what they should be."""

import os
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.backup import BackupDesk, Keep, Plan, back_up, check, desk, make, newest
from bot.backup.make import made_backups, order
from bot.backup.mark import MARK
from bot.exports import ARCHIVE, KEEP, NAME, keep_newest
from tests.town import NOW, DemoTown

THREE = time(3, 0)


@pytest.fixture
def plan(town: DemoTown, tmp_path: Path) -> Plan:
    town.engine.dispose()
    return Plan(f"sqlite:///{town.path}", {}, tmp_path / "backups")


class Clock:
    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def named(folder: Path, *moments: datetime) -> list[Path]:
    """Files with the names of backups, which nobody opens."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"menlou-{each:%Y%m%d-%H%M%S}.zip" for each in moments]
    for path in paths:
        path.touch()
    return paths


# ---- a clock that was wrong ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [timedelta(hours=5), timedelta(days=900)])
def test_one_from_the_future_keeps_no_days_backup_away(plan: Plan, ahead: timedelta) -> None:
    """It had kept every backup away until the clock reached it."""
    named(plan.folder, NOW + ahead, NOW - timedelta(hours=3))
    clock = Clock(NOW)
    own, made = BackupDesk(plan, THREE, clock), 0
    for minute in range(2 * 24 * 60):
        clock.now = NOW + timedelta(minutes=minute + 1, seconds=17)
        if clock.now >= own.due():
            made += 1
            named(plan.folder, clock.now)
    assert made == 2, "one a day"


def test_only_one_from_the_future_is_none(plan: Plan) -> None:
    named(plan.folder, NOW + timedelta(days=900))
    assert BackupDesk(plan, THREE, Clock(NOW)).due() == NOW + desk.AFTER_START


def test_a_start_under_a_clock_that_was_ahead_is_forgotten_with_it(plan: Plan) -> None:
    clock = Clock(NOW + timedelta(days=900))
    own = BackupDesk(plan, THREE, clock)
    clock.now = NOW
    assert own.due() == NOW + desk.AFTER_START
    clock.now = NOW + timedelta(minutes=2)
    assert own.due() == NOW + desk.AFTER_START, "and it comes nearer"


def test_the_one_just_made_stays_though_the_clock_went_back(plan: Plan) -> None:
    """It had been swept as the oldest, and then looked for in vain."""
    keep = replace(plan, keep=Keep(days=1, weeks=1, months=1))
    named(plan.folder, NOW + timedelta(days=3), NOW.replace(hour=22))
    made = back_up(keep, now=NOW)
    assert made.path.exists() and made.size == made.path.stat().st_size
    assert check(made.path) == made.manifest
    assert len(made_backups(plan.folder)) == 3, "what is from the future waits for its time"


@given(
    st.lists(st.integers(-900, 900), max_size=12),
    st.integers(-900, 900),
    st.tuples(st.integers(1, 3), st.integers(0, 3), st.integers(0, 3)),
)
def test_whatever_the_clock_says_the_one_just_made_is_there(
    tmp_path_factory: pytest.TempPathFactory, others: list[int], now: int, keep: tuple[int, int, int]
) -> None:
    folder = tmp_path_factory.mktemp("backups")
    named(folder, *(NOW + timedelta(days=each) for each in others))
    (made,) = named(folder, NOW + timedelta(days=now, seconds=1))
    future = [path for path in made_backups(folder) if order(path) > order(made)]
    removed, trouble = make.rotate(made, Keep(*keep))
    left = made_backups(folder)
    assert made in left and trouble == "" and set(future) <= set(left)
    assert len(left) == len(set(others)) + 1 - removed
    assert make.rotate(made, Keep(*keep)) == (0, "")


def test_a_day_that_there_is_not_is_nobodys_backup(plan: Plan) -> None:
    """30 February had stopped every backup."""
    plan.folder.mkdir()
    (plan.folder / "menlou-20260230-000000.zip").touch()
    made = back_up(plan, now=NOW)
    assert made_backups(plan.folder) == [made.path] and newest([plan.folder]) == made.path
    assert (plan.folder / "menlou-20260230-000000.zip").exists()


# ---- old ones that cannot be removed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["backups", "usb"])
def test_old_ones_that_stay_are_trouble_but_the_backup_is_made(
    plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """It had been told as not made, and made anew each hour."""
    (tmp_path / "usb").mkdir()
    old = named(tmp_path / where, *(NOW - timedelta(days=each) for each in (200, 399, 400)))
    unlink = Path.unlink

    def denied(path: Path, missing_ok: bool = False) -> None:
        if path == old[1]:
            raise PermissionError(13, "denied")
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", denied)
    made = back_up(replace(plan, second=tmp_path / "usb", keep=Keep(1, 1, 1)), now=NOW)
    assert made.path.exists() and made.copy is not None and made.copy.exists()
    assert "删不掉" in made.trouble and made.removed == (2 if where == "backups" else 0)
    assert [path for path in old if path.exists()] == [old[1]], "the others go"


# ---- the second folder -----------------------------------------------------------------------------------------------


def test_two_towns_do_not_share_a_second_folder(plan: Plan, tmp_path: Path) -> None:
    """They had the same names there: each swept the other's away."""
    usb = tmp_path / "usb"
    usb.mkdir()
    ours, theirs = replace(plan, second=usb), replace(plan, folder=tmp_path / "theirs", second=usb)
    first = back_up(ours, now=NOW)
    assert first.trouble == "" and first.copy is not None
    other = back_up(theirs, now=NOW)
    assert other.path.exists() and other.copy is None and "另一个镇" in other.trouble
    assert check(first.copy) == first.manifest
    assert back_up(ours, now=NOW + timedelta(days=1)).trouble == ""
    assert len(made_backups(usb)) == 2
    (tmp_path / "theirs" / MARK).write_bytes((usb / MARK).read_bytes())  # the mend that it tells: the same town, moved
    assert back_up(theirs, now=NOW + timedelta(days=2)).trouble == ""


def test_a_folder_is_no_second_to_itself(plan: Plan, tmp_path: Path) -> None:
    plan.folder.mkdir()
    again = tmp_path / "again"
    os.symlink(plan.folder, again)
    for second in (plan.folder, again):
        made = back_up(replace(plan, second=second), now=NOW)
        assert made.path.exists() and made.copy is None and "就是第一份的文件夹" in made.trouble


# ---- exports ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "end"), [(NAME, ""), (f"{ARCHIVE}2026-", ""), (NAME, "-open")])
def test_an_export_just_made_stays_beside_those_of_a_clock_that_was_ahead(tmp_path: Path, name: str, end: str) -> None:
    """Three were dated 2030 to 2032: the new one went at once, while the page said 导出好了."""
    ahead = [tmp_path / f"{name}{year}0101-000000{end}.zip" for year in (2030, 2031, 2032)]
    older = [tmp_path / f"{name}202610{day:02}-000000{end}.zip" for day in range(1, 6)]
    made = tmp_path / f"{name}20261120-150000{end}.zip"
    for path in (*ahead, *older, made):
        path.touch()
    keep_newest(made, ARCHIVE if name.startswith(ARCHIVE) else NAME)
    assert set(tmp_path.iterdir()) == {*ahead, made, *older[-KEEP + 1 :]}
