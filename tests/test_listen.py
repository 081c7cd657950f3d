"""How the bot listens in a group: only when it is called, to commands too, or to whatever it understands."""

import asyncio
from dataclasses import replace

import pytest

from bot.dispatch import Dispatch
from bot.sender import Sender
from bot.worker import Worker
from handlers.take import Listener
from handlers.understand.values import Listen
from tests.town import NOW, DemoTown, Talk

ROOM = "上坪村乡亲群"
CALLED, COMMAND, WISH = "@小门 点课 养鸡", "点课 反诈骗", "能不能请人来讲讲高血压"


@pytest.mark.parametrize(
    ("mode", "heard"),
    [("mention", [CALLED]), ("command", [CALLED, COMMAND]), ("natural", [CALLED, COMMAND, WISH])],
)
def test_each_mode_hears_what_it_should(town: DemoTown, mode: Listen, heard: list[str]) -> None:
    town.knowledge = replace(town.knowledge, listen_in={ROOM: mode})
    talk = Talk(town)
    assert [text for text in (CALLED, COMMAND, WISH) if talk.say("坪顶梁伯", ROOM, text)] == heard


def test_other_groups_listen_as_usual(town: DemoTown) -> None:
    town.knowledge = replace(town.knowledge, listen_in={ROOM: "mention"})
    assert Talk(town).say("渡口陈姨", "石湾村大家庭", WISH)


def test_a_question_of_ours_is_answered_in_a_group_that_only_hears_its_name(town: DemoTown) -> None:
    town.knowledge = replace(town.knowledge, listen_in={ROOM: "mention"})
    talk = Talk(town)
    assert "回复数字" in talk.say("坪顶梁伯", ROOM, "@小门 我想听保险")[0]
    assert "养老保险" in talk.say("坪顶梁伯", ROOM, "2")[0]


def test_a_group_that_nobody_has_claimed_hears_only_its_name(town: DemoTown) -> None:
    talk = Talk(town)
    stranger = replace(talk.heard("坪顶梁伯", ROOM, COMMAND), room_id="r-unknown", room_name="别的群")
    assert talk.take(stranger)[1] == []
    assert isinstance(town.listener(), Listener)
    called = replace(stranger, message_id="called", text=CALLED, mentioned=True)
    with town.session() as session, session.begin():
        assert town.listener().take(session, called, now=talk.now) == "answered"


def test_where_no_lecture_is_open_the_gate_lets_less_through(town: DemoTown) -> None:
    """我也去 is anybody's in most groups; it is worth a turn where there is something to sign up for."""
    worker = Worker(town.engine)
    dispatch = Dispatch(town.listener(), worker, Sender(worker, {}, {}, lambda: NOW), lambda: NOW)
    talk = Talk(town)
    there = talk.heard("坪顶梁伯", ROOM, "我也去")
    elsewhere = talk.heard("何记沙糖桔", "榕木坳村民群", "我也去")
    assert dispatch.concerns(there)
    assert dispatch.concerns(elsewhere)  # nothing is known yet: better a turn too many
    asyncio.run(dispatch.look_up_lectures())
    assert dispatch.concerns(there)
    assert not dispatch.concerns(elsewhere)
    assert not dispatch.concerns(talk.heard("坪顶梁伯", ROOM, "今天赶圩人真多"))
    worker.close()
