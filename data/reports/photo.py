"""Photos made small for a document; what a camera wrote beside the picture (where it was taken) is gone with that."""

import base64
import struct
from collections.abc import Iterator

from data.drawing.render import png
from data.photos import kind_of

WIDE = 640  # px
_MOST_PIXELS = 60_000_000  # beyond it no photo is: opening it would only fill the memory
_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif"}


def small(photo: bytes) -> bytes | None:
    """The photo as a PNG of `WIDE` pixels; None where it cannot be made smaller here."""
    kind = kind_of(photo)
    size = _size(photo, kind or "")
    if size is None or not 0 < size[0] * size[1] <= _MOST_PIXELS:
        return None
    wide, high = size
    data = base64.b64encode(photo).decode()
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}">'
        f'<image width="{wide}" height="{high}" href="data:{_TYPES[kind or ""]};base64,{data}"/></svg>'
    )
    try:
        return png(svg, width=min(WIDE, wide))
    except ValueError:
        return None


def _size(photo: bytes, kind: str) -> tuple[int, int] | None:
    """Its width and height; None where it does not say."""
    try:
        match kind:
            case "png":
                return _pair(">II", photo, 16)
            case "gif":
                return _pair("<HH", photo, 6)
            case "jpg":
                at = next(_frames(photo))
                high, wide = _pair(">HH", photo, at + 5)
                return wide, high
    except (struct.error, IndexError, StopIteration):
        return None
    return None


def _pair(form: str, photo: bytes, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, photo, at)
    return int(first), int(second)


def _frames(photo: bytes) -> Iterator[int]:
    """Where the frame headers of a JPEG are."""
    at = 2
    while at + 4 <= len(photo) and photo[at] == 0xFF:
        mark = photo[at + 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            yield at
        at += 2 + int.from_bytes(photo[at + 2 : at + 4], "big")
