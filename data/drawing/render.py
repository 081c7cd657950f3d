"""From SVG to PNG, with our own two faces and no other: the same picture on every machine.

``python -m data.drawing.render WIDTH`` < SVG > PNG does it in a process of its own.
"""

import sys

import resvg_py

from data.drawing.font import paths


def png(svg: str, *, width: int) -> bytes:
    """The picture as a PNG ``width`` pixels wide. Raises ValueError where ``svg`` is none.

    No other thread runs meanwhile.
    """
    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, skip_system_fonts=True, font_files=paths()))


if __name__ == "__main__":
    sys.stdout.buffer.write(png(sys.stdin.buffer.read().decode(), width=int(sys.argv[1])))
