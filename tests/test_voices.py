"""Ratings and cases: one rating a person and lecture, each case with its number, its deadline and its answer."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from data import cases, progress, steps, voices
from data.errors import CaseClosed, NoSuchVoice, UnknownCoordinator
from data.loop import Lecture, LectureState, Order, OrderState, Subject, Voice, VoiceKind
from data.mail import Outbox
from data.rules import Rules
from data.tables import Member, Role, RoleKind, Room
from handlers.needs import is_need
from tests.town import NOW, DemoTown, Talk, demo_rules

HOME = "上坪村乡亲群"
AFTER = NOW + timedelta(days=4)
WALK = (OrderState.REVIEWED, OrderState.DISPATCHED, OrderState.ACCEPTED, OrderState.SCHEDULED)


@pytest.fixture
def rules() -> Rules:
    return demo_rules()


def member(session: Session, name: str) -> int:
    return session.exec(select(Member.id).where(Member.name == name)).one() or 0


def room(session: Session, name: str = HOME) -> int:
    return session.exec(select(Room.id).where(Room.name == name)).one() or 0


def rate(
    session: Session, who: str, text: str, rating: int | None, rules: Rules, *, stated: bool = True
) -> voices.Rated | None:
    lecture = session.get_one(Lecture, 1)
    return voices.rate(
        session,
        lecture,
        member_id=member(session, who),
        room_id=room(session),
        text=text,
        rating=rating,
        stated=stated,
        now=AFTER,
        rules=rules,
    )


def served(session: Session, number: int, rules: Rules, *, to: OrderState) -> Order:
    """An order that lecture 1 serves, walked to a state."""
    order = session.get_one(Order, number)
    order.lecture_id = 1
    for state in (*WALK, OrderState.DELIVERED):
        progress.advance(session, order, state, by=order.member_id, now=AFTER, rules=rules)
        if state == to:
            break
    return order


@pytest.fixture
def town_with_order(town: DemoTown) -> DemoTown:
    talk = Talk(town)
    talk.say("三婶唐桂英", HOME, "点课 高血压")
    talk.say("何记沙糖桔", "榕木坳村民群", "点课 高血压")
    return town


# ---- ratings -------------------------------------------------------------------------------------------------------


def test_one_rating_a_person_and_the_last_mark_counts(town: DemoTown, rules: Rules) -> None:
    with town.session() as session, session.begin():
        first = rate(session, "三婶唐桂英", "5分 讲得好", 5, rules)
        again = rate(session, "三婶唐桂英", "4分，有点快", 4, rules)
        rate(session, "坪顶梁伯", "2分", 2, rules)
        assert first is not None
        assert again is not None
        assert (first.again, again.again, again.rating) == (False, True, 4)
        echo = voices.echo_of(session, 1)
    assert (echo.count, echo.rated, echo.average) == (2, 2, 3.0)
    assert echo.comments == ("4分，有点快",)


def test_words_without_a_mark_never_take_the_place_of_one(town: DemoTown, rules: Rules) -> None:
    with town.session() as session, session.begin():
        rate(session, "三婶唐桂英", "5分", 5, rules)
        rate(session, "三婶唐桂英", "讲得太快，听不懂普通话", 2, rules, stated=False)
        rate(session, "坪顶梁伯", "听不懂普通话", None, rules, stated=False)
        echo = voices.echo_of(session, 1)
    assert (echo.count, echo.rated, echo.average) == (2, 1, 5.0)
    assert echo.misheard == (("普通话", 2),)
    assert "5分；讲得太快，听不懂普通话" in echo.comments


def test_words_whose_time_is_over_are_no_comments(town: DemoTown, rules: Rules) -> None:
    with town.session() as session, session.begin():
        rate(session, "三婶唐桂英", "讲得像唱歌", None, rules)
        rate(session, "坪顶梁伯", "慢一点更好", None, rules)
        session.exec(select(Voice).where(Voice.text == "讲得像唱歌")).one().text = ""
        echo = voices.echo_of(session, 1)
    assert (echo.count, echo.comments) == (2, ("慢一点更好",))


def test_nobody_spoke_of_a_lecture(town: DemoTown) -> None:
    with town.session() as session:
        echo = voices.echo_of(session, 2)
    assert (echo.count, echo.average, echo.comments, echo.misheard) == (0, None, (), ())


def test_the_first_rating_takes_the_orders_on_and_leaves_merged_ones(town_with_order: DemoTown, rules: Rules) -> None:
    with town_with_order.session() as session, session.begin():
        order, follower = served(session, 1, rules, to=OrderState.DELIVERED), session.get_one(Order, 2)
        follower.merged_into, follower.lecture_id = 1, 1
        progress.advance(session, follower, OrderState.MERGED, by=1, now=AFTER, rules=rules, reason="同一堂课")
        rate(session, "坪顶梁伯", "5分", 5, rules)
        rate(session, "三婶唐桂英", "4分", 4, rules)
        assert (order.state, follower.state) == (OrderState.RATED, OrderState.MERGED)
        trail = [each.state for each in steps.trail(session, Subject.ORDER, 1)]
    assert trail.count(OrderState.RATED) == 1


def test_a_rating_before_the_lecture_was_closed_counts_as_soon_as_it_is(
    town_with_order: DemoTown, rules: Rules
) -> None:
    with town_with_order.session() as session, session.begin():
        order = served(session, 1, rules, to=OrderState.SCHEDULED)
        rate(session, "坪顶梁伯", "5分", 5, rules)
        voices.settle_ratings(session, now=AFTER, rules=rules)
        seen = [order.state]
        progress.advance(session, order, OrderState.DELIVERED, by=None, now=AFTER, rules=rules)
        voices.settle_ratings(session, now=AFTER, rules=rules)
        seen.append(order.state)
        other = session.get_one(Order, 2)
        other.lecture_id, other.state = 2, OrderState.DELIVERED
        voices.settle_ratings(session, now=AFTER, rules=rules)
        seen.append(other.state)  # nobody spoke of lecture 2
    assert seen == [OrderState.SCHEDULED, OrderState.RATED, OrderState.DELIVERED]


def test_which_lecture_is_meant(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        village = session.get_one(Lecture, 1).village_id

        def meant(*, direct: bool, now: datetime, village_id: int | None = village, where: str = HOME) -> int | None:
            found = voices.to_rate(
                session,
                member_id=member(session, "阿辉（东莞厚街）"),
                room_id=room(session, where),
                village_id=village_id,
                direct=direct,
                since=now - timedelta(days=7),
                now=now,
            )
            return found.id if found else None

        assert meant(direct=False, now=AFTER) == 1
        assert meant(direct=False, now=AFTER, where="榕木坳村民群") is None
        assert meant(direct=True, now=AFTER) == 1  # of the village
        assert meant(direct=True, now=AFTER, village_id=None) is None
        assert meant(direct=False, now=NOW) is None  # not yet
        assert meant(direct=False, now=NOW + timedelta(days=11)) is None  # too long ago
        session.get_one(Lecture, 1).state = LectureState.CANCELLED
        assert meant(direct=False, now=AFTER) is None


# ---- cases ---------------------------------------------------------------------------------------------------------


def open_case(session: Session, kind: VoiceKind, rules: Rules, *, now: datetime = NOW, where: str = HOME) -> Voice:
    return voices.record(
        session,
        kind,
        member_id=member(session, "三婶唐桂英"),
        room_id=room(session, where),
        village_id=1,
        text="路灯坏了",
        now=now,
        rules=rules,
    )


def test_each_kind_has_its_deadline_and_what_is_due_first_stands_first(town: DemoTown, rules: Rules) -> None:
    with town.session() as session, session.begin():
        opinion = open_case(session, VoiceKind.SUGGESTION, rules)
        need = open_case(session, VoiceKind.NEED, rules)
        assert need.due_at == NOW + timedelta(hours=1)
        assert opinion.due_at == NOW + timedelta(days=11)  # seven working days
        found = voices.waiting(session)
        assert [each.number for each in found] == [need.id, opinion.id]
        assert [each.overdue(NOW + timedelta(hours=2)) for each in found] == [True, False]
        told = session.exec(select(Outbox.text).where(col(Outbox.once).like("need:%"))).all()
    assert len(told) == 2  # each coordinator, privately, and of the need only
    assert all("急难" in text for text in told)


def test_a_case_is_closed_once(town: DemoTown, rules: Rules) -> None:
    with town.session() as session, session.begin():
        number = open_case(session, VoiceKind.SUGGESTION, rules).id or 0
        by = member(session, "干事小农")
        cases.answer(session, number, "修好了", by=by, now=NOW, not_before=NOW)
        with pytest.raises(CaseClosed, match="修好了"):
            cases.answer(session, number, "又修好了", by=by, now=NOW, not_before=NOW)
        with pytest.raises(CaseClosed):
            cases.refuse(session, number, "不归我们", by=by, now=NOW, not_before=NOW)
        with pytest.raises(NoSuchVoice):
            cases.find(session, 99)
        assert voices.waiting(session) == []
        assert not cases.was_refused(session, session.get_one(Voice, number))


def test_a_rating_is_no_case(town: DemoTown, rules: Rules) -> None:
    with town.session() as session, session.begin():
        rate(session, "三婶唐桂英", "5分", 5, rules)
        session.flush()
        number = session.exec(select(Voice.id)).one() or 0
        assert voices.waiting(session) == []
        with pytest.raises(NoSuchVoice):
            cases.find_open(session, number)


def test_only_a_coordinator_can_be_given_a_case(town: DemoTown) -> None:
    """Roles hang on ids: a resident who takes a coordinator's name gains nothing."""
    with town.session() as session, session.begin():
        session.get_one(Member, member(session, "三婶唐桂英")).name = "干事小农二号"
        session.flush()
        assert [name for _, name in cases.find_coordinators(session, "小农")] == ["干事小农"]
        with pytest.raises(UnknownCoordinator, match="宣传委员周竹蓉、干事小农"):
            cases.find_coordinators(session, "三婶唐桂英")
        other = Member(transport="webchat", external_id="p-other", name="干事小农", created_at=NOW)
        session.add(other)
        session.flush()
        session.add(Role(member_id=other.id or 0, kind=RoleKind.COORDINATOR, granted_at=NOW, granted_by="test"))
        session.flush()
        assert len(cases.find_coordinators(session, "干事小农")) == 2


