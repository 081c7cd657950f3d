"""Zips that somebody else made (.docx, .xlsx): weighed before they are unpacked, and while they are.

A zip's directory says how large each part is, and may lie: a part is unpacked in pieces, never further than that.
"""

from io import BytesIO
from typing import IO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

_PIECE = 2**16  # bytes


class NotZip(Exception):
    """It is none, or it is damaged."""


class TooMuch(Exception):
    """It unpacks to more than was said."""


def unpacked(file: IO[bytes], *, parts: int, size: int, endings: tuple[str, ...] = ("",)) -> dict[str, bytes]:
    """Its parts by name: ``parts`` at most, of ``size`` bytes in all; only those whose names end so are unpacked.

    Raises `NotZip` and `TooMuch`.
    """
    try:
        with ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > parts or sum(each.file_size for each in entries) > size:
                raise TooMuch
            if any(each.compress_type not in (ZIP_STORED, ZIP_DEFLATED) for each in entries):
                raise BadZipFile  # others are not of Office, and cannot be unpacked in pieces
            wanted = [each for each in entries if not each.is_dir() and each.filename.lower().endswith(endings)]
            return {each.filename: _part(archive.open(each)) for each in wanted}
    except TooMuch:
        raise
    except Exception as error:  # broken files fail in any of a hundred ways
        raise NotZip from error


def packed(parts: dict[str, bytes]) -> BytesIO:
    """The same as a zip that does not lie, for a library that reads only zips."""
    made = BytesIO()
    with ZipFile(made, "w", ZIP_STORED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    made.seek(0)
    return made


def _part(part: IO[bytes]) -> bytes:
    with part:
        return b"".join(iter(lambda: part.read(_PIECE), b""))
