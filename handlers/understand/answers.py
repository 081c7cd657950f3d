"""Which of the town's policy texts answers a question. Precision first: a question it is not sure of gets no answer.

A text answers when what the question is about (its weighty words) stands in one of the text's listed questions, its
title or its body, when the question asks for nothing that the text does not say (an amount, a date, an age), and when
no other text fits nearly as well. Pure; one index for all questions, built when the texts change.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from data.lexicon import TopicLexicon
from handlers.understand.cut import Tokenizer
from handlers.understand.normalise import normalise
from handlers.understand.sayings import LIGHT, Reader, Reading, Sayings, reader

LONGEST = 160  # characters; longer is a story for a person to read, not a question
FLOOR = 0.6  # the least score of an answer when the text knows every word
SHARE = 0.7  # and how much of the nearest line the question must say
FEW = 0.05  # the share of the question's weight that the text need not know
STRANGE_FLOOR = 0.6  # the same where the text knows less
FULL = 0.9
STRANGE = 0.35
KIN = 0.6  # a listed question that scores this share of the best tells too what the text answers
MARGIN = 0.05  # how far the runner-up of another family must lie behind
VETO = 0.55  # a word of this weight that the text does not know forbids the answer
ASK = 0.8  # what it weighs in a line that it asks for an amount, a date, …
IN_LINE, IN_TITLE, IN_BODY, NEAR = 1.0, 0.95, 0.8, 0.6  # what a word counts by where it was found
LISTED, TITLE, CLAUSE = 1.0, 0.9, 0.75  # what a line counts as the nearest
OTHER_TOPIC = 0.85  # the prior against a text of a topic other than the one that was heard
STRICT = frozenset(
    {"money", "amount", "percent", "age", "when", "long", "papers", "terms", "why", "which", "law", "shop"}
)
PHONE = re.compile(r"1[0-9]{2,4}(?![0-9])")

_CLAUSES = re.compile(r"[。！!？?；;,，:：]+")


@dataclass(frozen=True, slots=True)
class Text:
    """A policy text as a coordinator wrote it; ``questions`` are what it is listed to answer."""

    key: str
    topic: str
    title: str
    text: str
    questions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The text that answers. ``why``: the words that matched, then ``≈`` and the line it is nearest to."""

    key: str
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A listed question, a title or a clause of the body, read."""

    said: str
    worth: float
    reading: Reading
    weight: float
    telling: bool  # has three words that matter: fewer name a subject, not a question


@dataclass(frozen=True, slots=True)
class Fit:
    """A line held against a question: its score, and how much of it the question says."""

    line: Line
    score: float
    share: float


@dataclass(frozen=True, slots=True)
class Page:
    """A text, read: its lines, and what each of its words counts."""

    key: str
    family: str
    topic: str
    phone: bool
    lines: tuple[Line, ...]
    known_words: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class AnswerIndex:
    """Immutable once built. ``rarity`` 0..1 by word; ``pages_of`` says which pages have a word."""

    pages: tuple[Page, ...]
    pages_of: Mapping[str, tuple[int, ...]]
    rarity: Mapping[str, float]
    read: Reader


def index_texts(
    texts: Iterable[Text], tokenizer: Tokenizer, topics: TopicLexicon | None, sayings: Sayings
) -> AnswerIndex:
    """Read every text once. ``topics`` tells which words name a matter; ``sayings`` which say the same."""
    read = reader(sayings, tokenizer, topics)
    pages = tuple(_page(text, read) for text in texts)
    pages_of: dict[str, list[int]] = {}
    for number, page in enumerate(pages):
        for word in page.known_words:
            pages_of.setdefault(word, []).append(number)
    scale = math.log(len(pages) + 1) or 1.0
    rarity = {word: 0.5 + 0.5 * math.log((len(pages) + 1) / len(held)) / scale for word, held in pages_of.items()}
    return AnswerIndex(pages, {word: tuple(held) for word, held in pages_of.items()}, rarity, read)


def find_answer(question: str, index: AnswerIndex, *, topic: str | None = None) -> Answer | None:
    """The text that answers the normalised ``question``, or None when none surely does. Never raises.

    ``topic`` is what was heard elsewhere: it speaks against other topics, it does not rule them out.
    """
    if not question or len(question) > LONGEST:
        return None
    asked = index.read(question)
    words = {word: weight * index.rarity.get(word, 1.0) for word, weight in asked.words.items()}
    ranked = sorted(_candidates(words, asked.asks, index, topic), key=lambda found: -found[0].score)
    if not ranked or not ranked[0][1]:
        return None
    best, _, family = ranked[0]
    if any(other.score > best.score - MARGIN and name != family for other, _, name in ranked[1:]):
        return None
    return best


def _candidates(
    words: Mapping[str, float], asks: frozenset[str], index: AnswerIndex, topic: str | None
) -> Iterator[tuple[Answer, bool, str]]:
    """Every page that shares a word: its answer, whether it may be given, and its family."""
    total = sum(words.values())
    for number in sorted({number for word in words for number in index.pages_of.get(word, ())}):
        page = index.pages[number]
        prior = OTHER_TOPIC if topic and topic != page.topic else 1.0
        known = {word: _credit(word, page.known_words) for word in words}
        fits = [_fit(line, words, known, asks, total) for line in page.lines]
        best = max(fits, key=lambda fit: fit.score)
        listed = frozenset(
            ask
            for fit in fits
            if fit.line.worth == LISTED and fit.score >= KIN * best.score
            for ask in fit.line.reading.asks
        )
        stranger = sum(words[word] for word, credit in known.items() if not credit and words[word] > LIGHT) / total
        vetoed = any(words[word] >= VETO and not credit for word, credit in known.items())
        sure = any(_is_sure(fit, stranger, prior) for fit in fits)
        why = (*(word for word in words if known[word]), f"≈{best.line.said}")
        yield (
            Answer(page.key, best.score * prior, why),
            sure and not vetoed and _may_say(asks, listed, page),
            page.family,
        )


def _fit(line: Line, words: Mapping[str, float], known: Mapping[str, float], asks: frozenset[str], total: float) -> Fit:
    """How much of the question the line and its page say, and how much of the line the question says."""
    inside = line.reading.words
    said = sum(weight * (IN_LINE if word in inside else known[word]) for word, weight in words.items()) / total
    shared = sum(weight for word, weight in inside.items() if word in words or _near(word, words))
    shared += ASK * len(line.reading.asks & asks & STRICT)
    share = shared / line.weight if line.weight else 0.0
    return Fit(line, line.worth * said * (0.45 + 0.55 * share), share)


def _is_sure(fit: Fit, stranger: float, prior: float) -> bool:
    """Either the text knows every word, or the question says all of a telling line and little that is strange."""
    if stranger <= FEW:
        return fit.share >= SHARE and fit.score * prior >= FLOOR
    return fit.line.telling and stranger <= STRANGE and fit.share >= FULL and fit.score * prior >= STRANGE_FLOOR


def _may_say(asks: frozenset[str], listed: frozenset[str], page: Page) -> bool:
    """Whether the text says what is asked for: a number of a kind only when a listed question asks for that kind."""
    return not (asks & STRICT) - listed and ("phone" not in asks or page.phone)


def _credit(word: str, known_words: Mapping[str, float]) -> float:
    credit = known_words.get(word)
    if credit is None:
        return NEAR * IN_BODY if _near(word, known_words) else 0.0
    return credit


def _near(word: str, others: Mapping[str, float]) -> bool:
    """Whether a word of ``others`` is ``word`` and one character more, or less."""
    if len(word) < 2:
        return False
    return any(
        len(other) > 1 and abs(len(other) - len(word)) == 1 and (word in other or other in word) for other in others
    )


def _page(text: Text, read: Reader) -> Page:
    title, body = normalise(text.title), normalise(text.text)
    lines = [_line(normalise(question), LISTED, read) for question in text.questions]
    lines.append(_line(title, TITLE, read))
    clauses = [clause for clause in _CLAUSES.split(body) if len(clause) > 3]
    lines.extend(_line(clause, CLAUSE, read) for clause in clauses)
    known_words: dict[str, float] = {}
    for line in lines:
        credit = IN_BODY if line.worth == CLAUSE else IN_TITLE
        for word in line.reading.words:
            known_words[word] = max(credit, known_words.get(word, 0.0))
    family = text.key.partition("-")[0]
    return Page(text.key, family, text.topic, bool(PHONE.search(body)), tuple(lines), known_words)


def _line(said: str, worth: float, read: Reader) -> Line:
    reading = read(said)
    weight = sum(reading.words.values()) + ASK * len(reading.asks & STRICT)
    telling = sum(weight > LIGHT for weight in reading.words.values()) > 2
    return Line(said, worth, reading, weight, telling)
