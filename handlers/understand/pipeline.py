"""From one message to its meaning: gate, normalise, intents, slots. Pure: ``now`` and the lexicon are arguments."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from data.lexicon import OTHER
from handlers.understand import slots
from handlers.understand.gate import borne_out, calls_for, concerns, plainly_meant
from handlers.understand.intents import CONFIRM_BELOW, ORDERS, WRITES, Reading, read_intents
from handlers.understand.lecturers import find_lecturers
from handlers.understand.lexicon import Lexicon
from handlers.understand.normalise import normalise
from handlers.understand.places import find_places
from handlers.understand.topics import Mention, TopicHit, find_aliases, rank_topics
from handlers.understand.typos import match_typo
from handlers.understand.values import Act, Evidence, Intent, Understanding, Utterance, When
from handlers.understand.when import read_times
from handlers.understand.wish import wish_of

SURE_TOPIC = 0.55  # below this share the next likely topic is offered too
NEAR_TOPIC = 0.25  # a topic with less is not offered
WISH_LENGTH = 40  # a longer wish tells a story, in which more topics are weighed
SHORT = 20  # a question no longer than this is about the one topic it names
STORY = 10  # a shorter line that asks for nothing is about nothing
TYPO_LENGTH = 24  # a longer text names its topic without a typo somewhere
UNADDRESSED: frozenset[Intent] = frozenset(
    {"order_topic", "order_lecturer", "ask_schedule", "sign_up", "cancel", "feedback", "suggestion", "help"}
)
_TIMED: frozenset[Intent] = UNADDRESSED - {"help"}
_PLACED: frozenset[Intent] = _TIMED - {"feedback"}
_SPOKEN: frozenset[Intent] = ORDERS | {"suggestion", "feedback", "ask_schedule"}  # may wish for a dialect
_ABOUT: frozenset[Intent] = frozenset({"question", "suggestion", "none"})  # what a petition can be taken for

_NUMBERED: frozenset[Intent] = frozenset({"cancel", "ask_schedule"})
_RANKED: frozenset[Intent] = ORDERS | _ABOUT  # others are about a topic only when they name one

_T = TypeVar("_T", str | None, int | None)

# No time can be told without one of these; reading times is the dearest step, and most wishes name none.
_TIMELY = re.compile(
    "[0-9零一二两三四五六七八九十几]点|[天晚早周期拜月日号午节年圩墟集初十旬闲忙春夏秋冬钟时现刚昼黑夜晨:/末寒暑季旦假收饭"
    "除明五六七庆谷雨夕诞芒满朝秒分班.m-]"
)

_VILLAGE = re.compile("[村屯寨]")  # who misspells a village still says that it is one
_NOTHING = (Act("none", 1.0),)


def understand(utterance: Utterance, lexicon: Lexicon, now: datetime) -> Understanding:
    """Read one message. ``now`` is naive local time. Never raises. A line not for the bot comes back as heard."""
    if not concerns(utterance):
        return Understanding(utterance.text, _NOTHING, reply=False)
    text = normalise(utterance.text)
    if utterance.addressed or utterance.listen == "command":
        acts = tuple(_acts(text, read_intents(text, lexicon.intents), lexicon, now))
        return Understanding(text, acts, utterance.addressed or acts[0].intent in UNADDRESSED)
    return _overheard(text, utterance, lexicon, now)


def named_exactly(words: str, lexicon: Lexicon) -> Act | None:
    """The order that ``words`` make where they are one alias of a topic and nothing else; nothing is left to read."""
    alias = lexicon.topics.words.get(words)
    if alias is None or alias.strength == "weak":
        return None
    evidence = (Evidence("intent", words, "command"), Evidence("topic", words, "alias"))
    return Act("order_topic", 1.0, topic=alias.topic, wish=words, evidence=evidence)


def _overheard(text: str, utterance: Utterance, lexicon: Lexicon, now: datetime) -> Understanding:
    """A line that nobody addressed to the bot: read only when it is plainly meant for it."""

    def has_topic(line: str) -> bool:
        if _mentions(line, lexicon) or _named_by(wish_of(line) or "", lexicon):
            return True
        return len(line) <= TYPO_LENGTH and match_typo(line, lexicon.sounds) is not None

    wording = plainly_meant(text, has_topic, lecture_open=utterance.lecture_open)
    if wording is None and calls_for(text) and any(hit.why == "name" for hit in find_lecturers(text, lexicon.roll)):
        wording = "wants-lecturer"
    readings = read_intents(text, lexicon.intents, rules_only=wording is None)
    wording = wording or borne_out(readings[0], text, has_topic, lecture_open=utterance.lecture_open)
    if wording is None or readings[0].intent not in UNADDRESSED:
        return Understanding(text, _NOTHING, reply=False)
    first, *others = _acts(text, readings, lexicon, now)
    meant = Evidence("reply", wording, "plainly meant for the bot")
    return Understanding(text, (replace(first, evidence=(*first.evidence, meant)), *others), reply=True)


def _mentions(text: str, lexicon: Lexicon) -> list[Mention]:
    return [mention for mention in find_aliases(text, lexicon.topics) if mention.alias.strength != "weak"]


def _acts(text: str, readings: Sequence[Reading], lexicon: Lexicon, now: datetime) -> Iterator[Act]:
    timed = _TIMELY.search(text) is not None and any(reading.intent in _TIMED for reading in readings)
    times = read_times(text, now, lexicon.calendar) if timed else ()
    for reading in readings:
        inside = [time.when for time in times if time.certain and reading.start <= time.start < reading.end]
        yield _fill(text[reading.start : reading.end], reading, inside, lexicon)


def _fill(text: str, reading: Reading, times: Sequence[When], lexicon: Lexicon) -> Act:
    """The act of ``reading`` with what ``text``, its part of the message, says about it."""
    intent = reading.intent
    proofs = [Evidence("intent", reading.words, "model" if reading.rule == "model" else f"rule {reading.rule}")]
    if intent in WRITES and reading.confidence < CONFIRM_BELOW:
        proofs.append(Evidence("confirm", reading.words, f"asks first: below {CONFIRM_BELOW}"))
    sureness = round(reading.confidence, 3)
    if intent == "help":
        return Act(intent, sureness, evidence=tuple(proofs))
    if reading.rule == "choice":
        return Act(intent, sureness, wish=text, evidence=tuple(proofs))
    idle = intent == "none" and (reading.rule != "model" or len(text) < STORY) and not _mentions(text, lexicon)
    topic, topic_options = (None, ()) if idle else _topic(text, intent, lexicon, proofs)
    if topic is None and not topic_options and reading.rule == "model":
        topic = _misheard(text, lexicon, proofs)
    timed = intent in _TIMED
    when, when_text = _time(text, times, proofs) if timed else (None, None)
    lecturer, lecturer_options = _lecturer(text, intent, lexicon, proofs) if timed else (None, ())
    return Act(
        intent,
        sureness,
        topic=topic,
        topic_options=topic_options,
        wish=wish_of(text) if intent in ORDERS else None,
        lecturer=lecturer,
        lecturer_options=lecturer_options,
        when=when,
        when_text=when_text,
        count=_said("count", _count(text), proofs) if intent == "sign_up" else None,
        dialect=_said("dialect", slots.dialect(text), proofs) if intent in _SPOKEN else None,
        place=_place(text, lexicon, proofs) if intent in _PLACED else None,
        rating=_said("rating", slots.rating(text), proofs) if intent == "feedback" else None,
        for_whom=_said("for_whom", slots.for_whom(text), proofs) if intent in WRITES else None,
        order_number=_said("order_number", slots.order_number(text), proofs) if intent in _NUMBERED else None,
        evidence=tuple(proofs),
    )


def _said(part: str, value: _T, proofs: list[Evidence]) -> _T:
    """``value`` as it is, with its evidence when there is one."""
    if value is not None:
        proofs.append(Evidence(part, str(value), "slot rule"))
    return value


def _count(text: str) -> int | None:
    return slots.headcount(text) or slots.default_headcount(text)


def _topic(text: str, intent: Intent, lexicon: Lexicon, proofs: list[Evidence]) -> tuple[str | None, tuple[str, ...]]:
    """The topic's catalogue name, and the names to choose from when the best is not clearly ahead."""
    mentions = _mentions(text, lexicon)
    if not mentions and intent not in _RANKED:
        return None, ()
    if not mentions and intent in ORDERS and (named := _named_by(wish_of(text) or "", lexicon)):
        proofs.append(Evidence("topic", wish_of(text) or "", "part of a topic's name"))
        return (named[0], ()) if len(named) == 1 else (None, named)
    hits = _hits(text, intent, mentions, lexicon)
    best = hits[0]
    if not _tells(best, intent, text):
        return None, ()
    proofs.append(Evidence("topic", " ".join(best.words), best.why))
    return best.name, _options(hits) if intent in ORDERS else ()


