"""The router: the longest word first, no two routes for one word, and a cost that does not grow with the routes."""

from collections import UserDict
from typing import Any

import pytest

from handlers import ROUTES
from handlers.router import Router
from handlers.turn import About, Reply, Route, Turn
from handlers.understand.values import Intent


def say_nothing(_turn: Turn) -> Reply:
    return Reply("")


def route(name: str, *words: str, intents: tuple[Intent, ...] = (), tail: str = "") -> Route:
    return Route(name, say_nothing, f"{name}：help", words=words, intents=intents, tail=tail)


def called(router: Router, text: str) -> tuple[str, str, bool] | None:
    call = router.by_word(text)
    return None if call is None else (call.route.name, call.args, call.plain)


@pytest.mark.parametrize("order", [1, -1])
def test_the_longest_word_that_begins_the_text_is_called(order: int) -> None:
    """Whatever the order of the routes: 报名表 is not 报名 with 表 behind it."""
    router = Router((route("short", "报"), route("middle", "报名"), route("long", "报名表"))[::order])
    assert called(router, "报名表") == ("long", "", True)
    assert called(router, "报名") == ("middle", "", True)
    assert called(router, "报销") == ("short", "销", False)
    assert called(router, "我要报名") is None
    assert called(router, "") is None


def test_what_stands_behind_the_word_is_handed_over_without_the_break() -> None:
    router = Router((route("order", "点课", tail=r"\s+.+"),))
    for text in ("点课 反诈骗", "点课：反诈骗", "点课，反诈骗 ", "点课\n反诈骗", "点课、、反诈骗", "点课反诈骗"):
        call = called(router, text)
        assert call is not None
        assert call[:2] == ("order", "反诈骗")


def test_a_word_with_something_unforeseen_behind_it_is_not_plain() -> None:
    """报名费多少 between neighbours is not a sign-up; addressed to the bot it may be."""
    router = Router((route("sign_up", "报名", tail=r"\d人"),))
    assert called(router, "报名2人") == ("sign_up", "2人", True)
    assert called(router, "报名2人  ") == ("sign_up", "2人", True)
    assert called(router, "报名费多少") == ("sign_up", "费多少", False)
    assert called(router, "报名") == ("sign_up", "", False)


def test_two_routes_cannot_claim_one_word_or_one_intent() -> None:
    with pytest.raises(ValueError, match="'报名'"):
        Router((route("one", "报名"), route("two", "取消", "报名")))
    with pytest.raises(ValueError, match="'help'"):
        Router((route("one", intents=("help",)), route("two", intents=("none", "help"))))


def test_a_route_is_found_by_what_was_meant() -> None:
    router = Router((route("one", "甲", intents=("help", "none")), route("two", "乙")))
    found = router.by_intent("none")
    assert found is not None
    assert found.name == "one"
    assert router.by_intent("cancel") is None


def test_the_gate_lets_through_whatever_a_route_could_hear() -> None:
    router = Router(ROUTES)
    said = [(each, word) for each in ROUTES for word in each.words]
    assert len(said) > 12
    for route, word in said:
        head = "" if route.about is None else f"第3{route.about} " if route.about == "条" else f"{route.about}3 "
        for text in (head + word, f"{head}{word} 反诈骗" if word else head):
            assert router.could_call(text), text
            call = router.by_word(text)
            assert call is not None
            assert call.route is route, text
    assert not router.could_call("今天天气好")
    assert not router.could_call("")


class Counting(UserDict[str, Any]):
    """A dictionary that counts how often it is asked."""

    asked = 0

    def __contains__(self, key: object) -> bool:
        self.asked += 1
        return key in self.data

    def get(self, key: str, default: Any = None) -> Any:
        self.asked += 1
        return self.data.get(key, default)


def lookups(routes: int, text: str) -> int:
    """How many times the router looks into its dictionary for one message."""
    router = Router(tuple(route(f"r{number}", f"词{number:04}", f"短{number:03}") for number in range(routes)))
    counting = Counting(router._by_word)
    router._by_word = counting  # type: ignore[assignment]
    router.could_call(text)
    router.by_word(text)
    return counting.asked


