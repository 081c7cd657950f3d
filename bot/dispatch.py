"""Events from the transports, on their way to the worker."""

import asyncio
import logging
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from bot.sender import Sender
from bot.transports.base import AccountState, Echo, Event, Recalled, RoomChanged, Transport
from bot.worker import Worker
from data import inbox, lectures, rooms
from data.glance import glance
from data.names import clean_name
from data.tables import RoleKind
from handlers.answers import could_answer
from handlers.knowledge import Knowledge
from handlers.message import Heard, Kind
from handlers.take import Listener, Outcome
from handlers.understand import Utterance, concerns

log = logging.getLogger("menlou.dispatch")

_READ = frozenset({Kind.TEXT, Kind.NOTE})
_PICTURED = frozenset({RoleKind.COORDINATOR, RoleKind.LECTURER})  # whose pictures can belong to a lecture
_AT_A_TIME = 4  # pictures that are fetched at once: each may weigh 10 MB


class Dispatch:
    """Feeds what a transport reports into the house: people's words to the listener, our echo to the sender."""

    def __init__(
        self,
        listener: Listener,
        worker: Worker,
        sender: Sender,
        clock: Callable[[], datetime],
        transports: Mapping[str, Transport] | None = None,
    ) -> None:
        self._listener = listener
        self._worker = worker
        self._sender = sender
        self._clock = clock
        self.transports = transports or {}
        self._fetching = asyncio.Semaphore(_AT_A_TIME)
        self._open: frozenset[tuple[str, str]] | None = None  # rooms with a lecture to sign up for, as last looked up

    @property
    def knowledge(self) -> Knowledge:
        """What the bot knows now."""
        return self._listener.knowledge

    def learn(self, knowledge: Knowledge) -> None:
        """Know this from now on; a turn that has begun ends with what it knew."""
        self._listener = self._listener.knowing(knowledge)

    async def look_up_lectures(self) -> None:
        """Learn in which rooms "我也去" can be a sign-up, so that elsewhere the gate lets less through."""
        self._open = await self._worker.run(lambda session: lectures.open_rooms(session, now=self._clock()))

    def take_now(self, session: Session, heard: Heard, *, now: datetime) -> Outcome:
        """Take what a person pasted, within the caller's transaction; chatter stays chatter."""
        return self._listener.take(session, heard, now=now) if self.concerns(heard) else Outcome.SILENT

    async def feed(self, event: Event) -> None:
        """Take one event. Never raises for what a message holds: a transport's stream must go on."""
        match event:
            case Heard():
                await self._hear(event)
            case Echo():
                await self._sender.heard_echo(event)
            case RoomChanged(name=str()):
                await self._worker.run(lambda session: _rename(session, event))
            case RoomChanged():
                log.debug("%s", event)
            case Recalled():
                await self._worker.run(
                    lambda session: inbox.take_back(session, event.transport, event.message_id, now=self._clock())
                )
            case AccountState():
                log.info("%s %s %s", event.transport, "在线" if event.online else "离线", event.reason)
                self._sender.wake()

    def concerns(self, heard: Heard) -> bool:
        """The gate: whether a message is worth a turn. Pure and cheap, for most lines are not meant for us."""
        if any(ear.could(heard) for ear in self._listener.ears):
            return True
        if heard.kind not in _READ or not heard.text:
            return False
        if heard.addressed:
            return True
        listen = self._listener.knowledge.listen_mode(heard.room_name, heard.room_id)
        lecture_open = self._open is None or (heard.transport, heard.room_id) in self._open
        said = Utterance(heard.text, lecture_open=lecture_open, listen=listen)
        return concerns(said) or self._listener.router.could_call(heard.text) or could_answer(heard.text)

    async def _hear(self, heard: Heard) -> None:
        if not self.concerns(heard):
            return
        started = time.perf_counter()
        try:
            whole = await self._with_picture(heard)
            outcome = await self._worker.run(lambda session: self._listener.take(session, whole, now=self._clock()))
        except Exception as error:  # a turn must not take the stream down: it is kept, told, and apologised for
            log.exception("处理消息 %s 时出错", heard.message_id)
            await self._apologise(heard, error)
            return
        if outcome is Outcome.ANSWERED:
            log.debug("%s 用时 %.1f ms", heard.message_id, (time.perf_counter() - started) * 1e3)
            self._sender.wake()

    async def _with_picture(self, heard: Heard) -> Heard:
        """The message with what it shows, where a lecturer or a coordinator sent a picture to us alone.

        No other picture is ever fetched: not a stranger's, and nobody's out of a group.
        """
        transport = self.transports.get(heard.transport)
        if heard.kind is not Kind.IMAGE or not heard.direct or transport is None:
            return heard
        known = await self._worker.run(
            lambda session: glance(
                session,
                transport=heard.transport,
                message_id=heard.message_id,
                room=heard.room_id,
                member=heard.sender_id,
                now=self._clock(),
            )
        )
        if known.seen or known.member is None or known.member.roles.isdisjoint(_PICTURED):
            return heard
        async with self._fetching:
            return replace(heard, picture=await transport.picture(heard.message_id))

    async def _apologise(self, heard: Heard, error: Exception) -> None:
        told = "".join(traceback.format_exception(error))
        try:
            await self._worker.run(lambda session: self._listener.apologise(session, heard, told, now=self._clock()))
        except SQLAlchemyError:
            log.exception("消息 %s 没能记下", heard.message_id)
            return
        self._sender.wake()


def _rename(session: Session, event: RoomChanged) -> None:
    room = rooms.find_room(session, event.transport, event.room_id)
    if room is not None and event.name:
        room.name = clean_name(event.name, fallback=room.name)
