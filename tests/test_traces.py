"""删除我的信息, in what others wrote and were told: nothing of theirs is left, and a nickname harms nobody."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from data.desk_tables import Audit
from data.loop import Assignment, Deed, Order, Poll, SolitaireState, Step, Voice
from data.mail import Inbox, Outbox, OutboxState
from data.statements import table_of
from data.tables import Member, Role, Room
from data.trace_desk import ERASED
from data.traces import SOMEONE
from tests.test_persons import BOSS, FRIEND, GROUP, ID, LIST, WHO, YOUNG, lived, number_of, scan
from tests.town import NOW, DemoTown, Talk

PHONE, HOUSE = "13877712345", "唐家老屋院子"
STRANGER = "p-nick"
OTHERS = (Audit, Deed, SolitaireState, Order, Poll, Voice, Assignment, Step)


def says(talk: Talk, name: str, where: str | None, text: str, *, who: str = STRANGER) -> list[str]:
    """Somebody says it under a nickname of their choice."""
    heard = talk.heard(FRIEND, where, text)
    room = who if where is None else heard.room_id
    return talk.take(replace(heard, sender_id=who, sender_name=name, room_id=room))[1]


def forget(talk: Talk, who: str = WHO) -> None:
    """They ask for it, and it is settled."""
    talk.say(who, None, "删除我的信息")
    assert any("删好了" in each for each in talk.say(who, None, "确认"))
    talk.pass_time(minutes=20)


def to_others(session: Session, nick: str) -> set[tuple[str, int | None, str]]:
    """What was said by, and to, everybody but this one: (table, id, text)."""
    theirs = set(session.exec(select(Member.id).where(Member.name == nick, Member.external_id == STRANGER)))
    own = {each.id for each in session.exec(select(Inbox)) if each.member_id in theirs}
    said = [("inbox", each.id, each.text) for each in session.exec(select(Inbox)) if each.id not in own]
    told = [each for each in session.exec(select(Outbox)) if each.inbox_id not in own]
    return {*said, *(("outbox", each.id, f"{each.text}{each.mentions}{each.gathered}") for each in told)}


def rows(session: Session, model: Any) -> Sequence[Any]:
    return session.execute(select_columns(table_of(model)).order_by(*table_of(model).primary_key)).all()


# ---- a nickname harms nobody --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nick", ["rows", "entries", "报名", "单12", "2026", "晒谷场", "阳光", "order", "links", "三婶"]
)
def test_a_nickname_that_is_a_word_of_ours_harms_nobody(town: DemoTown, nick: str) -> None:
    talk = lived(town)
    talk.say(FRIEND, None, "点课 反诈骗")
    detail: dict[str, object] = {"改动": "2026-11-20 报名 rows 阳光", "entries": "晒谷场"}
    with town.session() as session, session.begin():
        session.add(Audit(at=NOW, who="管理员", what="改点单", about="单12", detail=detail))
    says(talk, nick, GROUP, "@小门 菜单")
    says(talk, nick, None, "删除我的信息")
    with town.session() as session:
        before = {model: rows(session, model) for model in OTHERS}
        said = to_others(session, nick)
    assert len(before[Deed]) >= 3
    assert len(said) > 30
    assert any("删好了" in each for each in says(talk, nick, None, "确认"))
    with town.session() as session:
        for model, were in before.items():
            assert rows(session, model) == were, model
        assert said <= to_others(session, ""), "what others said and were told"
    talk.say(FRIEND, GROUP, f"{LIST}\n4. 老黄")
    assert "老黄" in talk.say(YOUNG, None, "课1 名单")[0]


def test_a_notice_that_waits_to_be_said_in_public_goes_out_as_it_is(town: DemoTown) -> None:
    talk = Talk(town)
    says(talk, "晒谷场", GROUP, "@小门 点课 晒谷场怎么晒谷")
    says(talk, "晒谷场", None, "删除我的信息")
    talk.say(BOSS, None, "排课 《防骗课》 反诈骗 覃警官 周六晚上7点半 上坪村 晒谷场 40座")
    talk.say(BOSS, None, "确认")
    with town.session() as session:
        waits = select(Outbox.id, Outbox.text).where(Outbox.state == OutboxState.PENDING).order_by(col(Outbox.id))
        before = session.exec(waits).all()
    assert any("晒谷场" in text for _, text in before)
    says(talk, "晒谷场", None, "确认")
    with town.session() as session:
        assert set(before) <= set(session.exec(waits).all())


def test_the_words_of_a_wish_call_nothing_off(town: DemoTown) -> None:
    """Whoever wishes for what a notice says takes no notice away."""
    talk = Talk(town)
    says(talk, "阿强", GROUP, "@小门 点课 地点：上坪村晒谷场")
    says(talk, "阿强", None, "删除我的信息")
    talk.say(BOSS, None, "排课 《防骗课》 反诈骗 覃警官 周六晚上7点半 上坪村 晒谷场 40座")
    talk.say(BOSS, None, "确认")
    with town.session() as session:
        group = session.exec(select(Room.id).where(Room.name == GROUP)).one()
        waits = select(Outbox.text).where(Outbox.state == OutboxState.PENDING, Outbox.room_id == group)
        before = session.exec(waits).all()
    says(talk, "阿强", None, "确认")
    with town.session() as session:
        assert session.exec(waits).all() == before != []


def test_a_namesake_elsewhere_keeps_their_place(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say(FRIEND, GROUP, "帮妈妈报名")
    says(talk, "妈妈", GROUP, "@小门 菜单")
    says(talk, "妈妈", None, "删除我的信息")
    says(talk, "妈妈", None, "确认")
    assert "妈妈" in talk.say(YOUNG, None, "课1 名单")[0]


def test_who_takes_a_neighbours_nickname_takes_nothing_of_theirs_away(town: DemoTown) -> None:
    talk = lived(town)
    with town.session() as session:
        before = rows(session, SolitaireState), rows(session, Deed), to_others(session, "")
    says(talk, FRIEND, GROUP, "@小门 菜单")
    says(talk, FRIEND, None, "删除我的信息")
    says(talk, FRIEND, None, "确认")
    with town.session() as session:
        assert (rows(session, SolitaireState), rows(session, Deed)) == before[:2]
        assert before[2] <= to_others(session, "")


# ---- what is theirs goes ------------------------------------------------------------------------------------------


def test_the_words_of_an_order_on_a_topic_go_wherever_they_were_told(town: DemoTown) -> None:
    talk = lived(town)
    talk.say(WHO, None, f"点课 医保 周五晚上 在{HOUSE}{PHONE}")
    with town.session() as session:
        number = session.exec(select(func.max(Order.id))).one()
    for words in (f"单{number}", f"单{number} 派 黄秀兰 周五晚上7点 在{HOUSE}"):
        talk.say(YOUNG, None, words)
    needles = (WHO, ID, PHONE, HOUSE, "月底前在桥头张榜")
    before = scan(town, needles)
    assert {("assignment", "venue"), ("outbox", "text"), ("inbox", "text"), ("deed", "what")} <= before.keys()
    forget(talk)
    assert scan(town, needles) == {}
    with town.session() as session:
        (asked,) = session.exec(select(Assignment)).all()
        told = session.exec(select(Outbox).where(col(Outbox.once).startswith("released:"))).all()
    assert (asked.venue, asked.reason) == ("", "")
    assert told, "the lecturer hears that it is off"
    assert all(f"{number}号" in each.text for each in told)


def test_what_others_answered_and_gave_as_a_reason_goes(town: DemoTown) -> None:
    talk = lived(town)
    talk.say(YOUNG, None, f"意见2号 不办 {WHO}家里已经办过了，电话{PHONE}")
    talk.say(YOUNG, None, "确认")
    talk.pass_time(minutes=20)
    assert scan(town, (PHONE,)).keys() >= {("step", "reason")}
    forget(talk)
    assert scan(town, (WHO, ID, PHONE)) == {}
    with town.session() as session:
        number = session.exec(select(Member.id).where(col(Member.erased_at).is_not(None))).one()
        voices = session.exec(select(Voice).where(Voice.member_id == number)).all()
        reasons = session.exec(select(Step.reason).where(col(Step.subject_id).in_([1, 2]), Step.reason != "")).all()
    assert {each.answer for each in voices} == {ERASED}
    assert set(reasons) == {ERASED}


def test_an_earlier_nickname_goes_too(town: DemoTown) -> None:
    talk = lived(town)
    says(talk, "桂英姐", GROUP, "@小门 我报名", who=ID)
    with town.session() as session:
        assert number_of(session, "桂英姐")
    says(talk, "桂英姐", None, "删除我的信息", who=ID)
    says(talk, "桂英姐", None, "确认", who=ID)
    talk.pass_time(minutes=20)
    assert scan(town, (WHO, ID, "桂英姐")) == {}


def test_who_was_signed_up_by_another_is_not_named_any_more(town: DemoTown) -> None:
    talk = Talk(town)
    says(talk, "老黄牛", GROUP, "@小门 菜单")
    talk.say(FRIEND, GROUP, "帮老黄牛报名2人")
    talk.say(FRIEND, GROUP, "报名")
    assert {("sign_up", "for_whom"), ("outbox", "gathered"), ("inbox", "understood")} <= scan(town, ("老黄牛",)).keys()
    says(talk, "老黄牛", None, "删除我的信息")
    says(talk, "老黄牛", None, "确认")
    talk.pass_time(minutes=20)
    assert scan(town, ("老黄牛", STRANGER)) == {}
    assert "3人" in talk.say(YOUNG, None, "课1 名单")[0]


def test_the_chat_of_a_former_coordinator_is_looked_into(town: DemoTown) -> None:
    talk = lived(town)
    with town.session() as session, session.begin():
        for role in session.exec(select(Role).where(Role.member_id == number_of(session, YOUNG))):
            session.delete(role)
    forget(talk)
    assert scan(town, (WHO, ID, "断水三天")) == {}


def test_a_coordinator_cannot_bring_it_back_by_undoing(town: DemoTown) -> None:
    talk = lived(town)
    talk.say(WHO, None, f"点课 医保 周五晚上 在{HOUSE}")
    with town.session() as session:
        number = session.exec(select(func.max(Order.id))).one()
    talk.say(WHO, None, "删除我的信息")
    talk.say(YOUNG, None, f"{number}号 驳回 {PHONE} {HOUSE}太远")
    talk.say(YOUNG, None, "确认")
    talk.say(WHO, None, "确认")
    talk.say(YOUNG, None, "撤销")
    talk.pass_time(minutes=20)
    assert scan(town, (PHONE, HOUSE)) == {}


def test_who_comes_back_at_once_and_asks_again_is_forgotten_again(town: DemoTown) -> None:
    talk = lived(town)
    talk.say(WHO, None, "删除我的信息")
    talk.say(WHO, None, "确认")
    talk.say(WHO, None, "点课 反诈骗")
    talk.pass_time(minutes=30)
    forget(talk)
    assert scan(town, (ID, WHO)) == {}


# ---- 接龙, by its structure ----------------------------------------------------------------------------------------


def test_of_a_list_only_their_own_lines_change(town: DemoTown) -> None:
    talk = lived(town)
    talk.say(FRIEND, GROUP, f"{LIST}\n4. 老黄 2人")
    with town.session() as session:
        before = session.exec(select(SolitaireState.lists)).one()
    forget(talk)
    with town.session() as session:
        after = session.exec(select(SolitaireState.lists)).one()
    (was,), (now,) = before["chains"], after["chains"]
    assert was.keys() == now.keys()
    names = [entry[0] for entry in now["entries"]]
    assert names == [SOMEONE if entry[0] == WHO else entry[0] for entry in was["entries"]]
    assert [entry[1] for entry in now["entries"]] == [entry[1] for entry in was["entries"]]
    assert [row[0] for row in now["rows"]] == [row[0] for row in was["rows"]]
    assert json.dumps(after["links"]) == json.dumps(before["links"])
