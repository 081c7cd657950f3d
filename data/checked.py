"""What the entries of a town's files share: what they may hold, and how a fault is told in Chinese."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]

_FAULTS = {
    "missing": "没有写",
    "extra_forbidden": "没有这一项，看看是不是写错了字",
    "string_too_short": "是空的",
    "string_too_long": "太长了，最多{max_length}个字",
    "string_type": "要写文字；像数字的请加引号",
    "tuple_type": "要写成列表，如 [一, 二]",
    "int_parsing": "要写整数",
    "int_type": "要写整数",
    "int_from_float": "要写整数",
    "bool_type": "要写 true 或 false",
    "bool_parsing": "要写 true 或 false",
    "string_pattern_mismatch": "编号里不能有空格和@",  # of keys alone
    "greater_than_equal": "不能小于{ge}",
    "less_than_equal": "不能大于{le}",
    "model_type": "要写成“名: 值”",
    "model_attributes_type": "要写成“名: 值”",
    "dict_type": "要写成“名: 值”",
    "literal_error": "只能写{expected}",
    "enum": "只能写{expected}",
    "value_error": "{error}",
}
_DATES = "要写日期，如 2026-12-31"
_TIMES = '要写时刻，带引号，如 "19:30"'


class Entry(BaseModel):
    """An entry of a file: nothing unknown in it, and never written to."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def faults(error: ValidationError) -> Iterator[tuple[str, str]]:
    """(the place within the entry, what is wrong there) of each fault."""
    for each in error.errors():
        place = ".".join(str(step + 1) if isinstance(step, int) else step for step in each["loc"])
        kind = each["type"]
        if kind.startswith("date"):
            words = _DATES
        elif kind.startswith("time"):
            words = _TIMES
        elif kind in _FAULTS:
            words = _FAULTS[kind].format(**each.get("ctx", {})).replace("'", "").replace(" or ", " 或 ")
        else:
            words = each["msg"]
        shown = each["input"]
        said = "" if kind in ("missing", "value_error") else f"（写的是 {str(shown)[:40]!r}）"
        yield place, words + said


def told(where: str, error: ValidationError) -> Iterator[str]:
    """Each fault as one line, with its place."""
    for place, words in faults(error):
        yield f"{where} {place}：{words}" if place else f"{where}：{words}"
