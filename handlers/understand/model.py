"""A small linear model of intents: character n-grams, one weight per intent, read from a plain text file.

It speaks only where no precise rule does (`intents`). Written by ``python -m handlers.understand.train``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp
from pathlib import Path
from typing import cast, get_args

from handlers.understand.values import Intent

INTENTS: tuple[Intent, ...] = cast(tuple[Intent, ...], get_args(Intent))
SCALE = 100  # weights stand in the file as whole hundredths
READ_LENGTH = 120  # the wish stands in front; the rest of a long message is its story
_BIAS = "bias"


def grams(text: str) -> set[str]:
    """The 1- to 3-grams of normalised ``text``, with ``^`` and ``$`` for its ends; blanks do not count."""
    line = "^" + text[:READ_LENGTH].replace(" ", "") + "$"
    found = set(line)
    found.update(map("".join, pairwise(line)))
    found.update(map("".join, zip(line, line[1:], line[2:], strict=False)))
    return found


@dataclass(frozen=True, slots=True)
class IntentModel:
    """Weights per n-gram, as ``(index of intent, weight)`` pairs; ``bias`` has one weight per intent."""

    bias: tuple[float, ...]
    weights: Mapping[str, tuple[tuple[int, float], ...]]

    def scores(self, text: str) -> list[float]:
        """Probabilities in the order of ``INTENTS``; they sum to 1."""
        sums = list(self.bias)
        weights = self.weights
        for gram in grams(text):
            for index, weight in weights.get(gram, ()):
                sums[index] += weight
        top = max(sums)
        raised = [exp(value - top) for value in sums]
        total = sum(raised)
        return [value / total for value in raised]

    def best(self, text: str) -> tuple[Intent, float]:
        """The likeliest intent of normalised ``text`` and its probability."""
        scores = self.scores(text)
        index = max(range(len(scores)), key=scores.__getitem__)
        return INTENTS[index], scores[index]


def parse(lines: Iterable[str]) -> IntentModel:
    """Read a model. Raises ``ValueError`` when its intents are not the ones of this program."""
    rows = (line.rstrip("\n").split("\t") for line in lines if line.strip() and not line.startswith("#\t"))
    header = next(rows)
    if tuple(header[1:]) != INTENTS:
        raise ValueError(f"the model's intents are {header[1:]}: train it again")
    bias: tuple[float, ...] = ()
    weights: dict[str, tuple[tuple[int, float], ...]] = {}
    for gram, *numbers in rows:
        values = [int(number or 0) / SCALE for number in numbers]
        if gram == _BIAS:
            bias = tuple(values)
        else:
            weights[gram] = tuple((index, value) for index, value in enumerate(values) if value)
    return IntentModel(bias, weights)


def load(path: Path) -> IntentModel:
    """Read a model from its file. Raises ``OSError`` or ``ValueError``."""
    with path.open(encoding="utf-8") as lines:
        return parse(lines)


def dump(bias: Iterable[float], weights: Mapping[str, Iterable[float]]) -> Iterator[str]:
    """The lines of a model file, n-grams in a fixed order; weights that round to nothing are left out."""
    yield "\t".join(("gram", *INTENTS))
    yield "\t".join((_BIAS, *(str(round(value * SCALE)) for value in bias)))
    for gram in sorted(weights):
        whole = [round(value * SCALE) for value in weights[gram]]
        if any(whole):
            yield "\t".join((gram, *(str(value or "") for value in whole)))
