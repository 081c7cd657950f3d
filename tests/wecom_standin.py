"""A stand-in for WeCom on loopback: it speaks the documented protocol of webhooks and of the aibot's long connection,
and misbehaves as it is told.

``hook_misdeeds`` is what it does to the next posts, ``misdeeds`` to the next frames of a command, in their order; None
is to behave.
"""

import asyncio
import base64
import ctypes
import hashlib
import json
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Self

from aiohttp import ClientError, WSMsgType, web

from bot.transports.wecom.cipher import _openssl

SECRET = "SeCrEt-0f-the-aibot-7d41"
BOT_ID = "aibStandIn01"
KEY, OTHER_KEY = "693a91f6-aaaa-4bc4-97a0-0ec2sifa5aaa", "11111111-bbbb-4bc4-97a0-0ec2sifa5bbb"
GROUP, OTHER_GROUP = "wrOgQhDgAAcwMTB7YmDkbeBsgT_EAST", "wrOgQhDgAAcwMTB7YmDkbeBsgT_WEST"
PERSON, OTHER_PERSON = "WangDaNiang", "LiShuJi"
PATIENCE = 10.0

Frame = dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """Something that a chat shows of the bot. ``way`` is answer or push, or webhook."""

    room: str
    kind: str
    content: str | bytes
    way: str
    mentioned: tuple[str, ...] = ()


