"""Logging in to WeChat: the code to scan, in the terminal and as a page."""

import io
import logging
import sys

import segno
from aiohttp import web

from bot.transports.base import AccountState

log = logging.getLogger("menlou.login")

_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="refresh" content="5"><title>扫码登录</title><link rel="stylesheet" href="/login.css">
<main><h1>门楼微讲堂</h1>{body}</main></html>"""
_STYLE = """body{font:20px/1.6 sans-serif;margin:0;background:#f4f1ea;color:#222}main{max-width:390px;margin:0 auto;
padding:24px;text-align:center}h1{font-size:26px}svg{width:100%;height:auto;background:#fff;border-radius:12px}"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class LoginDesk:
    """Keeps the account's last state, shows a new code in the terminal, and serves ``/login``."""

    def __init__(self) -> None:
        self._state: AccountState | None = None

    def take(self, state: AccountState) -> None:
        """A transport reported its account."""
        fresh_code = state.qr_code and (self._state is None or self._state.qr_code != state.qr_code)
        self._state = state
        if fresh_code:
            log.info("请用微信扫码登录（也可以打开 /login 页）：")
            segno.make(state.qr_code, error="l").terminal(out=sys.stdout, compact=True)

    def attach(self, application: web.Application) -> None:
        """Add the page's routes."""
        application.router.add_get("/login", self._page)
        application.router.add_get("/login.css", self._css)

    async def _page(self, _request: web.Request) -> web.Response:
        return web.Response(text=_PAGE.format(body=self._body()), content_type="text/html", headers=_HEADERS)

    async def _css(self, _request: web.Request) -> web.Response:
        return web.Response(text=_STYLE, content_type="text/css", headers=_HEADERS)

    def _body(self) -> str:
        state = self._state
        if state is None:
            return "<p>还没有连上微信网关。</p>"
        if state.online:
            return "<p>微信已登录，一切正常。</p>"
        if not state.qr_code:
            return "<p>微信没有登录。正在等网关给出二维码……</p>"
        drawn = io.BytesIO()
        segno.make(state.qr_code, error="m").save(drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=3)
        return f"<p>请用微信扫一扫登录</p>{drawn.getvalue().decode()}"
