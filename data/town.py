"""A town's files, brought into the database: loading them again changes only what they changed."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlmodel import Session, SQLModel, col, delete, select

from data import bindings, lectures, snippets
from data.checked import Entry
from data.loop import Lecture, LectureRoom
from data.seasons import check
from data.series_tables import Series
from data.tables import Lecturer, LecturerTopic, Member, Picture, Room, SnippetOrigin, Topic, Village
from data.townfile import TownFiles

Row = TypeVar("Row", bound=SQLModel)


def load_town(
    session: Session, files: TownFiles, topics: tuple[str, ...], *, transport: str | None, now: datetime
) -> None:
    """Bring the town up to its files. Rooms, people and lectures are simulated ones: only with a ``transport``.

    What the files say nothing of stays as it is: villages, lecturers and topics that are not in them, and of those that
    are, what is not written there (`data.bring` may have brought it).
    """
    town = files.town
    for position, topic in enumerate(topics, 1):
        _put(session, Topic, {"name": topic}, position=position)
    for village in town.villages:
        _put(session, Village, {"name": village.name}, **_said(village, ("aliases", "venues", "free")))
    _join_neighbours(session, files)
    villages = _ids(session, Village)
    topic_ids = _ids(session, Topic)
    for entry in town.lecturers:
        values = _said(entry, ("title", "kind", "trade", "dialects", "free"))
        if "home_village" in entry.model_fields_set:
            values["village_id"] = villages[entry.home_village] if entry.home_village else None
        lecturer = _put(session, Lecturer, {"name": entry.name}, **values)
        if "topics" not in entry.model_fields_set:
            continue
        session.exec(delete(LecturerTopic).where(col(LecturerTopic.lecturer_id) == lecturer.id))
        for name in entry.topics:
            session.add(LecturerTopic(lecturer_id=lecturer.id or 0, topic_id=topic_ids[name]))
    _pair_mentors(session, files)
    _load_snippets(session, files, topic_ids, now)
    _load_series(session, files)
    if transport is not None:
        _load_people(session, files, transport, villages, now)
        _announce(session, files, transport, villages, topic_ids, now)


def topic_ids(session: Session) -> dict[str, int]:
    """Catalogue name → id."""
    return _ids(session, Topic)


def lecturer_ids(session: Session) -> dict[str, int]:
    """Lecturer's name → id."""
    return _ids(session, Lecturer)


def near_said(files: TownFiles) -> dict[str, bool]:
    """Of each village in the files: whether neighbours are written there."""
    return {each.name: "near" in each.model_fields_set for each in files.town.villages}


def governs(said: Mapping[str, bool], one: str, other: str) -> bool:
    """Whether the files, of which ``said`` is `near_said`, decide if two villages are neighbours."""
    return one in said and other in said and (said[one] or said[other])


def _said(entry: Entry, fields: tuple[str, ...]) -> dict[str, Any]:
    """Those of the fields that the file writes, as columns take them."""
    values = {name: getattr(entry, name) for name in fields if name in entry.model_fields_set}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _join_neighbours(session: Session, files: TownFiles) -> None:
    """The neighbours that the files name, beside those of which they say nothing."""
    said = near_said(files)
    for village in session.exec(select(Village).where(col(Village.name).in_(list(said)))):
        kept = [each for each in village.near if not governs(said, village.name, each)]
        near = list(dict.fromkeys([*_neighbours(files, village.name), *kept]))
        if near != village.near:
            village.near = near


def _neighbours(files: TownFiles, name: str) -> list[str]:
    """The villages near this one, whichever of the two says so."""
    villages = files.town.villages
    named = [near for each in villages if each.name == name for near in each.near]
    return list(dict.fromkeys([*named, *(each.name for each in villages if name in each.near)]))


def _pair_mentors(session: Session, files: TownFiles) -> None:
    """Set the mentors that the files name; who has none there keeps the one that was given in chat."""
    rows = {each.name: each for each in session.exec(select(Lecturer))}
    for entry in files.town.lecturers:
        if entry.mentor is not None:
            rows[entry.name].mentor_id = rows[entry.mentor].id


