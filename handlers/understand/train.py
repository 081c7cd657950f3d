"""Train the intent model from ``data/lexicon/intents.tsv``: ``python -m handlers.understand.train`` (seconds).

Softmax regression with AdaGrad over binary n-grams. Deterministic: a fixed seed orders the lines, and every sum runs
in a fixed order, so the same text always writes the same file.
"""

import argparse
import logging
import random
from collections import Counter
from collections.abc import Sequence
from math import exp, sqrt
from pathlib import Path

from handlers.understand.model import INTENTS, dump, grams
from handlers.understand.normalise import normalise

HERE = Path("data/lexicon")
EPOCHS = 12
RATE = 0.25
SEEN = 2  # an n-gram of one line only teaches that line
SMALL = 0.08  # weights below this are noise; leaving them out keeps the file short
LABELS: dict[str, int] = {name: index for index, name in enumerate(INTENTS)}

Line = tuple[str, str]  # intent, text
logger = logging.getLogger(__name__)


def read(path: Path) -> list[Line]:
    """The training lines. Raises ``ValueError`` with the line number for an unknown intent or a missing text."""
    lines: list[Line] = []
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not row.strip() or row.startswith("#"):
            continue
        intent, _, text = row.partition("\t")
        if intent not in LABELS or not text.strip():
            raise ValueError(f"{path}:{number}: {row!r}")
        lines.append((intent, text))
    return lines


def _step(sums: list[float], label: int) -> list[float]:
    """The gradient of the log loss at ``sums``."""
    top = max(sums)
    raised = [exp(value - top) for value in sums]
    total = sum(raised)
    return [value / total - (index == label) for index, value in enumerate(raised)]


def fit(lines: Sequence[Line]) -> tuple[list[float], dict[str, list[float]]]:
    """Bias and weights per n-gram, in the order of ``INTENTS``."""
    cases = [(sorted(grams(normalise(text))), LABELS[intent]) for intent, text in lines]
    seen = Counter(gram for found, _ in cases for gram in found)
    cases = [([gram for gram in found if seen[gram] >= SEEN], label) for found, label in cases]
    width = range(len(INTENTS))
    bias = [0.0] * len(INTENTS)
    weights = {gram: [0.0] * len(INTENTS) for gram in sorted(seen) if seen[gram] >= SEEN}
    squares = {gram: [1e-2] * len(INTENTS) for gram in weights}
    order = random.Random(3)
    for _ in range(EPOCHS):
        order.shuffle(cases)
        for found, label in cases:
            sums = list(bias)
            for gram in found:
                row = weights[gram]
                for index in width:
                    sums[index] += row[index]
            slope = _step(sums, label)
            for index in width:
                bias[index] -= 0.02 * slope[index]
            for gram in found:
                row, square = weights[gram], squares[gram]
                for index in width:
                    square[index] += slope[index] ** 2
                    row[index] -= RATE * slope[index] / sqrt(square[index]) * 0.25
    pruned = {gram: [value if abs(value) >= SMALL else 0.0 for value in row] for gram, row in weights.items()}
    return bias, pruned


def main(argv: Sequence[str] | None = None) -> None:
    """Read the training text and write the model beside it."""
    options = argparse.ArgumentParser(prog="python -m handlers.understand.train", description="Train the intent model.")
    options.add_argument("--text", type=Path, default=HERE / "intents.tsv")
    options.add_argument("--model", type=Path, default=HERE / "intents.model.tsv")
    chosen = options.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    lines = read(chosen.text)
    bias, weights = fit(lines)
    chosen.model.write_text("\n".join(dump(bias, weights)) + "\n", encoding="utf-8")
    logger.info("%d lines, %d n-grams → %s", len(lines), len(weights), chosen.model)


if __name__ == "__main__":
    main()
