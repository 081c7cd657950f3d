"""Charts for a page and for a group: one SVG serves both. Made for a phone of 390 px, where no word is below 14 px.

Counts are not negative. Every number is also written, so nothing hangs on colour or on measuring by eye. A number that
nobody knows is None: it is drawn as a gap or a dash, never as nought.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from math import ceil, floor, log10
from typing import TypeVar

from data.drawing.font import clip, clip_lines, drawable, width, wrap
from data.drawing.palette import INK, PAPER, RULE, SERIES, SOFT, TRACK, readable_on
from data.drawing.svg import Canvas, number

WIDTH = 390
EDGE = 16  # px of margin
SMALL, LABEL, HEAD = 14, 15, 19  # px of the words
NOTHING = "这段时间还没有数据。"
UNKNOWN = "—"
_BAR, _GAP = 24, 14
_T = TypeVar("_T")
_Box = tuple[float, float, float, float]
_MOST_TOLD = 60  # items that the description for the ear goes through


def begin(title: str, told: Iterable[str], *, wide: float = WIDTH) -> tuple[Canvas, float]:
    """A canvas with its title, and below it in small type what stands on the title's further lines; ``told`` says the
    same as the chart, piece by piece. Gives where the chart begins."""
    pieces = list(told)
    more = f"，等{len(pieces)}项" if len(pieces) > _MOST_TOLD else ""
    head, _, under = drawable(title).text.partition("\n")
    canvas = Canvas(wide, title=title.replace("\n", "，"), desc="，".join(pieces[:_MOST_TOLD]) + more)
    y = 12.0
    for line in wrap(head, HEAD, wide - 2 * EDGE):
        y += HEAD + 6
        canvas.text(EDGE, y, line, size=HEAD, fill=INK, bold=True)
    for line in (each for words in under.split("\n") if words for each in wrap(words, SMALL, wide - 2 * EDGE)):
        y += SMALL + 7
        canvas.text(EDGE, y, line, size=SMALL, fill=SOFT)
    return canvas, y + 16


def end(canvas: Canvas, y: float, *, empty: bool = False, instead: str = NOTHING) -> str:
    """The finished chart; where there was nothing to draw it says so, or what ``instead`` says."""
    for line in wrap(instead, LABEL, canvas.width - 2 * EDGE) if empty else ():
        canvas.text(EDGE, y + LABEL + 4, line, size=LABEL, fill=SOFT)
        y += LABEL + 7
    return canvas.finish(ceil(y + 12), ground=PAPER)


def said(value: float | None, unit: str = "") -> str:
    """A number as it is written: 27,800, 4.5; — where nobody knows it."""
    return UNKNOWN if value is None else f"{value:,.1f}".removesuffix(".0") + unit


def bars(
    title: str, items: Sequence[tuple[str, float | None]], *, unit: str = "", wide: float = WIDTH, none: str = NOTHING
) -> str:
    """One bar for each (label, number), the longest as long as there is room; ``none`` is said where there is none."""
    items = [(drawable(label).text, value) for label, value in _of_known(items)]
    canvas, y = begin(title, (f"{label}{said(value, unit)}" for label, value in items), wide=wide)
    left = _column([label for label, _ in items], wide)
    room = _room([said(value, unit) for _, value in items], left, wide)
    top = max((value or 0 for _, value in items), default=0) or 1
    for label, value in items:
        high = _label(canvas, label, y, left)
        middle = y + high / 2
        long = (value or 0) / top * room
        if value:
            canvas.rect(left, middle - _BAR / 2, max(long, 2), _BAR, fill=SERIES[0])
        canvas.text(left + long + 6, middle + 5, said(value, unit), size=SMALL, fill=INK)
        y += high + _GAP
    return end(canvas, y, empty=not items, instead=none)


def stacked(
    title: str,
    rows: Sequence[tuple[str, Sequence[float] | None]],
    series: Sequence[str],
    *,
    unit: str = "",
    wide: float = WIDTH,
) -> str:
    """One bar for each row, of a part for each of ``series`` (at most six), with a key above and the sum behind."""
    rows = [(drawable(label).text, values) for label, values in _of_known(rows)]
    series = [drawable(name).text for name in series]
    told = (
        f"{label}{UNKNOWN}" if values is None
        else f"{label}共{said(sum(values), unit)}：" + "、".join(map(_pair, series, values))
        for label, values in rows
    )  # fmt: skip
    canvas, y = begin(title, told, wide=wide)
    y = _key(canvas, series, y, wide) if rows else y
    left = _column([label for label, _ in rows], wide)
    sums = [None if values is None else sum(values) for _, values in rows]
    room = _room([said(whole, unit) for whole in sums], left, wide)
    top = max((whole or 0 for whole in sums), default=0) or 1
    for (label, values), whole in zip(rows, sums, strict=True):
        high = _label(canvas, label, y, left)
        x, above = left, y + high / 2 - _BAR / 2
        for value, colour in zip(values or (), SERIES, strict=False):
            long = value / top * room
            if value:
                canvas.rect(x, above, max(long - 2, 1), _BAR, fill=colour)
                inside = said(value)
                if width(inside, SMALL) + 6 < long - 2:
                    spot = {"size": SMALL, "fill": readable_on(colour)}
                    canvas.text(x + (long - 2) / 2, above + _BAR / 2 + 5, inside, anchor="middle", **spot)  # type: ignore[arg-type]
            x += long
        canvas.text(x + 4, y + high / 2 + 5, said(whole, unit), size=SMALL, fill=INK)
        y += high + _GAP
    return end(canvas, y, empty=not rows)


def line(title: str, points: Sequence[tuple[str, float | None]], *, unit: str = "", wide: float = WIDTH) -> str:
    """A line through (label, number) in order, with a gap where nobody knows the number: lectures per month. Of a
    year's months each number is written at it; of more points, as many as find room, the highest and the last first."""
    points = [(drawable(label).text, value) for label, value in _of_known(points)]
    canvas, y = begin(title, (f"{label}{said(value, unit)}" for label, value in points), wide=wide)
    if not points:
        return end(canvas, y, empty=True)
    values = [value for _, value in points if value is not None]
    ticks = nice_ticks(max(values))
    left = EDGE + max(width(said(each), SMALL) for each in ticks) + 8
    right, top, bottom = wide - EDGE - 12, y + 22, y + 22 + 180
    taken: list[_Box] = []
    for tick in ticks:
        at = bottom - tick / ticks[-1] * (bottom - top)
        canvas.path(f"M{number(left)} {number(at)}H{number(right)}", stroke=RULE, thick=1)
        canvas.text(left - 6, at + 5, said(tick), size=SMALL, fill=SOFT, anchor="end")
        taken.append((left - 6 - width(said(tick), SMALL), at + 5 - SMALL, left - 6, at + 5))
    step = (right - left) / max(len(points) - 1, 1)
    places = [left + at * step for at in range(len(points))]
    runs = [
        [(places[at], bottom - (value or 0) / ticks[-1] * (bottom - top)) for at, (_, value) in run]
        for known, run in groupby(enumerate(points), key=lambda each: each[1][1] is not None)
        if known
    ]
    for run in runs:
        if len(run) > 1:
            canvas.path("M" + "L".join(f"{number(x)} {number(at)}" for x, at in run), stroke=SERIES[0], thick=3)
    spots = [each for run in runs for each in run]
    alone = [run[0] for run in runs if len(run) == 1]
    for x, at in spots if len(spots) <= 31 else (*alone, spots[-1]):
        canvas.circle(x, at, 4, fill=SERIES[0])
    _at_points(canvas, spots, [said(value) for value in values], wide, bottom, taken)
    _under(canvas, [label for label, _ in points], places, bottom + 26, wide)
    return end(canvas, bottom + 34)


