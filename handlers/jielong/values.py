"""What a 接龙 (WeChat's group solitaire list) is read as, and what a run of its posts comes to: plain frozen values."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list. ``count`` is people, 0 for a line that says it is withdrawn."""

    name: str
    count: int = 1
    note: str = ""  # the remark, without a plain count ("2人")
    number: int = 1  # its place in the list, from 1, whatever number was typed
    member_id: str | None = None  # only the XML form knows it
    raw: str = ""  # the item as written, without its number; continuation lines follow "\n"
    sure: bool = True  # False: a person should look at the count


@dataclass(frozen=True, slots=True)
class Solitaire:
    """One post, read. When ``is_jielong`` is false there are no entries; a quoted list still tells its title."""

    is_jielong: bool
    title: str | None = None
    notes: tuple[str, ...] = ()  # lines between the title and the list, and a closing paragraph
    example: str | None = None  # the block that began with 例, without that word
    entries: tuple[Entry, ...] = ()
    author: str | None = None  # member id of the list's creator; only the XML form knows it

    @property
    def total(self) -> int:
        """People on the list."""
        return sum(entry.count for entry in self.entries)


NOT_JIELONG = Solitaire(is_jielong=False)


@dataclass(frozen=True, slots=True)
class Post:
    """A message that may be a list. ``sender`` is a stable id (or a name where there is none), "" or "?" if unknown."""

    seq: int
    sender: str
    text: str
    parent: int | None = None  # seq of the post it was copied from; None or 0: not known
    name: str = ""  # the sender's name as shown; "" means that ``sender`` is a name

    @property
    def shown(self) -> str:
        return self.name or self.sender

    @property
    def anonymous(self) -> bool:
        return self.sender.strip() in ("", "?", "？")


@dataclass(frozen=True, slots=True)
class Row:
    """One person's place in the merged list. It outlives a withdrawal, so that a stale copy cannot bring it back."""

    id: int
    entry: Entry
    owner: str | None = None  # who posted the line first; None when it stood there before we looked
    on_behalf: bool = False  # the owner posted it under a name other than their own
    former: tuple[Entry, ...] = ()  # earlier wordings, oldest first
    gone: bool = False
    own_word: bool = False  # the last change was made by the person or the list's author


@dataclass(frozen=True, slots=True)
class Line:
    """A line of one snapshot, and the row that it speaks of."""

    row: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class Snapshot:
    seq: int
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """One list over time. ``rows`` are in list order and include those gone."""

    title: str | None
    author: str | None
    rows: tuple[Row, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(row.entry for row in self.rows if not row.gone)

    @property
    def total(self) -> int:
        """People on the merged list."""
        return sum(entry.count for entry in self.entries)


@dataclass(frozen=True, slots=True)
class ListState:
    """All lists of one room."""

    chains: tuple[Chain, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """``before`` is None for a new line, ``after`` is None for one that was taken off."""

    row: int
    before: Entry | None
    after: Entry | None


DoubtKind = Literal[
    "count",  # the words do not say for certain how many
    "dropped",  # somebody else's post left the line out: kept
    "edited",  # somebody else changed the line: taken over
    "conflict",  # a change against the person's own word: not taken over
    "stale",  # a line that was withdrawn stands there again: not taken over
    "namesake",  # the same name twice, from different people: both kept
]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A line for the 请核对 list: what the post says, and why it was not simply believed."""

    kind: DoubtKind
    row: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class MergeResult:
    """What one post changed. ``chain`` is the index into ``state.chains``; None when the post is no 接龙."""

    state: ListState
    chain: int | None = None
    joined: tuple[Change, ...] = ()
    edited: tuple[Change, ...] = ()
    withdrawn: tuple[Change, ...] = ()
    unclear: tuple[Doubt, ...] = ()
