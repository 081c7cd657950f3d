"""What a message means: ``normalise → gate → intents → slots → Understanding``. Pure functions, nothing sent, no clock.

    lexicon = load_lexicon(lecturers, villages, calendar)        # once
    understand(Utterance("报名两个人", addressed=True), lexicon, now).first.intent     # "sign_up"

`concerns` alone says whether a line is worth the rest; most chatter is decided there, uncut.
"""

from handlers.understand.gate import concerns
from handlers.understand.intents import CONFIRM_BELOW
from handlers.understand.lexicon import Lexicon, load_lexicon
from handlers.understand.normalise import normalise
from handlers.understand.pipeline import named_exactly, understand
from handlers.understand.slots import choices
from handlers.understand.values import Act, Evidence, Intent, Listen, Understanding, Utterance, When

__all__ = [
    "CONFIRM_BELOW", "Act", "Evidence", "Intent", "Lexicon", "Listen", "Understanding", "Utterance", "When",
    "choices", "concerns", "load_lexicon", "named_exactly", "normalise", "understand",
]  # fmt: skip
