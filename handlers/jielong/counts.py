"""How many people a remark speaks of. Every rule has a name; figures that count no people are masked first."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from .fold import fold
from .patterns import (
    AGAIN,
    ALSO,
    BARE,
    BRING,
    CANCELLED,
    CORRECTED,
    COUPLE,
    GAP,
    GROWN,
    KIN_COUNT,
    KIN_ITEM,
    MASKS,
    MINUS,
    MOST,
    MOST_BARE,
    MOUTHS,
    NUM,
    PART,
    PEOPLE,
    PERHAPS,
    PLUS,
    RANGE,
    READ,
    THEIR_OWN,
    TIMES,
    TOTAL,
    USED,
    VALUE,
)


@dataclass(frozen=True, slots=True)
class People:
    """``count`` people, the rule that said so, and the span of a plain count in the remark ("2人")."""

    count: int
    why: str
    sure: bool = True
    plain: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Habits:
    """What the head of a list tells about its numbers."""

    bare: bool = True  # a bare number counts people; False in a list of money or goods
    plus_is_self: bool = False  # "参加的请+1": +1 is the person, not one more


def number(words: str | None) -> int:
    """Value of a match of ``NUM``, 0 to 999; 0 for nothing."""
    if not words:
        return 0
    if words.isdecimal():
        return int(words)
    if "十" in words:
        tens, _, ones = words.partition("十")
        return (VALUE[tens] if tens else 1) * 10 + (VALUE[ones] if ones else 0)
    return VALUE[words]


def _first(match: re.Match[str], *names: str) -> int:
    return next((number(match[name]) for name in names if match[name]), 0)


_KIN_WEIGHT = tuple((re.compile(words), weight) for weight, words in sorted(KIN_COUNT.items(), reverse=True))
_KIN_ITEM_RE = re.compile(KIN_ITEM, re.I)


def kin(words: str) -> int:
    """People in a list of relatives: 老婆孩子 2, 两个娃 2, 爸妈 2, 朋友3人 3."""
    people = 0
    for match in _KIN_ITEM_RE.finditer(words):
        weight = next((w for pattern, w in _KIN_WEIGHT if pattern.fullmatch(match["kin"])), 1)
        people += _first(match, "n", "after") or weight
    return people


def is_kin(words: str) -> bool:
    """Whether folded ``words`` are a relative and no name: 老婆, 两个娃."""
    return bool(_KIN_ITEM_RE.fullmatch(words))


def masked(remark: str) -> str:
    """The folded remark with every figure that counts no people blanked; same length."""
    text = fold(remark).lower()
    if len(text) != len(remark):  # a few letters grow when lowered
        text = fold(remark)
    for _, pattern in MASKS:
        text = pattern.sub(lambda m: GAP * len(m[0]), text)
    return text


def _parts(text: str) -> tuple[int, bool]:
    """Sum of 2大1小 and its like, and whether grown-ups are among them."""
    people, grown = 0, False
    for match in PART.finditer(text):
        people += _first(match, "n", "n2")
        grown = grown or bool(GROWN.search(match["kind"] or match["kind2"]))
    return people, grown


_Base = tuple[int, str, tuple[int, int] | None]


def _by_pattern(why: str, pattern: re.Pattern[str], *names: str) -> Callable[[str], _Base | None]:
    def rule(text: str) -> _Base | None:
        match = pattern.search(text)
        if match is None:
            return None
        return _first(match, *names), why, match.span()

    return rule


def _couple(text: str) -> _Base | None:
    match = COUPLE.search(text)
    if match is None:
        return None
    people = 2 if match["pair"] else 3 if match["trio"] else number(match["n"] or match["duo"])
    return people, "couple", None


def _adults_and_children(text: str) -> _Base | None:
    people, grown = _parts(text)
    if not people:
        return None
    plain = PEOPLE.search(PART.sub(lambda m: GAP * len(m[0]), text))
    if grown:
        return (number(plain["n"]) if plain else people), "parts", None
    if plain and re.search(rf"{NUM} ?(?:个人|人|位)[+ ]?{NUM}", text):
        return number(plain["n"]) + people, "parts", None
    return None if plain else (people + 1, "children", None)


_BASES: tuple[Callable[[str], _Base | None], ...] = (
    _by_pattern("total", TOTAL, "n"),
    _by_pattern("family", MOUTHS, "n", "n2", "n3"),
    _adults_and_children,
    _couple,
    _by_pattern("range", RANGE, "n"),
    _by_pattern("times", TIMES, "n", "n2"),
    _by_pattern("people", PEOPLE, "n"),
)
_PLAIN = frozenset({"people", "bare", "times"})


def _blank(match: re.Match[str]) -> str:
    return USED * len(match[0])


def _base(text: str, habits: Habits) -> _Base:
    for rule in _BASES:
        found = rule(text)
        if found and 0 <= found[0] <= MOST:
            return found
    match = BARE.search(text) if habits.bare else None
    if match and int(match["n"]) <= MOST_BARE:
        return int(match["n"]), "bare", match.span()
    return 1, "self", None


def _added(text: str, habits: Habits) -> tuple[int, str]:
    """People that a plus sign adds, and the text without them."""
    more = 0

    def take(match: re.Match[str]) -> str:
        nonlocal more
        if match["parts"]:
            more += _parts(match["parts"])[0] or kin(match["parts"])
        else:
            more += number(match["n"]) if match["n"] else kin(match["kin"])
        return USED * len(match[0])

    rest = PLUS.sub(take, text)
    if habits.plus_is_self and more:
        more -= 1
    return more, rest


def _brought(text: str, base: _Base) -> tuple[int, str]:
    """People brought along, where the base does not already count them, and the text without them."""
    more = 0
    for match in BRING.finditer(text):
        together = base[1] == "people" and base[2] is not None and base[2][1] == match.start() and "带" in match["how"]
        by_couple = base[1] == "couple" and "带" in match["how"]
        if base[1] == "self" or by_couple or together:
            more += number(match["n"]) if match["n"] else kin(match["kin"])
    if not more and base[1] == "self":
        more = sum(kin(match["kin"] or match["kin2"]) for match in ALSO.finditer(text))
    return more, text


def _lost(text: str) -> tuple[int, bool, str]:
    """People that stay away while the others come, whether they are relatives only, and the text without that."""
    gone, relatives = 0, False

    def take(match: re.Match[str]) -> str:
        nonlocal gone, relatives
        gone += number(match["n"]) if match["n"] else kin(match["kin"])
        relatives = relatives or bool(match["kin"])
        return USED * len(match[0])

    taken = THEIR_OWN.sub(take, text)
    if gone:
        taken = CANCELLED.sub(_blank, taken)
    return gone, relatives, taken


def _amount(text: str, habits: Habits) -> People:
    """The count that ``text`` (masked, without withdrawals) comes to."""
    minus = 0

    def take(match: re.Match[str]) -> str:
        nonlocal minus
        minus += _first(match, "n", "n2")
        return USED * len(match[0])

    text = MINUS.sub(take, text)
    more, text = _added(text, habits)
    without_company = BRING.sub(_blank, text)
    base = _base(without_company, habits)
    if base[1] == "self" and BRING.search(text) is None:
        base = _base(text, habits)
    brought, text = _brought(text, base)
    people = base[0] + more + brought - minus
    plain = base[2] if base[1] in _PLAIN and people == base[0] else None
    why = base[1] if people == base[0] else f"{base[1]}{people - base[0]:+d}"
    return People(min(max(people, 0), MOST), why, sure=base[1] != "range", plain=plain)


def read_people(remark: str, habits: Habits = Habits()) -> People:
    """How many people ``remark`` (the line without its name) says come. 1 when it says nothing, 0 when withdrawn."""
    if not remark.strip():
        return People(1, "self")
    text = masked(remark[:READ])
    unsure = bool(PERHAPS.search(text))
    gone, relatives, text = _lost(text)
    last = None if unsure else max((m.start() for m in CANCELLED.finditer(text)), default=None)
    if last is not None and not AGAIN.search(text, last) and not MINUS.search(text):
        return People(0, "withdrawn")
    mark, tail = _split_correction(text)
    if mark:
        right = _amount(tail, habits)
        if right.why != "self":
            return People(right.count, f"corrected:{right.why}", sure=right.sure)
    found = _amount(CORRECTED.sub(_blank, text) if mark else text, habits)
    if gone:
        left = found.count - gone if found.count > gone else found.count if relatives else 0
        return People(left, f"{found.why}-{gone}", sure=relatives or found.count > gone)
    if re.search(r"全家|一家(?!医)|家人都|们(?:都|一起)", text) and found.why == "self":
        return People(1, "family of unknown size", sure=False)
    return People(found.count, found.why, sure=found.sure and not unsure, plain=found.plain)


def _split_correction(text: str) -> tuple[str, str]:
    """The last mark of a correction and what follows it; empty when there is none."""
    marks = list(CORRECTED.finditer(text))
    return (marks[-1][0], text[marks[-1].end() :]) if marks else ("", "")
