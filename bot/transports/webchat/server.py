"""The page over HTTP and its WebSocket: the one file of the web chat that speaks aiohttp's language."""

import asyncio
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit

from aiohttp import ClientConnectionResetError, WSMsgType, web

from bot.transports.base import PICTURE_LIMIT
from bot.transports.webchat.conversation import TOO_BIG, Conversation, Declined
from bot.transports.webchat.values import BOT, Said, picture_type

log = logging.getLogger("menlou.webchat")

FRAME = 256 * 1024  # bytes of the largest WebSocket message that we read
WAITING = 256  # messages that may wait for a slow page before it is dropped,
WAITING_BYTES = 16 * 1024 * 1024  # and how much they may weigh
PAGES = 200  # pages open at a time
UPLOADS = 4  # pictures that are being sent to us at a time
UPLOAD_TIME = 60.0  # seconds that one of them may take

_STATIC = Path(__file__).parent / "static"
_FILES = frozenset({"chat.css", "chat.js", "icon.svg", "phrases.js", "view.js"})
_SAFE = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


class Server:
    """Serves the page, and shows every open page what happens in the chats of its person."""

    def __init__(self, talk: Conversation, zone: str) -> None:
        self._talk = talk
        self._zone = zone
        self._pages: set[Page] = set()
        self._uploads = 0

    def attach(self, app: web.Application) -> None:
        app.router.add_get("/", self._index)
        app.router.add_get("/ws", self._socket)
        app.router.add_get("/static/{file}", self._file)
        app.router.add_get("/picture/{id}", self._picture)
        app.router.add_get("/file/{id}", self._handed)
        app.router.add_post("/picture", self._upload)
        app.on_shutdown.append(self._close)

    def show(self, said: Said) -> None:
        """Show a message, or that it was taken back, to all who are in that chat."""
        watching = [page for page in self._pages if said.room in self._talk.chats_of(page.person)]
        if watching:
            frame = _frame("message", message=_shown(said))
            for page in watching:
                page.offer(frame)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return web.FileResponse(_STATIC / "index.html", headers=_SAFE)

    async def _file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["file"]
        if name not in _FILES:
            return _refusal(404, "没有这个文件")
        return web.FileResponse(_STATIC / name, headers=_SAFE)

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        picture = self._talk.memory.picture(request.match_info["id"])
        if picture is None:
            return _refusal(404, "没有这张图片")
        kind = picture_type(picture) or "application/octet-stream"
        return web.Response(body=picture, content_type=kind, headers=_SAFE)

    async def _handed(self, request: web.Request) -> web.StreamResponse:
        """A file that the bot handed over: to be saved, never shown as a page."""
        found = self._talk.memory.file(request.match_info["id"])
        if found is None:
            return _refusal(404, "没有这个文件")
        name, content = found
        headers = _SAFE | {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}
        return web.Response(body=content, content_type="application/octet-stream", headers=headers)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        """A person sends a picture: the body, whoever and wherever the query says."""
        if not same_origin(request.headers):
            log.warning("拒绝了别处网页发来的图片：%r", request.headers.get("Origin", ""))
            return _refusal(403, "只接受本页面发的图片")
        person, room = request.query.get("person", ""), request.query.get("room", "")
        if self._uploads >= UPLOADS:
            return _refusal(503, "正在收别的图片，请过一会儿再发")
        self._uploads += 1
        try:
            self._talk.speaker(person, room)
            async with asyncio.timeout(UPLOAD_TIME):
                self._talk.show(person, room, await _body(request))
        except Declined as why:
            return _refusal(400, str(why))
        except TimeoutError:
            return _refusal(408, "网络太慢，图片没有收完整，请再发一次")
        finally:
            self._uploads -= 1
        return web.Response(status=204, headers=_SAFE)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if not same_origin(request.headers):
            log.warning("拒绝了别处网页的连接：%r", request.headers.get("Origin", ""))
            return _refusal(403, "只接受本页面的连接")
        if len(self._pages) >= PAGES:
            return _refusal(503, "打开的页面太多了")
        socket = web.WebSocketResponse(max_msg_size=FRAME, heartbeat=30, compress=False)
        await socket.prepare(request)
        page = Page(socket, request.transport)
        self._pages.add(page)
        writer = asyncio.create_task(page.write())
        page.offer(self._hello())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._take(page, message.data)
        finally:
            self._pages.discard(page)
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        return socket

    async def _close(self, app: web.Application) -> None:
        await asyncio.gather(*(page.close() for page in tuple(self._pages)))

    def _hello(self) -> str:
        people = [
            {"id": each.id, "name": each.name, "role": each.role, "about": each.about, "chats": self._chats(each.id)}
            for each in self._talk.people.values()
        ]
        rooms = [
            {"id": each.id, "name": each.name, "kind": each.kind, "size": len(each.members) + 1}
            for each in self._talk.rooms.values()
        ]
        return _frame(
            "hello",
            bot=self._talk.bot_name,
            zone=self._zone,
            people=people,
            rooms=rooms,
            last=self._talk.memory.last_number,
            largest=PICTURE_LIMIT,
            tooBig=TOO_BIG,
        )

    def _chats(self, person_id: str) -> list[str]:
        return list(self._talk.chats_of(person_id))

    def _take(self, page: "Page", data: str) -> None:
        """Do what the page asks. What it sends is from a browser: anything may be in it."""
        try:
            asked = json.loads(data)
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            asked = {}
        do, person, room, text, message_id, tag = (
            value if isinstance(value := asked.get(key), str) else ""
            for key in ("do", "person", "room", "text", "id", "tag")
        )
        try:
            match do:
                case "be":
                    self._be(page, person)
                case "say":
                    self._talk.say(page.person, room, text)
                case "recall":
                    self._talk.recall(page.person, message_id)
                case _:
                    raise Declined("看不懂这个请求")
        except Declined as why:
            page.offer(_frame("declined", tag=tag[:64], why=str(why)))
        else:
            page.offer(_frame("done", tag=tag[:64]))

    def _be(self, page: "Page", person_id: str) -> None:
        """The page is that person from now on: show it that person's chats."""
        if person_id not in self._talk.people:
            raise Declined("没有这个人")
        page.person = person_id
        for room in self._talk.chats_of(person_id):
            messages = [_shown(said) for said in self._talk.memory.last_of(room)]
            page.offer(_frame("history", person=person_id, room=room, messages=messages))


