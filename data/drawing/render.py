"""From SVG to PNG, with our own two faces and no other: the same picture on every machine."""

import resvg_py

from data.drawing.font import paths


def png(svg: str, *, width: int) -> bytes:
    """The picture as a PNG ``width`` pixels wide. Raises ValueError where ``svg`` is none."""
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True, font_files=paths()))