def test_of_two_coordinators_of_a_name_the_bot_asks_which(town: DemoTown, rules: Rules) -> None:
    talk = Talk(town)
    with town.session() as session, session.begin():
        open_case(session, VoiceKind.SUGGESTION, rules)
        other = Member(transport="webchat", external_id="p-other", name="新来的小农", created_at=NOW)
        session.add(other)
        session.flush()
        session.add(Role(member_id=other.id or 0, kind=RoleKind.COORDINATOR, granted_at=NOW, granted_by="test"))
    assert talk.say("宣传委员周竹蓉", None, "意见1号 转 小农") == [
        "[私聊 宣传委员周竹蓉] 转给哪位：1 干事小农 2 新来的小农？回复数字。"
    ]
    assert "没有这个号" in talk.say("宣传委员周竹蓉", None, "3")[0]
    told = talk.say("宣传委员周竹蓉", None, "1")
    assert told[0].startswith("[私聊 干事小农] 宣传委员周竹蓉把意见1号转给您")
    with town.session() as session:
        assert session.get_one(Voice, 1).owner_id == member(session, "干事小农")
    assert "已撤销" in talk.say("宣传委员周竹蓉", None, "撤销")[0]
    with town.session() as session:
        assert session.get_one(Voice, 1).owner_id is None


