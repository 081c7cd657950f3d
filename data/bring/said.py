"""What is written freely, and must be understood later: dialects, and when somebody is free.

What stands in the town already is taken as it is, so that a file made out of it can come back.
"""

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from data.bring.known import Known
from data.bring.model import Line
from data.dialects import MANY, SAME, WRITTEN, spoken
from data.freetimes import parse_free

_USUAL = ("白话", "客家话", "四会话", "潮汕话", "湘语", "普通话")
_OFFERED = 12
_HINTS = 20
_TIMES = "每天晚上、平日下午、周六上午、周一到周五晚饭后、圩日上午、农闲、随时"


def check_dialects(known: Known, line: Line, title: str, said: Iterable[str]) -> None:
    """A dialect that nobody knows is a fault: no wish for one would ever find it."""
    for words in said:
        if words in WRITTEN or words in known.heard:
            continue
        if words == MANY:
            line.fault(title, f"“{words}”没说是哪几种话，请分开写，如：白话、普通话")
            continue
        offered = "、".join(list(dict.fromkeys((*_USUAL, *sorted(known.dialects))))[:_OFFERED])
        meant = _meant(known, words)
        line.fault(title, f"没听过“{words}”这种话{meant}可以写：{offered}等；真有这种话，先在控制台给一位宣讲员写上")


def hint_at_dialects(known: Known, lines: Sequence[Line], title: str) -> None:
    """Of past lectures: kept as it is written, for no order is matched by it. Each is told once, and not too many."""
    told: set[str] = set()
    for line in lines if known.hints else ():
        for words in spoken(line.text(title) or ""):
            if words == MANY or words in told or words in WRITTEN or words in known.heard:
                continue
            if len(told) == _HINTS:
                return
            told.add(words)
            line.hint(title, f"没听过“{words}”这种话{_meant(known, words)}照原样记下")


def _meant(known: Known, words: str) -> str:
    usual = [*_USUAL, *sorted(known.dialects)]
    close = get_close_matches(words, usual, n=1, cutoff=0.5) or get_close_matches(words, sorted(WRITTEN), n=1)
    near = SAME.get(words) or next(iter(close), "")
    return f"，您要的是“{near}”吗？" if near else "。"


def check_free(line: Line, title: str, standing: Collection[str]) -> None:
    """A free time that the matching of lecturers could not read is a fault, but where it stands there already."""
    for words in line.words(title) or ():
        if parse_free(words) is not None:
            continue
        if words in standing:
            line.hint(title, f"“{words}”看不懂是什么时间，照原样留着；排课时不按它算")
        else:
            line.fault(title, f"“{words}”看不懂是什么时间，可以写：{_TIMES}；说不准就空着")
