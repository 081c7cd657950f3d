"""Logging in: the code to scan, in the terminal and as a page, and what the page says otherwise."""

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.login import LoginDesk
from bot.transports.base import AccountState
from tests.town import NOW


def page_of(*states: AccountState) -> tuple[str, str]:
    """The page after these states, and its Content-Security-Policy."""

    async def fetch() -> tuple[str, str]:
        desk, application = LoginDesk(), web.Application()
        desk.attach(application)
        for state in states:
            desk.take(state)
        async with TestClient(TestServer(application)) as client:
            response = await client.get("/login")
            style = await client.get("/login.css")
            assert (response.status, style.status) == (200, 200)
            return await response.text(), response.headers["Content-Security-Policy"]

    return asyncio.run(fetch())


def waiting(code: str) -> AccountState:
    return AccountState("wechaty", NOW, online=False, qr_code=code)


def test_the_page_shows_the_code_and_nothing_foreign(capsys: pytest.CaptureFixture[str]) -> None:
    page, policy = page_of(waiting("https://login.weixin.qq.com/l/abc"))
    assert "<svg" in page
    assert "扫一扫" in page
    assert "script" not in page
    assert policy.startswith("default-src 'none'")
    assert len(capsys.readouterr().out.splitlines()) > 10  # the same code, drawn in the terminal


def test_a_code_is_drawn_once_and_a_new_one_again(capsys: pytest.CaptureFixture[str]) -> None:
    page_of(waiting("one"), waiting("one"))
    once = capsys.readouterr().out
    page_of(waiting("one"), waiting("two"))
    assert len(capsys.readouterr().out) > 1.5 * len(once)


def test_what_the_page_says_without_a_code() -> None:
    assert "还没有连上" in page_of()[0]
    assert "已登录" in page_of(waiting("one"), AccountState("wechaty", NOW, online=True))[0]
    assert "没有登录" in page_of(AccountState("wechaty", NOW, online=False))[0]
