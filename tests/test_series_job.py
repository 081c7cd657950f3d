"""The job that pushes texts, on a database: what was planned happens, once, to whom it is for."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from data import outbox, preview, pushes, rooms, subscriptions
from data.hours import QuietHours
from data.listeners import listeners
from data.mail import Outbox, OutboxKind, OutboxState
from data.series_tables import Series
from data.tables import Broadcast, Member, Push, PushPart, Room, RoomKind, Snippet
from scheduler.job import JobContext
from scheduler.push import push_snippets
from scheduler.timetable import occurrences
from tests.series_board import RULES, TWICE_A_DAY
from tests.town import NOW, ZONE, DemoTown

# ---- the job, on a database ----------------------------------------------------------------------------------------

QUIET = QuietHours(time(21), time(7, 30), ZONE)
CONTEXT = JobContext(ZONE, QUIET, timedelta(minutes=90), RULES)


def run(town: DemoTown, occurrence: datetime, *, now: datetime | None = None, sent: bool = True) -> int:
    with town.session() as session, session.begin():
        queued = push_snippets(session, CONTEXT, occurrence, now or occurrence)
        for row in session.exec(select(Outbox).where(Outbox.state == OutboxState.PENDING)) if sent else ():
            row.state, row.claimed_at, row.settled_at = OutboxState.SENT, occurrence, occurrence
    return queued


def test_a_preview_is_what_happens(town: DemoTown) -> None:
    """The plan of thirty days, and then the days themselves, day by day with the job."""
    times = occurrences(TWICE_A_DAY, ZONE, NOW, NOW + timedelta(days=30))
    with town.session() as session:
        planned = preview.plan(session, times, rules=RULES, now=NOW)
        assert session.exec(select(Push)).first() is None
    for at in times:
        run(town, at)
    with town.session() as session:
        query = select(Push, Room, Snippet).join(Room, col(Push.room_id) == col(Room.id)).join(Snippet)
        done = [
            (push.occurrence.astimezone(ZONE), room.name, text.key, push.part)
            for push, room, text in session.exec(query.order_by(col(Push.id)))
        ]
    assert len(done) > 100
    assert done == [(each.leaves, each.room, each.choice.snippet.key, each.choice.part) for each in planned]
    assert {each.choice.why for each in planned} >= {"轮流", "森林防火期", "防骗小课第一课"}


def test_downtime_over_many_occurrences_makes_no_burst(town: DemoTown) -> None:
    """Two weeks away: one text to each group when it comes back, and the course goes on where it was."""
    assert run(town, NOW.replace(hour=12)) == 5
    back = NOW.replace(hour=12) + timedelta(days=14)
    missed = occurrences(TWICE_A_DAY, ZONE, NOW, back)
    assert sum(run(town, at, now=back) for at in missed) == 5


def test_what_did_not_reach_a_group_is_not_counted_as_heard(town: DemoTown) -> None:
    """The lesson that expired unsent comes again; the one in doubt does not."""
    at = NOW.replace(hour=12) + timedelta(days=1)
    run(town, NOW.replace(hour=12))
    assert run(town, at, sent=False) == 5
    with town.session() as session, session.begin():
        rows = session.exec(select(Outbox).where(Outbox.state == OutboxState.PENDING).order_by(col(Outbox.id))).all()
        assert all("第一课" in row.text for row in rows)
        for row, state in zip(rows, (OutboxState.EXPIRED, OutboxState.UNKNOWN, *[OutboxState.SENT] * 3), strict=True):
            row.state = state
        first, second = rows[0].room_id, rows[1].room_id
    run(town, at + timedelta(days=1), sent=False)
    with town.session() as session:
        later = {
            row.room_id: row.text for row in session.exec(select(Outbox).where(Outbox.state == OutboxState.PENDING))
        }
    assert "第一课" in later[first]
    assert "第一课" not in later[second]


def test_only_the_groups_that_got_the_question_get_the_answer(town: DemoTown) -> None:
    evening = NOW.replace(hour=19, minute=30)
    with town.session() as session, session.begin():
        for series in session.exec(select(Series)):
            series.active = False
        for each in session.exec(select(Snippet)):
            each.issued_on = each.issued_on if each.ask else date(2039, 1, 1)  # the one that asks is alone
    assert run(town, evening, sent=False) == 5
    with town.session() as session, session.begin():
        rows = session.exec(select(Outbox).order_by(col(Outbox.id))).all()
        for row, state in zip(rows, (OutboxState.SENT, OutboxState.UNKNOWN, *[OutboxState.EXPIRED] * 3), strict=True):
            row.state = state
        asked = rows[0].room_id
    noon = evening + timedelta(hours=16, minutes=30)
    assert run(town, noon) == 1
    assert run(town, noon) == 0
    with town.session() as session:
        answers = session.exec(select(Push).where(Push.part == PushPart.ANSWER)).all()
    assert [each.room_id for each in answers] == [asked]


def test_a_zone_change_moves_the_clock_and_nothing_is_sent_twice(town: DemoTown) -> None:
    """A town that writes another zone into its config: the same occurrence stays the same moment."""
    noon = datetime(2026, 11, 21, 12, tzinfo=ZONE)
    assert run(town, noon) == 5
    assert run(town, noon.astimezone(ZoneInfo("Asia/Urumqi"))) == 0
    assert occurrences(("0 12 * * *",), ZoneInfo("Asia/Urumqi"), NOW, NOW + timedelta(days=1)) == [
        noon + timedelta(hours=2)
    ]


@pytest.mark.parametrize(
    ("start", "wanted"),
    [
        (datetime(2028, 2, 28, 13, tzinfo=ZONE), ["02-28 19:30", "02-29 12:00", "02-29 19:30", "03-01 12:00"]),
        (datetime(2026, 12, 31, 13, tzinfo=ZONE), ["12-31 19:30", "01-01 12:00", "01-01 19:30", "01-02 12:00"]),
        (datetime(2026, 11, 30, 13, tzinfo=ZONE), ["11-30 19:30", "12-01 12:00", "12-01 19:30", "12-02 12:00"]),
    ],
)
def test_the_timetable_over_month_end_leap_day_and_new_year(start: datetime, wanted: list[str]) -> None:
    times = occurrences(TWICE_A_DAY, ZONE, start, start + timedelta(hours=47))
    assert [f"{at:%m-%d %H:%M}" for at in times] == wanted


def test_who_asked_for_a_topic_gets_its_text_directly_once(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        member = session.exec(select(Member).where(Member.name == "阿辉（东莞厚街）")).one()
        topic = town.knowledge.topic_ids["反诈骗"]
        subscriptions.subscribe(session, member_id=member.id or 0, topic_id=topic, now=NOW)
    run(town, NOW.replace(hour=12))
    assert run(town, NOW.replace(hour=12) + timedelta(days=1)) == 6
    run(town, NOW.replace(hour=12) + timedelta(days=2))
    with town.session() as session:
        query = select(Outbox).join(Room).where(Room.kind == RoomKind.DIRECT, Outbox.kind == OutboxKind.PUSH)
        (direct,) = session.exec(query).all()
    assert "没有什么安全账户" in direct.text
    assert "退订" in direct.text


def test_a_tag_of_the_village_counts_for_its_groups(town: DemoTown) -> None:
    from data.broadcast_tables import VillageTag

    with town.session() as session, session.begin():
        room = rooms.pushed_rooms(session)[0]
        session.add(VillageTag(tag="种植户", village_id=room.village_id or 0))
        session.flush()
        tagged = [each.name for each in listeners(session) if "种植户" in each.tags]
        assert tagged == ["上坪村乡亲群", "上坪在外乡亲群"]
        board = pushes.open_board(session, listeners(session), rules=RULES, now=NOW)
        board.series = []
        for snippet in board.texts.values():
            snippet.audience = {"tags": ["种植户"]}
        got = [each.name for each in listeners(session) if board.choose(each, datetime(2026, 11, 21, 12))]
        session.rollback()
    assert got == tagged


def test_ten_groups_and_thirty_days_are_planned_in_no_time(town: DemoTown) -> None:
    import time as clock

    times = occurrences(TWICE_A_DAY, ZONE, NOW, NOW + timedelta(days=30))
    with town.session() as session:
        groups = [replace(each, room_id=each.room_id + shift) for shift in (0, 1000) for each in listeners(session)]
        began = clock.perf_counter()
        planned = preview.plan(session, times, rules=replace(RULES, per_week=0), now=NOW, groups=groups)
        took = clock.perf_counter() - began
    assert len(groups) == 10 and len(planned) > 500
    assert took < 2


def test_a_notice_to_the_group_counts_in_its_week_and_one_that_failed_does_not(town: DemoTown) -> None:
    """Eight notices fill the week of the one group; in the other they never arrived."""
    noon = NOW.replace(hour=12) + timedelta(days=1)
    with town.session() as session, session.begin():
        author = session.exec(select(Member.id)).first() or 0
        room, other = rooms.pushed_rooms(session)[:2]
        for number in range(8):
            notice = Broadcast(author_id=author, audience="", text=f"通知{number}", created_at=NOW)
            session.add(notice)
            session.flush()
            for each in (room, other):
                row = outbox.queue(
                    session, room_id=each.id or 0, kind=OutboxKind.NOTICE, text="通知", now=NOW, broadcast_id=notice.id
                )
                kept = session.get_one(Outbox, row)
                kept.state = OutboxState.FAILED if each is other else OutboxState.UNKNOWN
        full = room.id
    run(town, noon)
    with town.session() as session:
        got = set(session.exec(select(Push.room_id)))
    assert len(got) == 4
    assert full not in got
