"""From words to a route, at a cost that does not grow with the number of routes."""

import re
from dataclasses import dataclass

from handlers.turn import Route
from handlers.understand.values import Intent

_BREAK = re.compile(r"[\s,，。.:：、!！?？]+")


@dataclass(frozen=True, slots=True)
class Call:
    """A route called by its command word; ``plain`` where the words can be meant for nobody but the bot."""

    route: Route
    args: str
    plain: bool


class Router:
    """The routes, by first word and by intent. Raises ValueError where two routes claim the same."""

    def __init__(self, routes: tuple[Route, ...]) -> None:
        self.routes = routes
        self._by_word: dict[str, tuple[Route, re.Pattern[str]]] = {}
        self._by_intent: dict[Intent, Route] = {}
        for route in routes:
            tail = re.compile(route.tail)
            for word in route.words:
                if word in self._by_word:
                    raise ValueError(f"two routes hear {word!r}")
                self._by_word[word] = (route, tail)
            for intent in route.intents:
                if intent in self._by_intent:
                    raise ValueError(f"two routes serve {intent!r}")
                self._by_intent[intent] = route
        self._lengths = sorted({len(word) for word in self._by_word}, reverse=True)

    def by_word(self, text: str) -> Call | None:
        """The route whose word begins ``text``, the longest word first."""
        for length in self._lengths:
            found = self._by_word.get(text[:length])
            if found is not None and len(text) >= length:
                route, tail = found
                rest = text[length:]
                gap = _BREAK.match(rest)
                args = rest[gap.end() :] if gap else rest
                return Call(route, args.strip(), plain=tail.fullmatch(rest.rstrip()) is not None)
        return None

    def by_intent(self, intent: Intent) -> Route | None:
        """The route that serves an intent."""
        return self._by_intent.get(intent)

    def could_call(self, text: str) -> bool:
        """Whether ``text`` begins with a command word: the gate's cheap question."""
        by_word = self._by_word
        return any(text[:length] in by_word for length in self._lengths)
