"""Zips of others are weighed before and while they are unpacked."""

import io
import struct
import zipfile
import zlib
from typing import Any

import pytest

from data.unpacked import NotZip, TooMuch, packed, unpacked

NAME = "word/a.png"


def made(size: int, way: int = zipfile.ZIP_DEFLATED) -> bytearray:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", way) as archive:
        archive.writestr("word/", b"")
        archive.writestr(NAME, bytes(size))
    return bytearray(body.getvalue())


def test_what_is_unpacked_is_packed_again() -> None:
    parts = unpacked(io.BytesIO(made(300_000)), parts=2, size=300_000)
    assert parts == {NAME: bytes(300_000)}
    assert unpacked(packed(parts), parts=1, size=300_000) == parts


def test_only_what_is_wanted_is_unpacked() -> None:
    assert unpacked(io.BytesIO(made(300_000)), parts=2, size=300_000, endings=(".png",)) == {NAME: bytes(300_000)}
    assert unpacked(io.BytesIO(made(300_000)), parts=2, size=300_000, endings=(".xml", ".rels")) == {}
    with pytest.raises(TooMuch):
        unpacked(io.BytesIO(made(300_000)), parts=2, size=299_999, endings=(".xml",))


@pytest.mark.parametrize(("parts", "size"), [(1, 300_000), (2, 299_999)])
def test_too_many_or_too_much(parts: int, size: int) -> None:
    with pytest.raises(TooMuch):
        unpacked(io.BytesIO(made(300_000)), parts=parts, size=size)


def test_a_zip_that_lies_of_its_size_is_unpacked_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its directory said 100 bytes, with the sum of those; zipfile had unpacked all of it before it cut it off."""
    data = made(2**25)
    entry = data.rindex(NAME.encode()) - 46
    assert data[entry : entry + 4] == b"PK\1\2"
    struct.pack_into("<I", data, entry + 24, 100)
    struct.pack_into("<I", data, entry + 16, zlib.crc32(bytes(100)))
    largest = 0
    real: Any = zlib.decompressobj

    class Seen:
        def __init__(self, *given: int) -> None:
            self._real = real(*given)

        def decompress(self, *given: Any) -> bytes:
            nonlocal largest
            found: bytes = self._real.decompress(*given)
            largest = max(largest, len(found))
            return found

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    monkeypatch.setattr(zlib, "decompressobj", Seen)
    assert unpacked(io.BytesIO(data), parts=2, size=100) == {NAME: bytes(100)}
    assert 0 < largest <= 2**16


@pytest.mark.parametrize("way", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_cannot_be_unpacked_in_pieces_is_not(way: int) -> None:
    with pytest.raises(NotZip):
        unpacked(io.BytesIO(made(2**20, way)), parts=2, size=2**20)


@pytest.mark.parametrize("cut", [0, 4, 60, -30])
def test_what_is_none_or_was_cut(cut: int) -> None:
    with pytest.raises(NotZip):
        unpacked(io.BytesIO(made(99)[:cut]), parts=9, size=999)