class Page:
    """One open page: what waits to be shown on it, bounded. A page too slow is dropped; it comes back to history."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self.person = ""
        self._socket = socket
        self._transport = transport
        self._queue: asyncio.Queue[str] = asyncio.Queue(WAITING)
        self._weight = 0

    def offer(self, frame: str) -> None:
        """Show this as soon as the page takes it."""
        if self._queue.full() or self._weight > WAITING_BYTES:
            log.warning("有一个页面太慢，已断开，它会自己重新连接")
            if self._transport is not None:
                self._transport.abort()
            return
        self._weight += len(frame) * 3  # bytes of a Chinese character
        self._queue.put_nowait(frame)

    async def write(self) -> None:
        """Show one after another until cancelled or disconnected."""
        try:
            while True:
                frame = await self._queue.get()
                await self._socket.send_str(frame)
                self._weight -= len(frame) * 3
        except ClientConnectionResetError:
            log.debug("页面关上了")

    async def close(self) -> None:
        """Say goodbye: we are going down."""
        await self._socket.close(code=1001, message="小门要休息一下".encode())


def same_origin(headers: Mapping[str, str]) -> bool:
    """Whether the page that asks is ours. A browser always says where a WebSocket comes from; silence is refused."""
    try:
        origin = urlsplit(headers.get("Origin", ""))
    except ValueError:
        return False
    host = headers.get("Host", "").lower()
    return origin.scheme in ("http", "https") and bool(host) and origin.netloc.lower() == host


async def _body(request: web.Request) -> bytes:
    """What is being sent to us, as far as it can be a picture's; `Declined` when there is more."""
    if (request.content_length or 0) > PICTURE_LIMIT:
        raise Declined(TOO_BIG)
    got = bytearray()
    async for chunk in request.content.iter_any():
        got += chunk
        if len(got) > PICTURE_LIMIT:
            raise Declined(TOO_BIG)
    return bytes(got)


def _frame(do: str, **fields: object) -> str:
    return json.dumps({"do": do, **fields}, ensure_ascii=False)


def _shown(said: Said) -> dict[str, object]:
    return {
        "id": said.id,
        "number": said.number,
        "room": said.room,
        "sender": said.sender,
        "name": said.name,
        "text": said.text,
        "at": said.at.isoformat(),
        "bot": said.sender == BOT,
        "picture": said.picture and not said.recalled,
        "file": "" if said.recalled else said.file,
        "recalled": said.recalled,
    }


def _refusal(status: int, why: str) -> web.Response:
    return web.Response(status=status, text=why, headers=_SAFE)
