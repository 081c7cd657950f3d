"""The XML form of a 接龙 (appmsg type 53): safely read, with the text form to fall back on."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from xml.etree import ElementTree

from .text import Head, entries_of, head_of, parse_text
from .values import NOT_JIELONG, Solitaire

XML_CAP = 200_000  # characters of XML that are read: a list of 500 with member ids
_XML = re.compile(r"^[^<]{0,80}(?=<(?:\?xml|msg|appmsg)\b)")
_DECLARATION = re.compile(r"^<\?xml[^>]*\?>")
_FORBIDDEN = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.I)
_NOT_XML = re.compile(
    r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|&#(?:x0*(?:[0-8bcef]|1[0-9a-f])"
    r"|0*(?:[0-8]|1[124-9]|2\d|3[01]));",
    re.I,
)
_STRAY_AMPERSAND = re.compile(r"&(?!(?:lt|gt|amp|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_TITLE = re.compile(r"<title>(?:\s*<!\[CDATA\[(.*?)\]\]>\s*|([^<]*))</title>", re.S)
_NUMBER_BEFORE = re.compile(r"(?:^|\s)\d{1,3}\s?[.．。、)）:：]?\s*$")
SOLITAIRE_TYPE = "53"


@dataclass(frozen=True, slots=True)
class _Item:
    member_id: str | None
    span: tuple[int, int] | None  # offset and length in UTF-16 units
    text: str | None


def parse(text_or_xml: str) -> Solitaire:
    """Read one post, text or appmsg XML. Never raises; what is no 接龙 gives ``is_jielong=False``."""
    start = _XML.match(text_or_xml.lstrip("\ufeff \t\r\n"))
    if start is None:
        return parse_text(text_or_xml)
    return _parse_xml(text_or_xml.lstrip("\ufeff \t\r\n")[start.end() :][:XML_CAP])


def _tree(xml: str) -> ElementTree.Element | None:
    """The parsed XML; None when it is broken or declares entities."""
    if _FORBIDDEN.search(xml):
        return None
    for attempt in (xml, _STRAY_AMPERSAND.sub("&amp;", _NOT_XML.sub("", xml))):
        try:
            return ElementTree.fromstring(_DECLARATION.sub("", attempt))  # noqa: S314  (no entities: refused above)
        except (ElementTree.ParseError, ValueError):
            continue
    return None


def _parse_xml(xml: str) -> Solitaire:
    if _FORBIDDEN.search(xml):
        return NOT_JIELONG
    root = _tree(xml)
    if root is None:
        match = _TITLE.search(xml)
        return parse_text(html.unescape(match[1] or match[2] or "")) if match else NOT_JIELONG
    appmsg = root if root.tag == "appmsg" else root.find("appmsg")
    if appmsg is None or (appmsg.findtext("type") or SOLITAIRE_TYPE).strip() != SOLITAIRE_TYPE:
        return NOT_JIELONG
    title = appmsg.findtext("title") or ""
    return _with_info(title, _info(appmsg))


def _info(appmsg: ElementTree.Element) -> ElementTree.Element | None:
    """The inner <solitaire>, whether it came escaped, as CDATA, or as plain children."""
    holder = next(appmsg.iter("solitaire_info"), None)
    if holder is None:
        return None
    if len(holder):
        return next(holder.iter("solitaire"), None)
    inner = (holder.text or "").strip()
    if "<" not in inner:
        inner = html.unescape(inner)
    tree = _tree(inner) if inner else None
    return tree if tree is not None and tree.tag == "solitaire" else None


def _span(words: str | None) -> tuple[int, int] | None:
    match = re.fullmatch(r"\s*(\d{1,6})-(\d{1,6})\s*", words or "", re.A)
    return (int(match[1]), int(match[2])) if match else None


def _items(info: ElementTree.Element) -> list[_Item]:
    return [
        _Item((item.findtext("u") or "").strip() or None, _span(item.findtext("r")), item.findtext("c"))
        for item in info.iterfind("content/i")
    ]


def _slice(units: bytes, span: tuple[int, int]) -> str | None:
    """UTF-16 units ``offset-length`` as text; None when out of range or cut through a character."""
    offset, length = span
    if 2 * (offset + length) > len(units):
        return None
    try:
        return units[2 * offset : 2 * (offset + length)].decode("utf-16-le")
    except UnicodeDecodeError:
        return None


def _item_text(units: bytes, item: _Item) -> str | None:
    """What the item says; None when its range does not line up with the numbers in the title."""
    if item.span is None:
        return item.text
    text = _slice(units, item.span)
    before = _slice(units, (max(item.span[0] - 12, 0), min(item.span[0], 12)))
    if before is None and item.span[0] > 12:  # a surrogate pair lies across the edge
        before = _slice(units, (item.span[0] - 11, 11))
    after = units[2 * sum(item.span) : 2 * sum(item.span) + 2].decode("utf-16-le", "replace")
    if text is None or before is None or not _NUMBER_BEFORE.search(before) or not (after == "" or after.isspace()):
        return None
    return text


def _whole(texts: Sequence[str | None]) -> list[str] | None:
    return [text for text in texts if text is not None] if None not in texts else None


def _with_info(title: str, info: ElementTree.Element | None) -> Solitaire:
    plain = parse_text(title)
    if info is None:
        return plain
    author = (info.findtext("au") or "").strip() or None
    units = title.encode("utf-16-le", "surrogatepass")
    items = _items(info)
    texts = _whole([_item_text(units, item) for item in items])
    spans = [item.span for item in items if item.span]
    if items and texts is not None and all(a[0] + a[1] <= b[0] for a, b in pairwise(spans)):
        return _from_ranges(title, plain, items, texts, author)
    return _attach(plain, items, author)


def _from_ranges(title: str, plain: Solitaire, items: list[_Item], texts: list[str], author: str | None) -> Solitaire:
    """Entries as the ranges cut them; the head is what the text has above the first of them."""
    first = items[0].span
    above = _slice(title.encode("utf-16-le", "surrogatepass"), (0, first[0])) if first else None
    head = (
        head_of(_NUMBER_BEFORE.sub("", above)) if above is not None else Head(plain.title, plain.notes, plain.example)
    )
    bodies = ["\n".join(line.strip() for line in text.splitlines() if line.strip()) for text in texts]
    entries = entries_of(list(zip(bodies, (item.member_id for item in items), strict=True)), head.habits)
    return Solitaire(
        is_jielong=True, title=head.title, notes=head.notes, example=head.example, entries=entries, author=author
    )


def _attach(plain: Solitaire, items: list[_Item], author: str | None) -> Solitaire:
    """The text's own entries, with the members in order where the numbers of both agree."""
    if not plain.is_jielong:
        return plain
    members = [item.member_id for item in items if not (item.span and item.span[1] == 0)]
    entries = plain.entries
    if len(members) == len(entries):
        entries = tuple(replace(entry, member_id=member) for entry, member in zip(entries, members, strict=True))
    return replace(plain, entries=entries, author=author)
