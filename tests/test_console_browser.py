"""The console in a real Chromium, as a phone and as a desktop: each page that is declared, and what none may do.

Nothing here names a page: what is in `bot.console.pages.PAGES` is walked, so a new one is looked at too.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from sqlmodel import Session, select
from sqlmodel.sql.expression import SelectOfScalar

from data import console_users, outbox, photos, posters
from data.desk_tables import ConsoleRole
from data.drawing.render import png as drawn
from data.drawing.styles import WIDE
from data.loop import Lecture, LectureRoom, LectureState, Order, OrderState, SignUp
from data.mail import OutboxKind
from data.tables import Picture, Room
from tests.browser import (
    DESKTOP,
    PHONE,
    Tab,
    axe_faults,
    axe_source,
    faults,
    open_browser,
    require_chromium,
    tab_of,
    weight,
)
from tests.console_paths import Paths
from tests.desk import COOKIE, Clerk, Desk, open_desk
from tests.lively import make_lively
from tests.test_console_data import worked
from tests.test_console_materials import home
from tests.test_console_texts import fields as text_form
from tests.test_whole_bot import png
from tests.town import NOW, DemoTown

if TYPE_CHECKING:
    from playwright.async_api import Page

pytestmark = pytest.mark.chromium

HEAVIEST = 150_000  # bytes of a page with all that it loads
_NUMBERED = re.compile(r"/\w+/[^/]*\d|/bring/[\w-]{16,}")
LIST = "#接龙\n防骗讲座\n1. 李阿姨 2人\n2. 王叔"
_SPOIL = """() => {
  const spoilt = "<p id=bad>太小</p><img src=/static/icon.svg><button id=low>小</button>";
  document.body.insertAdjacentHTML("beforeend", spoilt);
  const [bad, low] = [document.getElementById("bad"), document.getElementById("low")];
  Object.assign(bad.style, {fontSize: "9px", width: "3000px"});
  Object.assign(low.style, {minHeight: "0", height: "20px", padding: "0"});
}"""


@pytest.fixture(scope="module")
def furnished(town_template: DemoTown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoTown]:
    """A demo town with something for every page, made once: tests get copies."""
    folder = tmp_path_factory.mktemp("lively")
    copy = town_template.copy(folder / "town.db")
    town = replace(copy, knowledge=replace(copy.knowledge, photos=folder / "photos"))
    make_lively(town)
    with town.session() as session, session.begin():
        relay, lecture = hand_served(session), session.exec(coming()).first()
        assert lecture is not None and lecture.id is not None
        session.add(LectureRoom(lecture_id=lecture.id, room_id=relay))
        poster = posters.of_lecture(session, lecture, style="素白", rules=town.knowledge.rules, now=NOW)
        shown = drawn(poster.pages[0], width=WIDE)
        over = {"starts_at": NOW - timedelta(days=20), "state": LectureState.ARCHIVED, "attended": 30}
        session.add(Lecture(**(lecture.model_dump(exclude={"id"}) | over)))
        session.add(Lecture(**(lecture.model_dump(exclude={"id"}) | {"starts_at": NOW + timedelta(hours=9)})))
        picture = Picture(sha256="x", name="海报.png", png=shown)
        session.add(picture)
        session.flush()
        outbox.queue(session, room_id=relay, kind=OutboxKind.NOTICE, text="明晚讲课", now=NOW, picture_id=picture.id)
        rules, begun = town.knowledge.rules, lecture.starts_at + timedelta(hours=1)
        photos.keep(session, lecture, shown, folder=town.knowledge.photos, member_id=1, now=begun, rules=rules)
    yield town
    town.engine.dispose()


def hand_served(session: Session) -> int:
    return session.exec(select(Room.id).where(Room.transport == "relay")).one() or 0


def coming() -> SelectOfScalar[Lecture]:
    return select(Lecture).where(Lecture.state == LectureState.ANNOUNCED, Lecture.starts_at > NOW)


async def used(desk: Desk, clerk: Clerk) -> list[str]:
    """What somebody at a browser leaves behind, finished or half done, and where it lies."""
    with desk.session() as session:
        relay = hand_served(session)
    form = text_form(desk)
    empty = (await clerk.get("/bring/template")).body
    left = [
        await clerk.post(f"/relay/{relay}/paste", text=LIST),
        await clerk.post("/broadcasts/new", text="明天停水", words="全镇"),
        await clerk.post("/materials/add", files={"file": ("a.pdf", b"%PDF-1.7 .")}, topic=form["topic"], title="十招"),
        await clerk.post("/bring/send", files={"file": ("a.xlsx", empty)}),
        await clerk.post("/texts/new", files={"picture": ("a.png", png(8, 8))}, **form),
    ]
    await clerk.post("/lectures/feeds", village="2", lecturer="")
    await clerk.post("/media", title="讲到家门口", outlet="西江日报", level="city", day="2026-11-18", village="2")
    for each in left:
        assert _NUMBERED.search(each.path), (each.path, each.said)
    for path in ("/data/start/backup", "/data/start/export", "/reports", "/archive/years"):
        await clerk.post(path, period="2026Q4", year="2026")
        await worked()
    return [each.path for each in left]


def test_every_page_is_a_good_page(furnished: DemoTown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No complaint, no other host, not too wide, easy to read and tap, light; axe finds no fault (on the phone)."""
    require_chromium()
    source, town, bad = axe_source(), furnished.copy(tmp_path / "town.db"), list[str]()
    home(tmp_path, monkeypatch)

    async def story() -> None:
        async with AsyncExitStack() as stack:
            desk = await stack.enter_async_context(open_desk(town))
            admin = desk.clerk(ConsoleRole.ADMIN)
            paths = Paths(admin.session, desk.address)
            found = await paths.find(await used(desk, admin))
            bad.extend(f"{template}: nothing is there" for template in paths.missing())
            pages = {name: desk.address + path for name, path in found.items() if name not in paths.files}
            assert len(pages) >= 50
            browser = await stack.enter_async_context(open_browser())
            tabs = [
                await stack.enter_async_context(
                    tab_of(browser, f"{desk.address}/me", screen, cookies={COOKIE: admin.token}, beside=source)
                )
                for screen in (PHONE, DESKTOP)
            ]
            for each in await asyncio.gather(*(walk(tab, pages) for tab in tabs)):
                bad.extend(each)
            await the_looks_can_fail(tabs[0].page, f"{desk.address}/me")

    try:
        asyncio.run(story())
    finally:
        town.engine.dispose()
    assert not bad, "\n".join(bad)