def spans(title: str, steps: Sequence[tuple[str, float | None, float | None]], *, wide: float = WIDTH) -> str:
    """The loop's times: for each step (name, median, ninth decile) in minutes; None where nothing was measured."""
    steps = [(drawable(label).text, half, most) for label, half, most in steps]
    told = (f"{label}：一半在{duration(half)}内，九成在{duration(most)}内" for label, half, most in steps)
    canvas, y = begin(title, told, wide=wide)
    if steps:
        y = _key(canvas, ["一半在这以内", "九成在这以内"], y, wide, colours=(SERIES[0], _PALE))
    top = max((most or half or 0 for _, half, most in steps), default=0) or 1
    room = wide - 2 * EDGE
    for label, half, most in steps:
        canvas.text(EDGE, y + LABEL, clip(label, LABEL, room / 2), size=LABEL, fill=INK, bold=True)
        words = "还没有数据" if half is None else f"{duration(half)} / {duration(most)}"
        canvas.text(wide - EDGE, y + LABEL, words, size=SMALL, fill=SOFT if half is None else INK, anchor="end")
        y += LABEL + 8
        canvas.rect(EDGE, y, room, 18, fill=TRACK)
        if half is not None:
            canvas.rect(EDGE, y, max((most or half) / top * room, 2), 18, fill=_PALE)
            canvas.rect(EDGE, y, max(half / top * room, 2), 18, fill=SERIES[0])
        y += 18 + _GAP + 4
    return end(canvas, y, empty=not steps)