@pytest.mark.parametrize("text", ["今天圩上人真多，谁见着我家的鸭子了", "词0009 之后的话", "词", ""])
def test_the_cost_does_not_grow_with_the_routes(text: str) -> None:
    """Counted in look-ups, not in time: one for each length of word, be there ten routes or two thousand."""
    assert 1 <= lookups(10, text) <= 4
    assert lookups(10, text) == lookups(200, text) == lookups(2000, text)


def test_a_message_costs_no_more_lookups_than_there_are_lengths_of_words() -> None:
    router = Router(ROUTES)
    lengths = {len(word) for each in ROUTES if each.about is None for word in each.words}
    assert len(lengths) < 6
    counting = Counting(router._by_word)
    router._by_word = counting  # type: ignore[assignment]
    assert router.by_word("今天圩上人真多") is None
    assert counting.asked == len(lengths)


# ---- commands with a number ------------------------------------------------------------------------------------------


def numbered(name: str, *words: str, about: About = "单", tail: str = "") -> Route:
    return Route(name, say_nothing, f"{name}：help", words=words, about=about, tail=tail)


NUMBERED = Router(
    (
        numbered("detail", ""),
        numbered("dispatch", "派", tail=r"\s*.+"),
        numbered("first", "1", "2", "3"),
        numbered("decline", "驳回"),
        numbered("change", "改期", about="课"),
        numbered("lecture", "", about="课"),
        numbered("hand_over", "转", about="意见"),
        route("order", "点课", "点单"),
        route("schedule", "课表"),
    )
)


@pytest.mark.parametrize(
    ("text", "name", "number", "args"),
    [
        ("12号 派 覃志刚", "dispatch", 12, "覃志刚"),
        ("12号派覃志刚 周四晚上", "dispatch", 12, "覃志刚 周四晚上"),
        ("派 12号 覃志刚", "dispatch", 12, "覃志刚"),
        ("派12号，覃志刚", "dispatch", 12, "覃志刚"),
        ("12号单 派 覃志刚", "dispatch", 12, "覃志刚"),
        ("单12 派 覃志刚", "dispatch", 12, "覃志刚"),
        ("十二号 派 覃志刚", "dispatch", 12, "覃志刚"),
        ("三号，驳回 太远了", "decline", 3, "太远了"),
        ("第12号 1", "first", 12, ""),
        ("12号 1 2", "first", 12, "2"),
        ("12号", "detail", 12, ""),
        ("课5", "lecture", 5, ""),
        ("课5 改期 周五晚上", "change", 5, "周五晚上"),
        ("5号课 改期 周五晚上", "change", 5, "周五晚上"),
        ("改期 课5 周五晚上", "change", 5, "周五晚上"),
        ("意见3号 转 小农", "hand_over", 3, "小农"),
        ("问题3号 转 小农", "hand_over", 3, "小农"),
        ("3号 转 小农", "hand_over", 3, "小农"),
        ("意見3號 转 小农", "hand_over", 3, "小农"),
        ("課5 改期 周五晚上", "change", 5, "周五晚上"),
        ("12號 派 覃志刚", "dispatch", 12, "覃志刚"),
    ],
)
def test_a_number_may_stand_before_the_word_or_behind_it(text: str, name: str, number: int, args: str) -> None:
    call = NUMBERED.by_word(text)
    assert call is not None
    assert (call.route.name, call.number, call.args) == (name, number, args)
    assert NUMBERED.could_call(text)


@pytest.mark.parametrize(
    "text",
    [
        "12 派 覃志刚",
        "派人来讲防骗",
        "派",
        "12号晚上有空吗",
        "12号楼停水",
        "5号课程",
        "课程5",
        "意见很大",
        "单位3号楼",
        "3号线",
    ],
)
def test_what_only_looks_like_a_number_of_ours_is_left_alone(text: str) -> None:
    assert NUMBERED.by_word(text) is None


def test_the_gate_lets_a_number_through_in_whatever_script_its_word_is_typed() -> None:
    """A turn reads words in their plain form; the gate hears them as they were typed."""
    assert NUMBERED.could_call("12號到邊喇")
    assert not NUMBERED.could_call("12 派 覃志刚")
    assert not NUMBERED.could_call("派人来讲防骗")


def test_two_numbered_routes_may_share_a_word_only_when_they_count_different_things() -> None:
    Router((numbered("one", "取消"), numbered("two", "取消", about="课")))
    with pytest.raises(ValueError, match="取消"):
        Router((numbered("one", "取消"), numbered("two", "取消")))
