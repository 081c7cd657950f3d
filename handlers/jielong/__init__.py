"""接龙: read WeChat's group solitaire lists, and merge the snapshots that people post.

parse(text_or_xml) -> Solitaire
merge(state, post) -> MergeResult
format_list(solitaire) -> str
"""

from .appmsg import parse
from .layout import format_list
from .merge import main_chain, merge, weight
from .values import Chain, Change, Doubt, Entry, ListState, MergeResult, Post, Row, Solitaire

__all__ = [
    "Chain",
    "Change",
    "Doubt",
    "Entry",
    "ListState",
    "MergeResult",
    "Post",
    "Row",
    "Solitaire",
    "format_list",
    "main_chain",
    "merge",
    "parse",
    "weight",
]