@dataclass
class Standin:
    hook_misdeeds: deque[Any] = field(default_factory=deque)
    misdeeds: dict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    shown: list[Shown] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    posts: int = 0
    connections: int = 0
    kicks: bool = True  # whether a newer subscription puts the older one out
    keep_open: bool = False  # a connection that was put out stays open, as was seen in practice
    pictures: dict[str, bytes] = field(default_factory=dict)  # as they lie on their server
    _live: web.WebSocketResponse | None = None
    _asked: dict[str, str] = field(default_factory=dict)  # req_id → room
    _owed: list[Callable[[], Any]] = field(default_factory=list)
    _uploads: dict[str, tuple[Frame, list[bytes]]] = field(default_factory=dict)
    _media: dict[str, bytes] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Self:
        application = web.Application(client_max_size=8 * 1024 * 1024)
        application.router.add_post("/cgi-bin/webhook/send", self._hook)
        application.router.add_get("/ws", self._connected)
        application.router.add_get("/media/{name}", self._picture)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.api, self.ws = f"http://127.0.0.1:{self.port}", f"ws://127.0.0.1:{self.port}/ws"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over.set()
        if self._live is not None:
            _abort(self._live)
        await self._runner.cleanup()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something that it keeps is so."""
        try:
            async with asyncio.timeout(PATIENCE), self._news:
                await self._news.wait_for(true)
        except TimeoutError:
            raise AssertionError(
                f"it did not come about; frames: {[each.get('cmd') for each in self.frames]}"
            ) from None

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    def texts(self, room: str = "") -> list[str | bytes]:
        return [each.content for each in self.shown if each.kind != "image" and room in ("", each.room)]

    # ---- webhooks ------------------------------------------------------------------------------------------------

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        self.posts += 1
        body = await request.json()
        await self._tell()
        if self.hook_misdeeds and (misdeed := self.hook_misdeeds.popleft()) is not None:
            return await self._misbehave(request, misdeed)
        return web.json_response(self._take_post(request.query.get("key", ""), body))

    def _take_post(self, key: str, body: Frame) -> Frame:
        kind = body.get("msgtype")
        if key not in (KEY, OTHER_KEY):
            # what it says must not get the key into our logs
            return {"errcode": 93000, "errmsg": f"invalid webhook url {key}, hint: [177], from ip: 198.51.100.7"}
        if kind not in ("text", "markdown", "image"):
            return {"errcode": 40008, "errmsg": "invalid message type"}
        about = body[kind]
        if kind == "image":
            picture = base64.b64decode(about["base64"])
            if hashlib.md5(picture).hexdigest() != about["md5"] or len(picture) > 2 * 1024 * 1024:
                return {"errcode": 40009, "errmsg": "invalid image size"}
            self.shown.append(Shown(key, kind, picture, "webhook"))
        else:
            if len(about["content"].encode()) > {"text": 2048, "markdown": 4096}[kind]:
                return {"errcode": 45002, "errmsg": "content size out of limit"}
            mentioned = tuple(about.get("mentioned_list", ()))
            self.shown.append(Shown(key, kind, about["content"], "webhook", mentioned))
        return {"errcode": 0, "errmsg": "ok"}

    async def _misbehave(self, request: web.Request, misdeed: Any) -> web.StreamResponse:
        match misdeed:
            case int():
                return web.json_response({"errcode": misdeed, "errmsg": f"said with {request.query['key']}"})
            case ("status", code):
                return web.Response(status=code, text="<html>sorry</html>", headers={"Location": "/login"})
            case "hang":
                await self._over.wait()
            case "half":
                answer = web.StreamResponse(headers={"Content-Length": "40"})
                await answer.prepare(request)
                await answer.write(b'{"errcode": 0, ')
            case bytes():
                return web.Response(body=misdeed, content_type="application/json")
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    # ---- the long connection -------------------------------------------------------------------------------------

    async def _connected(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=8 * 1024 * 1024)
        await socket.prepare(request)
        self.connections += 1
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            frame = json.loads(message.data)
            self.frames.append(frame)
            waiting = self.misdeeds[frame["cmd"]]
            try:
                if waiting and (misdeed := waiting.popleft()) is not None:
                    await self._misanswer(socket, frame, misdeed)
                else:
                    await self._answer(socket, frame, await self._take(socket, frame))
            except (ClientError, ConnectionError):
                break
            await self._tell()
        if self._live is socket:
            self._live = None
        await self._tell()
        return socket

    async def _answer(self, socket: web.WebSocketResponse, frame: Frame, answer: Frame) -> None:
        await socket.send_json({"headers": {"req_id": frame["headers"]["req_id"]}, "errmsg": "ok"} | answer)

    async def _take(self, socket: web.WebSocketResponse, frame: Frame) -> Frame:
        body, cmd = frame.get("body", {}), frame["cmd"]
        if cmd == "aibot_subscribe":
            return await self._subscribe(socket, body)
        if self._live is not socket:
            return {"errcode": 846609, "errmsg": "aibot websocket not subscribed"}
        match cmd:
            case "ping":
                return {"errcode": 0}
            case "aibot_respond_msg":
                return self._respond(frame["headers"]["req_id"], body)
            case "aibot_send_msg":
                return self._say(body)
            case _:
                return self._upload(cmd, body)

    async def _subscribe(self, socket: web.WebSocketResponse, body: Frame) -> Frame:
        if (body["bot_id"], body["secret"]) != (BOT_ID, SECRET):
            return {"errcode": 853000, "errmsg": f"signature is incorrect: {body['secret']}, from ip: 198.51.100.7"}
        older, self._live = self._live, socket
        if older is not None and self.kicks:
            await self._put_out(older)
        return {"errcode": 0}

    def _say(self, body: Frame) -> Frame:
        chats = {2: (GROUP, OTHER_GROUP), 1: (PERSON, OTHER_PERSON)}[body["chat_type"]]
        if body["chatid"] not in chats:
            return {"errcode": 93006 if body["chat_type"] == 2 else 40003, "errmsg": "invalid chatid"}
        return self._show(body["chatid"], body, "push", ("markdown", "image"))

    def _respond(self, req_id: str, body: Frame) -> Frame:
        if req_id not in self._asked:
            return {"errcode": 846605, "errmsg": "invalid req_id"}
        return self._show(self._asked[req_id], body, "answer", ("stream", "image"))

    def _show(self, room: str, body: Frame, way: str, kinds: tuple[str, ...]) -> Frame:
        kind = body["msgtype"]
        if kind not in kinds:
            return {"errcode": 40008, "errmsg": "invalid message type"}
        about = body[kind]
        if kind == "image":
            if about.get("media_id") not in self._media:
                return {"errcode": 40007, "errmsg": "invalid media_id"}
            self.shown.append(Shown(room, kind, self._media[about["media_id"]], way))
        else:
            assert kind == "markdown" or (about["finish"] is True and about["id"])
            self.shown.append(Shown(room, kind, about["content"], way))
        return {"errcode": 0}

    def _upload(self, cmd: str, body: Frame) -> Frame:
        match cmd:
            case "aibot_upload_media_init":
                upload = f"upload-{next(self._numbers)}"
                self._uploads[upload] = (body, [])
                return {"errcode": 0, "body": {"upload_id": upload}}
            case "aibot_upload_media_chunk":
                about, chunks = self._uploads[body["upload_id"]]
                chunk = base64.b64decode(body["base64_data"])
                if body["chunk_index"] != len(chunks) or len(chunk) > 512 * 1024:
                    return {"errcode": 40058, "errmsg": "invalid chunk"}
                chunks.append(chunk)
                return {"errcode": 0}
            case "aibot_upload_media_finish":
                about, chunks = self._uploads.pop(body["upload_id"])
                picture = b"".join(chunks)
                told = (about["total_size"], about["total_chunks"], about["md5"])
                if told != (len(picture), len(chunks), hashlib.md5(picture).hexdigest()):
                    return {"errcode": 40006, "errmsg": "invalid file size"}
                media = f"media-{next(self._numbers)}"
                self._media[media] = picture
                return {"errcode": 0, "body": {"type": "image", "media_id": media, "created_at": 1}}
        return {"errcode": 40058, "errmsg": "unknown cmd"}

    async def _misanswer(self, socket: web.WebSocketResponse, frame: Frame, misdeed: Any) -> None:
        match misdeed:
            case int():
                await self._answer(socket, frame, {"errcode": misdeed, "errmsg": f"no: {SECRET}"})
            case dict():
                await self._answer(socket, frame, misdeed)
            case "no id":
                await socket.send_json({"errcode": 40058, "errmsg": "missing field `body`"})
            case "wrong id":
                await socket.send_json({"headers": {"req_id": "of-somebody-else"}, "errcode": 0, "errmsg": "ok"})
            case "late":
                taken = await self._take(socket, frame)
                self._owed.append(lambda: self._answer(socket, frame, taken))
            case "close":
                await socket.close()
            case "abort":
                _abort(socket)
            case "half":
                _write(socket, b"\x81\x7e\x01\x00" + b'{"headers":')  # 256 bytes are promised
                _abort(socket)
            case "silence":
                pass

    async def pay(self) -> None:
        """Give the answers that are late."""
        owed, self._owed = self._owed, []
        for each in owed:
            await each()

    # ---- what people and WeCom itself do -------------------------------------------------------------------------

    async def say(self, body: Frame, *, who: str = PERSON, room: str = "", again: str = "") -> str:
        """A person says something, alone with the bot or in a group; returns its id. ``again``: it is told twice."""
        msgid = again or f"CAIQ{next(self._numbers)}"
        req_id = f"req-{next(self._numbers)}"
        self._asked[req_id] = room or who
        whole = {
            "msgid": msgid,
            "aibotid": BOT_ID,
            "chattype": "group" if room else "single",
            "from": {"userid": who},
            "create_time": int(time.time()),
            **({"chatid": room} if room else {}),
            **body,
        }
        await self.push({"cmd": "aibot_msg_callback", "headers": {"req_id": req_id}, "body": whole})
        return msgid

    async def say_text(self, text: str, *, who: str = PERSON, room: str = "", again: str = "") -> str:
        return await self.say({"msgtype": "text", "text": {"content": text}}, who=who, room=room, again=again)

    def forget_questions(self) -> None:
        """What people asked is too old to be answered as such."""
        self._asked.clear()

    def lay(self, picture: bytes) -> Frame:
        """A picture on its server, enciphered as WeCom does; returns what a message tells of it."""
        name = f"picture-{next(self._numbers)}"
        key = hashlib.sha256(name.encode()).digest()
        self.pictures[name] = encipher(picture, key)
        aeskey = base64.b64encode(key).decode().rstrip("=")
        return {"url": f"{self.api}/media/{name}", "aeskey": aeskey}

    async def _picture(self, request: web.Request) -> web.Response:
        found = self.pictures.get(request.match_info["name"])
        return web.Response(status=404) if found is None else web.Response(body=found)

    async def push(self, frame: Any) -> None:
        assert self._live is not None, "nobody is subscribed"
        await self._live.send_str(frame if isinstance(frame, str) else json.dumps(frame))

    async def push_bytes(self, data: bytes) -> None:
        assert self._live is not None, "nobody is subscribed"
        await self._live.send_bytes(data)

    def push_raw(self, data: bytes) -> None:
        """Bytes that need not be a frame."""
        assert self._live is not None, "nobody is subscribed"
        _write(self._live, data)

    async def kick(self) -> None:
        """Somebody else subscribed."""
        older, self._live = self._live, None
        assert older is not None
        await self._put_out(older)

    async def drop(self) -> None:
        """The connection breaks."""
        assert self._live is not None
        _abort(self._live)

    async def _put_out(self, socket: web.WebSocketResponse) -> None:
        event = {"eventtype": "disconnected_event"}
        about = {"msgid": "e1", "aibotid": BOT_ID, "msgtype": "event", "event": event}
        await socket.send_json({"cmd": "aibot_event_callback", "headers": {"req_id": "e1"}, "body": about})
        if not self.keep_open:
            await socket.close()


def _write(socket: web.WebSocketResponse, data: bytes) -> None:
    """Bytes of our own, past the protocol."""
    assert socket._req is not None and socket._req.transport is not None
    socket._req.transport.write(data)


def _abort(socket: web.WebSocketResponse) -> None:
    if socket._req is not None and socket._req.transport is not None:
        socket._req.transport.abort()


def encipher(plain: bytes, key: bytes) -> bytes:
    """AES-256-CBC as WeCom pads it, by OpenSSL's other direction (the tests hold the deciphering to NIST's vectors)."""
    pad = 32 - len(plain) % 32
    data = plain + bytes([pad]) * pad
    crypto, done, out = _openssl(), ctypes.c_int(), ctypes.create_string_buffer(len(data) + 16)
    pointer = ctypes.c_void_p
    crypto.EVP_EncryptInit_ex.argtypes = [pointer, pointer, pointer, ctypes.c_char_p, ctypes.c_char_p]
    crypto.EVP_EncryptUpdate.argtypes = [pointer, pointer, pointer, ctypes.c_char_p, ctypes.c_int]
    context = crypto.EVP_CIPHER_CTX_new()
    assert crypto.EVP_EncryptInit_ex(context, crypto.EVP_aes_256_cbc(), None, key, key[:16])
    assert crypto.EVP_EncryptUpdate(context, out, ctypes.byref(done), data, len(data))
    crypto.EVP_CIPHER_CTX_free(context)
    assert done.value == len(data)
    return out.raw[: len(data)]
