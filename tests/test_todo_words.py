"""A telephone number within a long case was cut in its middle in 待办: what was left was neither called nor masked."""

import re

import pytest
from sqlmodel import select

from data import todo
from data.loop import Order, Voice
from data.voices import shorten
from tests.town import DemoTown, Talk, demo_rules

PHONE = "13812345678"


@pytest.mark.parametrize("ahead", range(30))
@pytest.mark.parametrize(
    "phone", [PHONE, "138-1234-5678", "138 1234 5678", "0758-3312345", "weixinhao2026", "１３８１２３４５６７８"]
)
def test_no_number_is_cut_in_two(phone: str, ahead: int) -> None:
    short = shorten(f"{'路' * ahead}{phone}，灯坏了好久了请来看看吧我们等着呢谢谢镇里", 24)
    assert len(short) <= 24 and short.endswith("…")
    assert phone in short or not re.search(r"[\dA-Za-z]", short)


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("不长的一句", "不长的一句"),
        ("一二三四五六七八九十", "一二三四五六七八九十"),
        ("一二三四五六七八九十一", "一二三四五六七八九…"),
        ("一二三四五六七，我的号", "一二三四五六七，我…"),
        ("一二三四五六七八，我的", "一二三四五六七八…"),
        ("1" * 30, "…"),
        ("a\nb  c", "a b c"),
        ("", ""),
    ],
)
def test_where_a_line_is_cut(text: str, short: str) -> None:
    assert shorten(text, 10) == short


@pytest.mark.parametrize(
    ("text", "most", "short"),
    [
        ("138-1234-5678打", 6, "138**…"),
        ("138 1234 5678 139 1234 5678 都打不通", 24, "138****5678 139****…"),
        ("3312345 3312346 打不通", 12, "…"),  # not masked, so not cut
        ("（13812345678）电工", 6, "（138*…"),
        ("a" * 50, 6, "aaaaa…"),
    ],
)
def test_a_line_that_begins_with_what_is_too_long_is_still_read(text: str, most: int, short: str) -> None:
    """A case that began with a telephone number was "…" and nothing else."""
    assert shorten(text, most) == short


def test_the_list_of_what_waits_keeps_numbers_whole(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", "上坪村乡亲群", f"@小门 建议村口那一盏路灯修一修，电工的号是{PHONE}，灯坏了好久了")
    talk.say("三婶唐桂英", "上坪村乡亲群", f"@小门 我想听怎么把家里的果树嫁接，电话{PHONE}")
    with town.session() as session:
        assert session.exec(select(Voice.text)).all() or session.exec(select(Order.wish)).all()
        found = todo.waiting(session, rules=demo_rules(), now=talk.now)
    lines = [line for group in found for line in group.lines]
    assert lines
    assert not [each for line in lines for each in re.findall(r"\d{3,}", line) if each != PHONE]
