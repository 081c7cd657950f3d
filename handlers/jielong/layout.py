"""Print a 接龙 as WeChat prints it, so that it can be pasted back; ``parse`` of the result gives the list again."""

import re

from .fold import fold
from .lines import EXAMPLE
from .values import Solitaire

_CONTINUED = "    "  # deeper than the slip that still counts as a new item
_LIKE_AN_ITEM = re.compile(r"[(（\[【]?\d|[①-⑳🔟]")


def format_list(solitaire: Solitaire) -> str:
    """The text of a list: header, title, notes, example, then the items numbered from 1."""
    lines = ["#接龙"]
    if solitaire.title:
        above = (solitaire.title, *solitaire.notes)
        lines += [_CONTINUED + line if _LIKE_AN_ITEM.match(line) else line for line in above]
        if EXAMPLE.match(fold(solitaire.title)):  # below the header it would be read as the example
            lines[:2] = [lines[1], "#接龙"]
    if solitaire.example is not None:
        lines += ["例 " + solitaire.example.replace("\n", "\n" + _CONTINUED)]
    lines.append("")
    for number, entry in enumerate(solitaire.entries, start=1):
        lines.append(f"{number}. " + (entry.raw or entry.name).replace("\n", "\n" + _CONTINUED))
    if not solitaire.entries:
        lines.append("1. ")  # an empty slot: the list is open
    return "\n".join(lines)
