"""What happened in the year: lectures, orders and how each of them went, sign-ups, voices."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, islice, pairwise
from typing import Any

from data.loop import (
    Assignment,
    AssignmentState,
    EventKind,
    Lecture,
    LectureRoom,
    LectureState,
    Order,
    OrderSeconder,
    OrderState,
    SignUp,
    SignUpState,
    Step,
    Subject,
    Voice,
    VoiceKind,
)
from tools.city.scale import DIALECTS, TOWN, City

_WAY = (
    OrderState.RECEIVED,
    OrderState.REVIEWED,
    OrderState.DISPATCHED,
    OrderState.ACCEPTED,
    OrderState.SCHEDULED,
    OrderState.DELIVERED,
    OrderState.RATED,
    OrderState.ARCHIVED,
)
_KINDS = (*(EventKind.LECTURE,) * 19, EventKind.COURTYARD, EventKind.COURTYARD, EventKind.VISIT, EventKind.VISIT,
          EventKind.VOLUNTEER, EventKind.TRAINING, EventKind.SHOW)  # fmt: skip
_VENUES = ("文化室", "文化室", "晒谷场", "沙糖桔果园", "村委会议室", "石湾小学", "码头船头", "榕树下", "线上", "镇上",
           "文化广场")  # fmt: skip
_HAMLETS = ("", "", "", "坡脚组", "大塘组")


def lectures(city: City) -> None:
    """The lectures in the order in which they were held, the last `Scale.announced` of them to come."""
    dice = city.dice
    held = sorted(city.past() for _ in range(city.scale.lectures - city.scale.announced - city.scale.uncounted))
    fresh = sorted(city.evening(-dice.randint(1, 5)) for _ in range(city.scale.uncounted))
    coming = sorted(city.evening(dice.randint(1, 14)) for _ in range(city.scale.announced))
    starts = [*held, *fresh, *coming]
    counts = iter(_shares(dice, city.scale.attendances, len(held)))
    for id_, starts_at in zip(city.ids(Lecture, city.scale.lectures), starts, strict=True):
        state = (
            LectureState.ANNOUNCED if starts_at > city.now
            else LectureState.ARCHIVED if len(city.lectures) < len(held)
            else LectureState.DELIVERED
        )  # fmt: skip
        city.lectures.append(lecture(city, id_, starts_at, state, next(counts, None)))
    city.load(Lecture, city.lectures)
    city.load(
        LectureRoom,
        (
            {"lecture_id": each["id"], "room_id": room}
            for each in city.lectures
            for room in city.village_rooms[each["village_id"]]
        ),
    )
    city.load(Step, chain.from_iterable(_lecture_steps(each) for each in city.lectures))


def lecture(city: City, id_: int, starts_at: datetime, state: LectureState, came: int | None) -> dict[str, Any]:
    """A row of a lecture. What kind of event it is, where and how it is held goes by its number, not by the dice."""
    dice = city.dice
    village = dice.choice(city.villages)
    owner = city.clerks[(village - city.villages[0]) // TOWN]
    return {
        "id": id_,
        "kind": _KINDS[id_ % len(_KINDS)],
        "topic_id": dice.choice(city.topics),
        "lecturer_id": dice.choice(city.lecturers),
        "village_id": village,
        "title": f"第{id_}讲",
        "venue": _VENUES[id_ % len(_VENUES)],
        "hamlet": _HAMLETS[id_ % len(_HAMLETS)],
        "branches": [],
        "live_url": "https://live.example.cn/1" if id_ % 9 == 0 else "",
        "dialect": dice.choice(DIALECTS),
        "seats": dice.choice((None, 30, 40, 60)),
        "minutes": 60,
        "starts_at": starts_at,
        "state": state,
        "owner_id": owner,
        "created_at": starts_at - timedelta(days=7),
        "attended": came,
        "handouts": None if came is None else came // 2,
        "counted_by": None if came is None else owner,
        "counted_at": None if came is None else starts_at + timedelta(hours=2),
    }


def _lecture_steps(lecture: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at, owner = lecture["starts_at"], lecture["owner_id"]
    yield step(Subject.LECTURE, lecture["id"], LectureState.ANNOUNCED, lecture["created_at"], owner)
    if lecture["state"] is not LectureState.ANNOUNCED:
        yield step(Subject.LECTURE, lecture["id"], LectureState.DELIVERED, at + timedelta(hours=2), None)
    if lecture["state"] is LectureState.ARCHIVED:
        yield step(Subject.LECTURE, lecture["id"], LectureState.ARCHIVED, at + timedelta(days=14), None)


def step(subject: Subject, id_: int, state: str, at: datetime, by: int | None, reason: str = "") -> dict[str, Any]:
    """A row of a step."""
    return {"subject": subject, "subject_id": id_, "state": str(state), "at": at, "by_id": by, "reason": reason}


def _shares(dice: random.Random, total: int, count: int) -> list[int]:
    """``total`` in ``count`` uneven shares that sum up to it."""
    weights = [dice.lognormvariate(0.0, 0.7) for _ in range(count)]
    scale, reached, marks = total / sum(weights), 0.0, [0]
    for weight in weights:
        reached += weight * scale
        marks.append(round(reached))
    marks[-1] = total
    return [after - before for before, after in pairwise(marks)]


def orders(city: City) -> None:
    """Orders served by a lecture, those that ended otherwise, and those that still wait for somebody."""
    ids = iter(city.ids(Order, city.scale.orders))
    served = city.scale.orders - sum(city.scale.ended.values()) - sum(city.scale.open.values())
    rows: list[dict[str, Any]] = []
    for number, id_ in enumerate(islice(ids, served)):
        lecture = city.lectures[number] if number < city.scale.lectures else city.dice.choice(city.lectures)
        rows.append(_order(city, id_, _served(lecture, city.dice), lecture=lecture))
    for state, count in city.scale.ended.items():
        for id_ in islice(ids, count):
            leader = city.dice.choice(rows[:served]) if state is OrderState.MERGED else None
            rows.append(_order(city, id_, state, leader=leader))
    for state, count in city.scale.open.items():
        rows += [_order(city, id_, state) for id_ in islice(ids, count)]
    city.load(Order, rows)
    city.load(OrderSeconder, _seconders(city, rows))
    city.load(Assignment, chain.from_iterable(_assignments(city, each) for each in rows))
    city.load(Step, chain.from_iterable(_order_steps(each) for each in rows))


def _served(lecture: dict[str, Any], dice: random.Random) -> OrderState:
    match lecture["state"]:
        case LectureState.ANNOUNCED:
            return OrderState.SCHEDULED
        case LectureState.DELIVERED:
            return dice.choice((OrderState.DELIVERED, OrderState.RATED))
        case _:
            return OrderState.ARCHIVED


def _order(
    city: City,
    id_: int,
    state: OrderState,
    *,
    lecture: dict[str, Any] | None = None,
    leader: dict[str, Any] | None = None,
) -> dict[str, Any]:
    dice = city.dice
    which = dice.randrange(city.scale.people)
    home = city.homes[which]
    about = lecture or leader
    created = (
        about["created_at"] - timedelta(hours=dice.randint(1, 72)) if about
        else city.now - timedelta(minutes=dice.randint(5, 4_000)) if state in city.scale.open
        else city.past()
    )  # fmt: skip
    wanted = city.evening(dice.randint(2, 20)) if state in city.scale.open and dice.random() < 0.6 else None
    return {
        "id": id_,
        "member_id": city.people[which],
        "room_id": city.village_rooms[home][0],
        "village_id": home,
        "topic_id": about["topic_id"] if about else dice.choice(city.topics),
        "lecturer_id": dice.choice(city.lecturers) if dice.random() < 0.1 else None,
        "wish": "",
        "when_text": "" if wanted is None else "到时再说",
        "when_start": wanted,
        "when_end": None,
        "dialect": dice.choice((*DIALECTS, "", "", "")),
        "place": "",
        "for_whom": "",
        "urgent": dice.random() < 0.03,
        "state": state,
        "created_at": created,
        "changed_at": created + timedelta(hours=1),
        "due_at": created + timedelta(hours=48) if state in city.scale.open else None,
        "owner_id": None if state is OrderState.RECEIVED else city.clerks[(home - city.villages[0]) // TOWN],
        "merged_into": leader["id"] if leader else None,
        "lecture_id": about.get("lecture_id", about["id"]) if about else None,
    }


def _seconders(city: City, orders: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for order in orders:
        if city.dice.random() < 0.3:
            for member in city.dice.sample(city.people, city.dice.randint(1, 3)):
                if member != order["member_id"]:
                    yield {"order_id": order["id"], "member_id": member, "at": order["changed_at"]}


def _assignments(city: City, order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Who was asked: for one order in seven somebody declined before somebody else took it."""
    state, dice = order["state"], city.dice
    if state not in _WAY or _WAY.index(state) < _WAY.index(OrderState.DISPATCHED):
        return
    waits = state is OrderState.DISPATCHED
    answers = [AssignmentState.OFFERED if waits else AssignmentState.ACCEPTED]
    if dice.random() < 1 / 7:
        answers.insert(0, AssignmentState.DECLINED)
    for answer in answers:
        yield {
            "order_id": order["id"],
            "lecturer_id": dice.choice(city.lecturers),
            "state": answer,
            "starts_at": order["created_at"] + timedelta(days=7),
            "venue": "文化室",
            "paper": False,
            "offered_by": order["owner_id"],
            "offered_at": order["changed_at"],
            "due_at": order["due_at"],
            "answered_at": None if answer is AssignmentState.OFFERED else order["changed_at"] + timedelta(hours=3),
            "reason": "那天有事" if answer is AssignmentState.DECLINED else "",
        }


