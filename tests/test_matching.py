"""Who could take an order: told with reasons, never one who was asked already."""

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from data.loop import AssignmentState, EventKind, LectureState, Order, Voice, VoiceKind
from data.matching import Proposal, propose, times
from data.tables import Lecturer, LecturerTopic, Member, Role, RoleKind, Room, Topic, Village
from tests.matching_desk import DAY, RULES, Desk
from tests.town import NOW

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
