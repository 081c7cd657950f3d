"""From tokens to phrases: which kinds of token may follow which, with what between them; and ranges of two phrases."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from handlers.understand.when.lexicon import Token
from handlers.understand.when.pieces import Borrower, Clock, DayOffset, Dom, Lead, Month, Part, Piece, To, Weekday

DAYS = frozenset(
    ("date", "lunar", "feast", "nth", "weekday", "dom", "daynum", "day", "workday", "near", "market", "season", "after",
     "monthpart", "monthtail", "ago")
)  # fmt: skip
HOURS = frozenset(("part", "shortpart", "clock", "hm", "borrower"))
CONFIRMS = frozenset(("weekday", "feast", "lunar", "dom", "date", "month"))  # 明天(周三), 二月初二龙抬头

FOLLOWS: dict[str, frozenset[str]] = {
    "lead": DAYS | HOURS | {"month", "week", "months"},
    "year": frozenset(
        ("month", "lunar", "feast", "months", "season", "yeartail", "nth", "date", "dom", "edge", "borrower")
    ),
    "month": frozenset(("dom", "daynum", "nth", "monthtail", "monthpart", "edge", "lunar", "to")),
    "lunar": DAYS & CONFIRMS | HOURS | {"edge", "to"},
    "week": frozenset(("weekday", "edge", "to", "nth", "part")),
    "months": frozenset(("edge", "to", "monthtail")),
    "part": HOURS | {"edge", "to"},
    "shortpart": frozenset(("clock", "hm", "borrower", "edge", "to", "part")),
    "clock": frozenset(("edge", "to", "weekday")),
    "hm": frozenset(("edge", "to", "weekday")),
    "yeartail": frozenset(("edge", "to", "part")),
    "within": frozenset(),
    "past": frozenset(),
    "now": frozenset(("to",)),
    "borrower": frozenset(("to",)),
    **{
        kind: HOURS | {"edge", "to"} | (CONFIRMS - {kind} if kind not in ("after", "ago", "season") else frozenset())
        for kind in DAYS - {"lunar"}
    },
}
NEVER_FIRST = frozenset(("daynum", "yeartail", "monthtail", "edge", "to", "shortpart", "nth"))
GLUE = re.compile(r"[\s的,,()是号]{0,3}")
TIGHT = frozenset(("edge", "to", "daynum", "monthtail", "yeartail", "shortpart"))  # nothing may stand before these
ASIDE = frozenset((("clock", "weekday"), ("hm", "weekday")))  # 七点半(周三): only in brackets
DATE_WORDS_AFTER = re.compile(
    r"\s*(?:那天|这天|当天|左右|之前|以前|前后|之后|以后|有空|有时间|去不|来不|能不能|可以|行不行|行吗|方便|开讲|开始|开会|讲课|上课|才|再)"
)
DATE_WORDS_BEFORE = re.compile(
    r"(?:定在|约在|排在|安排在|放在|改到|改在|改成|改期到?|推到|推迟到|提前到|等到|就在|在|本月|每月|时间|日期)[::]?\s*$"
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """Pieces of one time; ``until`` holds the pieces after 到. ``weak``: a lone 12号 or 3.15 that may not be a time."""

    start: int
    end: int
    pieces: tuple[Piece, ...]
    until: tuple[Piece, ...] = ()
    weak: bool = False


def phrases(folded: str, found: Iterable[Token]) -> list[Phrase]:
    """Join tokens into phrases, left to right, without overlap."""
    result: list[Phrase] = []
    run: list[Token] = []
    for token in found:
        if run and not _joins(folded, run, token):
            result.extend(_close(folded, run))
            run = []
        if run or token.kind not in NEVER_FIRST or _short_part_with_hour(folded, token):
            run.append(token)
    result.extend(_close(folded, run))
    return _hour_first(folded, result)


def _hour_first(folded: str, found: list[Phrase]) -> list[Phrase]:
    """晚上七点半 周六: an hour, then the day alone, make one time."""
    result: list[Phrase] = []
    for phrase in found:
        last = result[-1] if result else None
        if (
            last is not None
            and folded[last.end : phrase.start].strip(" ") == ""
            and all(isinstance(piece, (Part, Clock)) for piece in last.pieces)
            and all(isinstance(piece, (DayOffset, Weekday, Month, Dom)) for piece in phrase.pieces)
            and not phrase.until
        ):
            result[-1] = Phrase(last.start, phrase.end, phrase.pieces + last.pieces, last.until)
        else:
            result.append(phrase)
    return result


def _joins(folded: str, run: list[Token], token: Token) -> bool:
    last = run[-1]
    between = folded[last.end : token.start]
    if (between and token.kind in TIGHT) or not GLUE.fullmatch(between):
        return False
    if last.kind == "to":
        return token.kind not in NEVER_FIRST and token.kind != "borrower"
    if token.kind == "to" and any(each.kind == "to" for each in run):
        return False
    if (last.kind, token.kind) in ASIDE:
        return "(" in between
    spaced_out = "是" in between and token.kind not in CONFIRMS
    return token.kind in FOLLOWS.get(last.kind, ()) and not spaced_out


def _short_part_with_hour(folded: str, token: Token) -> bool:
    """晚8点: a one-character part may begin a phrase when an hour follows at once."""
    return (
        token.kind == "shortpart"
        and re.match(r"[\d一二两三四五六七八九十]{1,3}[点时:]", folded[token.end : token.end + 4]) is not None
    )


def _close(folded: str, run: list[Token]) -> list[Phrase]:
    """The phrase of a run of tokens, if it makes one."""
    while run and run[-1].kind in ("to", "lead"):
        run = run[:-1]
    if not run or all(token.kind == "borrower" for token in run):
        return []
    cut = next((index for index, token in enumerate(run) if token.kind == "to"), len(run))
    first: list[Piece] = [piece for token in run[:cut] for piece in token.pieces if not isinstance(piece, Lead)]
    until = [piece for token in run[cut:] for piece in token.pieces if not isinstance(piece, To)]
    if first and isinstance(first[-1], Borrower):
        borrowed = _borrow(first[-1], until)
        if borrowed is None:
            return []
        first[-1] = borrowed
    if not first or all(token.kind == "shortpart" for token in run):
        return []
    weak = not until and all(token.weak for token in run) and not _dated(folded, run)
    return [Phrase(run[0].start, run[-1].end, tuple(first), tuple(until), weak)]


def _borrow(number: Borrower, until: Sequence[Piece]) -> Piece | None:
    """The first number of a range as the same kind of thing as the second."""
    if not until:
        return None
    other = until[0]
    if isinstance(other, Clock):
        return Clock(number.number, exact=number.number > 12) if number.number <= 24 else None
    if isinstance(other, Dom):
        return Dom(number.number, number.number) if 1 <= number.number <= 31 else None
    if isinstance(other, Month) and not other.relative:
        return Month(number.number, lunar=other.lunar) if 1 <= number.number <= 12 else None
    return None


def _dated(folded: str, run: list[Token]) -> bool:
    """Whether the words around a weak date speak of time."""
    after = DATE_WORDS_AFTER.match(folded, run[-1].end) is not None
    return after or DATE_WORDS_BEFORE.search(folded[max(0, run[0].start - 8) : run[0].start]) is not None
