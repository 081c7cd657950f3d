"""The Wechaty transport: keeps a gateway connected for ever, turns its events into ours, and sends."""

import asyncio
import logging
import random
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bot.transports.base import (
    AccountState,
    Echo,
    Event,
    Feed,
    NotSent,
    Outgoing,
    Recalled,
    Refused,
    RoomChanged,
    Uncertain,
)
from bot.transports.wechaty.album import Album
from bot.transports.wechaty.book import Book
from bot.transports.wechaty.gateway import (
    Answered,
    EventType,
    Gateway,
    GatewayError,
    GatewayEvent,
    Gone,
    Payload,
    Unreached,
)
from bot.transports.wechaty.inflow import Inflow, Report
from bot.transports.wechaty.settings import WechatySettings
from bot.transports.wechaty.text import kind_of, parts_of, recalled_id
from handlers.message import Heard, Kind

log = logging.getLogger("menlou.wechaty")

_ACCOUNT_LANE = ""
_TRIES = 3  # to have a message that the gateway announced
_TURNS = 8  # of the loop: enough for an answer that has arrived to be read
_KEPT = 500  # messages of ours whose echo may still come
_SCAN = {
    1: "扫码已取消",
    2: "请用微信扫码登录",
    3: "已扫码，请在手机上确认",
    4: "正在登录",
    5: "二维码已过期，请扫新码",
}


def backoff(attempt: int, first: float, cap: float, chance: float) -> float:
    """How long to wait before the next attempt: doubling, capped, and spread over half of it by a chance in 0–1."""
    return min(cap, first * 2.0 ** min(attempt, 30)) * (0.5 + chance / 2)


def _now() -> datetime:
    return datetime.now(UTC)


