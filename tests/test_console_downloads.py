"""The brake on heavy downloads: one at a time for each user, one in work for all, and the pages of others answer."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import pytest

from bot.console import brake, lists
from bot.console.brake import Brake, OneAtATime
from bot.console.reader import Reader
from data.desk_tables import ConsoleRole
from tests.console_paths import EVERY, Paths
from tests.desk import Clerk, Desk, Seen, open_desk
from tests.lively import make_lively
from tests.town import DemoTown

LIGHT = {  # files that are small, kept in memory or on the disk, or shown within a page
    "/broadcasts/preview",
    "/lectures/{number}/photos/{id}",
    "/lectures/{number}/sheet",
    "/relay/{number}/picture/{id}",
    "/reports/{number}/{file}",
    "/texts/{number}/picture",
}
SHEET = {"as": "xlsx"}


@dataclass(slots=True)
class Gate:
    """Stands in for the making of a spreadsheet: each waits until it is let through."""

    open: threading.Event = field(default_factory=threading.Event)
    begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    made: list[str] = field(default_factory=list)
    inside: int = 0
    most: int = 0

    def workbook(self, name: str, *_: object, **__: object) -> bytes:
        self.inside += 1
        self.most = max(self.most, self.inside)
        self.begun.release()
        assert self.open.wait(30)
        self.inside -= 1
        self.made.append(name)
        return b"PK"

    async def taken(self) -> None:
        """Until one more is in work."""
        assert await asyncio.to_thread(self.begun.acquire, timeout=30)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    held = Gate()
    monkeypatch.setattr(lists, "workbook", held.workbook)
    return held


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def begin(clerk: Clerk, path: str, **query: str) -> "asyncio.Task[Seen]":
    return asyncio.create_task(clerk.get(path, **SHEET, **query))


def test_while_one_downloads_others_read_and_a_second_of_theirs_waits(town: DemoTown, gate: Gate) -> None:
    async def story(desk: Desk) -> None:
        clerk, other = desk.clerk(), desk.clerk()
        first = begin(clerk, "/lectures")
        await gate.taken()
        for path in ("/lectures", "/orders", "/figures"):
            assert (await other.get(path)).status == (await clerk.get(path)).status == 200
        second = await clerk.get("/villages", **SHEET)
        assert (second.status, second.headers["Retry-After"]) == (429, str(brake.AGAIN))
        assert "请等一等" in second.text and "请等它下载好" in second.text
        assert not first.done()
        gate.open.set()
        assert (await first).body == b"PK"
        assert (await clerk.get("/villages", **SHEET)).status == 200
        assert gate.made == ["课", "村"]

    run(town, story)


def test_a_second_tap_on_the_same_gets_what_is_made_already(town: DemoTown, gate: Gate) -> None:
    async def told() -> None:
        reader = Reader(f"sqlite:///{town.path}")
        brake: Brake[bytes] = Brake(reader)

        def tap(user_id: int, what: str) -> "asyncio.Task[bytes]":
            return asyncio.create_task(brake.run(user_id, what, lambda _: gate.workbook(f"{user_id} {what}")))

        tapped = [tap(1, "课"), tap(1, "课"), tap(2, "课")]  # nobody is given what was made for somebody else
        await gate.taken()
        with pytest.raises(OneAtATime):
            await tap(1, "村")
        gate.open.set()
        assert await asyncio.gather(*tapped) == [b"PK"] * 3
        assert gate.made == ["1 课", "2 课"]
        assert await tap(1, "课") == b"PK"  # it is over, so that it is made anew
        assert gate.made[2:] == ["1 课"]
        reader.close()

    asyncio.run(told())


def test_one_is_in_work_for_all_and_the_queue_ends(town: DemoTown, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(brake, "MOST", 3)

    async def story(desk: Desk) -> None:
        waiting = [begin(desk.clerk(), "/lectures")]
        await gate.taken()
        seen = [begin(desk.clerk(), "/orders") for _ in range(4)]
        refused, _ = await asyncio.wait(seen, return_when=asyncio.FIRST_COMPLETED)
        late = await desk.clerk().get("/villages", **SHEET)
        assert late.status == 429 and "排队" in late.text
        assert {each.result().status for each in refused} == {429}
        assert (await desk.clerk().get("/villages")).status == 200
        gate.open.set()
        answers = [(await each).status for each in (*waiting, *seen)]
        assert sorted(answers) == [200, 200, 200, 429, 429]
        assert gate.most == 1

    run(town, story)


def test_what_goes_wrong_frees_the_place(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: object, **__: object) -> bytes:
        raise RuntimeError("out of paper")

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        with monkeypatch.context() as patch:
            patch.setattr(lists, "workbook", breaks)
            assert [(await clerk.get("/lectures", **SHEET)).status for _ in range(2)] == [500, 500]
        assert (await clerk.get("/villages", **SHEET)).body[:2] == b"PK"

    run(town, story)


async def gives(clerk: Clerk, path: str) -> bool:
    """Whether there is a spreadsheet."""
    seen = await clerk.get(path, **SHEET)
    return seen.status == 200 and seen.headers["Content-Type"] == lists.XLSX


def test_what_is_heavy_is_declared(town: DemoTown) -> None:
    """Each page is asked for a spreadsheet; each file that is met on a walk is either declared or known as light."""
    make_lively(town)

    async def story(desk: Desk) -> None:
        admin = desk.clerk(ConsoleRole.ADMIN)
        paths = Paths(admin.session, desk.address)
        found: Mapping[str, str] = await paths.find(["/figures/lectures", "/figures/chart/months"])
        asked = {path: at.partition("?")[0] for path, at in found.items() if path not in paths.files}
        assert {path for path, at in asked.items() if await gives(admin, at)} == {
            path for path in asked if EVERY[path].sheet
        }
        assert {path for path, page in EVERY.items() if page.sheet} <= set(asked)
        assert {path for path in paths.files if not EVERY[path].heavy} <= LIGHT
        assert len([path for path in paths.files if EVERY[path].heavy]) >= 5

    run(town, story)
