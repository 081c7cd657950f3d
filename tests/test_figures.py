"""Figures: periods, places, numbers that stay as they were counted, tables, self-check; nobody is ranked."""

import json
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from data import attendance
from data.figures import areas, media
from data.figures.areas import Level, NoSuchPlace
from data.figures.figures import BY_KEY, FIGURES, NoSuchFigure, find, numbers
from data.figures.periods import BadPeriod, Period, PeriodKind, parse, period_of
from data.figures.scope import Scope
from data.figures.tables import BY, NoSuchTable, breakdown, columns, heat
from data.loop import EventKind, Lecture, LectureState, Order, Step, Subject, Voice, VoiceKind
from data.mail import Inbox, Outbox, OutboxKind, OutboxState
from data.record_tables import Area, AreaLevel, LectureCount, MediaLevel
from data.tables import Member, Village
from tests.town import NOW, ROOT, ZONE, DemoTown, Talk, demo_rules
from tools.docs_figures import figures_page

MAY = parse("2026-05")
DURING = datetime(2026, 5, 12, 19, 30, tzinfo=ZONE)
CLOSED = MAY.closes_at(ZONE)
AFTER = CLOSED + timedelta(days=20)


def scope_of(session: Session, words: str = "2026-05", *, now: datetime = NOW) -> Scope:
    return Scope(parse(words), areas.whole(session), ZONE, now)


def lecture(session: Session, **values: object) -> Lecture:
    """A lecture of May in the first village, written down as held on the same evening, unless ``values`` say else."""
    held_at = values.pop("held_at", DURING + timedelta(hours=1))
    fields: dict[str, object] = {
        "topic_id": 1, "lecturer_id": 1, "village_id": 1, "title": "防骗", "venue": "文化室", "starts_at": DURING,
        "state": LectureState.DELIVERED, "created_at": DURING - timedelta(days=7),
    }  # fmt: skip
    row = Lecture.model_validate(fields | values)
    session.add(row)
    session.flush()
    assert row.id is not None
    if isinstance(held_at, datetime):
        session.add(Step(subject=Subject.LECTURE, subject_id=row.id, state=LectureState.DELIVERED, at=held_at))
    return row