def _order_steps(order: dict[str, Any]) -> Iterator[dict[str, Any]]:
    state, at = order["state"], order["created_at"]
    ended = state not in _WAY
    way = (OrderState.RECEIVED, state) if ended else _WAY[: _WAY.index(state) + 1]
    for number, each in enumerate(way):
        by = order["member_id"] if number == 0 else order["owner_id"]
        reason = "和别的点单一样" if ended and number else ""
        yield step(Subject.ORDER, order["id"], each, at + timedelta(hours=number), by, reason)


def sign_ups(city: City) -> None:
    """For the lectures to come only; where the seats are gone the rest wait."""
    city.load(SignUp, chain.from_iterable(_sign_ups_of(city, each) for each in city.lectures[-city.scale.announced :]))


def _sign_ups_of(city: City, lecture: dict[str, Any]) -> Iterator[dict[str, Any]]:
    dice, taken, full = city.dice, 0, False
    for number, member in enumerate(dice.sample(city.people, dice.randint(0, 40))):
        people = dice.choice((1, 1, 1, 2, 3))
        full = full or (lecture["seats"] is not None and taken + people > lecture["seats"])
        taken += 0 if full else people
        yield {
            "lecture_id": lecture["id"],
            "member_id": member,
            "room_id": city.village_rooms[lecture["village_id"]][0],
            "for_whom": "",
            "people": people,
            "state": SignUpState.WAITING if full else SignUpState.SEATED,
            "by_list": False,
            "at": city.now - timedelta(days=1) + timedelta(minutes=number),
        }


