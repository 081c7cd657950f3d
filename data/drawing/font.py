"""The type that pictures are set in: what it has, how wide words are, and where a line may end.

The two faces come from a package, never from the system, so a picture is the same on every machine. Sizes and widths
are pixels of the picture. Nothing is loaded before something is measured.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import combinations, pairwise

import pylopdf_fonts_zh_cn


class Face(StrEnum):
    """A face, by the name that an SVG calls it."""

    SANS = "Noto Sans SC"
    SERIF = "Noto Serif SC"


LACKING = "〓"  # stands for a letter that the faces lack, as printers have long put it
_UNITS_PER_EM = 1000
# What is close enough to be drawn instead; whoever asked for the picture is told all the same.
_INSTEAD = {
    "✔": "✓", "✅": "✓", "☑": "✓", "❌": "×", "✖": "×", "❗": "！", "❓": "？", "➡": "→", "⬅": "←", "⭐": "★",
    "🌟": "★", "📞": "☎", "📱": "☎", "🔴": "●", "𠮷": "吉",
}  # fmt: skip
_SILENT = {"Cc", "Cf", "Cs", "Co", "Cn", "Mn", "Me", "Sk"}  # joiners, direction marks, piled-up accents, skin tones
_NO_START = frozenset("，。、；：？！）》〉」』】〕”’…—～·％‰℃°々,.;:?!)]}%")
_NO_END = frozenset("（《〈「『【〔“‘([{￥$#")
_PAUSES = frozenset("，。、；：？！）》」』”… ,.;:?!)")
_A_PAUSE = 4  # characters that a line may be wider, if it then ends at a mark
_TITLE, _TITLE_LINES = 40, 3  # units and lines of what is laid out with such care
_PIECES = re.compile(r"[0-9A-Za-zÀ-ɏ][0-9A-Za-zÀ-ɏ%.,:/?#@&'+=_~\-]*|\s+|.")


@dataclass(frozen=True, slots=True)
class Drawable:
    """Words that can be drawn; ``lost`` are the characters that had to be left out or replaced, once each."""

    text: str
    lost: str


def paths() -> list[str]:
    """The files of the two faces."""
    return [str(_path(face)) for face in Face]


def width(text: str, size: float, face: Face = Face.SANS) -> float:
    """How wide ``text`` is on one line, without kerning (which the pictures switch off)."""
    advances = _advances(face)
    return sum(advances.get(ord(each), _UNITS_PER_EM) for each in text) * size / _UNITS_PER_EM


def missing(text: str) -> str:
    """The characters that cannot be drawn as they are, once each, in order: rare names, emoji."""
    return drawable(text).lost


def drawable(text: str) -> Drawable:
    """``text`` with what the faces lack replaced or left out: emoji are left out, a letter becomes `LACKING`.

    A line break stays one; other white space becomes a space; marks that only join or colour go silently.
    """
    kept, lost = [], []
    for each in unicodedata.normalize("NFC", text):
        if _has(each):
            kept.append(each)
            continue
        if each == "\n" or each.isspace():
            kept.append("\n" if each in "\n\u2028\u2029" else " ")
            continue
        kind = unicodedata.category(each)
        plain = unicodedata.normalize("NFKC", each)
        bare = "".join(part for part in unicodedata.normalize("NFKD", each) if not unicodedata.combining(part))
        if kind in _SILENT:
            continue
        if plain != each and all(map(_has, plain)):
            kept.append(plain)
            continue
        lost.append(each)
        if bare and all(map(_has, bare)):  # a letter without its accent
            kept.append(bare)
        else:
            kept.append(_INSTEAD.get(each, LACKING if kind[0] in "LN" else ""))
    return Drawable("".join(kept), "".join(dict.fromkeys(lost)))


def wrap(text: str, size: float, room: float, face: Face = Face.SANS) -> list[str]:
    """``text`` in lines no wider than ``room``; its own line breaks stay.

    No line begins with ，。」 or ends with （「; Latin words and numbers stay whole where they fit on a line.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for unit in _units(paragraph, size, room, face):
            if width((line + unit).rstrip(), size, face) <= room:
                line += unit if line else unit.lstrip()
            else:
                lines.append(line.rstrip())
                line = unit.lstrip()
        if line.strip():
            lines.append(line.rstrip())
    return lines


