"""How much one person may ask, and when we take them for another bot and stop talking."""

from datetime import timedelta
from enum import StrEnum

from sqlmodel import Session

from data import inbox
from data.glance import LATELY
from handlers.knowledge import Limits
from handlers.message import Kind
from handlers.turn import Turn

_MINUTE = timedelta(minutes=1)
PHOTO = "photo"  # the ear that takes pictures


class Verdict(StrEnum):
    """What to do with a message; what is not fine is kept as the inbox row's route."""

    FINE = "fine"
    TOO_FAST = "too_fast"
    LOOP = "loop"
    MUTED = "muted"


# What is said, once, when a verdict stops the talk; the messages that follow are kept and not answered.
WORDS = {
    Verdict.TOO_FAST: "您发得有点快，我先歇一分钟再听您说。",
    Verdict.LOOP: "您连着发了好几遍一样的话，我都收到了。我先歇十分钟。",
    Verdict.MUTED: "",
}


def judge(session: Session, turn: Turn, limits: Limits, *, lately: int) -> Verdict:
    """Weigh what this person wrote to us lately; ``lately`` is how many messages within `data.glance.LATELY`.

    Two bots that answer each other say the same few things without end: more than ``loop_turns`` turns within
    ``loop_window``, in at most two different texts, and nothing is answered for `data.glance.LATELY`. Pictures, which
    have no text, are no talk.
    """
    if turn.heard.kind is Kind.IMAGE:
        return Verdict.FINE  # a handful of photos of one lecture is no talk
    if lately < min(limits.per_minute, limits.loop_turns):
        return Verdict.FINE  # nearly always: no need to look closer
    heard = inbox.recent(session, turn.member_id, now=turn.now, within=LATELY)
    earlier = [each for each in heard if each.route != PHOTO]
    if any(each.route == Verdict.LOOP for each in earlier):
        return Verdict.MUTED
    last_minute = [each for each in earlier if each.heard_at > turn.now - _MINUTE]
    if len(last_minute) >= limits.per_minute:
        warned = any(each.route == Verdict.TOO_FAST for each in last_minute)
        return Verdict.MUTED if warned else Verdict.TOO_FAST
    window = [each.text for each in earlier if each.heard_at > turn.now - limits.loop_window]
    recent = [*window, turn.text][-(limits.loop_turns + 1) :]
    looping = len(recent) > limits.loop_turns and len(set(recent)) <= 2
    return Verdict.LOOP if looping else Verdict.FINE
