"""A wish to be forgotten, in whatever words, leads to the question; only 确认 deletes, and nothing said meanwhile."""

import pytest
from sqlmodel import Session, col, func, select

from data.loop import Order, SignUp
from data.record_tables import Removal
from data.tables import Dialog
from handlers import persons
from handlers.message import Heard
from tests.town import NOW, DemoTown, Talk
from tests.understand.conftest import rows

OLD, WHO, GROUP = "坪顶梁伯", "三婶唐桂英", "上坪村乡亲群"
ASKED = "要删，请回“确认”；不删，回“不”。"
WISHES = [text for route, _, text in rows("wordings.tsv") if route == "erase_me"]


def erased(session: Session) -> int:
    return session.exec(select(func.count(col(Removal.id)))).one()


@pytest.mark.parametrize("wish", WISHES[::4])
def test_it_is_asked_and_nothing_is_done(town: DemoTown, wish: str) -> None:
    """忘记我 was once a sign-up, and 把我的信息都删了 nearly a cancel."""
    talk = Talk(town)
    assert ASKED in talk.say(OLD, None, wish)[0]
    with town.session() as session:
        assert session.exec(select(SignUp)).all() == []
        assert session.exec(select(Order)).all() == []
        assert erased(session) == 0


@pytest.mark.parametrize("yes", ["是", "好的", "是的", "嗯", "可以", "删吧", "是的删吧", "好，删了", "要删"])
def test_a_yes_is_asked_again(town: DemoTown, yes: str) -> None:
    talk = Talk(town)
    talk.say(OLD, None, "忘记我")
    assert talk.say(OLD, None, yes) == [f"[私聊 {OLD}] {ASKED}"]
    with town.session() as session:
        assert erased(session) == 0
    assert "删好了" in talk.say(OLD, None, "确认")[0]


@pytest.mark.parametrize("no", ["不", "不删", "取消", "算了", "不要"])
def test_a_no_keeps_all(town: DemoTown, no: str) -> None:
    talk = Talk(town)
    talk.say(OLD, None, "删除我的信息")
    assert "没有删" in talk.say(OLD, None, no)[0]
    assert "删好了" not in talk.say(OLD, None, "确认")[0]


@pytest.mark.parametrize("meanwhile", ["课表", "我想听种果树", "报名", "我的信息", "今天天气怎样"])
def test_whatever_else_is_said_drops_the_question(town: DemoTown, meanwhile: str) -> None:
    talk = Talk(town)
    talk.say(OLD, None, "删除我的信息")
    talk.say(OLD, None, meanwhile)
    with town.session() as session:
        assert "confirm_erase" not in session.exec(select(Dialog.kind)).all()
    talk.say(OLD, None, "确认")
    with town.session() as session:
        assert erased(session) == 0


def test_in_a_group_it_is_not_asked(town: DemoTown) -> None:
    talk = Talk(town)
    assert "私聊" in talk.say(WHO, GROUP, "@小门 忘记我")[0]
    assert talk.say(WHO, GROUP, "唔好再记住我啦") == []


PLAIN = (
    "删除我的信息", "删除我的信息。", " 删除 我的 信息 ！", "请删除我的信息", "帮我删除我的信息",
    "请帮我删除我的资料，谢谢", "麻烦你删掉我的个人信息吧", "我要删除我的信息", "注销我的信息", "把我的信息删除",
    "把我的资料都删掉", "刪除我的資料", "清除我的信息", "唔该删除我嘅资料",
)  # fmt: skip
MINE = ("我的信息", "我的资料", "我的信息？", "导出我的信息", "请帮我查一下我的信息", "我的個人資料")
TALK = (
    "骗子叫我删除我的信息", "删除我的信息要多久", "我的信息怎么办理", "我的信息被骗子拿去了",
    "手机里删除我的信息在哪点", "老师，我的资料你收到没", "删除我的信息和照片", "那是我的资料",
    "我的资料交了", "把我的信息给他", "删除", "我的",
    "唔好再记住我啦", "我不想用了，把资料清掉", "看我的资料多不多",
)  # fmt: skip


@pytest.mark.parametrize("words", [*PLAIN, *MINE])
def test_the_command_said_to_nobody_in_a_group_is_not_met_by_silence(town: DemoTown, words: str) -> None:
    """删除我的信息 without @ got no answer, as if nobody cared. Nothing of theirs is said."""
    talk = Talk(town)
    (said,) = talk.say(WHO, GROUP, words)
    assert "私聊我发" in said and ("删除我的信息" in said) == (words in PLAIN)
    assert said.removeprefix(f"[{GROUP}] ").removeprefix(f"@{WHO} ") == said.rpartition(" ")[2]
    with town.session() as session:
        assert session.exec(select(Dialog.kind)).all() == []
        assert erased(session) == 0


@pytest.mark.parametrize("words", TALK)
def test_neighbours_who_speak_of_it_are_left_alone(town: DemoTown, words: str) -> None:
    assert Talk(town).say(WHO, GROUP, words) == []


def test_the_command_alone_is_heard_by_the_gate_and_talk_is_not() -> None:
    """Spaces, signs and politeness do no harm; the gate sees each line of every group, so it must say no at once."""
    assert len(PLAIN) + len(MINE) > 15
    heard = [persons.could_erase(a_line(each)) for each in PLAIN] + [persons.could_mine(a_line(each)) for each in MINE]
    assert all(heard)
    assert not [each for each in TALK if persons.could_erase(a_line(each)) or persons.could_mine(a_line(each))]
    assert not persons.could_erase(a_line("删除我的信息" + "！" * 500))


def a_line(text: str) -> Heard:
    return Heard("webchat", "1", "r", "m", text, NOW)


def test_another_s_question_stays_open(town: DemoTown) -> None:
    """Only what cannot be taken back is fleeting: a question about a sign-up waits for its answer as before."""
    talk = Talk(town)
    talk.say(OLD, None, "能帮我报名吗")
    talk.say(OLD, None, "菜单")
    assert "已报名" in talk.say(OLD, None, "是")[0]
