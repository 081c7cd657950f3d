"""删除我的信息, where somebody else's command had their name in it: 代点 … 为三婶, 课1 代报 三婶, 课1 退 三婶."""

import pytest
from sqlmodel import Session, col, select

from data.loop import Deed, Order
from data.mail import Inbox, Outbox
from data.tables import Village
from data.traces import SOMEONE
from tests.test_persons import BOSS, GROUP, ID, WHO, YOUNG, scan
from tests.test_traces import forget
from tests.town import DemoTown, Talk


def lived(town: DemoTown) -> Talk:
    """She spoke once in her group, so it is known which village is hers."""
    talk = Talk(town)
    talk.say(WHO, GROUP, "@小门 菜单")
    return talk


@pytest.mark.parametrize(
    "words",
    [
        "代点 上坪村 健康 周三晚上 为{}",
        "代点 上坪村 健康 帮{}。",
        "代点 上坪 健康 周三晚上 为{} 加急",
        "课1 代报 {} 2人",
        "课1 代报 李四，{}",
    ],
)
def test_what_a_coordinator_typed_for_them_names_them_no_more(town: DemoTown, words: str) -> None:
    """The order's 为谁 was cleared; the coordinator's words and our 代点好了：4号 … 为三婶 kept her name for months."""
    talk = lived(town)
    said = talk.say(YOUNG, None, words.format(WHO))
    assert WHO in "".join(said)
    forget(talk)
    assert scan(town, (ID, WHO)) == {}
    with town.session() as session:
        assert session.exec(select(Inbox.text).where(col(Inbox.text).contains(SOMEONE))).all()
        assert session.exec(select(Outbox.text).where(col(Outbox.text).contains(SOMEONE))).all()


def test_what_was_told_of_her_order_names_her_no_more(town: DemoTown) -> None:
    """The list of what is to be done, the offer to the lecturer, and who is taken off a list again."""
    talk = lived(town)
    talk.say(YOUNG, None, f"代点 上坪村 反诈骗 为{WHO}")
    with town.session() as session:
        number = session.exec(select(Order.id).where(Order.for_whom == WHO)).one()
    talk.say(BOSS, None, "待办")
    talk.say(BOSS, None, f"{number}号")
    talk.say(BOSS, None, f"{number}号 派 覃志刚")
    talk.say(YOUNG, None, f"课1 代报 {WHO}")
    talk.say(YOUNG, None, f"课1 退 {WHO}")
    talk.pass_time(minutes=10)
    found = scan(town, (WHO,))
    assert {("outbox", "text"), ("inbox", "text"), ("deed", "changes"), ("lecture_order", "for_whom")} <= found.keys()
    with town.session() as session:
        assert any("想听" in each for each in _texts_with(session, WHO)), "the offer"
        deeds = len(session.exec(select(Deed)).all())
    forget(talk)
    assert scan(town, (ID, WHO)) == {}
    with town.session() as session:
        assert session.get_one(Order, number).for_whom == ""
        assert len(session.exec(select(Deed)).all()) < deeds, "undoing would bring her name back"
        assert any(f"{SOMEONE}想听" in each for each in _texts_with(session, "想听"))


def test_a_namesake_of_another_village_keeps_what_was_typed_for_them(town: DemoTown) -> None:
    talk = lived(town)
    with town.session() as session:
        other = session.exec(select(Village.name).where(Village.name != "上坪村")).first()
    talk.say(YOUNG, None, f"代点 {other} 健康 为{WHO}")
    forget(talk)
    assert {("lecture_order", "for_whom"), ("inbox", "text"), ("outbox", "text")} <= scan(town, (WHO,)).keys()


def _texts_with(session: Session, words: str) -> list[str]:
    return list(session.exec(select(Outbox.text).where(col(Outbox.text).contains(words))))
