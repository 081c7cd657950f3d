"""Bring your own: every fault of a file is told at once with its place, and what can be read is read."""

import pytest
from sqlmodel import Session, select

from data.bring import cells
from data.bring.model import Standing
from data.bring.sheets import SHEETS
from data.dialects import WRITTEN
from data.freetimes import parse_free
from data.loop import Lecture, LectureState
from data.tables import Lecturer, Room, RoomKind
from tests.bring_town import Bare, told
from tests.town import NOW

# ---- faults --------------------------------------------------------------------------------------------------------


def test_a_formula_in_a_cell_that_is_needed_is_one_fault(bare: Bare) -> None:
    """=TODAY() as the day of a lecture was told twice: as a formula, and as not written."""
    plan = bare.check(
        {"历史讲座": [{"日期": "=TODAY()", "题目": "健康", "宣讲员": "甲一"}, {"题目": "健康", "宣讲员": "甲一"}],
         "宣讲员": [{"姓名": "甲一"}]}
    )  # fmt: skip
    assert told(plan) == [
        "历史讲座 第2行「日期」：是公式，不会替您算。请复制后“选择性粘贴”成数值",
        "历史讲座 第3行「日期」：没有写",
    ]


def test_all_faults_are_told_at_once_each_with_its_place(bare: Bare) -> None:
    plan = bare.check(
        {
            "村": [{"名称": "北村", "别名": "西头"}, {"名称": "西头"}, {"名称": "北 村"}, {"别名": "没名字"}],
            "题目": [{"名称": "新农合"}, {"名称": "家风", "别的说法": "骗"}, {"名称": "家训", "别的说法": "被骗"}],
            "宣讲员": [
                {"姓名": "甲一", "题目": "反炸骗", "类别": "教书", "导师": "乙二"},
                {"姓名": "乙二", "导师": "甲一", "村": "东寸", "题目": "低保"},
            ],
            "群": [{"群名": "不认识的群", "类别": "村民", "渠道": "微信"}, {"群名": "某群", "类别": "闲聊"}],
            "历史讲座": [
                {"日期": "3月5日", "题目": "健康", "宣讲员": "甲一"},
                {"日期": "2027-1-1", "题目": "健康", "宣讲员": "甲一"},
                {"日期": "2026-2-30", "题目": "健康", "宣讲员": "甲一", "到场人数": "很多"},
                {"日期": "2026-2-3", "题目": "健康", "宣讲员": "甲一", "村": "东村"},
                {"日期": "2026年2月3日", "题目": "健康", "宣讲员": "甲一", "村": "东村"},
            ],
        }
    )
    assert told(plan) == [
        "村 第2行「别名」：“西头”已经是“西村”",
        "村 第3行「名称」：“西头”是“西村”的别名，请写“西村”",
        "村 第4行「名称」：“北村”和第2行重复，请只留一行",
        "村 第5行「名称」：没有写",
        "题目 第2行「名称」：“新农合”是“医疗保险”的一种说法，请写“医疗保险”",
        "题目 第3行「别的说法」：“骗”太短，至少2个字，免得听错",
        "题目 第4行「别的说法」：“被骗”已经是“反诈骗”的说法",
        "宣讲员 第2行「类别」：没有“教书”，可以写：政策、技术、文明、典型模范、教师、志愿者、草根",
        "宣讲员 第2行「题目」：没有“反炸骗”，您要的是“反诈骗”吗？",
        "宣讲员 第2行「导师」：绕成了圈：甲一→乙二→甲一",
        "宣讲员 第3行「题目」：没有“低保”，您要的是“社会救助(低保)”吗？",
        "宣讲员 第3行「村」：没有“东寸”，您要的是“东村”吗？",
        "宣讲员 第3行「导师」：绕成了圈：乙二→甲一→乙二",
        "群 第2行「群名」：机器人还没见过“不认识的群”。先让机器人进群、有人说句话；没有网关就写 relay",
        "群 第3行「类别」：没有“闲聊”，可以写：村民、外出务工、工作群",
        "历史讲座 第2行「日期」：“3月5日”没有年份，要写成 2026-3-5 或 2026年3月5日",
        "历史讲座 第3行「日期」：还没到。这里只收办过的，要办的请另外排课",
        "历史讲座 第4行「日期」：没有“2026-2-30”这一天",
        "历史讲座 第4行「到场人数」：“很多”看不懂，要写数字，如 36",
        "历史讲座 第6行「日期」：和第5行重复（同一时间、村、宣讲员和题目），请只留一行",
    ]


FREE_WORDS = "可以写：每天晚上、平日下午、周六上午、周一到周五晚饭后、圩日上午、农闲、随时；说不准就空着"


