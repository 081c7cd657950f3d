"""Names that other people chose (nicknames, group names): data, never markup, never a key."""

import re
import unicodedata

MAX_NAME = 32
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_G = r"[\s\-.．·・•‐-―−－()（）]"  # between the groups of a number
# Ten digits with little between them: only then a text is looked at closely, for nearly all have no number in them.
_LOOK = re.compile(r"\d(?:\W{0,6}\d){9}")
_HIDDEN_IN_NUMBER = re.compile(r"(?<=\d)[\u00ad\u200b-\u200f\u2060\ufeff]+|[\u00ad\u200b-\u200f\u2060\ufeff]+(?=\d)")
_WIDE = re.compile(r"(?![0-9])\d")
_LINK = re.compile(r"(https?://[!-~]+)")
_IN_LINK = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
_MOBILE = re.compile(
    rf"(?<!\d)((?:(?:\+\s?|00)?86{_G}{{0,3}})?)"
    rf"(1[3-9]\d{_G}{{0,3}}\d{{4}}{_G}{{0,3}}\d{{4}}|1[3-9]\d{{3}}{_G}{{1,3}}\d{{6}}"
    rf"|1[3-9]\d{_G}{{1,3}}\d{{3}}{_G}{{1,3}}\d{{5}}|1[3-8]\d\d{_G}{{1,3}}\d{{4}}{_G}{{1,3}}\d{{3}})(?!\d)"
)
_LANDLINE = re.compile(
    rf"(?<!\d)(?<!\d-)([(（]?(?:0|(?:\+|00)86{_G}{{0,3}}0?)(?:10|2\d|[3-9]\d\d){_G}{{0,3}})(\d{{3,4}}[\s-]?\d{{4}})(?!\d)"
)
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])"  # so no number that begins with a day is one
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_IDENTITY = re.compile(
    rf"(?<!\d)({_PROVINCE}\d{{4}}){_G}{{0,3}}"
    rf"(?:(?:18|19|20)\d\d{_G}?{_DAY}{_G}{{0,3}}\d{{3}}[\dXx]|\d\d{_DAY}{_G}{{0,3}}\d{{3}})(?!\d)"
)


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
    """``text`` with the middle of each telephone number hidden (138****1234), and most of each identity number.

    However they are written: with a prefix, with gaps, in full width. Days, amounts and other numbers stay, and so do
    links, but for a mobile number in them.
    """
    if _LOOK.search(text) is None:
        return text
    if "://" not in text:
        return _masked(text)
    pieces = enumerate(_LINK.split(text))
    return "".join(_IN_LINK.sub(r"\1****\2", each) if at % 2 else _masked(each) for at, each in pieces)


def _masked(text: str) -> str:
    if not text.isascii():
        text = _HIDDEN_IN_NUMBER.sub("", _WIDE.sub(lambda each: str(unicodedata.digit(each[0])), text))
    text = _IDENTITY.sub(r"\1************", text)
    text = _MOBILE.sub(lambda each: f"{each[1]}{_digits(each[2])[:3]}****{_digits(each[2])[-4:]}", text)
    return _LANDLINE.sub(lambda each: f"{each[1]}{_digits(each[2])[:-6]}****{_digits(each[2])[-2:]}", text)


def _digits(number: str) -> str:
    return re.sub(r"\D", "", number)


def row_id(words: str) -> int | None:
    """The id that an address, a form or a person wrote; None for what can be none."""
    return int(words) if words.isascii() and words.isdecimal() and len(words) < 10 else None
