"""Work beside the console ends, however it ends."""

import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.console.background import File, Job, Standing, Workshop
from tests.town import NOW, DemoTown


def wait_for(shop: Workshop) -> None:
    for thread in shop._threads:
        thread.join(20)


@pytest.mark.parametrize("ends", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), MemoryError(), OSError("disk")])
def test_work_that_exits_has_failed_and_does_not_run_for_ever(town: DemoTown, ends: BaseException) -> None:
    """A template that said exit left its report 正在做 until the bot was restarted, and after three nobody had room."""

    def work(_session: Session, _job: Job) -> Iterable[File]:
        raise ends

    shop = Workshop(f"sqlite:///{town.path}")
    job = shop.begin(1, "总结", work, now=NOW)
    wait_for(shop)
    assert job.standing == Standing.FAILED and "告诉管理员" in job.fault
    assert shop.begin(1, "总结", lambda _session, _job: [], now=NOW).number == 2
    wait_for(shop)


def test_a_database_that_does_not_open_is_a_failure_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It was opened before anything was caught."""

    def away(_url: str) -> None:
        raise OSError("away")

    monkeypatch.setattr(sys.modules[Workshop.__module__], "open_reader", away)
    shop = Workshop(f"sqlite:///{tmp_path / 'town.db'}")
    job = shop.begin(1, "总结", lambda _session, _job: [], now=NOW)
    wait_for(shop)
    assert job.standing == Standing.FAILED and job.fault
