"""Merge the posts of a 接龙. Each is a snapshot of the whole list, so only its difference from its base counts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .align import Diff, alike, diff, same_person
from .appmsg import parse
from .fold import fold, name_key
from .values import (
    Chain,
    Change,
    Doubt,
    DoubtKind,
    Entry,
    Line,
    ListState,
    MergeResult,
    Post,
    Row,
    Snapshot,
    Solitaire,
)

KEEP = 50  # snapshots of one list that are remembered as possible bases
_EMPTY = Snapshot(seq=0, lines=())
_LECTURE = re.compile(r"讲座|讲课|宣讲|培训|听课|课堂|报名|参加|活动|会议|体检|义诊|talk|lecture|training", re.I)
_ERRAND = re.compile(r"买|卖|捐|团购|苗|订|款|打卡|日报|体温|拼车|化肥|种子|红包", re.I)


def merge(state: ListState, post: Post) -> MergeResult:
    """Take one post into the room's lists. A post that is no 接龙, or quotes one, changes nothing."""
    seen = parse(post.text)
    if not seen.is_jielong:
        return MergeResult(state)
    index = _chain_of(state, post, seen)
    if index is None:
        chain = Chain(title=seen.title, author=_author(post, seen))
        state, index = replace(state, chains=(*state.chains, chain)), len(state.chains)
    chain = state.chains[index]
    turn = _Turn(chain, post, seen.author or chain.author)
    turn.take(seen)
    merged = replace(
        chain,
        title=seen.title or chain.title,
        author=turn.author,
        rows=tuple(turn.rows),
        snapshots=(*chain.snapshots, Snapshot(post.seq, tuple(turn.lines)))[-KEEP:],
    )
    chains = (*state.chains[:index], merged, *state.chains[index + 1 :])
    return MergeResult(
        ListState(chains), index, tuple(turn.joined), tuple(turn.edited), tuple(turn.withdrawn), tuple(turn.unclear)
    )


def main_chain(state: ListState) -> Chain | None:
    """The list that is about a lecture (not about seedlings or money); the oldest of those alike."""
    return max(state.chains, key=lambda chain: weight(chain.title or ""), default=None)


def weight(title: str) -> int:
    """Whether a title sounds like a lecture (1), an errand (-1), or like neither or both (0)."""
    title = fold(title)
    return bool(_LECTURE.search(title)) - bool(_ERRAND.search(title))


def _author(post: Post, seen: Solitaire) -> str | None:
    """The list's creator: named by the XML, else who posts first and did not join below somebody else."""
    if seen.author:
        return seen.author
    joined_below = any(same_person(entry.name, post.shown) for entry in seen.entries[1:])
    return None if post.anonymous or joined_below else post.sender


def _chain_of(state: ListState, post: Post, seen: Solitaire) -> int | None:
    """Which list a post carries on: its parent's, else one with the same title, else one it repeats from the top."""
    if post.parent:
        for index, chain in enumerate(state.chains):
            if any(snapshot.seq == post.parent for snapshot in chain.snapshots):
                return index
    newest_first = list(reversed(list(enumerate(state.chains))))
    for index, chain in newest_first:
        if seen.title and chain.title and name_key(seen.title) == name_key(chain.title):
            return index
    words = [entry.raw for entry in seen.entries]
    for index, chain in newest_first:
        bases = [[line.entry.raw for line in snapshot.lines] for snapshot in chain.snapshots]
        if any(len(base) >= 2 and words[: len(base)] == base for base in bases):
            return index
        if seen.title is None and chain.title is None and any(set(words) & set(base) for base in bases):
            return index
    return None


