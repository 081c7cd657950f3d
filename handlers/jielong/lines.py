"""Which lines of a text are the items of the list, and which only look like it."""

import re
from dataclasses import dataclass, replace

from .fold import fold
from .names import looks_like_name, split_item

_ITEM = re.compile(
    r"^(?P<indent> *)(?:\((?P<p>\d{1,3})\)|\[(?P<b>\d{1,3})\]|【(?P<c>\d{1,3})】|(?P<n>\d{1,3}) ?(?P<sep>[.。、):,])"
    r"|(?P<circle>[①-⑳])[.、 ]?|(?P<keycap>(?:\d\ufe0f?\u20e3)+|🔟)[.、]?)(?P<gap> *)(?P<body>.*)$"
)
_SPACED = re.compile(r"^(?P<indent> *)(?P<n>\d{1,3})(?P<sep> +)(?P<gap>)(?P<body>\D.*)$")
_INLINE = re.compile(r"(?:(?<=\s)|^)(\d{1,3})([.、):])(?!\d)")
_TIGHT_INLINE = re.compile(r"(?<!\d)(\d{1,3})([.、])(?![\d ]*$|\d)")
EXAMPLE = re.compile(
    r"^(?:(?:(?:例(?:如|子)?|示例|范例|样例|举例)(?=[\s:,.、\d)]|$)|example\b"
    r"|e\.g\.)[\s:,.、]*)+",
    re.I,
)
_ABOUT = re.compile(
    r"(?:注意|说明|要求|须知|规则|提示|议程|内容|流程|提醒|事项|备注|安排|准备|note"
    r"|rules?)[^\n]{0,6}$|[::]$",
    re.I,
)
_STRAY = 2  # an indent up to here is a slip of the thumb; continuation lines are printed deeper
MOST_ITEMS = 500  # a WeChat group has no more members
_LINES = 2_000  # numbered lines that are looked at
_STARTS = 4  # places where the list may begin that are looked at


@dataclass(frozen=True, slots=True)
class Numbered:
    """A line that begins with a number: ``at`` its index, ``style`` the mark after the number, ``body`` as written."""

    at: int
    number: int
    style: str
    indent: int
    tight: bool  # "1.5" : a figure as likely as an item
    body: str


def _numbered(line: str, at: int, pattern: re.Pattern[str]) -> Numbered | None:
    folded = fold(line)
    match = pattern.match(folded)
    if match is None:
        return None
    groups = match.groupdict()
    sep = (groups["sep"] or "").replace("。", ".")
    if groups.get("circle"):
        number, style = ord(groups["circle"]) - ord("①") + 1, "①"
    elif groups.get("keycap"):
        number, style = 10 if groups["keycap"] == "🔟" else int(re.sub(r"\D", "", groups["keycap"])), "⃣"
    elif groups["n"]:
        number, style = int(groups["n"]), sep.strip() or " "
    else:
        number, style = int(groups.get("p") or groups.get("b") or groups.get("c") or 0), "()"
    body = line[match.start("body") :]
    tight = style in ".:" and not groups["gap"] and groups["body"][:1].isdecimal()
    if tight and style == ":":
        return None
    return Numbered(at, number, style, len(groups["indent"]), tight, body.rstrip())


def _named(line: Numbered) -> bool:
    return looks_like_name(fold(split_item(line.body)[0]))


@dataclass(slots=True)
class _Run:
    """A list as it is followed down the lines."""

    lines: list[Numbered]
    later: dict[tuple[int, str], int]  # the last line of each number and style
    items: list[Numbered]
    opened: set[str]  # styles in which an inner list began
    known: dict[str, bool]  # bodies that were asked about: does a name open them
    inner: int = 0  # the last number of an inner list in the list's own style

    def follow(self, start: int) -> list[Numbered]:
        for index in range(start + 1, len(self.lines)):
            line = self.lines[index]
            if self._is_item(line, index):
                self.items.append(line)
                self.inner = 0
            elif line.style == self.items[0].style:
                self.inner = line.number
            elif line.number == 1:
                self.opened.add(line.style)
        return self.items

    def _is_item(self, line: Numbered, index: int) -> bool:
        style, last = self.items[0].style, self.items[-1].number
        comes_later = self.later.get((last + 1, style), -1) > line.at
        same = line.style == style
        if line.number == last + 1 and line.indent <= _STRAY:
            if same and line.number == self.inner + 1 and not self._named(line) and self._named_later(line, index):
                return False
            if not same and (comes_later or line.style in self.opened):
                return False
            return line.indent == 0 or not comes_later
        if not same or line.tight or line.indent:
            return False
        if line.number > last + 1:
            return line.number <= last + 21 and not comes_later
        return self._named(line) and (line.number == last or len(split_item(line.body)[0]) <= 3)

    def _named(self, line: Numbered) -> bool:
        if line.body not in self.known:
            self.known[line.body] = _named(line)
        return self.known[line.body]

    def _named_later(self, line: Numbered, index: int) -> bool:
        """Whether the same number stands before a name a little further down: then this line is inner numbering."""
        near = self.lines[index + 1 : index + 40]
        return any(o.number == line.number and o.style == line.style and self._named(o) for o in near)


