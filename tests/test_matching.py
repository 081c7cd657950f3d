"""Who could take an order, and when: told with reasons, never with a clash, never one who was asked already."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from sqlmodel import Session, select

from data.clashes import clashes
from data.loop import Assignment, AssignmentState, EventKind, Lecture, LectureState, Order, Voice, VoiceKind
from data.lunar import is_market_day
from data.matching import Proposal, propose, times, venue_for
from data.tables import Lecturer, LecturerTopic, Member, Role, RoleKind, Room, Topic, Village
from data.workdays import WorkCalendar
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


# ---- who -----------------------------------------------------------------------------------------------------------


def test_reasons_can_be_believed_at_a_glance(desk: Desk) -> None:
    held = desk.lecture("覃志刚", NOW - 9 * DAY, state=LectureState.ARCHIVED)
    for stars in (5, 5, 4):
        kind = VoiceKind.FEEDBACK
        voice = Voice(
            kind=kind, member_id=desk.member, room_id=desk.room, lecture_id=held.id, text="", rating=stars, at=NOW
        )
        desk.session.add(voice)
    order = desk.order("反诈骗", "石湾村", dialect="白话", when_start=NOW.replace(hour=19, minute=30) + 3 * DAY)
    assert desk.proposed(order) == {
        "覃志刚": ("讲过反诈骗", "会白话", "本村人", "那天晚上有空", "本月排了2场", "评分4.7（3人）")
    }


def test_the_dialect_that_was_asked_for_outweighs_the_own_village(desk: Desk) -> None:
    plain = desk.proposed(desk.order("医疗保险", when_start=NOW.replace(hour=19, minute=30) + 4 * DAY))
    assert list(plain) == ["黄秀兰", "陆金凤"]
    hakka = desk.proposed(
        desk.order("医疗保险", dialect="客家话", when_start=NOW.replace(hour=19, minute=30) + 5 * DAY)
    )
    assert list(hakka) == ["陆金凤", "黄秀兰"]  # a Wednesday evening: 陆金凤 is free too
    assert "会客家话" in hakka["陆金凤"]
    assert hakka["黄秀兰"][-1] == "没登记会客家话"


def test_a_neighbour_comes_before_a_stranger(desk: Desk) -> None:
    for name, village in (("远客", "石湾村"), ("近邻", "榕木坳村")):
        desk.hire(name, "森林防火", village_id=desk.villages[village])
    proposed = desk.proposed(desk.order("森林防火", "上坪村"))
    assert [name for name in proposed if name != "覃志刚"] == ["近邻", "远客"]
    assert "邻村人（榕木坳村）" in proposed["近邻"]


def test_who_has_lectured_less_this_month_comes_first(desk: Desk) -> None:
    for name in ("甲", "乙", "丙"):
        desk.hire(name, "森林防火")
    for lecturer, count in (("甲", 2), ("乙", 1), ("覃志刚", 6)):
        for number in range(count):
            desk.lecture(lecturer, NOW - (number + 1) * DAY, state=LectureState.DELIVERED)
    desk.lecture("丙", NOW - DAY, state=LectureState.CANCELLED)
    desk.lecture("丙", NOW - 40 * DAY, state=LectureState.ARCHIVED)
    proposed = desk.proposed(desk.order("森林防火", "榕木坳村"), limit=9)
    names = [name for name in proposed if name != "覃志刚"]
    assert [(name, proposed[name][1]) for name in names] == [
        ("丙", "本月还没排课"),
        ("乙", "本月排了1场"),
        ("甲", "本月排了2场"),
    ]


def test_few_ratings_count_less_than_many(desk: Desk) -> None:
    for name, stars in (("一人夸", [5]), ("众人夸", [5] * 12), ("不太行", [2] * 6)):
        desk.hire(name, "交通安全")
        held = desk.lecture(name, NOW - DAY, state=LectureState.DELIVERED)
        for each in stars:
            kind = VoiceKind.FEEDBACK
            voice = Voice(
                kind=kind, member_id=desk.member, room_id=desk.room, lecture_id=held.id, text="", rating=each, at=NOW
            )
            desk.session.add(voice)
    proposed = desk.proposed(desk.order("交通安全", "榕木坳村"), limit=9)
    names = [name for name in proposed if name != "覃志刚"]
    assert names == ["众人夸", "一人夸", "不太行"]
    assert "评分5.0（12人）" in proposed["众人夸"]


def test_who_is_on_elsewhere_is_told_and_comes_last(desk: Desk) -> None:
    wished = NOW.replace(hour=19, minute=30) + 6 * DAY
    desk.lecture("黄秀兰", wished)
    proposed = desk.proposed(desk.order("医疗保险", "上坪村", when_start=wished))
    assert list(proposed) == ["陆金凤", "黄秀兰"]
    assert proposed["黄秀兰"][-1] == "那天19:30要去石湾村讲课"


def test_the_named_lecturer_is_first_even_off_topic(desk: Desk) -> None:
    proposed = desk.proposed(desk.order("反诈骗", lecturer="莫小燕"))
    assert list(proposed) == ["莫小燕", "覃志刚"]
    assert proposed["莫小燕"][0] == "点名请的"


@pytest.mark.parametrize("state", [AssignmentState.DECLINED, AssignmentState.COUNTERED, AssignmentState.OFFERED])
def test_who_was_asked_already_is_not_proposed_again(desk: Desk, state: AssignmentState) -> None:
    order = desk.order("医疗保险")
    desk.answer(order, "黄秀兰", state)
    assert list(desk.proposed(order)) == ["陆金凤"]
    desk.answer(order, "陆金凤", AssignmentState.DECLINED)
    others = desk.proposed(order)
    assert not {"黄秀兰", "陆金凤"} & set(others)
    assert {reasons[0] for reasons in others.values()} == {"没登记讲医疗保险"}


@pytest.mark.parametrize("state", [AssignmentState.RECALLED, AssignmentState.TAKEN])
def test_who_never_had_to_answer_may_be_asked_again(desk: Desk, state: AssignmentState) -> None:
    order = desk.order("反诈骗")
    desk.answer(order, "覃志刚", state)
    assert list(desk.proposed(order)) == ["覃志刚"]


def test_who_declined_is_named_again_only_where_there_is_nobody_else(desk: Desk) -> None:
    order = desk.order("反诈骗", lecturer="莫小燕")
    for name in desk.lecturers:
        desk.answer(order, name, AssignmentState.DECLINED, "去县里开会")
    proposed = desk.proposed(order)
    assert len(proposed) == 3
    assert {reasons[0] for reasons in proposed.values()} == {"这单没接：去县里开会"}


def test_a_wish_of_no_topic_goes_by_trade_and_title(desk: Desk) -> None:
    assert {name: reasons[0] for name, reasons in desk.proposed(desk.order(wish="想请律师来讲打工欠薪")).items()} == {
        "莫小燕": "律师"
    }
    assert list(desk.proposed(desk.order(wish="有没有农技员来看看果树"))) == ["梁有田"]


def test_a_wish_that_fits_nobody_says_so(desk: Desk) -> None:
    proposed = desk.proposed(desk.order(wish="想学跳舞"))
    assert len(proposed) == 3
    assert {reasons[0] for reasons in proposed.values()} == {"没对上题目和行当"}


@pytest.mark.parametrize(
    ("kind", "who"), [(EventKind.SHOW, "文明"), (EventKind.VOLUNTEER, "文明"), (EventKind.TRAINING, "技术")]
)
def test_other_events_call_for_another_kind_of_lecturer(desk: Desk, kind: EventKind, who: str) -> None:
    best = next(iter(desk.proposed(desk.order(wish="热闹热闹", kind=kind, village="沙塘口村")).values()))
    assert f"{who}宣讲员" in best


def test_who_cannot_be_reached_by_the_bot_is_marked(desk: Desk) -> None:
    desk.session.delete(desk.session.exec(select(Role).where(Role.lecturer_id == desk.lecturers["覃志刚"])).one())
    desk.session.flush()
    (proposal,) = propose(desk.session, desk.order("反诈骗"), rules=RULES, now=NOW)
    assert not proposal.reachable
    desk.hire("纸上人", "反诈骗")
    proposals = propose(desk.session, desk.order("养老保险"), rules=RULES, now=NOW)
    assert [each.reachable for each in proposals] == [True]


def test_a_town_with_nobody_and_then_with_one(any_engine: Engine) -> None:
    """On each kind of database."""
    with Session(any_engine) as session:
        session.add_all([Topic(id=1, name="反诈骗"), Village(id=1, name="石湾村", near=["上坪村"])])
        session.add(Village(id=2, name="上坪村"))
        session.add(Room(id=1, transport="webchat", external_id="r", created_at=NOW))
        session.add(Member(id=1, transport="webchat", external_id="m", created_at=NOW))
        session.flush()
        order = Order(id=1, member_id=1, room_id=1, village_id=1, topic_id=1, created_at=NOW)
        session.add(order)
        session.flush()
        assert propose(session, order, rules=RULES, now=NOW) == []
        assert len(times(session, order, rules=RULES, now=NOW)) == 2
        session.add(Lecturer(id=1, name="覃志刚", village_id=2, dialects=["白话"], free=["每天晚上"]))
        session.flush()
        session.add(LecturerTopic(lecturer_id=1, topic_id=1))
        session.add(Role(member_id=1, kind=RoleKind.LECTURER, lecturer_id=1, granted_at=NOW, granted_by="测试"))
        session.flush()
        reasons = ("能讲反诈骗", "邻村人（上坪村）", "周日晚上有空", "本月还没排课")
        assert propose(session, order, rules=RULES, now=NOW) == [Proposal(1, "覃志刚", reasons, True)]


# ---- when ----------------------------------------------------------------------------------------------------------


def test_with_no_wish_it_is_after_supper_from_the_day_after_tomorrow_on(desk: Desk) -> None:
    assert desk.slots(desk.order("反诈骗", "榕木坳村")) == [("11-22 19:30", "晚饭后"), ("11-23 19:30", "晚饭后")]
    assert desk.slots(desk.order("反诈骗", "榕木坳村", urgent=True))[0] == ("11-21 19:30", "晚饭后")


def test_the_wished_time_comes_first(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW.replace(hour=20, minute=0) + 4 * DAY)
    assert desk.slots(order) == [("11-24 20:00", "点单时说的时间"), ("11-25 19:30", "晚饭后")]


@pytest.mark.parametrize(
    ("hours", "first"),
    [
        ((18, 24), "11-25 19:30"),  # 周三晚上
        ((12, 14), "11-25 12:30"),  # 中午
        ((12, 18), "11-25 15:00"),  # 下午
        ((6, 12), "11-25 09:30"),  # 上午
        ((0, 24), "11-25 19:30"),  # 周三
        ((16, 17), "11-25 16:00"),  # 四点到五点
        ((0, 24 * 5), "11-25 19:30"),
    ],
)
def test_a_wished_part_of_day_takes_a_usual_time_within_it(desk: Desk, hours: tuple[int, int], first: str) -> None:
    day = MIDNIGHT + 5 * DAY
    start, end = (day + timedelta(hours=hour) for hour in hours)
    slots = desk.slots(desk.order("反诈骗", when_start=start, when_end=end))
    assert slots[0] == (first, "点单时说的时间")


def test_after_three_days_means_the_day_and_not_the_second(desk: Desk) -> None:
    order = desk.order("反诈骗", "榕木坳村", when_start=NOW + 3 * DAY + timedelta(seconds=7))
    assert desk.slots(order)[0] == ("11-23 19:30", "点单时说的时间")


def test_after_the_holidays_begins_with_the_first_day(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=MIDNIGHT + 10 * DAY)
    assert desk.slots(order)[0] == ("11-30 19:30", "点单时说的时间")


def test_before_friday_is_not_tonight_if_another_day_will_do(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW, when_end=MIDNIGHT + 3 * DAY)
    assert [at for at, _ in desk.slots(order)] == ["11-21 19:30", "11-22 19:30"]


def test_a_wish_that_is_past_is_no_wish(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW - DAY)
    assert desk.slots(order)[0] == ("11-22 19:30", "晚饭后")


def test_a_wish_in_quiet_hours_is_moved(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW.replace(hour=22, minute=30) + 5 * DAY)
    assert desk.slots(order) == [("11-25 19:30", "晚饭后"), ("11-26 19:30", "晚饭后")]


def test_a_wish_that_clashes_is_moved_to_the_days_after_it(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW.replace(hour=19, minute=30) + 5 * DAY)
    assert desk.slots(order)[0] == ("11-25 19:30", "点单时说的时间")
    assert desk.slots(order, "覃志刚")[0] == ("11-26 19:30", "晚饭后，老师有空")  # on the 25th he is in 石湾村


def test_where_the_village_has_a_lecture_another_time_is_found(desk: Desk) -> None:
    """In 上坪村 it is the evening of the 23rd."""
    assert desk.slots(desk.order("反诈骗", "上坪村")) == [("11-22 19:30", "晚饭后"), ("11-23 12:30", "中午，避开圩日")]
    evenings = desk.slots(desk.order("反诈骗", "上坪村"), usual_times=(time(19, 30),))
    assert [at for at, _ in evenings] == ["11-22 19:30", "11-24 19:30"]


def test_a_village_that_said_when_it_is_free_is_taken_at_its_word(desk: Desk) -> None:
    village = desk.session.get_one(Village, desk.villages["榕木坳村"])
    village.free = ["周六下午"]
    assert desk.slots(desk.order("反诈骗", "榕木坳村")) == [
        ("11-28 15:00", "下午，村里说有空"),
        ("12-05 15:00", "下午，村里说有空"),
    ]


def test_a_lecturer_s_free_times_are_waited_for(desk: Desk) -> None:
    assert desk.slots(desk.order("土地与宅基地", "榕木坳村"), "莫小燕") == [
        ("11-28 19:30", "晚饭后，老师有空"),
        ("12-05 19:30", "晚饭后，老师有空"),
    ]


def test_a_wish_at_which_the_lecturer_is_not_free_says_so(desk: Desk) -> None:
    order = desk.order("土地与宅基地", when_start=NOW.replace(hour=19, minute=30) + 6 * DAY)
    assert desk.slots(order, "莫小燕")[0] == ("11-26 19:30", "点单时说的时间，老师没说有空，要先问")


def test_no_noon_of_a_market_day(desk: Desk) -> None:
    """Where noon is the habit: the 22nd is a market day."""
    noon = (time(12, 30),)
    assert desk.slots(desk.order("反诈骗", "榕木坳村"), usual_times=noon) == [
        ("11-23 12:30", "中午，避开圩日"),
        ("11-24 12:30", "中午，避开圩日"),
    ]
    assert desk.slots(desk.order("反诈骗", "榕木坳村"), usual_times=noon, market_days=())[0] == ("11-22 12:30", "中午")


def test_in_the_farming_season_only_after_supper(desk: Desk) -> None:
    farming = WorkCalendar(ZONE, busy=(((11, 1), (11, 30)),))
    slots = desk.slots(desk.order("反诈骗", "榕木坳村"), usual_times=(time(12, 30), time(19, 30)), work=farming)
    assert slots == [("11-22 19:30", "农忙，排在晚饭后"), ("11-23 19:30", "农忙，排在晚饭后")]


def test_the_place_that_was_wished_for_else_the_village_s_first(desk: Desk) -> None:
    assert venue_for(desk.session, desk.order(place="大榕树下")) == "大榕树下"
    assert venue_for(desk.session, desk.order()) == "上坪村文化室"
    assert venue_for(desk.session, desk.order(village="")) == ""
    desk.session.get_one(Village, desk.villages["上坪村"]).venues = []
    assert venue_for(desk.session, desk.order()) == ""


@pytest.fixture(scope="module")
def crowded(town_template: DemoTown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The demo town with lectures on most evenings."""
    copy = town_template.copy(tmp_path_factory.mktemp("crowded") / "town.db")
    with copy.session() as session:
        desk = Desk(session)
        names, villages = list(desk.lecturers), list(desk.villages)
        for number in range(40):
            at = MIDNIGHT + (1 + number % 20) * DAY + timedelta(hours=(19, 12, 9)[number % 3], minutes=30)
            desk.lecture(names[number % 6], at, villages[number % 4])
        yield desk
    copy.engine.dispose()


