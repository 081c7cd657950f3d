"""Sending a picture from the web chat's page, in a real Chromium on a phone's screen."""

from pathlib import Path

import pytest

from bot.transports.base import PICTURE_LIMIT
from tests.browser import Tab
from tests.test_webchat_page import Town, a_dot, play, until

pytestmark = pytest.mark.chromium


async def choose(tab: Tab, name: str, data: bytes) -> None:
    """Tap 图片 and choose a file, as a phone's gallery does."""
    async with tab.page.expect_file_chooser() as waiting:
        await tab.page.get_by_role("button", name="发一张图片").click()
    await (await waiting.value).set_files({"name": name, "mimeType": "image/png", "buffer": data})


def test_a_picture_is_sent_seen_and_taken_back(tmp_path: Path) -> None:
    async def story(town: Town, tab: Tab) -> None:
        page = tab.page
        assert await page.locator("#file").get_attribute("accept") == "image/*"
        await choose(tab, "会场.png", a_dot())
        await until(tab, "document.querySelector('.mine .picture img')?.naturalWidth === 1")
        assert "模拟群聊" in await page.locator("#hint").inner_text()
        await page.locator(".mine .picture").click()
        assert await page.locator("#viewer img").get_attribute("alt") == "坪顶梁伯发的图片，点开看大图"
        await page.click("#viewer-close")
        await choose(tab, "会场.png", a_dot())  # the same again
        await until(tab, "document.querySelectorAll('.mine .picture img').length === 2")
        await page.get_by_role("button", name="撤回").first.click()
        await page.locator("#stream .gone").wait_for()
        assert await page.locator(".mine .picture").count() == 1
        await page.get_by_role("button", name="换人").click()
        await page.get_by_role("button", name="干事小农").click()
        assert await page.locator(".picture").count() == 0, "a direct chat is seen by its person only"

    play(tmp_path, story, "#p1/p1")


def test_others_in_the_group_see_it(tmp_path: Path) -> None:
    async def story(town: Town, tab: Tab) -> None:
        town.chat.show("p2", "r1", a_dot())
        await until(tab, "document.querySelector('.row:not(.mine) .picture img')?.naturalWidth === 1")
        assert await tab.page.locator(".back").count() == 0, "only one's own can be taken back"

    play(tmp_path, story, "#p1/r1")


def test_what_does_not_go_is_told(tmp_path: Path) -> None:
    async def story(town: Town, tab: Tab) -> None:
        notice = tab.page.locator("#notice")
        await choose(tab, "太大.png", a_dot() + bytes(PICTURE_LIMIT))
        await notice.get_by_text("图片太大了，最大10MB").wait_for()
        await choose(tab, "假的.png", b"<script>alert(1)</script>")
        await notice.get_by_text("这个文件不是图片").wait_for()
        assert tab.complaints.pop().endswith("400 (Bad Request)"), "the browser's own note of the refusal"
        await choose(tab, "会场.png", a_dot())
        await until(tab, "document.querySelector('.mine .picture img')?.naturalWidth === 1")
        assert not await notice.is_visible()

    play(tmp_path, story, "#p1/p1")


def test_a_picture_that_is_there_no_more_says_so(tmp_path: Path) -> None:
    async def story(town: Town, tab: Tab) -> None:
        town.chat.show("p1", "p1", a_dot())
        await until(tab, "document.querySelector('.mine .picture img')?.naturalWidth === 1")
        (file,) = (tmp_path / "chat-pictures").iterdir()
        file.unlink()
        await tab.page.reload()
        await tab.page.get_by_text("图片已经看不到了").wait_for()
        assert await tab.page.locator("#stream img").count() == 0
        assert tab.complaints.pop().endswith("404 (Not Found)"), "the browser's own note"

    play(tmp_path, story, "#p1/p1")
