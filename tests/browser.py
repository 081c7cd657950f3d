"""A real Chromium for the tests of a page, as a phone or a desktop, that notices what a page must never do."""

import importlib.util
import os
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import pytest

from tests.gateway.harness import HERE

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

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
DESKTOP = (1280, 900)
_TOLD = 2_000  # characters of a page on which something failed


@dataclass
class Tab:
    """A page, with what it complained of and which other hosts it asked."""

    page: "Page"
    screen: tuple[int, int] = PHONE
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
async def open_browser() -> AsyncIterator["Browser"]:
    """A fresh browser, with no memory of earlier ones, for several tabs."""
    path = require_chromium()
    from playwright.async_api import async_playwright  # optional, and require_chromium() has looked

    async with async_playwright() as player:
        browser = await player.chromium.launch(executable_path=path, args=FLAGS)  # its own, empty user-data-dir
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def tab_of(
    browser: "Browser",
    address: str,
    screen: tuple[int, int] = PHONE,
    *,
    cookies: Mapping[str, str] | None = None,
    scripts: bool = True,
    beside: str = "",
) -> AsyncIterator[Tab]:
    """A tab with cookies of its own at an address; ``scripts``: whether JavaScript runs.

    ``beside`` is a script of the test's own, which is there in each page before the page's.
    """
    size = {"width": screen[0], "height": screen[1]}
    context = await browser.new_context(viewport=size, locale="zh-CN", java_script_enabled=scripts)  # type: ignore[arg-type]
    if cookies:
        await context.add_cookies([{"name": name, "value": value, "url": address} for name, value in cookies.items()])
    if beside:
        await context.add_init_script(beside)
    page = await context.new_page()
    page.set_default_timeout(10_000)
    tab = Tab(page, screen)
    host = urlsplit(address).netloc
    page.on("console", lambda said: tab.complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    page.on("request", lambda asked: _note_stranger(tab, asked.url, host))
    await page.goto(address)
    try:
        yield tab
    except Exception:
        print(page.url, (await page.locator("body").inner_text())[:_TOLD], sep="\n")  # what the person saw at last
        raise
    finally:
        await context.close()


@asynccontextmanager
async def open_tab(address: str, screen: tuple[int, int] = PHONE) -> AsyncIterator[Tab]:
    """A tab of a fresh browser at an address."""
    async with open_browser() as browser, tab_of(browser, address, screen) as tab:
        yield tab


def _note_stranger(tab: Tab, url: str, host: str) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != host:
        tab.strangers.append(url)


# ---- what a page must be ---------------------------------------------------------------------------------------------

SMALLEST = 14.0  # px of text
TAP = 40.0  # px that a finger needs
_FAULTS = """([smallest, tap]) => {
  const faults = [], wide = innerWidth;
  const name = (el) => el.outerHTML.slice(0, 100);
  const seen = (el) => {
    const box = el.getBoundingClientRect();
    return el.checkVisibility({visibilityProperty: true}) && box.width > 1 && box.height > 1;
  };
  const over = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - wide;
  if (over > 0) {
    const out = [...document.querySelectorAll("main *")].filter((el) => el.getBoundingClientRect().right > wide + 1);
    faults.push(`${over} px too wide: ${out.slice(-2).map(name)}`);
  }
  const words = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (words.nextNode()) {
    const el = words.currentNode.parentElement;
    if (!words.currentNode.data.trim() || el.closest("option, script, style, datalist") || !seen(el)) continue;
    const drawn = el.ownerSVGElement ? el.getScreenCTM().a : 1;
    const size = parseFloat(getComputedStyle(el).fontSize) * drawn;
    if (size < smallest - 0.01) faults.push(`words of ${size.toFixed(1)} px: ${name(el)}`);
  }
  const fields = "select, textarea, input:not([type=hidden], [type=checkbox], [type=radio])";
  for (const el of document.querySelectorAll(`button, .button, summary, form a, .actions a, ${fields}`)) {
    const high = el.getBoundingClientRect().height;
    if (seen(el) && high < tap - 0.01) faults.push(`only ${high.toFixed(0)} px high: ${name(el)}`);
  }
  return faults;
}"""
_WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .reduce((sum, part) => sum + part.decodedBodySize, 0)"""
_AXE = """async () => {
  const found = await axe.run(document, {resultTypes: ["violations"], preload: false});
  const bad = found.violations.filter((each) => ["serious", "critical"].includes(each.impact));
  return bad.map((each) => `${each.id}: ${each.nodes.slice(0, 2).map((node) => node.html.slice(0, 120))}`);
}"""


async def faults(page: "Page") -> list[str]:
    """What makes a page hard to use on its screen: wider than that, small words, low buttons and fields."""
    found: list[str] = await page.evaluate(_FAULTS, [SMALLEST, TAP])
    return found


async def weight(page: "Page") -> int:
    """Bytes of the page and all that it loaded, uncompressed."""
    return int(await page.evaluate(_WEIGHT))


def axe_source() -> str:
    """axe-core, to be ``beside`` each page of a tab. Skips where npm did not bring it; on CI that is a failure."""
    path = HERE / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        _absent("absent part: axe-core (run `npm ci` in tests/gateway)")
    return path.read_text("utf-8")


async def axe_faults(page: "Page") -> list[str]:
    """Serious and critical faults that axe-core finds, in a tab that has it."""
    found: list[str] = await page.evaluate(_AXE)
    return found
