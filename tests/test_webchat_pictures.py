"""Pictures that people send from the page of the web chat."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import BaseTestServer

from bot.transports.base import PICTURE_LIMIT, Outgoing
from bot.transports.webchat import Declined, WebChat, memory, server
from bot.transports.webchat.values import picture_type
from handlers.message import Heard, Kind
from tests.webchat_parts import NOON, PATIENCE, PNG, a_chat, browsing, listening, run, serving

JPEG = b"\xff\xd8\xff\xe0 the hall, full of people"
HTML = b"<script>alert(1)</script>"


@dataclass
class Page:
    """What the page does with a chosen file."""

    served: BaseTestServer
    session: ClientSession

    async def send(
        self,
        body: bytes | AsyncIterator[bytes],
        *,
        person: str = "p1",
        room: str = "p1",
        origin: str | None = "",
    ) -> tuple[int, str]:
        """Post a picture; returns the status and the words. The page's own origin, unless told."""
        own = f"http://{self.served.host}:{self.served.port}"
        headers = {} if origin is None else {"Origin": origin or own}
        address = self.served.make_url("/picture").with_query(person=person, room=room)
        async with self.session.post(address, data=body, headers=headers) as answer:
            return answer.status, await answer.text()

    async def look(self, message_id: str) -> tuple[int, str, bytes]:
        async with self.session.get(self.served.make_url(f"/picture/{message_id}")) as answer:
            return answer.status, answer.content_type, await answer.read()


def kept(log: Path) -> list[Path]:
    return sorted((log.parent / "chat-pictures").glob("*"))


def test_a_picture_is_shown_in_the_chat_and_heard(tmp_path: Path) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with (
            listening(chat) as ear,
            serving(chat) as served,
            browsing(served, "p1") as tab,
            ClientSession() as session,
        ):
            page = Page(served, session)
            await tab.until("done", tag="be")
            for room, direct, name in (("p1", True, ""), ("r1", False, "上坪村乡亲群")):
                assert await page.send(JPEG, room=room) == (204, "")
                shown = (await tab.until("message"))["message"]
                assert (shown["room"], shown["sender"], shown["text"]) == (room, "p1", "")
                assert (shown["picture"], shown["bot"]) == (True, False)
                assert await page.look(shown["id"]) == (200, "image/jpeg", JPEG)
                assert (await ear.until(len(ear.events) or 1))[-1] == Heard(
                    "webchat", shown["id"], room, "p1", "", NOON, "坪顶梁伯", name, direct=direct, kind=Kind.IMAGE
                )

    run(story)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PNG, "image/png"),
        (JPEG, "image/jpeg"),
        (b"GIF89a...", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", ""),
        (b"\x00\x00\x00\x18ftypheic", ""),  # no browser of ours shows it
        (b"<svg xmlns='http://www.w3.org/2000/svg'>", ""),
        (HTML, ""),
        (b"", ""),
    ],
)
def test_what_is_a_picture_shows_in_its_first_bytes(head: bytes, kind: str) -> None:
    assert picture_type(head) == kind


def test_what_does_not_go_is_told_and_not_kept(tmp_path: Path) -> None:
    taken = 0

    async def huge() -> AsyncIterator[bytes]:
        nonlocal taken
        yield JPEG
        for _ in range(100):
            taken += 1
            yield bytes(2**20)

    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat) as ear, serving(chat) as served, ClientSession() as session:
            page = Page(served, session)
            assert await page.send(HTML) == (400, "这个文件不是图片。能发的是JPG、PNG、GIF和WebP")
            assert (await page.send(b""))[0] == 400
            assert await page.send(JPEG, person="p9") == (400, "请先选一个人")
            assert await page.send(JPEG, room="r2") == (400, "您不在这个群里")
            assert await page.send(JPEG, room="p2") == (400, "您不在这个群里"), "somebody else's direct chat"
            for strange in ("https://evil.example", None):
                assert (await page.send(JPEG, origin=strange))[0] == 403
            status, why = await page.send(huge())  # with no length given
            assert (status, "最大10MB" in why) == (400, True)
            assert taken < 50, "what is too much is not read to its end"
            assert not kept(tmp_path / "chat.jsonl")
            assert not ear.events
            assert (await page.send(JPEG))[0] == 204, "and then all goes on"

    run(story)