def balance(text: str, size: float, room: float, face: Face = Face.SANS) -> list[str]:
    """As `wrap`, with as many lines, but of about the same width: a title with no lonely last character.

    Two or three lines end where a mark is, 天冷了，| 血压怎么管, unless that makes one of them much wider.
    """
    lines = wrap(text, size, room, face)
    if len(lines) < 2:
        return lines
    units = [*_units(text, size, room, face)]
    if len(lines) <= _TITLE_LINES and len(units) <= _TITLE and "\n" not in text:
        fitting = [each for each in _splits(units, len(lines)) if _fits(each, size, room, face)]
        if fitting:
            best: tuple[str, ...] = min(fitting, key=lambda split: _unease(split, size, face))
            return list(best)
    low, high = room / 2, room
    while high - low > size / 4:
        middle = (low + high) / 2
        if len(wrap(text, size, middle, face)) > len(lines):
            low = middle
        else:
            high = middle
    return wrap(text, size, high, face)


def _splits(units: Sequence[str], lines: int) -> Iterator[tuple[str, ...]]:
    """Every way to lay units out in so many lines."""
    for cuts in combinations(range(1, len(units)), lines - 1):
        borders = (0, *cuts, len(units))
        yield tuple("".join(units[begin:end]).strip() for begin, end in pairwise(borders))


def _fits(split: Sequence[str], size: float, room: float, face: Face) -> bool:
    return all(each and width(each, size, face) <= room for each in split)


def _unease(split: Sequence[str], size: float, face: Face) -> float:
    """How ill lines lie: the widest, and what breaks off where no mark is."""
    broken = sum(line[-1] not in _PAUSES for line in split[:-1])
    return max(width(each, size, face) for each in split) + broken * _A_PAUSE * size


def largest(
    text: str, sizes: Sequence[float], room: float, *, most: int, face: Face = Face.SANS
) -> tuple[float, list[str]]:
    """The first of ``sizes`` (falling) at which ``text`` takes at most ``most`` lines; else the last, in more lines."""
    for size in sizes[:-1]:
        if len(wrap(text, size, room, face)) <= most:
            return size, balance(text, size, room, face)
    return sizes[-1], balance(text, sizes[-1], room, face)


def clip(text: str, size: float, room: float, face: Face = Face.SANS) -> str:
    """``text`` on one line no wider than ``room``, its end cut off with … where it is too long."""
    text = text.replace("\n", " ")
    if width(text, size, face) <= room:
        return text
    while text and width(f"{text}…", size, face) > room:
        text = text[:-1]
    return f"{text}…"


def clip_lines(text: str, size: float, room: float, *, most: int, face: Face = Face.SANS) -> list[str]:
    """As `wrap`, at most ``most`` lines, the last cut off with … where there would be more."""
    lines = wrap(text, size, room, face)
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], clip("".join(lines[most - 1 :]), size, room, face)]


def _units(paragraph: str, size: float, room: float, face: Face) -> Iterator[str]:
    """What stays together on a line: a word with the marks that cling to it. One that is too wide is cut."""
    units: list[str] = []
    for piece in _PIECES.findall(paragraph):
        clings = bool(units) and not piece.isspace() and not units[-1].isspace()
        if clings and (piece[0] in _NO_START or units[-1][-1] in _NO_END):
            units[-1] += piece
        else:
            units.append(piece)
    for unit in units:
        if width(unit.rstrip(), size, face) <= room:
            yield unit
        else:
            yield from _cut(unit, size, room, face)


def _cut(unit: str, size: float, room: float, face: Face) -> Iterator[str]:
    part = ""
    for each in unit:
        if part and width(part + each, size, face) > room:
            yield part
            part = ""
        part += each
    yield part


def _path(face: Face) -> object:
    return pylopdf_fonts_zh_cn.sans_path() if face is Face.SANS else pylopdf_fonts_zh_cn.serif_path()


@cache
def _advances(face: Face) -> dict[int, int]:
    """Code point → advance in thousandths of the size."""
    from fontTools.ttLib import TTFont  # a process that draws nothing never loads it

    with TTFont(_path(face), lazy=True) as font:
        assert font["head"].unitsPerEm == _UNITS_PER_EM
        metrics = font["hmtx"].metrics
        return {code: metrics[name][0] for code, name in font.getBestCmap().items()}


def _has(character: str) -> bool:
    """Whether both faces have it, and it takes room of its own: what has none may only pile up."""
    code = ord(character)
    return code >= 0x20 and all(_advances(face).get(code, 0) > 0 for face in Face)
