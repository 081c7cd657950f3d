"""How far a report is reaches its page by itself; work belongs to its console, and ends with it."""

import asyncio
import json
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session
from yarl import URL

from bot.console import live, upkeep
from bot.console.background import File, Job, Standing, Stopped, Workshop
from bot.console.pages import reports
from data.desk_tables import ConsoleRole
from data.reports.gathered import Wish
from tests.browser import open_browser, require_chromium, tab_of
from tests.desk import COOKIE, Clerk, Desk, open_desk
from tests.test_console_materials import home
from tests.town import NOW, DemoTown

ASKED: dict[str, Any] = {"period": "2026Q2", "place": ""}


@dataclass(slots=True)
class Held:
    """A report that is made step by step, as the test lets it."""

    steps: list[threading.Event] = field(default_factory=lambda: [threading.Event() for _ in range(3)])

    def gather(self, _session: Session, _scope: object, _wish: Wish, step: Callable[[float, str], None]) -> object:
        for number, event in enumerate(self.steps):
            step(number / 4, f"第{number}步")
            assert event.wait(30)
        step(0.8, "最后")
        return None

    def go(self) -> None:
        for event in self.steps:
            event.set()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    mine = Held()
    monkeypatch.setattr(live, "EVERY", 0.01)
    monkeypatch.setattr(reports, "gather", mine.gather)
    monkeypatch.setattr(reports, "files", lambda *_: [])
    yield mine
    mine.go()


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


async def heard(answer: Any, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The first news on a stream that is as wanted."""
    async with asyncio.timeout(30):
        async for line in answer.content:
            if line.startswith(b"data: ") and wanted(found := json.loads(line[6:])):
                return dict(found)
    raise AssertionError("the stream ended")


def stream(clerk: Clerk, query: str = "?work=1") -> Any:
    return clerk.session.get(f"{clerk.desk.address}/live{query}")


def test_the_bar_moves_by_the_live_numbers_of_its_maker_only(town: DemoTown, held: Held) -> None:
    async def story(desk: Desk) -> None:
        clerk, other = desk.clerk(), desk.clerk()
        await clerk.post("/reports", **ASKED)
        page = (await clerk.get("/reports")).text
        assert 'data-job="1"' in page and 'data-live-value="w.1"' in page and 'data-live="w.1.doing"' in page
        assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
        async with stream(clerk) as mine, stream(other) as theirs, stream(clerk, "") as elsewhere:
            found = await heard(mine, lambda told: told.get("w.1.doing") == "0% 第0步")
            assert (found["work"], found["w.1"]) == (1, 0)
            assert "orders" in found or len(found) > 3  # beside the numbers of the menu
            held.steps[0].set()
            assert (await heard(mine, lambda told: told["w.1"] == 25))["w.1.doing"] == "25% 第1步"
            assert (await heard(theirs, lambda _: True))["work"] == 0
            assert "work" not in await heard(elsewhere, lambda _: True)
            held.go()
            over = await heard(mine, lambda told: told["work"] == 0)
            assert not [key for key in over if key.startswith("w.")]
        page = (await clerk.get("/reports")).text
        assert "做好了" in page and "data-job=" not in page and "http-equiv" not in page

    run(town, story)


@pytest.mark.chromium
def test_on_a_phone_the_bar_moves_and_what_is_typed_stays(town: DemoTown, held: Held) -> None:
    require_chromium()

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        await clerk.post("/reports", **ASKED)
        cookies = {COOKIE: clerk.token}
        async with open_browser() as browser, tab_of(browser, f"{desk.address}/reports", cookies=cookies) as tab:
            asked: list[str] = []
            tab.page.on("request", lambda request: asked.append(request.url) if "reports" in request.url else None)
            await tab.page.get_by_label("地方").fill("石湾村")
            held.steps[0].set()
            await tab.page.get_by_text("25% 第1步").wait_for()
            assert await tab.page.locator("progress").evaluate("bar => bar.value") == 25
            assert asked == []  # it is told, it does not ask
            held.go()
            await tab.page.get_by_text("做好了", exact=True).wait_for()
            assert await tab.page.locator("progress").count() == 0
            assert asked == [f"{desk.address}/reports"]
            assert await tab.page.get_by_label("地方").input_value() == "石湾村"
            tab.assert_clean()

    run(town, story)


def test_two_consoles_in_one_process_share_no_work(town: DemoTown, held: Held) -> None:
    async def story(desk: Desk) -> None:
        mine = desk.clerk()
        await mine.post("/reports", **ASKED)
        async with open_desk(town) as beside:
            same = beside.stranger()
            same.session.cookie_jar.update_cookies({COOKIE: mine.token}, URL(beside.address))
            assert (await same.get("/reports")).status == 200
            assert "data-job" in (await mine.get("/reports")).text.replace("data-jobs", "")
            assert "data-job" not in (await same.get("/reports")).text.replace("data-jobs", "")
        held.go()

    run(town, story)


@contextmanager
def workshop(town: DemoTown) -> Iterator[Workshop]:
    shop = Workshop(f"sqlite:///{town.path}")
    yield shop
    shop.close()


def test_work_ends_with_its_console(town: DemoTown) -> None:
    begun, stopping = threading.Event(), threading.Event()

    def work(_session: Session, job: Job) -> list[File]:
        begun.set()
        try:
            while True:
                job.stop.wait(30)
                job.step(0.5, "还没完")
        except Stopped:
            stopping.set()
            raise

    with workshop(town) as shop:
        jobs = [shop.begin(1, title, work, now=NOW) for title in ("甲", "乙")]
        assert begun.wait(30)
    assert stopping.is_set()
    assert [job.standing for job in jobs] == [Standing.CANCELLED, Standing.CANCELLED]
    assert not [each for each in threading.enumerate() if each.name.startswith("report-")]


def test_what_sees_no_stop_is_not_waited_for_for_ever(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.console.background.PATIENCE", 0.0)
    gate = threading.Event()

    def deaf(_session: Session, _job: Job) -> list[File]:
        assert gate.wait(30)
        return []

    with workshop(town) as shop:
        job = shop.begin(1, "聋的", deaf, now=NOW)
    assert not job.over
    gate.set()


def test_a_command_beside_the_bot_is_ended_with_it(
    town: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home(tmp_path, monkeypatch)
    monkeypatch.setattr(upkeep, "_GENTLY", "import threading; threading.Event().wait()")
    monkeypatch.setattr(upkeep, "LOOK", 0.01)
    started, running = list[Any](), threading.Event()
    begin = subprocess.Popen

    def noted(*words: Any, **how: Any) -> Any:
        started.append(begin(*words, **how))
        running.set()
        return started[-1]

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        assert "开始导出" in (await admin.post("/data/start/export", open="no")).said
        assert await asyncio.to_thread(running.wait, 30)

    monkeypatch.setattr(subprocess, "Popen", noted)
    run(town, story)
    assert [each.poll() is not None for each in started] == [True]
    assert not list(tmp_path.rglob("menlou-export-*"))