def progress(title: str, done: int, total: int, *, unit: str = "", wide: float = WIDTH) -> str:
    """How far something is: 12/14."""
    words = f"{done}/{total}{drawable(unit).text}"
    canvas, y = begin(title, [words], wide=wide)
    room = wide - 2 * EDGE - width(words, HEAD) - 12
    canvas.rect(EDGE, y, room, _BAR, fill=TRACK, edge=SOFT)
    if done and total:
        canvas.rect(EDGE, y, min(done / total, 1) * room, _BAR, fill=SERIES[0])
    canvas.text(wide - EDGE, y + _BAR / 2 + 7, words, size=HEAD, fill=INK, anchor="end", bold=True)
    return end(canvas, y + _BAR + 6)


def duration(minutes: float | None) -> str:
    """A span as people say it: 40分钟, 5.5小时, 3天."""
    if minutes is None:
        return "—"
    if minutes < 60:
        return f"{round(minutes)}分钟"
    return f"{said(round(minutes / 60, 1))}小时" if minutes < 72 * 60 else f"{said(round(minutes / 1440, 1))}天"


def nice_ticks(top: float) -> list[float]:
    """Round numbers from 0 to no less than ``top``, four or five steps at most, whole ones."""
    if top <= 0:
        return [0, 1]
    rough = max(top / 4, 1)
    base = 10 ** floor(log10(rough))
    step = next(each * base for each in (1, 2, 5, 10) if each * base >= rough)
    return [at * step for at in range(ceil(top / step) + 1)]


_PALE = "#74abd8"


def _of_known(items: Sequence[tuple[str, _T | None]]) -> Sequence[tuple[str, _T | None]]:
    """The items, where anything is known of any; else none."""
    return items if any(value is not None for _, value in items) else ()


def _pair(name: str, value: float) -> str:
    return f"{name}{said(value)}"


def _column(labels: Sequence[str], wide: float) -> float:
    """Where bars begin: behind the labels, which take no more than a third of the width."""
    longest = max((width(label, LABEL) for label in labels), default=0)
    return EDGE + min(longest, wide / 3 - EDGE) + 10


def _room(numbers: Sequence[str], left: float, wide: float) -> float:
    """How long a bar may be, with its number behind it."""
    return wide - EDGE - left - 6 - max((width(each, SMALL) for each in numbers), default=0)


def _label(canvas: Canvas, label: str, y: float, left: float) -> float:
    """A bar's label in one or two lines before it; gives how high the row is."""
    lines = clip_lines(label, LABEL, left - EDGE - 10, most=2)
    high = max(len(lines) * (LABEL + 4), _BAR)
    first = y + (high - len(lines) * (LABEL + 4)) / 2
    for place, words in enumerate(lines):
        canvas.text(EDGE, first + place * (LABEL + 4) + LABEL, words, size=LABEL, fill=INK)
    return high


def _key(canvas: Canvas, names: Sequence[str], y: float, wide: float, *, colours: Sequence[str] = SERIES) -> float:
    """Which colour stands for what, in as many lines as that takes."""
    x = float(EDGE)
    for name, colour in zip(names, colours, strict=False):
        words = clip(name, SMALL, wide - 2 * EDGE - 22)
        if x > EDGE and x + 22 + width(words, SMALL) > wide - EDGE:
            x, y = EDGE, y + SMALL + 10
        canvas.rect(x, y, 16, 16, fill=colour)
        canvas.text(x + 22, y + SMALL - 1, words, size=SMALL, fill=INK)
        x += 22 + width(words, SMALL) + 16
    return y + SMALL + 18


_BESIDE = (-10, 22, -28, 40)  # px from a point down to the foot of its number: as near as it can be


