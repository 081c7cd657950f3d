"""What a question is about: its words with their weights, ways of saying one thing made one, and what it asks for."""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.lexicon import HERE, LexiconError, TopicLexicon, read_table
from handlers.understand.cut import Tokenizer

SAYINGS = HERE / "sayings.yaml"

LIGHT = 0.12  # what a word weighs that says who or where, not what
COMMON, SPAN = 5.5, 6.0  # log-odds of a word at which it begins to weigh, and until it weighs one
LEAST = 0.15
GLUED = 60  # a word with a particle in it that jieba's corpus has less often was glued together
SINGLE = 0.75  # a single character says less than a word
ALIAS = 0.8  # what an alias of a topic weighs at the least
MATTER = 0.6  # and a word that the file of sayings knows
STORY = 0.45  # what any other word weighs at the most: people tell stories around their question

_NOISE = re.compile(r"[\W_]+|[a-z]{1,2}")
_NUMBERS = re.compile(
    r"[0-9零一二两三四五六七八九十百千万几半]+"
    r"(?:个多月|个月|小时|分钟|年多|[个年月天日号岁亩块台头只条元户层间斤口次点分处杯])|[0-9]{1,2}(?![0-9])"
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One thing that people say in several ways: ``name`` is its first wording. ``kind`` as in the file."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Sayings:
    """The checked file. ``lengths`` maps a first character to the lengths of its wordings, longest first."""

    meanings: Mapping[str, Meaning]
    lengths: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as `find_answer` sees it: the words that matter with their weights, and what is asked for."""

    words: Mapping[str, float]
    asks: frozenset[str]


Reader = Callable[[str], Reading]


def load_sayings(path: Path = SAYINGS) -> Sayings:
    """Read the ways of saying. Raises ``LexiconError`` with a Chinese message when the file cannot be used."""
    try:
        table = read_table(path)
    except OSError as error:
        raise LexiconError(f"{path.name} 读不出来：{error}") from error
    if not isinstance(table, dict) or set(table) != {"asks", "skip", "light", "same"}:
        raise LexiconError(f"{path.name} 要有 asks、skip、light、same 四段")
    meanings: dict[str, Meaning] = {}
    for name, kind, wordings in _lines(table):
        for wording in wordings:
            known = meanings.setdefault(wording, Meaning(name, kind))
            if (known.name, known.kind) != (name, kind):
                raise LexiconError(f"{path.name} 里“{wording}”写在两处：{known.name}、{name}")
    lengths: dict[str, set[int]] = {}
    for wording in meanings:
        if len(wording) > 1:
            lengths.setdefault(wording[0], set()).add(len(wording))
    return Sayings(meanings, {head: tuple(sorted(sizes, reverse=True)) for head, sizes in lengths.items()})


def _lines(table: Mapping[str, Any]) -> Iterator[tuple[str, str, Sequence[str]]]:
    for name, wordings in table["asks"].items():
        yield name, "asks", wordings.split()
    for wording in table["skip"].split():
        yield wording, "skip", (wording,)
    for kind in ("light", "same"):
        for line in table[kind]:
            wordings = line.split()
            yield wordings[0], kind, wordings


def reader(sayings: Sayings, tokenizer: Tokenizer, topics: TopicLexicon | None) -> Reader:
    """A function that reads normalised text. Weights of words are kept, so reading again is cheap."""
    weights: dict[str, float] = {}

    def weight(word: str, *, matter: bool) -> float:
        if word not in weights:
            if len(weights) > 20_000:  # a bound for what people type in years
                weights.clear()
            weights[word] = _weight(word, tokenizer, topics, matter=matter)
        return weights[word]

    def read(text: str) -> Reading:
        words: dict[str, float] = {}
        asks = set()
        for said, meaning in _pieces(text.lower(), sayings, tokenizer):
            if meaning is None:
                words[said] = weight(said, matter=False)
            elif meaning.kind == "asks":
                asks.add(meaning.name)
            elif meaning.kind != "skip":
                words[meaning.name] = LIGHT if meaning.kind == "light" else weight(meaning.name, matter=True)
        return Reading(words, frozenset(asks))

    return read


def _weight(word: str, tokenizer: Tokenizer, topics: TopicLexicon | None, *, matter: bool) -> float:
    odds = math.log(tokenizer.total / (tokenizer.natural(word) + 20))
    weight = min(1.0, max(LEAST, (odds - COMMON) / SPAN))
    if len(word) == 1:
        weight *= SINGLE
    if topics is not None and len(word) > 1 and word in topics.words and topics.words[word].strength != "weak":
        return max(weight, ALIAS)
    if not matter:
        return min(weight, STORY)
    return max(weight, MATTER) if len(word) > 1 else weight


def _pieces(text: str, sayings: Sayings, tokenizer: Tokenizer) -> Iterator[tuple[str, Meaning | None]]:
    """The wordings of the file where they stand, longest first, and the words between them."""
    gap = at = 0
    while at < len(text):
        wording = _wording(text, at, sayings)
        if wording is None:
            at += 1
            continue
        yield from _between(text[gap:at], sayings, tokenizer)
        yield wording, sayings.meanings[wording]
        gap = at = at + len(wording)
    yield from _between(text[gap:], sayings, tokenizer)


def _wording(text: str, at: int, sayings: Sayings) -> str | None:
    for size in sayings.lengths.get(text[at], ()):
        if text[at : at + size] in sayings.meanings:
            return text[at : at + size]
    return None


def _between(text: str, sayings: Sayings, tokenizer: Tokenizer) -> Iterator[tuple[str, Meaning | None]]:
    for cut in tokenizer.words(_NUMBERS.sub(" ", text)) if text else ():
        for word in _stems(cut, sayings, tokenizer):
            meaning = sayings.meanings.get(word)
            if meaning is not None or not _NOISE.fullmatch(word):
                yield word, meaning


def _stems(word: str, sayings: Sayings, tokenizer: Tokenizer) -> Sequence[str]:
    """The word; or its characters, when it is a guess of the cutter that glued a particle on (要收, 药都)."""
    if len(word) == 2 and word not in sayings.meanings:
        skipped = [sayings.meanings[letter].kind == "skip" if letter in sayings.meanings else False for letter in word]
        if any(skipped) and tokenizer.natural(word) < GLUED:
            return tuple(word)
    return (word,)
