"""The whole bot, its console in a real Chromium and the real Node gateway: a day's work, from the first link on."""

import re
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser import DESKTOP, PHONE, Tab, open_browser, require_chromium, tab_of
from tests.gateway.harness import BOT, Sent, free_port
from tests.gateway.village import EAST, WEST
from tests.test_whole_bot import Stage, on_stage, settle_in

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

pytestmark = [pytest.mark.gateway, pytest.mark.chromium]

LECTURER, RESIDENT = "zhao", "wang"
NOTICE = "明天上午停水，请先存水。"
ANSWER = "路灯已报镇里，这周来修。"
LIST = "#接龙\n健康讲座\n1. 李阿姨 2人\n2. 王叔"
_LINK = re.compile(r"http://[\w.:]+(/link/\S+)")


@dataclass(slots=True)
class Office:
    """The desk of 周姐, who has a computer, and of 老莫, who has a phone."""

    stage: Stage
    browser: "Browser"
    address: str
    first: "Page"
    second: "Page"

    async def open(self, page: "Page", path: str) -> None:
        await page.goto(self.address + path)


def test_a_day_at_the_desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_chromium()
    port = free_port()

    async def play(stage: Stage) -> None:
        address = f"http://127.0.0.1:{port}"
        await settle_in(stage, capsys)
        link = await stage.bot.wait_line(lambda line: "一次性链接" in line)
        async with AsyncExitStack() as stack:
            browser = await stack.enter_async_context(open_browser())
            desk = await stack.enter_async_context(tab_of(browser, link_in(link, address), DESKTOP))
            await settle_account(desk.page, "周姐", name="zhoujie")
            phone = await invited(stack, browser, desk, address)
            office = Office(stage, browser, address, desk.page, phone.page)
            await bind_lecturer(office)
            await broadcast(office)
            await order_to_lecture(office)
            await opinion(office)
            await stage.until("SELECT count(*) FROM outbox WHERE state <> 'sent'")  # what answers the 接龙: it gathers
            for tab in (desk, phone):
                tab.assert_clean()

    settings: dict[str, Any] = {
        "console.enabled": True,
        "console.port": port,
        "loop.undo_seconds": 0,
        "broadcast.two_people": True,
    }
    on_stage(tmp_path, play, seconds=90, **settings)


def link_in(words: str, address: str) -> str:
    found = _LINK.search(words)
    assert found, words
    return address + found[1]


async def settle_account(page: "Page", shown: str, *, name: str) -> None:
    """What a one-time link asks for; a person is logged in by it."""
    password = "井水河水两样甜 lantern"
    await page.get_by_label("登录名").fill(name)
    await page.get_by_label("怎么称呼您").fill(shown)
    await page.get_by_label("密码").fill(password)
    await page.get_by_label("再写一次").fill(password)
    await page.get_by_role("button", name="就用这个").click()
    await page.get_by_role("heading", name="今天", exact=True).wait_for()


async def invited(stack: AsyncExitStack, browser: "Browser", desk: Tab, address: str) -> Tab:
    """A second person, who may approve, by a link that the first hands on."""
    page = desk.page
    await page.get_by_role("link", name="人员").click()
    await page.get_by_text("邀请一个人").click()
    await page.get_by_label("怎么称呼").fill("老莫")
    await page.get_by_label("身份").select_option("approver")
    await page.get_by_role("button", name="做邀请链接").click()
    link = await page.locator("#secret").inner_text()
    phone = await stack.enter_async_context(tab_of(browser, link_in(link, address), PHONE))
    await settle_account(phone.page, "老莫", name="laomo")
    return phone


async def bind_lecturer(office: Office) -> None:
    """A code from the lecturer's page makes 赵在外, who has 黄秀兰's phone, a lecturer."""
    page = office.first
    await office.open(page, "/lecturers")
    await page.get_by_role("link", name="黄秀兰").click()
    await page.get_by_role("button", name="绑定").first.click()
    code = re.search(r"\d{6}", await page.locator("#secret").inner_text())
    assert code
    await office.stage.ask(LECTURER, f"绑定 {code[0]}", "您现在是宣讲员", room="")