def typed(session: Session, row: Lecture, attended: int, at: datetime) -> None:
    assert row.id is not None
    session.add(LectureCount(lecture_id=row.id, attended=attended, handouts=attended // 2, at=at))
    session.flush()


# ---- periods -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "first", "after", "label"),
    [
        ("2026", date(2026, 1, 1), date(2027, 1, 1), "2026年"),
        ("2026H2", date(2026, 7, 1), date(2027, 1, 1), "2026年下半年"),
        ("2026Q4", date(2026, 10, 1), date(2027, 1, 1), "2026年第四季度"),
        ("2026q1", date(2026, 1, 1), date(2026, 4, 1), "2026年第一季度"),
        ("2026-11", date(2026, 11, 1), date(2026, 12, 1), "2026年11月"),
        ("2026-2", date(2026, 2, 1), date(2026, 3, 1), "2026年2月"),
        ("2024-02-29", date(2024, 2, 29), date(2024, 3, 1), "2024年2月29日"),
        ("2026W53", date(2026, 12, 28), date(2027, 1, 4), "2026年第53周"),
        ("2025W01", date(2024, 12, 30), date(2025, 1, 6), "2025年第1周"),
    ],
)
def test_a_period_is_read_and_named(words: str, first: date, after: date, label: str) -> None:
    period = parse(words)
    assert (period.first, period.after, period.label) == (first, after, label)


@pytest.mark.parametrize(
    "words", ["", "去年", "2026-13", "2026-02-30", "2026Q5", "2026W54", "26", "2026-", "2026-11-", "２０２６"]
)
def test_what_is_no_period_is_told_kindly(words: str) -> None:
    with pytest.raises(BadPeriod, match="可以写 2026Q4"):
        parse(words)


@given(st.dates(date(1950, 1, 1), date(2080, 12, 31)), st.sampled_from(PeriodKind))
def test_periods_of_a_kind_lie_side_by_side(day: date, kind: PeriodKind) -> None:
    period = period_of(day, kind)
    assert period.first <= day < period.after
    assert parse(period.key) == period
    assert period.before().after == period.first
    assert period.end(ZONE) < period.closes_at(ZONE) == period.end(ZONE) + timedelta(days=10)
    months = period.months()
    if months:
        assert (months[0].first, months[-1].after) == (period.first, period.after)
        assert all(one.after == other.first for one, other in pairwise(months))


def test_a_day_is_the_towns_own() -> None:
    assert parse("2026-05-01").start(ZONE).isoformat() == "2026-05-01T00:00:00+08:00"


# ---- places --------------------------------------------------------------------------------------------------------


def test_places_roll_up(town: DemoTown) -> None:
    with town.session() as session:
        city = Area(level=AreaLevel.CITY, name="肇庆市")
        session.add(city)
        session.flush()
        county = Area(level=AreaLevel.COUNTY, name="四会县", parent_id=city.id)
        session.add(county)
        session.flush()
        session.add_all(Area(level=AreaLevel.TOWN, name=f"{name}镇", parent_id=county.id) for name in "甲乙")
        session.flush()
        towns = session.exec(select(Area).where(Area.level == AreaLevel.TOWN)).all()
        for village in session.exec(select(Village)):
            village.area_id = towns[(village.id or 0) % 2].id
        for hamlet in ("坡脚组", ""):
            lecture(session, hamlet=hamlet)
        lecture(session, village_id=2)
        session.flush()
        whole = areas.whole(session)
        assert (whole.name, whole.level) == ("肇庆市", Level.WHOLE)
        seen, line = [], [whole]
        while line:
            place = line.pop()
            assert areas.by_key(session, place.key) == place
            below = areas.children(session, place)
            line += below
            lectures = numbers(session, Scope(MAY, place, ZONE, NOW), keys=("lectures",))["lectures"]
            seen.append(place.level)
            if place.level not in (Level.VILLAGE, Level.HAMLET):
                parts = [
                    numbers(session, Scope(MAY, each, ZONE, NOW), keys=("lectures",))["lectures"] for each in below
                ]
                assert sum(each or 0 for each in parts) == lectures, place
        assert set(seen) == set(Level)
        assert areas.find(session, "四会县").level is Level.COUNTY
        assert areas.villages_in(session, whole) == len(session.exec(select(Village)).all())
        with pytest.raises(NoSuchPlace, match="没找到地方"):
            areas.find(session, "月亮")
        for key in ("village:99", "area:x", "hamlet:1:", "", "area:²", "village:99999999999"):
            with pytest.raises(NoSuchPlace):
                areas.by_key(session, key)


def test_areas_that_are_tied_in_a_ring_end(town: DemoTown) -> None:
    with town.session() as session:
        one, other = Area(level=AreaLevel.TOWN, name="甲"), Area(level=AreaLevel.COUNTY, name="乙")
        session.add_all((one, other))
        session.flush()
        one.parent_id, other.parent_id = other.id, one.id
        session.flush()
        assert set(areas.by_key(session, f"area:{one.id}").area_ids) == {one.id, other.id}


# ---- the same for ever ---------------------------------------------------------------------------------------------


def test_a_number_that_is_corrected_in_time_counts_and_afterwards_is_late(town: DemoTown) -> None:
    with town.session() as session:
        row = lecture(session)
        typed(session, row, 30, DURING + timedelta(hours=2))
        assert numbers(session, scope_of(session))["attended"] == 30
        typed(session, row, 38, CLOSED)  # the last moment
        at_close = numbers(session, scope_of(session))
        assert (at_close["attended"], at_close["handouts"], at_close["late_counts"]) == (38, 19, 0)
        typed(session, row, 380, CLOSED + timedelta(seconds=1))
        later = numbers(session, scope_of(session))
        assert later == at_close | {"late_counts": 1}
        (late,) = find("late_counts").rows(session, scope_of(session))
        assert (late.id, late.text, late.village) == (row.id, "防骗：到场380人，资料190份", "上坪村")


def test_what_was_held_but_written_down_late_is_shown_as_late(town: DemoTown) -> None:
    with town.session() as session:
        lecture(session, starts_at=DURING - timedelta(days=31))  # of May there are records
        before = numbers(session, scope_of(session))
        row = lecture(session, held_at=AFTER)
        typed(session, row, 50, AFTER)
        after = numbers(session, scope_of(session))
        assert after == before | {"late_lectures": 1, "late_counts": 1}
        lecture(session, state=LectureState.ANNOUNCED, held_at=None)
        assert numbers(session, scope_of(session)) == after


def test_whatever_comes_after_the_books_were_closed_changes_nothing(town: DemoTown) -> None:
    """Orders go on, cases are answered, media are struck, people write, names are erased: May stays May."""
    with town.session() as session:
        row = lecture(session)
        typed(session, row, 30, DURING + timedelta(hours=2))
        order = Order(member_id=1, room_id=1, village_id=1, topic_id=1, created_at=DURING, changed_at=DURING)
        session.add(order)
        session.flush()
        session.add(Step(subject=Subject.ORDER, subject_id=order.id or 0, state="received", at=DURING))
        case = Voice(kind=VoiceKind.NEED, member_id=1, room_id=1, village_id=1, text="路灯坏了", at=DURING,
                     due_at=DURING + timedelta(days=1))  # fmt: skip
        said = Voice(kind=VoiceKind.FEEDBACK, member_id=1, room_id=1, village_id=1, text="好", rating=4,
                     lecture_id=row.id, at=DURING + timedelta(hours=3))  # fmt: skip
        report = media.add(session, title="讲进村", outlet="日报", level=MediaLevel.CITY, published_on=DURING.date(),
                           by=1, now=DURING, zone=ZONE)  # fmt: skip
        push = Outbox(room_id=1, kind=OutboxKind.PUSH, priority=20, text="查血压", state=OutboxState.SENT,
                      queued_at=DURING, not_before=DURING, settled_at=DURING)  # fmt: skip
        heard = Inbox(transport="webchat", message_id="x1", room_id=1, member_id=1, text="我的手机13800000000",
                      heard_at=DURING + timedelta(hours=1), handled_at=DURING, route="ask")  # fmt: skip
        session.add_all((case, said, push, heard))
        session.flush()
        stood = numbers(session, scope_of(session, now=CLOSED + timedelta(seconds=1)))
        wished = ("attended", "orders_received", "opinions_overdue", "ratings", "media_city", "pushes", "replies")
        assert [stood[key] for key in wished] == [30, 1, 1, 1, 1, 1, 1]
        order.state, order.changed_at = "dispatched", AFTER  # type: ignore[assignment]
        session.add(Step(subject=Subject.ORDER, subject_id=order.id or 0, state="dispatched", at=AFTER))
        case.answered_at, case.answer = AFTER, "修好了"
        media.strike(session, report.id or 0, now=AFTER)
        media.add(session, title="又一篇", outlet="日报", level=MediaLevel.CITY, published_on=DURING.date(), by=1,
                  now=AFTER, zone=ZONE)  # fmt: skip
        lecture(session, starts_at=AFTER, held_at=AFTER)
        # what retention leaves: rows without who and what
        member = session.get_one(Member, 1)
        member.name, member.erased_at, heard.text, case.text, said.text = "", AFTER, "", "", ""
        session.flush()
        assert numbers(session, scope_of(session)) == stood | {"late_media": 1}


def test_while_a_period_is_open_its_numbers_move(town: DemoTown) -> None:
    with town.session() as session:
        scope = scope_of(session, now=DURING + timedelta(days=1))
        assert not scope.closed
        before = numbers(session, scope)
        lecture(session)
        assert numbers(session, scope)["lectures"] == (before["lectures"] or 0) + 1
        assert scope_of(session, now=AFTER).closed


def test_each_number_that_is_typed_is_kept(town: DemoTown) -> None:
    talk = Talk(town, now=NOW + timedelta(days=3, hours=6))
    talk.say("卫生院黄医生", None, "到场 36 发资料 40")
    talk.say("干事小农", None, "课1 到场 38")
    with town.session() as session:
        kept = session.exec(select(LectureCount).order_by("id")).all()
        assert [(each.lecture_id, each.attended, each.handouts) for each in kept] == [(1, 36, 40), (1, 38, 40)]
        assert kept[0].at < kept[1].at
        assert kept[0].by_id != kept[1].by_id


def test_a_number_that_is_taken_back_was_never_said(town: DemoTown) -> None:
    talk = Talk(town, now=NOW + timedelta(days=3, hours=6), sends=False)
    talk.say("干事小农", None, "课1 到场 36")
    assert "撤" in talk.say("干事小农", None, "撤销")[0]
    with town.session() as session:
        assert session.exec(select(LectureCount)).all() == []
        assert session.get_one(Lecture, 1).attended is None


def test_the_service_counts_in_the_turn(town: DemoTown) -> None:
    with town.session() as session:
        row = lecture(session, held_at=None, state=LectureState.ANNOUNCED)
        attendance.count(
            session, row, attended=12, handouts=None, by=1, now=DURING + timedelta(hours=2), rules=demo_rules()
        )
        found = numbers(session, scope_of(session))
        assert (found["lectures"], found["attended"], found["handouts"]) == (1, 12, None)


# ---- blanks --------------------------------------------------------------------------------------------------------


def test_where_there_is_nothing_there_is_a_blank_and_no_guess(town: DemoTown) -> None:
    with town.session() as session:
        lecture(session, starts_at=DURING - timedelta(days=31))
        found = numbers(session, scope_of(session))
        blank = {key for key, value in found.items() if value is None}
        spans = {
            f"{each}_{share}" for each in ("dispatch", "accept", "lecture", "answer") for share in ("median", "p90")
        }
        assert blank == {"rating_mean", *spans}
        lecture(session)
        held = numbers(session, scope_of(session))
        assert (held["lectures"], held["uncounted"], held["attended"]) == (1, 1, None)


# ---- tables --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", BY)
def test_a_table_adds_up_to_the_figure(town: DemoTown, by: str) -> None:
    with town.session() as session:
        for number, kind in enumerate(EventKind):
            row = lecture(session, kind=kind, village_id=number % 3 + 1, topic_id=number % 4 + 1,
                          hamlet="坡脚组" * (number % 2),
                          live_url="https://a.b" if number % 2 else "", venue=("线上", "小学", "果园")[number % 3],
                          starts_at=DURING + timedelta(days=number))  # fmt: skip
            typed(session, row, 10 + number, DURING + timedelta(days=8))
            session.add(Order(member_id=1, room_id=1, village_id=number % 3 + 1, topic_id=number % 4 + 1,
                              created_at=DURING, changed_at=DURING))  # fmt: skip
            session.add(Voice(kind=VoiceKind.NEED, member_id=1, room_id=1, village_id=1, text="灯", at=DURING))
        media.add(session, title="讲进村", outlet="日报", level=MediaLevel.CITY, published_on=DURING.date(), by=1,
                  now=DURING, zone=ZONE)  # fmt: skip
        session.flush()
        scope = scope_of(session, "2026Q2")
        table = breakdown(session, scope, by)
        assert table.figures == columns(by)
        assert table.rows
        assert [label for label, _ in table.rows] == sorted(label for label, _ in table.rows)
        for place, figure in enumerate(table.figures):
            if figure.how.value in ("count", "sum"):
                parts = [row[place] or 0 for _, row in table.rows]
                assert sum(parts) == (figure.number(session, scope) or 0), figure.key
        assert any(any(row) for _, row in table.rows)


def test_no_table_is_by_person(town: DemoTown) -> None:
    """Nobody is ranked: there is no dimension of lecturers, members or coordinators."""
    dims = {name for figure in FIGURES for name in figure.source.dims}
    assert dims
    assert dims == set(BY)
    assert not dims & {"lecturer", "member", "owner", "person", "coordinator"}
    with town.session() as session:
        for by in ("lecturer", "", "id"):
            with pytest.raises(NoSuchTable, match="不能按"):
                breakdown(session, scope_of(session), by)


def test_orders_are_seen_by_topic_and_village(town: DemoTown) -> None:
    with town.session() as session:
        for topic, village in ((1, 1), (1, 1), (2, 1), (2, None), (None, 2)):
            session.add(Order(member_id=1, room_id=1, village_id=village, topic_id=topic, created_at=DURING))
        session.flush()
        found = heat(session, scope_of(session))
        assert sorted(found.cells.values()) == [1, 1, 1, 2]
        assert "（没对上题目）" in found.topics
        assert "（没写村）" in found.places


def test_an_unknown_figure_is_told_kindly() -> None:
    assert find("orders") is BY_KEY["orders"]
    with pytest.raises(NoSuchFigure, match="没有"):
        find("best_lecturer")


# ---- what is written about them ------------------------------------------------------------------------------------


def test_each_figure_says_how_it_is_counted() -> None:
    assert len(FIGURES) > 40
    page = (ROOT / "docs" / "figures.md").read_text("utf-8")
    assert page == figures_page(), "run: python -m tools.docs_figures"
    for figure in FIGURES:
        assert figure.help in page
        assert figure.name in page
        assert len(figure.help) >= 8
        assert figure.unit
    assert len({each.key for each in FIGURES}) == len(FIGURES)
    assert json.dumps([each.key for each in FIGURES])


def test_a_period_key_is_what_people_type() -> None:
    assert Period(date(2026, 10, 1), PeriodKind.QUARTER).key == "2026Q4"
