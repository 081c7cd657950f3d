"""The web chat's page in a real Chromium, on a phone's screen."""

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from bot.transports.base import Event, Outgoing
from bot.transports.webchat import WebChat, WebPerson, WebRoom
from data.names import clean_name
from handlers.message import Heard
from tests.browser import Tab, open_tab, require_chromium

pytestmark = pytest.mark.chromium

XSS = "<img src=x onerror=\"document.title='hacked'\"><script>alert(1)</script>"
ROOMS = [
    WebRoom("r1", "上坪村乡亲群", "residents", ("p1", "p2")),
    WebRoom("r2", "宣讲工作群", "coordinators", ("p2",)),
]
PEOPLE = [
    WebPerson("p1", "坪顶梁伯", "resident", "七十三岁，种了一辈子水稻"),
    WebPerson("p2", "干事小农", "coordinator", "镇上的宣传干事"),
    WebPerson("p3", XSS, "lecturer", XSS),
]


def a_dot() -> bytes:
    """The smallest PNG: one grey dot."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    dot = zlib.compress(b"\x00\x80")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", dot) + chunk(b"IEND", b"")


@dataclass
class Town:
    """A web chat that is served and listened to, with a bot that answers what is said to it."""

    chat: WebChat
    address: str


async def until(tab: Tab, truth: str) -> None:
    """Wait, frame by frame, until a JavaScript expression is true.

    Playwright's own ``wait_for_function`` evaluates within the page when it has to ask twice, which the page's
    Content-Security-Policy rightly forbids: that failed only where the picture was slow.
    """
    async with asyncio.timeout(60):
        while not await tab.page.evaluate(truth):
            await tab.page.evaluate("() => new Promise(requestAnimationFrame)")


@asynccontextmanager
async def a_town(log: Path, port: int | None = None) -> AsyncIterator[Town]:
    chat = WebChat(ROOMS, PEOPLE, log, lambda: datetime.now(UTC))
    app = web.Application()
    chat.attach(app)

    async def answer(event: Event) -> None:
        if isinstance(event, Heard) and (event.addressed or event.text.startswith("点课")):
            mentions = () if event.direct else ((event.sender_id, clean_name(event.sender_name)),)
            await chat.send(Outgoing(event.room_id, "已登记 12 号", event.direct, mentions))

    async with TestServer(app, port=port) as served:
        listener = asyncio.create_task(chat.listen(answer))
        try:
            yield Town(chat, str(served.make_url("/")))
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)


def play(tmp_path: Path, story: Callable[[Town, Tab], Awaitable[None]], at: str = "") -> None:
    """Let a story happen in a fresh browser; whatever it was, the page must not complain or ask another host."""
    require_chromium()

    async def whole() -> None:
        async with a_town(tmp_path / "chat.jsonl") as town, open_tab(town.address + at) as tab:
            await tab.page.locator("#link", has_text="已连上").wait_for()
            await story(town, tab)
            tab.assert_clean()

    asyncio.run(whole())


async def bubbles(tab: Tab) -> list[str]:
    return list(await tab.page.locator(".bubble").all_inner_texts())


async def wait_for_bubble(tab: Tab, text: str) -> None:
    await tab.page.locator(".bubble", has_text=text).last.wait_for()


def test_choose_write_read_and_come_back(tmp_path: Path) -> None:
    async def story(town: Town, tab: Tab) -> None:
        page = tab.page
        assert await page.locator(".group h3").all_inner_texts() == ["村民", "宣传干事", "宣讲员"]
        await page.get_by_role("button", name="坪顶梁伯").click()
        await page.get_by_text("群里还没有人说话").wait_for()
        assert "模拟群聊" in await page.locator("#hint").inner_text()

        await page.fill("#words", "点课 反诈骗")
        await page.press("#words", "Enter")
        await wait_for_bubble(tab, "已登记 12 号")
        assert await bubbles(tab) == ["点课 反诈骗", "@坪顶梁伯\u2005已登记 12 号"]
        assert await page.input_value("#words") == ""

        await town.chat.send(Outgoing("r1", "今晚七点半,文化室见"))
        await wait_for_bubble(tab, "文化室见")
        await town.chat.send(Outgoing("p1", "私下跟您说", direct=True))
        await page.locator(".chat .badge", has_text="1").wait_for()

        await page.reload()
        await wait_for_bubble(tab, "文化室见")
        assert len(await bubbles(tab)) == 3
        assert await page.locator("#my-name").inner_text() == "坪顶梁伯"
        await page.get_by_role("button", name="私聊小门").click()
        await wait_for_bubble(tab, "私下跟您说")
        assert page.url.endswith("#p1/p1")
        assert await page.locator(".chat .badge").count() == 0

    play(tmp_path, story)


def test_phrases_the_at_button_and_the_keys(tmp_path: Path) -> None:
    async def story(town: Town, tab: Tab) -> None:
        page = tab.page
        await page.locator(".phrase", has_text="点课 反诈骗").click()
        await wait_for_bubble(tab, "已登记")
        await page.click("#at")
        assert await page.input_value("#words") == "@小门 "
        await page.press("#words", "End")
        await page.keyboard.insert_text("一")
        await page.press("#words", "Shift+Enter")
        await page.keyboard.insert_text("二")
        composing = "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true})"
        assert await page.evaluate(f"document.getElementById('words').dispatchEvent({composing})")
        assert len(await bubbles(tab)) == 2, "the Enter that ends a composition sends nothing"
        await page.press("#words", "Enter")
        await wait_for_bubble(tab, "@小门 一\n二")
        await page.get_by_role("button", name="换人").click()
        await page.get_by_role("button", name="干事小农").click()
        await page.locator(".phrase", has_text="通知 全镇").wait_for()
        assert await page.locator("#title").text_content() == "宣讲工作群(2)"

    play(tmp_path, story, "#p1/r1")


def test_markup_in_names_and_texts_is_text(tmp_path: Path) -> None:
    async def story(town: Town, tab: Tab) -> None:
        page = tab.page
        await page.locator(".person", has_text="onerror").click()
        await page.fill("#words", XSS)
        await page.click("#send")
        await wait_for_bubble(tab, "onerror")
        assert (await bubbles(tab))[0] == XSS
        assert await page.locator("#my-name").text_content() == XSS
        await town.chat.send(Outgoing("p3", XSS + " https://example.com", direct=True))
        await wait_for_bubble(tab, "example.com")
        assert await page.locator("#stream img, #stream script, #stream a, #me img, #people img").count() == 0
        assert "hacked" not in await page.title()

    play(tmp_path, story)


def test_recall_and_picture(tmp_path: Path) -> None:
    async def story(town: Town, tab: Tab) -> None:
        page = tab.page
        await page.fill("#words", "说错了")
        await page.press("#words", "Enter")
        await page.locator(".mine .bubble").click()
        await page.get_by_role("button", name="撤回").click()
        await page.locator("#stream .gone").wait_for()
        assert await bubbles(tab) == []
        await town.chat.send(Outgoing("r1", "", image=a_dot()))
        await page.locator(".picture img").wait_for()
        await until(tab, "document.querySelector('.picture img').naturalWidth === 1")
        await page.locator(".picture").click()
        await page.locator("#viewer img").wait_for()
        await page.click("#viewer-close")
        assert not await page.locator("#viewer").is_visible()

    play(tmp_path, story, "#p1/r1")


def test_who_reads_above_is_not_pulled_down(tmp_path: Path) -> None:
    async def story(town: Town, tab: Tab) -> None:
        page = tab.page
        for number in range(30):
            await town.chat.send(Outgoing("r1", f"第 {number} 条"))
        await wait_for_bubble(tab, "第 29 条")
        await until(tab, "(s => s.scrollHeight - s.scrollTop - s.clientHeight < 2)(document.getElementById('stream'))")
        await page.evaluate("document.getElementById('stream').scrollTop = 0")
        await until(tab, "document.getElementById('stream').scrollTop === 0")
        await town.chat.send(Outgoing("r1", "新的一条"))
        await page.get_by_role("button", name="有新消息").click()
        await wait_for_bubble(tab, "新的一条")
        assert await page.locator("#stream").evaluate("s => s.scrollHeight - s.scrollTop - s.clientHeight < 2")
        assert not await page.locator("#below").is_visible()

    play(tmp_path, story, "#p1/r1")


def test_it_comes_back_after_the_bot_restarted(tmp_path: Path) -> None:
    require_chromium()

    async def story() -> None:
        port = unused_port()
        log = tmp_path / "chat.jsonl"
        async with a_town(log, port) as town:
            opened = open_tab(town.address + "#p1/r1")
            tab = await opened.__aenter__()
            await town.chat.send(Outgoing("r1", "重启之前"))
            await wait_for_bubble(tab, "重启之前")
        try:
            await tab.page.locator("#link", has_text="正在重新连接").wait_for()
            await tab.page.fill("#words", "有人吗")
            await tab.page.press("#words", "Enter")
            await tab.page.get_by_text("还没有连上").wait_for()
            assert await tab.page.input_value("#words") == "有人吗"
            async with a_town(log, port) as town:
                await tab.page.locator("#link", has_text="已连上").wait_for()
                await town.chat.send(Outgoing("r1", "重启之后"))
                await wait_for_bubble(tab, "重启之后")
                assert await bubbles(tab) == ["重启之前", "重启之后"]
                assert not tab.strangers
        finally:
            await opened.__aexit__(None, None, None)

    asyncio.run(story())


@pytest.mark.parametrize("screen", [(390, 844), (320, 568), (1280, 900)])
def test_nothing_is_cut_off(tmp_path: Path, screen: tuple[int, int]) -> None:
    require_chromium()

    async def story() -> None:
        async with a_town(tmp_path / "chat.jsonl") as town:
            town.chat.say("p1", "r1", "很长的一个词" + "哈" * 300 + "a" * 300)
            async with open_tab(town.address + "#p2/r1", screen) as tab:
                await wait_for_bubble(tab, "很长")
                assert await tab.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert await tab.page.evaluate(
                    "(s => s.scrollWidth <= s.clientWidth)(document.getElementById('stream'))"
                )
                for name in ("#choose", "#words", "#send", "#at", "#hint"):
                    box = await tab.page.locator(name).bounding_box()
                    assert box is not None
                    assert box["x"] >= 0
                    assert box["x"] + box["width"] <= screen[0]
                    assert box["y"] + box["height"] <= screen[1]
                tab.assert_clean()

    asyncio.run(story())