def voices(city: City) -> None:
    city.load(Voice, (_voice(city, number) for number in range(city.scale.ratings + city.scale.opinions)))


def _voice(city: City, number: int) -> dict[str, Any]:
    dice = city.dice
    which, rates = dice.randrange(city.scale.people), number < city.scale.ratings
    lecture = city.lectures[dice.randrange(city.scale.lectures - city.scale.announced)] if rates else None
    at = lecture["starts_at"] + timedelta(hours=3) if lecture else city.now - timedelta(days=dice.randint(4, 120))
    waits = not rates and number >= city.scale.ratings + city.scale.opinions - city.scale.unanswered
    home = city.homes[which]
    kind = VoiceKind.FEEDBACK if rates else dice.choice((VoiceKind.SUGGESTION, VoiceKind.NEED, VoiceKind.QUESTION))
    return {
        "kind": kind,
        "member_id": city.people[which],
        "room_id": city.village_rooms[home][0],
        "village_id": home,
        "lecture_id": lecture["id"] if lecture else None,
        "topic_id": lecture["topic_id"] if lecture else None,
        "text": "讲得好" if rates else "路灯坏了",
        "rating": dice.choice((3, 4, 4, 5, 5, 5)) if rates else None,
        "at": at,
        "due_at": None if rates else at + timedelta(days=7),
        "answer": "" if rates or waits else "已经修好了",
        "answered_at": None if rates or waits else at + timedelta(days=3),
    }
