"""No number where nothing can be known, no place for another, and nothing that moves a closed number afterwards."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from data import cases, erasure, relay, rooms
from data.figures import areas
from data.figures.areas import Place, SeveralPlaces
from data.figures.figure import Number
from data.figures.figures import FIGURES, LATE, numbers
from data.figures.periods import parse
from data.figures.scope import NotBegun, Scope
from data.figures.tables import breakdown, heat
from data.loop import Order, Voice, VoiceKind
from data.mail import Outbox, OutboxKind, OutboxState
from data.record_tables import Area, AreaLevel
from data.reports import told
from data.reports.gathered import Report, Wish, gather
from data.retention import EXPIRED
from data.tables import Member, Room, RoomKind, Village
from tests.test_figures import CLOSED, DURING, MAY, lecture, scope_of, typed
from tests.town import NOW, ZONE, DemoTown, demo_rules

DAY = timedelta(days=1)


def report_of(session: Session, words: str, place: Place | None = None) -> Report:
    scope = Scope(parse(words), place or areas.whole(session), ZONE, NOW)
    return gather(session, scope, Wish(), lambda _done, _what: None)


# ---- 删除我的信息 ---------------------------------------------------------------------------------------------------


def test_who_is_forgotten_was_not_answered(town: DemoTown) -> None:
    """Two asked, one was answered; the other wished to be forgotten, in time and before the deadline."""
    with town.session() as session:
        asker = Member(transport="webchat", external_id="asker", name="陆阿公", created_at=DURING)
        session.add(asker)
        session.flush()
        one, other = (
            Voice(kind=VoiceKind.NEED, member_id=who, room_id=1, village_id=1, text="路灯坏了", at=DURING,
                  due_at=DURING + 7 * DAY)
            for who in (1, asker.id or 0)
        )  # fmt: skip
        session.add_all((one, other))
        session.flush()
        cases.answer(session, one.id or 0, "修好了", by=2, now=DURING + 3 * DAY, not_before=DURING + 3 * DAY)

        def counted() -> list[Number]:
            found = numbers(session, scope_of(session))
            return [found[f"opinions{each}"] for each in ("", "_answered", "_overdue")] + [found["answer_median"]]

        assert counted() == [2, 1, 1, 72.0]  # at the end of its time the other was still without an answer
        erasure.erase(session, asker.id or 0, now=DURING + DAY, rules=demo_rules())
        assert counted() == [2, 1, 0, 72.0]
        other.answer = EXPIRED  # retention takes the words; that nobody answered stays known
        session.flush()
        assert counted() == [2, 1, 0, 72.0]


# ---- before and after ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["2027Q2", "2030", "2026-12"])
def test_of_a_period_that_has_not_begun_there_is_nothing_to_see(town: DemoTown, words: str) -> None:
    with town.session() as session:
        scope = scope_of(session, words)
        for ask in (
            lambda: numbers(session, scope),
            lambda: breakdown(session, scope, "month"),
            lambda: heat(session, scope),
            lambda: FIGURES[0].number(session, scope),
            lambda: report_of(session, words),
        ):
            with pytest.raises(NotBegun, match=f"{scope.period.label}还没有开始"):
                ask()


def test_before_the_first_row_there_is_a_dash_and_no_nought(town: DemoTown) -> None:
    with town.session() as session:
        found = numbers(session, scope_of(session, "2025Q4"))
        assert {key for key, number in found.items() if number is not None} == set(LATE)
        report = report_of(session, "2025Q4")
        assert report.recorded == (False, False)
        (words,) = told.overview(report)
        assert "还没有记录" in words
        assert "不是0" in words
        assert "不会再变" not in words


def test_what_is_brought_along_from_before_is_late_and_changes_no_dash(town: DemoTown) -> None:
    with town.session() as session:
        before = numbers(session, scope_of(session))
        row = lecture(session, held_at=NOW, created_at=None)
        typed(session, row, 30, NOW)
        assert before["lectures"] is None
        assert numbers(session, scope_of(session)) == before | {"late_lectures": 1, "late_counts": 1}


def test_months_before_the_first_row_are_dashes_beside_those_with_numbers(town: DemoTown) -> None:
    with town.session() as session:
        lecture(session)
        rows = dict(breakdown(session, scope_of(session, "2026Q2"), "month", keys=("events", "orders")).rows)
        assert rows == {"2026-04": (None, None), "2026-05": (0, 1), "2026-06": (0, 0)}
        assert told.overview(report_of(session, "2026Q2"))[-2].startswith("上期（2026年第一季度）还没有记录")


def test_a_report_says_what_the_period_before_and_the_months_are_worth(town: DemoTown) -> None:
    with town.session() as session:
        lecture(session)
        words = "".join(told.overview(report_of(session, "2026-11")))
        assert "上期（2026年10月）" not in words, "October is closed"
        assert "本期还没有过完" in words
        assert "月报" not in words
        quarter = report_of(session, "2026Q3")
        assert "以那个月的月报为准" in "".join(told.overview(quarter))
        assert f"（制表时登记的共{quarter.villages}个村）" in told.overview(quarter)[0]
        early = gather(session, replace(quarter.scope, now=quarter.scope.end + DAY), Wish(), lambda _done, _what: None)
        assert "上期" not in "".join(told.overview(early))
        scope = Scope(parse("2026-11"), areas.whole(session), ZONE, parse("2026-11").start(ZONE) + 3 * DAY)
        november = gather(session, scope, Wish(), lambda _done, _what: None)
        assert "上期（2026年10月）还没有截止（2026年11月10日截止）" in "".join(told.overview(november))


# ---- places --------------------------------------------------------------------------------------------------------


def test_what_is_not_known_of_a_hamlet_is_a_dash_in_every_table(town: DemoTown) -> None:
    with town.session() as session:
        lecture(session, hamlet="坡脚组")
        session.add(Order(member_id=1, room_id=1, village_id=1, topic_id=1, created_at=DURING, changed_at=DURING))
        session.flush()
        place = areas.by_key(session, "hamlet:1:坡脚组")
        for by, keys in (("month", ("orders", "pushes", "notices", "opinions")), ("topic", ("orders", "opinions"))):
            table = breakdown(session, Scope(MAY, place, ZONE, NOW), by, keys=("events", *keys))
            assert [figure.key for figure in table.figures] != ["events"]
            for _, row in table.rows:
                numbers_ = dict(zip((each.key for each in table.figures), row, strict=True))
                assert numbers_.pop("events") == 1
                assert set(numbers_.values()) == {None}


def towns(session: Session) -> tuple[Area, Area]:
    """城关镇 in two counties, each with one village."""
    counties = [Area(level=AreaLevel.COUNTY, name=name) for name in ("甲县", "乙县")]
    session.add_all(counties)
    session.flush()
    found = [Area(level=AreaLevel.TOWN, name="城关镇", parent_id=each.id) for each in counties]
    session.add_all(found)
    session.flush()
    for number, each in enumerate(found, 1):
        session.get_one(Village, number).area_id = each.id
        lecture(session, village_id=number)
    session.flush()
    return found[0], found[1]


def test_two_towns_of_one_name_are_two_rows_and_must_be_told_apart(town: DemoTown) -> None:
    with town.session() as session:
        one, other = towns(session)
        table = breakdown(session, scope_of(session), "town", keys=("events",))
        assert dict(table.rows) | {"（没写村）": None} == {"甲县城关镇": (1,), "乙县城关镇": (1,), "（没写村）": None}
        with pytest.raises(SeveralPlaces, match="甲县城关镇、乙县城关镇"):
            areas.find(session, "城关镇")
        found = areas.find(session, "乙县城关镇")
        assert (found.key, found.name) == (f"area:{other.id}", "乙县城关镇")
        assert areas.by_key(session, f"area:{one.id}").name == "甲县城关镇"
        assert areas.find(session, "甲县").name == "甲县"


def test_the_whole_has_the_name_of_an_area_only_where_all_villages_lie_in_it(town: DemoTown) -> None:
    with town.session() as session:
        area = Area(level=AreaLevel.TOWN, name="甲镇")
        session.add(area)
        session.flush()
        villages = session.exec(select(Village)).all()
        villages[0].area_id = area.id
        session.flush()
        assert areas.whole(session).name == "全部"
        for each in villages:
            each.area_id = area.id
        session.flush()
        assert areas.whole(session).name == "甲镇"


# ---- what is done afterwards ---------------------------------------------------------------------------------------


def test_a_group_that_is_bound_later_makes_no_station_in_the_past(town: DemoTown) -> None:
    with town.session() as session:
        lecture(session)
        village = Village(name="新村")
        group = Room(transport="webchat", external_id="g9", kind=RoomKind.UNBOUND, created_at=DURING)
        session.add_all((village, group))
        session.flush()
        october = scope_of(session, "2026-10")
        stood = numbers(session, october)["months_idle"]
        bound = NOW - DAY
        rooms.bind_room(session, group.id or 0, village=village, kind=RoomKind.RESIDENTS, now=bound)
        assert group.bound_at == bound
        assert numbers(session, october)["months_idle"] == stood
        rooms.bind_room(session, group.id or 0, village=village, kind=RoomKind.MIGRANTS, now=NOW)
        assert group.bound_at == bound, "it is still the same village's"
        november = scope_of(session, "2026-11", now=NOW + 60 * DAY)
        row = idle_months(session, november, "新村")
        assert row == 1


def test_a_lecture_that_is_entered_late_makes_no_month_idle_before_it_was_entered(town: DemoTown) -> None:
    """A lecture of May that was put in on 20 November made five idle months of a time in which there was no bot."""
    with town.session() as session:
        lecture(session)  # of another village: there are records of May
        village = Village(name="新村")
        session.add(village)
        session.flush()
        lecture(session, village_id=village.id, held_at=NOW)
        later = NOW + 60 * DAY
        assert idle_months(session, scope_of(session, "2026", now=later), "新村") == 2, (
            "November, in which it was entered, and December"
        )
        assert "新村" not in dict(
            breakdown(session, scope_of(session, "2026Q3"), "village", keys=("months_idle",)).rows
        )
        lecture(session, village_id=village.id, starts_at=DURING + 31 * DAY, held_at=DURING + 31 * DAY)
        assert idle_months(session, scope_of(session, "2026Q3"), "新村") == 3, "entered in June, it counts from June"


def idle_months(session: Session, scope: Scope, name: str) -> Number:
    """Months without anything in a village."""
    return dict(breakdown(session, scope, "village", keys=("months_idle",)).rows)[name][0]


def test_a_card_that_was_said_in_may_is_not_taken_back_in_november(town: DemoTown) -> None:
    with town.session() as session:
        group = relay.add_room(session, name="石湾群", village_id=1, kind=RoomKind.RESIDENTS, now=DURING - DAY)
        card = Outbox(room_id=group.id or 0, kind=OutboxKind.PUSH, priority=20, text="查血压", queued_at=DURING,
                      not_before=DURING)  # fmt: skip
        session.add(card)
        session.flush()
        number = card.id or 0
        relay.said(session, number, village_id=None, by="手", now=DURING)
        relay.not_said(session, number, village_id=None, now=DURING + timedelta(minutes=59))
        relay.said(session, number, village_id=None, by="手", now=DURING)
        session.expire_all()
        stood = numbers(session, scope_of(session, now=CLOSED + DAY))
        assert stood["pushes"] == 1
        with pytest.raises(relay.SaidLongAgo, match="一个小时"):
            relay.not_said(session, number, village_id=None, now=NOW)
        assert session.get_one(Outbox, number).state == OutboxState.SENT
        assert numbers(session, scope_of(session, now=NOW)) == stood
