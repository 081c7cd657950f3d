"""Cutting text into words: a light jieba tokenizer that knows the town's words. The only importer of jieba."""

import logging
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

# jieba opens its files through pkg_resources where it can, at 14 MB and a warning; without it, it just opens them.
_PACKAGES = sys.modules.get("pkg_resources")
sys.modules["pkg_resources"] = None  # type: ignore[assignment]
import jieba  # noqa: E402

if _PACKAGES is None:
    del sys.modules["pkg_resources"]
else:
    sys.modules["pkg_resources"] = _PACKAGES

# Measured with the import: the whole dictionary costs 81 MB and 0.69 s, words seen six times or more 46 MB and 0.35 s.
# Chat is cut alike, and no word that the common-word test (50) needs is lost.
MIN_FREQUENCY = 6
DOMAIN_FREQUENCY = 2_000
_SHORT = 4  # characters of a word that is not taken apart

jieba.setLogLevel(logging.CRITICAL)


class Tokenizer(jieba.Tokenizer):  # type: ignore[misc]
    """jieba's tokenizer with a trimmed dictionary, held in memory only: jieba's own writes a cache file to /tmp."""

    FREQ: dict[str, int]

    def __init__(self, words: Iterable[str] = ()) -> None:
        super().__init__()
        self.FREQ, self.total = _dictionary()
        self.initialized = True
        self._raised: dict[str, int] = {}  # domain words → their frequency in the dictionary
        for word in words:
            if len(word) > 1 and self.frequency(word) < DOMAIN_FREQUENCY:
                self._raised.setdefault(word, self.frequency(word))
                self.add_word(word, DOMAIN_FREQUENCY)

    def initialize(self, dictionary: str | None = None) -> None:
        """Nothing left to do: the dictionary was read when this object was made."""

    def words(self, text: str) -> list[str]:
        """The words of ``text``, in order; joined they give ``text`` back."""
        return list(self.cut(text))

    def short_words(self, text: str) -> list[str]:
        """As ``words``, long ones in parts (森林防火/和/用电/安全): between which a line of print may end."""
        return [part for word in self.cut(text) for part in (self._parts(word) if len(word) > _SHORT else (word,))]

    def _parts(self, word: str) -> Iterator[str]:
        """A word as the shorter ones that it is made of; one that was only guessed stays whole."""
        ends = self.get_DAG(word)
        if len(word) - 1 not in ends[0]:
            yield word
            return
        ends[0] = [end for end in ends[0] if end < len(word) - 1] or [0]
        route: dict[int, tuple[float, int]] = {}
        self.calc(word, ends, route)
        at = 0
        while at < len(word):
            end = route[at][1] + 1
            yield word[at:end]
            at = end

    def frequency(self, word: str) -> int:
        """How often jieba's corpus has ``word``; 0 when unknown."""
        return self.FREQ.get(word) or 0

    def natural(self, word: str) -> int:
        """Like ``frequency``, without what was added for domain words."""
        return self._raised.get(word, self.frequency(word))


def load_tokenizer(words: Iterable[str] = ()) -> Tokenizer:
    """A tokenizer that keeps ``words`` (topics, villages, lecturers) whole. About 0.3 s; keep the object."""
    return Tokenizer(words)


def _dictionary() -> tuple[dict[str, int], int]:
    frequencies: dict[str, int] = {}
    total = 0
    for word, frequency in _entries():
        frequencies[word] = frequency
        total += frequency
        for end in range(1, len(word)):  # jieba walks prefixes: each must be a key, 0 when it is no word
            frequencies.setdefault(word[:end], 0)
    return frequencies, total


def _entries() -> Iterator[tuple[str, int]]:
    with (Path(jieba.__file__).parent / "dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, count, _ = line.split(" ")
            frequency = int(count)
            if frequency >= MIN_FREQUENCY:
                yield word, frequency