def _at_points(
    canvas: Canvas,
    spots: Sequence[tuple[float, float]],
    numbers: Sequence[str],
    wide: float,
    bottom: float,
    taken: Sequence[_Box],
) -> None:
    """Each number above or below its point, on ground of its own, where it covers no other number and no point. Whose
    turn comes first decides who finds room: of several orders that with the highest and the last, with the most, and
    with the nearest is drawn."""
    highest, last = min(range(len(spots)), key=lambda at: spots[at][1]), len(spots) - 1
    along = range(len(spots))
    outward = sorted(along, key=lambda at: abs(at - highest))
    orders = (along, [*reversed(along)], outward, [highest, last, *along], [highest, last, *reversed(along)])
    taken = [*taken, *((x - 4, y - 4, x + 4, y + 4) for x, y in spots)]
    tries = [_placed(spots, numbers, list(dict.fromkeys(each)), wide, bottom, taken) for each in orders]

    def worth(boxes: dict[int, _Box]) -> tuple[float, ...]:
        far = sum(max(spots[at][1] - box[3], box[1] - spots[at][1]) for at, box in boxes.items())
        hiding = sum((box[1] < spots[at][1]) is _low(spots, at) for at, box in boxes.items())
        return (highest in boxes) + (last in boxes), len(boxes), -far, -hiding

    for at, box in max(tries, key=worth).items():
        canvas.rect(box[0], box[1], box[2] - box[0], box[3] - box[1], fill=PAPER)
        spot = (box[0] + box[2]) / 2
        canvas.text(spot, box[3] - 3, numbers[at], size=SMALL, fill=INK, anchor="middle", bold=True)


def _placed(
    spots: Sequence[tuple[float, float]],
    numbers: Sequence[str],
    order: Sequence[int],
    wide: float,
    bottom: float,
    full: Sequence[_Box],
) -> dict[int, _Box]:
    """Where the numbers stand that find room beside what is ``full``, one after the other."""
    taken = [*full]
    found: dict[int, _Box] = {}
    for at in order:
        x, y = spots[at]
        _, left, right = _centred(numbers[at], x, wide)
        low = _low(spots, at)
        downs = sorted(_BESIDE, key=lambda down: (down in _BESIDE[2:], (down < 0) is low))
        boxes = ((left - 1, y + down - SMALL, right + 1, y + down + 3) for down in downs)
        free = (each for each in boxes if each[3] <= bottom and not any(_meet(each, other) for other in taken))
        box = next(free, None)
        if box is not None:
            found[at] = box
            taken.append(box)
    return found


def _low(spots: Sequence[tuple[float, float]], at: int) -> bool:
    """Whether the line comes down to a point from all sides, so that a number above would hide it."""
    beside = [spots[each][1] for each in (at - 1, at + 1) if 0 <= each < len(spots)]
    return bool(beside) and all(each < spots[at][1] for each in beside)


def _meet(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _under(canvas: Canvas, labels: Sequence[str], places: Sequence[float], y: float, wide: float) -> None:
    """The labels of the points, evenly: all of them, if need be without the word that they share (1月 2 3 … 12月), or
    each second, third …, the last always."""
    labels = [clip(label, SMALL, 90) for label in labels]
    shared = {label[-1:] for label in labels}
    short = [label[:-1] if 0 < at < len(labels) - 1 else label for at, label in enumerate(labels)]
    alike = len(shared) == 1 and not shared.pop().isdecimal()
    ways = [(labels, 8, 1), *([(short, 4, 1)] if alike else []), *((labels, 8, each) for each in range(2, len(labels)))]
    for words, apart, every in (*ways, (labels, 0, len(labels))):
        shown = [_centred(words[at], places[at], wide) for at in range((len(words) - 1) % every, len(words), every)]
        if all(one[2] + apart <= other[1] for one, other in pairwise(shown)):
            for label, left, right in shown:
                canvas.text((left + right) / 2, y, label, size=SMALL, fill=SOFT, anchor="middle")
            return


def _centred(words: str, at: float, wide: float) -> tuple[str, float, float]:
    """A label with where it begins and ends, within the picture."""
    half = width(words, SMALL) / 2
    middle = min(max(at, EDGE / 2 + half), wide - EDGE / 2 - half)
    return words, middle - half, middle + half