async def walk(tab: Tab, pages: Mapping[str, str]) -> list[str]:
    """What is wrong with pages, by what they are called and where they are."""
    bad = []
    for name, address in pages.items():
        await tab.page.goto(address)
        found = (*await look(tab.page, axe=tab.screen == PHONE), *tab.complaints, *tab.strangers)
        bad += [f"{name} {tab.screen}: {each}" for each in found]
        tab.complaints.clear()
        tab.strangers.clear()
    return bad


async def the_looks_can_fail(page: "Page", address: str) -> None:
    await page.goto(address)
    assert await look(page) == []
    await page.evaluate(_SPOIL)
    spoilt = " ".join(await look(page))
    for words in ("px too wide", "words of 9.0 px", "only 20 px high", "image-alt"):
        assert words in spoilt


async def look(page: "Page", *, axe: bool = True) -> list[str]:
    """What is wrong with the page that is open; for axe the two screens hold the same, so that one will do."""
    found = [*await faults(page), *(await axe_faults(page) if axe else [])]
    heavy = await weight(page)
    return [*found, f"weighs {heavy} bytes"] if heavy > HEAVIEST else found


PASSWORD = "井水河水两样甜"


def test_a_day_without_scripts(furnished: DemoTown, tmp_path: Path) -> None:
    """JavaScript is off: logging in, an order that passes, a 接龙 that is pasted, corrected and kept, logging out."""
    require_chromium()
    town = furnished.copy(tmp_path / "town.db")

    async def story() -> None:
        async with open_desk(town) as desk, open_browser() as browser:
            with_password(desk, "xiaonong", PASSWORD)
            with desk.session() as session:
                order = session.exec(select(Order.id).where(Order.state == OrderState.RECEIVED)).first()
                relay = hand_served(session)
            async with tab_of(browser, f"{desk.address}/orders/{order}", scripts=False) as tab:
                page = tab.page
                await page.get_by_label("登录名").fill("XiaoNong")
                await page.get_by_label("密码").fill(PASSWORD)
                await page.get_by_role("button", name="登录").click()
                await page.get_by_role("button", name="通过").click()
                assert "通过了" in await page.get_by_role("status").inner_text()
                await page.get_by_role("link", name="手动群").click()
                await page.locator(f'a[href="/relay/{relay}"]').click()
                await page.get_by_label("粘贴到这里").fill(LIST)
                await page.get_by_role("button", name="读一读").click()
                await page.get_by_label("说了什么").first.fill(LIST + " 3人")
                await page.get_by_role("button", name="就这样，记下").click()
                assert "记下1条" in await page.get_by_role("status").inner_text()
                await page.locator(".who summary").click()
                await page.get_by_role("button", name="退出").click()
                assert page.url.endswith("/login")
                await page.goto(f"{desk.address}/orders/{order}")
                assert "/login" in page.url
                tab.assert_clean()
            with desk.session() as session:
                assert session.get_one(Order, order).state is OrderState.REVIEWED
                assert sorted(session.exec(select(SignUp.people).where(SignUp.room_id == relay))) == [2, 3]

    try:
        asyncio.run(story())
    finally:
        town.engine.dispose()


def with_password(desk: Desk, name: str, password: str) -> None:
    """A coordinator who is not logged in; the hash is a cheap one."""
    hashed = PasswordHasher(time_cost=1, memory_cost=64).hash(password)
    with desk.session() as session, session.begin():
        console_users.add(
            session, name=name, shown_name="干事小农", password_hash=hashed, role=ConsoleRole.COORDINATOR,
            created_by="测试", now=desk.now,
        )  # fmt: skip
