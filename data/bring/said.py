"""What is written freely, and must be understood later: dialects, and when somebody is free.

What stands in the town already is taken as it is, so that a file made out of it can come back.
"""

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from data.bring.known import Known
from data.bring.model import Line
from data.dialects import SAME, WRITTEN
from data.freetimes import parse_free

_USUAL = ("白话", "客家话", "四会话", "潮汕话", "湘语", "普通话")
_OFFERED = 12
_TIMES = "每天晚上、平日下午、周六上午、周一到周五晚饭后、圩日上午、农闲、随时"


def check_dialects(known: Known, line: Line, title: str, said: Iterable[str]) -> None:
    """A dialect that nobody knows is a fault: no wish for one would ever find it."""
    for words in said:
        if words in WRITTEN or words in known.dialects:
            continue
        usual = [*_USUAL, *known.dialects]
        close = get_close_matches(words, usual, n=1, cutoff=0.5) or get_close_matches(words, sorted(WRITTEN), n=1)
        near = SAME.get(words) or next(iter(close), "")
        meant = f"，您要的是“{near}”吗？" if near else "。"
        offered = "、".join(list(dict.fromkeys((*_USUAL, *sorted(known.dialects))))[:_OFFERED])
        line.fault(title, f"没听过“{words}”这种话{meant}可以写：{offered}等；真有这种话，先在控制台给一位宣讲员写上")


def check_free(line: Line, title: str, standing: Collection[str]) -> None:
    """A free time that the matching of lecturers could not read is a fault, but where it stands there already."""
    for words in line.words(title) or ():
        if parse_free(words) is not None:
            continue
        if words in standing:
            line.hint(title, f"“{words}”看不懂是什么时间，照原样留着；排课时不按它算")
        else:
            line.fault(title, f"“{words}”看不懂是什么时间，可以写：{_TIMES}；说不准就空着")
