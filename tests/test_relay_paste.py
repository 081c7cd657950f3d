"""Chat as people copy it, read as who said what."""

from datetime import datetime

import pytest

from handlers.relay import Line, read_paste
from tests.town import NOW, ZONE


def read(pasted: str) -> list[tuple[str, str]]:
    return [(each.name, each.text) for each in read_paste(pasted, now=NOW, zone=ZONE)]


TWO = [("李阿姨", "报名两个人"), ("在外打工的阿强", "帮我妈报名")]


@pytest.mark.parametrize(
    "pasted",
    [
        "李阿姨 2026-11-20 14:30:05\n报名两个人\n\n在外打工的阿强 2026-11-20 14:31:00\n帮我妈报名",
        "李阿姨 2026/11/20 下午2:30\n报名两个人\n在外打工的阿强 2026/11/20 下午2:31\n帮我妈报名",
        "2026-11-20 14:30:05 李阿姨\n报名两个人\n2026-11-20 14:31:00 在外打工的阿强\n帮我妈报名\n",
        "2026-11-20 14:30:05 '李阿姨'\n报名两个人\n2026-11-20 14:31:00 '在外打工的阿强'\n帮我妈报名\n",
        "李阿姨(wxid_a1b2) 2026-11-20 14:30\n报名两个人\n在外打工的阿强(wxid_9) 2026-11-20 14:31\n帮我妈报名",
        "[2026-11-20 14:30] 李阿姨: 报名两个人\n[2026-11-20 14:31] 在外打工的阿强: 帮我妈报名",
        "————— 2026-11-20 —————\n\n李阿姨  14:30\n\n报名两个人\n\n在外打工的阿强  14:31\n\n帮我妈报名",
        "李阿姨:\n报名两个人\n在外打工的阿强:\n帮我妈报名",
        "李阿姨：报名两个人\r\n在外打工的阿强：帮我妈报名",
    ],
)
def test_ways_in_which_chat_is_copied(pasted: str) -> None:
    assert read(pasted) == TWO


def test_times_are_read_in_the_town_s_zone() -> None:
    lines = read_paste("李阿姨 2026-11-19 晚上7:30\n报名\n王叔 08:05\n报名", now=NOW, zone=ZONE)
    assert [each.at for each in lines] == [
        datetime(2026, 11, 19, 19, 30, tzinfo=ZONE),
        datetime(2026, 11, 20, 8, 5, tzinfo=ZONE),
    ]


def test_a_day_without_its_year_is_the_last_such_day() -> None:
    lines = read_paste("李阿姨 11-19 19:30\n报名\n王叔 12月1日 08:05\n报名\n陈姨 昨天 9:00\n好", now=NOW, zone=ZONE)
    assert [(each.name, each.at) for each in lines] == [
        ("李阿姨", datetime(2026, 11, 19, 19, 30, tzinfo=ZONE)),
        ("王叔", datetime(2025, 12, 1, 8, 5, tzinfo=ZONE)),
        ("陈姨", datetime(2026, 11, 19, 9, 0, tzinfo=ZONE)),
    ]


def test_a_day_on_its_own_line_counts_for_what_follows() -> None:
    lines = read_paste("—— 2026年11月18日 ——\n李阿姨 10:30\n报名", now=NOW, zone=ZONE)
    assert lines == (Line("李阿姨", "报名", datetime(2026, 11, 18, 10, 30, tzinfo=ZONE)),)


def test_one_message_without_a_name() -> None:
    assert read("报名两个人") == [("", "报名两个人")]


def test_words_over_several_lines_stay_together() -> None:
    assert read("李阿姨：我想问一下\n合作医疗什么时候交\n王叔：不知道") == [
        ("李阿姨", "我想问一下\n合作医疗什么时候交"),
        ("王叔", "不知道"),
    ]


LIST = "#接龙\n反诈讲座 周三晚上7:30\n例 姓名：人数\n1. 张三：2人\n2. 李四 3人\n3. 王五：家里2个"


def test_a_solitaire_stays_whole() -> None:
    assert read(LIST) == [("", LIST)]
    assert read(f"李阿姨：\n{LIST}\n王叔：\n好的") == [("李阿姨", LIST), ("王叔", "好的")]
    assert read(f"王叔：好热闹\n{LIST}") == [("王叔", "好热闹"), ("", LIST)]
    assert read(f"李阿姨 2026-11-20 14:30\n{LIST}\n王叔 2026-11-20 14:31\n好的") == [("李阿姨", LIST), ("王叔", "好的")]


@pytest.mark.parametrize(
    "text",
    ["时间：周三晚上7:30\n地点：文化室\n主讲：韦老师", "https://example.com/a", "报名：两个人", "电话：13800001111"],
)
def test_what_looks_like_a_name_and_is_none(text: str) -> None:
    assert read(text) == [("", text)]


def test_hostile_pastes_do_no_harm() -> None:
    assert read("") == []
    assert read("\n\n \n") == []
    assert read("2026-99-99 25:99 甲\n报名")[0][1].endswith("报名")
    wide = read("：" * 50_000)
    assert len(wide) <= 1
    many = read("甲：报名\n" * 30_000)
    assert len(many) == 20_000
    assert read("坏\u202e人：报名\x00") == [("坏人", "报名")]
