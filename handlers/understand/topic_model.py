"""A naive Bayes model of topics over character n-grams, for what the lexicon does not name.

It learns from ``topic_lines.txt`` each time it is loaded (a few hundredths of a second): there is no weights file that
could be out of step with the text, and a coordinator may add lines.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from data.lexicon import TOPIC_LINES, LexiconError, TopicLexicon

SMOOTHING = 0.3  # what an n-gram that a topic never showed counts there
LONGEST = 300  # characters; the model hears the opening, the lexicon all of it
EVIDENCE = 6.0  # n-grams say much the same as their neighbours: their sum is divided by √(n / EVIDENCE) at least
BOUND = 6.0  # log-odds; no topic gains or loses more than this
# Characters of asking and telling: an n-gram with one says how a thing is put, not what it is about.
_FUNCTION = frozenset(
    "的了吗呢啊吧么什怎哪请问要去能不可以有没是我你他她您们这那个和在到给被把就都也还很太多少几"
    "咨询关于反映投诉建议希望,。!?、"
)


@dataclass(frozen=True, slots=True)
class TopicModel:
    """Log-odds per n-gram, in the order of ``names``."""

    names: tuple[str, ...]
    weights: Mapping[str, tuple[float, ...]]

    def log_odds(self, text: str) -> dict[str, float]:
        """How much the n-grams of ``text`` speak for each topic against the average, within ±``BOUND``."""
        known = [self.weights[gram] for gram in sorted(grams(text)) if gram in self.weights]
        if not known:
            return dict.fromkeys(self.names, 0.0)
        share = 1 / max(1.0, math.sqrt(len(known) / EVIDENCE))
        sums = [share * sum(column) for column in zip(*known, strict=True)]
        return {name: max(-BOUND, min(BOUND, odds)) for name, odds in zip(self.names, sums, strict=True)}


def grams(text: str) -> set[str]:
    """The 2- and 3-grams of the opening of ``text`` that say what it is about; all digits count as one."""
    line = "".join("0" if char.isdigit() else char for char in text[:LONGEST] if not char.isspace())
    found = {line[at : at + size] for size in (2, 3) for at in range(len(line) - size + 1)}
    return {gram for gram in found if _FUNCTION.isdisjoint(gram)}


def train(lines: Iterable[tuple[str, str]], names: tuple[str, ...]) -> TopicModel:
    """Learn from ``(topic, text)`` lines. The same lines give the same model."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in names}
    sizes = Counter[str]()
    for topic, text in lines:
        counts[topic].update(grams(text))
        sizes[topic] += 1
    # One floor for all topics: smoothing by each topic's own size would let the smallest win every rare n-gram.
    floor = SMOOTHING * len(names) / max(1, sizes.total())
    weights = {}
    for gram in sorted(set().union(*counts.values())):
        logs = [math.log(counts[name][gram] / max(1, sizes[name]) + floor) for name in names]
        mean = sum(logs) / len(logs)
        weights[gram] = tuple(log - mean for log in logs)
    return TopicModel(names, weights)


def read_lines(path: Path = TOPIC_LINES) -> Iterator[tuple[str, str]]:
    """``(topic, text)`` from a file of ``[topic]`` sections. Raises LexiconError with the line number."""
    topic = ""
    for number, line in enumerate(map(str.strip, path.read_text(encoding="utf-8").splitlines()), 1):
        if line.startswith("[") and line.endswith("]"):
            topic = line[1:-1]
        elif line and not line.startswith("#"):
            if not topic:
                raise LexiconError(f"{path.name} 第{number}行:这一句前面没有 [题目]")
            yield topic, line


def load_model(lexicon: TopicLexicon, path: Path = TOPIC_LINES) -> TopicModel:
    """Train on the lines of ``path`` and on the lexicon's own aliases. Raises LexiconError for an unknown topic."""
    lines = list(read_lines(path))
    unknown = sorted({topic for topic, _ in lines} - set(lexicon.names))
    if unknown:
        raise LexiconError(f"{path.name} 里的题目不在词表中:{'、'.join(unknown)}")
    return train(lines, lexicon.names)
