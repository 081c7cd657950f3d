"""Webhooks of WeCom's 消息推送 (群机器人): one webhook speaks into one internal group, and hears nothing.

By WeCom's documentation (消息推送配置说明): a POST of JSON to ``/cgi-bin/webhook/send?key=…``; text of at most 2,048
bytes, markdown of at most 4,096, PNG or JPEG of at most 2 MB as base64 with its md5; at most 20 messages a minute for
each webhook; the answer is ``{"errcode": 0, "errmsg": "ok"}``. Whoever has the key can speak in the group, so the key
is in no log, no error and no ``repr``; and as it is a part of the address, no error of the HTTP library is quoted.
"""

import asyncio
import base64
import hashlib
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    TCPConnector,
)

from bot.transports.base import AccountState, Feed, NotSent, Outgoing, Refused, TransportError, Uncertain
from bot.transports.wecom import verdict
from bot.transports.wecom.settings import Hook, HookSettings
from bot.transports.wecom.text import split_bytes

log = logging.getLogger("menlou.wecom")

_SPAN = 60.0  # seconds that a limit per minute looks back
_JSON = {"Content-Type": "application/json"}
_ANSWER_LIMIT = 64 * 1024  # bytes of an answer that are read
_UNPROCESSED = frozenset({429, 503})  # the gate-keeper's own words: the request went no further


class Limiter:
    """At most so many messages in any minute. The clock is any that only goes forward, in seconds."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most = most
        self._clock = clock
        self._sent: deque[float] = deque()

    def wait(self, messages: int) -> float:
        """Seconds until so many messages may leave; 0 when they may now."""
        now = self._clock()
        while self._sent and self._sent[0] <= now - _SPAN:
            self._sent.popleft()
        over = len(self._sent) + messages - self._most
        return max(0.0, self._sent[over - 1] + _SPAN - now) if over > 0 else 0.0

    def sent(self) -> None:
        self._sent.append(self._clock())

    def exhausted(self) -> None:
        """The other side says that it is full: whatever we counted, a minute of silence."""
        self._sent = deque([self._clock()] * self._most)


class WecomHook:
    """`Transport` over webhooks; a room's id is the webhook's name."""

    name = "wecom-hook"

    def __init__(
        self,
        settings: HookSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._now = now
        self._hooks = {hook.name: hook for hook in settings.hooks}
        self._limits = {hook.name: Limiter(settings.per_minute, clock) for hook in settings.hooks}
        self._listening = False

    @property
    def ready(self) -> bool:
        return self._listening

    async def listen(self, feed: Feed) -> None:
        """There is nothing to hear: say once that we can speak, and wait."""
        self._listening = True
        try:
            await feed(AccountState(self.name, self._now(), online=True))
            await asyncio.Event().wait()
        finally:
            self._listening = False

    async def picture(self, message_id: str) -> bytes | None:
        return None

    async def send(self, message: Outgoing) -> str:
        """Send the text in parts, then the picture; WeCom gives no ids.

        All parts must fit the minute's limit before the first leaves. When a later part fails as `NotSent`, something
        has already gone out, so it is told as `Uncertain`.
        """
        if not self._listening:
            raise NotSent("还没有开始")
        hook = self._hooks.get(message.room_id)
        if hook is None or message.direct:
            raise Refused(f"webhook 清单里没有“{message.room_id}”这个群")
        bodies = list(self._bodies(hook, message))
        if len(bodies) > self._settings.per_minute:
            raise Refused(f"太长了，要分 {len(bodies)} 条，一分钟只许 {self._settings.per_minute} 条")
        wait = self._limits[hook.name].wait(len(bodies))
        if wait > 0:
            raise NotSent(f"这个群一分钟只许 {self._settings.per_minute} 条，还要等 {wait:.0f} 秒")
        for number, body in enumerate(bodies):
            try:
                await self._post(hook, body)
            except TransportError as error:
                log.warning("%s: part %d of %d: %s", hook.name, number + 1, len(bodies), error)
                if number and isinstance(error, NotSent):
                    raise Uncertain(f"只发出了一部分：{error}") from None
                raise
        log.info("%s: %d sent", hook.name, len(bodies))
        return ""

    def _bodies(self, hook: Hook, message: Outgoing) -> Iterator[dict[str, Any]]:
        mentioned = [member for member, _ in message.mentions]
        if hook.markdown:
            text = "".join(f"<@{member}>" for member in mentioned) + message.text
            for part in split_bytes(text, self._settings.markdown_bytes):
                yield {"msgtype": "markdown", "markdown": {"content": part}}
        else:
            for number, part in enumerate(split_bytes(message.text, self._settings.text_bytes)):
                named = {} if number or not mentioned else {"mentioned_list": mentioned}
                yield {"msgtype": "text", "text": {"content": part, **named}}
        if message.image is not None:
            if len(message.image) > self._settings.image_bytes:
                raise Refused(f"图片有 {len(message.image) // 1024} KB，webhook 最多收 2 MB")
            encoded, digest = base64.b64encode(message.image).decode(), hashlib.md5(message.image).hexdigest()  # noqa: S324
            yield {"msgtype": "image", "image": {"base64": encoded, "md5": digest}}

    async def _post(self, hook: Hook, body: dict[str, Any]) -> None:
        """One message; raises a `TransportError` unless WeCom says that it took it."""
        url = f"{self._settings.api.rstrip('/')}/cgi-bin/webhook/send"
        limits = ClientTimeout(total=self._settings.timeout)
        written = json.dumps(body, ensure_ascii=False).encode()  # they do not want \u escapes
        self._limits[hook.name].sent()
        try:  # a connection of its own for each: one that was kept may be closed just as we write
            async with (
                ClientSession(connector=TCPConnector(force_close=True), timeout=limits) as http,
                http.post(
                    url, params={"key": hook.key}, data=BytesIO(written), headers=_JSON, allow_redirects=False
                ) as answer,
            ):
                status = answer.status
                said = await _read(answer) if status == 200 else b""
        except (ClientConnectorError, ConnectionTimeoutError):
            raise NotSent("连不上企业微信") from None
        except TimeoutError:
            raise Uncertain("企业微信没有回音") from None
        except (ClientError, OSError, ValueError) as error:
            raise Uncertain(f"企业微信的回答断了（{type(error).__name__}）") from None
        self._weigh(hook, status, said)

    def _weigh(self, hook: Hook, status: int, said: bytes) -> None:
        if status in _UNPROCESSED or 300 <= status < 400:  # a page that asks to log in to the network, and the like
            raise NotSent(f"企业微信眼下不收（HTTP {status}）")
        if 400 <= status < 500:
            raise Refused(f"企业微信拒绝（HTTP {status}）")
        if status != 200:
            raise Uncertain(f"企业微信出错（HTTP {status}）")
        try:
            answer = json.loads(said)
            code = answer["errcode"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Uncertain("企业微信的回答看不懂") from None
        if not isinstance(code, int) or isinstance(code, bool):
            raise Uncertain("企业微信的回答看不懂")
        if code in verdict.TOO_FAST:
            self._limits[hook.name].exhausted()
        if code:
            raise verdict.of_code(code, str(answer.get("errmsg", "")), hook.key)


async def _read(answer: ClientResponse) -> bytes:
    """What was answered; nothing when it is longer than any answer can be."""
    said = b""
    async for part in answer.content.iter_any():
        said += part
        if len(said) > _ANSWER_LIMIT:
            return b""
    return said
