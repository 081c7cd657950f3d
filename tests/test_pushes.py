"""Policy texts: in rotation, none twice to a group before all were sent, none past its expiry, on time and once."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from data import pushes, rooms
from data.hours import QuietHours
from data.mail import Outbox, OutboxKind
from data.tables import Push, Room, Snippet
from data.town import load_town
from scheduler import JOBS
from scheduler.job import JobContext
from scheduler.push import push_snippets
from scheduler.timetable import Timetable, latest_fire, next_fires, read_cron
from tests.town import NOW, ZONE, DemoTown, demo_rules

QUIET = QuietHours(time(21), time(7, 30), ZONE)
CONTEXT = JobContext(ZONE, QUIET, timedelta(minutes=90), demo_rules())
NOON = NOW.replace(hour=12)


def pushed(town: DemoTown, occurrence: datetime, now: datetime | None = None) -> int:
    with town.session() as session, session.begin():
        return push_snippets(session, CONTEXT, occurrence, now or occurrence)


def test_each_group_gets_one_and_the_coordinators_none(town: DemoTown) -> None:
    assert pushed(town, NOON) == 5
    with town.session() as session:
        kinds = session.exec(select(Room.kind).join(Outbox)).all()
    assert sorted(kinds) == ["migrants", *["residents"] * 4]


def test_firing_twice_is_harmless(town: DemoTown) -> None:
    assert [pushed(town, NOON), pushed(town, NOON), pushed(town, NOON + timedelta(hours=7))] == [5, 0, 5]


def test_none_twice_before_all_were_sent_and_topics_take_turns(town: DemoTown) -> None:
    count = len(town.files.snippets)
    topics = {snippet.topic for snippet in town.files.snippets}
    order: list[tuple[int, int]] = []
    with town.session() as session, session.begin():
        room = rooms.pushed_rooms(session)[0]
        for turn in range(count + 3):
            at = NOON + timedelta(hours=turn)
            pushes.push_one(
                session,
                room,
                occurrence=at,
                not_before=at,
                expires_at=at + timedelta(hours=1),
                today=NOON.date(),
                now=at,
            )
        sent = session.exec(select(Push.snippet_id).order_by(col(Push.id))).all()
        order = [(each, session.get_one(Snippet, each).topic_id) for each in sent]
    assert len({snippet for snippet, _ in order[:count]}) == count
    assert len({snippet for snippet, _ in order[count:]}) == 3
    assert len({topic for _, topic in order[: len(topics)]}) == len(topics)


def test_a_text_never_leaves_past_its_expiry_or_before_its_issue(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        chosen = pushes.next_snippet(session, 1, today=NOON.date())
        assert chosen is not None
        chosen.expires_on = NOON.date() - timedelta(days=1)
        other = pushes.next_snippet(session, 1, today=NOON.date())
        assert other is not None
        assert other.id != chosen.id
        assert pushes.next_snippet(session, 1, today=date(2050, 1, 1)) is None
        assert pushes.next_snippet(session, 1, today=date(1990, 1, 1)) is None


def test_a_text_that_was_taken_out_of_the_files_never_leaves_again(town: DemoTown) -> None:
    gone, *kept = town.files.snippets
    files = replace(town.files, snippets=tuple(kept))
    with town.session() as session, session.begin():
        load_town(session, files, tuple(town.knowledge.topic_ids), transport=None, now=NOW)
        left = session.exec(select(Snippet).where(Snippet.key == gone.key)).one()
        assert left.expires_on < NOW.date()
        load_town(session, town.files, tuple(town.knowledge.topic_ids), transport=None, now=NOW)
        assert left.expires_on == gone.expires_on


def test_quiet_hours_put_a_push_off_to_the_morning(town: DemoTown) -> None:
    late = NOW.replace(hour=22)
    assert pushed(town, late) == 5
    with town.session() as session:
        row = session.exec(select(Outbox).where(Outbox.kind == OutboxKind.PUSH)).first()
    assert row is not None
    assert row.not_before == datetime.combine(NOW.date() + timedelta(days=1), time(7, 30), ZONE)


def test_a_push_that_is_too_late_lapses_and_one_within_grace_is_sent(town: DemoTown) -> None:
    assert pushed(town, NOON, NOON + timedelta(minutes=91)) == 0
    assert pushed(town, NOON, NOON + timedelta(minutes=89)) == 5


def test_the_message_names_its_source_and_date(town: DemoTown) -> None:
    with town.session() as session:
        snippet = session.exec(select(Snippet)).first()
    assert snippet is not None
    message = pushes.as_message(snippet)
    assert snippet.source in message
    assert f"{snippet.issued_on.year}年" in message


def test_cron_counts_sunday_as_zero() -> None:
    (fire,) = next_fires(read_cron("0 9 * * 0", ZONE), now=NOW)
    assert fire.strftime("%A %H:%M") == "Sunday 09:00"
    weekdays = next_fires(read_cron("0 9 * * 1-5", ZONE), now=NOW, count=5)
    assert [fire.strftime("%a") for fire in weekdays] == ["Mon", "Tue", "Wed", "Thu", "Fri"]


def test_timetable_over_month_end_leap_day_and_new_year() -> None:
    trigger = read_cron("0 12 * * *", ZONE)
    leap = next_fires(trigger, now=datetime(2028, 2, 28, 13, tzinfo=ZONE), count=2)
    assert [fire.strftime("%m-%d") for fire in leap] == ["02-29", "03-01"]
    year = next_fires(trigger, now=datetime(2026, 12, 31, 13, tzinfo=ZONE))
    assert year == [datetime(2027, 1, 1, 12, tzinfo=ZONE)]


@given(
    minutes=st.integers(0, 60 * 24 * 400), line=st.sampled_from(["* * * * *", "0 12 * * *", "30 19 * * 0", "5 8 1 * *"])
)
@settings(max_examples=60, deadline=None)
def test_the_latest_fire_is_the_last_before_the_next(minutes: int, line: str) -> None:
    now = NOW + timedelta(minutes=minutes)
    trigger = read_cron(line, ZONE)
    latest = latest_fire(trigger, now=now, within=timedelta(days=40))
    assert latest is not None
    assert latest <= now
    assert next_fires(trigger, now=latest + timedelta(microseconds=1))[0] > now


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31)))
def test_quiet_hours_end_in_the_open(moment: datetime) -> None:
    aware = moment.replace(tzinfo=ZONE)
    after = QUIET.after(aware)
    assert not QUIET.covers(after)
    assert after >= aware
    assert (after == aware) == (not QUIET.covers(aware))
    assert after - aware <= timedelta(hours=10, minutes=30)


def test_every_job_is_in_the_timetable_with_its_next_fire() -> None:
    assert JOBS
    table = Timetable(tuple((job, "0 12 * * *") for job in JOBS), ZONE)
    assert [fire for _, fire in table.upcoming(now=NOW)] == [NOON + timedelta(days=1)] * len(JOBS)
    assert [fire for _, fire in table.missed(now=NOON + timedelta(minutes=5), within=timedelta(hours=1))] == [
        NOON
    ] * len(JOBS)
    assert table.missed(now=NOON + timedelta(hours=2), within=timedelta(hours=1)) == []
