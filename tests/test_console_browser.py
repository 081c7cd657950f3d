"""The console in a real Chromium, as a phone and as a desktop: each page that is declared, and what none may do.

Nothing here names a page: what is in `bot.console.pages.PAGES` is walked, so a new one is looked at too.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlmodel import Session, select

from bot.console.pages import PAGES
from bot.console.values import Page as Shown
from data import outbox
from data.desk_tables import ConsoleRole
from data.loop import Lecture, LectureRoom, LectureState, Order, OrderState, SignUp
from data.mail import OutboxKind
from data.tables import Picture, Room
from tests.browser import DESKTOP, PHONE, axe_faults, axe_source, faults, open_browser, require_chromium, tab_of, weight
from tests.desk import COOKIE, Clerk, Desk, open_desk
from tests.lively import Lively, make_lively
from tests.test_whole_bot import png
from tests.town import NOW, DemoTown

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.chromium

HEAVIEST = 150_000  # bytes of a page with all that it loads
LIST = "#接龙\n防骗讲座\n1. 李阿姨 2人\n2. 王叔"
EVERY = {each.path: each for each in PAGES if isinstance(each, Shown)}
_PART = re.compile(r"\{\w+\}")
_LINK = re.compile(r'(?:href|src)="(/[^"#]*)"')
_SPOIL = """() => {
  document.body.insertAdjacentHTML("beforeend", "<p id=bad>太小</p><img src=/static/icon.svg><button id=low>小</button>");
  const [bad, low] = [document.getElementById("bad"), document.getElementById("low")];
  Object.assign(bad.style, {fontSize: "9px", width: "3000px"});
  Object.assign(low.style, {minHeight: "0", height: "20px", padding: "0"});
}"""


@dataclass(slots=True)
class Furnished:
    """A demo town with something for every page, and its hand-served group."""

    town: DemoTown
    lively: Lively
    relay: int


@pytest.fixture(scope="module")
def furnished(town_template: DemoTown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    """Made once; tests get copies."""
    town = town_template.copy(tmp_path_factory.mktemp("lively") / "town.db")
    lively = make_lively(town)
    with town.session() as session, session.begin():
        relay = session.exec(select(Room).where(Room.transport == "relay")).one()
        assert relay.id is not None
        lecture = session.exec(select(Lecture).where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > NOW))
        session.add(LectureRoom(lecture_id=lecture.all()[-1].id, room_id=relay.id))
        picture = Picture(sha256="x", name="海报.png", png=png(60, 40))
        session.add(picture)
        session.flush()
        outbox.queue(
            session, room_id=relay.id, kind=OutboxKind.NOTICE, text="明晚讲课", now=NOW, picture_id=picture.id
        )
        found = Furnished(town, lively, relay.id)
    yield found
    town.engine.dispose()


class Paths:
    """A path that exists for each page: first among what pages lead to, else with small numbers."""

    def __init__(self, clerk: Clerk) -> None:
        self.clerk = clerk
        self.found: dict[str, str] = {}
        self.files: set[str] = set()  # of them, those that give a file to keep

    async def find(self) -> Mapping[str, str]:
        waiting, seen = [path for path in EVERY if not _PART.search(path)], set()
        while waiting:
            path = waiting.pop()
            template = template_of(path)
            if path in seen or template is None or template in self.found:
                continue
            seen.add(path)
            waiting += await self._open(template, path)
        for template in EVERY.keys() - self.found.keys():
            for numbers in product(range(1, 9), repeat=len(_PART.findall(template))):
                if template not in self.found:
                    left = iter(numbers)
                    await self._open(template, _PART.sub(lambda _, left=left: str(next(left)), template))  # type: ignore[misc]
        return self.found

    async def _open(self, template: str, path: str) -> list[str]:
        """Keep the path where something is there; where it leads."""
        seen = await self.clerk.get(path)
        if seen.status != 200:
            return []
        self.found[template] = path
        if "text/html" not in seen.headers["Content-Type"] or "attachment" in seen.headers.get("Content-Disposition", ""):
            self.files.add(template)
        return [link.partition("?")[0] for link in _LINK.findall(seen.text)]


def template_of(path: str) -> str | None:
    """The page of PAGES that a path opens."""
    if path in EVERY:
        return path
    fits = (each for each in EVERY if re.fullmatch(_PART.sub("[^/]+", each), path))
    return next(fits, None)


@pytest.mark.parametrize("screen", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_page_is_a_good_page(furnished: Furnished, tmp_path: Path, screen: tuple[int, int]) -> None:
    """No complaint, no other host, not wider than its screen, easy to read and to tap, light, and fine for axe."""
    require_chromium()
    source = axe_source()

    async def story() -> None:
        town, bad = furnished.town.copy(tmp_path / "town.db"), list[str]()
        async with AsyncExitStack() as stack:
            desk = await stack.enter_async_context(open_desk(town))
            admin = desk.clerk(ConsoleRole.ADMIN)
            await admin.post(f"/relay/{furnished.relay}/paste", text=LIST)  # a draft to correct
            paths = Paths(admin)
            found = await paths.find()
            assert set(found) == set(EVERY), f"nothing to open: {set(EVERY) - set(found)}"
            assert len(found) >= 20
            browser = await stack.enter_async_context(open_browser())
            cookies = {COOKIE: admin.token}
            tab = await stack.enter_async_context(
                tab_of(browser, f"{desk.address}/me", screen, cookies=cookies, beside=source)
            )
            for template in found.keys() - paths.files:
                await tab.page.goto(desk.address + found[template])
                bad += [f"{template}: {each}" for each in (*await look(tab.page), *tab.complaints, *tab.strangers)]
                tab.complaints.clear(), tab.strangers.clear()
            await tab.page.goto(f"{desk.address}/me")
            assert await look(tab.page) == []
            await tab.page.evaluate(_SPOIL)
            spoilt = " ".join(await look(tab.page))
            for each in ("px too wide", "words of 9.0 px", "only 20 px high", "image-alt"):
                assert each in spoilt, "the looks can fail"
        town.engine.dispose()
        assert not bad, "\n".join(bad)

    asyncio.run(story())


async def look(page: "Page") -> list[str]:
    found = [*await faults(page), *await axe_faults(page)]
    heavy = await weight(page)
    return [*found, f"weighs {heavy} bytes"] if heavy > HEAVIEST else found
