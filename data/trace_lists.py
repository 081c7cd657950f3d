"""A person in a 接龙, by its structure (`handlers.solitaire_codec`): whose line it is, never a word in it.

A line is theirs where its row stands for a sign-up of theirs, where they posted it for themself, where the XML gives
their id, or, where none of these says whose it is, where the whole name on it is theirs. Keys, titles, numbers and
everybody else's lines stay as they are.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

_NAME, _NOTE, _ID, _RAW = 0, 2, 4, 5  # places in an entry
_ROW, _AT, _OWNER, _BEHALF, _FORMER = range(5)  # places in a row


def names_in(lists: Mapping[str, Any], external_id: str, sign_ups: Collection[int]) -> Iterator[str]:
    """The names on the lines that are a person's own, by their id or by their own sign-up."""
    for number, chain in enumerate(_chains(lists)):
        for row in chain["rows"]:
            if _is_theirs(lists, number, chain, row, external_id, sign_ups):
                yield from (chain["entries"][at][_NAME] for at in (row[_AT], *row[_FORMER]))


def without(
    lists: Mapping[str, Any],
    external_id: str,
    sign_ups: Collection[int],
    names: Collection[str],
    *,
    someone: str,
    tombstone: str,
) -> dict[str, Any]:
    """The lists without a person: their id becomes ``tombstone``, their lines say ``someone``, the numbers stay."""
    chains = []
    for number, chain in enumerate(_chains(lists)):
        mine = {
            row[_ROW]
            for row in chain["rows"]
            if _is_theirs(lists, number, chain, row, external_id, sign_ups)
            or (_is_nobodys(lists, number, chain, row) and chain["entries"][row[_AT]][_NAME] in names)
        }
        at = {each for row in chain["rows"] if row[_ROW] in mine for each in (row[_AT], *row[_FORMER])}
        at |= {each for _, lines in chain["snapshots"] for row, each in lines if row in mine}
        entries = [
            _nobody(each, someone, tombstone) if place in at else each for place, each in enumerate(chain["entries"])
        ]
        rows = [
            [*row[:_OWNER], tombstone if row[_OWNER] == external_id else row[_OWNER], *row[_BEHALF:]]
            for row in chain["rows"]
        ]
        author = tombstone if chain["author"] == external_id else chain["author"]
        chains.append({**chain, "author": author, "entries": entries, "rows": rows})
    return {**lists, "chains": chains} if chains else dict(lists)


def doubts_without(unclear: list[dict[str, object]], names: Collection[str], someone: str) -> list[dict[str, object]]:
    """请核对 without what it says of their lines; ``why`` may quote one."""
    return [
        {**each, "name": someone, "why": _unquoted(str(each.get("why", "")))} if each.get("name") in names else each
        for each in unclear
    ]


def spoken_without(items: list[Any], strike: Callable[[str], str]) -> list[Any]:
    """What is said of a list (``+甲2人``, a line each), name by name."""
    return [[who, "\n".join(line[:1] + strike(line[1:]) for line in str(item).split("\n"))] for who, item in items]


def _chains(lists: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = lists.get("chains")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _is_theirs(
    lists: Mapping[str, Any],
    number: int,
    chain: Mapping[str, Any],
    row: list[Any],
    external_id: str,
    sign_ups: Collection[int],
) -> bool:
    linked = lists.get("links", {}).get(f"{number}:{row[_ROW]}")
    if chain["entries"][row[_AT]][_ID] == external_id or linked in sign_ups:
        return True
    return bool(row[_OWNER] == external_id and not row[_BEHALF])


def _is_nobodys(lists: Mapping[str, Any], number: int, chain: Mapping[str, Any], row: list[Any]) -> bool:
    """Whether only the name says whose line it is: no sign-up, no id, and nobody posted it for themself."""
    if f"{number}:{row[_ROW]}" in lists.get("links", {}) or chain["entries"][row[_AT]][_ID]:
        return False
    return bool(row[_OWNER] is None or row[_BEHALF])


def _nobody(entry: list[Any], someone: str, tombstone: str) -> list[Any]:
    """A line with its number of people, in words that read back to it."""
    name, count, _note, number, member_id, _raw, sure = entry
    raw = f"{someone} {count}人" if count > 1 else someone
    return [someone if name else name, count, "", number, tombstone if member_id else None, raw, sure]


def _unquoted(why: str) -> str:
    return why.rpartition("”")[2]
