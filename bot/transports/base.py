"""What the bot asks of a transport, and the events that a transport reports.

A transport is a full citizen whether it is memory, the built-in web chat or a WeChat gateway: the contract suite
in ``tests/test_transport_contract.py`` runs over all of them.

    TransportError
    ├── NotSent     it certainly did not go out: try again later
    ├── Refused     the other side said no: trying again is useless
    ├── AccountTrouble  neither this nor anything else goes out: logged out, or told to stop
    └── Uncertain   the answer never came: it may or may not have gone out
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from handlers.message import Heard

PICTURE_LIMIT = 10 * 1024 * 1024  # bytes of the largest picture that is taken from a person


class TransportError(Exception):
    """A send that did not end well; the text says why, for a coordinator."""


class NotSent(TransportError):
    """Certainly not sent (no connection, asked to slow down): it can be tried again."""


class Refused(TransportError):
    """The other side said no (no such room, removed from the group)."""


class AccountTrouble(TransportError):
    """Certainly not sent, and nothing else would be: the account is logged out, limited or warned."""


class Uncertain(TransportError):
    """Handed over, but the answer never came."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to send. ``mentions`` are ``(member id, name)``; ``image`` is PNG bytes sent after the text.

    ``file`` goes after the text too, under ``file_name``; only over the transports of `data.materials.CARRIERS`.
    """

    room_id: str
    text: str
    direct: bool = False
    mentions: tuple[tuple[str, str], ...] = ()
    image: bytes | None = None
    image_name: str = "picture.png"
    file: bytes | None = field(default=None, repr=False)  # at most 20 MB, which no log shall hold
    file_name: str = ""


@dataclass(frozen=True, slots=True)
class Echo:
    """Our own message, seen coming back in its room: the evidence that a send happened."""

    transport: str
    room_id: str
    message_id: str
    text: str  # empty for a picture
    at: datetime


@dataclass(frozen=True, slots=True)
class Recalled:
    """A person took a message back."""

    transport: str
    message_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RoomChanged:
    """A room's name or membership changed. ``name`` is None where it did not; ids may be empty (gateways differ)."""

    transport: str
    room_id: str
    at: datetime
    name: str | None = None
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountState:
    """The account came, went, or waits for a scan. ``qr_code`` is the text that the code shows.

    ``logged_out`` where the account itself was put out, not just a connection lost.
    """

    transport: str
    at: datetime
    online: bool
    account_id: str = ""
    qr_code: str = ""
    reason: str = ""
    logged_out: bool = False


Event = Heard | Echo | Recalled | RoomChanged | AccountState
Feed = Callable[[Event], Awaitable[None]]


class Transport(Protocol):
    """A way to hear and to speak. ``name`` is kept in every row that came or goes this way."""

    @property
    def name(self) -> str: ...

    @property
    def ready(self) -> bool:
        """Whether a send has a chance now; while False, outbox rows wait."""
        ...

    async def listen(self, feed: Feed) -> None:
        """Report events until cancelled. Reconnects by itself; only cancellation ends it."""
        ...

    async def send(self, message: Outgoing) -> str:
        """Send and return the transport's id of the message ("" when it gives none); raises `TransportError`."""
        ...

    async def picture(self, message_id: str) -> bytes | None:
        """What a picture that came in a direct chat shows; to be asked for once, soon after it was heard.

        None, within seconds, when it cannot be had: unknown, taken back, above `PICTURE_LIMIT`, no answer.
        """
        ...
