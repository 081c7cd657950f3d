"""Policy texts: in rotation, none twice to a group before all were sent, none past its expiry, on time and once."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from bot.config import load_config
from bot.init import config_text
from bot.town import pushes_in_the_evening
from data import outbox, pushes, snippets
from data.hours import QuietHours
from data.listeners import listeners
from data.mail import Outbox, OutboxKind
from data.series_tables import Series
from data.tables import PushPart, Room, Snippet
from data.town import load_town
from scheduler import JOBS
from scheduler.job import JobContext
from scheduler.push import push_snippets
from scheduler.timetable import Timetable, latest_fire, next_fires, read_cron
from tests.town import NOW, ZONE, DemoTown, demo_rules

QUIET = QuietHours(time(21), time(7, 30), ZONE)
RULES = demo_rules()
CONTEXT = JobContext(ZONE, QUIET, timedelta(minutes=90), RULES)
OFTEN = replace(CONTEXT, rules=replace(RULES, per_week=0))  # as often as the timetable says
NOON = NOW.replace(hour=12)


def pushed(town: DemoTown, occurrence: datetime, now: datetime | None = None, context: JobContext = CONTEXT) -> int:
    with town.session() as session, session.begin():
        return push_snippets(session, context, occurrence, now or occurrence)


def test_each_group_gets_one_and_the_coordinators_none(town: DemoTown) -> None:
    assert pushed(town, NOON) == 5
    with town.session() as session:
        kinds = session.exec(select(Room.kind).join(Outbox)).all()
    assert sorted(kinds) == ["migrants", *["residents"] * 4]


def test_firing_twice_is_harmless(town: DemoTown) -> None:
    evening = NOON + timedelta(hours=7)
    assert [pushed(town, at, context=OFTEN) for at in (NOON, NOON, evening, evening, NOON)] == [5, 0, 5, 0, 0]


def test_none_twice_before_all_were_sent_and_topics_take_turns(town: DemoTown) -> None:
    with town.session() as session:
        series = session.exec(select(Series)).all()
        bound = {key for each in series for key in each.texts}
        texts = {each.id: each for each in snippets.living(session) if each.key not in bound}
        listener = listeners(session)[0]
        board = pushes.open_board(session, [listener], rules=OFTEN.rules, now=NOON)
        board.series = []  # the rotation alone
        order: list[Snippet] = []
        at = NOON.replace(hour=19, tzinfo=None)
        while len(order) < len(texts) + 3:
            at += timedelta(hours=12)
            choice = board.choose(listener, at)
            if choice is not None and choice.part != PushPart.ANSWER:
                order.append(choice.snippet)
            if choice is not None:
                board.histories[listener.room_id].note(choice, at)
    count, topics = len(texts), {each.topic_id for each in texts.values()}
    assert count > 70
    assert len({each.id for each in order[:count]}) == count
    assert len({each.id for each in order[count:]}) == 3
    assert len({each.topic_id for each in order[: len(topics)]}) == len(topics)


def test_a_text_never_leaves_past_its_expiry_or_before_its_issue(town: DemoTown) -> None:
    with town.session() as session:
        listener = listeners(session)[0]
        board = pushes.open_board(session, [listener], rules=RULES, now=NOON)
        noon = NOON.replace(tzinfo=None)
        chosen = board.choose(listener, noon)
        assert chosen is not None
        chosen.snippet.expires_on = noon.date() - timedelta(days=1)
        other = board.choose(listener, noon)
        assert other is not None
        assert other.snippet.id != chosen.snippet.id
        assert board.choose(listener, datetime(2050, 1, 1, 12)) is None
        assert board.choose(listener, datetime(1990, 1, 1, 12)) is None
        session.rollback()


def test_what_was_queued_before_its_last_day_does_not_leave_after_it(town: DemoTown) -> None:
    """The outbox row itself ends with the day, should the sender come late."""
    assert pushed(town, NOON) == 5
    with town.session() as session, session.begin():
        rows = session.exec(select(Outbox).where(Outbox.kind == OutboxKind.PUSH)).all()
        assert {row.expires_at for row in rows} == {datetime.combine(NOON.date(), time(23, 59, 59), ZONE)}
        late = outbox.claim(session, [row.id or 0 for row in rows], now=NOON + timedelta(days=1))
    assert late == []


def test_a_text_that_was_taken_out_of_the_files_never_leaves_again(town: DemoTown) -> None:
    gone, *kept = town.files.snippets
    files = replace(town.files, snippets=tuple(kept))
    with town.session() as session, session.begin():
        load_town(session, files, tuple(town.knowledge.topic_ids), transport=None, now=NOW)
        left = session.exec(select(Snippet).where(Snippet.key == gone.key)).one()
        assert left.withdrawn_at == NOW
        assert left.expires_on == gone.expires_on
        load_town(session, town.files, tuple(town.knowledge.topic_ids), transport=None, now=NOW)
        assert left.withdrawn_at is None


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
    message = snippets.as_message(snippet)
    assert snippet.source in message
    assert f"{snippet.issued_on.year}年" in message


def test_cron_counts_sunday_as_zero() -> None:
    (fire,) = next_fires(read_cron("0 9 * * 0", ZONE), now=NOW)
    assert fire.strftime("%A %H:%M") == "Sunday 09:00"
    weekdays = next_fires(read_cron("0 9 * * 1-5", ZONE), now=NOW, count=5)
    assert [fire.strftime("%a") for fire in weekdays] == ["Mon", "Tue", "Wed", "Thu", "Fri"]


@pytest.mark.parametrize(
    ("lines", "evening"),
    [
        (["0 12 * * *", "30 19 * * *"], True),
        (["0 12 * * *"], False),
        (["30 22 * * *"], False),  # quiet hours put it off to the morning
        (["0 16 * * 0"], True),
        (["* * * * *"], True),
    ],
)
def test_whether_the_town_pushes_in_the_evening(lines: list[str], evening: bool, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(config_text({"push.cron": lines}), "utf-8")
    assert pushes_in_the_evening(load_config(tmp_path / "config.yaml", {})) is evening


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