WISHES = st.tuples(st.integers(-48, 24 * 20), st.one_of(st.none(), st.integers(1, 24 * 10)), st.integers(0, 59))


@settings(deadline=None)
@given(
    wish=st.one_of(st.none(), WISHES),
    village=st.sampled_from(["", "上坪村", "石湾村", "榕木坳村", "沙塘口村"]),
    lecturer=st.sampled_from(["", "黄秀兰", "覃志刚", "梁有田", "莫小燕", "韦春生", "陆金凤"]),
    later=st.integers(0, 24 * 60),
)
def test_no_proposed_time_is_past_quiet_or_taken(
    crowded: Desk, wish: tuple[int, int | None, int] | None, village: str, lecturer: str, later: int
) -> None:
    now = NOW + timedelta(minutes=later)
    start = end = None
    if wish is not None:
        start = MIDNIGHT + timedelta(hours=wish[0], minutes=wish[2])
        end = None if wish[1] is None else start + timedelta(hours=wish[1])
    order = crowded.order("反诈骗", village, when_start=start, when_end=end)
    who = crowded.lecturers[lecturer] if lecturer else None
    slots = times(crowded.session, order, rules=RULES, now=now, lecturer_id=who)
    assert len(slots) == len({slot.starts_at for slot in slots}) == 2  # three weeks hold two evenings
    for slot in slots:
        assert slot.starts_at > now
        assert not RULES.quiet.covers(slot.starts_at)
        assert (
            clashes(
                crowded.session,
                starts_at=slot.starts_at,
                minutes=RULES.lecture_minutes,
                lecturer_id=who,
                venue=venue_for(crowded.session, order),
                village_id=order.village_id,
                rules=RULES,
            )
            == ()
        )
        local = slot.starts_at.astimezone(ZONE)
        if not slot.reason.startswith("点单时说的时间"):
            assert local.time() > time(14, 30) or not is_market_day(local.date(), RULES.market_days)
    proposals = propose(crowded.session, order, rules=RULES, now=now)
    assert len(proposals) == len({each.lecturer_id for each in proposals}) <= 3
    assert all(each.reasons for each in proposals)
