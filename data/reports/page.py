"""The whole of a period on one picture, as wide as a phone shows it: for the group."""

from collections.abc import Mapping, Sequence

from data.drawing.font import clip, drawable, width, wrap
from data.drawing.palette import INK, PAPER, RULE, SERIES, SOFT
from data.drawing.styles import EDGE, ROOM, WIDE
from data.drawing.svg import Canvas
from data.figures.figure import Figure, Number
from data.figures.figures import BY_KEY, LATE
from data.reports.told import NOTHING, late_line, told

_ACCENT = "#8a1f11"
_TILES = ("events", "attended", "villages", "orders", "opinions", "opinions_answered", "handouts", "media")
_KINDS = ("lectures", "courtyards", "visits", "volunteers", "trainings", "shows")
_HEAD, _HIGH, _BAR = 300, 210, 92  # px
KEYS = (*_TILES, *_KINDS, "pushes", "notices", "uncounted", *LATE)


def page(place: str, period: str, numbers: Mapping[str, Number], note: str) -> str:
    """An SVG, 1080 px wide. ``numbers`` has those of `KEYS`; ``note`` says whether they may still change."""
    place, period = drawable(place).text, drawable(period).text
    spoken = [f"{BY_KEY[key].name}{told(numbers[key])}{BY_KEY[key].unit}" for key in _TILES]
    canvas = Canvas(WIDE, title=f"{place}{period}宣讲工作", desc="，".join(spoken))
    canvas.rect(0, 0, WIDE, _HEAD - 40, fill=_ACCENT)
    canvas.text(EDGE, 120, clip(place, 76, ROOM), size=76, fill=PAPER, bold=True)
    canvas.text(EDGE, 208, clip(f"{period}宣讲工作", 52, ROOM), size=52, fill=PAPER)
    y = _tiles(canvas, numbers, float(_HEAD))
    y = _kinds(canvas, [(BY_KEY[key].name, BY_KEY[key].unit, numbers[key]) for key in _KINDS if numbers[key]], y)
    sent = f"政策短文{told(numbers['pushes'])}群次，通知{told(numbers['notices'])}群次。"
    missing = f"{told(numbers['uncounted'])}场还没填到场人数。" if numbers["uncounted"] else ""
    for words in wrap(drawable(f"{sent}{missing}{late_line(numbers)}{note}").text, 40, ROOM):
        y += 58
        canvas.text(EDGE, y, words, size=40, fill=SOFT)
    return canvas.finish(y + 60, ground=PAPER)


def _tiles(canvas: Canvas, numbers: Mapping[str, Number], y: float) -> float:
    """Two beside one another: the number large, what it is below."""
    half = ROOM / 2
    for place, key in enumerate(_TILES):
        x, top = EDGE + (place % 2) * half, y + place // 2 * _HIGH
        figure, number = BY_KEY[key], numbers[key]
        words = told(number)
        size = 92 if width(words, 92) < half - 90 else 66
        canvas.text(x, top + 100, words, size=size, fill=SOFT if words == NOTHING else INK, bold=True)
        canvas.text(x + width(words, size) + 10, top + 100, "" if number is None else figure.unit, size=40, fill=SOFT)
        canvas.text(x, top + 160, clip(_called(figure), 42, half - 20), size=42, fill=SOFT)
    y += (len(_TILES) + 1) // 2 * _HIGH
    canvas.path(f"M{EDGE} {y}H{WIDE - EDGE}", stroke=RULE, thick=2)
    return y + 20


def _called(figure: Figure) -> str:
    """Its name under its number and unit: 已答复 for 其中已答复, which stands by itself here, 到场 for 到场人次."""
    return figure.name.removeprefix("其中").removesuffix("人次")


def _kinds(canvas: Canvas, items: Sequence[tuple[str, str, Number]], y: float) -> float:
    """What was held, a bar for each kind."""
    top = max((float(number or 0) for _, _, number in items), default=0.0)
    label = max((width(name, 42) for name, _, _ in items), default=0.0) + 24
    tail = max((width(f"{told(number)}{unit}", 42) for _, unit, number in items), default=0.0) + 16
    for name, unit, number in items:
        long = max(float(number or 0) / top * (ROOM - label - tail), 4)
        canvas.text(EDGE, y + 58, name, size=42, fill=INK)
        canvas.rect(EDGE + label, y + 20, long, 50, fill=SERIES[0])
        canvas.text(EDGE + label + long + 14, y + 58, f"{told(number)}{unit}", size=42, fill=INK)
        y += _BAR
    return y + 10
