"""One connection to a Wechaty gateway: the only module that touches the Wechaty packages.

It speaks through the puppet layer (`PuppetService`) but takes neither its ``start()`` nor its event loop nor its
message mapping, each for a reason that was seen on the real gateway:

- ``start()`` calls the gateway's ``Stop`` first, which logs a simulated account out, throws out any other client, and
  would make two clients fight for ever; and before that it blocks the whole process in a telnet probe;
- its event loop dies of one odd event (a scan status, a `dong` with an unknown field);
- ``message_payload()`` raises IndexError for message types from 16 up, and renumbers the rest;
- ``message_image()`` fails above 20 KB, where the gateway answers with the id of a file (FileBox type 7) that has to be
  fetched by ``Download``, which the Python stub does not have. That road works, but the gateway then keeps the picture
  on its disk for three weeks, and dies of a file that it does not have. So a picture is read as a stream, at any size.

So the channel is opened here; the event stream, the messages and the pictures are read from the puppet's own gRPC stub
as they are; and the rest (sending texts, people, rooms, ding) is left to `PuppetService`.
"""

import asyncio
import base64
import json
import logging
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from grpclib.client import Channel
from grpclib.const import Status
from grpclib.exceptions import GRPCError, ProtocolError, StreamTerminatedError

with warnings.catch_warnings():  # telnetlib, which the puppet layer imports, is deprecated in 3.11 and 3.12
    warnings.simplefilter("ignore", DeprecationWarning)
    from wechaty_grpc.wechaty import PuppetStub
    from wechaty_puppet import PuppetOptions
    from wechaty_puppet_service import PuppetService

log = logging.getLogger("menlou.wechaty")

_LOST = (StreamTerminatedError, ProtocolError, OSError)
_BASE64_BOX = 1
_HD = 2  # the size of a picture as WeChat shows it; the original can be many times that
_ANSWER_NEVER_CAME = {Status.CANCELLED, Status.DEADLINE_EXCEEDED, Status.UNAVAILABLE}


class GatewayError(Exception):
    """Something went wrong between us and the gateway; the text is short, Chinese, and free of the token.

    GatewayError
    ├── Unreached   no connection: the call certainly did not arrive
    ├── Gone        the connection ended, or the answer never came: the call may have arrived
    └── Answered    the gateway answered with an error
    """


class Unreached(GatewayError):
    pass


class Gone(GatewayError):
    pass


class Answered(GatewayError):
    def __init__(self, status: str, detail: str) -> None:
        first = detail.strip().split("\n", 1)[0]  # a stack trace may follow
        super().__init__(f"网关拒绝：{first.removeprefix('GError: ').removeprefix('Error: ') or status}"[:120])
        self.status = status


class EventType(IntEnum):
    """What the gateway reports (wechaty-grpc's numbers); whatever else it sends is passed over."""

    HEARTBEAT = 1
    MESSAGE = 2
    DONG = 3
    ERROR = 16
    ROOM_JOIN = 19
    ROOM_LEAVE = 20
    ROOM_TOPIC = 21
    SCAN = 22
    LOGIN = 25
    LOGOUT = 26
    DIRTY = 27


@dataclass(frozen=True, slots=True)
class GatewayEvent:
    type: EventType
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Payload:
    """A message as the gateway keeps it. ``type`` is Wechaty's own number, whatever it is."""

    id: str
    type: int
    text: str
    timestamp: float
    talker_id: str
    listener_id: str
    room_id: str
    mention_ids: tuple[str, ...]


