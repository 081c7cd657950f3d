"""Settings that are lists or maps, as people read and type them: one item a line, in a map ``名字: 值``."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.setting_values import (
    BadValue,
    Setting,
    clock,
    clock_range,
    clocks,
    cron,
    crons,
    dates,
    day_ranges,
    listen,
    listen_map,
    range_of_seconds,
    seconds,
)
from data.desk_errors import BadEntry

_SHOWN = 30  # characters of a line that is wrong


@dataclass(frozen=True, slots=True)
class Shape:
    """How a list or a map is typed: what reads one item (of a map: a value), and what is said where that fails.

    ``whole`` is said where each item is good and all together are not; ``one`` where a line holds one item only.
    """

    item: Callable[[object], object]
    looks: str
    whole: str = ""
    one: bool = False
    named: bool = False

    @property
    def help(self) -> str:
        return f"一行写一个，{self.looks}"


_NUMBER = "要写秒数，如 2"
_CLOCK = "要写时刻，如 19:30"
SHAPES: Mapping[object, Shape] = {  # by how a setting is read
    clocks: Shape(clock, _CLOCK, "至少写一个时刻"),
    clock_range: Shape(clock, _CLOCK, "要写两行：先写开始，再写结束，开始要早"),
    range_of_seconds: Shape(seconds, _NUMBER, "要写两行，前一个数不能大于后一个"),
    dates: Shape(lambda item: dates([item]), "要写日期，如 2026-12-24"),
    day_ranges: Shape(lambda item: day_ranges([item]), "要写月-日..月-日，如 07-10..08-05"),
    crons: Shape(cron, "要写 cron 时间，如 30 19 * * *（每天19:30）", one=True),
    listen_map: Shape(listen, "要写“名字: 值”，值是 mention、command 或 natural", one=True, named=True),
}
_DASHES = str.maketrans("，：；“”‘’。—～", ",:;\"\"''.-~")
_APART = re.compile(r"[,;、\s]+")
_PACKED = re.compile(r"""^[\[{(]|[\])}]$|["']""")  # as it would stand in config.yaml


def shape_of(setting: Setting[Any]) -> Shape | None:
    """How it is typed, None for a setting that is one value."""
    return SHAPES.get(setting.read)


def written(value: object) -> str:
    """A list or a map in lines."""
    if isinstance(value, Mapping):
        return "\n".join(f"{name}: {each}" for name, each in value.items())
    return "\n".join(str(each) for each in (value if isinstance(value, list) else [value]))


def read_lines(setting: Setting[Any], shape: Shape, typed: str) -> object:
    """What was typed, as the database keeps it. Raises `BadEntry` with the number of the line that is wrong."""
    items: list[object] = []
    names: dict[str, object] = {}
    for number, line in enumerate(typed.splitlines(), 1):
        plain = line.strip()
        if not plain:
            continue
        try:
            if shape.named:
                name, value = _pair(plain)
                if name in names:
                    raise BadValue(f"“{name}”前面写过了，留一行")
                shape.item(value)
                names[name] = value
            else:
                items += _items(shape, plain)
        except BadValue as bad:
            why = str(bad) if "写过" in str(bad) else shape.looks
            raise BadEntry(setting.key, f"第{number}行“{plain[:_SHOWN]}”：{why}。") from bad
    found: object = names if shape.named else items
    try:
        setting.read(found)
    except BadValue as bad:
        raise BadEntry(setting.key, f"{shape.whole or bad}。") from bad
    return found


def _items(shape: Shape, line: str) -> list[object]:
    """The items of a line, each one checked. Raises `BadValue`."""
    plain = _PACKED.sub("", line.translate(_DASHES)).strip()
    words = [plain] if shape.one else [each for each in _APART.split(plain) if each]
    found = [_number(each) if shape.item is seconds else each for each in words]
    for each in found:
        shape.item(each)
    return found


def _number(words: str) -> object:
    """A number where it is one."""
    try:
        return int(words) if words.isascii() and words.isdecimal() else float(words)
    except ValueError:
        return words


def _pair(line: str) -> tuple[str, str]:
    """名字: 值, by the last colon. Raises `BadValue`."""
    name, colon, value = line.replace("：", ":").rpartition(":")
    if not colon or not name.strip():
        raise BadValue("没有名字")
    return name.strip(), value.strip()
