"""The library (课件) for lecturers: files by topic, in versions, each reviewed by somebody other than its uploader.

    waiting → approved → withdrawn (a newer version is approved, or it was taken out)
           ↘ returned, with a note

A file lies once under the material folder, by its SHA-256; the row says whose it is.
"""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from data import outbox
from data.errors import Declined
from data.files import write_once
from data.mail import OutboxKind
from data.names import clean_name
from data.record_tables import Material, MaterialDownload, MaterialState
from data.tables import Topic

MAX_SIZE = 20 * 2**20  # bytes
# Transports over which a file goes, and bytes of the largest: a gateway takes 4 MiB at a time, in base64.
CARRIERS: Mapping[str, int] = {"webchat": MAX_SIZE, "wechaty": 3_000_000}
KINDS = ("pdf", "docx", "pptx", "xlsx", "png", "jpg")
MAX_NOTE = 200
_MAGIC = ((b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"))
_OFFICE = {"word/document.xml": "docx", "ppt/presentation.xml": "pptx", "xl/workbook.xml": "xlsx"}
_MACROS = "vbaproject.bin"


class NoSuchMaterial(Declined):
    """No material has this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"没有资料{number}，或已撤下。", chat="发“资料”看有哪些。", desk="请在“课件”里找。")


class BadMaterial(Declined):
    """The file is none that the library takes."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"这个文件收不了：{why}。课件收PDF、Word、PPT、Excel和图片（PNG、JPG），{MAX_SIZE // 2**20}MB以内。"
        )


class SameMaterial(Declined):
    """The very same file is there already."""

    def __init__(self, title: str, version: int) -> None:
        super().__init__(f"《{title}》第{version}版就是这个文件，不用再传。")


class OlderMaterial(Declined):
    """A newer version is approved: this one would take its place."""

    def __init__(self, title: str, version: int, newer: int) -> None:
        super().__init__(f"《{title}》第{newer}版已经审过了，比第{version}版新。第{version}版请退回，不用了。")


class OwnMaterial(Declined):
    """Nobody reviews what they uploaded."""

    def __init__(self) -> None:
        super().__init__("自己传的课件要请另一位来审。")


class NotWaiting(Declined):
    """It was reviewed before, or taken out."""

    def __init__(self, title: str, state: MaterialState) -> None:
        super().__init__(f"《{title}》{STATE_NAMES[state]}，不用再审。")


class FileGone(Declined):
    """The file is not on the disk any more, or is not what was reviewed."""

    def __init__(self, title: str) -> None:
        super().__init__(f"《{title}》的文件找不到或改过了，请镇里重新传一次。")


STATE_NAMES = {
    MaterialState.WAITING: "等人审",
    MaterialState.APPROVED: "审过了",
    MaterialState.RETURNED: "退回了",
    MaterialState.WITHDRAWN: "撤下了",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """An approved piece of material, as a list shows it. ``size`` in bytes."""

    number: int
    topic: str
    title: str
    version: int
    kind: str
    size: int
    reviewed_at: datetime | None


def kind_of(content: bytes) -> str | None:
    """What a file is, by what is in it: one of `KINDS`; None for anything else, and for documents with macros."""
    if found := next((kind for magic, kind in _MAGIC if content.startswith(magic)), None):
        return found
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    if any(name.lower().endswith(_MACROS) for name in names):
        return None
    return next((kind for part, kind in _OFFICE.items() if part in names), None)


def add(
    session: Session,
    *,
    topic_id: int,
    title: str,
    file_name: str,
    content: bytes,
    folder: Path,
    by: int | None,
    now: datetime,
) -> Material:
    """Keep a new version under a title; it waits for review. Raises `BadMaterial`, `SameMaterial`; OSError of the disk.

    Where that version is there but its file is lost or damaged, the file is mended and the version returned as it is.
    The file is written before the row is committed; where that never happens, the same file finds it there later.
    """
    title = clean_name(title)
    if not title:
        raise BadMaterial("没写标题")
    if len(content) > MAX_SIZE:
        raise BadMaterial("太大")
    kind = kind_of(content)
    if kind is None:
        raise BadMaterial("不是能收的格式，或带宏")
    versions = session.exec(_versions(topic_id, title)).all()
    digest = hashlib.sha256(content).hexdigest()
    living = (MaterialState.WAITING, MaterialState.APPROVED)
    path = Path(digest[:2]) / f"{digest}.{kind}"
    mended = _lay(folder / path, content)
    if same := next((each for each in versions if each.sha256 == digest and each.state in living), None):
        if mended:
            return same
        raise SameMaterial(title, same.version)
    material = Material(
        topic_id=topic_id,
        title=title,
        version=versions[0].version + 1 if versions else 1,
        file_name=_clean(file_name, kind, title),
        path=path.as_posix(),
        sha256=digest,
        size=len(content),
        uploaded_by=by,
        uploaded_at=now,
    )
    session.add(material)
    session.flush()
    return material


def find(session: Session, number: int) -> Material:
    """The material with this number. Raises `NoSuchMaterial`."""
    material = session.get(Material, number)
    if material is None:
        raise NoSuchMaterial(number)
    return material


def find_approved(session: Session, number: int) -> Material:
    """The same, where it may be given out. Raises `NoSuchMaterial`."""
    material = find(session, number)
    if material.state != MaterialState.APPROVED:
        raise NoSuchMaterial(number)
    return material


def waiting(session: Session, *, limit: int = 50) -> list[Material]:
    """What waits for review, the oldest first."""
    query = select(Material).where(Material.state == MaterialState.WAITING).order_by(col(Material.id)).limit(limit)
    return list(session.exec(query))


def versions(session: Session, material: Material) -> list[Material]:
    """All versions of a piece, the newest first."""
    return list(session.exec(_versions(material.topic_id, material.title)))


def at_the_time(session: Session, topic_id: int, at: datetime) -> list[Piece]:
    """What was approved on a topic at a moment, in the version of then, by title; taken back since or not."""
    states = (MaterialState.APPROVED, MaterialState.WITHDRAWN)
    then = _of_topic(session, topic_id, col(Material.state).in_(states), col(Material.reviewed_at) <= at)
    return list({each.title: each for each in then}.values())


def of_topic(session: Session, topic_id: int) -> list[Piece]:
    """What is approved on a topic, by title."""
    return _of_topic(session, topic_id, col(Material.state) == MaterialState.APPROVED)


def _of_topic(session: Session, topic_id: int, *which: ColumnElement[bool]) -> list[Piece]:
    """By title, the versions of one in their order."""
    query = (
        select(Material, Topic.name)
        .join(Topic, col(Topic.id) == col(Material.topic_id))
        .where(Material.topic_id == topic_id, *which)
        .order_by(col(Material.title), col(Material.version))
    )
    return [piece(each, topic) for each, topic in session.exec(query)]


def piece(material: Material, topic: str) -> Piece:
    """A piece as a list shows it."""
    kind = PurePosixPath(material.path).suffix[1:]
    assert material.id is not None
    return Piece(material.id, topic, material.title, material.version, kind, material.size, material.reviewed_at)


def shelf(session: Session) -> list[tuple[str, int]]:
    """(topic, approved pieces) of the topics that have any, in the menu's order."""
    query = (
        select(Topic.name, func.count(col(Material.id)))
        .join(Material, col(Material.topic_id) == col(Topic.id))
        .where(Material.state == MaterialState.APPROVED)
        .group_by(col(Topic.id), col(Topic.name), col(Topic.position))
        .order_by(col(Topic.position))
    )
    return list(session.exec(query))


def approve(session: Session, material: Material, *, by: int, now: datetime, note: str = "") -> None:
    """Let lecturers have it; the version before is withdrawn. Raises `NotWaiting`, `OwnMaterial`, `OlderMaterial`."""
    _review(material, by)
    approved = [each for each in versions(session, material) if each.state == MaterialState.APPROVED]
    if approved and approved[0].version > material.version:
        raise OlderMaterial(material.title, material.version, approved[0].version)
    for older in approved:
        older.state = MaterialState.WITHDRAWN
    _settle(session, material, MaterialState.APPROVED, by=by, now=now, note=note)


def give_back(session: Session, material: Material, note: str, *, by: int, now: datetime) -> None:
    """Return it with what is to be mended. Raises `NotWaiting`, `OwnMaterial`; ValueError without a note."""
    if not note.strip():
        raise ValueError("a return needs a note")
    _review(material, by)
    _settle(session, material, MaterialState.RETURNED, by=by, now=now, note=note)


def withdraw(session: Session, material: Material) -> bool:
    """Take it out of the library; False where it was not in it."""
    if material.state not in (MaterialState.APPROVED, MaterialState.WAITING):
        return False
    material.state = MaterialState.WITHDRAWN
    session.flush()
    return True


def content_of(material: Material, folder: Path) -> bytes:
    """The file as it was reviewed. Raises `FileGone`."""
    content = _whole(folder / material.path, material.sha256)
    if content is None:
        raise FileGone(material.title)
    return content


def note_download(session: Session, material: Material, *, member_id: int | None, now: datetime) -> None:
    """That somebody was given it."""
    assert material.id is not None
    session.add(MaterialDownload(material_id=material.id, member_id=member_id, at=now))
    session.flush()


def downloads(session: Session, material_id: int) -> int:
    """How often it was given out."""
    query = select(func.count(col(MaterialDownload.id))).where(MaterialDownload.material_id == material_id)
    return session.exec(query).one()


def send(session: Session, material: Material, words: str, *, room_id: int, member_id: int, now: datetime) -> None:
    """Queue the file, with ``words`` before it, into a room, and note that it was given."""
    outbox.queue(session, room_id=room_id, kind=OutboxKind.REPLY, text=words, now=now, material_id=material.id)
    note_download(session, material, member_id=member_id, now=now)


def size_words(size: int) -> str:
    """A size in words."""
    return f"{size / 2**20:.1f}MB" if size >= 2**20 else f"{max(1, size // 2**10)}KB"


def _whole(path: Path, digest: str) -> bytes | None:
    """A file that is as it was; None where it is lost or damaged."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if hashlib.sha256(content).hexdigest() == digest else None


def _lay(path: Path, content: bytes) -> bool:
    """Whether the file had to be written: it was not there, or not as it should be."""
    if _whole(path, path.stem) is not None:
        return False
    path.unlink(missing_ok=True)
    write_once(path, content)
    return True


def _versions(topic_id: int, title: str) -> SelectOfScalar[Material]:
    query = select(Material).where(Material.topic_id == topic_id, Material.title == title)
    return query.order_by(col(Material.version).desc())


def _review(material: Material, by: int) -> None:
    if material.state != MaterialState.WAITING:
        raise NotWaiting(material.title, material.state)
    if material.uploaded_by == by:
        raise OwnMaterial


def _settle(session: Session, material: Material, state: MaterialState, *, by: int, now: datetime, note: str) -> None:
    material.state, material.reviewed_by, material.reviewed_at = state, by, now
    material.note = note.strip()[:MAX_NOTE]
    session.flush()


def _clean(file_name: str, kind: str, title: str) -> str:
    """A name that any disk takes, ending in what the file is."""
    last = file_name.replace("\\", "/").rpartition("/")[2]
    stem = clean_name(last.rpartition(".")[0] or last)
    kept = "".join("_" if each in '<>:"|?*/\\' else each for each in stem).strip(". ")
    return f"{kept or title}.{kind}"
