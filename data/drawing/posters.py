"""Posters of phone width, in type that old people read at arm's length: a lecture, a programme, a policy text.

What is too long gets smaller or takes more lines, never leaves the page. All that is told comes in as words.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from data.drawing import blocks
from data.drawing.blocks import Block
from data.drawing.font import drawable
from data.drawing.styles import WIDE, Heading, Style
from data.drawing.svg import Canvas

MOST_HIGH = 2600  # px of a page, where there can be several
_SPILL = 420  # px that the last page may be higher, where another would hold no more than that
_MOST = 600  # characters of anything but a policy text
_MOST_TEXT = 6_000
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
    """A week's lectures; ``more`` is said where not all are shown."""

    what: str
    whose: str
    span: str
    days: tuple[Day, ...]
    how: str
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


def lecture(given: Lecture, style: Style) -> Drawn:
    """One page, as high as it has to be."""
    told, lost = _clean(given)
    parts = [
        blocks.title(told.title, style),
        blocks.when(told.day, told.lunar, told.time, style),
        *blocks.rows(told.rows, style),
        *blocks.link(told.link, told.link_words, style),
        blocks.band(told.how, style),
    ]
    name = f"{told.what}《{told.title}》"
    desc = "，".join(filter(None, (told.day, told.lunar, told.time, *(f"{a}{b}" for a, b in told.rows), told.how)))
    return Drawn((_page(parts, style, Heading(told.what, told.whose), title=name, desc=desc),), lost)


def programme(given: Programme, style: Style) -> Drawn:
    """As many pages as the lectures take."""
    told, lost = _clean(given)
    parts = [blocks.title(told.span, style, sizes=(92, 80, 68, 60))]
    for day in told.days:
        parts.append(blocks.day_head(day.day, day.lunar, style))
        again = blocks.day_head(f"{day.day}（续）", day.lunar, style)
        parts += [
            blocks.item(each.time, each.title, each.lines, style, again=again if place else None)
            for place, each in enumerate(day.items)
        ]
    if told.more:
        parts.append(blocks.paragraph(told.more, style, size=blocks.SMALL))
    parts.append(blocks.band(told.how, style))
    return Drawn(_pages(parts, style, Heading(told.what, told.whose), title=f"{told.what} {told.span}"), lost)


def text(given: Text, style: Style) -> Drawn:
    """A policy text; a long one takes several pages."""
    told, lost = _clean(given, most=_MOST_TEXT)
    parts = [blocks.title(told.title, style), blocks.gap(8)]
    for paragraph in told.text.split("\n"):
        parts += blocks.lines_of(paragraph, style)
    parts += [
        blocks.gap(28),
        *blocks.link(told.link, told.link_words, style),
        blocks.footnote((told.source, told.since), style),
    ]
    return Drawn(_pages(parts, style, Heading(told.what, told.whose), title=told.title), lost)


# ---- pages ---------------------------------------------------------------------------------------------------------


def _pages(parts: Sequence[Block], style: Style, heading: Heading, *, title: str) -> tuple[str, ...]:
    """The blocks on as many pages as they take, numbered where there are several."""
    room = MOST_HIGH - style.foot_high - style.head(Canvas(WIDE, title=""), style, heading)
    pages: list[list[Block]] = [[]]
    for place, block in enumerate(parts):
        used, rest = _high(pages[-1]), _high(parts[place:])
        if pages[-1] and used + block.high > room and rest > _SPILL:
            held = [pages[-1].pop()] if len(pages[-1]) > 1 and pages[-1][-1].with_next else []
            pages.append(held or ([block.again] if block.again else []))
        pages[-1].append(block)
    if len(pages) == 1:
        return (_page(pages[0], style, heading, title=title),)
    return tuple(
        _page(
            [*page, blocks.page_number(f"第{place}张，共{len(pages)}张", style)],
            style,
            heading,
            title=f"{title}（{place}/{len(pages)}）",
        )
        for place, page in enumerate(pages, 1)
    )


def _high(parts: Sequence[Block]) -> float:
    return sum(each.high for each in parts)


def _page(parts: Sequence[Block], style: Style, heading: Heading, *, title: str, desc: str = "") -> str:
    canvas = Canvas(WIDE, title=title, desc=desc)
    y = style.head(canvas, style, heading)
    for block in parts:
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
