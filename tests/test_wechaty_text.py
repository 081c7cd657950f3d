"""What WeChat's messages look like: splitting, mentions, kinds, recalls; and the waits between connections."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.transports.base import Outgoing
from bot.transports.wechaty.text import (
    kind_of,
    names_bot,
    names_everyone,
    parts_of,
    recalled_id,
    split_text,
)
from bot.transports.wechaty.transport import backoff
from handlers.message import Kind


@given(st.text(alphabet=st.sampled_from("村里讲课。！\n，a 1.\u200d👩🌾\u2005"), max_size=300), st.integers(4, 40))
def test_parts_are_short_enough_and_make_up_the_text(text: str, limit: int) -> None:
    parts = split_text(text, limit)
    assert "".join(parts) == text
    assert all(0 < len(part) <= limit for part in parts)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ()),
        ("短。", ("短。",)),
        ("明天上午停水。请大家提前存水。", ("明天上午停水。", "请大家提前存水。")),
        ("他说：“好。”然后走了很远", ("他说：“好。”", "然后走了很远")),
        ("一二三四五六，七八九十", ("一二三四五六，", "七八九十")),
        ("一二三四五六七八九十一二", ("一二三四五六七八九十", "一二")),
        ("一。二三四五六七八九十一二", ("一。二三四五六七八九", "十一二")),  # an end in the first half is too early
        ("一二三四五六七八👩\u200d🌾九", ("一二三四五六七八", "👩\u200d🌾九")),
    ],
)
def test_a_part_ends_at_a_sentence_end_where_it_can(text: str, parts: tuple[str, ...]) -> None:
    assert split_text(text, 10) == parts


def test_mentions_come_first_and_count() -> None:
    message = Outgoing("r", "好" * 2000, mentions=(("wang", "王大娘"),))
    first, second = parts_of(message)
    assert first.startswith("@王大娘\u2005好")
    assert len(first) == 2000
    assert len(second) == 5
    assert parts_of(Outgoing("r", "", image=b"x")) == ()


@pytest.mark.parametrize(
    ("text", "addressed"),
    [
        ("@门楼\u2005报名", True),
        ("@门楼 报名", True),
        ("谢谢@门楼", True),
        ("@门楼\n报名", True),
        ("@门楼镇 报名", False),
        ("门楼 报名", False),
        ("「甲：@门楼 好」\n- - - - - - - - - - - - - - -\n对", False),
        ("「甲：好」\n- - - - - - - - - - - - - - -\n@门楼 对", True),
        ("@小.助(手) 在吗", True),
    ],
)
def test_the_bot_is_addressed_by_name(text: str, addressed: bool) -> None:
    assert names_bot(text, ["门楼", "小.助(手)", ""]) is addressed


def test_an_announcement_addresses_everyone() -> None:
    assert names_everyone("@所有人 停水")
    assert names_everyone("停水 @all")
    assert not names_everyone("@所有人都来")
    assert not names_everyone("所有人")


NOTE_XML = "<msg><appmsg><title>#接龙\n1. 王大娘</title><type>53</type></appmsg></msg>"
RECALL_XML = '<sysmsg type="revokemsg"><revokemsg><msgid>12</msgid><newmsgid>{}</newmsgid></revokemsg></sysmsg>'


@pytest.mark.parametrize(
    ("number", "text", "kind"),
    [
        (7, "你好", Kind.TEXT),
        (7, "<msg>我写的代码</msg>", Kind.TEXT),
        (10, "#接龙", Kind.NOTE),
        (0, "#接龙", Kind.NOTE),
        (16, "#接龙", Kind.NOTE),
        (-3, "#接龙", Kind.NOTE),
        (0, NOTE_XML, Kind.NOTE),
        (14, NOTE_XML, Kind.NOTE),  # some gateways take a solitaire for a link
        (0, "<msg><location/></msg>", Kind.OTHER),
        (12, "<msg/>", Kind.OTHER),
        (6, "", Kind.IMAGE),
        (2, "", Kind.AUDIO),
    ],
)
def test_the_kind_of_a_message(number: int, text: str, kind: Kind) -> None:
    assert kind_of(number, text) is kind


@pytest.mark.parametrize(
    ("number", "text", "message_id"),
    [
        (13, "m1", "m1"),
        (13, RECALL_XML.format("34"), "34"),
        (0, RECALL_XML.format("<![CDATA[34]]>"), "34"),
        (7, RECALL_XML.format("34"), None),  # a person wrote that; it takes nothing back
        (10, RECALL_XML.format("34"), None),
        (7, "撤回", None),
    ],
)
def test_what_is_taken_back(number: int, text: str, message_id: str | None) -> None:
    assert recalled_id(number, text) == message_id


def test_waiting_doubles_up_to_the_cap_and_is_spread() -> None:
    assert [backoff(attempt, 1, 60, 1) for attempt in (0, 1, 2, 5, 6, 10_000)] == [1, 2, 4, 32, 60, 60]
    assert backoff(10_000, 1, 60, 0) == 30
