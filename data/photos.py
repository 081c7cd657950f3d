"""Photos of a lecture: each file lies once under the photo folder, by its SHA-256; the row says whose it is."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session, col, func, select

from data.attendance import require_begun
from data.errors import NoPicture, PhotosFull
from data.files import write_once
from data.loop import Lecture, Photo
from data.rules import Rules

MOST = 20  # of one lecture
MAX_SIZE = 10 * 2**20  # bytes
_MAGIC = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))


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


def keep(
    session: Session, lecture: Lecture, picture: bytes, *, folder: Path, member_id: int, now: datetime, rules: Rules
) -> Kept:
    """Keep a picture with a lecture. Raises `NotBegun`, `LectureOver`, `NoPicture`, `PhotosFull`; OSError of the disk.

    The file is written before the row is committed. Where that never happens it is a file that nobody knows, and the
    same picture finds it there later.
    """
    require_begun(lecture, now=now, rules=rules)
    assert lecture.id is not None
    ending = kind_of(picture)
    if ending is None or len(picture) > MAX_SIZE:
        raise NoPicture(MAX_SIZE // 2**20)
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
