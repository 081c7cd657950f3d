"""A demo town for the state machine of the loop: people speak, time jumps, the process restarts; and what must hold."""

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Engine, event, func
from sqlalchemy import select as core_select
from sqlmodel import Session, SQLModel, col, select

from bot.settings import LOOP_CRON
from data import progress, signups
from data.database import open_engine
from data.loop import (
    Assignment,
    AssignmentState,
    Lecture,
    LectureRoom,
    LectureState,
    Order,
    OrderState,
    SignUp,
    SignUpState,
    Step,
    Subject,
)
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.tables import Dialog, Lecturer, Member, Role, Room
from handlers.knowledge import Limits
from handlers.message import Heard
from handlers.take import Outcome
from scheduler import JOBS
from scheduler.job import JobContext
from tests.town import DemoTown, Talk

TICKS = 6  # runs of the jobs in one jump of the clock
_STANDING = (SignUpState.SEATED, SignUpState.OFFERED, SignUpState.WAITING)


def open_fast(path: Path) -> Engine:
    """An engine that does not wait for the disk: no power is cut here."""
    engine = open_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous=OFF"))
    return engine


class World(Talk):
    """Talk in a town of its own, which remembers what was heard and can be restarted."""

    def __init__(self, template: DemoTown, path: Path) -> None:
        template.engine.dispose()
        shutil.copy(template.path, path)
        unlimited = replace(template.knowledge, limits=Limits(per_minute=10**6, loop_turns=10**6))
        super().__init__(replace(template, path=path, engine=open_fast(path), knowledge=unlimited))
        self.heard_so_far: list[Heard] = []
        with self.town.session() as session:
            self.given = frozenset(session.exec(select(Lecture.id)))

    # ---- what happens ----------------------------------------------------------------------------------------------

    def take(self, heard: Heard) -> tuple[Outcome, list[str]]:
        self.heard_so_far.append(heard)
        return super().take(heard)

    def restart(self) -> None:
        """The process dies and begins again on the same file."""
        self.town.engine.dispose()
        self.town = replace(self.town, engine=open_fast(self.town.path))
        self._listener = self.town.listener()

    def replay(self) -> None:
        """Everything that was taken arrives once more, as a gateway reports it after a lost connection."""
        with self.town.session() as session:
            taken = set(session.exec(select(Inbox.message_id)))
        before = self.everything()
        for heard in self.heard_so_far:
            if heard.message_id in taken:
                with self.town.session() as session, session.begin():
                    assert self._listener.take(session, heard, now=self.now) is Outcome.SEEN
        assert self.everything() == before

    def jump(self, hours: int) -> None:
        """The clock goes on, and the jobs of the loop run now and then on the way; every other time twice."""
        rules = self.town.knowledge.rules
        context = JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules)
        for tick in range(TICKS):
            self.now += timedelta(hours=hours) / TICKS
            for _ in range(1 + tick % 2):
                with self.town.session() as session, session.begin():
                    for job in JOBS:
                        if job.setting == LOOP_CRON.key:
                            job.run(session, context, self.now, self.now)
            self.news()

    def sending(self, on: bool) -> None:
        """The gateway is there, or it is not and everything waits."""
        self._sends = on
        self.news()

    # ---- what there is ---------------------------------------------------------------------------------------------

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        with self.town.engine.connect() as connection:
            return {
                table.name: [tuple(map(str, row)) for row in connection.execute(core_select(table))]
                for table in SQLModel.metadata.sorted_tables
            }

    def orders(self, *states: OrderState) -> list[int]:
        """The numbers of the orders in these states, or all."""
        with self.town.session() as session:
            query = select(Order.id).order_by(col(Order.id).desc())
            return [id_ or 0 for id_ in session.exec(query.where(col(Order.state).in_(states)) if states else query)]

    def lectures(self, *states: LectureState) -> list[int]:
        with self.town.session() as session:
            query = select(Lecture.id).where(col(Lecture.state).in_(states)).order_by(col(Lecture.id).desc())
            return [id_ or 0 for id_ in session.exec(query)]

    def offers(self) -> list[tuple[int, str]]:
        """(order's number, nickname of the lecturer's person) of the offers that wait for an answer."""
        query = (
            select(Assignment.order_id, Member.external_id)
            .join(Role, col(Role.lecturer_id) == col(Assignment.lecturer_id))
            .join(Member, col(Member.id) == col(Role.member_id))
            .where(Assignment.state == AssignmentState.OFFERED)
            .order_by(col(Assignment.id).desc())
        )
        names = {person.id: person.name for person in self._people.values()}
        with self.town.session() as session:
            return [(number, names[who]) for number, who in session.exec(query)]

    def taught(self) -> list[str]:
        """The groups in which a lecture was held lately."""
        query = select(Room.name).join(LectureRoom, col(LectureRoom.room_id) == col(Room.id))
        query = query.join(Lecture, col(Lecture.id) == col(LectureRoom.lecture_id))
        query = query.where(Lecture.state == LectureState.DELIVERED).order_by(col(Lecture.id).desc())
        with self.town.session() as session:
            return list(session.exec(query))

    def asked(self) -> list[tuple[str, str | None]]:
        """(nickname, group or None for a direct chat) of those for whom a question of ours is open."""
        rooms = {id_: name for name, id_ in self._rooms.items()}
        names = {person.id: person.name for person in self._people.values()}
        query = select(Member.external_id, Room.external_id).join(Dialog, col(Dialog.member_id) == col(Member.id))
        query = query.join(Room, col(Dialog.room_id) == col(Room.id)).where(Dialog.expires_at > self.now)
        with self.town.session() as session:
            return [(names[who], rooms.get(room)) for who, room in session.exec(query)]

    def unreachable(self, name: str) -> None:
        """Nobody stands for this lecturer in any chat."""
        with self.town.session() as session, session.begin():
            lecturer = session.exec(select(Lecturer).where(Lecturer.name == name)).one()
            for role in session.exec(select(Role).where(Role.lecturer_id == lecturer.id)):
                session.delete(role)

    def asker(self, number: int) -> str | None:
        """The nickname of who asked for an order."""
        with self.town.session() as session:
            order = session.get(Order, number)
            member = session.get_one(Member, order.member_id) if order is not None else None
        return member.name if member is not None else None

    def seats_offered(self) -> list[tuple[str, str | None]]:
        """(nickname, group or None) of those who were offered a seat."""
        query = select(Member.name, Room.external_id).join(SignUp, col(SignUp.member_id) == col(Member.id))
        query = query.join(Room, col(SignUp.room_id) == col(Room.id)).where(SignUp.state == SignUpState.OFFERED)
        rooms = {id_: name for name, id_ in self._rooms.items()}
        with self.town.session() as session:
            return [(name, rooms.get(room)) for name, room in session.exec(query)]

    def seats(self, lecture_id: int, seats: int) -> None:
        """How many seats a lecture has from the beginning."""
        with self.town.session() as session, session.begin():
            session.get_one(Lecture, lecture_id).seats = seats

    def reached(self) -> Iterator[str]:
        """The states that anything has been in so far."""
        with self.town.session() as session:
            yield from (f"{subject}:{state}" for subject, state in session.exec(select(Step.subject, Step.state)))
            yield from (f"sign_up:{state}" for state in session.exec(select(SignUp.state)))
            yield from (f"assignment:{state}" for state in session.exec(select(Assignment.state)))


