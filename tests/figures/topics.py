"""Figures of topic finding on the shared data: ``python -m tests.figures.topics [--data DIR] [--misses]``."""

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from data.lexicon import load_lexicon
from handlers.understand.cut import load_tokenizer
from handlers.understand.normalise import normalise
from handlers.understand.sounds import load_pinyin
from handlers.understand.topic_model import load_model
from handlers.understand.topics import rank_topics
from handlers.understand.typos import match_typo, sound_index

Row = Mapping[str, str]


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; 1 when the data is absent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--misses", action="store_true", help="print each wrong row")
    options = parser.parse_args(arguments)
    if not (options.data / "policy_questions.tsv").exists():
        sys.stderr.write(f"no data in {options.data}\n")
        return 1
    for line in (*policy(options.data, options.misses), *typos(options.data, options.misses)):
        sys.stdout.write(line + "\n")
    return 0


def policy(data: Path, misses: bool) -> Iterator[str]:
    """Topic of the first hit against ``topic`` or one of ``topic_alt``."""
    lexicon = load_lexicon()
    model = load_model(lexicon)
    rows = read(data / "policy_questions.tsv")
    right = 0
    for row in rows:
        first = rank_topics(normalise(row["text"]), lexicon, model)[0]
        good = first.name in {row["topic"], *row["topic_alt"].split("|")}
        right += good
        if misses and not good:
            yield f"  {row['id']} {row['topic']} <- {first.name} {'、'.join(first.words)}: {row['text'][:60]}"
    yield f"policy_questions: topic right {right}/{len(rows)} = {right / len(rows):.3f}"


def typos(data: Path, misses: bool) -> Iterator[str]:
    """Precision and recall of a topic by alias or sound; a wrong topic counts against both."""
    catalogue = {key: words.split(",") for key, _, words in _plain(data / "typo_topics.tsv")}
    tokenizer = load_tokenizer(word for words in catalogue.values() for word in words)
    index = sound_index(catalogue, load_pinyin(), tokenizer)
    rows = read(data / "typos.tsv")
    right = said = 0
    for row in rows:
        hit = match_typo(normalise(row["text"]), index)
        said += hit is not None
        good = (hit.name if hit else "-") == row["topic"]
        right += good and hit is not None
        if misses and not good:
            yield f"  {row['text']} {row['topic']} <- {hit}"
    wanted = sum(row["topic"] != "-" for row in rows)
    yield f"typos: precision {right}/{said} = {right / said:.3f}, recall {right}/{wanted} = {right / wanted:.3f}"


def read(path: Path) -> list[Row]:
    """The rows of a tab-separated file with a header line."""
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


def _plain(path: Path) -> list[list[str]]:
    return [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]


if __name__ == "__main__":
    raise SystemExit(main())
