"""Posters of phone width, in type that old people read at arm's length: a lecture, a programme, a policy text.

What is too long gets smaller or takes more lines, never leaves the page. All that is told comes in as words.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from data.drawing.font import Face, balance, drawable, largest, width, wrap
from data.drawing.qr import qr
from data.drawing.styles import EDGE, ROOM, WIDE, Heading, Style
from data.drawing.svg import Canvas

MOST_HIGH = 2600  # px of a page, where there can be several
_SPILL = 420  # px that the last page may be higher, where another would hold no more than that
TITLE = (132, 116, 100, 88, 76, 64)
_BIG, _TEXT, _SMALL = 58, 52, 44  # px
_LINE = 1.38  # of the size
_MOST = 600  # characters of anything but a policy text
_MOST_TEXT = 6_000
_CODE = 300  # px of a QR code
_HALF_BLANK = frozenset("“‘（《〈「『【〔")
Values = TypeVar("Values", "Lecture", "Programme", "Text")


@dataclass(frozen=True, slots=True)
class Lecture:
    """A lecture as its poster tells of it; empty where there is nothing to tell.

    ``rows`` are (label, words): where, who, which dialect. ``link`` is the address of the code, ``link_words`` what
    stands beside it.
    """

    what: str
    whose: str
    title: str
    day: str
    lunar: str
    time: str
    rows: tuple[tuple[str, str], ...]
    how: str
    link: str = ""
    link_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One lecture of a programme: its hour, its title, and what else is told, a line each."""

    time: str
    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a programme, with its lunar date."""

    day: str
    lunar: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Programme:
    """A week's lectures; ``nothing`` is said where there are none, ``more`` where not all are shown."""

    what: str
    whose: str
    span: str
    days: tuple[Day, ...]
    how: str
    nothing: str = ""
    more: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A policy text with where it comes from and since when."""

    what: str
    whose: str
    title: str
    text: str
    source: str
    since: str
    link: str = ""
    link_words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A poster's pages as SVG, and the characters that could not be drawn."""

    pages: tuple[str, ...]
    lost: str


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page: how high it is, and how it is drawn from a height on.

    ``with_next`` is never last on a page; ``again`` is said once more where a page begins with this one.
    """

    high: float
    draw: Callable[[Canvas, float], None]
    with_next: bool = False
    again: "Block | None" = None


def lecture(given: Lecture, style: Style) -> Drawn:
    """One page, as high as it has to be."""
    told, lost = _clean(given)
    blocks = [
        _title(told.title, style),
        _when(told, style),
        *_rows(told.rows, style),
        *_link(told.link, told.link_words, style),
        _band(told.how, style),
    ]
    name = f"{told.what}《{told.title}》"
    desc = "，".join(filter(None, (told.day, told.lunar, told.time, *(f"{a}{b}" for a, b in told.rows), told.how)))
    return Drawn((_page(blocks, style, Heading(told.what, told.whose), title=name, desc=desc),), lost)


def programme(given: Programme, style: Style) -> Drawn:
    """As many pages as the lectures take; one where there are none."""
    told, lost = _clean(given)
    blocks = [_title(told.span, style, sizes=(92, 80, 68, 60))]
    for day in told.days:
        blocks.append(_day(day, style))
        again = _day(replace(day, day=f"{day.day}（续）"), style)
        blocks += [_item(each, style, again=again if place else None) for place, each in enumerate(day.items)]
    if not told.days:
        blocks.append(_paragraph(told.nothing, style, size=_BIG))
    if told.more:
        blocks.append(_paragraph(told.more, style, size=_SMALL))
    blocks.append(_band(told.how, style))
    return Drawn(_pages(blocks, style, Heading(told.what, told.whose), title=f"{told.what} {told.span}"), lost)


def text(given: Text, style: Style) -> Drawn:
    """A policy text; a long one takes several pages."""
    told, lost = _clean(given, most=_MOST_TEXT)
    blocks = [_title(told.title, style), _gap(8)]
    for paragraph in told.text.split("\n"):
        blocks += _lines(paragraph, style)
    blocks += [_gap(28), *_link(told.link, told.link_words, style), _source(told, style)]
    return Drawn(_pages(blocks, style, Heading(told.what, told.whose), title=told.title), lost)


# ---- pages ---------------------------------------------------------------------------------------------------------


def _pages(blocks: Sequence[Block], style: Style, heading: Heading, *, title: str) -> tuple[str, ...]:
    """The blocks on as many pages as they take, numbered where there are several."""
    room = MOST_HIGH - style.foot_high - style.head(Canvas(WIDE, title=""), style, heading)
    pages: list[list[Block]] = [[]]
    for place, block in enumerate(blocks):
        used, rest = _high(pages[-1]), _high(blocks[place:])
        if pages[-1] and used + block.high > room and rest > _SPILL:
            held = [pages[-1].pop()] if len(pages[-1]) > 1 and pages[-1][-1].with_next else []
            pages.append(held or ([block.again] if block.again else []))
        pages[-1].append(block)
    if len(pages) == 1:
        return (_page(pages[0], style, heading, title=title),)
    return tuple(
        _page(
            [*page, _number(f"第{place}张，共{len(pages)}张", style)],
            style,
            heading,
            title=f"{title}（{place}/{len(pages)}）",
        )
        for place, page in enumerate(pages, 1)
    )


def _high(blocks: Sequence[Block]) -> float:
    return sum(each.high for each in blocks)


def _page(blocks: Sequence[Block], style: Style, heading: Heading, *, title: str, desc: str = "") -> str:
    canvas = Canvas(WIDE, title=title, desc=desc)
    y = style.head(canvas, style, heading)
    for block in blocks:
        block.draw(canvas, y)
        y += block.high
    height = round(y + style.foot_high)
    style.foot(canvas, style, height)
    return canvas.finish(height, ground=style.paper)


def _clean(given: Values, *, most: int = _MOST) -> tuple[Values, str]:
    """The same with words that can be drawn, none endless; and the characters that were lost."""
    lost: list[str] = []

    def clean(value: Any) -> Any:
        match value:
            case str():
                found = drawable(value if len(value) <= most else f"{value[:most]}…")
                lost.append(found.lost)
                return found.text.strip()
            case tuple():
                return tuple(clean(each) for each in value)
        return replace(value, **{each.name: clean(getattr(value, each.name)) for each in fields(value)})

    words = {each.name: clean(getattr(given, each.name)) for each in fields(given) if each.name != "link"}
    return replace(given, **words), "".join(dict.fromkeys("".join(lost)))  # an address is not drawn as words


# ---- blocks --------------------------------------------------------------------------------------------------------


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


def _gap(high: float) -> Block:
    return Block(high, lambda _canvas, _y: None)


def _title(words: str, style: Style, *, sizes: Sequence[float] = TITLE) -> Block:
    size, lines = largest(words, sizes, ROOM, most=3, face=style.face)

    def draw(canvas: Canvas, y: float) -> None:
        if not style.centred:
            _stack(canvas, lines, EDGE, y, size=size, fill=style.ink, face=style.face, bold=True)
            return
        for place, line in enumerate(lines):
            base = y + place * size * _LINE + size * 1.05
            canvas.text(WIDE / 2, base, line, size=size, fill=style.ink, anchor="middle", face=style.face, bold=True)

    return Block(len(lines) * size * _LINE + 24, draw, with_next=True)


def _when(told: Lecture, style: Style) -> Block:
    """The day, its lunar date and the hour on a card: what one must not miss."""
    inner = ROOM - 2 * 40
    parts = [
        (largest(words, sizes, inner, most=1), fill, bold)
        for words, sizes, fill, bold in (
            (told.day, (84, 74, 64, 54, 46), style.ink, True),
            (told.lunar, (54, 46), style.soft, False),
            (told.time, (108, 96, 84, 70, 56, 46), style.accent, True),
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


def _rows(rows: Sequence[tuple[str, str]], style: Style) -> Iterator[Block]:
    """Labels in a column, and beside each what it says."""
    told = [(label, words) for label, words in rows if words]
    left = max((width(label, _SMALL) for label, _ in told), default=0) + 36
    beside = left <= ROOM / 3
    for label, words in told:
        yield _row(label, words, style, left=left if beside else 0)


def _row(label: str, words: str, style: Style, *, left: float) -> Block:
    """A label and what it says, in as many lines as that takes; below it where the label leaves no room (0)."""
    labels = [label] if left else wrap(label, _SMALL, ROOM)
    size, lines = largest(words, (_BIG, _TEXT, 48), ROOM - left, most=2)
    above = 0 if left else len(labels) * _SMALL * _LINE

    def draw(canvas: Canvas, y: float) -> None:
        base = y + (size - _SMALL) * 0.95 if left else y
        _stack(canvas, labels, EDGE, base, size=_SMALL, fill=style.accent, face=Face.SANS, bold=True)
        _stack(canvas, lines, EDGE + left, y + above, size=size, fill=style.ink, face=Face.SANS, bold=False)

    return Block(above + len(lines) * size * _LINE + 26, draw)


def _link(link: str, words: Sequence[str], style: Style) -> Iterator[Block]:
    """The code of an address with words beside it; nothing where there is none."""
    if not qr(link, x=0, y=0, side=_CODE):
        return
    left = EDGE + _CODE + 70
    lines = [
        (size, line)
        for size, said in zip((_TEXT, *[_SMALL] * len(words)), words, strict=False)
        for line in wrap(said, size, WIDE - EDGE - 30 - left)
    ]
    tall = sum(size * _LINE for size, _ in lines)
    high = max(_CODE + 40, tall + 40)

    def draw(canvas: Canvas, y: float) -> None:
        canvas.rect(EDGE, y, ROOM, high, fill="#ffffff", round_=18, edge=style.rule)
        above = y + (high - _CODE) / 2
        canvas.path(qr(link, x=EDGE + 24, y=above, side=_CODE), fill="#000000")
        at = y + (high - tall) / 2
        for place, (size, line) in enumerate(lines):
            fill = style.ink if place == 0 else style.soft
            _stack(canvas, [line], left, at, size=size, fill=fill, face=Face.SANS, bold=size == _TEXT)
            at += size * _LINE

    yield Block(high + 36, draw)


def _band(words: str, style: Style) -> Block:
    """What one has to do, white on the accent."""
    if not words:
        return _gap(0)
    size, lines = largest(words, (56, 50, 46), ROOM - 80, most=2)
    high = len(lines) * size * _LINE + 52

    def draw(canvas: Canvas, y: float) -> None:
        canvas.rect(EDGE, y + 16, ROOM, high, fill=style.accent, round_=18)
        for place, line in enumerate(lines):
            base = y + 16 + 24 + place * size * _LINE + size * 1.05
            canvas.text(WIDE / 2, base, line, size=size, fill=style.on_accent, anchor="middle", bold=True)

    return Block(high + 16 + 20, draw)


def _paragraph(words: str, style: Style, *, size: float) -> Block:
    lines = wrap(words, size, ROOM)

    def draw(canvas: Canvas, y: float) -> None:
        _stack(canvas, lines, EDGE, y, size=size, fill=style.ink, face=Face.SANS, bold=False)

    return Block(len(lines) * size * _LINE + 24, draw)


def _lines(words: str, style: Style) -> Iterator[Block]:
    """A paragraph of a policy text, line by line, so that it can go on over the page."""
    size, high = 60, 60 * 1.62
    for line in wrap(words, size, ROOM):

        def draw(canvas: Canvas, y: float, line: str = line) -> None:
            canvas.text(EDGE - _hang(line, size), y + size * 1.1, line, size=size, fill=style.ink)

        yield Block(high, draw)
    yield _gap(18)


def _source(told: Text, style: Style) -> Block:
    lines = [line for words in (told.source, told.since) if words for line in balance(words, _SMALL, ROOM)]

    def draw(canvas: Canvas, y: float) -> None:
        canvas.rect(EDGE, y + 8, ROOM, 3, fill=style.rule)
        _stack(canvas, lines, EDGE, y + 24, size=_SMALL, fill=style.soft, face=Face.SANS, bold=False)

    return Block(len(lines) * _SMALL * _LINE + 40, draw)


def _day(day: Day, style: Style) -> Block:
    size, lines = largest(day.day, (62, 54, 46), ROOM, most=1, face=style.face)
    lunar_beside = len(lines) == 1 and width(lines[0], size, style.face) + 40 + width(day.lunar, 42) <= ROOM
    below = [] if lunar_beside else wrap(day.lunar, 42, ROOM)
    tall = len(lines) * size * _LINE

    def draw(canvas: Canvas, y: float) -> None:
        _stack(canvas, lines, EDGE, y + 12, size=size, fill=style.accent, face=style.face, bold=True)
        if lunar_beside:
            canvas.text(WIDE - EDGE, y + 12 + size, day.lunar, size=42, fill=style.soft, anchor="end")
        _stack(canvas, below, EDGE, y + 12 + tall, size=42, fill=style.soft, face=Face.SANS, bold=False)
        canvas.rect(EDGE, y + 12 + tall + len(below) * 42 * _LINE + 4, ROOM, 4, fill=style.accent)

    return Block(12 + tall + len(below) * 42 * _LINE + 26, draw, with_next=True)


def _item(item: Item, style: Style, *, again: Block | None) -> Block:
    """A lecture of a day on a card: the hour, the title, and the rest in smaller type."""
    inner = ROOM - 64
    rows = [
        *((54, line, style.accent, True) for line in wrap(item.time, 54, inner)),
        *((_BIG, line, style.ink, True) for line in wrap(item.title, _BIG, inner)),
        *((_SMALL, line, style.soft, False) for words in item.lines for line in wrap(words, _SMALL, inner)),
    ]
    high = sum(size * _LINE for size, *_ in rows) + 44

    def draw(canvas: Canvas, y: float) -> None:
        canvas.rect(EDGE, y, ROOM, high, fill=style.tint, round_=14)
        at = y + 18
        for size, line, fill, bold in rows:
            _stack(canvas, [line], EDGE + 32, at, size=size, fill=fill, face=Face.SANS, bold=bold)
            at += size * _LINE

    return Block(high + 20, draw, again=again)


def _number(words: str, style: Style) -> Block:
    def draw(canvas: Canvas, y: float) -> None:
        canvas.text(WIDE / 2, y + 62, words, size=40, fill=style.soft, anchor="middle")

    return Block(80, draw)