def test_the_village_reads_no_name_and_no_number(town: DemoTown, rules: Rules) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", HOME, "报名")
    talk.say("三婶唐桂英", None, "建议修路灯，我是三婶唐桂英，电话 138 0000 1111")
    talk.say("三婶唐桂英", None, "可以")
    said = talk.say("干事小农", None, "答复 1号 下周修")
    public = [each for each in said if each.startswith((f"[{HOME}]", "[上坪在外乡亲群]"))]
    assert len(public) == 2
    assert not any("三婶" in each or "138" in each for each in public)


def test_consent_after_the_answer_still_brings_it_to_the_village(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", HOME, "报名")
    talk.say("三婶唐桂英", None, "建议修路灯")
    assert len(talk.say("干事小农", None, "答复 1号 下周修")) == 2
    said = talk.say("三婶唐桂英", None, "可以")
    assert [each.partition("]")[0] for each in said] == ["[上坪村乡亲群", "[上坪在外乡亲群", "[私聊 三婶唐桂英"]


@pytest.mark.parametrize(
    "words", ["家里没米了", "屋顶漏雨没人管", "村里断水三天了", "老人走失了", "没钱看病,求救助", "我家房子要倒了"]
)
def test_who_is_in_need_is_heard(words: str) -> None:
    assert is_need(words)


@pytest.mark.parametrize(
    "words",
    [
        "想听屋顶漏雨怎么修",
        "救助政策有哪些",
        "临时救助怎么申请",
        "点课 急救知识",
        "通知 全镇 明天停水",
        "报名",
        "路灯坏了",
        "5分 讲得好",
        "很急",
        "明天停水吗",
        "什么时候来电,停电半天了",
    ],
)
def test_who_is_not_in_need_is_left_to_the_rest(words: str) -> None:
    assert not is_need(words)


def test_a_coordinators_own_words_raise_no_alarm(town: DemoTown) -> None:
    talk = Talk(town)
    said = talk.say("干事小农", None, "通知 上坪村 明天断水")
    assert "回“确认”" in said[0]
    assert len(said) == 1