@dataclass(slots=True)
class _Turn:
    """One post at work on one list; lives only inside ``merge``."""

    chain: Chain
    post: Post
    author: str | None
    rows: list[Row] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    joined: list[Change] = field(default_factory=list)
    edited: list[Change] = field(default_factory=list)
    withdrawn: list[Change] = field(default_factory=list)
    unclear: list[Doubt] = field(default_factory=list)

    def take(self, seen: Solitaire) -> None:
        self.rows = list(self.chain.rows)
        base = self._base(seen.entries)
        found = diff(base, seen.entries, self._rewritten)
        place = {id(entry): line.row for line, entry in found.kept}
        for line, entry in found.kept:
            self._keep(line, entry)
        self._drop(found)
        for index, entry in found.added:
            place[id(entry)] = self._add(index, entry, seen.entries, place)
        self.lines = [Line(place[id(entry)], entry) for entry in seen.entries]
        self._doubt_counts()

    # Who speaks

    @property
    def _by_author(self) -> bool:
        return self.author is not None and self.post.sender == self.author

    def _owns(self, row: Row) -> bool:
        """Whether the poster speaks for the line: it is theirs by id, else (where no id is known) by name."""
        member = row.entry.member_id
        if self.post.sender in (row.owner, member):
            return True
        if member or (row.owner is not None and not row.on_behalf) or self.post.anonymous:
            return False
        return same_person(row.entry.name, self.post.shown)

    def _may_decide(self, row: Row) -> bool:
        return self._by_author or self.post.anonymous or self._owns(row)

    def _rewritten(self, line: Line, entry: Entry) -> bool:
        """Different names at one place: a line reworded, unless the poster put their own in a neighbour's place."""
        row = self._row(line.row)
        theirs = same_person(entry.name, self.post.shown) and not self.post.anonymous
        if theirs and not self._owns(row):
            return False
        if any(name_key(entry.name) == name_key(other.entry.name) for other in self.rows):
            return False
        return alike(line.entry.name, entry.name) or self._may_decide(row)

    # The base

    def _base(self, entries: Sequence[Entry]) -> Snapshot:
        """The snapshot that the post was copied from: its parent, else the one that explains it best."""
        for snapshot in self.chain.snapshots:
            if self.post.parent and snapshot.seq == self.post.parent:
                return snapshot
        best, least = _EMPTY, float(10 * len(entries))
        for snapshot in reversed(self.chain.snapshots):
            cost = self._distance(snapshot, entries)
            if cost < least:
                best, least = snapshot, cost
        return best

    def _distance(self, snapshot: Snapshot, entries: Sequence[Entry]) -> float:
        """How much a post would have changed: what people do to their own line is cheap, to others' dear."""
        words = {entry.raw for entry in entries}
        names = {name_key(entry.name) for entry in entries}
        known = {name_key(line.entry.name) for line in snapshot.lines}
        rows = {row.id: row for row in self.rows}
        cost = 0.0
        for line in snapshot.lines:
            own = self._owns(rows[line.row])
            if name_key(line.entry.name) not in names:
                cost += 1.0 if own else 4.0
            elif line.entry.raw not in words:
                cost += 0.5 if own else 2.0
        added = [entry for entry in entries if name_key(entry.name) not in known]
        return cost + sum(0.5 if same_person(entry.name, self.post.shown) else 1.0 for entry in added)

    # The three kinds of difference

    def _keep(self, line: Line, entry: Entry) -> None:
        if _same(line.entry, entry):
            return
        row = self._row(line.row)
        if _same(row.entry, entry) and not row.gone:
            return
        if row.gone:
            if self._may_decide(row):
                self._rejoin(row, entry)
            else:
                self._doubt("stale", row, entry)
            return
        others_word = row.own_word and not self._may_decide(row)
        moved_on = not _same(row.entry, line.entry)
        if others_word and (moved_on or any(_same(entry, old) for old in row.former)):
            self._doubt("conflict", row, entry)
        elif entry.count == 0 and row.entry.count > 0 and not self._may_decide(row):
            self._doubt("dropped", row, entry)
        else:
            self._edit(row, entry)

    def _drop(self, found: Diff) -> None:
        still = {line.row for line, _ in found.kept}
        for line in found.dropped:
            row = self._row(line.row)
            if row.gone or row.id in still:
                continue
            if self._may_decide(row):
                self._put(replace(row, gone=True, own_word=True))
                self.withdrawn.append(Change(row.id, row.entry, None))
            else:
                self._doubt("dropped", row, line.entry)

    def _add(self, index: int, entry: Entry, entries: Sequence[Entry], place: dict[int, int]) -> int:
        """Take in an entry that the base does not have; the id of its row."""
        row = self._namesake(entry)
        if row is None:
            return self._join(index, entry, entries, place)
        if row.gone:
            if self._may_decide(row):
                self._rejoin(row, entry)
            else:
                self._doubt("stale", row, entry)
        elif not _same(row.entry, entry):
            twice = row.id in place.values()
            if twice and not self._owns(row):
                new = self._join(index, entry, entries, place)
                self._doubt("namesake", self._row(new), entry)
                return new
            if self._may_decide(row):
                self._edit(row, entry)
            else:
                self._doubt("conflict", row, entry)
        elif row.id in place.values() and not self._owns(row) and not self.chain.snapshots:
            new = self._join(index, entry, entries, place)
            self._doubt("namesake", self._row(new), entry)
            return new
        return row.id

    def _namesake(self, entry: Entry) -> Row | None:
        """The row that an added entry speaks of, if there is one."""
        named = [row for row in self.rows if name_key(row.entry.name) == name_key(entry.name)]
        if entry.member_id:
            named = [row for row in named if row.entry.member_id in (None, entry.member_id)]
        own = same_person(entry.name, self.post.shown) and not self.post.anonymous
        if own:  # somebody else of that name has a known id
            named = [row for row in named if self._owns(row)]
        return next((row for row in named if not row.gone), named[-1] if named else None)

    # Rows

    def _row(self, row_id: int) -> Row:
        return next(row for row in self.rows if row.id == row_id)

    def _put(self, row: Row) -> None:
        self.rows[next(i for i, old in enumerate(self.rows) if old.id == row.id)] = row

    def _join(self, index: int, entry: Entry, entries: Sequence[Entry], place: dict[int, int]) -> int:
        own = same_person(entry.name, self.post.shown)
        first = not self.chain.snapshots
        owner = None if self.post.anonymous or (first and not own) else self.post.sender
        row = Row(
            id=max((old.id for old in self.rows), default=0) + 1,
            entry=entry,
            owner=owner,
            on_behalf=not own,
            own_word=own or self._by_author,
        )
        below = next((place[id(later)] for later in entries[index + 1 :] if id(later) in place), None)
        at = len(self.rows) if below is None else next(i for i, old in enumerate(self.rows) if old.id == below)
        self.rows.insert(at, row)
        self.joined.append(Change(row.id, None, entry))
        return row.id

    def _rejoin(self, row: Row, entry: Entry) -> None:
        self.rows.remove(row)
        self.rows.append(replace(row, entry=entry, gone=False, own_word=True, former=(*row.former, row.entry)))
        self.joined.append(Change(row.id, None, entry))

    def _edit(self, row: Row, entry: Entry) -> None:
        own = self._may_decide(row)
        self._put(replace(row, entry=entry, own_word=own, former=(*row.former, row.entry)[-20:]))
        change = Change(row.id, row.entry, entry)
        (self.withdrawn if entry.count == 0 < row.entry.count else self.edited).append(change)
        if not own:
            self._doubt("edited", row, entry)

    def _doubt(self, kind: DoubtKind, row: Row, entry: Entry) -> None:
        self.unclear.append(Doubt(kind, row.id, entry))

    def _doubt_counts(self) -> None:
        for change in (*self.joined, *self.edited):
            if change.after is not None and not change.after.sure:
                self.unclear.append(Doubt("count", change.row, change.after))


def _same(one: Entry, other: Entry) -> bool:
    """Whether two wordings of a line say the same."""
    return (name_key(one.name), one.count, one.note) == (name_key(other.name), other.count, other.note)
