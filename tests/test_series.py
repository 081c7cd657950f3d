"""Which text a group gets, and when: answers, days, courses and the rotation, over every edge of the calendar."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from data import outbox, preview, pushes, rooms, subscriptions
from data.hours import QuietHours
from data.listeners import Listener, listeners, takes
from data.mail import Outbox, OutboxKind, OutboxState
from data.rules import Rules
from data.seasons import BadSpan, check, span_of
from data.series import Board, Choice, History, in_words
from data.series_tables import Series, SeriesKind
from data.tables import Broadcast, Member, Push, PushPart, Room, RoomKind, Snippet
from data.workdays import WorkCalendar
from scheduler.job import JobContext
from scheduler.push import push_snippets
from scheduler.timetable import occurrences
from tests.town import NOW, ZONE, DemoTown, demo_rules

RULES = demo_rules()
GROUP = Listener(1, "上坪村乡亲群", RoomKind.RESIDENTS, "上坪村")
AWAY = Listener(2, "上坪在外乡亲群", RoomKind.MIGRANTS, "上坪村")
TWICE_A_DAY = ("0 12 * * *", "30 19 * * *")
WORK = WorkCalendar(ZONE, busy=(((7, 10), (8, 5)), ((12, 20), (1, 5))))
PLENTY = replace(RULES, per_week=0, work=WORK)


def text(number: int, **values: Any) -> Snippet:
    known: dict[str, Any] = {
        "key": f"t{number}", "topic_id": number, "title": f"第{number}条", "text": "话", "source": "镇里",
        "issued_on": date(2020, 1, 1), "expires_on": date(2040, 1, 1),
    }  # fmt: skip
    return Snippet(id=number, **{**known, **values})


def dated(*keys: str, days: tuple[str, ...], number: int = 1, **values: Any) -> Series:
    return Series(id=number, name=f"系列{number}", kind=SeriesKind.DATED, texts=list(keys), days=list(days), **values)


def course(*keys: str, **values: Any) -> Series:
    known: dict[str, Any] = {"id": 9, "name": "小课", "kind": SeriesKind.COURSE, "texts": list(keys), **values}
    return Series(**known)


def world(*texts: Snippet, series: tuple[Series, ...] = (), rules: Rules = PLENTY) -> Board:
    return Board(texts, series, {}, rules)


def days_of(board: Board, start: date, many: int, *, group: Listener = GROUP) -> list[tuple[datetime, Choice]]:
    """What the group gets, pushed at noon and in the evening of each day."""
    got = []
    for shift in range(many):
        for at in (time(12), time(19, 30)):
            moment = datetime.combine(start + timedelta(days=shift), at)
            if (choice := board.choose(group, moment)) is not None:
                board.histories[group.room_id].note(choice, moment)
                got.append((moment, choice))
    return got


# ---- days of the calendar ------------------------------------------------------------------------------------------

SPANS = [
    ("2026-12-01", date(2026, 12, 1), date(2026, 12, 1)),
    ("02-29", date(2028, 2, 29), date(2028, 2, 29)),
    ("10-01..04-30", date(2026, 10, 1), date(2027, 4, 30)),  # passes the new year
    ("2026-12-30..2027-01-02", date(2026, 12, 30), date(2027, 1, 2)),
    ("2026-12-30到2027-01-02", date(2026, 12, 30), date(2027, 1, 2)),
    ("立春", date(2027, 2, 4), date(2027, 2, 4)),
    ("清明前7天", date(2027, 3, 29), date(2027, 4, 5)),
    ("芒种..夏至", date(2027, 6, 6), date(2027, 6, 21)),
    ("农历腊月廿三", date(2027, 1, 30), date(2027, 1, 30)),  # of the lunar year before
    ("三月三", date(2027, 4, 9), date(2027, 4, 9)),
    ("除夕..元宵", date(2027, 2, 5), date(2027, 2, 20)),  # over the lunar new year
    ("春节前3天", date(2027, 2, 3), date(2027, 2, 6)),
    ("元旦前3天", date(2026, 12, 29), date(2027, 1, 1)),  # begins in the year before
    ("元旦后一周", date(2027, 1, 1), date(2027, 1, 8)),
    ("返乡前3天", date(2027, 1, 20), date(2027, 1, 23)),
    ("开学前一周", date(2027, 8, 25), date(2027, 9, 1)),
    ("农忙", date(2026, 12, 20), date(2027, 1, 5)),
]
NAMES = {"返乡": "农历腊月十六", "开学": "09-01"}


@pytest.mark.parametrize(("words", "first", "last"), SPANS, ids=[each[0] for each in SPANS])
def test_a_span_begins_and_ends_on_its_days(words: str, first: date, last: date) -> None:
    checked = check(words, NAMES)
    for day in (first, first + (last - first) / 2, last):
        assert span_of(checked, day, WORK) == (first, last)
    for outside in (first - timedelta(days=1), last + timedelta(days=1)):
        assert span_of(checked, outside, WORK) is None


@pytest.mark.parametrize(
    "words",
    ["13-01", "04-31", "何时", "清明..", "a..b..c", "农历十三月初一", "返乡前零天", "", "2027-02-01..2027-01-01"],
)
def test_a_span_that_cannot_be_says_how_to_write_one(words: str) -> None:
    with pytest.raises(BadSpan, match="可以写"):
        check(words, {})


@given(st.sampled_from([each[0] for each in SPANS]), st.dates(date(2025, 1, 1), date(2035, 12, 31)))
@settings(max_examples=200, deadline=None)
def test_a_day_lies_in_the_span_that_is_told_for_it(words: str, day: date) -> None:
    span = span_of(check(words, NAMES), day, WORK)
    if span is not None:
        assert span[0] <= day <= span[1]
        assert span_of(check(words, NAMES), span[0], WORK) == span


# ---- what has its turn ---------------------------------------------------------------------------------------------


def test_a_dated_text_comes_once_in_its_days_and_again_next_year() -> None:
    board = world(text(1), text(2), series=(dated("t1", days=("清明前7天",)),))
    for year in (2027, 2028):
        got = [(at.date(), each.snippet.key) for at, each in days_of(board, date(year, 3, 20), 30) if each.series]
        assert got == [(date(year, 3, 29 if year == 2027 else 28), "t1")]


def test_the_shorter_span_goes_first() -> None:
    season = dated("t1", "t2", days=("10-01..04-30",), again=True)
    board = world(text(1), text(2), text(3), series=(season, dated("t3", days=("冬至",), number=2)))
    winter = days_of(board, date(2026, 12, 22), 1)
    assert [each.snippet.key for _, each in winter] == ["t3", "t1"]


def test_a_season_repeats_its_texts_with_days_between() -> None:
    season = dated("t1", "t2", days=("10-01..04-30",), again=True, every_days=10)
    board = world(text(1), text(2), series=(season,))
    got = days_of(board, date(2026, 12, 20), 31)
    assert [(at.date().isoformat(), each.snippet.key) for at, each in got] == [
        ("2026-12-20", "t1"), ("2026-12-30", "t2"), ("2027-01-09", "t1"), ("2027-01-19", "t2"),
    ]  # fmt: skip


def test_a_course_goes_in_order_with_its_number_and_ends() -> None:
    board = world(text(1), text(2), text(3), series=(course("t2", "t3", "t1", every_days=3),))
    got = days_of(board, date(2026, 11, 29), 30)  # over a month's end
    assert [(at.date().day, each.lesson) for at, each in got] == [(29, 1), (2, 2), (5, 3)]
    assert [each.text.partition("】")[0] for _, each in got] == ["【第一课 第2条", "【第二课 第3条", "【第三课 第1条"]


def test_a_new_version_of_a_lesson_is_no_reason_to_begin_again() -> None:
    lessons = course("t1", "t2", every_days=1)
    board = world(text(1), text(2), series=(lessons,))
    days_of(board, date(2026, 11, 20), 1)
    renewed = Board([text(11, key="t1", version=2), text(2)], [lessons], board.histories, PLENTY)
    assert [each.snippet.key for _, each in days_of(renewed, date(2026, 11, 21), 5)] == ["t2"]


def test_a_course_does_not_count_what_the_rotation_sent_before() -> None:
    before = world(text(1), text(2))
    days_of(before, date(2026, 11, 1), 3)
    board = Board([text(1), text(2)], [course("t1", "t2")], before.histories, PLENTY)
    assert [each.lesson for _, each in days_of(board, date(2026, 11, 20), 10)] == [1, 2]


def test_texts_of_a_series_are_not_in_the_rotation() -> None:
    board = world(text(1), text(2), series=(dated("t1", days=("清明",)),))
    assert {each.snippet.key for _, each in days_of(board, date(2026, 11, 20), 5)} == {"t2"}


def test_a_question_in_the_evening_and_its_answer_at_noon_once() -> None:
    board = world(text(1, ask="医保卡能借吗？"))
    got = days_of(board, date(2026, 12, 31), 2)
    assert [(at.isoformat(), each.part) for at, each in got] == [
        ("2026-12-31T19:30:00", "question"),
        ("2027-01-01T12:00:00", "answer"),
        ("2027-01-01T19:30:00", "question"),
    ]
    question, answer = got[0][1].text, got[1][1].text
    assert "医保卡能借吗？" in question
    assert "话" not in question.replace("说话", "")
    assert "昨晚问的：医保卡能借吗？" in answer


def test_a_town_that_pushes_at_noon_only_asks_at_noon() -> None:
    board = world(text(1, ask="能借吗？"), rules=replace(PLENTY, evening_pushes=False))
    noons = [datetime(2026, 11, 20 + shift, 12) for shift in range(3)]
    parts = []
    for at in noons:
        choice = board.choose(GROUP, at)
        assert choice is not None
        board.histories[1].note(choice, at)
        parts.append(choice.part)
    assert parts == ["question", "answer", "question"]


def test_the_answer_waits_for_the_next_day_and_has_its_place_kept() -> None:
    """A town that pushes once more at half past eight: no answer yet, and nothing that would take its place."""
    late, noon = datetime(2026, 11, 20, 20, 30), datetime(2026, 11, 21, 12)
    for per_week, wanted in ((8, "t2"), (7, None)):
        reached = [datetime(2026, 11, day, 12) for day in range(15, 20)] + [datetime(2026, 11, 20, 19, 30)]
        history = History(reached=reached, asked={"t1": date(2026, 11, 20)})
        season = dated("t2", days=("10-01..04-30",))
        board = Board([text(1, ask="能借吗？"), text(2)], [season], {1: history}, replace(PLENTY, per_week=per_week))
        choice = board.choose(GROUP, late)
        assert (choice.snippet.key if choice else None) == wanted
        answer = board.choose(GROUP, noon)
        assert answer is not None
        assert (answer.snippet.key, answer.part) == ("t1", "answer")


def test_an_answer_too_late_or_withdrawn_is_not_given() -> None:
    asked = {1: History(asked={"t1": date(2026, 11, 20)})}
    late = Board([text(1, ask="能借吗？"), text(2)], [], asked, PLENTY)
    noon = late.choose(GROUP, datetime(2026, 11, 25, 12))
    assert noon is None or noon.part != PushPart.ANSWER
    gone = Board([text(2)], [], {1: History(asked={"t1": date(2026, 11, 20)})}, PLENTY)
    noon = gone.choose(GROUP, datetime(2026, 11, 21, 12))
    assert noon is not None
    assert (noon.snippet.key, noon.part) == ("t2", "whole")


@pytest.mark.parametrize(
    ("audience", "wanted"),
    [
        ({}, (True, True)),
        ({"villages": ["上坪村"]}, (True, True)),
        ({"villages": ["石湾村"]}, (False, False)),
        ({"kinds": ["migrants"]}, (False, True)),
        ({"villages": ["上坪村"], "kinds": ["residents"]}, (True, False)),
        ({"tags": ["种植户"]}, (False, False)),
    ],
)
def test_an_audience_takes_whom_it_names(audience: dict[str, list[str]], wanted: tuple[bool, bool]) -> None:
    assert (takes(audience, GROUP), takes(audience, AWAY)) == wanted
    assert takes({"tags": ["种植户", "老党员"]}, replace(GROUP, tags=frozenset({"老党员"})))
    board = world(text(1, audience=audience))
    assert tuple(board.choose(each, datetime(2026, 11, 20, 12)) is not None for each in (GROUP, AWAY)) == wanted


# ---- how often -----------------------------------------------------------------------------------------------------


@given(
    per_week=st.integers(1, 14),
    broadcasts=st.lists(st.integers(0, 40 * 24), max_size=12),
    asks=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_week_holds_more_than_the_cap(per_week: int, broadcasts: list[int], asks: bool) -> None:
    """Over all kinds; notices of people are never held back, so beyond their number nothing is pushed."""
    start = datetime(2026, 12, 10)
    notices = [start + timedelta(hours=each) for each in broadcasts]
    texts = [text(number, ask="问？" if asks and number % 3 == 0 else "") for number in range(1, 20)]
    season = dated("t1", "t2", days=("10-01..04-30",), again=True, every_days=2)
    board = Board(texts, [season, course("t4", "t5", "t6")], {}, replace(PLENTY, per_week=per_week))
    board.histories[1] = History(reached=list(notices))
    got = days_of(board, start.date(), 40)
    assert got or len(notices) >= per_week
    for at, choice in got:
        reached = [each for each, _ in got] + (notices if choice.part != PushPart.ANSWER else [])
        assert sum(at - timedelta(days=7) < each <= at for each in reached) <= per_week


def test_the_rotation_leaves_room_for_what_has_its_day() -> None:
    rules = replace(PLENTY, per_week=7)
    quiet = world(*(text(number) for number in range(1, 40)), rules=rules)
    assert len(days_of(quiet, date(2026, 11, 16), 7)) == 5
    urgent = dated("t1", "t2", days=("11-21..11-22",))
    board = world(*(text(number) for number in range(1, 40)), series=(urgent,), rules=rules)
    got = days_of(board, date(2026, 11, 16), 7)
    assert [at.day for at, each in got if each.series] == [21, 22]
    assert len(got) == 7


def test_broadcasts_count_too() -> None:
    board = world(*(text(number) for number in range(1, 40)), rules=replace(PLENTY, per_week=7))
    board.histories[1] = History(reached=[datetime(2026, 11, 15, 9)] * 7)
    assert days_of(board, date(2026, 11, 16), 6) == []
    assert len(days_of(board, date(2026, 11, 22), 1)) == 1


@given(st.integers(0, 99))
def test_a_lesson_has_its_number_in_words(number: int) -> None:
    digits = "零一二三四五六七八九"
    words = in_words(number)
    tens, ten, ones = words.partition("十")
    value = (
        (digits.index(tens) if tens else 1) * 10 + (digits.index(ones) if ones else 0) if ten else digits.index(words)
    )
    assert value == number


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
