"""From words to a route, at a cost that does not grow with the number of routes."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeVar, cast

from data.tables import RoleKind
from handlers.turn import About, Route
from handlers.understand.values import Intent

_BREAK = re.compile(r"[\s,，。.:：、!！?？]+")
_DIGITS = {each: value for value, each in enumerate("零一二三四五六七八九")} | {"两": 2, "兩": 2}
# 12号, 第12号单, 课5, 5号课, 意见3号, 单12, B7, 通知7号; a bare 12 is no number of ours.
# The gate asks with words as they were typed, so the traditional forms are known too.
_KIND = r"[单單]|[课課]|意[见見]|[问問][题題]|投票|通知|[BbＢｂ]"
_NUMBER = r"\d{1,9}|[零一二两兩三四五六七八九十]{1,3}"
_NUMBERED = re.compile(
    rf"[#第]?(?:(?P<kind>{_KIND})\s*第?(?P<number>{_NUMBER})\s*[号號]?"
    rf"|第?(?P<other>{_NUMBER})\s*"
    r"(?:[号號]\s*(?P<behind>[单單](?!位)|[课課](?!程)|意[见見]|投票)?|(?P<row>[条條])))"
    r"[\s,，。.:：、]*"
)
LONGEST_WORDING = 40  # a longer text tells a story
Key = TypeVar("Key")
Value = TypeVar("Value")
_SAME: dict[str, About] = {
    "问题": "意见",
    "問題": "意见",
    "意見": "意见",
    "單": "单",
    "課": "课",
    "條": "条",
    "通知": "B",
    "b": "B",
    "Ｂ": "B",
    "ｂ": "B",
}


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
        self._worded = tuple((route, re.compile("|".join(route.wordings))) for route in routes if route.wordings)
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
        # A notice is always called B7: no 7号 alone releases official speech.
        self._kinds = tuple(dict.fromkeys(kind for kind, _ in self._numbered if kind != "B"))
        behind = {word for _, word in self._numbered if word and not word.isdigit()}
        self._before_number = sorted(behind, key=len, reverse=True)
        self._initials = {word[0] for word in behind}

    def by_word(self, text: str) -> Call | None:
        """The route that takes the number with which ``text`` begins; else whose word begins it, the longest first."""
        call = self._behind_number(text)
        for length in self._lengths if call is None else ():
            found = self._by_word.get(text[:length])
            if found is not None and len(text) >= length:
                call, ahead = _call(found, text[:length], text[length:], None), self._ahead_of_number(text)
                if ahead is not None and (not call.plain or ahead.route.about == "B"):
                    return ahead  # 取消 B7, 名单 课5
                return call
        return call or self._ahead_of_number(text)

    def by_wording(self, text: str, roles: Collection[RoleKind]) -> Call | None:
        """The first route that ``text`` asks for in people's own words, of those that answer whoever has ``roles``."""
        if len(text) > LONGEST_WORDING:
            return None
        for route, pattern in self._worded:
            if (route.others is not None or route.open_to(roles)) and pattern.match(text):
                return Call(route, text, plain=True)
        return None

    def by_intent(self, intent: Intent) -> Route | None:
        """The route that serves an intent."""
        return self._by_intent.get(intent)

    def could_call(self, text: str) -> bool:
        """Whether ``text``, as it was typed, begins with a command word or a number: the gate's cheap question."""
        by_word = self._by_word
        if any(text[:length] in by_word for length in self._lengths):
            return True
        numbered = bool(self._numbered) and _NUMBERED.match(text) is not None  # 12號到邊喇 is read in its plain form
        return numbered or self._ahead_of_number(text) is not None

    def _behind_number(self, text: str) -> Call | None:
        """12号 派 某某."""
        head = _NUMBERED.match(text) if self._numbered else None
        return None if head is None else self._numbered_call(head, text[head.end() :])

    def _ahead_of_number(self, text: str) -> Call | None:
        """派 12号 某某."""
        if text[:1] not in self._initials:
            return None
        for word in self._before_number:
            if text.startswith(word):
                gap = _BREAK.match(text, len(word))
                head = _NUMBERED.match(text, gap.end() if gap else len(word))
                return self._numbered_call(head, word + text[head.end() :]) if head is not None else None
        return None

    def _numbered_call(self, head: re.Match[str], rest: str) -> Call | None:
        number = _number(head["number"] or head["other"])
        said = head["kind"] or head["behind"] or head["row"]
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
