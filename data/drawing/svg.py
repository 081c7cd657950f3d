"""An SVG, put together piece by piece. Words are escaped here and nowhere else, so none of them can become markup."""

from html import escape
from typing import Literal

from data.drawing.font import Face, drawable

Anchor = Literal["start", "middle", "end"]
_FALLBACKS = {
    Face.SANS: f"{Face.SANS}, PingFang SC, Microsoft YaHei, sans-serif",
    Face.SERIF: f"{Face.SERIF}, Songti SC, SimSun, serif",
}
BOLD = 0.032  # of the size: the stroke that makes the regular face a bold one
Length = float | int


def number(value: Length) -> str:
    """A length as short as it can be: 12, 12.5."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _words(words: str) -> str:
    return escape(drawable(words).text)


class Canvas:
    """A picture ``width`` wide; its height is said at the end. ``title`` and ``desc`` are for those who hear it read.

    Whoever measures words makes them `drawable` first; here it is done again, so that nothing else is ever drawn.
    """

    def __init__(self, width: Length, *, title: str, desc: str = "") -> None:
        self.width = width
        self._title, self._desc = title, desc
        self._parts: list[str] = []

    def text(
        self,
        x: Length,
        y: Length,
        words: str,
        *,
        size: Length,
        fill: str,
        anchor: Anchor = "start",
        face: Face = Face.SANS,
        bold: bool = False,
    ) -> None:
        """One line of words; ``y`` is its base line."""
        if not words.strip():
            return
        given = [f'x="{number(x)}" y="{number(y)}" font-size="{number(size)}" fill="{fill}"']
        if anchor != "start":
            given.append(f'text-anchor="{anchor}"')
        if face is not Face.SANS:
            given.append(f'font-family="{_FALLBACKS[face]}"')
        if bold:
            given.append(f'stroke="{fill}" stroke-width="{number(size * BOLD)}" stroke-linejoin="round"')
        self._parts.append(f"<text {' '.join(given)}>{_words(words)}</text>")

    def rect(
        self, x: Length, y: Length, width: Length, height: Length, *, fill: str, round_: Length = 0, edge: str = ""
    ) -> None:
        """A filled rectangle; ``edge`` is the colour of its outline."""
        corner = f' rx="{number(round_)}"' if round_ else ""
        outline = f' stroke="{edge}" stroke-width="2"' if edge else ""
        box = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        self._parts.append(f'<rect {box}{corner} fill="{fill}"{outline}/>')

    def path(self, points: str, *, fill: str = "none", stroke: str = "", thick: Length = 0) -> None:
        """A shape or a line by its path data."""
        line = f' stroke="{stroke}" stroke-width="{number(thick)}" stroke-linejoin="round"' if stroke else ""
        self._parts.append(f'<path d="{points}" fill="{fill}"{line}/>')

    def circle(self, x: Length, y: Length, radius: Length, *, fill: str) -> None:
        self._parts.append(f'<circle cx="{number(x)}" cy="{number(y)}" r="{number(radius)}" fill="{fill}"/>')

    def group(self, given: str) -> None:
        """What follows until `end` shares these attributes (ours, never anybody's words)."""
        self._parts.append(f"<g {given}>")

    def end(self) -> None:
        self._parts.append("</g>")

    def plain_text(self, x: str, y: str, words: str) -> None:
        """Words within a `group` that says how they look; ``x`` and ``y`` may give a place to each character."""
        self._parts.append(f'<text x="{x}" y="{y}">{_words(words)}</text>')

    def finish(self, height: Length, *, ground: str) -> str:
        """The whole picture, on a ground of one colour."""
        wide, high = number(self.width), number(height)
        described = f"<desc>{_words(self._desc)}</desc>" if self._desc else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" role="img" '
            f'aria-label="{_words(self._title)}" font-family="{_FALLBACKS[Face.SANS]}" font-kerning="none">'
            f"<title>{_words(self._title)}</title>{described}"
            f'<rect width="{wide}" height="{high}" fill="{ground}"/>{"".join(self._parts)}</svg>'
        )
