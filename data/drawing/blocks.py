"""What stands on a poster, block by block: each knows how high it is before it is drawn, so pages can be filled."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from data.drawing.font import Face, balance, largest, width, wrap
from data.drawing.qr import codable, qr
from data.drawing.styles import EDGE, ROOM, WIDE, Style
from data.drawing.svg import Canvas

TITLE = (132, 116, 100, 88, 76, 64)
BIG, TEXT, SMALL = 58, 52, 46  # px; 46 is 16 px and more on a phone 390 px wide
_LINE = 1.38  # of the size
_CODE, _DENSE_CODE = 300, 420  # px of a QR code, and of one of a long address
_DENSE = 100  # bytes of an address
_HALF_BLANK = frozenset("“‘（《〈「『【〔")
_BLANK_AFTER = frozenset("，。、；：")


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page: how high it is, and how it is drawn from a height on.

    ``with_next`` is never last on a page; ``again`` is said once more where a page begins with this one.
    """

    high: float
    draw: Callable[[Canvas, float], None]
    with_next: bool = False
    again: "Block | None" = None


def _stack(
    canvas: Canvas, lines: Sequence[str], x: float, y: float, *, size: float, fill: str, face: Face, bold: bool
) -> None:
    """Lines one below the other, the first right below ``y``."""
    for place, words in enumerate(lines):
        base = y + place * size * _LINE + size * 1.05
        canvas.text(x - _hang(words, size), base, words, size=size, fill=fill, face=face, bold=bold)


def _hang(words: str, size: float) -> float:
    """How far a line moves out so that its first stroke, not the blank half of “ or 《, stands at the edge."""
    return size * 0.45 if words[:1] in _HALF_BLANK and words else 0.0


def _middle(words: str, size: float) -> float:
    """Where the middle of a line stands so that its strokes, not the blank half of a last ，, are in the middle."""
    return WIDE / 2 + (size * 0.22 if words[-1:] in _BLANK_AFTER and words else 0.0)


def gap(high: float) -> Block:
    """Nothing."""
    return Block(high, lambda _canvas, _y: None)


def title(words: str, style: Style, *, sizes: Sequence[float] = TITLE) -> Block:
    """The largest words of a page."""
    size, lines = largest(words, sizes, ROOM, most=3, face=style.face, cut=style.cut)

    def draw(canvas: Canvas, y: float) -> None:
        if not style.centred:
            _stack(canvas, lines, EDGE, y, size=size, fill=style.ink, face=style.face, bold=True)
            return
        for place, line in enumerate(lines):
            base = y + place * size * _LINE + size * 1.05
            x = _middle(line, size)
            canvas.text(x, base, line, size=size, fill=style.ink, anchor="middle", face=style.face, bold=True)

    return Block(len(lines) * size * _LINE + 24, draw, with_next=True)


def when(day: str, lunar: str, hour: str, style: Style) -> Block:
    """The day, its lunar date and the hour on a card: what one must not miss."""
    inner = ROOM - 2 * 40
    parts = [
        (largest(words, sizes, inner, most=1), fill, bold)
        for words, sizes, fill, bold in (
            (day, (84, 74, 64, 54, 46), style.ink, True),
            (lunar, (54, 46), style.soft, False),
            (hour, (108, 96, 84, 70, 56, 46), style.accent, True),
        )
        if words
    ]
    high = sum(size * _LINE * len(lines) for (size, lines), _, _ in parts) + 56

    def draw(canvas: Canvas, y: float) -> None:
        canvas.rect(EDGE, y, ROOM, high, fill=style.tint, round_=18)
        canvas.rect(EDGE, y, 14, high, fill=style.accent)
        at = y + 24
        for (size, lines), fill, bold in parts:
            _stack(canvas, lines, EDGE + 46, at, size=size, fill=fill, face=Face.SANS, bold=bold)
            at += size * _LINE * len(lines)

    return Block(high + 40, draw)


def rows(given: Sequence[tuple[str, str]], style: Style) -> Iterator[Block]:
    """Labels in a column, and beside each what it says."""
    told = [(label, words) for label, words in given if words]
    left = max((width(label, SMALL) for label, _ in told), default=0) + 36
    beside = left <= ROOM / 3
    for label, words in told:
        yield _row(label, words, style, left=left if beside else 0)


def _row(label: str, words: str, style: Style, *, left: float) -> Block:
    """A label and what it says, in as many lines as that takes; below it where the label leaves no room (0)."""
    labels = [label] if left else wrap(label, SMALL, ROOM)
    size, lines = largest(words, (BIG, TEXT, 48), ROOM - left, most=2, cut=style.cut)
    above = 0 if left else len(labels) * SMALL * _LINE

    def draw(canvas: Canvas, y: float) -> None:
        base = y + (size - SMALL) * 0.95 if left else y
        _stack(canvas, labels, EDGE, base, size=SMALL, fill=style.accent, face=Face.SANS, bold=True)
        _stack(canvas, lines, EDGE + left, y + above, size=size, fill=style.ink, face=Face.SANS, bold=False)

    return Block(above + len(lines) * size * _LINE + 26, draw)