def _misheard(text: str, lexicon: Lexicon, proofs: list[Evidence]) -> str | None:
    """A topic by its sound, in a short text that no rule could read: 高学压讲座."""
    heard = match_typo(text, lexicon.sounds) if len(text) <= TYPO_LENGTH else None
    if heard is None:
        return None
    proofs.append(Evidence("topic", " ".join(heard.words), heard.why))
    return heard.name


def _named_by(wish: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The topics whose catalogue name holds a short wish: 保险 is two of them, and is asked about."""
    words = wish.removesuffix("的课").removesuffix("的").removesuffix("方面")
    return tuple(name for name in lexicon.topics.names if 2 <= len(words) <= SHORT and words in name)


def _hits(text: str, intent: Intent, mentions: Sequence[Mention], lexicon: Lexicon) -> Sequence[TopicHit]:
    """Topics, best first. Ranking is for texts that are about something; a wish that names one topic needs none."""
    named = {mention.alias.topic for mention in mentions}
    if len(named) == 1 and len(text) <= (WISH_LENGTH if intent in _TIMED else SHORT):
        return (TopicHit(mentions[0].alias.topic, 1.0, tuple(mention.alias.text for mention in mentions)),)
    heard = match_typo(text, lexicon.sounds) if not mentions and len(text) <= TYPO_LENGTH and intent != "none" else None
    return (heard,) if heard else rank_topics(text, lexicon.topics, lexicon.topic_model, limit=3)


def _tells(best: TopicHit, intent: Intent, text: str) -> bool:
    """Whether the best topic is worth naming. 其他 is a topic of questions and petitions only."""
    if best.name == OTHER:
        return intent in ("question", "suggestion") or (intent == "none" and len(text) >= STORY)
    return bool(best.words) or (intent in _ABOUT and best.score >= SURE_TOPIC)


def _options(hits: Sequence[TopicHit]) -> tuple[str, ...]:
    if hits[0].score >= SURE_TOPIC:
        return ()
    near = tuple(hit.name for hit in hits if hit.words and hit.score >= NEAR_TOPIC and hit.name != OTHER)
    return near if len(near) > 1 else ()


def _time(text: str, times: Sequence[When], proofs: list[Evidence]) -> tuple[When | None, str | None]:
    """The time and the person's words for it; a time that cannot be placed has only the words."""
    when = times[0] if times else None
    words = when.text if when else slots.vague_time(text)
    if words is not None:
        proofs.append(Evidence("when", words, "placed" if when else "not placed: ask"))
    return when, words


def _lecturer(
    text: str, intent: Intent, lexicon: Lexicon, proofs: list[Evidence]
) -> tuple[str | None, tuple[str, ...]]:
    """Full names of the town's where they are known, else the words used; several are joined by 、."""
    hits = find_lecturers(text, lexicon.roll)
    if not hits:
        words = slots.titled(text) or slots.invited(text) if intent == "order_lecturer" else None
        return _said("lecturer", words, proofs), ()
    proofs.append(Evidence("lecturer", "、".join(hit.words for hit in hits), hits[0].why))
    name = "、".join(dict.fromkeys(hit.name for hit in hits))
    return name, hits[0].options if len(hits[0].options) > 1 else ()


def _place(text: str, lexicon: Lexicon, proofs: list[Evidence]) -> str | None:
    hits = find_places(text, lexicon.places, lexicon.venues)
    if hits and (hits[0].village or not _VILLAGE.search(text)):
        proofs.append(Evidence("place", hits[0].words, hits[0].why))
        return hits[0].name
    heard = match_typo(text, lexicon.village_sounds) if len(text) <= TYPO_LENGTH and _VILLAGE.search(text) else None
    if heard is not None:  # 上平村, for 上坪村
        proofs.append(Evidence("place", " ".join(heard.words), heard.why))
        return heard.name
    if hits:
        proofs.append(Evidence("place", hits[0].words, hits[0].why))
    return hits[0].name if hits else None