def _score(items: list[Numbered], text: list[str]) -> tuple[int, int, int]:
    before = next((line for line in reversed(text[: items[0].at]) if line.strip()), "")
    above = fold(before).strip()
    about = bool(_ABOUT.search(above) or EXAMPLE.match(above))
    names = sum(_named(item) for item in items[:20])
    blank = items[0].at > 0 and not text[items[0].at - 1].strip()
    return -int(about), names + int(blank) + int(items[0].style == "."), len(items)


def find_items(text: list[str]) -> list[Numbered]:
    """The items among the lines of a list's text, in order; empty when there are none."""
    for pattern in (_ITEM, _SPACED):
        lines = [found for at, line in enumerate(text) if (found := _numbered(line, at, pattern))][:_LINES]
        starts = [i for i, line in enumerate(lines) if line.number == 1 and line.indent <= _STRAY]
        sound = [i for i in starts if not lines[i].tight]
        starts = (sound or starts)[:_STARTS]
        if not starts and pattern is _ITEM:
            starts = [i for i, line in enumerate(lines) if not line.tight and line.indent <= _STRAY][:1]
        if not starts:
            continue
        later = {(line.number, line.style): line.at for line in lines}
        runs: list[list[Numbered]] = []
        known: dict[str, bool] = {}
        for start in starts:
            at = lines[start].at
            fresh = at > 0 and not text[at - 1].strip()
            if fresh or not any(run[0].at < at < run[-1].at for run in runs):  # else it is inner numbering
                runs.append(_Run(lines, later, [lines[start]], set(), known).follow(start))
        return _split_inline(max(runs, key=lambda items: _score(items, text)))[:MOST_ITEMS]
    return []


def open_first(text: list[str]) -> list[str]:
    """``text`` with an item 1 that stands inside a line ("周六讲座 1. 张三 2. 李四") on a line of its own."""
    for at, line in enumerate(text):
        folded = fold(line)
        for pattern in (_INLINE, _TIGHT_INLINE):
            for match in pattern.finditer(folded):
                if match[1] == "1" and (pattern is _INLINE or re.search(rf"(?<!\d)2{re.escape(match[2])}", folded)):
                    return [*text[:at], line[: match.start()].rstrip(), line[match.start() :], *text[at + 1 :]]
    return text


def _split_inline(items: list[Numbered]) -> list[Numbered]:
    """Items that share a line, set apart: "1. 张三 2. 李四". Inner numbering that the next line carries on stays."""
    out: list[Numbered] = []
    alone = sum(bool(item.body) for item in items) == 1
    for index, item in enumerate(items):
        room = items[index + 1].number - item.number - 1 if index + 1 < len(items) else MOST_ITEMS
        cuts = _cuts(item, _INLINE, len(out) + 2)
        if not cuts and alone:
            cuts = _cuts(item, _TIGHT_INLINE, len(out) + 2)
        cuts = cuts[: max(room, 0)]
        starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(item.body)]
        for start, end in zip(starts, ends, strict=True):
            number = item.number if start == 0 else len(out) + 1
            out.append(replace(item, number=number, body=item.body[start:end].strip()))
    return out


def _cuts(item: Numbered, pattern: re.Pattern[str], number: int) -> list[tuple[int, int]]:
    """Spans of the numbers that open further items within one line, the first of them ``number``."""
    cuts: list[tuple[int, int]] = []
    for match in pattern.finditer(fold(item.body)):
        if int(match[1]) == number + len(cuts) and match[2] in (item.style, "."):
            cuts.append(match.span())
    return cuts
