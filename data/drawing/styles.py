"""The three styles of a poster: 素白 (white paper, one accent), 红头 (the red head of official paper), 田园 (fields).

A style is its colours, its head and its foot; what stands between is laid out the same (`data.drawing.posters`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import sin

from data.drawing.font import Cut, Face, clip, largest, width
from data.drawing.svg import Canvas, number

WIDE = 1080  # px of a page
SEEN = 640  # px of one that is only looked at
EDGE = 72  # px of margin
ROOM = WIDE - 2 * EDGE


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands at the top of a page: what it is (讲座), and whose (the town's name; may be empty)."""

    what: str
    whose: str


@dataclass(frozen=True, slots=True)
class Style:
    """``head`` draws the top of a page and gives where the rest begins; ``foot`` draws the bottom of a page that is
    ``height`` high, which takes ``foot_high`` px. ``cut`` gives the words of a text, which lines leave whole."""

    name: str
    paper: str
    ink: str
    soft: str
    accent: str
    on_accent: str
    tint: str  # the ground of a card
    rule: str
    face: Face  # of titles
    centred: bool  # titles
    foot_high: float
    head: Callable[[Canvas, "Style", Heading], float]
    foot: Callable[[Canvas, "Style", float], None]
    cut: Cut | None = None


def _plain_head(canvas: Canvas, style: Style, heading: Heading) -> float:
    """A bar of the accent, what it is, and the town at the right."""
    canvas.rect(0, 0, WIDE, 20, fill=style.accent)
    base = 126.0
    size, room = 56, ROOM * 0.55
    what = clip(heading.what, size, room)
    canvas.rect(EDGE, base - 47, 12, 56, fill=style.accent)
    canvas.text(EDGE + 32, base, what, size=size, fill=style.accent, bold=True)
    whose = clip(heading.whose, 46, ROOM - width(what, size) - 80)
    canvas.text(WIDE - EDGE, base - 3, whose, size=46, fill=style.soft, anchor="end")
    return base + 64


def _plain_foot(canvas: Canvas, style: Style, height: float) -> None:
    canvas.rect(0, height - 20, WIDE, 20, fill=style.accent)


def _red_head(canvas: Canvas, style: Style, heading: Heading) -> float:
    """The name in large red letters over the double rule."""
    words, sizes = f"{heading.whose}{heading.what}", (120, 104, 92, 80, 68, 60)
    size, lines = largest(words, sizes, ROOM, most=1, face=Face.SERIF, cut=style.cut)
    y = 60.0
    for words in lines[:2]:
        y += size * 1.15
        canvas.text(WIDE / 2, y, words, size=size, fill=style.accent, anchor="middle", face=Face.SERIF, bold=True)
    canvas.rect(EDGE, y + 44, ROOM, 9, fill=style.accent)
    canvas.rect(EDGE, y + 60, ROOM, 3, fill=style.accent)
    return y + 116


def _red_foot(canvas: Canvas, style: Style, height: float) -> None:
    canvas.rect(EDGE, height - 56, ROOM, 3, fill=style.accent)
    canvas.rect(EDGE, height - 46, ROOM, 9, fill=style.accent)


def _field_head(canvas: Canvas, style: Style, heading: Heading) -> float:
    """The words on a green that ends in a wave, and a lighter one behind it."""
    canvas.path(_hills(0, 158, 14, 3.4), fill=_LEAF)
    canvas.path(_hills(0, 136, 14, 0.6), fill=style.accent)
    what = clip(heading.what, 58, ROOM * 0.55)
    canvas.text(EDGE, 88, what, size=58, fill=style.on_accent, bold=True)
    whose = clip(heading.whose, 48, ROOM - width(what, 58) - 60)
    canvas.text(WIDE - EDGE, 85, whose, size=48, fill=style.on_accent, anchor="end")
    return 206


def _field_foot(canvas: Canvas, style: Style, height: float) -> None:
    """Terraces, one before the other."""
    canvas.path(_hills(height, height - 130, 22, 1.2), fill=_LEAF)
    canvas.path(_hills(height, height - 88, 18, 3.0), fill=_EARTH)
    canvas.path(_hills(height, height - 48, 14, 5.1), fill=style.accent)


def _hills(base: float, level: float, swell: float, phase: float) -> str:
    """A gentle wave from edge to edge at ``level``, closed along ``base``."""
    steps = 24
    crest = (
        f"{number(WIDE * at / steps)} {number(level + swell * sin(phase + at * 6.0 / steps))}"
        for at in range(steps + 1)
    )
    return f"M0 {number(base)}L{'L'.join(crest)}L{WIDE} {number(base)}z"


_LEAF, _EARTH = "#9cba7b", "#c19a5b"

PLAIN = Style(
    name="素白", paper="#ffffff", ink="#1a1a1a", soft="#595959", accent="#0b5563", on_accent="#ffffff", tint="#eef5f6",
    rule="#d0d7d8", face=Face.SERIF, centred=False, foot_high=64, head=_plain_head, foot=_plain_foot,
)  # fmt: skip
RED = Style(
    name="红头", paper="#ffffff", ink="#1a1a1a", soft="#555555", accent="#b5121b", on_accent="#ffffff", tint="#fdf3f2",
    rule="#e3c9c7", face=Face.SERIF, centred=True, foot_high=104, head=_red_head, foot=_red_foot,
)  # fmt: skip
FIELDS = Style(
    name="田园", paper="#fbf6e9", ink="#2a2416", soft="#5d5137", accent="#2f6135", on_accent="#ffffff", tint="#f1e8cf",
    rule="#dccfa8", face=Face.SANS, centred=False, foot_high=190, head=_field_head, foot=_field_foot,
)  # fmt: skip
STYLES: dict[str, Style] = {style.name: style for style in (PLAIN, RED, FIELDS)}
