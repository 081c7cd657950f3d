"""Cuts a text into tokens of time by the table in `rules`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from handlers.understand.when.almanac import FESTIVALS, NEEDS_JIE
from handlers.understand.when.pieces import Piece
from handlers.understand.when.rules import RULES

_TRADITIONAL = (
    "點號週禮個後這兩鐘鍾晝聽時節國慶陽曆歷農臘墟趕場從過間內舊陰開飯勞動兒婦師聖誕驚穀種處閏頭來齊當尋龍擡親復陣極蟄蘭竈參學"
    "無幾雙長誰講還隊級際護醫環軍黨會員誡記覺為據斷歲終總轉鬧達頓樣課紀萬熱滿貳叁現塊連"
)
_SIMPLIFIED = (
    "点号周礼个后这两钟钟昼听时节国庆阳历历农腊圩赶场从过间内旧阴开饭劳动儿妇师圣诞惊谷种处闰头来齐当寻龙抬亲复阵极蛰兰灶参学"
    "无几双长谁讲还队级际护医环军党会员诫记觉为据断岁终总转闹达顿样课纪万热满二三现块连"
)
_FOLD = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
_FOLD |= str.maketrans("０１２３４５６７８９：，／．～－（）〜", "0123456789:,/.~-()~")


@dataclass(frozen=True, slots=True)
class Token:
    """Words ``[start, end)`` of the text and the pieces they mean; ``weak`` ones need company to be a time."""

    kind: str
    start: int
    end: int
    pieces: tuple[Piece, ...]
    weak: bool = False


_HINT = "点时号日天周月年晚早朝午夜晨昼昏节初廿旬季圩集街场黑秒分钟刻礼星拜末后农春夏秋冬暑寒而依宜晌儿晓现十0123456789"
_HINT_CHAR = re.compile(f"[{_HINT}{''.join(chr(raw) for raw, simple in _FOLD.items() if chr(simple) in _HINT)}]")
_UNHINTED = {name for words, _ in FESTIVALS for name in words.split("|") if not set(_HINT).intersection(name)}
_RAISE = str.maketrans(_SIMPLIFIED, _TRADITIONAL)
_HINT_NAME = re.compile(
    "|".join(sorted({form for name in _UNHINTED - NEEDS_JIE for form in (name, name.translate(_RAISE))}))
)


def may_hold_time(text: str) -> bool:
    """A first look, in a microsecond: False when ``text``, simplified or traditional, surely speaks of no time."""
    return _HINT_CHAR.search(text) is not None or _HINT_NAME.search(text) is not None


_COMPILED = tuple(re.compile(rule.regex) for rule in RULES)
# One alternation finds where a rule matches; the rule's own regex then gives its groups (a name may occur only once).
# No match begins with a character that no rule writes: the lookahead passes over those quickly.
_WRITTEN = "".join(sorted({char for rule in RULES for char in rule.regex if not char.isascii()}))
_ANY = re.compile(
    rf"(?=[{_WRITTEN}\x00-\x7f])(?:"
    + "|".join("({})".format(re.sub(r"\(\?P<\w+>", "(?:", rule.regex)) for rule in RULES)
    + ")"
)


def fold(text: str) -> str:
    """Simplify the characters that time words use, one for one, so that offsets stay those of ``text``."""
    return text.translate(_FOLD)


def tokens(folded: str) -> Iterator[Token]:
    """The time tokens of a folded text, left to right; linear in its length."""
    for match in _ANY.finditer(folded):
        index = (match.lastindex or 1) - 1
        inner = _COMPILED[index].match(folded, match.start())
        pieces = RULES[index].build(inner) if inner is not None else None
        if pieces:
            yield Token(RULES[index].kind, match.start(), match.end(), pieces, RULES[index].weak)
