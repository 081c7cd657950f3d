"""What people send to the aibot, as our own values. Pure.

By WeCom's documentation (接收消息, 智能机器人长连接) a group's message comes only when it addresses the bot, as text,
mixed or quoting; a picture, a voice message (already written down) or a file only in a chat with one person. It tells
the person's and the group's ids and no names, and nothing when a message is taken back. What is quoted is left out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.transports.wecom.text import writable
from handlers.message import Heard, Kind

_DAY = 86_400
_KINDS = {"file": Kind.FILE, "video": Kind.FILE}


@dataclass(frozen=True, slots=True)
class Media:
    """Where a picture lies, for five minutes, and what deciphers it."""

    url: str
    aeskey: str


@dataclass(frozen=True, slots=True)
class Said:
    """One thing heard, and what it shows."""

    heard: Heard
    media: Media | None = None


def said_in(body: dict[str, Any], transport: str, now: datetime) -> list[Said]:
    """What a message says, part by part: a mixed one is its text, then its pictures. Empty where ids are missing."""
    person = _text(_part(body, "from").get("userid"))
    message_id = _text(body.get("msgid"))
    direct = body.get("chattype") == "single"
    room = person if direct else _text(body.get("chatid"))
    if not (person and message_id and room):
        return []
    parts = _parts(body, direct=direct)
    said = []
    for number, (kind, text, media) in enumerate(parts):
        heard = Heard(
            transport=transport,
            message_id=message_id if number == 0 else f"{message_id}#{number}",
            room_id=room,
            sender_id=person,
            text=text,
            at=_moment(body.get("create_time"), now),
            sender_name=person,  # no other is told
            room_name="" if direct else f"企业微信群{room[-4:]}",
            direct=direct,
            mentioned=not direct,
            kind=kind,
        )
        said.append(Said(heard, media))
    return said


def _parts(body: dict[str, Any], *, direct: bool) -> list[tuple[Kind, str, Media | None]]:
    match body.get("msgtype"):
        case "text":
            return [(Kind.TEXT, _content(body, "text"), None)]
        case "image":
            return [(Kind.IMAGE, "", _media(body))]
        case "voice":
            written = _content(body, "voice")
            return [(Kind.TEXT if written else Kind.AUDIO, written, None)]
        case "mixed":
            return _mixed(body, direct=direct)
        case "stream":  # a look at how our own answer grows
            return []
        case other:
            return [(_KINDS.get(str(other), Kind.OTHER), "", None)]


def _mixed(body: dict[str, Any], *, direct: bool) -> list[tuple[Kind, str, Media | None]]:
    """The text first, though WeCom may show a picture above it; pictures of a group only where nothing else is said."""
    items = _part(body, "mixed").get("msg_item")
    items = [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
    text = "\n".join(_content(each, "text") for each in items if each.get("msgtype") == "text")
    pictures = [(Kind.IMAGE, "", _media(each)) for each in items if each.get("msgtype") == "image"]
    if not text.strip():
        return list(pictures[: None if direct else 1])
    return [(Kind.TEXT, text, None), *(pictures if direct else ())]


def _media(item: dict[str, Any]) -> Media | None:
    image = _part(item, "image")
    url, aeskey = _text(image.get("url")), _text(image.get("aeskey"))
    return Media(url, aeskey) if url and aeskey else None


def _content(item: dict[str, Any], kind: str) -> str:
    return _text(_part(item, kind).get("content"))


def _part(item: dict[str, Any], name: str) -> dict[str, Any]:
    part = item.get(name)
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str:
    return writable(value) if isinstance(value, str) else ""


def _moment(seconds: object, now: datetime) -> datetime:
    """When it was said; now, when that is not told or cannot be."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < now.timestamp() + _DAY:
        return now
    return datetime.fromtimestamp(seconds, UTC)
