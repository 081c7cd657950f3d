"""One precise rule of intent."""

import re
from dataclasses import dataclass

from handlers.understand.values import Intent


@dataclass(frozen=True, slots=True)
class Rule:
    """``name`` is the evidence; ``act`` marks a rule that also holds for one clause of a longer message.

    ``hint`` is a cheap search that fails wherever the pattern must fail; the costly patterns have one.
    """

    name: str
    intent: Intent
    confidence: float
    pattern: re.Pattern[str]
    act: bool = True
    hint: re.Pattern[str] | None = None

    def find(self, text: str) -> re.Match[str] | None:
        """The first match in normalised ``text``."""
        if self.hint is not None and self.hint.search(text) is None:
            return None
        return self.pattern.search(text)


def rule(name: str, intent: Intent, confidence: float, *patterns: str, act: bool = True, hint: str = "") -> Rule:
    return Rule(name, intent, confidence, re.compile("|".join(patterns)), act, re.compile(hint) if hint else None)
