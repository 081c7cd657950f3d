"""WeCom's aibot (智能机器人) over its long connection: hears who addresses it, answers, and speaks of its own accord.

By WeCom's documentation (智能机器人长连接): a connection begins with ``aibot_subscribe``; a bot has one, and a newer
one takes its place, which ``disconnected_event`` tells the older; ``ping`` every 30 s; messages come as
``aibot_msg_callback`` and are answered under the same req_id with ``aibot_respond_msg`` (a stream of one piece, or a
picture by its media_id); ``aibot_send_msg`` speaks at any other time, in markdown, and only where somebody has spoken
to the bot before; 30 messages a minute and 1,000 an hour to one chat. It gives no id of what we say, tells no echo,
and cannot @ anybody.
"""

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

from aiohttp import ClientError, ClientSession, ClientTimeout, ClientWSTimeout

from bot.transports.base import AccountState, Feed, NotSent, Outgoing, Refused, TransportError, Uncertain
from bot.transports.wecom import verdict
from bot.transports.wecom.album import Album
from bot.transports.wecom.asked import Asked
from bot.transports.wecom.frames import said_in
from bot.transports.wecom.lanes import Lanes
from bot.transports.wecom.link import Frame, Link, LinkError, Unanswered, Unwritten, code_of
from bot.transports.wecom.settings import BotSettings
from bot.transports.wecom.text import split_bytes
from bot.transports.wecom.upload import upload

log = logging.getLogger("menlou.wecom")

_ACCOUNT_LANE = ""
_SEEN = 1000  # ids of messages that are remembered, so that one told twice is heard once
_GOODBYE = ClientWSTimeout(ws_close=2.0)
_FRAME_LIMIT = 8 * 1024 * 1024  # bytes of a frame that comes in


@dataclass(frozen=True, slots=True)
class End:
    """Why a connection ended, and how long to leave it (None: by the usual backoff)."""

    reason: str
    wait: float | None = None
    logged_out: bool = False