def link(address: str, words: Sequence[str], style: Style) -> Iterator[Block]:
    """The code of an address with words beside it; nothing where there is none."""
    if not codable(address):
        return
    side = _DENSE_CODE if len(address.encode()) > _DENSE else _CODE
    left = EDGE + side + 70
    lines = [
        (size, line)
        for size, said in zip((TEXT, *[SMALL] * len(words)), words, strict=False)
        for line in wrap(said, size, WIDE - EDGE - 30 - left, cut=style.cut)
    ]
    tall = sum(size * _LINE for size, _ in lines)
    high = max(side + 40, tall + 40)

    def draw(canvas: Canvas, y: float) -> None:
        canvas.rect(EDGE, y, ROOM, high, fill="#ffffff", round_=18, edge=style.rule)
        above = y + (high - side) / 2
        canvas.path(qr(address, x=EDGE + 24, y=above, side=side), fill="#000000")
        at = y + (high - tall) / 2
        for place, (size, line) in enumerate(lines):
            fill = style.ink if place == 0 else style.soft
            _stack(canvas, [line], left, at, size=size, fill=fill, face=Face.SANS, bold=size == TEXT)
            at += size * _LINE

    yield Block(high + 36, draw)


def band(words: str, style: Style) -> Block:
    """What one has to do, white on the accent."""
    if not words:
        return gap(0)
    size, lines = largest(words, (56, 50, 46), ROOM - 80, most=2, cut=style.cut)
    high = len(lines) * size * _LINE + 52

    def draw(canvas: Canvas, y: float) -> None:
        canvas.rect(EDGE, y + 16, ROOM, high, fill=style.accent, round_=18)
        for place, line in enumerate(lines):
            base = y + 16 + 24 + place * size * _LINE + size * 1.05
            x = _middle(line, size)
            canvas.text(x, base, line, size=size, fill=style.on_accent, anchor="middle", bold=True)

    return Block(high + 16 + 20, draw)


def paragraph(words: str, style: Style, *, size: float) -> Block:
    """Words that stay together on a page."""
    lines = wrap(words, size, ROOM, cut=style.cut)

    def draw(canvas: Canvas, y: float) -> None:
        _stack(canvas, lines, EDGE, y, size=size, fill=style.ink, face=Face.SANS, bold=False)

    return Block(len(lines) * size * _LINE + 24, draw)


def lines_of(words: str, style: Style) -> Iterator[Block]:
    """A paragraph of a policy text, line by line, so that it can go on over the page."""
    size, high = 60, 60 * 1.62
    for line in wrap(words, size, ROOM, cut=style.cut):

        def draw(canvas: Canvas, y: float, line: str = line) -> None:
            canvas.text(EDGE - _hang(line, size), y + size * 1.1, line, size=size, fill=style.ink)

        yield Block(high, draw)
    yield gap(18)


def footnote(said: Sequence[str], style: Style) -> Block:
    """Small words under a rule: where a text comes from."""
    lines = [line for words in said if words for line in balance(words, SMALL, ROOM, cut=style.cut)]

    def draw(canvas: Canvas, y: float) -> None:
        canvas.rect(EDGE, y + 8, ROOM, 3, fill=style.rule)
        _stack(canvas, lines, EDGE, y + 24, size=SMALL, fill=style.soft, face=Face.SANS, bold=False)

    return Block(len(lines) * SMALL * _LINE + 40, draw)


def day_head(day: str, lunar: str, style: Style) -> Block:
    """A day of a programme, its lunar date beside it where there is room, else below."""
    size, lines = largest(day, (62, 54, 46), ROOM, most=1, face=style.face)
    lunar_beside = len(lines) == 1 and width(lines[0], size, style.face) + 40 + width(lunar, SMALL) <= ROOM
    below = [] if lunar_beside else wrap(lunar, SMALL, ROOM)
    tall = len(lines) * size * _LINE

    def draw(canvas: Canvas, y: float) -> None:
        _stack(canvas, lines, EDGE, y + 12, size=size, fill=style.accent, face=style.face, bold=True)
        if lunar_beside:
            canvas.text(WIDE - EDGE, y + 12 + size, lunar, size=SMALL, fill=style.soft, anchor="end")
        _stack(canvas, below, EDGE, y + 12 + tall, size=SMALL, fill=style.soft, face=Face.SANS, bold=False)
        canvas.rect(EDGE, y + 12 + tall + len(below) * SMALL * _LINE + 4, ROOM, 4, fill=style.accent)

    return Block(12 + tall + len(below) * SMALL * _LINE + 26, draw, with_next=True)


def item(hour: str, name: str, told: Sequence[str], style: Style, *, again: Block | None) -> Block:
    """A lecture of a day on a card: the hour, the title, and the rest in smaller type."""
    inner = ROOM - 64
    rows = [
        *((54, line, style.accent, True) for line in wrap(hour, 54, inner)),
        *((BIG, line, style.ink, True) for line in balance(name, BIG, inner, cut=style.cut)),
        *((SMALL, line, style.soft, False) for words in told for line in balance(words, SMALL, inner, cut=style.cut)),
    ]
    high = sum(size * _LINE for size, *_ in rows) + 44

    def draw(canvas: Canvas, y: float) -> None:
        canvas.rect(EDGE, y, ROOM, high, fill=style.tint, round_=14)
        at = y + 18
        for size, line, fill, bold in rows:
            _stack(canvas, [line], EDGE + 32, at, size=size, fill=fill, face=Face.SANS, bold=bold)
            at += size * _LINE

    return Block(high + 20, draw, again=again)


def page_number(words: str, style: Style) -> Block:
    """Which page of how many."""

    def draw(canvas: Canvas, y: float) -> None:
        canvas.text(WIDE / 2, y + 62, words, size=SMALL, fill=style.soft, anchor="middle")

    return Block(80, draw)