def _load_snippets(session: Session, files: TownFiles, topic_ids: dict[str, int], now: datetime) -> None:
    """The texts of the files, and none that was taken out of them; what was imported is not theirs."""
    for each in files.snippets:
        snippets.put(
            session,
            each,
            origin=SnippetOrigin.FILE,
            topic_ids=topic_ids,
            picture_id=keep_picture(session, files.folder / each.picture) if each.picture else None,
            now=now,
        )
    kept = {each.key for each in files.snippets}
    for snippet in snippets.living(session):
        if snippet.origin == SnippetOrigin.FILE and snippet.key not in kept:
            snippets.withdraw(session, snippet, now=now)


def _load_series(session: Session, files: TownFiles) -> None:
    """The series of the file; one that was taken out of it rests."""
    town = files.town
    for position, each in enumerate(town.series, 1):
        _put(
            session,
            Series,
            {"name": each.name},
            kind=each.kind,
            texts=list(each.texts),
            days=[check(words, town.dates) for words in each.days],
            every_days=each.gap_days,
            again=each.again,
            audience=each.audience.as_row(),
            position=position,
            active=True,
        )
    kept = {each.name for each in town.series}
    for series in session.exec(select(Series).where(col(Series.active))):
        if series.name not in kept:
            series.active = False


def _load_people(session: Session, files: TownFiles, transport: str, villages: dict[str, int], now: datetime) -> None:
    """The groups; and the people, until somebody asked to be forgotten: nothing is left that tells who that was."""
    for room in files.town.rooms:
        _put(
            session,
            Room,
            {"transport": transport, "external_id": room.id},
            name=room.name,
            kind=room.kind,
            village_id=villages[room.village] if room.village else None,
            created_at=now,
        )
    if session.exec(select(Member.id).where(col(Member.erased_at).is_not(None)).limit(1)).first() is not None:
        return
    lecturers = _ids(session, Lecturer)
    for person in files.town.people:
        member = _put(
            session,
            Member,
            {"transport": transport, "external_id": person.id},
            name=person.name,
            village_id=villages[person.village] if person.village else None,
            created_at=now,
        )
        if person.granted is not None and member.id is not None:
            stands_for = lecturers[person.lecturer] if person.lecturer else None
            bindings.grant(session, member.id, person.granted, granted_by="演示数据", now=now, lecturer_id=stands_for)


def _announce(
    session: Session,
    files: TownFiles,
    transport: str,
    villages: dict[str, int],
    topic_ids: dict[str, int],
    now: datetime,
) -> None:
    """Announce the demo's lectures, each only while no lecture is open in its rooms."""
    zone = ZoneInfo(files.town.town.zone)
    rooms = {room.external_id: room.id or 0 for room in session.exec(select(Room).where(Room.transport == transport))}
    lecturers = _ids(session, Lecturer)
    for each in files.town.lectures:
        if any(lectures.open_in(session, rooms[name], now=now) for name in each.rooms):
            continue
        day = now.astimezone(zone).date() + timedelta(days=each.days_ahead)
        lecture = Lecture(
            topic_id=topic_ids[each.topic],
            lecturer_id=lecturers[each.lecturer],
            village_id=villages[each.village] if each.village else None,
            title=each.title,
            venue=each.venue,
            dialect=each.dialect,
            seats=each.seats,
            starts_at=datetime.combine(day, each.time, tzinfo=zone),
        )
        session.add(lecture)
        session.flush()
        for name in each.rooms:
            session.add(LectureRoom(lecture_id=lecture.id or 0, room_id=rooms[name]))


def keep_picture(session: Session, path: Path) -> int:
    """The id of a picture, kept once."""
    png = path.read_bytes()
    picture = _put(session, Picture, {"sha256": hashlib.sha256(png).hexdigest()}, name=path.name, png=png)
    assert picture.id is not None
    return picture.id


def _put(session: Session, table: type[Row], key: dict[str, Any], **values: Any) -> Row:
    """The row with this key, made where it is missing, with these values; ``created_at`` stays as it was."""
    row = session.exec(select(table).filter_by(**key)).first()
    if row is None:
        row = table(**key, **values)
        session.add(row)
    else:
        for name, value in values.items():
            if name != "created_at" and getattr(row, name) != value:
                setattr(row, name, value)
    session.flush()
    return row


def _ids(session: Session, table: type[Any]) -> dict[str, int]:
    return dict(session.exec(select(table.name, table.id)).all())
