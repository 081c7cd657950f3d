"""The text form of a 接龙: header, title, notes, example, items."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from .counts import Habits
from .fold import clean, fold
from .lines import EXAMPLE, find_items, open_first
from .names import read_item
from .values import NOT_JIELONG, Entry, Solitaire

CAP = 20_000  # characters that are read; WeChat's own limit is lower

_HEADER = re.compile(r"# ?(?:接龙|group ?notes?(?![a-z]))[ #:】\]]*", re.I)
_ASIDE = re.compile(
    r"@\S{1,30}|\[[^\]]{1,10}\]|【[^】]{1,20}】|\([^)]{1,20}\)"
    r"|^[^\s:#]{1,20}:"
)  # mentions, tags, "张三:"
_QUOTE = re.compile(r"^(?:- ){5,}-?$")
_RULER = re.compile(r"^[-—–=_~*· ]{3,}$")
_NO_PEOPLE = re.compile(
    r"捐|集资|筹款|善款|众筹|红包|礼金|份子|缴费|收费|交钱|团购|拼单|拼团|订购|认购|预订|订餐|买|卖|苗|化肥|种子"
    r"|鸡蛋|体温|血压|血糖|体重|身高|成绩|年龄|"
    r"数量|斤|份数|公里|步数|跑步|打卡|donat|temperature|order"
)
_PLUS_IS_SELF = re.compile(
    r"(?:扣|回复?|打|接|请|刷|敲|发)[\"“「']?\+1|\+1(?:即可|报名|表示|就行)|(?:参加|报名"
    r"|要去|要来|去|来)的?\+1"
)


@dataclass(frozen=True, slots=True)
class Header:
    """Where a header stands: its line, the words before it, and the words after it on that line."""

    at: int
    before: str
    after: str


def _header(lines: Sequence[str]) -> Header | None:
    """The header in one of the first two non-empty lines. Words after it are a title only when it opens its line."""
    for at in [i for i, line in enumerate(lines) if line.strip()][:2]:
        folded = fold(lines[at])
        match = _HEADER.search(folded)
        if match is None:
            continue
        before, after = lines[at][: match.start()].strip(), lines[at][match.end() :].strip()
        if not re.search(r"\w", _ASIDE.sub("", folded[: match.start()].strip())):
            return Header(at, "", after)
        return Header(at, before, "") if not after else None
    return None


def _quoted(lines: Sequence[str]) -> int | None:
    """Index of the rule that WeChat draws under a quoted message; None when the rule is an ornament of the list."""
    rules = (at for at, line in enumerate(lines) if _QUOTE.match(line.strip()))
    for at in islice(rules, 3):
        if lines[0].lstrip().startswith("「"):
            return at
        below = list(lines[at + 1 :])
        if re.search(r"\w", "".join(below)) and find_items(list(lines[:at])) and not find_items(below):
            return at
    return None


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the items."""

    title: str | None
    notes: tuple[str, ...]
    example: str | None

    @property
    def habits(self) -> Habits:
        words = fold("\n".join((self.title or "", *self.notes)))
        shown = fold(self.example or "")
        return Habits(
            bare=not _NO_PEOPLE.search(words.lower()),
            plus_is_self=bool(_PLUS_IS_SELF.search(words)) or bool(re.search(r"\w ?\+1$", shown) and "+1" in words),
        )


def read_head(lines: Sequence[str]) -> Head:
    """The title (first line), the example block and the notes among the lines between header and items."""
    kept: list[str] = []
    example: list[str] = []
    inside = shown = False
    for line in (raw.strip() for raw in lines):
        match = EXAMPLE.match(fold(line))
        if match:
            example.append(line[match.end() :].strip())
            inside = shown = True
        elif not line:
            inside = False
        elif inside:
            example.append(line)
        elif not _HEADER.fullmatch(fold(line)) and re.search(r"\w", line):  # not a ruler of dashes
            kept.append(line)
    return Head(
        title=kept[0] if kept else None,
        notes=tuple(kept[1:]),
        example="\n".join(line.lstrip(" :：,，.．、") for line in example if re.search(r"\w", line)) if shown else None,
    )


def _bodies(lines: list[str]) -> tuple[int, list[str], list[str]]:
    """Index of the first item's line, the items as written (with continuation lines), and a closing paragraph."""
    items = find_items(lines)
    bodies: list[str] = []
    closing: list[str] = []
    for index, item in enumerate(items):
        last = index + 1 == len(items)
        end = len(lines) if last else items[index + 1].at
        more = [line.strip() for line in lines[item.at + 1 : end]]
        if last and "" in more:
            cut = more.index("")
            below = (line for line in more[cut:] if re.search(r"\w", line))
            more, closing = more[:cut], [line for line in below if not EXAMPLE.match(fold(line))]
        more = [line for line in more if line and not _RULER.match(line)]
        bodies.append("\n".join([item.body.strip(), *more]).strip())
    return (items[0].at if items else len(lines)), bodies, closing


def entries_of(bodies: Sequence[tuple[str, str | None]], habits: Habits) -> tuple[Entry, ...]:
    """Entries of the items as written and their member ids; empty slots and a filled-in example are left out."""
    entries: list[Entry] = []
    for raw, member_id in bodies:
        if not raw.strip() or EXAMPLE.match(fold(raw)):
            continue
        entries.append(read_item(raw, len(entries) + 1, habits, member_id))
    return tuple(entries)


def head_of(above: str) -> Head:
    """The head in what stands above the items, with or without its header."""
    lines = clean(above[:CAP]).split("\n")
    header = _header(lines)
    return read_head([header.after, *lines[header.at + 1 :]] if header else lines)


def parse_text(text: str) -> Solitaire:
    """Read the text form. Never raises; only the first ``CAP`` characters are read."""
    lines = clean(text[:CAP]).split("\n")
    rule = _quoted(lines)
    if rule is None:
        return _parse_lines(lines)
    said = _parse_lines(lines[rule + 1 :])
    if said.is_jielong:
        return said
    quoted = [re.sub(r"^\s*「[^「」\n:：]{1,40}[:：]\s*", "", lines[0]), *lines[1:rule]]
    return Solitaire(is_jielong=False, title=_parse_lines(quoted).title)


def _parse_lines(lines: list[str]) -> Solitaire:
    header = _header(lines)
    if header is None:
        return NOT_JIELONG
    body = [header.after, *lines[header.at + 1 :]]
    if not find_items(body):
        body = open_first(body)
    at, bodies, closing = _bodies(body)
    if not bodies and (header.after or header.before or not any(line.strip() for line in body)):
        return NOT_JIELONG
    head = read_head(body[:at])
    if head.title is None:
        above = [line for line in (*lines[: header.at], header.before) if re.search(r"\w", line)]  # as in the head
        head = replace(head, title=_without_mention(above[-1]) if above else None)
    if head.title is not None:  # else there is nothing above the list to print a closing paragraph under
        head = replace(head, notes=(*head.notes, *closing))
    entries = entries_of([(raw, None) for raw in bodies], head.habits)
    return Solitaire(is_jielong=True, title=head.title, notes=head.notes, example=head.example, entries=entries)


def _without_mention(line: str) -> str | None:
    return re.sub(r"@[^\s\u2005]+[\s\u2005]*", "", line).strip(" ：:，,") or None
