"""What is kept of the year for its figures: counts as they came in, cancelled lectures, texts, what people said."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from data.loop import Lecture, LectureState, Step, Subject
from data.mail import Inbox, Outbox, OutboxKind, OutboxState, Priority
from data.record_tables import LectureCount, MediaLevel, MediaReport
from data.tables import Broadcast, BroadcastState
from tools.city.scale import City
from tools.city.year import lecture, step

_CORRECTED, _LATE = 50, 211  # one count in so many was put right later; one long after
_NOTICE_ROOMS = 40  # that a notice goes to
_LEVELS = (MediaLevel.COUNTY, MediaLevel.COUNTY, MediaLevel.CITY, MediaLevel.PROVINCE, MediaLevel.CENTRAL)


def counts(city: City) -> None:
    """What was said of each lecture's attendance; the last of it is what the lecture has."""
    counted = (each for each in city.lectures if each["attended"] is not None)
    city.load(LectureCount, chain.from_iterable(_counts(city, each) for each in counted))


def _counts(city: City, held: dict[str, Any]) -> Iterator[dict[str, Any]]:
    typed, number = held["counted_at"], held["id"]
    said = {"lecture_id": number, "handouts": held["handouts"], "by_id": held["counted_by"]}
    late = number % _LATE == 0
    if late or number % _CORRECTED == 0:
        yield {**said, "attended": held["attended"] + 3, "at": typed}
        typed = min(typed + timedelta(days=40 if late else 1), city.now)
    yield {**said, "attended": held["attended"], "at": typed}


def cancelled(city: City) -> None:
    """Lectures that were announced and did not take place, beside those of `Scale.lectures`."""
    rows = [
        lecture(city, id_, city.past(), LectureState.CANCELLED, None) for id_ in city.ids(Lecture, city.scale.cancelled)
    ]
    city.load(Lecture, rows)
    city.load(Step, chain.from_iterable(_cancelled(each) for each in rows))


def _cancelled(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    number, at, owner = row["id"], row["starts_at"], row["owner_id"]
    yield step(Subject.LECTURE, number, LectureState.ANNOUNCED, row["created_at"], owner)
    yield step(Subject.LECTURE, number, LectureState.CANCELLED, at - timedelta(days=1), owner, "下大雨")


def messages(city: City) -> None:
    """A text a week to every group, from the year's first week on; notices to a few groups; what people said."""
    rooms = [room for each in city.village_rooms.values() for room in each]
    city.load(Outbox, (_push(city, number, rooms) for number in range(city.scale.pushes)))
    notices = city.ids(Broadcast, city.scale.notices)
    days = [city.dice.randint(14, 360) for _ in notices]
    city.load(Broadcast, (_notice(city, id_, day) for id_, day in zip(notices, days, strict=True)))
    for id_, day in zip(notices, days, strict=True):
        theirs = city.dice.sample(rooms, min(_NOTICE_ROOMS, len(rooms)))
        at = city.evening(-day)
        city.load(Outbox, (_sent(room, OutboxKind.NOTICE, "明天停电检修", at, broadcast_id=id_) for room in theirs))
    city.load(Inbox, (_heard(city, number) for number in range(city.scale.heard)))


def _push(city: City, number: int, rooms: list[int]) -> dict[str, Any]:
    week, place = divmod(number, len(rooms))
    at = city.now - timedelta(days=364 - 7 * (week % 52) - place % 7, minutes=place % 40)
    state = OutboxState.UNKNOWN if number % 997 == 0 else OutboxState.SENT
    return _sent(rooms[place], OutboxKind.PUSH, f"【政策】第{week + 1}条：每年看一次血压，村卫生室免费。", at, state)


def _sent(
    room: int,
    kind: OutboxKind,
    text: str,
    at: datetime,
    state: OutboxState = OutboxState.SENT,
    *,
    broadcast_id: int | None = None,
) -> dict[str, Any]:
    return {
        "room_id": room,
        "kind": kind,
        "priority": int(Priority.PUSH if kind is OutboxKind.PUSH else Priority.NOTICE),
        "text": text,
        "mentions": [],
        "gathered": [],
        "state": state,
        "queued_at": at,
        "not_before": at,
        "claimed_at": at,
        "settled_at": at + timedelta(seconds=2),
        "attempts": 1,
        "broadcast_id": broadcast_id,
    }


def _notice(city: City, id_: int, day: int) -> dict[str, Any]:
    return {
        "id": id_,
        "author_id": city.dice.choice(city.clerks),
        "audience": "几个群",
        "spec": {},
        "room_ids": [],
        "member_ids": [],
        "text": "明天停电检修",
        "state": BroadcastState.QUEUED,
        "created_at": city.evening(-day),
    }


def _heard(city: City, number: int) -> dict[str, Any]:
    which = city.dice.randrange(city.scale.people)
    rooms = city.village_rooms[city.homes[which]]
    at = city.now - timedelta(minutes=city.dice.randrange(364 * 24 * 60))
    return {
        "transport": city.transport,
        "message_id": f"city-m{number}",
        "room_id": city.dice.choice(rooms),
        "member_id": city.people[which],
        "text": "医保怎么报销",
        "heard_at": at,
        "handled_at": at,
        "route": "ask",
        "understood": {},
    }


def media(city: City) -> None:
    """Reports in media, noted within some weeks; a few were struck."""
    city.load(MediaReport, (_report(city, number) for number in range(city.scale.media)))


def _report(city: City, number: int) -> dict[str, Any]:
    published = city.evening(-city.dice.randint(25, 364))
    noted = published + timedelta(days=city.dice.randint(0, 24))
    return {
        "title": f"宣讲进村第{number + 1}篇",
        "outlet": "日报",
        "level": city.dice.choice(_LEVELS),
        "published_on": published.date(),
        "village_id": city.dice.choice(city.villages),
        "noted_by": city.dice.choice(city.clerks),
        "noted_at": noted,
        "struck_at": noted + timedelta(hours=1) if number % 23 == 0 else None,
    }
