"""What lecturers, coordinators and people in need say in their own words, and where it leads."""

from pathlib import Path

import pytest
from sqlmodel import Session, select

from data.loop import Order, SignUp, Voice, VoiceKind
from handlers.needs import is_need
from handlers.understand import normalise
from tests.test_materials import PDF, Library
from tests.town import DemoTown, Talk

LECTURER, COORDINATOR, OLD, AUNT = "覃警官", "干事小农", "坪顶梁伯", "三婶唐桂英"


def nothing_was_done(town: DemoTown) -> bool:
    with town.session() as session:
        return not any(session.exec(select(each)).all() for each in (Order, SignUp, Voice))


# ---- 课件 ----


@pytest.mark.parametrize(
    "words", ["资料反诈骗", "有冇防呃嘅料", "把反诈骗的课件发给我", "有没有反诈骗的课件", "俾份防骗PPT我", "反诈骗讲义"]
)
def test_a_lecturer_who_asks_for_material_is_told_what_there_is(town: DemoTown, words: str) -> None:
    """Such words once made an order (点单)."""
    assert Talk(town).say(LECTURER, None, words) == [f"[私聊 {LECTURER}] 反诈骗还没有审过的课件。"]
    assert nothing_was_done(town)


@pytest.mark.parametrize(
    ("words", "wish"),
    [
        ("资料 反诈骗", "点课 反诈骗"),
        ("课件", "点课 反诈骗"),
        ("有冇课件俾我睇下", "点课"),
        ("有没有医保的资料", "点课 医疗保险"),
    ],
)
def test_a_resident_is_told_what_there_is_for_them(town: DemoTown, words: str, wish: str) -> None:
    said = Talk(town).say(OLD, None, words)[0]
    assert "只发给老师和镇里干事" in said and wish in said
    assert nothing_was_done(town)


@pytest.mark.parametrize("words", ["办低保要什么资料", "医保报销要交什么材料"])
def test_a_question_about_papers_is_no_wish_for_slides(town: DemoTown, words: str) -> None:
    assert "老师备课" not in Talk(town).say(OLD, None, words)[0]


def test_a_title_is_found_before_its_topic(town: DemoTown, tmp_path: Path) -> None:
    with Session(town.engine) as session, session.begin():
        library = Library(town, tmp_path, session)
        for number, title in enumerate(("血压课件", "老人饮食")):
            library.approved(PDF + bytes([number]), topic="健康", title=title)
    talk = Talk(town)
    assert "老人饮食" not in talk.say(LECTURER, None, "资料 血压")[0]
    assert "《血压课件》第1版" in talk.say(LECTURER, None, "把血压的课件发我")[0]
    assert "《血压课件》" in (both := talk.say(LECTURER, None, "资料 健康")[0]) and "《老人饮食》" in both


# ---- 急难 ----

IN_NEED = [
    "我家困难，老伴住院没钱，电话13800001111",
    "我屋下人冇钱看病，急死人",
    "屋企人病咗，冇钱医",
    "孩子上学交不起学费",
    "冇米煮饭喇",
    "娃儿住院，屋头没得钱了",
    "日子过不下去了",
    "老公做手术，钱不够，借不到钱",
    "家里困难，有个瘫痪的老人",
    "我妈病了，没钱吃药",
    "看不起病了",
]
NOT_IN_NEED = [
    "住院能报多少",
    "看病怎么报销",
    "老师讲得太快",
    "家庭困难补助怎么申请",
    "没钱也能听课吗",
    "听说没钱看病可以找民政",
    "困难户有什么补贴",
    "养猪不赚钱",
    "治黄龙病要多少钱",
    "我想听看病报销",
    "种果没钱赚",
    "学费能贷款吗",
    "医保没钱了怎么查",
    "没时间看病",
    "我病了，明天不去了",
    "可怜可怜我吧，下次请你吃饭",
]


@pytest.mark.parametrize("words", IN_NEED)
def test_a_need_is_heard(words: str) -> None:
    assert is_need(normalise(words))


@pytest.mark.parametrize("words", NOT_IN_NEED)
def test_what_is_no_need_is_not(words: str) -> None:
    assert not is_need(normalise(words))


@pytest.mark.parametrize("words", IN_NEED[:2])
def test_a_need_is_kept_as_one_and_the_town_is_told(town: DemoTown, words: str) -> None:
    """It was once taken for a sign-up."""
    talk = Talk(town)
    said = talk.say(AUNT, None, words)
    assert any(each.startswith(f"[私聊 {AUNT}] 您的急事记下了") for each in said)
    with town.session() as session:
        (voice,) = session.exec(select(Voice)).all()
        assert voice.kind == VoiceKind.NEED
        assert session.exec(select(SignUp)).all() == []


# ---- 帮助, 排课 ----


def test_who_is_not_understood_gets_hints_of_their_own(town: DemoTown) -> None:
    talk = Talk(town)
    assert "季度总结" in talk.say(COORDINATOR, None, "您好")[0]
    assert "点课 反诈骗" in talk.say(OLD, None, "今天天气真好")[0]


def test_help_on_what_is_another_s_says_whose_it_is(town: DemoTown) -> None:
    talk = Talk(town)
    assert "干事用的" in talk.say(OLD, None, "帮助 海报")[0]
    assert "干事用的" in talk.say(LECTURER, None, "帮助 排课")[0]
    assert "宣讲员或镇里的宣传干事用的" in talk.say(OLD, None, "帮助 课件")[0]
    assert "回“确认”才删" in talk.say(OLD, None, "帮助 删除")[0]


@pytest.mark.parametrize(
    ("words", "place", "title"),
    [
        ("排课 反诈骗 覃志刚 周六晚上7点半 石湾村老榕树底", "石湾村老榕树底", "反诈骗"),
        ("排课 反诈骗 覃志刚 周六晚上7点半 石湾村小学", "石湾村小学", "反诈骗"),
        ("排课 反诈骗 覃志刚 周六晚上7点半 石湾村 大塘边李家院子 讲白话", "石湾村大塘边李家院子", "反诈骗"),
        ("排课《别信陌生电话》反诈骗 覃志刚 周六晚上7点半 石湾村文化室", "石湾村文化室", "别信陌生电话"),
        ("排课 反诈骗 覃志刚 周六晚上7点半 石湾村", "石湾村党群服务中心", "反诈骗"),
    ],
)
def test_a_place_that_nobody_registered_is_kept(town: DemoTown, words: str, place: str, title: str) -> None:
    said = Talk(town).say(COORDINATOR, None, words)[0]
    assert f"地点：{place}\n" in said and f"《{title}》" in said
    assert "没看懂" not in said


def test_what_was_not_read_is_said(town: DemoTown) -> None:
    said = Talk(town).say(COORDINATOR, None, "排课 反诈骗 覃志刚 周六晚上7点半 石湾村文化室 花开富贵")[0]
    assert "没看懂“花开富贵”，没有写进去" in said
