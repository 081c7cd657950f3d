"""What WeChat's messages look like, as pure functions: splitting, mentions, kinds."""

import re
from collections.abc import Iterable

from bot.transports.base import Outgoing
from handlers.message import Kind

LIMIT = 2000  # characters in one message
MENTION_END = "\u2005"

_KINDS = {  # by Wechaty's own numbers; a number that is not here is unknown and its text is read
    1: Kind.FILE,
    2: Kind.AUDIO,
    3: Kind.OTHER,  # contact card
    4: Kind.OTHER,  # chat history
    5: Kind.OTHER,  # emoticon
    6: Kind.IMAGE,
    7: Kind.TEXT,
    8: Kind.OTHER,  # location
    9: Kind.OTHER,  # mini program
    11: Kind.OTHER,  # transfer
    12: Kind.OTHER,  # red envelope
    14: Kind.OTHER,  # link
    15: Kind.FILE,  # video
}
RECALLED = 13

_SENTENCE_END = re.compile(r"\n|[。！？；!?;…]+[”’」』）)\"']*|\.(?=\s)")
_PAUSE = re.compile(r"[，、,：:\s]+")
_JOINED = re.compile(r"[\u200d\ufe0f\U0001f3fb-\U0001f3ff\u0300-\u036f]")  # never begins a part
_XML = re.compile(r"\s*<(?:\?xml|msg|sysmsg|appmsg|voipmsg)\b")
_NOTE_XML = re.compile(r"<type>\s*53\s*</type>")
_RECALL_XML = re.compile(r"<sysmsg[^>]{0,200}\brevokemsg\b")
_RECALLED_ID = re.compile(r"<(newmsgid|msgid)>\s*(?:<!\[CDATA\[)?\s*([^\s<\]]{1,64})")
_QUOTE = re.compile(r"\A「.*?」\n(?:- ?){5,}\n", re.DOTALL)
_EVERYONE = re.compile(r"@(?:所有人|all|All)(?=[\u2005\s]|$)")


def split_text(text: str, limit: int = LIMIT) -> tuple[str, ...]:
    """The text in parts of at most ``limit`` characters that, joined, are the text again.

    Each part ends at the last sentence end of its second half, else at the last pause there, else at the limit.
    """
    parts = []
    while len(text) > limit:
        cut = _last_end(_SENTENCE_END, text, limit) or _last_end(_PAUSE, text, limit) or _hard_cut(text, limit)
        parts.append(text[:cut])
        text = text[cut:]
    if text:
        parts.append(text)
    return tuple(parts)


def _last_end(pattern: re.Pattern[str], text: str, limit: int) -> int:
    """Where the pattern last ends within the second half of the limit; 0 when it does not."""
    return max((found.end() for found in pattern.finditer(text, limit // 2, limit)), default=0)


def _hard_cut(text: str, limit: int) -> int:
    cut = limit
    while cut > limit // 2 and (_JOINED.match(text[cut]) or text[cut - 1] == "\u200d"):
        cut -= 1
    return cut


def parts_of(message: Outgoing) -> tuple[str, ...]:
    """The texts that go out for a message, as they come back in our echoes: mentions first, long ones split."""
    mentions = "".join(f"@{name}{MENTION_END}" for _, name in message.mentions)
    return split_text(mentions + message.text)


def names_bot(text: str, names: Iterable[str]) -> bool:
    """Whether the text addresses one of the names by @; what it quotes does not count."""
    own = _QUOTE.sub("", text, count=1)
    return any(re.search(rf"@{re.escape(name)}(?=[\u2005\s]|$)", own) for name in names if name)


def names_everyone(text: str) -> bool:
    """Whether the text addresses the whole group, as an announcement does: then nobody in it is meant."""
    return bool(_EVERYONE.search(text))


def recalled_id(kind: int, text: str) -> str | None:
    """The id of the message that this one takes back; None when it is no recall, "" when it does not tell.

    A notice that a person typed as a plain text is no recall.
    """
    if kind in (RECALLED, 0) and _XML.match(text) and _RECALL_XML.search(text):
        ids = dict(_RECALLED_ID.findall(text))
        return str(ids.get("newmsgid") or ids.get("msgid") or "")
    return text.strip() if kind == RECALLED else None


def kind_of(number: int, text: str) -> Kind:
    """What a message is. One that the gateway cannot name is a note, unless it is plainly a notice for display."""
    kind = _KINDS.get(number, Kind.NOTE)
    if kind is Kind.TEXT or not _XML.match(text):
        return kind
    return Kind.NOTE if _NOTE_XML.search(text) else Kind.OTHER if kind is Kind.NOTE else kind
