"""The web chat against pages and people that mean no good, or cannot keep up."""

import asyncio
import json
import socket
from pathlib import Path

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import BaseTestServer

from bot.transports.base import Outgoing
from bot.transports.webchat import WebRoom, server
from handlers.message import Heard
from tests.webchat_parts import (
    PATIENCE,
    a_chat,
    browsing,
    listening,
    run,
    serving,
    texts,
)


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1", "http://[", "file://"])
def test_another_sites_page_is_refused(tmp_path: Path, origin: str | None) -> None:
    async def story() -> None:
        async with serving(a_chat(tmp_path / "chat.jsonl")) as served, ClientSession() as session:
            with pytest.raises(WSServerHandshakeError) as refused:
                await session.ws_connect(served.make_url("/ws"), origin=origin)
            assert refused.value.status == 403

    run(story)


def test_the_page_is_strict_about_what_it_loads(tmp_path: Path) -> None:
    async def story() -> None:
        async with serving(a_chat(tmp_path / "chat.jsonl")) as served, ClientSession() as session:
            for path in ("/", "/static/chat.js", "/static/view.js", "/static/phrases.js", "/static/chat.css"):
                async with session.get(served.make_url(path)) as got:
                    assert got.status == 200, path
                    assert got.headers["X-Content-Type-Options"] == "nosniff"
                    policy = got.headers["Content-Security-Policy"]
                    assert "default-src 'none'" in policy
                    assert "unsafe" not in policy
                    assert "http" not in (await got.text()).replace("/^http/", ""), "an outside resource?"
            for path in ("/static/index.html", "/static/..%2fchat.py", "/picture/x", "/picture/..%2f..%2fchat.jsonl"):
                async with session.get(served.make_url("/").join(served.make_url(path))) as got:
                    assert got.status == 404, path

    run(story)


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "'; DROP TABLE orders; --",
    "=cmd|' /C calc'!A0",
    "\x00\x1b[31m\u202e\u200b\ufeff",
    '\u2028\u2029\r\n{"do":"said"}\n',
    "🧑‍🌾" * 500,
]


def test_hostile_texts_are_kept_raw_and_served_as_json(tmp_path: Path) -> None:
    log = tmp_path / "chat.jsonl"

    async def story() -> None:
        chat = a_chat(log)
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            await page.until("done", tag="be")
            for text in HOSTILE:
                await page.ask("say", room="r1", text=text)
                assert (await page.until("message"))["message"]["text"] == text[:2000] + "…" * (len(text) > 2000)
            await page.line.send_str('{"do":"say","room":"r1","text":"half \\ud83d of a pair"}')
            assert (await page.until("message"))["message"]["text"] == "half ? of a pair"
            heard = await ear.until(len(HOSTILE) + 1)
            assert [event.text for event in heard if isinstance(event, Heard)][:-1] == HOSTILE
        again = a_chat(log)
        async with serving(again) as served, browsing(served, "p1") as page:
            assert len(texts(await page.until("history", room="r1"))) == len(HOSTILE) + 1

    run(story)


def test_a_huge_text_is_heard_whole_and_shown_short(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat) as ear, serving(chat) as served, browsing(served, "p1") as page:
            await page.until("done", tag="be")
            await page.ask("say", room="r1", text="长" * 33_000)  # 99 kB
            shown = (await page.until("message"))["message"]["text"]
            assert shown == "长" * 2000 + "…"
            (heard,) = await ear.until(1)
            assert isinstance(heard, Heard)
            assert len(heard.text) == 33_000
            await page.ask("say", room="r1", text="长" * 90_000)  # 270 kB: over what one frame may hold
            while (await page.line.receive(timeout=PATIENCE)).type is WSMsgType.TEXT:
                pass
            assert page.line.close_code == 1009
            assert len(ear.events) == 1

    run(story)


NONSENSE = [
    "",
    "{",
    "[" * 100_000,
    "null",
    "[]",
    "1" * 5000,
    '{"do":["be"]}',
    '{"do":"be","person":{}}',
    '{"do":"say"}',
]


def test_nonsense_from_a_page_is_declined(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with serving(chat) as served, browsing(served, "p1") as page:
            await page.until("done", tag="be")
            for nonsense in NONSENSE:
                await page.line.send_str(nonsense)
                await page.until("declined")
            await page.ask("say", room="r1", text=" \n ", tag="empty")
            await page.until("declined", tag="empty")

    run(story)


def test_a_page_that_does_not_read_is_dropped(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat), serving(chat) as served:
            with socket.socket() as lazy:
                lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                lazy.setblocking(False)
                await _open_and_be(lazy, served)
                async with browsing(served, "p1") as quick:
                    await quick.until("done", tag="be")
                    assert len(chat._server._pages) == 2
                    for number in range(20 * server.WAITING):
                        await chat.send(Outgoing("r1", f"{number} " + "推" * 1900))
                        await quick.until("message")
                    assert len(chat._server._pages) == 1, "the lazy page is gone, the quick one stays"

    run(story)
    assert "太慢" in caplog.text


async def _open_and_be(lazy: socket.socket, served: BaseTestServer) -> None:
    """Shake hands, become p1, and read no more after that."""
    loop = asyncio.get_running_loop()
    host = f"{served.host}:{served.port}"
    await loop.sock_connect(lazy, (served.host, served.port))
    hello = (
        f"GET /ws HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    await loop.sock_sendall(lazy, hello.encode())
    assert b"101" in await loop.sock_recv(lazy, 64)
    asked = json.dumps({"do": "be", "person": "p1"}).encode()
    await loop.sock_sendall(lazy, bytes([0x81, 0x80 | len(asked), 0, 0, 0, 0]) + asked)  # masked with zeros


def test_the_same_id_for_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="different"):
        a_chat(tmp_path / "chat.jsonl", [WebRoom("p1", "群", "residents", ())])
