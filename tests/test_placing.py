"""Orders as they are placed: what seconds what, what is merged or withdrawn, and what kind of event is wished."""

import pytest
from sqlmodel import col, select

from data import progress, reviewing, steps, wishes
from data.errors import CannotMerge, WrongState
from data.kinds import kind_of
from data.loop import EventKind, Order, OrderSeconder, OrderState, Subject
from data.progress import ALIVE
from data.tables import Topic
from tests.dispatch_desk import DESK, RULES, SHANGPING, SHIWAN, at_work, member, order_of, said_to
from tests.town import NOW, DemoTown, Talk

# ---- merging, withdrawing --------------------------------------------------------------------------------------------


def test_what_is_merged_stays_one_step_from_what_leads_it(town: DemoTown) -> None:
    talk = Talk(town)
    for who, where, wish in (
        ("三婶唐桂英", SHANGPING, "太极拳"),
        ("渡口陈姨", SHIWAN, "太极拳"),
        ("何记沙糖桔", "榕木坳村民群", "太极拳"),
    ):
        talk.say(who, where, f"点课 {wish}")
    talk.say(DESK, None, "1号 合并 2号")
    talk.say(DESK, None, "2号 合并 3号")
    said = talk.say("坪顶梁伯", SHANGPING, "点课 太极拳")
    assert said_to(said, SHANGPING) == ["已加到3号：“太极拳”，现在4人想听。"]
    with at_work(town) as session:
        assert [order_of(session, each).merged_into for each in (1, 2, 3)] == [3, 3, None]
        assert len(progress.askers(session, order_of(session, 3))) == 4
        assert len(wishes.village_ids(session, order_of(session, 3))) == 3
        with pytest.raises(CannotMerge):
            reviewing.merge(
                session, order_of(session, 3), order_of(session, 3), by=1, now=NOW, not_before=NOW, rules=RULES
            )
        with pytest.raises(WrongState, match="请对3号说"):
            reviewing.merge(
                session, order_of(session, 1), order_of(session, 3), by=1, now=NOW, not_before=NOW, rules=RULES
            )


def test_an_order_lives_on_with_the_next_who_wishes_for_it(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", SHANGPING, "点课 反诈骗")
    talk.say("坪顶梁伯", SHANGPING, "点课 反诈骗")
    talk.say("三婶唐桂英", SHANGPING, "1号 撤单")
    with at_work(town) as session:
        order = order_of(session)
        assert (order.state, order.member_id) == (OrderState.RECEIVED, member(session, "坪顶梁伯"))
        assert session.exec(select(OrderSeconder)).all() == []
    talk.say("坪顶梁伯", SHANGPING, "1号 撤单")
    with at_work(town) as session:
        assert order_of(session).state == OrderState.WITHDRAWN
        last = list(steps.trail(session, Subject.ORDER, 1))[-1]
        assert (last.state, last.who, last.reason) == ("withdrawn", "坪顶梁伯", "点课的人自己撤了")


# ---- placing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ALIVE)
def test_the_same_wish_seconds_what_is_on_its_way_wherever_it_stands(town: DemoTown, state: OrderState) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", SHANGPING, "点课 反诈骗")
    with at_work(town) as session:
        order_of(session).state = state
    assert "已加到1号" in talk.say("坪顶梁伯", SHANGPING, "点课 反诈骗")[0]


@pytest.mark.parametrize("state", sorted(set(OrderState) - set(ALIVE)))
def test_what_is_over_is_not_seconded(town: DemoTown, state: OrderState) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", SHANGPING, "点课 反诈骗")
    with at_work(town) as session:
        order_of(session).state = state
    assert "已登记2号" in talk.say("坪顶梁伯", SHANGPING, "点课 反诈骗")[0]


def test_an_order_begins_with_a_step_and_a_deadline(town: DemoTown) -> None:
    Talk(town).say("三婶唐桂英", SHANGPING, "我想请覃警官到大榕树下给二十个老人讲反诈骗")
    with at_work(town) as session:
        order = order_of(session)
        (step,) = steps.trail(session, Subject.ORDER, 1)
        assert (step.state, step.who, step.reason) == ("received", "三婶唐桂英", "")
        assert order.due_at == RULES.due(OrderState.RECEIVED, now=step.at)
        assert order.place == "大榕树下"
        assert order.listeners == 20


@pytest.mark.parametrize(
    ("wish", "kind", "rest"),
    [
        ("屋场会", EventKind.COURTYARD, ""),
        ("板凳会 讲反诈骗", EventKind.COURTYARD, "反诈骗"),
        ("志愿服务：理发", EventKind.VOLUNTEER, "理发"),
        ("培训 养蜂", EventKind.TRAINING, "养蜂"),
        ("文艺演出", EventKind.SHOW, ""),
        ("反诈骗", EventKind.LECTURE, "反诈骗"),
        ("", EventKind.LECTURE, ""),
    ],
)
def test_a_wish_says_what_kind_of_event_it_is_for(wish: str, kind: EventKind, rest: str) -> None:
    assert kind_of(wish) == (kind, rest)


def test_another_event_goes_the_same_way(town: DemoTown) -> None:
    talk = Talk(town)
    assert "“屋场会”" in talk.say("三婶唐桂英", SHANGPING, "点课 屋场会")[0]
    assert "屋场会（反诈骗）" in talk.say("三婶唐桂英", SHANGPING, "点课 屋场会 反诈骗")[0]
    with at_work(town) as session:
        topic = session.exec(select(Topic.id).where(Topic.name == "反诈骗")).one()
        kinds = [(each.kind, each.topic_id) for each in session.exec(select(Order).order_by(col(Order.id)))]
    assert kinds == [(EventKind.COURTYARD, None), (EventKind.COURTYARD, topic)]
    talk.say(DESK, None, "1号 派 韦老师 下周四晚上")
    talk.later(minutes=2)
    assert "【屋场会】" in said_to(talk.say("韦老师（退休）", None, "我去"), SHANGPING)[0]
