"""Where a lecture is wished for: the town's villages, and venues that every village has."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data.lexicon import VENUES, read_table

Why = Literal["name", "short", "venue"]


@dataclass(frozen=True, slots=True)
class PlaceHit:
    """A place in the text: ``name`` is the village or the venue, with its village when both were said together."""

    name: str
    words: str
    start: int
    why: Why
    village: str | None = None

    @property
    def end(self) -> int:
        return self.start + len(self.words)


@dataclass(frozen=True, slots=True)
class Venues:
    """Venue words and what marks a doubtful one as a place: compiled from ``venues.yaml``."""

    plain: re.Pattern[str]
    marked: re.Pattern[str]
    suffix: re.Pattern[str]
    before: str
    after: str


def load_venues(path: Path = VENUES) -> Venues:
    """Read the venue words. Raises KeyError or YAMLError when the file is damaged."""
    table = {key: _either(words.split()) for key, words in read_table(path).items()}
    marked = table["marked"]
    return Venues(
        re.compile(table["plain"]),
        re.compile(rf"(?<=[在到去来于喺响])(?:{marked})|(?:{marked})(?=(?:{table['after']}))"),
        re.compile(rf"(?:{table['suffixes']})$"),
        table["before"],
        table["after"],
    )


def longest_first(places: Iterable[str]) -> tuple[str, ...]:
    """Place names in the order in which `find_places` wants them: a longer one hides a shorter within it."""
    return tuple(sorted(set(places), key=lambda place: (-len(place), place)))


def find_places(text: str, places: Sequence[str], venues: Venues) -> tuple[PlaceHit, ...]:
    """Villages and venues in normalised ``text``, in order; a village and its venue are one place.

    ``places`` are the village names, `longest_first`.
    """
    taken: list[PlaceHit] = []
    for hit in (*_villages(text, places), *_shortened(text, places, venues), *_venues(text, venues)):
        if not any(hit.start < other.end and other.start < hit.end for other in taken):
            taken.append(hit)
    return _joined(text, sorted(taken, key=lambda hit: hit.start))


def _either(words: Sequence[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def _villages(text: str, places: Sequence[str]) -> Iterator[PlaceHit]:
    for place in places:
        if place not in text:
            continue
        for found in re.finditer(re.escape(place), text):
            yield PlaceHit(place, place, found.start(), "name", place)


def _shortened(text: str, places: Sequence[str], venues: Venues) -> Iterator[PlaceHit]:
    """大石 for 大石村, when the words around say that it is a place: 在大石, 我们大石, 大石这边, 大石文化室."""
    for place in places:
        if place[:2] not in text:
            continue
        short = venues.suffix.sub("", place)
        if len(short) < 2 or short == place or short not in text:
            continue
        name = re.escape(short)
        after = rf"{name}(?=村|屯|寨|那边|这边|那里|人|{venues.plain.pattern})"
        near = rf"(?:{venues.before}|从|我们|咱们|我哋|俺们){name}|{after}"
        for found in re.finditer(near, text):
            yield PlaceHit(place, short, found.end() - len(short), "short", place)


def _venues(text: str, venues: Venues) -> Iterator[PlaceHit]:
    for pattern in (venues.plain, venues.marked):
        for found in pattern.finditer(text):
            yield PlaceHit(found.group(), found.group(), found.start(), "venue")


def _joined(text: str, hits: Sequence[PlaceHit]) -> tuple[PlaceHit, ...]:
    joined: list[PlaceHit] = []
    for hit in hits:
        last = joined[-1] if joined else None
        between = text[last.end : hit.start] if last else ""
        if last and not hit.village and between in ("", "的"):
            words = text[last.start : hit.end]
            joined[-1] = PlaceHit(last.name + hit.name, words, last.start, "venue", last.village)
        else:
            joined.append(hit)
    return tuple(joined)
