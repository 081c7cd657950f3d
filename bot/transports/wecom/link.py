"""One WebSocket connection to WeCom: frames out, answers matched to them, and everything else handed on.

By WeCom's documentation (智能机器人长连接) a frame is JSON ``{"cmd", "headers": {"req_id"}, "body"}``; the answer to
one of ours has no cmd but our req_id and an errcode. Seen in practice: an answer to a body that could not be read comes
without any req_id; and a message may be taken although its answer never comes, so what was written is uncertain.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from itertools import count
from typing import Any
from uuid import uuid4

from aiohttp import ClientError, ClientWebSocketResponse, WSMsgType

log = logging.getLogger("menlou.wecom")

Frame = dict[str, Any]


class LinkError(Exception):
    """A request that got no answer; the text is short, Chinese, and free of secrets.

    LinkError
    ├── Unwritten   it certainly did not leave
    └── Unanswered  it left, and the answer never came
    """


class Unwritten(LinkError):
    pass


class Unanswered(LinkError):
    pass


class Link:
    """A connection. Use it once; `read` it to its end, `close` it, and make another."""

    def __init__(self, socket: ClientWebSocketResponse, on_frame: Callable[[Frame], None]) -> None:
        self._socket = socket
        self._on_frame = on_frame
        self._asked: dict[str, asyncio.Future[Frame]] = {}
        self._prefix = uuid4().hex[:12]
        self._numbers = count(1)

    def new_id(self) -> str:
        return f"menlou-{self._prefix}-{next(self._numbers)}"

    async def ask(self, cmd: str, body: Frame | None, timeout: float, req_id: str = "") -> Frame:
        """Send a frame and wait for its answer, whatever its errcode. Raises `LinkError`."""
        req_id = req_id or self.new_id()
        frame = {"cmd": cmd, "headers": {"req_id": req_id}} | ({} if body is None else {"body": body})
        if self._socket.closed or req_id in self._asked:
            raise Unwritten("与企业微信的连接断了")
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._asked[req_id] = answer
        try:
            async with asyncio.timeout(timeout):
                try:
                    await self._socket.send_str(json.dumps(frame, ensure_ascii=False))
                except (ClientError, OSError):  # some of it may have left
                    raise Unanswered("与企业微信的连接断了") from None
                return await answer
        except TimeoutError:
            raise Unanswered("企业微信没有回音") from None
        finally:
            del self._asked[req_id]

    async def read(self) -> str:
        """Hand on what comes until the connection ends; returns why it ended. What nobody can read is passed over."""
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                self._take(message.data)
            else:
                log.warning("a frame of type %s is passed over", message.type.name)
        return f"企业微信断开了连接（{self._socket.close_code or '没说原因'}）"

    async def close(self) -> None:
        """Whoever waits for an answer is told at once that there will be none."""
        for answer in self._asked.values():
            if not answer.done():
                answer.set_exception(Unanswered("连接断了，没等到回音"))
        await self._socket.close()

    def _take(self, data: str) -> None:
        try:
            frame = json.loads(data)
        except (ValueError, RecursionError):
            log.warning("a frame of %d characters is no JSON, passed over", len(data))
            return
        if not isinstance(frame, dict):
            log.warning("a frame that is no object is passed over")
        elif "errcode" not in frame:
            try:
                self._on_frame(frame)
            except Exception:  # whatever they send, the stream must go on
                log.exception("a frame %.40r could not be understood, passed over", frame.get("cmd"))
        else:
            self._answered(frame)

    def _answered(self, frame: Frame) -> None:
        headers = frame.get("headers")
        req_id = headers.get("req_id") if isinstance(headers, dict) else None
        if not req_id and isinstance(frame.get("errcode"), int) and frame["errcode"] and len(self._asked) == 1:
            req_id = next(iter(self._asked))  # its body was not even read; nothing else can be meant
        answer = self._asked.get(req_id) if isinstance(req_id, str) else None
        if answer is None or answer.done():
            log.info("an answer to nothing that we wait for is passed over")
        else:
            answer.set_result(frame)


def code_of(frame: Frame) -> int | None:
    """The answer's code; None where it has none, which tells nothing."""
    code = frame.get("errcode")
    return code if isinstance(code, int) and not isinstance(code, bool) else None