class WechatyTransport:
    """`Transport` over a Wechaty gateway. One gateway serves one program: a second one waits until it may."""

    name = "wechaty"

    def __init__(
        self,
        settings: WechatySettings,
        *,
        clock: Callable[[], datetime] = _now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._gateway: Gateway | None = None
        self._connected = asyncio.Event()
        self._account = ""  # kept while offline: it tells our echoes
        self._online = False
        self._came_online = False  # in this connection
        self._reason = "还没有连上网关"
        self._told: tuple[bool, str, str, str] | None = None
        self._sending = 0  # sends that wait for the gateway's answer
        self._own: OrderedDict[str, tuple[str, str]] = OrderedDict()  # our late messages: id → (room, text)
        self._book = Book(settings.cache_size, self._live)
        self._album = Album(self._live, settings.picture_timeout, clock)

    @property
    def ready(self) -> bool:
        return self._gateway is not None and self._online

    # ---- connection ----------------------------------------------------------------------------------------------

    async def listen(self, feed: Feed) -> None:
        self._told, self._online = None, False  # who listens now has been told nothing yet
        inflow = Inflow(feed, self._settings.in_flight)
        attempt = -1
        try:
            while True:
                self._reason, self._came_online = "正在等网关报告登录", False
                reason = await self._session(inflow)
                self._state(inflow, online=False, reason=reason)
                attempt = 0 if self._came_online else attempt + 1
                wait = backoff(attempt, self._settings.backoff_first, self._settings.backoff_cap, self._chance())
                log.warning("%s (%s); connecting again in %.1f s", reason, self._settings.endpoint, wait)
                await asyncio.sleep(wait)
        finally:
            await inflow.close()

    async def _session(self, inflow: Inflow) -> str:
        """One connection from its beginning to its end; returns why it ended."""
        host, port = self._settings.address()
        gateway = Gateway(host, port, self._settings.token, self._settings.call_timeout)
        self._book.forget()
        tasks = (
            asyncio.create_task(self._read(gateway, inflow)),
            asyncio.create_task(self._watch(gateway)),
            asyncio.create_task(gateway.start(self._settings.start_timeout)),
        )
        try:  # no TaskGroup: on 3.11 it swallows a cancellation that comes together with a failure
            await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            return _why(tasks)
        finally:
            self._connected.clear()
            self._gateway = None
            gateway.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, gateway: Gateway, inflow: Inflow) -> None:
        async for event in gateway.events():
            if self._gateway is None:  # the first event: the stream is ours
                self._gateway = gateway
                self._connected.set()
            try:
                self._on(event, inflow)
            except Exception:
                log.exception("an event %s from the gateway could not be understood, passed over", event.type.name)
        raise Gone("网关关闭了连接")

    async def _watch(self, gateway: Gateway) -> None:
        """A frozen gateway is silent in every way but this one. An error in answer is a sign of life."""
        while True:
            await asyncio.sleep(self._settings.ding_every)
            try:
                await gateway.ding(self._settings.ding_timeout)
            except Answered as error:
                log.debug("ding: %s", error)

    def _live(self) -> Gateway:
        if self._gateway is None:
            raise Unreached(self._reason)
        return self._gateway

    # ---- what comes in -------------------------------------------------------------------------------------------

    def _on(self, event: GatewayEvent, inflow: Inflow) -> None:
        about = event.payload
        self._book.refresh(event)
        match event.type:
            case EventType.MESSAGE:
                message_id = str(about["messageId"])
                inflow.put(lambda: self._prepare(message_id))
            case EventType.LOGIN:
                self._account = str(about["contactId"])
                self._state(inflow, online=True)
            case EventType.LOGOUT:
                said = about.get("data")
                why = f"微信号已退出：{said}" if said else "微信号已退出"
                self._state(inflow, online=False, reason=why, logged_out=True)
            case EventType.SCAN:
                status = int(about.get("status") or 0)
                qr_code = str(about.get("qrcode") or "") if status in (0, 2, 5) else ""
                self._state(inflow, online=False, qr_code=qr_code, reason=_SCAN.get(status, "等待登录"))
            case EventType.ROOM_JOIN | EventType.ROOM_LEAVE | EventType.ROOM_TOPIC:
                changed = self._room_changed(event)
                inflow.put(lambda: _prepared(changed))
            case EventType.ERROR:
                log.warning("the gateway reports an error: %.300s", about.get("data") or about)

    def _state(
        self, inflow: Inflow, *, online: bool, reason: str = "", qr_code: str = "", logged_out: bool = False
    ) -> None:
        """The account came, went or waits; told only when something about it is new."""
        self._online = online
        self._came_online |= online
        self._reason = reason
        state = (online, self._account, reason, qr_code)
        if state == self._told:
            return
        self._told = state
        event = AccountState(
            self.name, self._clock(), online, self._account if online else "", qr_code, reason, logged_out
        )
        inflow.put_now(_ACCOUNT_LANE, _reporting(event))

    def _room_changed(self, event: GatewayEvent) -> RoomChanged:
        about = event.payload
        return RoomChanged(
            self.name,
            room_id=str(about["roomId"]),
            at=self._at(about.get("timestamp")),
            name=str(about.get("newTopic") or "") if event.type is EventType.ROOM_TOPIC else None,
            joined=tuple(str(each) for each in about.get("inviteeIdList") or ()),
            left=tuple(str(each) for each in about.get("removeeIdList") or ()),
        )

    def _at(self, timestamp: Any) -> datetime:
        """A gateway's time, in seconds or milliseconds; now, when it tells none that can be."""
        now = self._clock()
        seconds = float(timestamp) if isinstance(timestamp, int | float) else 0.0
        if seconds > 1e11:
            seconds /= 1000
        if not 0 < seconds < now.timestamp() + 86400:
            return now
        return datetime.fromtimestamp(seconds, UTC)

    async def _prepare(self, message_id: str) -> tuple[str, Report] | None:
        """Fetch a message, waiting out a lost connection; None when the gateway does not give it.

        Our own message needs no fetching when the gateway told us its id. Its echo may come a moment before that
        answer, so while sends wait for theirs the loop is given a few turns.
        """
        for _ in range(_TURNS if self._sending else 0):
            if message_id in self._own:
                break
            await asyncio.sleep(0)
        if own := self._own.pop(message_id, None):
            room, text = own
            return room, _reporting(Echo(self.name, room, message_id, text, self._clock()))
        payload = await self._fetch(message_id)
        return None if payload is None else (payload.room_id or payload.talker_id, lambda: self._report(payload))

    async def _fetch(self, message_id: str) -> Payload | None:
        """Tries while there is a connection; a try that ends with its connection does not count."""
        tries = 0
        while tries < _TRIES:
            await self._connected.wait()
            gateway = self._gateway
            try:
                return await self._live().message(message_id)
            except GatewayError as error:
                tries += gateway is self._gateway
                log.warning("message %s cannot be had (try %d of %d): %s", message_id, tries, _TRIES, error)
                await asyncio.sleep(self._settings.backoff_first / 4)
        log.error("message %s is lost: the gateway announced it and does not give it", message_id)
        return None

    async def _report(self, payload: Payload) -> Event | None:
        at = self._at(payload.timestamp)
        taken_back = recalled_id(payload.type, payload.text)
        if taken_back is not None:
            return Recalled(self.name, taken_back, at) if taken_back else None
        kind = kind_of(payload.type, payload.text)
        own = bool(payload.talker_id) and payload.talker_id == self._account
        if own:
            text = payload.text if kind in (Kind.TEXT, Kind.NOTE) else ""
            return Echo(self.name, payload.room_id or payload.listener_id, payload.id, text, at)
        if not payload.talker_id:
            log.info("a message of type %d without a sender is passed over", payload.type)
            return None
        return await self._heard(payload, kind, at)

    async def _heard(self, payload: Payload, kind: Kind, at: datetime) -> Heard:
        room, talker = payload.room_id, payload.talker_id
        mentioned = False
        if room:
            name, topic = await self._book.member(room, talker), await self._book.topic(room)
            mentioned = await self._book.addressed(self._account, room, payload.text, payload.mention_ids)
        else:
            name, topic = await self._book.contact(talker), ""
        if kind is Kind.IMAGE and not room:
            self._album.announce(payload.id)
        return Heard(
            transport=self.name,
            message_id=payload.id,
            room_id=room or talker,
            sender_id=talker,
            text="" if kind is Kind.IMAGE else payload.text,
            at=at,
            sender_name=name,
            room_name=topic,
            direct=not room,
            mentioned=mentioned,
            kind=kind,
        )

    async def picture(self, message_id: str) -> bytes | None:
        return await self._album.fetch(message_id)

    # ---- what goes out -------------------------------------------------------------------------------------------

    async def send(self, message: Outgoing) -> str:
        """Send the text in parts, then the picture and the file. The id is the first part's.

        When a later part fails as `NotSent`, something has already gone out, so it is told as `Uncertain`.
        """
        gateway = self._gateway
        if gateway is None or not self._online:
            raise NotSent(self._reason or "微信号不在线")
        timeout = self._settings.send_timeout
        ids: list[str] = []
        self._sending += 1
        try:
            for index, part in enumerate(parts_of(message)):
                mention_ids = [] if index else [member for member, _ in message.mentions]
                ids.append(await gateway.send_text(message.room_id, part, mention_ids, timeout))
                self._remember(ids[-1], message.room_id, part)
            if message.image is not None:
                ids.append(await gateway.send_file(message.room_id, message.image, message.image_name, timeout))
            if message.file is not None:
                ids.append(await gateway.send_file(message.room_id, message.file, message.file_name, timeout))
        except Unreached as error:
            raise (Uncertain(f"只发出了一部分：{error}") if ids else NotSent(str(error))) from error
        except Gone as error:
            raise Uncertain(str(error)) from error
        except Answered as error:
            if not self._online:  # it went offline meanwhile, and that is why
                raise (Uncertain("只发出了一部分") if ids else NotSent(self._reason)) from error
            raise Refused(str(error)) from error
        finally:
            self._sending -= 1
        return next((each for each in ids if each), "")

    def _remember(self, message_id: str, room: str, text: str) -> None:
        """Keep what we sent until its echo comes, the latest `_KEPT` of them."""
        if message_id:
            self._own[message_id] = room, text
        while len(self._own) > _KEPT:
            self._own.popitem(last=False)


def _why(tasks: Iterable[asyncio.Task[None]]) -> str:
    """Why a connection ended, told by the first of its tasks that failed."""
    for task in tasks:
        error = task.exception() if task.done() else None
        if isinstance(error, GatewayError):
            return str(error)
        if error is not None:
            log.error("the connection to the gateway failed in an unforeseen way", exc_info=error)
    return "与网关的连接出错"


def _reporting(event: Event) -> Report:
    async def report() -> Event:
        return event

    return report


async def _prepared(event: RoomChanged) -> tuple[str, Report]:
    return event.room_id, _reporting(event)
