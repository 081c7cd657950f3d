"""From a villager's words to what they ask for: pure functions over a lexicon that is loaded once."""

from handlers.understand.lexicon import Lexicon, load_lexicon
from handlers.understand.reading import concerns, normalise, understand
from handlers.understand.values import Act, Evidence, Intent, Listen, Understanding, Utterance, When

__all__ = [
    "Act",
    "Evidence",
    "Intent",
    "Lexicon",
    "Listen",
    "Understanding",
    "Utterance",
    "When",
    "concerns",
    "load_lexicon",
    "normalise",
    "understand",
]
