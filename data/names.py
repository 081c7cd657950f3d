"""Names that other people chose (nicknames, group names): data, never markup, never a key."""

import re
import unicodedata

MAX_NAME = 32
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_PHONE = re.compile(r"(?<!\d)(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)")


def clean_name(raw: str, *, fallback: str = "") -> str:
    """A name fit to show: no control, zero-width or bidi characters, one line, at most `MAX_NAME` characters."""
    kept = "".join(" " if each in "\t\r\n" else each for each in raw[: MAX_NAME * 8])
    kept = "".join(each for each in kept if unicodedata.category(each) not in _UNSEEN)
    return re.sub(r"\s+", " ", kept).strip()[:MAX_NAME].rstrip() or fallback


def clean_text(raw: str, *, limit: int) -> str:
    """A message fit to keep: without what cannot be seen or stored (NUL, lone surrogates), cut at ``limit``."""
    short = raw[: limit + 1]
    kept = "".join(each for each in short if each in "\n\t\u200d\ufe0f" or unicodedata.category(each) not in _UNSEEN)
    return kept if len(kept) <= limit else kept[:limit] + "…"


def masked(text: str) -> str:
    """``text`` with the middle of each mobile number hidden: 138****1234."""
    return _PHONE.sub(r"\1****\2", text)


def row_id(words: str) -> int | None:
    """The id that an address, a form or a person wrote; None for what can be none."""
    return int(words) if words.isascii() and words.isdecimal() and len(words) < 10 else None
