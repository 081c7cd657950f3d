"""Texts as WeCom takes them: limits are in bytes of UTF-8."""

import re

_JOINED = re.compile(r"[\u200d\ufe0f\U0001f3fb-\U0001f3ff\u0300-\u036f]")  # never begins a part


def split_bytes(text: str, limit: int) -> tuple[str, ...]:
    """The text in parts of at most ``limit`` bytes that, joined, are the text again.

    Each part ends after the last line break of its second half, else between two characters.
    """
    parts = []
    while len(text.encode()) > limit:
        head = text.encode()[:limit].decode(errors="ignore")
        line = head.rfind("\n", len(head) // 2) + 1
        cut = line or _between(text, len(head))
        parts.append(text[:cut])
        text = text[cut:]
    if text:
        parts.append(text)
    return tuple(parts)


def _between(text: str, cut: int) -> int:
    """A place at or before ``cut`` that does not tear what is shown as one character."""
    at = cut
    while at > cut // 2 and (_JOINED.match(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    return at


def writable(text: str) -> str:
    """What came in, with what no database takes (NUL, halves of a surrogate pair) replaced."""
    return text.encode("utf-8", "replace").decode().replace("\x00", " ")
