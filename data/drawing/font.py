"""The type that pictures are set in: what it has, how wide words are, and where a line may end.

The two faces come from a package, never from the system, so a picture is the same on every machine. Sizes and widths
are pixels of the picture. Nothing is loaded before something is measured.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import accumulate, combinations, pairwise
from math import inf

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
_PAUSES = frozenset("，。、；：！？… ,.;:?!")
_ASIDE = frozenset("（(【〔")  # what begins with one may well begin a line
_A_PAUSE = 4  # characters that a line may be wider, if it then ends at a mark
_TITLE, _TITLE_LINES = 40, 3  # units and lines of what is laid out with such care
_IN_WORD, _LEANS = 100, 1  # what it costs to end a line within a word, or behind one that leans on the next
_PARTICLES = frozenset(("的", "了", "着", "吗", "呢", "吧", "啊", "呀", "嘛", "们", "的话"))  # begin no line
_LEANING = frozenset("和与及或在为对把被给跟向从到不别没请让就都再又更最很")
_SUFFIXES = frozenset("站所室场馆局院堂处部厅村镇乡屯寨组校楼")  # of a place's name, cut from it
_LONELY = 2_000  # thousandths: a last line no wider than that has one character, and a mark
_HAIR = 1e-6  # thousandths, for what a division rounds off
_HARDLY_SMALLER = 0.75  # of the size that would do, where that leaves words whole
_PIECES = re.compile(r"[0-9A-Za-zÀ-ɏ][0-9A-Za-zÀ-ɏ%.,:/?#@&'+=_~\-]*|\s+|.")


Cut = Callable[[str], Sequence[str]]  # a text's words, in order; joined they give it back


@dataclass(frozen=True, slots=True)
class Unit:
    """What stays together on a line, how wide it is in thousandths, and what it costs to begin a line with it."""

    text: str
    wide: int
    cost: int


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
    return _advance(text, face) * size / _UNITS_PER_EM


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


def wrap(text: str, size: float, room: float, face: Face = Face.SANS, *, cut: Cut | None = None) -> list[str]:
    """``text`` in lines no wider than ``room``; its own line breaks stay.

    No line begins with ，。」 or ends with （「; Latin words and numbers stay whole where they fit on a line. With
    ``cut`` no line begins with 的 or 了 either, and none ends within a word where that takes no more lines.
    """
    return _layout(text, size, room, face, cut)[0]


def balance(text: str, size: float, room: float, face: Face = Face.SANS, *, cut: Cut | None = None) -> list[str]:
    """As `wrap`, with as many lines, but of about the same width: a title with no lonely last character.

    Two or three lines end where a mark is, 天冷了，| 血压怎么管, unless that makes one of them much wider.
    """
    lines, cost = _layout(text, size, room, face, cut)
    if len(lines) < 2:
        return lines
    units = _units(text, size, room, face, cut)
    if len(lines) <= _TITLE_LINES and len(units) <= _TITLE and "\n" not in text:
        found = _evenest(units, len(lines), room * _UNITS_PER_EM / size + _HAIR)
        if all(found) and found:
            return found
    low, high = room / 2, room
    while high - low > size / 4:
        middle = (low + high) / 2
        narrow, dearer = _layout(text, size, middle, face, cut)
        if (len(narrow), dearer) > (len(lines), cost):
            low = middle
        else:
            high = middle
    return wrap(text, size, high, face, cut=cut)


def _layout(text: str, size: float, room: float, face: Face, cut: Cut | None) -> tuple[list[str], int]:
    """The lines of every paragraph, and what their ends cost."""
    lines, cost = [], 0
    for paragraph in text.split("\n"):
        units = _units(paragraph, size, room, face, cut)
        found, more = _fewest(units, room * _UNITS_PER_EM / size + _HAIR, lonely=_IN_WORD if cut else 0)
        lines += found
        cost += more
    return lines, cost


def _fewest(units: Sequence[Unit], room: float, *, lonely: int) -> tuple[list[str], int]:
    """As few lines as can be; among these the ones that cost least, among these the ones that are full first.

    Found from the end: for each unit, how what begins with it lies best. ``lonely`` is what a last character costs
    that is alone on its line.
    """
    many = len(units)
    edges = list(accumulate((each.wide for each in units), initial=0))
    blank = [each.text.isspace() for each in units]
    best = [(0, 0, 0)] * many + [(0, 0, many)]  # lines, cost, minus where the next line begins
    for begin in range(many - 1, -1, -1):
        left, ways = edges[begin + blank[begin]], []
        for end in range(begin + 1, many + 1):
            wide = edges[end - blank[end - 1]] - left
            if wide > room and end > begin + 1:
                break
            lines, cost, _ = best[end]
            cost += units[end].cost if end < many else lonely * (0 < begin == many - 1 and wide <= _LONELY)
            ways.append((lines + 1, cost, -end))
        best[begin] = min(ways)
    lines_, at = [], 0
    while at < many:
        end = -best[at][2]
        lines_.append("".join(each.text for each in units[at:end]).strip())
        at = end
    return [each for each in lines_ if each], best[0][1]


def _evenest(units: Sequence[Unit], lines: int, room: float) -> list[str]:
    """Units laid out in so many lines with the least unease; empty where that cannot be. ``room`` is in thousandths.

    Unease is the widest line, what breaks off where no mark is, and what the ends cost.
    """
    edges = list(accumulate((each.wide for each in units), initial=0))
    blank = [each.text.isspace() for each in units]
    quiet = [units[at - 1].text[-1] in _PAUSES or units[at].text[0] in _ASIDE for at in range(1, len(units))]
    price = [each.cost + (0 if calm else _A_PAUSE) for each, calm in zip(units[1:], quiet, strict=True)]

    def unease(cuts: Sequence[int]) -> float:
        borders = pairwise((0, *cuts, len(units)))
        widest = max(edges[end - blank[end - 1]] - edges[begin + blank[begin]] for begin, end in borders)
        return widest + sum(price[at - 1] for at in cuts) * _UNITS_PER_EM if widest <= room else inf

    best = min(combinations(range(1, len(units)), lines - 1), key=unease, default=())
    if not best or unease(best) == inf:
        return []
    return ["".join(each.text for each in units[begin:end]).strip() for begin, end in pairwise((0, *best, len(units)))]


def largest(
    text: str, sizes: Sequence[float], room: float, *, most: int, face: Face = Face.SANS, cut: Cut | None = None
) -> tuple[float, list[str]]:
    """The first of ``sizes`` (falling) at which ``text`` takes at most ``most`` lines; else the last, in more lines.

    One that is hardly smaller is taken where that leaves words whole.
    """
    chosen = 0.0
    for size in sizes:
        lines, cost = _layout(text, size, room, face, cut)
        if len(lines) > most and size != sizes[-1] and not chosen:
            continue
        if chosen and size < chosen * _HARDLY_SMALLER:
            break
        if cost < _IN_WORD:
            chosen = size
            break
        chosen = chosen or size
    return chosen, balance(text, chosen, room, face, cut=cut)


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


def _units(paragraph: str, size: float, room: float, face: Face, cut: Cut | None) -> list[Unit]:
    """What stays together on a line: a word with the marks that cling to it. One that is too wide is cut."""
    words = {} if cut is None else _by_place(cut(paragraph))
    whole: list[tuple[str, int]] = []  # with what it costs to begin a line with it
    for found in _PIECES.finditer(paragraph):
        piece, at = found[0], found.start()
        before = whole[-1][0] if whole else ""
        clings = before and not piece.isspace() and not before.isspace()
        if clings and (piece[0] in _NO_START or before[-1] in _NO_END or words.get(at) in _PARTICLES):
            whole[-1] = (before + piece, whole[-1][1])
        else:
            whole.append((piece, _cost(words, paragraph, at) if clings and words else 0))
    parts = ((part, cost) for unit, cost in whole for part in _cut(unit, size, room, face))
    return [Unit(part, _advance(part, face), cost) for part, cost in parts]


def _by_place(words: Sequence[str]) -> dict[int, str]:
    """Words by where they begin."""
    return dict(zip(accumulate(map(len, words), initial=0), words, strict=False))


def _cost(words: dict[int, str], text: str, at: int) -> int:
    """What it costs to end a line before a place: within a word, between 60 and 岁, or behind a word that leans."""
    before = text[at - 1]
    if at not in words or words[at] in _SUFFIXES or before.isdecimal() or (before == "第" and text[at].isdecimal()):
        return _IN_WORD
    return _LEANS if words.get(at - 1) == before and before in _LEANING else 0


def _cut(unit: str, size: float, room: float, face: Face) -> Iterator[str]:
    """A unit, in parts that fit where it is too wide for a line."""
    if width(unit.rstrip(), size, face) <= room:
        yield unit
        return
    part = ""
    for each in unit:
        if part and width(part + each, size, face) > room:
            yield part
            part = ""
        part += each
    yield part


def _advance(text: str, face: Face) -> int:
    advances = _advances(face)
    return sum(advances.get(ord(each), _UNITS_PER_EM) for each in text)


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
