"""What a message asks for: precise rules first (`rules.RULES`), then the trained model; one reading per act, in order.

Sign-up and cancel change a record. A reading of either below `CONFIRM_BELOW` must be confirmed by the person first;
the model alone never reaches it, and a rule loses it when the words hedge.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from handlers.understand.model import IntentModel
from handlers.understand.rules import RULES
from handlers.understand.values import Intent

CONFIRM_BELOW = 0.6
UNSURE = 0.5  # what a reading that must be confirmed gets
WRITES: frozenset[Intent] = frozenset({"sign_up", "cancel"})
ORDERS: frozenset[Intent] = frozenset({"order_topic", "order_lecturer"})
_TELL_HOW: frozenset[Intent] = ORDERS | {"feedback"}  # beside them 最好讲白话 is no opinion of its own
_ALONE: frozenset[Intent] = frozenset({"none", "question"})  # their clauses tell a story, not further acts
MOST_CLAUSES = 12  # nobody asks for more in one message; a pasted article has hundreds

_CLAUSE = re.compile(r"[,。!?;:~\n]+|(?<=[\u4e00-\u9fff]) +(?=\S)")
# Voice typing leaves no marks: these words open a second wish.
_TURN = re.compile(r"(?<=\S)(?=改报|改成(?:周|星期|明天|后天)|换成周|顺便|另外|然后(?:帮|我)|再帮我|还想听|还想点)")
_HEDGED = re.compile(
    r"如果|要是|万一|可能|不一定|看情况|也许|好像|说不定|再说|到时看|还没(?:定|想好)|考虑|(?:吗|不|呢)\?|"
    r"[吗么](?:$|[ ,])"
)
_DENIED = re.compile(r"(?:不|没|别|未|勿)(?!好意思|问题|过|见|用谢|客气|然|错|得)")
_REASON = re.compile(r"上次|上回|之前|前面|讲得|讲的")
_HOW = re.compile(
    r"(?:而且|还有|就是)?(?:最好|希望|建议)(?:能|可以|要)?(?:是|用|有|在|请)?"
    r"(?:(?:个|位)?(?:会|懂)?(?:讲|说)?[\u4e00-\u9fff]{2}话(?:来|去)?(?:讲|说)?|"
    r"[^,]{0,4}(?:晚上|夜晚|中午|上午|下午|早上|周末|圩日|星期.|礼拜.|周.|晚饭后|农闲)[^,]{0,4})"
    r"(?:的老师|的人|的|吧|啦|哦|啊|就好|更好|最好)?"
)
_STATED = re.compile(r"分|星|评")


@dataclass(frozen=True, slots=True)
class Reading:
    """One act before its slots are filled: ``text[start:end]`` is the part of the message it was read from."""

    intent: Intent
    confidence: float
    words: str
    rule: str
    start: int
    end: int


def read_intents(text: str, model: IntentModel, *, rules_only: bool = False) -> tuple[Reading, ...]:
    """The acts of normalised ``text`` in the order they were said; never empty.

    ``rules_only`` leaves the model out: what no rule takes is then of intent "none".
    """
    whole = _read_whole(text, None if rules_only else model)
    if whole.rule == "model" or whole.intent in _ALONE:
        return (whole,)
    parts = tuple(_clauses(text))
    if len(parts) == 1:
        return (whole,)
    readings = [reading for start, end in parts if (reading := _read_clause(text, start, end))]
    if any(reading.intent in _TELL_HOW for reading in readings):
        readings = [reading for reading in readings if not _only_says_how(reading, text)]
    acts = _merge(readings)
    if len({act.intent for act in acts}) < 2:
        told_how = whole.intent == "suggestion" and acts and acts[0].intent in _TELL_HOW
        return (replace(acts[0], start=0, end=len(text)),) if told_how else (whole,)
    return _reasons_last(_spread(acts, len(text)))


def _only_says_how(reading: Reading, text: str) -> bool:
    """Whether a clause says no more than how, or when, something is wished for: 最好讲白话."""
    return reading.intent == "suggestion" and _HOW.fullmatch(text[reading.start : reading.end].strip()) is not None


def _read_whole(text: str, model: IntentModel | None) -> Reading:
    for rule in RULES:
        if found := rule.find(text):
            return _hedge(Reading(rule.intent, rule.confidence, found.group().strip(), rule.name, 0, len(text)), text)
    intent, sureness = model.best(text) if model else ("none", 0.0)
    if intent in WRITES:
        sureness = min(sureness, UNSURE)
    return Reading(intent, sureness, text[:20], "model", 0, len(text))


def _read_clause(text: str, start: int, end: int) -> Reading | None:
    clause = text[start:end]
    for rule in RULES:
        if rule.act and (found := rule.find(clause)):
            return _hedge(Reading(rule.intent, rule.confidence, found.group().strip(), rule.name, start, end), clause)
    return None


def _hedge(reading: Reading, text: str) -> Reading:
    """A sign-up that holds a denial, or either write that is put as a question or a condition, is not sure."""
    unsure = reading.intent in WRITES and _HEDGED.search(text)
    unsure = unsure or (reading.intent == "sign_up" and _DENIED.search(text))
    return replace(reading, confidence=UNSURE) if unsure else reading


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """The bounds of the clauses that could each be an act."""
    cuts = [0]
    for mark in _CLAUSE.finditer(text):
        cuts += (mark.start(), mark.end())
    cuts.append(len(text))
    count = 0
    for start, end in zip(cuts[::2], cuts[1::2], strict=True):
        turns = [start, *(turn.start() for turn in _TURN.finditer(text, start, end)), end]
        for left, right in pairwise(turns):
            if right - left > 1 and count < MOST_CLAUSES:
                count += 1
                yield left, right


def _merge(readings: list[Reading]) -> list[Reading]:
    """Neighbours of one kind are one act; a topic and a lecturer that are wished for together are one order."""
    acts: list[Reading] = []
    for reading in readings:
        same = next((at for at, act in enumerate(acts) if _one_act(act, reading)), None)
        if same is None:
            acts.append(reading)
        else:
            first = acts[same]
            named = "order_lecturer" if "order_lecturer" in (first.intent, reading.intent) else first.intent
            sure = max(first.confidence, reading.confidence)
            acts[same] = replace(first, intent=named, confidence=sure, end=max(first.end, reading.end))
    return acts


def _spread(acts: list[Reading], length: int) -> list[Reading]:
    """Each act reaches to the next: 改报周日的,两个人 is one sign-up, though its last clause asks for nothing."""
    starts = [0, *(act.start for act in acts[1:]), length]
    return [replace(act, start=start, end=end) for act, (start, end) in zip(acts, pairwise(starts), strict=True)]


def _one_act(first: Reading, second: Reading) -> bool:
    return first.intent == second.intent or {first.intent, second.intent} <= ORDERS


def _reasons_last(acts: list[Reading]) -> tuple[Reading, ...]:
    """Praise or blame that only gives the reason of an order stands behind it."""
    first, second, *others = acts
    reason = first.intent == "feedback" and second.intent in ORDERS and _REASON.search(first.words)
    if reason and not _STATED.search(first.words):
        return (second, first, *others)
    return tuple(acts)
