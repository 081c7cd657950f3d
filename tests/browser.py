"""A real Chromium for the tests of a page, on a phone's screen, that notices what a page must never do."""

import importlib.util
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Page

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = (390, 844)


@dataclass
class Tab:
    """A page, with what it complained of and which other hosts it asked."""

    page: "Page"
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def assert_clean(self) -> None:
        assert not self.complaints, self.complaints
        assert not self.strangers, self.strangers


def require_chromium() -> str:
    """The path of Chromium. Skips where it or playwright is absent; on CI (CI=true) their absence is a failure."""
    path = shutil.which("chromium")
    if path is None or importlib.util.find_spec("playwright") is None:
        _absent("absent part: chromium")
    return path


def _absent(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def open_tab(address: str, screen: tuple[int, int] = PHONE) -> AsyncIterator[Tab]:
    """A tab of a fresh browser, with no memory of earlier ones, at an address."""
    path = require_chromium()
    from playwright.async_api import async_playwright  # optional, and require_chromium() has looked

    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=path, args=FLAGS)  # its own, empty user-data-dir
        try:
            size = {"width": screen[0], "height": screen[1]}
            context = await browser.new_context(viewport=size, locale="zh-CN")  # type: ignore[arg-type]
            page = await context.new_page()
            page.set_default_timeout(10_000)
            tab = Tab(page)
            host = urlsplit(address).netloc
            page.on("console", lambda said: tab.complaints.append(said.text) if said.type == "error" else None)
            page.on("pageerror", lambda error: tab.complaints.append(str(error)))
            page.on("request", lambda asked: _note_stranger(tab, asked.url, host))
            await page.goto(address)
            yield tab
        finally:
            await browser.close()


def _note_stranger(tab: Tab, url: str, host: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host:
        tab.strangers.append(url)