async def broadcast(office: Office) -> None:
    """One writes it, the other approves it on a phone and watches it go out."""
    gateway, page = office.stage.gateway, office.first
    await office.open(page, "/broadcasts/new")
    await page.get_by_label("或者用话写").fill("全镇")
    await page.get_by_label("内容").fill(NOTICE)
    await page.get_by_role("button", name="交给另一位放行").click()
    assert "交上去了" in await page.get_by_role("status").first.inner_text()
    assert await page.get_by_role("button", name="同意，放行").count() == 0, "not by who wrote it"
    phone = office.second
    await phone.goto(page.url)
    assert await phone.locator("progress").count() == 0
    gateway.freeze()  # so that it has not gone out before the page is looked at
    await phone.get_by_role("button", name="同意，放行").click()
    await phone.locator("progress[value='0'][max='2']").wait_for()
    gateway.thaw()
    await phone.locator("progress[value='2']").wait_for()  # by itself: nobody loads the page again
    assert {sent.to for sent in gateway.sends if sent.text == NOTICE} == {EAST, WEST}


async def order_to_lecture(office: Office) -> None:
    """A resident's order is reviewed, dispatched, accepted by the lecturer in WeChat, announced, and signed up for."""
    stage, page = office.stage, office.first
    relay = await hand_served(office)
    await stage.ask(RESIDENT, "@门楼 我想听健康", "已登记1号", mention=(BOT,))
    await office.open(page, "/orders/1")
    await page.get_by_role("button", name="通过").click()
    await page.get_by_role("button", name="派：").first.click()
    await stage.gateway.wait_sent(lambda sent: sent.to == LECTURER and "接单" in sent.text)
    assert not [sent for sent in stage.gateway.sends if announced(sent)]
    await stage.gateway.say(LECTURER, "接单")
    await stage.gateway.wait_sent(announced)
    await page.reload()
    await page.get_by_role("link", name="课1").click()
    assert "健康" in await page.get_by_role("heading", level=1).inner_text()
    await paste(office, relay)
    await sheet(office)


def announced(sent: Sent) -> bool:
    return sent.to == EAST and "健康" in sent.text and "黄秀兰" in sent.text


async def hand_served(office: Office) -> str:
    """A group of the same village with no gateway; the path of its page."""
    page = office.second
    await office.open(page, "/relay")
    await page.get_by_label("群名").fill("东沟夜话")
    await page.get_by_label("哪个村的").select_option(label="东沟村")
    await page.get_by_role("button", name="登记", exact=True).click()
    await page.get_by_role("heading", name="东沟夜话").wait_for()
    return page.url


async def paste(office: Office, relay: str) -> None:
    """The announcement waits to be copied by hand, and a 接龙 of that group is pasted, looked at and kept."""
    page = office.second
    await page.goto(relay)
    assert "黄秀兰" in await page.locator(".bubble").first.inner_text()
    await page.get_by_role("button", name="发出去了").first.click()
    await page.get_by_label("粘贴到这里").fill(LIST)
    await page.get_by_role("button", name="读一读").click()
    await page.get_by_role("button", name="就这样，记下").click()
    assert "记下1条" in await page.get_by_role("status").inner_text()


async def sheet(office: Office) -> None:
    """Who signed up is on the sheet, which prints."""
    page = office.first
    await office.open(page, "/lectures/1/sheet")
    words = await page.locator("body").inner_text()
    assert "李阿姨" in words and "王叔" in words
    printed = await page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF") and len(printed) > 5_000


async def opinion(office: Office) -> None:
    """It is answered where it was said, and the one who said it is named."""
    stage, page = office.stage, office.first
    await stage.ask(RESIDENT, "@门楼 意见 村口的路灯坏了", "1号", mention=(BOT,))
    await office.open(page, "/cases")
    await page.get_by_role("link", name="路灯").click()
    await page.get_by_label("写给提的人").fill(ANSWER)
    await page.get_by_role("button", name="答复", exact=True).click()
    answered = await stage.gateway.wait_sent(lambda sent: ANSWER in sent.text)
    assert (answered.to, answered.mentions) == (EAST, (RESIDENT,))