def held(sign_up: SignUp) -> int:
    """Seats that a sign-up takes or has held for it."""
    if sign_up.state == SignUpState.SEATED:
        return sign_up.people
    return sign_up.offered or 0 if sign_up.state == SignUpState.OFFERED else 0


# ---- what must hold ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Books:
    """All that the invariants look at, read once."""

    session: Session
    orders: list[Order]
    lectures: dict[int | None, Lecture]
    steps: list[Step]
    sign_ups: dict[int, list[SignUp]]  # of the lectures to come, in the order in which they took their places
    takers: Counter[int]  # of each order

    @classmethod
    def of(cls, session: Session) -> "Books":
        lectures = {each.id: each for each in session.exec(select(Lecture))}
        sign_ups: dict[int, list[SignUp]] = {}
        for each in session.exec(select(SignUp).order_by(col(SignUp.at), col(SignUp.id))):
            if lectures[each.lecture_id].state == LectureState.ANNOUNCED:
                sign_ups.setdefault(each.lecture_id, []).append(each)
        taken = select(Assignment.order_id).where(Assignment.state == AssignmentState.ACCEPTED)
        return cls(
            session,
            list(session.exec(select(Order))),
            lectures,
            list(session.exec(select(Step).order_by(col(Step.id)))),
            sign_ups,
            Counter(session.exec(taken)),
        )


def never_oversold(books: Books) -> None:
    for number, sign_ups in books.sign_ups.items():
        seats, taken = books.lectures[number].seats, sum(map(held, sign_ups))
        assert seats is None or taken <= seats, f"课{number}: {taken} of {seats}"


def waiting_in_order(books: Books) -> None:
    """Nobody who came later has a seat, or the offer of one, while somebody who came before still waits."""
    for number, sign_ups in books.sign_ups.items():
        line = [each.state for each in sign_ups if each.state in _STANDING]
        first = line.index(SignUpState.WAITING) if SignUpState.WAITING in line else len(line)
        assert set(line[first:]) <= {SignUpState.WAITING}, f"课{number}: {line}"


