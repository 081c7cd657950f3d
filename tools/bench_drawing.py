"""How long a picture takes and how much it weighs: ``python -m tools.bench_drawing``. The median of `ROUNDS` each.

A turn of the bot pays for the SVG. A PNG lets no other thread in while it is drawn, so it is drawn in another process.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from statistics import median

from bot.child import run_module
from data.drawing import charts, heat, posters
from data.drawing.heat import Heat
from data.drawing.posters import Day, Item, Lecture, Programme, Text
from data.drawing.render import png
from data.drawing.styles import STYLES, WIDE, Style

ROUNDS = 7
PHONE = 1080  # px of a chart's PNG
_FIRST = """
import time
started = time.perf_counter()
from tools.bench_drawing import LECTURE, STYLES, posters
posters.lecture(LECTURE, STYLES["素白"])
print(time.perf_counter() - started)
"""

LECTURE = Lecture(
    what="讲座通知",
    whose="门楼镇",
    title="没有什么“安全账户”：反诈骗",
    day="11月28日 星期六",
    lunar="农历十月二十",
    time="晚上7点半",
    rows=(
        ("主会场", "石湾村码头文化室"),
        ("分会场", "上坪村晒谷场、门楼村祠堂"),
        ("主讲", "覃志刚（派出所民警）"),
        ("语言", "白话"),
        ("位子", "40个"),
    ),
    how="想来听的，在群里说“报名”就行",
    link="https://live.example.cn/room/8812345?from=qr",
    link_words=("来不了，看直播", "长按识别左边的码，或用另一台手机扫"),
)
ITEM = Item("晚上7点半", "《反诈骗》", ("石湾村码头文化室", "覃志刚（派出所民警）主讲，讲白话"))
TEXT = Text(
    what="政策短文",
    whose="门楼镇",
    title="外地看病先备案",
    text="在外地打工或跟子女长住，看病前先办异地就医备案。用手机打开“国家医保服务平台”就能办，不收钱。" * 2,
    source="出处：《医疗保障基金使用监督管理条例》第十七条",
    since="2026年1月15日",
    link="https://www.example.gov.cn/1",
    link_words=("看原文",),
)


def programme(lectures: int) -> Programme:
    items = tuple(replace(ITEM, title=f"《第{at}讲》") for at in range(lectures))
    days = tuple(Day(f"11月{23 + at}日", "农历十月十五", items[at::7]) for at in range(7) if items[at::7])
    return Programme("一周课表", "门楼镇", "11月23日—11月29日", days, "说“报名”就行")


def town_table() -> Heat:
    rows, columns = tuple(f"第{at}村委会" for at in range(45)), tuple(f"第{at}个题目" for at in range(22))
    return Heat("点单", rows, columns, {(row, column): 1 + row % 9 for row in range(45) for column in range(22)})


def timed(draw: Callable[[], Iterable[str]], *, wide: int) -> dict[str, object]:
    """Milliseconds of the SVG and of the PNG, pages, and the heaviest page."""
    layouts, pictures, sizes = [], [], []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        pages = list(draw())
        laid_out = time.perf_counter()
        sizes = [len(png(page, width=wide)) for page in pages]
        layouts.append(laid_out - started)
        pictures.append(time.perf_counter() - laid_out)
    return {
        "pages": len(sizes),
        "svg_ms": round(median(layouts) * 1000, 1),
        "png_ms": round(median(pictures) * 1000),
        "largest_kb": round(max(sizes) / 1024),
        "svg_kb": round(max(len(page.encode()) for page in pages) / 1024),
    }


def first_ms() -> float:
    """A poster's layout in a fresh process, with all that has to be loaded for it."""
    took = subprocess.run([sys.executable, "-c", _FIRST], capture_output=True, text=True, check=True).stdout
    return round(float(took) * 1000)


def in_a_process_ms() -> float:
    """A lecture's page in a process of its own, as the sender has it drawn."""
    (page,) = posters.lecture(LECTURE, STYLES["素白"]).pages
    took = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        asyncio.run(run_module("data.drawing.render", str(WIDE), given=page.encode()))
        took.append(time.perf_counter() - started)
    return round(median(took) * 1000)


def _programme(lectures: int, style: Style) -> Iterable[str]:
    return posters.programme(programme(lectures), style).pages


def bench_posters(style: Style) -> dict[str, object]:
    return {
        "lecture": timed(lambda: posters.lecture(LECTURE, style).pages, wide=WIDE),
        "text": timed(lambda: posters.text(TEXT, style).pages, wide=WIDE),
        **{f"programme_{many}": timed(partial(_programme, many, style), wide=WIDE) for many in (1, 7, 30)},
    }


def bench_charts() -> dict[str, object]:
    table = town_table()
    months = [(f"{month}月", 10.0 * month) for month in range(1, 13)]
    return {
        "heat_45x22": timed(lambda: [heat.heat(table)], wide=PHONE),
        "heat_45x22_in_pages": timed(lambda: heat.heat_pages(table), wide=PHONE),
        "bars": timed(lambda: [charts.bars("题目", months, unit="单")], wide=PHONE),
        "line": timed(lambda: [charts.line("每月讲座", months, unit="场")], wide=PHONE),
        "progress": timed(lambda: [charts.progress("通知", 12, 14)], wide=PHONE),
    }


def bench_drawing() -> dict[str, object]:
    """Posters in every style, and charts."""
    once = {"first_ms": first_ms(), "in_a_process_ms": in_a_process_ms(), "charts": bench_charts()}
    return once | {name: bench_posters(style) for name, style in STYLES.items()}


if __name__ == "__main__":
    print(json.dumps(bench_drawing(), ensure_ascii=False, indent=1))
