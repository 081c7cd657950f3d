"""Colours. All words stand out from their ground by 4.5 to 1 at least, all shapes by 3 to 1; the series keep apart for
those who see red and green alike, and never mean anything by colour alone."""

from typing import Final

PAPER: Final = "#ffffff"
INK: Final = "#1a1a1a"
SOFT: Final = "#595959"  # words of less weight
RULE: Final = "#c9c9c9"
TRACK: Final = "#e9ecef"  # the ground of a bar
SERIES: Final = ("#0b5fa5", "#d1660a", "#004d40", "#a0408f", "#6b7a00", "#5a5a5a")
# From few to many: one hue, ever darker, so that it reads in grey too.
SHADES: Final = ("#e3eef8", "#b5d3ec", "#74abd8", "#2c74b3", "#0a4478")


def luminance(colour: str) -> float:
    """The relative luminance of ``#rrggbb``, 0 to 1 (WCAG 2)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """How far two colours stand apart, 1 to 21 (WCAG 2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def readable_on(ground: str) -> str:
    """The colour of words on this ground."""
    return max((INK, PAPER), key=lambda each: contrast(each, ground))
