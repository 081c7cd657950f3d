"""What the tests of matching share: a desk with orders by the names of things."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from data.loop import Assignment, AssignmentState, Lecture, Order
from data.matching import propose, times
from data.tables import Lecturer, LecturerTopic, Member, Room, Topic, Village
from tests.town import NOW, ZONE, DemoTown, demo_rules

RULES = demo_rules()
DAY = timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0, minute=0)


class Desk:
    """A coordinator's desk in the demo town: orders by the names of things, proposals by names and words."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.topics = {each.name: each.id or 0 for each in session.exec(select(Topic))}
        self.villages = {each.name: each.id or 0 for each in session.exec(select(Village))}
        self.lecturers = {each.name: each.id or 0 for each in session.exec(select(Lecturer))}
        self.member = session.exec(select(Member.id)).first() or 0
        self.room = session.exec(select(Room.id)).first() or 0

    def order(self, topic: str = "", village: str = "上坪村", lecturer: str = "", **values: Any) -> Order:
        order = Order(
            member_id=self.member,
            room_id=self.room,
            village_id=self.villages[village] if village else None,
            topic_id=self.topics[topic] if topic else None,
            lecturer_id=self.lecturers[lecturer] if lecturer else None,
            created_at=NOW,
            **values,
        )
        self.session.add(order)
        self.session.flush()
        return order

    def proposed(self, order: Order, limit: int = 3) -> dict[str, tuple[str, ...]]:
        """Name → reasons, best first."""
        return {each.name: each.reasons for each in propose(self.session, order, rules=RULES, now=NOW, limit=limit)}

    def slots(self, order: Order, lecturer: str = "", **rules: Any) -> list[tuple[str, str]]:
        """(11-22 19:30, reason), best first."""
        who = self.lecturers[lecturer] if lecturer else None
        found = times(self.session, order, rules=replace(RULES, **rules), now=NOW, lecturer_id=who)
        return [(f"{slot.starts_at.astimezone(ZONE):%m-%d %H:%M}", slot.reason) for slot in found]

    def answer(self, order: Order, lecturer: str, state: AssignmentState, reason: str = "") -> None:
        self.session.add(
            Assignment(
                order_id=order.id or 0,
                lecturer_id=self.lecturers[lecturer],
                state=state,
                starts_at=NOW + 2 * DAY,
                offered_by=self.member,
                offered_at=NOW,
                reason=reason,
            )
        )
        self.session.flush()

    def lecture(self, lecturer: str, at: datetime, village: str = "石湾村", **values: Any) -> Lecture:
        facts: dict[str, Any] = {"topic_id": self.topics["反诈骗"], "title": "课", "venue": "船头", **values}
        lecture = Lecture(
            lecturer_id=self.lecturers[lecturer], village_id=self.villages[village], starts_at=at, **facts
        )
        self.session.add(lecture)
        self.session.flush()
        return lecture

    def hire(self, name: str, topic: str, **values: Any) -> None:
        """One more lecturer, whom the bot cannot reach."""
        lecturer = Lecturer(name=name, **values)
        self.session.add(lecturer)
        self.session.flush()
        self.lecturers[name] = lecturer.id or 0
        self.session.add(LecturerTopic(lecturer_id=lecturer.id or 0, topic_id=self.topics[topic]))
        self.session.flush()


@pytest.fixture
def desk(town: DemoTown) -> Iterator[Desk]:
    with town.session() as session:
        yield Desk(session)
