"""What was heard and what is answered: the values that travel between a transport and a handler."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The kind of a message, as far as we act on it."""

    TEXT = "text"
    NOTE = "note"  # 接龙 and whatever else a gateway cannot name: the text is intact, so it is read as text
    IMAGE = "image"
    AUDIO = "audio"
    FILE = "file"
    OTHER = "other"  # red packets, locations, system notices: for display only


@dataclass(frozen=True, slots=True)
class Heard:
    """One message from a person, as a transport heard it.

    ``room_id`` is the transport's own id of the group, or of the person when ``direct``. ``at`` is aware.
    Names are for showing, never for deciding; they are raw here and cleaned before they are kept.
    ``picture`` is what an image shows, where it was wanted and could be had; it is None for every other kind.
    """

    transport: str
    message_id: str
    room_id: str
    sender_id: str
    text: str
    at: datetime
    sender_name: str = ""
    room_name: str = ""
    direct: bool = False
    mentioned: bool = False  # the bot was addressed by @, by id or by its name in the room
    kind: Kind = Kind.TEXT
    picture: bytes | None = field(default=None, repr=False)  # at most 10 MB, which no log shall hold

    @property
    def addressed(self) -> bool:
        return self.direct or self.mentioned
