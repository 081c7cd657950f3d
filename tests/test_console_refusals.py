"""What is declined in the console says what to do there: nobody is told to send words that only a chat takes."""

import ast
import asyncio
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from itertools import product
from pathlib import Path
from typing import Any, get_type_hints
from unittest.mock import MagicMock

import bot.console
import data
from data.errors import Declined
from handlers import ROUTES
from handlers.router import Router
from tests.desk import Desk, open_desk
from tests.lively import make_lively
from tests.town import ROOT, DemoTown

HEARS = Router(ROUTES)
_QUOTED = re.compile(r"“([^”]*)”(?!里|的页)")  # a page of the menu is called as some words are
_SEND = re.compile(r"(?:发|回|说|写|答|回复|发送)“")
_VALUES: dict[object, tuple[Any, ...]] = {
    int: (0, 7),
    bool: (False, True),
    str: ("", "甲"),
    tuple[str, ...]: ((), ("乙", "丙")),
    timedelta: (timedelta(minutes=5),),
}
# Callers give these words for chats; of the second nothing is reached from the console.
_HINTED = {"BroadcastStands", "NotYourOrder"}


def commands(text: str) -> list[str]:
    """Words in quotes that a chat would take, and whatever is to be sent."""
    heard = [words for words in _QUOTED.findall(text) if HEARS.by_word(words) is not None]
    return heard + _SEND.findall(text)


def every(kind: type[Declined]) -> Iterator[type[Declined]]:
    for each in kind.__subclasses__():
        yield each
        yield from every(each)


def known() -> list[type[Declined]]:
    """All that the console can meet, from wherever it is declared."""
    for package in (data, bot.console):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in found.name:
                importlib.import_module(found.name)
    return [each for each in every(Declined) if each.__module__.startswith(("data.", "bot.console."))]


def said(kind: type[Declined]) -> Iterator[Declined]:
    """One with each mixture of what it may be told."""
    hints = get_type_hints(kind.__init__)
    parameters = list(inspect.signature(kind).parameters.values())
    for values in product(*(possible(hints[each.name]) for each in parameters)):
        told = list(zip(parameters, values, strict=True))
        named: dict[str, Any] = {each.name: value for each, value in told if each.kind is each.KEYWORD_ONLY}
        yield kind(*(value for each, value in told if each.name not in named), **named)


def possible(wanted: object) -> tuple[Any, ...]:
    """Values of a type; for a row of a table, or anything else, one that has whatever is asked of it."""
    if isinstance(wanted, type) and issubclass(wanted, Enum):
        return tuple(wanted)[:1]
    return _VALUES.get(wanted, (MagicMock(),))


def test_the_look_finds_words_for_chats() -> None:
    for text in (
        "没有7号点单。发“待办”看有哪些。",
        "行就“同意 B7”",
        "最多能改成“报名3人”。",
        "回“要”",
        "请写另一张单，比如“7号 合并 9号”",
    ):
        assert commands(text), text
    for text in ("请在“点单”里找。", "先到“村和群”里登记。", "比如“周四晚上7点半”。", "没找到宣讲员“甲”。"):
        assert not commands(text), text


def test_no_refusal_in_the_console_tells_to_send_words() -> None:
    kinds, bad, in_chats = known(), list[str](), set[str]()
    for kind in kinds:
        for error in said(kind):
            bad += [f"{kind.__name__}: {error.at_desk}"] if commands(error.at_desk) else []
            in_chats |= {kind.__name__} if commands(str(error)) else set()
    assert not bad, "\n".join(bad)
    assert len(kinds) >= 60 and len(in_chats) >= 20, (len(kinds), in_chats)  # there is something to guard


def test_no_caller_slips_such_words_in() -> None:
    """What stands in a ``raise`` is read in the console too, but what is marked as for chats."""
    kinds = {each.__name__ for each in known()}
    bad, looked, hinted = list[str](), 0, set[str]()
    for path in (*(ROOT / "data").rglob("*.py"), *(ROOT / "bot/console").rglob("*.py")):
        for name, words in _raised(path, kinds):
            looked += 1
            if commands(words) and name in _HINTED:
                hinted.add(name)
            elif commands(words):
                bad.append(f"{path.relative_to(ROOT)}: {name}: {words}")
    assert not bad, "\n".join(bad)
    assert looked >= 100 and hinted == _HINTED, (looked, hinted)


def _raised(path: Path, kinds: set[str]) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            called = node.exc.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in kinds:
                yield name, " ".join(_words(each) for each in node.exc.args)


def _words(node: ast.AST) -> str:
    """The text of an argument, with 7 for what is filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(each.value if isinstance(each, ast.Constant) else "7" for each in node.values)  # type: ignore[misc]
    return " ".join(n.value for n in ast.walk(node) if isinstance(n, ast.Constant) and isinstance(n.value, str))


def test_a_step_that_does_not_go_is_told_for_the_console(town: DemoTown) -> None:
    lively = make_lively(town)

    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        seen = await clerk.post(f"/orders/{lively.orders[-1]}/agree")
        assert seen.status == 422 and "不能这样办。在它的页上" in seen.said, (seen.status, seen.said)
        assert not commands(seen.said)

    asyncio.run(told())
