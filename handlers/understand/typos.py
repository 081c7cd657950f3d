"""Topics that were mistyped, misheard or typed as pinyin: 一保 → 医保, 高学压 → 高血压, fanzha → 反诈."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from handlers.understand.cut import Tokenizer
from handlers.understand.sounds import Pinyin
from handlers.understand.topics import TopicHit

ENOUGH = 0.68  # measured on written typos against adversarial negatives
SURE = 0.85  # as good as the alias itself; of several, the first is the topic and the rest its details
SPELLED = 0.95  # the score of an alias typed in pinyin
COMMON = 50  # a window that is itself a word this frequent was meant as it stands: 通风 is not 痛风
RARER = 3  # …unless it is SURE and the alias so many times more frequent: 水道 for 水稻
LONGEST_ALIAS = 6  # characters; longer names are found by the shorter ones
LONGEST_TEXT = 120  # characters; a long text says its topic without typos somewhere
# Light verbs and numbers before a noun of theirs: 弄药 is no slip for 农药, nor 三羊 for 山羊. (一 is: 一保.)
BEFORE_NOUNS = frozenset("弄给要去来做吃喝拿买卖看想找有没不两二三四五六七八九十几")
# Words of grammar: a window that holds one, and no character of the alias, is a piece of a sentence.
GRAMMAR = frozenset("的是了我你他她它这那不没在有就都也和跟又还很太再吗呢吧啊要会能可到去来上下里个人什么怎好说哪做")

_LETTERS = re.compile(r"[a-z]+(?: [a-z]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]+")

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sounded:
    """What a sound stands for: the catalogue's key and the alias."""

    key: str
    alias: str


@dataclass(frozen=True, slots=True)
class SoundIndex:
    """A catalogue made ready to be found by ear. Build once with ``sound_index``."""

    pinyin: Pinyin
    tokenizer: Tokenizer
    exact: Mapping[str, str]  # alias → catalogue key
    spelled: Mapping[str, Sounded]  # "yibao" → what it spells
    sounds: Mapping[Key, tuple[Sounded, ...]]  # folded syllables; of three or more, one may be "*"


def sound_index(catalogue: Mapping[str, Iterable[str]], pinyin: Pinyin, tokenizer: Tokenizer) -> SoundIndex:
    """Index ``{key: aliases}``, any catalogue, such as ``lexicon.spoken()``. The first key of an alias keeps it."""
    exact: dict[str, str] = {}
    spelled: dict[str, Sounded] = {}
    sounds: dict[Key, list[Sounded]] = {}
    for key, aliases in catalogue.items():
        for alias in aliases:
            if not 2 <= len(alias) <= LONGEST_ALIAS or not _HAN.fullmatch(alias):
                continue
            found = Sounded(exact.setdefault(alias, key), alias)
            for spelling in pinyin.spellings(alias):
                spelled.setdefault("".join(spelling), found)
            for folded in pinyin.spellings(alias, folded=True):
                for pattern in _patterns(folded):
                    sounds.setdefault(pattern, []).append(found)
    return SoundIndex(pinyin, tokenizer, exact, spelled, {pattern: tuple(found) for pattern, found in sounds.items()})


def match_typo(text: str, index: SoundIndex) -> TopicHit | None:
    """The topic whose alias ``text`` holds, sounds like or spells; None when nothing is near enough.

    ``words`` of the hit are the words as written and, when they differ, the alias that was meant.
    """
    text = text[:LONGEST_TEXT].lower()
    hits = list(_hits(text, index))
    sure = [hit for hit in hits if hit.score >= SURE]
    return sure[0] if sure else max(hits, key=lambda hit: hit.score, default=None)


def _hits(text: str, index: SoundIndex) -> Iterator[TopicHit]:
    """Likely topics, from left to right (those in pinyin first)."""
    for run in _LETTERS.finditer(text):
        found = index.spelled.get(run.group().replace(" ", ""))
        if found is not None:
            yield TopicHit(found.key, SPELLED, (run.group(), found.alias), "sound")
    heard = index.pinyin.heard(text)
    edges: frozenset[int] | None = None
    for run in _HAN.finditer(text):
        for start, end in _windows(*run.span()):
            window = text[start:end]
            if window in index.exact:
                yield TopicHit(index.exact[window], 1.0, (window,), "alias")
                continue
            nearest = _nearest(window, heard[start:end], index)
            if nearest is None:
                continue
            if edges is None:
                edges = _edges(text, index.tokenizer)
            if start in edges and end in edges:
                score, found = nearest
                yield TopicHit(found.key, score, (window, found.alias), "sound")


def _windows(start: int, end: int) -> Iterator[tuple[int, int]]:
    for at in range(start, end - 1):
        for stop in range(min(end, at + LONGEST_ALIAS), at + 1, -1):
            yield at, stop


def _nearest(window: str, heard: Sequence[str], index: SoundIndex) -> tuple[float, Sounded] | None:
    best: tuple[float, Sounded] | None = None
    for pattern in _patterns(tuple(heard)):
        for found in index.sounds.get(pattern, ()):
            score = index.pinyin.likeness(window, found.alias)
            if score < ENOUGH or (best is not None and score <= best[0]):
                continue
            near = "*" not in pattern or _near(window, found.alias, index.tokenizer)
            if near and _slip(window, found.alias, score, index.tokenizer):
                best = score, found
    return best


def _near(window: str, alias: str, tokenizer: Tokenizer) -> bool:
    """Of words that do not quite sound alike, whether a slip parts them, not a word as in 安全带 and 安全是."""
    rest = "".join(one for one, other in zip(window, alias, strict=True) if one == other)
    return GRAMMAR.isdisjoint(window) and not (rest in window and tokenizer.frequency(rest) >= COMMON)


def _slip(window: str, alias: str, score: float, tokenizer: Tokenizer) -> bool:
    """Whether ``window`` can be a slip for ``alias``, rather than what the writer wanted to write."""
    differ = [place for place, pair in enumerate(zip(window, alias, strict=True)) if pair[0] != pair[1]]
    shares = len(differ) < len(window)
    if differ[0] == 0 and window[0] in BEFORE_NOUNS:
        return False
    if not shares and not GRAMMAR.isdisjoint(window):
        return False
    frequency = tokenizer.frequency(window)
    return frequency < COMMON or (score >= SURE and shares and tokenizer.natural(alias) >= RARER * frequency)


def _patterns(folded: Key) -> Iterator[Key]:
    """The syllables themselves and, from three on, with each one open: nothing else can reach ``ENOUGH``."""
    yield folded
    if len(folded) > 2:
        for place in range(len(folded)):
            yield (*folded[:place], "*", *folded[place + 1 :])


def _edges(text: str, tokenizer: Tokenizer) -> frozenset[int]:
    """Offsets where a window may begin or end: not inside a word of the dictionary; guessed words do not bind."""
    at, found = 0, {0}
    for word in tokenizer.words(text):
        if tokenizer.frequency(word) == 0:
            found.update(range(at, at + len(word)))
        at += len(word)
        found.add(at)
    return frozenset(found)
