"""The values of the web chat: who is there, in which groups, and what was said."""

from dataclasses import dataclass, replace
from datetime import datetime

BOT = "bot"  # the bot's own member id
SHOWN = 2000  # characters of a message that a page shows; the bot hears all of them


@dataclass(frozen=True, slots=True)
class WebRoom:
    """A simulated group (群). ``members`` are the ids of the people in it; the bot is in every group."""

    id: str
    name: str
    kind: str  # "residents", "migrants" or "coordinators": the page chooses its example phrases by it
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WebPerson:
    """A simulated person whom the one at the page can be."""

    id: str
    name: str
    role: str  # "resident", "migrant", "coordinator" or "lecturer"
    about: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """One message, a person's or the bot's. In a direct chat ``room`` is the person's id.

    ``number`` counts the messages of the log, so that a page can tell which of them are new to it.
    """

    id: str
    number: int
    room: str
    sender: str
    name: str
    text: str
    at: datetime
    direct: bool = False
    picture: bool = False
    recalled: bool = False
    file: str = ""  # the name of the file that it is

    def shortened(self) -> "Said":
        """The message as the page shows it."""
        return self if len(self.text) <= SHOWN else replace(self, text=self.text[:SHOWN] + "…")


def picture_type(head: bytes) -> str:
    """The media type of a picture, by how its bytes begin (12 are enough); "" for whatever else it is."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return ""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A person took a message back (撤回)."""

    id: str
    at: datetime
