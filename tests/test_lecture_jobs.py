"""Lectures by the clock: reminders, the end, the question for the number, the archive; and no burst after a silence."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, col, select

from data import planning, progress, steps
from data.loop import EventKind, Lecture, LectureState, Order, OrderState, Subject
from data.mail import Outbox, OutboxState
from data.planning import Plan
from data.tables import Lecturer, Member, Role, Room, Topic, Village
from scheduler.job import JobContext
from scheduler.lectures import archive_lectures, close_lectures, remind_lectures
from tests.town import NOW, DemoTown

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 11, 26, 19, 30, tzinfo=ZONE)  # a Thursday
EVE = datetime(2026, 11, 25, 18, 30, tzinfo=ZONE)
END = START + timedelta(minutes=60)


class Clock:
    """A lecture of 上坪村, and the jobs that look at it."""

    def __init__(self, town: DemoTown, session: Session) -> None:
        rules = town.knowledge.rules
        self.session, self.rules = session, rules
        self.context = JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules)
        for each in session.exec(select(Lecture)):
            each.state = LectureState.ARCHIVED  # the demo's own
        self.boss = session.exec(select(Member.id).where(Member.name == "宣传委员周竹蓉")).one() or 0

    def hold(self, *, at: datetime = NOW, starts_at: datetime = START, live_url: str = "") -> Lecture:
        lecturer, topic, village = (
            self.session.exec(select(table.id).where(table.name == name)).one() or 0
            for table, name in ((Lecturer, "覃志刚"), (Topic, "反诈骗"), (Village, "上坪村"))
        )
        plan = Plan(
            EventKind.LECTURE,
            topic,
            lecturer,
            (village,),
            "别信陌生电话",
            "上坪晒谷场",
            starts_at,
            seats=40,
            live_url=live_url,
        )
        lecture = planning.hold(self.session, plan, by=self.boss, now=at, not_before=at, rules=self.rules)
        self.session.flush()
        self.sent()
        return lecture

    def sent(self) -> None:
        for row in self.session.exec(select(Outbox).where(Outbox.state == OutboxState.PENDING)):
            row.state = OutboxState.SENT
        self.session.flush()

    def remind(self, at: datetime) -> list[str]:
        remind_lectures(self.session, self.context, at, at)
        return self.news()

    def close(self, at: datetime) -> list[str]:
        close_lectures(self.session, self.context, at, at)
        return self.news()

    def news(self) -> list[str]:
        query = select(Outbox, Room).join(Room).where(Outbox.state == OutboxState.PENDING).order_by(col(Outbox.id))
        names = {member.external_id: member.name for member in self.session.exec(select(Member))}
        rows = self.session.exec(query).all()
        said = [f"{room.name or names[room.external_id]}: {row.text}" for row, room in rows]
        self.sent()
        return said

    def order(self, lecture: Lecture, state: OrderState = OrderState.SCHEDULED) -> Order:
        room = self.session.exec(select(Room.id).where(Room.name == "上坪村乡亲群")).one() or 0
        order = Order(member_id=self.boss, room_id=room, topic_id=lecture.topic_id, state=state, created_at=NOW)
        order.lecture_id = lecture.id
        self.session.add(order)
        self.session.flush()
        return order


@pytest.fixture
def clock(town: DemoTown) -> Iterator[Clock]:
    with town.session() as session:
        yield Clock(town, session)


def test_each_group_is_reminded_the_evening_before_and_an_hour_before_once(clock: Clock) -> None:
    clock.hold()
    assert clock.remind(EVE - timedelta(minutes=1)) == []
    (evening,) = clock.remind(EVE)
    assert evening.startswith("上坪村乡亲群: 提醒：明天19:30，上坪晒谷场")
    assert "还剩40位" in evening
    assert clock.remind(EVE + timedelta(minutes=1)) == []
    (before,) = clock.remind(START - timedelta(minutes=60))
    assert "提醒：今天19:30" in before
    assert clock.remind(START - timedelta(minutes=30)) == []


def test_who_is_away_is_reminded_only_of_what_they_can_watch(clock: Clock) -> None:
    clock.hold(live_url="https://live.example.cn/1")
    said = clock.remind(EVE)
    assert len(said) == 2
    assert said[1] == "上坪在外乡亲群: 提醒：明天19:30，讲座《别信陌生电话》，看直播：https://live.example.cn/1"


def test_what_was_announced_shortly_before_needs_no_reminder(clock: Clock) -> None:
    clock.hold(at=EVE - timedelta(hours=2))
    assert clock.remind(EVE) == []
    assert len(clock.remind(START - timedelta(minutes=60))) == 1


def test_a_reminder_that_is_too_late_lapses(clock: Clock) -> None:
    clock.hold()
    assert clock.remind(EVE + timedelta(minutes=91)) == []
    assert clock.remind(START + timedelta(minutes=1)) == []


def test_nobody_is_reminded_in_the_quiet_hours(clock: Clock) -> None:
    clock.hold(starts_at=START.replace(hour=8, minute=0))
    assert clock.remind(START.replace(hour=7, minute=0)) == []


def test_a_lecture_that_was_moved_is_reminded_of_anew(clock: Clock) -> None:
    lecture = clock.hold()
    assert len(clock.remind(EVE)) == 1
    moved = START + timedelta(days=1)
    planning.change(
        clock.session,
        lecture,
        by=clock.boss,
        now=EVE + timedelta(hours=1),
        not_before=EVE,
        rules=clock.rules,
        starts_at=moved,
    )
    clock.sent()
    (again,) = clock.remind(EVE + timedelta(days=1))
    assert "明天19:30" in again


def test_a_cancelled_lecture_is_not_spoken_of(clock: Clock) -> None:
    lecture = clock.hold()
    planning.cancel(clock.session, lecture, "下大雨", by=clock.boss, now=NOW, not_before=NOW, rules=clock.rules)
    clock.sent()
    assert clock.remind(EVE) == []
    assert clock.close(END) == []
    assert lecture.state == LectureState.CANCELLED


def test_at_its_end_it_was_held_with_its_orders_and_the_lecturer_is_asked_once(clock: Clock) -> None:
    lecture = clock.hold()
    own, merged = clock.order(lecture), clock.order(lecture, OrderState.MERGED)
    other_village = clock.order(lecture)
    assert clock.close(END - timedelta(minutes=1)) == []
    (asked,) = clock.close(END)
    assert asked.startswith(f"覃警官: 课{lecture.id}《别信陌生电话》讲完了")
    assert clock.close(END + timedelta(minutes=1)) == []
    assert lecture.state == LectureState.DELIVERED
    assert own.state == other_village.state == OrderState.DELIVERED
    assert merged.state == OrderState.MERGED
    (_, last) = steps.trail(clock.session, Subject.LECTURE, lecture.id or 0)
    assert (last.state, last.who) == ("delivered", "")


def test_one_reminder_for_the_number_when_it_is_due(clock: Clock) -> None:
    lecture = clock.hold()
    clock.close(END)
    due = clock.rules.work.after(END, clock.rules.deadlines.count)
    assert clock.close(due - timedelta(minutes=1)) == []
    (again,) = clock.close(due)
    assert "大概的数也行" in again
    assert clock.close(due + timedelta(minutes=1)) == []
    assert planning.uncounted(clock.session, now=due, limit=3)[0].startswith(f"课{lecture.id}")


def test_a_lecturer_on_paper_is_asked_for_through_the_coordinator_who_looks_after_it(clock: Clock) -> None:
    for role in clock.session.exec(select(Role).where(col(Role.lecturer_id).is_not(None))):
        role.lecturer_id = None
    lecture = clock.hold()
    (asked,) = clock.close(END)
    assert asked.startswith("宣传委员周竹蓉: ")
    assert f"回“课{lecture.id} 到场 36 发资料 40”" in asked


def test_after_a_long_silence_it_is_held_but_nobody_is_asked(clock: Clock) -> None:
    lecture = clock.hold()
    late = END + timedelta(days=9)
    assert clock.remind(late) == []
    assert clock.close(late) == []
    assert lecture.state == LectureState.DELIVERED


def test_two_weeks_later_it_is_put_away_with_its_orders(clock: Clock) -> None:
    lecture = clock.hold()
    held, rated = clock.order(lecture), clock.order(lecture)
    clock.close(END)
    progress.advance(clock.session, rated, OrderState.RATED, by=clock.boss, now=END, rules=clock.rules)
    almost = END + clock.rules.archive_after - timedelta(minutes=1)
    archive_lectures(clock.session, clock.context, almost, almost)
    assert planning.uncounted(clock.session, now=almost, limit=1)  # still there
    then = END + clock.rules.archive_after
    archive_lectures(clock.session, clock.context, then, then)
    assert lecture.state == LectureState.ARCHIVED
    assert held.state == rated.state == OrderState.ARCHIVED
