"""The library (课件) for the console: a list with filters, and the topics to choose from."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlmodel import Session

from data.record_tables import Material, MaterialDownload, MaterialState
from data.statements import table_of
from data.tables import Member, Topic

_MATERIAL, _TOPIC, _GIVEN = table_of(Material), table_of(Topic), table_of(MaterialDownload)
_UPLOADER, _REVIEWER = table_of(Member).alias("uploader"), table_of(Member).alias("reviewer")
_DOWNLOADS = select(func.count()).where(_GIVEN.c.material_id == _MATERIAL.c.id).scalar_subquery()
_ROWS = (
    select(
        _MATERIAL,
        _TOPIC.c.name.label("topic"),
        func.coalesce(_UPLOADER.c.name, "").label("uploader"),
        func.coalesce(_REVIEWER.c.name, "").label("reviewer"),
        _DOWNLOADS.label("downloads"),
    )
    .join(_TOPIC, _TOPIC.c.id == _MATERIAL.c.topic_id)
    .join(_UPLOADER, _UPLOADER.c.id == _MATERIAL.c.uploaded_by, isouter=True)
    .join(_REVIEWER, _REVIEWER.c.id == _MATERIAL.c.reviewed_by, isouter=True)
)


@dataclass(frozen=True, slots=True)
class Line:
    """One version of a piece, as a list shows it. ``size`` in bytes; ``downloads`` is how often it was given out."""

    number: int
    topic_id: int
    topic: str
    title: str
    version: int
    file_name: str
    kind: str
    size: int
    state: MaterialState
    uploader: str
    uploaded_at: datetime
    reviewer: str
    reviewed_at: datetime | None
    note: str
    downloads: int


def find(
    session: Session,
    *,
    words: str = "",
    topic_id: int | None = None,
    state: MaterialState | None = None,
    offset: int = 0,
    limit: int = 30,
) -> list[Line]:
    """Pieces by topic and title, the newest version first."""
    query = _ROWS.where(*_where(words, topic_id, state))
    query = query.order_by(_TOPIC.c.position, _MATERIAL.c.title, _MATERIAL.c.version.desc(), _MATERIAL.c.id)
    return [_line(row) for row in session.execute(query.offset(offset).limit(limit))]


def count(session: Session, *, words: str = "", topic_id: int | None = None, state: MaterialState | None = None) -> int:
    """How many there are."""
    query = select(func.count()).select_from(_MATERIAL.join(_TOPIC, _TOPIC.c.id == _MATERIAL.c.topic_id))
    return int(session.execute(query.where(*_where(words, topic_id, state))).scalar_one())


def lines(session: Session, numbers: list[int]) -> list[Line]:
    """Some versions, the newest first."""
    query = _ROWS.where(_MATERIAL.c.id.in_(numbers)).order_by(_MATERIAL.c.version.desc())
    return [_line(row) for row in session.execute(query)]


def uploaded_by(session: Session, numbers: list[int], member_id: int) -> set[int]:
    """Which of them this member uploaded."""
    mine = (_MATERIAL.c.id.in_(numbers), _MATERIAL.c.uploaded_by == member_id)
    return set(session.execute(select(_MATERIAL.c.id).where(*mine)).scalars())


def given_back(session: Session, member_id: int, *, since: datetime, limit: int) -> list[Line]:
    """What this member uploaded and got back to mend since then, and of which no newer version has come."""
    newer = table_of(Material).alias("newer")
    same = (newer.c.topic_id == _MATERIAL.c.topic_id, newer.c.title == _MATERIAL.c.title)
    query = _ROWS.where(
        _MATERIAL.c.uploaded_by == member_id,
        _MATERIAL.c.state == MaterialState.RETURNED,
        _MATERIAL.c.reviewed_at > since,
        ~exists().where(*same, newer.c.version > _MATERIAL.c.version),
    )
    return [_line(row) for row in session.execute(query.order_by(_MATERIAL.c.reviewed_at.desc()).limit(limit))]


def _where(words: str, topic_id: int | None, state: MaterialState | None) -> list[Any]:
    found: list[Any] = []
    if topic_id is not None:
        found.append(_MATERIAL.c.topic_id == topic_id)
    if state is not None:
        found.append(_MATERIAL.c.state == state)
    if words:
        columns = (_MATERIAL.c.title, _MATERIAL.c.file_name, _TOPIC.c.name)
        found.append(or_(*(each.contains(words, autoescape=True) for each in columns)))
    return found


def _line(row: Any) -> Line:
    return Line(
        number=row.id,
        topic_id=row.topic_id,
        topic=row.topic,
        title=row.title,
        version=row.version,
        file_name=row.file_name,
        kind=PurePosixPath(row.path).suffix[1:],
        size=row.size,
        state=MaterialState(row.state),
        uploader=row.uploader,
        uploaded_at=row.uploaded_at,
        reviewer=row.reviewer,
        reviewed_at=row.reviewed_at,
        note=row.note,
        downloads=row.downloads,
    )
