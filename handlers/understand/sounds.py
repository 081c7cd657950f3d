"""How words sound: Mandarin readings of characters, and how alike two words are to the ear and to the eye."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice, product
from pathlib import Path
from typing import NamedTuple

from data.lexicon import CANTONESE, PINYIN

# Where southern speakers and their voice keyboards do not tell two sounds apart: folded before comparing.
_FOLDS = (
    (re.compile(r"^([zcs])h"), r"\1"),
    (re.compile(r"^j(?=i$)"), "z"),
    (re.compile(r"^q(?=i$)"), "c"),
    (re.compile(r"^x(?=i$)"), "s"),
    (re.compile(r"^n(?=[aeiouv])"), "l"),
    (re.compile(r"^hu(?=[aeio])"), "f"),
    (re.compile(r"([aei])ng$"), r"\1n"),
)
FOLDED = 0.8  # how alike two syllables are that only a fold makes equal
SYLLABLE, SHARED, TONE = 0.6, 0.25, 0.15  # measured: F1 .94 with the guards of `typos`, .76 for syllables alone
MOST_SPELLINGS = 24  # of one word with many heteronyms


class Reading(NamedTuple):
    """One reading of a character: ``zhong``, 1, ``zong``. The neutral tone is 5."""

    syllable: str
    tone: int
    folded: str


@dataclass(frozen=True, slots=True)
class Pinyin:
    """Character → its readings, the usual one first. A character that is not in the table has none."""

    readings: Mapping[str, tuple[Reading, ...]]

    def spellings(self, word: str, *, folded: bool = False) -> tuple[tuple[str, ...], ...]:
        """The toneless spellings of ``word`` over all readings; empty when a character is unknown."""
        options = [
            dict.fromkeys(reading.folded if folded else reading.syllable for reading in self.readings.get(char, ()))
            for char in word
        ]
        return tuple(islice(product(*options), MOST_SPELLINGS))

    def heard(self, text: str) -> list[str]:
        """The folded usual reading of each character, "" for what is no known character."""
        readings = self.readings
        return [readings[char][0].folded if char in readings else "" for char in text]

    def likeness(self, heard: str, meant: str) -> float:
        """How alike two words of equal length are, 0..1: sound, then shared characters, then tones."""
        sound = tone = same = 0.0
        for one, other in zip(heard, meant, strict=True):
            if one == other:
                sound, tone, same = sound + 1, tone + 1, same + 1
                continue
            sounds, tones = self._closest(one, other)
            sound, tone = sound + sounds, tone + tones
        return (SYLLABLE * sound + SHARED * same + TONE * tone) / len(meant) if meant else 0.0

    def _closest(self, one: str, other: str) -> tuple[float, float]:
        """Likeness of sound and tone: of the usual readings when they are alike at all, else of the closest ones."""
        pairs = [_alike(a, b) for a in self.readings.get(one, ()) for b in self.readings.get(other, ())]
        if not pairs or pairs[0][0]:
            return pairs[0] if pairs else (0.0, 0.0)
        return max(pairs)


def fold(syllable: str) -> str:
    """``zhang`` → ``zan``: one spelling for the sounds that are often not told apart."""
    for pattern, plain in _FOLDS:
        syllable = pattern.sub(plain, syllable)
    return syllable


def load_pinyin(path: Path = PINYIN, alike: Path = CANTONESE) -> Pinyin:
    """Read the table of readings; characters that Cantonese does not tell apart get each other's, last."""
    readings: dict[str, list[Reading]] = {}
    later: list[tuple[str, Reading]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        spelled, usual, other = line.split("\t")
        reading = Reading(spelled[:-1], int(spelled[-1]), fold(spelled[:-1]))
        for char in usual:
            readings.setdefault(char, []).append(reading)
        later.extend((char, reading) for char in other)
    for char, reading in later:
        readings.setdefault(char, []).append(reading)
    for group in alike.read_text(encoding="utf-8").splitlines():
        shared = [] if group.startswith("#") else [readings[char][0] for char in group if char in readings]
        for char in group if shared else ():
            readings[char] += [reading for reading in shared if reading not in readings[char]]
    return Pinyin({char: tuple(found) for char, found in readings.items()})


def _alike(one: Reading, other: Reading) -> tuple[float, float]:
    """Likeness of two readings: of sound and of tone."""
    sound = 1.0 if one.syllable == other.syllable else FOLDED if one.folded == other.folded else 0.0
    return sound, float(one.tone == other.tone)
