"""Which topic of the catalogue a text is about: aliases of the lexicon first, a small linear model beside them."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from data.lexicon import OTHER, Alias, Strength, TopicLexicon
from handlers.understand.topic_model import TopicModel

Why = Literal["alias", "sound", "model"]

# What one mention is worth: how surely the word means the topic, times how much a word of that length can say.
STRENGTH: Mapping[Strength, float] = {"strong": 2.4, "aliases": 1.7, "weak": 0.5}
BY_LENGTH = (0.0, 0.6, 1.0, 1.25, 1.5)  # indexed by length in characters; longer counts as the last
TOGETHER = 4.0  # 甲+乙 in one sentence: written to overrule what either word says alone
REPEAT = 0.35  # what a second mention adds, as a share of the first
LATE = 0.75  # what a mention after the opening is worth, as a share of one in it
OPENING = 60  # characters: petitions say their matter in the first sentences
OTHER_SHARE = 0.7  # 其他 gives way: 小区 and 银行 often only say where
OTHER_START = 0.5  # 其他 is chosen when nothing speaks louder than this
MODEL_SHARE = 0.3  # how much one unit of the model's log-odds counts against alias scores
LONGEST = 2_000  # characters; the rest of a longer text is not read

_SENTENCE = re.compile(r"[^。！!？?；;\n]+")
_GREETING = re.compile(
    r"^(?:(?:尊敬|敬爱)的[^,。!?，！？]{0,12}?|[^,。!?，！？]{0,4})"
    r"(?:领导|书记|市长|县长|镇长|主任)们?[,:，： ]*(?:[您你]好)?[,:!，：！ ]+"
)


@dataclass(frozen=True, slots=True)
class TopicHit:
    """A topic that a text may be about. ``score`` 0..1 sums to 1 over the catalogue; ``words`` are the evidence."""

    name: str
    score: float
    words: tuple[str, ...] = ()
    why: Why = "alias"


@dataclass(frozen=True, slots=True)
class Mention:
    """An alias where it stands in the text."""

    start: int
    alias: Alias

    @property
    def end(self) -> int:
        return self.start + len(self.alias.text)


def rank_topics(
    text: str, lexicon: TopicLexicon, model: TopicModel | None = None, limit: int = 5
) -> tuple[TopicHit, ...]:
    """The likely topics of a normalised text, best first; 其他 leads when no topic fits. Never empty.

    ``words`` of the first hit are empty when nothing in the text was known: the topic is then new, or there is none.
    """
    body = _GREETING.sub("", text[:LONGEST].lower(), count=1)
    totals = dict.fromkeys(lexicon.names, 0.0)
    evidence: dict[str, dict[str, float]] = {}
    for alias, worth in _worths(body, lexicon):
        totals[alias.topic] += worth
        evidence.setdefault(alias.topic, {})[alias.text] = worth
    totals[OTHER] = max(totals[OTHER], OTHER_START)
    if model is not None and body:
        for name, odds in model.log_odds(body).items():
            totals[name] += MODEL_SHARE * odds
    return _hits(totals, evidence, limit)


def find_aliases(text: str, lexicon: TopicLexicon) -> tuple[Mention, ...]:
    """Every alias in ``text``, in order, without those that lie inside a longer one."""
    found: list[Mention] = []
    reached = 0
    for start, head in enumerate(text):
        for size in lexicon.lengths.get(head, ()):
            alias = lexicon.words.get(text[start : start + size])
            if alias is not None and len(alias.text) == size:
                if start + size > reached:
                    found.append(Mention(start, alias))
                    reached = start + size
                break
    return tuple(found)


def _worths(text: str, lexicon: TopicLexicon) -> Iterator[tuple[Alias, float]]:
    seen: dict[str, int] = {}
    mentions = find_aliases(text, lexicon)
    for mention in mentions:
        alias = mention.alias
        worth = STRENGTH[alias.strength] * BY_LENGTH[min(len(alias.text), len(BY_LENGTH) - 1)]
        worth *= REPEAT ** seen.get(alias.text, 0)
        seen[alias.text] = seen.get(alias.text, 0) + 1
        worth *= OTHER_SHARE if alias.topic == OTHER else 1.0
        yield alias, worth if mention.start < OPENING else worth * LATE
    yield from ((alias, TOGETHER) for alias in _together(text, mentions, lexicon))


def _together(text: str, mentions: Sequence[Mention], lexicon: TopicLexicon) -> Iterator[Alias]:
    """The 甲+乙 whose parts all stand in one sentence; a part ``@topic`` is any alias of that topic."""
    sentences = []
    for found in _SENTENCE.finditer(text):
        inside = {f"@{mention.alias.topic}" for mention in mentions if found.start() <= mention.start < found.end()}
        sentences.append((found.group(), inside))
    near = (alias for head in dict.fromkeys(text) for alias in lexicon.tails.get(head, ()))
    for alias in near:
        if alias.together[-1] not in text:
            continue
        if any(all(part in words or part in topics for part in alias.together) for words, topics in sentences):
            yield alias


def _hits(totals: Mapping[str, float], evidence: Mapping[str, Mapping[str, float]], limit: int) -> tuple[TopicHit, ...]:
    top = max(totals.values())
    powers = {name: math.exp((total - top) / 2) for name, total in totals.items()}
    whole = sum(powers.values())
    hits = []
    for name in sorted(powers, key=powers.__getitem__, reverse=True)[:limit]:
        words = evidence.get(name, {})
        ordered = tuple(sorted(words, key=lambda word: -words[word]))
        hits.append(TopicHit(name, powers[name] / whole, ordered, "alias" if ordered else "model"))
    return tuple(hits)
