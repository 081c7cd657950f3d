"""How people write, release and stop notices in a chat, and what is kept to the letter."""

import pytest

from tests.broadcast_desk import BOSS, YOUNG
from tests.test_transcripts import matches
from tests.town import DemoTown, Talk

# ---- how it is said ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        "同意 B1",
        "B1 同意",
        "同意b1",
        "b1同意",
        "B1，同意",
        "放行 B1",
        "通知1号 同意",
        "同意通知1号",
        "Ｂ１ 同意",
        "通過 B1",
        "B1 通过了。",
    ],
)
def test_forgiving_wording(town: DemoTown, said: str) -> None:
    talk = Talk(town)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    talk.say(YOUNG, None, "确认")
    told = talk.say(BOSS, "门楼镇宣讲工作群", said)
    assert told[0] == "[石湾村大家庭] 明天停水", told


@pytest.mark.parametrize("said", ["同意", "1号 同意", "同意 1号", "同意1", "B1是什么", "B超同意"])
def test_what_is_no_release(town: DemoTown, said: str) -> None:
    talk = Talk(town)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    talk.say(YOUNG, None, "确认")
    assert not any(told.startswith("[石湾村大家庭]") for told in talk.say(BOSS, "门楼镇宣讲工作群", said))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("改 B1 成立大会改期", "成立大会改期"),
        ("B1 改 後天停水，  請存水", "後天停水，  請存水"),
        ("改B1：第一行\n第二行", "第一行\n第二行"),
        ("改成 B1 后天停水", "后天停水"),
        ("通知1号 改为 后天停水", "后天停水"),
    ],
)
def test_official_speech_is_kept_to_the_letter(town: DemoTown, said: str, text: str) -> None:
    talk = Talk(town)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    (shown,) = talk.say(YOUNG, None, said)
    assert f"————\n{text}\n————" in shown


def test_commands_without_their_words_are_answered(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    for said, answer in (
        ("改 B1", "改成什么"),
        ("定时 B1", "请写时间"),
        ("定时 B1 猴年马月", "请写时间"),
        ("更正 B1", "对的内容是什么"),
        ("退回 B1", "退回要写理由"),
        ("同意 B9", "没有通知B9"),
        ("停发 B1", "好，通知B1停了"),
        ("加急 B1", "已作废"),
    ):
        (told,) = talk.say(YOUNG, None, said)
        assert answer in told, told


def test_where_it_stands_is_in_the_dispatches(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    talk.say(YOUNG, None, "通知 石湾村 明天停水")
    assert "通知B1“明天停水”：草稿，还没交审。" in talk.say(YOUNG, None, "发送情况")[0]
    talk.say(YOUNG, None, "确认")
    talk.say(YOUNG, None, "提交 B1")
    assert "通知B1“明天停水”：等另一位干事同意。" in talk.say(BOSS, None, "发送情况")[0]
    talk.say(BOSS, None, "同意 B1")
    assert "通知B1“明天停水”：0/1群已发，1在排队。" in talk.say(BOSS, None, "发送情况")[0]
    talk.say(BOSS, None, "停发 B1")
    assert matches("…通知B1“明天停水”（已停发）：0/1群已发。", talk.say(BOSS, None, "发送情况")[0])
