"""What one snapshot changed against its base: which lines stayed, which fell out, which are new."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from .fold import name_key
from .values import Entry, Line, Snapshot

ALIKE = 0.5  # names at the same place that share this much are one person's, reworded


@dataclass(frozen=True, slots=True)
class Diff:
    """``kept``: pairs of the base's line and the post's entry; ``added`` entries come with their index in the post."""

    kept: tuple[tuple[Line, Entry], ...]
    dropped: tuple[Line, ...]
    added: tuple[tuple[int, Entry], ...]


def alike(one: str, other: str) -> bool:
    """Whether two names could be the same person's: 老三 / 黄老三, B / B edited, 桂芳 / 李桂芳."""
    a, b = name_key(one), name_key(other)
    if not a or not b:
        return False
    short, long = sorted((a, b), key=len)
    contained = short in long and (len(short) >= 2 or short.isascii())
    return a == b or contained or SequenceMatcher(None, a, b).ratio() >= ALIKE


def same_person(name: str, shown: str) -> bool:
    """Whether a line's name is the poster's own: equal, or one within the other (三队黄老三)."""
    a, b = name_key(name), name_key(shown)
    if not a or not b:
        return False
    short, long = sorted((a, b), key=len)
    return a == b or (short in long and len(short) >= 2)


def _pair(
    base: Sequence[Line], entries: Sequence[Entry], pairs: dict[int, int], key: Callable[[Entry], object]
) -> None:
    """Pair lines and entries that are still single and share a key, in order."""
    waiting: dict[object, list[int]] = {}
    for j in reversed(range(len(entries))):
        waiting.setdefault(key(entries[j]), []).append(j)
    taken = set(pairs.values())
    for i, line in enumerate(base):
        if i in pairs:
            continue
        places = waiting.get(key(line.entry), [])
        while places and places[-1] in taken:
            places.pop()
        if places and key(line.entry) is not None and not _strangers(line.entry, entries[places[-1]]):
            pairs[i] = places.pop()
            taken.add(pairs[i])


def _strangers(one: Entry, other: Entry) -> bool:
    return None not in (one.member_id, other.member_id) and one.member_id != other.member_id


def _member_key(entry: Entry) -> object:
    return (entry.member_id, name_key(entry.name)) if entry.member_id else None


def _raw_key(entry: Entry) -> object:
    return (entry.member_id, name_key(entry.name), entry.raw)


def _name_key(entry: Entry) -> object:
    return name_key(entry.name) or None


def _gaps(base: Sequence[Line], entries: Sequence[Entry], pairs: dict[int, int]) -> list[tuple[list[int], list[int]]]:
    """Single lines and single entries that stand between the same two neighbours."""
    taken = set(pairs.values())
    gaps: list[tuple[list[int], list[int]]] = []
    start_i = start_j = 0
    for i, j in (*sorted((i, j) for i, j in pairs.items()), (len(base), len(entries))):
        if j < start_j:  # moved about: no telling
            continue
        lone_i = [k for k in range(start_i, i) if k not in pairs]
        lone_j = [k for k in range(start_j, j) if k not in taken]
        if lone_i and lone_j:
            gaps.append((lone_i, lone_j))
        start_i, start_j = i + 1, j + 1
    return gaps


def diff(base: Snapshot, entries: Sequence[Entry], rewritten: Callable[[Line, Entry], bool]) -> Diff:
    """Compare a post with its base. ``rewritten`` says of two different names at one place whether it is one line."""
    pairs: dict[int, int] = {}
    for key in (_member_key, _raw_key, _name_key):
        _pair(base.lines, entries, pairs, key)
    for lone_i, lone_j in _gaps(base.lines, entries, pairs):
        free = list(lone_j)
        for i in lone_i:
            match = next((j for j in free if rewritten(base.lines[i], entries[j])), None)
            if match is not None:
                pairs[i] = match
                free.remove(match)
    taken = set(pairs.values())
    return Diff(
        kept=tuple((base.lines[i], entries[j]) for i, j in sorted(pairs.items())),
        dropped=tuple(line for i, line in enumerate(base.lines) if i not in pairs),
        added=tuple((j, entry) for j, entry in enumerate(entries) if j not in taken),
    )