def test_a_length_above_the_limit_is_refused_before_it_is_sent(tmp_path: Path) -> None:
    async def story() -> None:
        async with serving(a_chat(tmp_path / "chat.jsonl")) as served:
            host = f"{served.host}:{served.port}"
            reader, writer = await asyncio.open_connection(served.host, served.port)
            writer.write(
                f"POST /picture?person=p1&room=p1 HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
                f"Content-Length: {PICTURE_LIMIT + 1}\r\n\r\n".encode()
            )
            async with asyncio.timeout(PATIENCE):
                answer = await reader.readuntil(b"\xe4\xb8\x80\xe7\x82\xb9\xe7\x9a\x84")  # 一点的
            assert b" 400 " in answer
            writer.close()

    run(story)


def test_who_hangs_up_half_way_sends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        chat = a_chat(tmp_path / "chat.jsonl")
        async with serving(chat) as served, ClientSession() as session:
            host = f"{served.host}:{served.port}"
            for _ in range(server.UPLOADS + 1):
                _, writer = await asyncio.open_connection(served.host, served.port)
                writer.write(
                    f"POST /picture?person=p1&room=p1 HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n"
                    "Content-Length: 1000\r\n\r\n".encode()
                    + JPEG
                )
                await writer.drain()
                writer.close()
                await writer.wait_closed()
            page = Page(served, session)
            async with asyncio.timeout(PATIENCE):
                while (await page.send(JPEG))[0] == 503:  # it has not noticed yet
                    pass
        assert len(kept(tmp_path / "chat.jsonl")) == 1

    run(story)
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


def test_only_so_many_come_at_a_time_and_not_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "UPLOADS", 1)

    async def story() -> None:
        begun, go = asyncio.Event(), asyncio.Event()

        async def slow() -> AsyncIterator[bytes]:
            yield JPEG
            begun.set()
            await go.wait()

        async with serving(a_chat(tmp_path / "chat.jsonl")) as served, ClientSession() as session:
            page = Page(served, session)
            first = asyncio.create_task(page.send(slow()))
            await begun.wait()
            while (answer := await page.send(JPEG))[0] == 204:  # the first had not got so far
                pass
            assert answer == (503, "正在收别的图片，请过一会儿再发")
            go.set()
            assert (await first)[0] == 204
            monkeypatch.setattr(server, "UPLOAD_TIME", 0.05)
            go.clear()
            assert await page.send(slow()) == (408, "网络太慢，图片没有收完整，请再发一次")

    run(story)


def test_a_picture_that_is_taken_back_is_gone(tmp_path: Path) -> None:
    log = tmp_path / "chat.jsonl"

    async def story() -> None:
        chat = a_chat(log)
        async with listening(chat), serving(chat) as served, ClientSession() as session:
            message_id = chat.show("p1", "p1", JPEG)
            assert await chat.picture(message_id) == JPEG
            chat.recall("p1", message_id)
            assert await chat.picture(message_id) is None
            assert (await Page(served, session).look(message_id))[0] == 404
        assert not kept(log)

    run(story)


def test_pictures_outlive_a_restart_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "KEPT", 2)
    log = tmp_path / "chat.jsonl"
    before = a_chat(log)
    first = before.show("p1", "p1", JPEG)
    again = a_chat(log)
    assert asyncio.run(again.picture(first)) == JPEG
    for text in ("一", "二"):
        again.say("p1", "p1", text)
    assert asyncio.run(again.picture(first)) is None
    assert not kept(log), "a message that is shown no more needs no picture"


def test_the_oldest_pictures_go_when_there_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "PICTURES", 2 * len(JPEG))
    log = tmp_path / "chat.jsonl"
    chat = a_chat(log)
    ids = []
    for age in range(4, 0, -1):
        ids.append(chat.show("p1", "p1", JPEG))
        os.utime(kept(log)[0].parent / f"{ids[-1]}.image", (NOON.timestamp() - age,) * 2)
    assert [asyncio.run(chat.picture(each)) for each in ids] == [None, None, JPEG, JPEG]


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    chat = a_chat(tmp_path / "gone" / "chat.jsonl")
    (tmp_path / "gone").rmdir()
    with pytest.raises(Declined, match="没能存下来"):
        chat.show("p1", "p1", JPEG)


def test_the_bots_own_pictures_are_as_before(tmp_path: Path) -> None:
    async def story() -> None:
        chat: WebChat = a_chat(tmp_path / "chat.jsonl")
        async with listening(chat), serving(chat) as served, ClientSession() as session:
            sent = await chat.send(Outgoing("r1", "", image=PNG))
            assert await Page(served, session).look(sent) == (200, "image/png", PNG)

    run(story)
