"""到哪了: what each state of an order sounds like, and who may ask."""

import pytest
from sqlmodel import Session, select

from data import progress, status
from data.loop import Order, OrderState
from data.tables import Member, Room, Village
from tests.town import NOW, DemoTown, Talk, demo_rules

RULES = demo_rules()
HOME, SHIWAN = "上坪村乡亲群", "石湾村大家庭"
S = OrderState
PATHS: dict[OrderState, tuple[tuple[OrderState, ...], str]] = {
    S.RECEIVED: ((), "镇里正在看，最晚11月23日（周一）09:00前有回音"),
    S.REVIEWED: ((S.REVIEWED,), "镇里正在找老师，最晚"),
    S.DISPATCHED: ((S.REVIEWED, S.DISPATCHED), "已经问了老师，在等回话，最晚"),
    S.ACCEPTED: ((S.REVIEWED, S.DISPATCHED, S.ACCEPTED), "有老师答应来讲，正在定时间，最晚"),
    S.SCHEDULED: (
        (S.REVIEWED, S.DISPATCHED, S.ACCEPTED, S.SCHEDULED),
        "排好了，11月23日（周一）19:30在上坪村文化室，黄秀兰老师讲《天冷了，血压怎么管》",
    ),
    S.DELIVERED: (
        (S.REVIEWED, S.DISPATCHED, S.ACCEPTED, S.SCHEDULED, S.DELIVERED),
        "讲过了《天冷了，血压怎么管》。想说说的话",
    ),
    S.RATED: ((S.REVIEWED, S.DISPATCHED, S.ACCEPTED, S.SCHEDULED, S.DELIVERED, S.RATED), "讲过了《"),
    S.ARCHIVED: ((S.REVIEWED, S.DISPATCHED, S.ACCEPTED, S.SCHEDULED, S.DELIVERED, S.ARCHIVED), "讲过了《"),
    S.DECLINED: ((S.DECLINED,), "没办成，老师今年都排满了。想听别的"),
    S.WITHDRAWN: ((S.WITHDRAWN,), "撤单了（老师今年都排满了）"),
}


def member(session: Session, name: str) -> int:
    return session.exec(select(Member.id).where(Member.name == name)).one() or 0


def walk(session: Session, number: int, path: tuple[OrderState, ...]) -> None:
    order = session.get_one(Order, number)
    for state in path:
        if state == S.SCHEDULED:
            order.lecture_id = 1
        reason = "老师今年都排满了。" if progress.needs_reason(order.state, state) else ""
        progress.advance(session, order, state, by=order.member_id, now=NOW, rules=RULES, reason=reason)


def test_every_state_is_worded() -> None:
    assert set(PATHS) == set(OrderState) - {S.MERGED}  # a merged one speaks as the one that it is part of


@pytest.mark.parametrize("state", PATHS)
def test_each_state_in_plain_words(town: DemoTown, state: OrderState) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", HOME, "点课 高血压")
    path, words = PATHS[state]
    with town.session() as session, session.begin():
        walk(session, 1, path)
    for question in ("1号到哪了", "@小门 1号怎么样了？", "1号到哪里了啊"):
        (said,) = talk.say("三婶唐桂英", HOME, question)
        assert words in said
        assert said.startswith(f"[{HOME}] 1号 健康（1人）：")


def test_what_is_late_is_said_to_be_late(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", HOME, "点课 高血压")
    talk.later(days=5)
    assert "比说好的晚了" in talk.say("三婶唐桂英", HOME, "1号到哪了")[0]


def test_a_merged_order_speaks_through_the_one_that_leads(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", HOME, "点课 高血压")
    talk.say("渡口陈姨", SHIWAN, "点课 高血压")
    with town.session() as session, session.begin():
        follower = session.get_one(Order, 2)
        follower.merged_into = 1
        progress.advance(session, follower, S.MERGED, by=1, now=NOW, rules=RULES, reason="同一堂课")
        walk(session, 1, (S.REVIEWED,))
    (said,) = talk.say("渡口陈姨", SHIWAN, "2号到哪了")
    assert "2号 健康（2人）：和1号一起办，镇里正在找老师" in said
    assert talk.say("渡口陈姨", None, "到哪了")[0].endswith(said.partition("] ")[2])


def test_who_may_ask(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", HOME, "点课 高血压")
    assert "1号 健康（1人）：" in talk.say("坪顶梁伯", HOME, "1号到哪了")[0]  # of the same village, no seconder
    assert "没查到您的1号" in talk.say("渡口陈姨", SHIWAN, "1号到哪了")[0]
    assert "1号 健康" in talk.say("宣传委员周竹蓉", None, "1号到哪了")[0]
    with town.session() as session:
        home, shiwan = (
            session.exec(select(Village.id).where(Village.name == name)).one() for name in ("上坪村", "石湾村")
        )
        chen = member(session, "渡口陈姨")
        assert status.of_order(session, 1, member_id=chen, village_id=shiwan) is None
        assert status.of_order(session, 1, member_id=chen, village_id=home) is not None
        assert status.of_order(session, 9, member_id=chen, village_id=home) is None


def test_an_order_and_an_opinion_of_one_number_are_both_told(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", HOME, "点课 高血压")
    talk.say("三婶唐桂英", HOME, "@小门 建议修路灯")
    (said,) = talk.say("三婶唐桂英", HOME, "1号到哪了")
    assert "1号 健康" in said
    assert "意见1号“建议修路灯”：镇里正在办" in said
    (neighbour,) = talk.say("坪顶梁伯", HOME, "1号到哪了")
    assert "意见" not in neighbour.replace("提的意见", "")


def test_ones_own_open_things(town: DemoTown) -> None:
    talk = Talk(town)
    assert "没有在办的事" in talk.say("三婶唐桂英", None, "到哪了")[0]
    talk.say("三婶唐桂英", HOME, "点课 高血压")
    talk.say("三婶唐桂英", HOME, "@小门 建议修路灯")
    for question in ("到哪了", "我点的课到哪了", "我的意见", "我点的课什么时候来讲"):
        (said,) = talk.say("三婶唐桂英", None, question)
        assert "1号 健康" in said, question
    assert "近期的课" in talk.say("三婶唐桂英", None, "最近有什么课")[0]
    assert talk.say("三婶唐桂英", HOME, "到哪了") == []  # neighbours ask each other that


def test_my_opinion_is_is_an_opinion(town: DemoTown) -> None:
    (said,) = Talk(town).say("三婶唐桂英", HOME, "@小门 我的意见是路灯要修")
    assert "意见1号" in said


def test_my_orders_tell_where_they_stand(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", HOME, "点课 高血压")
    talk.say("坪顶梁伯", HOME, "点课 高血压")
    with town.session() as session, session.begin():
        walk(session, 1, (S.REVIEWED,))
    (said,) = talk.say("坪顶梁伯", None, "我的点单")
    assert "1号 健康（2人，附议）：镇里正在找老师" in said


def test_a_private_opinion_is_not_told_in_the_group(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", None, "建议修路灯")
    assert talk.say("三婶唐桂英", HOME, "意见1号到哪了") == [f"[{HOME}] 意见1号是您私聊说的，请私聊问我。"]
    with town.session() as session:
        room = session.exec(select(Room).where(Room.external_id == "p-tangshen")).one()
        assert room.kind == "direct"
    assert "建议修路灯" in talk.say("三婶唐桂英", None, "意见1号到哪了")[0]
