"""From words to a route, at a cost that does not grow with the number of routes."""

import re
from dataclasses import dataclass
from typing import TypeVar, cast

from handlers.turn import About, Route
from handlers.understand.values import Intent

_BREAK = re.compile(r"[\s,，。.:：、!！?？]+")
_DIGITS = {each: value for value, each in enumerate("零一二三四五六七八九")} | {"两": 2}
# 12号, 第12号单, 课5, 5号课, 意见3号, 单12; a bare 12 is no number of ours.
_KIND = r"单|课|意见|问题|投票"
_NUMBERED = re.compile(
    rf"[#第]?(?:(?P<kind>{_KIND})\s*第?(?P<number>\d{{1,9}}|[零一二两三四五六七八九十]{{1,3}})\s*号?"
    rf"|第?(?P<other>\d{{1,9}}|[零一二两三四五六七八九十]{{1,3}})\s*号\s*(?P<behind>单(?!位)|课(?!程)|意见|投票)?)"
    r"[\s,，。.:：、]*"
)
Key = TypeVar("Key")
Value = TypeVar("Value")
_SAME: dict[str, About] = {"问题": "意见"}


@dataclass(frozen=True, slots=True)
class Call:
    """A route called by its command word; ``plain`` where the words can be meant for nobody but the bot."""

    route: Route
    args: str
    plain: bool
    word: str = ""
    number: int | None = None


class Router:
    """The routes, by first word, by number and word, and by intent. Raises ValueError where two claim the same."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.routes = routes
        self._by_word: dict[str, tuple[Route, re.Pattern[str]]] = {}
        self._numbered: dict[tuple[About, str], tuple[Route, re.Pattern[str]]] = {}
        self._by_intent: dict[Intent, Route] = {}
        for route in routes:
            tail = re.compile(route.tail)
            for word in route.words:
                if route.about is not None:
                    _claim(self._numbered, (route.about, word), (route, tail))
                else:
                    _claim(self._by_word, word, (route, tail))
            for intent in route.intents:
                _claim(self._by_intent, intent, route)
        self._lengths = sorted({len(word) for word in self._by_word}, reverse=True)
        self._kinds = tuple(dict.fromkeys(kind for kind, _ in self._numbered))
        self._numbered_words = sorted({word for _, word in self._numbered if word}, key=len, reverse=True)

    def by_word(self, text: str) -> Call | None:
        """The route whose word begins ``text``, the longest word first; else the one that takes its number."""
        for length in self._lengths:
            found = self._by_word.get(text[:length])
            if found is not None and len(text) >= length:
                return _call(found, text[:length], text[length:], None)
        return self._by_number(text) if self._numbered else None

    def by_intent(self, intent: Intent) -> Route | None:
        """The route that serves an intent."""
        return self._by_intent.get(intent)

    def could_call(self, text: str) -> bool:
        """Whether ``text`` begins with a command word: the gate's cheap question."""
        by_word = self._by_word
        return any(text[:length] in by_word for length in self._lengths) or self._by_number(text) is not None

    def _by_number(self, text: str) -> Call | None:
        """12号 派 某某, or 派 12号 某某."""
        head = _NUMBERED.match(text)
        if head is not None:
            return self._numbered_call(head, text[head.end() :])
        for word in self._numbered_words:
            if text.startswith(word):
                gap = _BREAK.match(text, len(word))
                head = _NUMBERED.match(text, gap.end() if gap else len(word))
                return self._numbered_call(head, word + text[head.end() :]) if head is not None else None
        return None

    def _numbered_call(self, head: re.Match[str], rest: str) -> Call | None:
        number = _number(head["number"] or head["other"])
        said = head["kind"] or head["behind"]
        kinds = (_SAME.get(said, cast("About", said)),) if said else self._kinds
        for length in range(min(len(rest), 6), -1, -1):
            for kind in kinds:
                found = self._numbered.get((kind, rest[:length]))
                if found is not None and (length or not rest.strip()):
                    return _call(found, rest[:length], rest[length:], number)
        return None


def _claim(claims: dict[Key, Value], key: Key, value: Value) -> None:
    if key in claims:
        raise ValueError(f"two routes hear {key!r}")
    claims[key] = value


def _call(found: tuple[Route, re.Pattern[str]], word: str, rest: str, number: int | None) -> Call:
    route, tail = found
    gap = _BREAK.match(rest)
    args = rest[gap.end() :] if gap else rest
    return Call(route, args.strip(), plain=tail.fullmatch(rest.rstrip()) is not None, word=word, number=number)


def _number(words: str) -> int:
    """12, 十二, 二十, 三: what people say for a number below a hundred, and digits."""
    if words.isdigit() and words.isascii():
        return int(words)
    tens, ten, ones = words.partition("十")
    high = _DIGITS.get(tens, 1) if ten else 0
    return high * 10 + _DIGITS.get(ones if ten else tens, 0)
