"""The lists of a room as JSON and back: each wording of a line is kept once, however many snapshots show it."""

from collections.abc import Mapping
from typing import Any

from handlers.jielong import Chain, Entry, ListState, Row
from handlers.jielong.values import Line, Snapshot

SNAPSHOTS = 20  # of one list: older ones are no likely base of a new post


def encode(state: ListState) -> list[dict[str, object]]:
    """Plain lists and dicts, as compact as they stay readable."""
    return [_encode_chain(chain) for chain in state.chains]


def decode(chains: object) -> ListState:
    """What `encode` made; nothing where there is nothing."""
    return ListState(tuple(_decode_chain(chain) for chain in chains) if isinstance(chains, list) else ())


def _encode_chain(chain: Chain) -> dict[str, object]:
    places: dict[Entry, int] = {}

    def place(entry: Entry) -> int:
        return places.setdefault(entry, len(places))

    rows = [
        [row.id, place(row.entry), row.owner, row.on_behalf, [place(old) for old in row.former], row.gone, row.own_word]
        for row in chain.rows
    ]
    snapshots = [
        [snapshot.seq, [[line.row, place(line.entry)] for line in snapshot.lines]]
        for snapshot in chain.snapshots[-SNAPSHOTS:]
    ]
    entries = [[e.name, e.count, e.note, e.number, e.member_id, e.raw, e.sure] for e in places]
    return {"title": chain.title, "author": chain.author, "entries": entries, "rows": rows, "snapshots": snapshots}


def _decode_chain(kept: Mapping[str, Any]) -> Chain:
    entries = [Entry(*each) for each in kept["entries"]]
    rows = tuple(
        Row(row, entries[at], owner, behalf, tuple(entries[old] for old in former), gone, own)
        for row, at, owner, behalf, former, gone, own in kept["rows"]
    )
    snapshots = tuple(
        Snapshot(seq, tuple(Line(row, entries[at]) for row, at in lines)) for seq, lines in kept["snapshots"]
    )
    return Chain(kept["title"], kept["author"], rows, snapshots)