class Gateway:
    """A connection. Use it once; `close` it, and make another."""

    def __init__(self, host: str, port: int, token: str, call_timeout: float) -> None:
        self._channel = Channel(host=host, port=port)
        self._puppet = _puppet(self._channel, token)
        self._call_timeout = call_timeout
        self._closed = False

    def close(self) -> None:
        self._closed = True
        self._channel.close()

    async def start(self, patience: float) -> None:
        """Ask the gateway to start its account; one that has been started stays as it is."""
        await self._call(self._puppet.puppet_stub.start, patience=patience)

    async def events(self) -> AsyncIterator[GatewayEvent]:
        """What happens, until the connection ends. An event that cannot be read is told and passed over."""
        with _told():
            async for response in self._puppet.puppet_stub.event():
                event = _read(int(response.type), response.payload)
                if event is not None:
                    yield event

    async def ding(self, patience: float) -> None:
        await self._call(self._puppet.ding, "menlou", patience=patience)

    async def message(self, message_id: str) -> Payload:
        raw = await self._call(self._puppet.puppet_stub.message_payload, id=message_id)
        return Payload(
            id=raw.id or message_id,
            type=int(raw.type),
            text=raw.text,
            timestamp=float(raw.timestamp),
            talker_id=raw.from_id,
            listener_id=raw.to_id,
            room_id=raw.room_id,
            mention_ids=tuple(raw.mention_ids),
        )

    async def picture(self, message_id: str, limit: int, patience: float) -> bytes | None:
        """What a picture shows; None where it is empty or above ``limit`` bytes.

        A picture that the gateway does not have gets no answer, not an error: that takes all the patience.
        """
        return await self._call(self._picture, message_id, limit, patience=patience)  # type: ignore[no-any-return]

    async def _picture(self, message_id: str, limit: int) -> bytes | None:
        got = bytearray()
        async with aclosing(self._puppet.puppet_stub.message_image_stream(id=message_id, type=_HD)) as stream:
            async for part in stream:  # the first has a file name and no data
                got += part.file_box_chunk.data
                if len(got) > limit:
                    log.info("picture %s is above %d bytes", message_id, limit)
                    return None
        return bytes(got) or None

    async def contact_name(self, contact_id: str) -> str:
        return str((await self._call(self._puppet.contact_payload, contact_id)).name)

    async def room_topic(self, room_id: str) -> str:
        return str((await self._call(self._puppet.room_payload, room_id)).topic)

    async def member_names(self, room_id: str, contact_id: str) -> tuple[str, str]:
        """A member's (name in this room, own name); either may be empty."""
        raw = await self._call(self._puppet.room_member_payload, room_id, contact_id)
        return str(raw.room_alias), str(raw.name)

    async def send_text(self, to: str, text: str, mention_ids: list[str], patience: float) -> str:
        """The message's id, or "" when the gateway gives none."""
        return await self._call(self._puppet.message_send_text, to, text, mention_ids, patience=patience) or ""

    async def send_file(self, to: str, content: bytes, name: str, patience: float) -> str:
        """As a base64 FileBox, written here: the puppet layer's own class warns on the terminal at every use."""
        box = json.dumps({"boxType": _BASE64_BOX, "name": name, "base64": base64.b64encode(content).decode()})
        send = self._puppet.puppet_stub.message_send_file
        return (await self._call(send, conversation_id=to, filebox=box, patience=patience)).id or ""

    async def _call(
        self, call: Callable[..., Awaitable[Any]], *args: Any, patience: float | None = None, **named: Any
    ) -> Any:
        """One call, in a task of its own: when a connection is lost, grpclib wakes its callers with ``task.cancel()``
        and never takes that back, so that a caller's next task group would believe that it was cancelled."""
        if self._closed:
            raise Unreached("与网关的连接已断")
        task = asyncio.ensure_future(call(*args, **named))
        try:
            async with asyncio.timeout(patience or self._call_timeout):
                await asyncio.wait((task,))
        except TimeoutError as error:
            raise Gone("网关没有回应") from error
        finally:
            task.cancel()
        if task.cancelled():  # by grpclib, which had no error at hand
            raise Gone("与网关的连接断了")
        with _told():
            return task.result()


def _puppet(channel: Channel, token: str) -> PuppetService:
    """The puppet layer over our channel.

    It is made without the token, because it writes into its log (on the terminal) whatever token it is given or finds
    in the environment; the token travels as metadata instead. For the same reason its log is kept to errors, and that
    of hpack, which writes every header when debugging, to information.
    """
    logging.getLogger("PuppetService").setLevel(logging.ERROR)
    logging.getLogger("hpack").setLevel(logging.INFO)
    with warnings.catch_warnings():  # pyee before 12 warns of a move that the puppet layer never followed
        warnings.simplefilter("ignore", DeprecationWarning)
        puppet = PuppetService(PuppetOptions(end_point="menlou"))
    puppet.options.token = None
    puppet.channel = channel
    puppet._puppet_stub = PuppetStub(channel, metadata={"authorization": f"Wechaty {token}"})
    return puppet


def _read(number: int, payload: str) -> GatewayEvent | None:
    try:
        kind = EventType(number)
    except ValueError:
        return None
    try:
        data = json.loads(payload)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        log.warning("event %s from the gateway cannot be read, passed over: %.200r", kind.name, payload)
        return None
    return GatewayEvent(kind, data)


@contextmanager
def _told() -> Iterator[None]:
    """Errors of gRPC become ours."""
    try:
        yield
    except GRPCError as error:
        raise _answered(error) from error
    except _LOST as error:
        raise _lost(error) from error


def _answered(error: GRPCError) -> GatewayError:
    if error.status is Status.UNAUTHENTICATED:  # its text may hold the token
        return Answered(error.status.name, "口令不对")
    if error.status is Status.ALREADY_EXISTS:
        return Answered(error.status.name, "已有另一个程序连着这个网关")
    if error.status in _ANSWER_NEVER_CAME:
        return Gone(f"网关没有答复（{error.status.name}）")
    return Answered(error.status.name, error.message or "")


def _lost(error: Exception) -> GatewayError:
    if isinstance(error, ConnectionRefusedError) or (
        isinstance(error, OSError) and not isinstance(error, ConnectionError)
    ):
        return Unreached("连不上网关")
    return Gone("与网关的连接断了")
