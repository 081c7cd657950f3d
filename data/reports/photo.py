"""Photos made small for a document; what a camera wrote beside the picture (where it was taken) is gone with that."""

import base64
import struct

from data.drawing.render import png
from data.photos import kind_of, segments, whole

WIDE = 640  # px
_MOST_PIXELS = 60_000_000  # beyond it no photo is: opening it would only fill the memory
_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APP1, _EXIF, _ORIENTATION = 0xE1, b"Exif\x00\x00", 0x0112
# How a picture of w × h is turned to stand upright, by what the camera wrote of how it was held.
_UPRIGHT = {
    2: "-1 0 0 1 {w} 0",
    3: "-1 0 0 -1 {w} {h}",
    4: "1 0 0 -1 0 {h}",
    5: "0 1 1 0 0 0",
    6: "0 1 -1 0 {h} 0",
    7: "0 -1 -1 0 {h} {w}",
    8: "0 -1 1 0 0 {w}",
}
_SIDEWAYS = 5  # from here on, width and height change places


def small(photo: bytes) -> bytes | None:
    """The photo as a PNG of `WIDE` pixels, upright; None where it cannot be made smaller here, or is not whole."""
    kind = kind_of(photo) or ""
    size = _size(photo, kind)
    if size is None or not 0 < size[0] * size[1] <= _MOST_PIXELS or not whole(photo):
        return None
    wide, high = size
    held = _held(photo) if kind == "jpg" else 1
    turn = _UPRIGHT.get(held, "1 0 0 1 0 0").format(w=wide, h=high)
    across, down = (high, wide) if held >= _SIDEWAYS else (wide, high)
    data = base64.b64encode(photo).decode()
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {across} {down}"><g transform="matrix({turn})">'
        f'<image width="{wide}" height="{high}" href="data:{_TYPES[kind]};base64,{data}"/></g></svg>'
    )
    try:
        return png(svg, width=min(WIDE, across))
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
                at = next(at for mark, at in segments(photo) if mark in _FRAMES)
                high, wide = _pair(">HH", photo, at + 3)
                return wide, high
            case "webp":
                return _size_of_webp(photo)
    except (struct.error, IndexError, StopIteration):
        return None
    return None


def _size_of_webp(photo: bytes) -> tuple[int, int] | None:
    match photo[12:16]:
        case b"VP8 ":
            wide, high = _pair("<HH", photo, 26)
            return wide & 0x3FFF, high & 0x3FFF
        case b"VP8L":
            (bits,) = struct.unpack_from("<I", photo, 21)
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X" if len(photo) >= 30:
            return int.from_bytes(photo[24:27], "little") + 1, int.from_bytes(photo[27:30], "little") + 1
        case _:
            return None


def _held(photo: bytes) -> int:
    """How the camera was held, from 1 (upright) to 8, as a JPEG's Exif says; 1 where it does not."""
    for mark, at in segments(photo):
        if mark == _APP1 and photo.startswith(_EXIF, at + 2):
            try:
                return _orientation(photo[at + 2 + len(_EXIF) : at + int.from_bytes(photo[at : at + 2], "big")])
            except struct.error:
                return 1
    return 1


def _orientation(exif: bytes) -> int:
    """The entry of the first directory of an Exif block. Raises struct.error where it ends too soon."""
    order = "<" if exif.startswith(b"II") else ">"
    (first,) = struct.unpack_from(f"{order}I", exif, 4)
    (entries,) = struct.unpack_from(f"{order}H", exif, first)
    for place in range(entries):
        tag, _type, _count, value = struct.unpack_from(f"{order}HHIH", exif, first + 2 + 12 * place)
        if tag == _ORIENTATION:
            return int(value) if 1 <= value <= 8 else 1
    return 1


def _pair(form: str, photo: bytes, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(form, photo, at)
    return int(first), int(second)
