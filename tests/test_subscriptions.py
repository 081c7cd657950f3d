"""订阅: direct messages only to who asked for them, each with its way out."""

import pytest
from sqlmodel import Session, col, select

from data import subscriptions
from data.broadcast_tables import Subscription
from data.mail import Outbox
from data.tables import Member, Topic
from tests.town import NOW, DemoTown, Talk

FAR = "小美在深圳"
YOUNG, BOSS = "干事小农", "宣传委员周竹蓉"


def topic(session: Session, name: str) -> int:
    return session.exec(select(Topic.id).where(Topic.name == name)).one() or 0


def member(session: Session, name: str) -> int:
    return session.exec(select(Member.id).where(Member.name == name)).one() or 0


def subscribed(town: DemoTown) -> list[str]:
    with town.session() as session:
        return subscriptions.topics_of(session, member(session, FAR))


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("订阅 农业补贴", "农业补贴"),
        ("订阅农业补贴", "农业补贴"),
        ("订阅：农补", "农业补贴"),
        ("訂閱 醫保", "医疗保险"),
        ("订阅 养老金。", "养老保险"),
        ("订阅 怎么防电信诈骗", "反诈骗"),
    ],
)
def test_forgiving_wording(town: DemoTown, said: str, name: str) -> None:
    (told,) = Talk(town).say(FAR, None, said)
    assert told == f"[私聊 {FAR}] 订好了：{name}。有新消息就私信您，不想收了回“退订”。"
    assert subscribed(town) == [name]


def test_in_a_group_too_but_not_of_other_things(town: DemoTown) -> None:
    talk = Talk(town)
    assert len(talk.say(FAR, "上坪在外乡亲群", "订阅 医保")) == 1
    for chatter in ("订阅 公众号", "订阅了个会员", "退订短信回T", "退订"):
        before = subscribed(town)
        talk.say("阿辉（东莞厚街）", "上坪在外乡亲群", chatter)
        assert subscribed(town) == before == ["医疗保险"]


def test_again_and_out_again(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say(FAR, None, "订阅 医保")
    assert "您订过了：医疗保险" in talk.say(FAR, None, "订阅 医疗保险")[0]
    talk.say(FAR, None, "订阅 养老保险")
    assert "您订了：医疗保险、养老保险" in talk.say(FAR, None, "我的订阅")[0]
    assert "好，养老保险退订了" in talk.say(FAR, None, "退订 养老金")[0]
    assert "您没有订这个" in talk.say(FAR, None, "退订 农业补贴")[0]
    assert "没有“米粉”这个题目" in talk.say(FAR, None, "退订 米粉")[0]
    assert subscribed(town) == ["医疗保险"]
    assert "好，医疗保险退订了" in talk.say(FAR, None, "退订")[0]
    assert "想收哪方面的" in talk.say(FAR, None, "我的订阅")[0]
    assert "想收哪方面的" in talk.say(FAR, None, "订阅")[0]


def test_who_asked_for_a_topic(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        grants, health = topic(session, "农业补贴"), topic(session, "健康")
        people = [member(session, name) for name in (FAR, "坪顶梁伯")]
        for each in people[::-1]:
            assert subscriptions.subscribe(session, member_id=each, topic_id=grants, now=NOW)
        assert not subscriptions.subscribe(session, member_id=people[0], topic_id=grants, now=NOW)
        assert subscriptions.subscribers(session, grants) == sorted(people)
        assert subscriptions.subscribers(session, health) == []
        assert subscriptions.leave(session, member_id=people[0]) == ["农业补贴"]
        assert [each.member_id for each in session.exec(select(Subscription))] == [people[1]]


def test_every_direct_message_says_how_to_leave_and_no_group_reads_that(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say(FAR, None, "订阅 医保")
    talk.say(YOUNG, None, "通知 上坪村 村民群 订阅:医保 医保开始缴费。")
    talk.say(YOUNG, None, "确认")
    said = talk.say(BOSS, None, "同意 B1")
    assert "[上坪村乡亲群] 医保开始缴费。" in said
    assert f"[私聊 {FAR}] 医保开始缴费。\n{subscriptions.LEAVE}" in said
    with town.session() as session:
        rows = session.exec(select(Outbox).where(col(Outbox.broadcast_id).is_not(None))).all()
        assert len(rows) == 2
        assert {row.text.endswith("就行）") for row in rows} == {True, False}


def test_who_left_gets_nothing_more(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say(FAR, None, "订阅 医保")
    talk.say(YOUNG, None, "通知 订阅:医保 医保开始缴费。")
    talk.say(YOUNG, None, "确认")
    talk.say(FAR, None, "退订")
    (told,) = talk.say(BOSS, None, "同意 B1")
    assert "没有人订" in told
