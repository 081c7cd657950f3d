"""The loudspeaker version: what the eye reads, as the ear hears it."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.loudspeaker import number, say, spoken
from data.tables import Snippet
from tests.town import DemoTown

NUMBERS = {
    "0": "零", "7": "七", "10": "十", "15": "十五", "20": "二十", "99": "九十九", "100": "一百", "101": "一百零一",
    "110": "一百一十", "115": "一百一十五", "200": "二百", "1000": "一千", "1010": "一千零一十", "2000": "两千",
    "2222": "两千二百二十二", "10000": "一万", "10010": "一万零一十", "12000": "一万两千", "20000": "两万",
    "1000000": "一百万", "102345678": "一亿零二百三十四万五千六百七十八", "3.5": "三点五", "0.05": "零点零五",
    "1,200": "一千二百",
}  # fmt: skip

SAID = [
    ("打12393问医保部门", "打幺二三九三问医保部门"),
    ("马上打110，再打96110", "马上打幺幺零，再打九六幺幺零"),
    ("拨打0771-5861234", "拨打零七七幺，五八六幺二三四"),
    ("手机13800138000", "手机幺三八零零幺三八零零零"),
    ("打了400元，转了10000元", "打了四百元，转了一万元"),
    ("2026年1月15日起", "二零二六年一月十五日起"),
    ("2026-03-01前交", "二零二六年三月一日前交"),
    ("晚上19:30，上午8:05", "晚上七点半，上午八点零五分"),
    ("21:00集合，2:30", "晚上九点集合，凌晨两点半"),
    ("补30%，占12.5％", "补百分之三十，占百分之十二点五"),
    ("7-10天，3~5斤", "七到十天，三到五斤"),
    ("2个人，2斤，2两，第2条，2026年2月", "两个人，两斤，二两，第二条，二零二六年二月"),
    ("2kg，100m²，38.5℃，5km", "两公斤，一百平方米，三十八点五摄氏度，五公里"),
    ("血压140/90mmHg", "血压一百四十、九十毫米汞柱"),
    ("（演示）请看《条例》第三十一条", "演示，请看条例第三十一条"),
    ("把钱转到“安全账户”！", "把钱转到安全账户！"),
    ("详情：https://a.example/b?x=1。好", "详情，网址请看群里的消息。好"),
    ("一行\n又一行", "一行。又一行"),
    ("每亩0.5斤", "每亩零点五斤"),
]


@pytest.mark.parametrize(("written", "said"), NUMBERS.items())
def test_numbers(written: str, said: str) -> None:
    assert number(written) == said


@pytest.mark.parametrize(("written", "said"), SAID, ids=[each[0] for each in SAID])
def test_as_people_say_it(written: str, said: str) -> None:
    assert say(written) == said


def test_it_is_read_twice_with_its_source_and_again_between() -> None:
    text = Snippet(
        key="a", topic_id=1, title="没有什么安全账户", text="拿不准打96110。", source="《反诈法》第三十一条",
        issued_on=date(2026, 1, 1), expires_on=date(2030, 1, 1),
    )  # fmt: skip
    once = "乡亲们，没有什么安全账户。拿不准打九六幺幺零。以上内容来自反诈法第三十一条。"
    assert spoken(text) == f"{once}\n再播一遍。{once}"
    assert spoken(text, times=1) == once


def test_every_text_of_the_demo_can_be_read_aloud(town: DemoTown) -> None:
    assert len(town.files.snippets) > 80
    for each in town.files.snippets:
        heard = say(each.text)
        assert not re.search(r"[0-9A-Za-z（）《》“”【】%]", heard.replace("APP", "")), heard
        assert "，，" not in heard and "。。" not in heard


@given(st.integers(0, 10**12 - 1))
def test_a_number_is_said_in_one_way(value: int) -> None:
    assert _read(number(str(value))) == value


@given(st.text("0123456789年月日:-%/.（）打个斤kg℃元，。\n ", max_size=40))
def test_nothing_that_is_typed_breaks_it(text: str) -> None:
    assert not re.search(r"[0-9]", say(text).replace(":", ""))


def _read(words: str) -> int:
    """The way back, written apart from the code under test."""
    units = {"十": 10, "百": 100, "千": 1000}
    total = part = digit = 0
    for each in words:
        if each in "万亿":
            scale = 10_000 if each == "万" else 100_000_000
            part += digit
            total = (total + part) * scale if each == "亿" else total + part * scale
            part = digit = 0
        elif each in units:
            part += (digit or 1) * units[each]
            digit = 0
        else:
            digit = 2 if each == "两" else "零一二三四五六七八九".index(each)
    return total + part + digit