def sums_agree(books: Books) -> None:
    for number, sign_ups in books.sign_ups.items():
        lecture = books.lectures[number]
        seated = sum(each.people for each in sign_ups if each.state == SignUpState.SEATED)
        assert signups.people_in(books.session, number) == seated
        left = signups.seats_left(books.session, lecture)
        assert left == (None if lecture.seats is None else max(0, lecture.seats - sum(map(held, sign_ups))))
        roster = Counter((each.state, each.people) for each in signups.roster(books.session, number))
        assert roster == Counter((each.state, each.people) for each in sign_ups if each.state in _STANDING)


def one_taker(books: Books) -> None:
    assert all(count == 1 for count in books.takers.values()), books.takers
    for order in books.orders:
        if order.state == OrderState.SCHEDULED:
            assert books.takers[order.id or 0] == 1, f"{order.id}号 is scheduled, and nobody took it"


def every_state_has_its_step(books: Books) -> None:
    """The trail of an order leads, step by step as they may follow, to where it stands, with reasons where asked."""
    trails: dict[int, list[Step]] = {}
    for step in books.steps:
        if step.subject == Subject.ORDER:
            trails.setdefault(step.subject_id, []).append(step)
    for order in books.orders:
        trail = trails.pop(order.id or 0, [])
        assert trail, f"{order.id}号 is {order.state} without a step"
        assert trail[0].state == OrderState.RECEIVED
        assert trail[-1].state == order.state, f"{order.id}号 is {order.state}, its trail ends at {trail[-1].state}"
        for before, after in pairwise(trail):
            old, new = OrderState(before.state), OrderState(after.state)
            assert new in progress.NEXT[old], f"{order.id}号: {old} → {new}"
            assert after.reason or not progress.needs_reason(old, new), f"{order.id}号: {old} → {new}, why?"
            assert before.at <= after.at
    assert not trails, f"steps of orders that are not there: {trails.keys()}"


def every_lecture_has_its_step(books: Books, given: frozenset[int | None] = frozenset()) -> None:
    """But for those ``given``, which the demo town announced."""
    steps = {(each.subject_id, each.state): each.reason for each in books.steps if each.subject == Subject.LECTURE}
    for number, lecture in books.lectures.items():
        known = number in given and lecture.state == LectureState.ANNOUNCED
        assert known or (number, lecture.state) in steps, f"课{number} is {lecture.state} without a step"
        if lecture.state == LectureState.CANCELLED:
            assert steps[number or 0, lecture.state], f"课{number} was cancelled, why?"


def orders_and_lectures_agree(books: Books) -> None:
    wanted = {
        OrderState.SCHEDULED: LectureState.ANNOUNCED,
        OrderState.DELIVERED: LectureState.DELIVERED,
        OrderState.RATED: LectureState.DELIVERED,
        OrderState.ARCHIVED: LectureState.ARCHIVED,
    }
    orders = {order.id: order for order in books.orders}
    for order in books.orders:
        if order.state in wanted:
            lecture = books.lectures.get(order.lecture_id)
            assert lecture is not None, f"{order.id}号 is {order.state} without a lecture"
            assert lecture.state == wanted[order.state], f"{order.id}号 {order.state}, 课{lecture.id} {lecture.state}"
        if order.state == OrderState.MERGED:
            leader = orders[order.merged_into]
            assert leader.state != OrderState.MERGED, f"{order.id}号 leads nowhere"
            assert order.lecture_id == leader.lecture_id


def every_offer_is_told(books: Books) -> None:
    """A lecturer who is asked was told, or will be."""
    asked = (
        select(Assignment.id, Member.external_id)
        .join(Role, col(Role.lecturer_id) == col(Assignment.lecturer_id))
        .join(Member, col(Member.id) == col(Role.member_id))
        .where(Assignment.state == AssignmentState.OFFERED, col(Assignment.paper).is_(False))
    )
    told = (
        select(Outbox.once, Room.external_id)
        .join(Room, col(Room.id) == col(Outbox.room_id))
        .where(col(Outbox.once).startswith("offer:"), Outbox.state != OutboxState.CANCELLED)
    )
    rows = {(str(once).rsplit(":", 1)[0], who) for once, who in books.session.exec(told)}
    for number, who in books.session.exec(asked):
        assert (f"offer:{number}", who) in rows, f"{who} was asked, and never told"


def nothing_said_twice(books: Books) -> None:
    """What may be said once was queued once; and nothing was told twice to the same room in the same moment."""
    query = (
        select(Outbox.text, func.group_concat(Outbox.once))
        .where(Outbox.kind == OutboxKind.NOTICE, Outbox.state != OutboxState.CANCELLED)
        .group_by(col(Outbox.room_id), col(Outbox.text), col(Outbox.queued_at))
        .having(func.count() > 1)
    )
    twice = books.session.execute(query).all()
    assert not twice, twice
    said = list(books.session.exec(select(Outbox.once).where(col(Outbox.once).is_not(None))))
    assert len(said) == len(set(said))