class WecomBot:
    """`Transport` over the aibot's long connection."""

    name = "wecom-bot"

    def __init__(
        self,
        settings: BotSettings,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        chance: Callable[[], float] = random.random,
        rest: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._rest = rest
        self._link: Link | None = None  # one that is subscribed
        self._reason = "还没有连上企业微信"
        self._told: tuple[bool, str] | None = None
        self._taken = 0  # how many times on end a newer connection took the bot
        self._was_taken = False  # in this connection
        self._closing: asyncio.Task[None] | None = None
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._asked = Asked(settings.reply_window, clock)
        self._album = Album(settings.picture_timeout, plain_http=urlsplit(settings.ws).scheme == "ws")

    @property
    def ready(self) -> bool:
        return self._link is not None

    async def picture(self, message_id: str) -> bytes | None:
        return await self._album.fetch(message_id)

    # ---- connection ----------------------------------------------------------------------------------------------

    async def listen(self, feed: Feed) -> None:
        self._told = None  # who listens now has been told nothing yet
        lanes = Lanes(feed)
        attempt = -1
        try:
            while True:
                was_online, end = await self._session(lanes)
                self._state(lanes, online=False, reason=end.reason, logged_out=end.logged_out)
                attempt = 0 if was_online else attempt + 1
                wait = end.wait
                if wait is None:
                    doubled = self._settings.backoff_first * 2.0 ** min(attempt, 30)
                    wait = min(self._settings.backoff_cap, doubled) * (0.5 + self._chance() / 2)
                log.warning("%s; connecting again in %.1f s", end.reason, wait)
                await self._rest(wait)
        finally:
            await lanes.close()

    async def _session(self, lanes: Lanes) -> tuple[bool, End]:
        """One connection from its beginning to its end: whether it came to be subscribed, and why it ended."""
        self._was_taken = False
        limits = ClientTimeout(total=None, sock_connect=self._settings.connect_timeout)
        async with ClientSession(timeout=limits) as http:
            try:
                async with asyncio.timeout(self._settings.connect_timeout):
                    socket = await http.ws_connect(self._settings.ws, max_msg_size=_FRAME_LIMIT, timeout=_GOODBYE)
            except (ClientError, OSError, TimeoutError) as error:
                return False, End(f"连不上企业微信（{type(error).__name__}）")
            link = Link(socket, lambda frame: self._on(frame, link, lanes))
            reading = asyncio.create_task(link.read())
            living = asyncio.create_task(self._live(link, lanes))
            try:
                await asyncio.wait((reading, living), return_when=asyncio.FIRST_COMPLETED)
                return self._link is link, self._end(reading, living)
            finally:
                self._link = None
                self._asked.forget()
                for task in (reading, living):
                    task.cancel()
                await asyncio.gather(reading, living, return_exceptions=True)
                await link.close()

    async def _live(self, link: Link, lanes: Lanes) -> End:
        """Subscribe, then ping for ever; returns why that ended."""
        about = {"bot_id": self._settings.bot_id, "secret": self._settings.secret}
        try:
            answer = await link.ask("aibot_subscribe", about, self._settings.ack_timeout)
            if (code := code_of(answer)) != 0:
                return self._refused(code, str(answer.get("errmsg", "")))
            self._link = link
            log.info("subscribed to WeCom")
            self._state(lanes, online=True)
            while True:
                await asyncio.sleep(self._settings.ping_every)
                answer = await link.ask("ping", None, self._settings.ping_timeout)
                if code_of(answer) == verdict.NOT_SUBSCRIBED:
                    return End(verdict.describe(verdict.NOT_SUBSCRIBED))
        except LinkError as error:
            return End(str(error))

    def _refused(self, code: int | None, said: str) -> End:
        """The subscription was refused: a wrong secret waits for a person, a busy other side only for a while."""
        if code is None:
            return End("企业微信的回答看不懂")
        busy = isinstance(verdict.of_code(code), NotSent)
        why = verdict.describe(code, said, self._settings.secret)
        told = why if busy else f"智能机器人登不上，请核对 Bot ID 和 Secret。{why}"
        return End(told, None if code == verdict.SYSTEM_BUSY else self._settings.refused_wait, logged_out=not busy)

    def _end(self, reading: asyncio.Task[str], living: asyncio.Task[End]) -> End:
        if self._was_taken:
            wait = min(self._settings.kicked_wait * 2.0 ** min(self._taken, 30), self._settings.kicked_cap)
            self._taken += 1
            told = f"别的程序用同一个智能机器人连上了，这边先让开 {wait / 60:.0f} 分钟。一个机器人只能有一条长连接"
            return End(told, wait, logged_out=True)
        self._taken = 0
        for task in (living, reading):
            if not task.done():
                continue
            if (error := task.exception()) is not None:
                log.error("the connection to WeCom failed in an unforeseen way", exc_info=error)
                return End("与企业微信的连接出错")
        return living.result() if living.done() else End(reading.result())

    def _state(self, lanes: Lanes, *, online: bool, reason: str = "", logged_out: bool = False) -> None:
        """The account came or went; told only when something about it is new."""
        self._reason = reason
        if self._told == (online, reason):
            return
        self._told = (online, reason)
        account = self._settings.bot_id if online else ""
        state = AccountState(self.name, self._clock(), online, account, reason=reason, logged_out=logged_out)
        lanes.put(_ACCOUNT_LANE, state)

    # ---- what comes in -------------------------------------------------------------------------------------------

    def _on(self, frame: Frame, link: Link, lanes: Lanes) -> None:
        body = frame.get("body")
        match frame.get("cmd"):
            case "aibot_msg_callback" if isinstance(body, dict):
                self._hear(frame, body, lanes)
            case "aibot_event_callback" if isinstance(body, dict):
                event = body.get("event")
                if isinstance(event, dict) and event.get("eventtype") == "disconnected_event":
                    self._taken_over(link)
            case other:
                log.debug("a frame %.40r is passed over", other)

    def _taken_over(self, link: Link) -> None:
        """Even where they leave the connection open, nothing comes over it any more."""
        self._was_taken, self._link = True, None
        self._closing = asyncio.create_task(link.close())

    def _hear(self, frame: Frame, body: Frame, lanes: Lanes) -> None:
        said = said_in(body, self.name, self._clock())
        if not said:
            log.info("a message of type %.20r is passed over", body.get("msgtype"))
            return
        first = said[0].heard
        headers = frame.get("headers")
        req_id = headers.get("req_id") if isinstance(headers, dict) else None
        if isinstance(req_id, str) and req_id:
            self._asked.note(first.room_id, first.message_id, req_id, first.sender_id)
        if first.message_id in self._seen:
            log.info("message %s came again, passed over", first.message_id)
            return
        self._seen[first.message_id] = None
        while len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        for each in said:
            if each.media is not None and each.heard.direct:
                self._album.announce(each.heard.message_id, each.media)
            lanes.put(each.heard.room_id, each.heard)

    # ---- what goes out -------------------------------------------------------------------------------------------

    async def send(self, message: Outgoing) -> str:
        """Upload the picture, say the text in parts, then show the picture; WeCom gives no ids.

        When a later part fails as `NotSent`, something has already gone out, so it is told as `Uncertain`.
        """
        link = self._link
        if link is None:
            raise NotSent(self._reason or "智能机器人不在线")
        told = 0
        try:
            pieces = [("text", each) for each in split_bytes(_with_names(message), self._settings.text_bytes)]
            if message.image is not None:
                pieces.append(("image", await self._upload(link, message.image, message.image_name)))
            req_id = self._asked.take(message.room_id, [member for member, _ in message.mentions])
            for kind, piece in pieces:
                req_id = await self._say(link, message, kind, piece, req_id)
                told += 1
        except TransportError as error:
            log.warning("piece %d to %s: %s", told + 1, message.room_id, error)
            if told and isinstance(error, NotSent):
                raise Uncertain(f"只发出了一部分：{error}") from None
            raise
        return ""

    async def _upload(self, link: Link, picture: bytes, name: str) -> str:
        """The picture's media_id; whatever goes wrong, nothing has been said yet."""
        if len(picture) > self._settings.image_bytes:
            raise Refused(f"图片有 {len(picture) // 1024} KB，企业微信最多收 10 MB")

        async def ask(cmd: str, body: Frame) -> Frame:
            try:
                answer = await self._ask(link, cmd, body)
            except Uncertain as error:
                raise NotSent(f"图片没传上去：{error}") from None
            told = answer.get("body")
            return told if isinstance(told, dict) else {}

        try:
            async with asyncio.timeout(self._settings.upload_timeout):
                return await upload(ask, picture, name, self._settings.chunk_bytes)
        except TimeoutError:
            raise NotSent("图片传得太慢，没传完") from None

    async def _say(self, link: Link, message: Outgoing, kind: str, piece: str, req_id: str) -> str:
        """Say one piece, as an answer where ``req_id`` still is one; returns the req_id for the next piece."""
        if req_id:
            answer: Frame = {"msgtype": "image", "image": {"media_id": piece}}
            if kind == "text":
                answer = {"msgtype": "stream", "stream": {"id": uuid4().hex, "finish": True, "content": piece}}
            try:
                await self._ask(link, "aibot_respond_msg", answer, req_id)
            except _TooLate:
                log.info("too late to answer under the old id: it is said anew")
            else:
                return req_id
        body = {"chatid": message.room_id, "chat_type": 1 if message.direct else 2}
        what = {"msgtype": "image", "image": {"media_id": piece}}
        if kind == "text":
            what = {"msgtype": "markdown", "markdown": {"content": piece}}
        await self._ask(link, "aibot_send_msg", body | what)
        return ""

    async def _ask(self, link: Link, cmd: str, body: Frame, req_id: str = "") -> Frame:
        """A request that WeCom says it took; raises a `TransportError`."""
        try:
            answer = await link.ask(cmd, body, self._settings.ack_timeout, req_id)
        except Unwritten as error:
            raise NotSent(str(error)) from None
        except Unanswered as error:
            raise Uncertain(str(error)) from None
        code = code_of(answer)
        if code is None:
            raise Uncertain("企业微信的回答看不懂")
        if code == verdict.NOT_SUBSCRIBED:
            await link.close()  # the session ends, and a new one subscribes
        if code in verdict.NO_SUCH_REQUEST and req_id:
            raise _TooLate
        if code:
            raise verdict.of_code(code, str(answer.get("errmsg", "")), self._settings.secret)
        return answer


class _TooLate(TransportError):
    """The message that this answers is too old to be answered as such; nothing was said."""


def _with_names(message: Outgoing) -> str:
    """The bot cannot @ anybody, so who is meant is written out."""
    names: Iterable[str] = (name for _, name in message.mentions)
    return "".join(f"@{name} " for name in names if name) + message.text
