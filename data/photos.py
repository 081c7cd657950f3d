"""Photos of a lecture: each file lies once under the photo folder, by its SHA-256; the row says whose it is."""

import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, func, select

from data.attendance import require_begun
from data.errors import Declined, NoPicture, PhotosFull
from data.files import write_once
from data.loop import Lecture, Photo
from data.rules import Rules

MOST = 20  # of one lecture
MAX_SIZE = 10 * 2**20  # bytes
START_OF_SCAN = 0xDA  # of a JPEG: behind it lies the picture itself
_PNG, _JPEG_ENDS, _GIF_ENDS = b"\x89PNG\r\n\x1a\n", b"\xff\xd9", b";"
_MAGIC = ((_PNG, "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))


class PictureCut(Declined):
    """A picture that did not come to its end, or was damaged on its way."""

    def __init__(self) -> None:
        super().__init__(
            "这张没传完整，或者坏了。", chat="没有存，请再发一次，或发原图。", desk="请从手机里重新选一次。"
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a picture; not ``new`` where the lecture had it already."""

    new: bool
    photos: int  # that the lecture has now


def kind_of(picture: bytes) -> str | None:
    """What a file must end in, by its first bytes; None where it is no picture that we keep."""
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "webp"
    return next((ending for magic, ending in _MAGIC if picture.startswith(magic)), None)


def whole(picture: bytes) -> bool:
    """Whether a picture of a kind that we keep is all there: one that was cut off shows nothing, or half."""
    match kind_of(picture):
        case "png":
            return _whole_png(picture)
        case "jpg":
            scans = (at for mark, at in segments(picture) if mark == START_OF_SCAN)
            scan = next(scans, None)
            return scan is not None and picture.find(_JPEG_ENDS, scan) > 0  # phones write more behind it
        case "gif":
            return picture.rstrip(b"\x00").endswith(_GIF_ENDS)
        case "webp":
            return int.from_bytes(picture[4:8], "little") + 8 <= len(picture)
        case _:
            return False


def segments(jpeg: bytes) -> Iterator[tuple[int, int]]:
    """(mark, where its length stands) of each part of a JPEG, up to the picture itself."""
    at = 2
    while at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        mark = jpeg[at + 1]
        if mark == 0xFF:  # some write more than one
            at += 1
            continue
        yield mark, at + 2
        if mark == START_OF_SCAN:
            return
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")


def _whole_png(picture: bytes) -> bool:
    """Whether every part is there and as it was written, up to the last."""
    at, kinds = len(_PNG), list[bytes]()
    while at + 12 <= len(picture):
        size = int.from_bytes(picture[at : at + 4], "big")
        body, check = picture[at + 4 : at + 8 + size], picture[at + 8 + size : at + 12 + size]
        if len(check) < 4 or zlib.crc32(body) != int.from_bytes(check, "big"):
            return False
        kinds.append(body[:4])
        if kinds[-1] == b"IEND":
            return kinds[0] == b"IHDR" and b"IDAT" in kinds
        at += 12 + size
    return False


def keep(
    session: Session, lecture: Lecture, picture: bytes, *, folder: Path, member_id: int, now: datetime, rules: Rules
) -> Kept:
    """Keep a picture with a lecture. Raises `NotBegun`, `LectureOver`, `NoPicture`, `PictureCut`, `PhotosFull`;
    OSError of the disk.

    The file is written before the row is committed. Where that never happens it is a file that nobody knows, and the
    same picture finds it there later.
    """
    require_begun(lecture, now=now, rules=rules)
    assert lecture.id is not None
    ending = kind_of(picture)
    if ending is None or len(picture) > MAX_SIZE:
        raise NoPicture(MAX_SIZE // 2**20)
    if not whole(picture):
        raise PictureCut
    photos = count(session, lecture.id)
    digest = hashlib.sha256(picture).hexdigest()
    same = select(Photo.id).where(Photo.lecture_id == lecture.id, Photo.sha256 == digest)
    if session.exec(same).first() is not None:
        return Kept(new=False, photos=photos)
    if photos >= MOST:
        raise PhotosFull(lecture.id, MOST)
    path = Path(digest[:2]) / f"{digest}.{ending}"
    write_once(folder / path, picture)
    session.add(
        Photo(
            lecture_id=lecture.id,
            member_id=member_id,
            sha256=digest,
            path=path.as_posix(),
            size=len(picture),
            at=now,
        )
    )
    session.flush()
    return Kept(new=True, photos=photos + 1)


def count(session: Session, lecture_id: int) -> int:
    """How many photos a lecture has."""
    return session.exec(select(func.count(col(Photo.id))).where(Photo.lecture_id == lecture_id)).one()