def test_a_free_time_or_a_dialect_that_nobody_can_read_is_a_fault_with_what_may_be_written(bare: Bare) -> None:
    """Both were taken as they stood, so that no order ever found the lecturer by them."""
    held = {"日期": "2026-11-10", "题目": "健康", "宣讲员": "周文彬"}
    plan = bare.check(
        {
            "村": [{"名称": "东村", "平时方便的时间": "晚饭后、看天"}],
            "宣讲员": [
                {"姓名": "李明", "有空时间": "看心情、每天晚上", "方言": "白话、普同话"},
                {"姓名": "王小梅", "有空时间": "周一到周五晚饭后", "方言": "客家，会一点"},
            ],
            "历史讲座": [{**held, "方言": "白话和普通话"}, {**held, "日期": "2026-11-11", "方言": "白活"}],  # a hint
        }
    )
    found = told(plan)
    offered = "可以写：白话、客家话、四会话、潮汕话、湘语、普通话等；真有这种话，先在控制台给一位宣讲员写上"
    assert found == [
        f"村 第2行「平时方便的时间」：“看天”看不懂是什么时间，{FREE_WORDS}",
        f"宣讲员 第2行「方言」：没听过“普同话”这种话，您要的是“普通话”吗？{offered}",
        f"宣讲员 第2行「有空时间」：“看心情”看不懂是什么时间，{FREE_WORDS}",
        f"宣讲员 第3行「方言」：没听过“客家”这种话，您要的是“客家话”吗？{offered}",
        f"宣讲员 第3行「方言」：没听过“会一点”这种话。{offered}",
    ]


def test_what_is_offered_can_be_read() -> None:
    for words in FREE_WORDS.removeprefix("可以写：").partition("；")[0].split("、"):
        assert parse_free(words) is not None, words
    examples = [
        each for sheet in SHEETS for each in sheet.columns if each.title in ("方言", "有空时间", "平时方便的时间")
    ]
    assert len(examples) == 4
    for each in examples:
        for words in cells.names(each.example):
            assert words in WRITTEN if each.title == "方言" else parse_free(words) is not None


def test_what_stands_in_the_town_already_comes_back(bare: Bare) -> None:
    """A file that was made of what stands there is no fault, whoever wrote it and however."""
    with Session(bare.engine) as session, session.begin():
        lecturer = session.exec(select(Lecturer).where(Lecturer.name == "周文彬")).one()
        lecturer.dialects, lecturer.free = ["坳头腔"], ["看心情"]
    rows = [{"姓名": "周文彬", "有空时间": "看心情", "方言": "坳头腔"}, {"姓名": "李明", "方言": "坳头腔"}]
    plan = bare.bring({"宣讲员": rows})
    assert [str(each) for each in plan.hints] == [
        "宣讲员 第2行「有空时间」：“看心情”看不懂是什么时间，照原样留着；排课时不按它算"
    ]
    assert told(bare.check({"宣讲员": [{"姓名": "李明", "有空时间": "看心情"}]})) != []


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"形式": "线上", "地点": "文化室"}, "历史讲座 第2行「地点」：形式是“线上”，地点就不是“文化室”，请改一样"),
        ({"形式": "现场", "地点": "线上直播间"}, "历史讲座 第2行「地点」：形式是“现场”，请写上在哪里讲的"),
        ({"形式": "直播", "地点": "线上直播间"}, ("线上直播间", "")),
        ({"形式": "线上"}, ("线上", "")),
        ({"形式": "现场+直播"}, ("东村", "线上")),
        ({"村小组": "三组", "地点": "无"}, ("三组", "")),
    ],
)
def test_how_and_where_fit_together(bare: Bare, row: dict[str, str], found: object) -> None:
    pages = {"历史讲座": [{"日期": "2026-3-5", "题目": "健康", "宣讲员": "周文彬", "村": "东村", **row}]}
    plan = bare.check(pages)
    if isinstance(found, str):
        assert told(plan) == [found]
        return
    bare.bring(pages)
    with Session(bare.engine) as session:
        assert session.exec(select(Lecture.venue, Lecture.live_url)).one() == found
    assert not [each for each in bare.check(pages).entries if each.standing is not Standing.SAME]


def test_a_lecture_that_was_announced_or_cancelled_is_no_past_lecture(bare: Bare) -> None:
    bare.bring({"历史讲座": [{"日期": "2026-3-5", "题目": "健康", "宣讲员": "周文彬"}]})
    for state, words in ((LectureState.CANCELLED, "取消了"), (LectureState.ANNOUNCED, "还没报讲完")):
        with Session(bare.engine) as session, session.begin():
            lecture = session.exec(select(Lecture)).one()
            lecture.state = state
            number = lecture.id
        plan = bare.check({"历史讲座": [{"日期": "2026-3-5", "题目": "健康", "宣讲员": "周文彬", "到场人数": 3}]})
        assert told(plan) == [f"历史讲座 第2行「日期」：就是课{number}，那一节{words}，不能当历史讲座导入"]


def test_a_group_of_wechat_is_known_once_the_bot_has_met_it(bare: Bare) -> None:
    with Session(bare.engine) as session, session.begin():
        session.add(Room(transport="wechaty", external_id="19@chatroom", name="东村一家亲", created_at=NOW))
    pages = {"群": [{"群名": "东村一家亲", "村": "东村", "类别": "村民群", "渠道": "微信"}]}
    assert [str(each) for each in bare.check(pages).entries[0].changes] == [
        "类别：没登记 → 村民",
        "村：（空） → 东村",
    ]
    bare.bring(pages)
    with Session(bare.engine) as session:
        rooms = session.exec(select(Room)).all()
        assert [(each.external_id, each.kind) for each in rooms] == [("19@chatroom", RoomKind.RESIDENTS)]
    with Session(bare.engine) as session, session.begin():
        session.add(Room(transport="wechaty", external_id="20@chatroom", name="东村一家亲", created_at=NOW))
    assert "有几个群都叫“东村一家亲”" in told(bare.check(pages))[0]
