"""``make bench``: the figures that docs/benchmarks.md quotes, as JSON, each beside its floor from the same run.

Machines are noisy: floors and figures alternate, and the median of the pairs' ratios is what counts.
"""

import asyncio
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import jieba
import psutil

from bot.dispatch import Dispatch
from bot.init import config_text
from bot.sender import Sender
from bot.worker import Worker
from handlers import EARS, QUESTIONS, ROUTES
from handlers.knowledge import Limits
from handlers.message import Heard
from handlers.router import Router
from handlers.take import Listener
from handlers.turn import Reply, Route
from handlers.understand import Utterance, load_lexicon, understand
from tests.bot_process import BotProcess
from tests.gateway.floor import echoing, flood, flood_town, measure
from tests.gateway.harness import Gateway
from tests.town import NOW, WEB, DemoTown, prepare_town
from tools.bench_backup import bench_backup
from tools.bench_city import bench_city
from tools.bench_console import bench_console
from tools.bench_drawing import bench_drawing
from tools.bench_figures import bench_figures
from tools.bench_outbox import bench_outbox
from tools.bench_reports import bench_reports

ROUNDS = 7
TURNS = 300  # in a round
WARM = 1_000  # messages before a flood is measured: everybody has spoken once in every group
WISHES = (
    "反诈骗",
    "低保",
    "高血压",
    "养蜂",
    "宅基地",
    "养老金",
    "医保",
    "砂糖桔",
    "驾照",
    "山火",
    "找工作",
    "种粮补贴",
)
CHATTER = ("今天赶圩人真多啊", "谁家的牛跑到我田里了", "哈哈哈", "晚上一起去跳舞吗", "孩子发烧了怎么办呀")
FLOOR_TABLES = """INSERT INTO inbox (transport, message_id, room_id, member_id, text, heard_at, handled_at, route,
    understood, error) VALUES (?, ?, 1, 2, ?, ?, ?, 'order', '{"intent": "order_topic"}', '')"""
FLOOR_ORDER = """INSERT INTO lecture_order (member_id, room_id, village_id, wish, when_text, dialect, state, created_at)
    VALUES (2, 1, 1, ?, '', '', 'received', ?)"""
FLOOR_OUTBOX = """INSERT INTO outbox (room_id, kind, priority, text, mentions, state, queued_at, not_before, attempts,
    transport_message_id, error, inbox_id) VALUES (1, 'reply', 0, ?, '[["p", "n"]]', 'pending', ?, ?, 0, '', '', ?)"""


def bench_turns(folder: Path) -> dict[str, object]:
    """Durable turns (message in → order row and outbox row committed) against bare inserts of those three rows."""
    town = prepare_town(folder / "turns.db", now=NOW)
    knowledge = replace(town.knowledge, limits=Limits(per_minute=10**9, loop_turns=10**6))
    listener = Listener(ROUTES, QUESTIONS, knowledge, EARS)
    worker = Worker(town.engine)
    number = iter(range(10**9))

    async def turns() -> None:
        async def one(heard: Heard) -> None:
            await worker.run(lambda session: listener.take(session, heard, now=NOW))

        await asyncio.gather(*(one(_order(next(number))) for _ in range(TURNS)))

    with closing(_bare(town.path, folder / "bare.db")) as bare:
        asyncio.run(turns())
        floors, figures = [], []
        for _ in range(ROUNDS):
            floors.append(TURNS / _timed(lambda: _bare_turns(bare, next(number))))
            figures.append(TURNS / _timed(lambda: asyncio.run(turns())))
    worker.close()
    return {
        "turns_per_second": round(median(figures)),
        "bare_transactions_per_second": round(median(floors)),
        "ratio": round(median(own / floor for own, floor in zip(figures, floors, strict=True)), 2),
        "goal": ">= 0.5",
    }


def _order(number: int) -> Heard:
    """A new order: of another topic than the last in the same direct chat, of people who belong to no village."""
    person, topic = divmod(number, len(WISHES))
    return Heard(
        WEB, f"b{number}", f"u{person}", f"u{person}", f"点课 {WISHES[topic]}", NOW,
        sender_name=f"人{person}", direct=True,
    )  # fmt: skip


def _bare(source: Path, path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    with closing(sqlite3.connect(source)) as origin:
        origin.backup(connection)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _bare_turns(bare: sqlite3.Connection, start: int) -> None:
    at = "2026-11-20 07:00:00.000000"
    for number in range(TURNS):
        wish = f"新题目{start}-{number}"
        bare.execute("BEGIN IMMEDIATE")
        row = bare.execute(FLOOR_TABLES, (WEB, f"f{start}-{number}", f"点课 {wish}", at, at)).lastrowid
        bare.execute(FLOOR_ORDER, (wish, at))
        bare.execute(FLOOR_OUTBOX, (f"已登记{number}号：“{wish}”。镇里安排好时间就在群里告诉大家。", at, at, row))
        bare.execute("COMMIT")


def bench_dispatch(town: DemoTown) -> dict[str, object]:
    """The dispatch of a message that no one wants, with 10 and with 200 routes. Microseconds a message."""
    few, many = (_dispatch_cost(town, count) for count in (10, 200))
    pairs = [(few(), many()) for _ in range(ROUNDS)]
    return {
        "microseconds_with_10_routes": round(median(each for each, _ in pairs), 2),
        "microseconds_with_200_routes": round(median(each for _, each in pairs), 2),
        "ratio": round(median(more / fewer for fewer, more in pairs), 2),
        "goal": "<= 1.2, and <= 30 µs",
    }


def _dispatch_cost(town: DemoTown, count: int) -> Callable[[], float]:
    extra = tuple(
        Route(f"extra{number}", lambda _turn: Reply(""), "…", words=(f"口令{number}",)) for number in range(count)
    )
    listener = Listener(ROUTES, QUESTIONS, town.knowledge, EARS)
    listener.router = Router((*ROUTES[: 10 if count == 10 else len(ROUTES)], *extra)[:count])
    worker = Worker(town.engine)
    dispatch = Dispatch(listener, worker, Sender(worker, {}, {}, lambda: NOW), lambda: NOW)
    group = replace(_order(0), direct=False, room_id="r-shangping-1")
    heard = [replace(group, message_id=f"c{number}", text=text) for number, text in enumerate(CHATTER)] * 400

    asyncio.run(dispatch.look_up_lectures())

    async def feed() -> None:
        for each in heard:
            await dispatch.feed(each)

    return lambda: _timed(lambda: asyncio.run(feed())) / len(heard) * 1e6


async def bench_gateway(folder: Path) -> dict[str, object]:
    """Through the real gateway: the whole bot against a bare echo on the same puppet service."""
    figures: dict[str, object] = {}
    flat: list[tuple[float, float]] = []
    async with Gateway(town=flood_town(20, 50)) as gateway:
        path = _gateway_town(folder, gateway)
        for turn in range(3):
            async with echoing(gateway):
                await flood(gateway, WARM, "回声{i}")
                floor = measure(await flood(gateway, 2_000, "回声{i}"))
                slow = measure(await flood(gateway, 500, "回声{i}", rate=50)) if turn == 0 else None
            async with BotProcess(path, MENLOU_WECHATY_TOKEN=gateway.token) as bot:
                await bot.wait_line(lambda line: "wechaty 在线" in line)
                await flood(gateway, WARM, "@门楼 点课 反诈骗")
                own = measure(await flood(gateway, 2_000, "@门楼 点课 反诈骗", timeout=120))
                if turn == 0:
                    fifty = measure(await flood(gateway, 500, "@门楼 点课 反诈骗", rate=50))
                    one = measure(await flood(gateway, 12, "@门楼 点课 反诈骗", rate=1))
                    figures |= {"at_50_per_second": _latency(fifty), "at_1_per_second": _latency(one)}
                    figures |= {"bare_echo_at_50_per_second": _latency(slow), "rss_mb": _rss(bot.pid)}
            assert floor.complete and own.complete, (floor, own)  # noqa: PT018
            flat.append((own.per_second, floor.per_second))
    figures["flat_out"] = {
        "messages_per_second": round(median(own for own, _ in flat)),
        "bare_echo_per_second": round(median(floor for _, floor in flat)),
        "ratio": round(median(own / floor for own, floor in flat), 2),
        "goal": ">= 0.5",
    }
    return figures


def _latency(measured: object) -> dict[str, float]:
    values = asdict(measured)  # type: ignore[call-overload]
    return {name: round(values[name], 1) for name in ("median_ms", "p99_ms")}


def _gateway_town(folder: Path, gateway: Gateway) -> Path:
    (folder / "town").mkdir()
    (folder / "town" / "town.yaml").write_text("town: {name: 测速镇}\nvillages: [{name: 一村}]\n", "utf-8")
    path = folder / "gateway.yaml"
    zero = {f"pace.{name}": 0 for name in ("same_room", "per_minute", "per_hour", "per_day", "batch_rooms")}
    zero |= {f"account.{name}": 0 for name in ("listen_days", "answer_days", "rest_minutes")}  # no new account
    gaps = {"pace.reply_after": [0, 0], "pace.other_room": [0, 0], "push.grace_minutes": 0}
    free = {"limits.per_minute": 100_000, "limits.loop_turns": 100_000, "log.level": "info"}
    own = {"town.folder": "town", "webchat.enabled": False, "wechaty.endpoint": gateway.endpoint}
    path.write_text(config_text({**own, **zero, **gaps, **free, "webchat.port": 18_473}), "utf-8")
    return path


async def bench_start(folder: Path) -> dict[str, object]:
    """Start to ready, and memory at rest, with the web chat: as a user starts it, on a town that is there already."""
    path = folder / "web.yaml"
    demo = Path(__file__).parent.parent / "data" / "demo"
    path.write_text(config_text({"town.folder": str(demo), "webchat.port": 18_472}), "utf-8")
    seconds, memory = [], []
    for turn in range(4):
        started = time.perf_counter()
        async with BotProcess(path) as bot:
            if turn:  # the first makes the town
                seconds.append(time.perf_counter() - started)
                memory.append(_rss(bot.pid))
    return {
        "seconds_to_ready": round(median(seconds), 2),
        "rss_mb": median(memory),
        "goal": "<= 2.5 s, <= 160 MB",
    }


def bench_understanding() -> dict[str, object]:
    """Understanding against plain ``jieba.lcut`` of the same lines, and the slowest of some strange texts."""
    lexicon = load_lexicon()
    jieba.lcut("预热")
    chatter, addressed = _lines("chatter.tsv", "gate.tsv"), _lines("intents.tsv", "intents.tsv")
    now = NOW.replace(tzinfo=None)
    ratios: dict[str, list[float]] = {"chatter": [], "addressed": []}
    for _ in range(ROUNDS):
        for name, lines in (("chatter", chatter), ("addressed", addressed)):
            said = [Utterance(line, addressed=name == "addressed") for line in lines]
            own = _timed(partial(_each, partial(understand, lexicon=lexicon, now=now), said))
            floor = _timed(partial(_each, jieba.lcut, lines))
            ratios[name].append(own / floor)
    strange = ("点课 " + "[" * 100_000, "我想听" + "请" * 5_000, "一二三点半" * 2_000, "报名" * 5_000, "@" * 9_000)
    slowest = max(_timed(partial(understand, Utterance(text, addressed=True), lexicon, now)) for text in strange)
    return {
        "lines": {"chatter": len(chatter), "addressed": len(addressed)},
        "chatter_ratio": round(median(ratios["chatter"]), 3),
        "addressed_ratio": round(median(ratios["addressed"]), 2),
        "slowest_ms": round(slowest * 1e3, 1),
        "added_rss_mb": _added_memory(),
        "goal": "<= 0.05, <= 4, <= 50 ms, <= 120 MB",
    }


def _lines(shared: str, own: str) -> list[str]:
    """The ``text`` column of a file of ../shared/data where it is there, else the last column of our own cases."""
    root = Path(__file__).parent.parent
    path = root.parent / "shared" / "data" / shared
    if not path.is_file():
        cases = (root / "tests" / "understand" / "cases" / own).read_text("utf-8").splitlines()
        return [line.split("\t")[-1] for line in cases if line and not line.startswith("#")]
    head, *rows = path.read_text("utf-8").splitlines()
    column = head.split("\t").index("text")
    return [row.split("\t")[column] for row in rows]


def _each(do: Callable[[Any], object], things: Sequence[Any]) -> None:
    for thing in things:
        do(thing)


def _added_memory() -> float:
    """What loading all that understanding needs adds to a fresh Python, in MB."""
    code = (
        "import psutil; me = psutil.Process(); before = me.memory_info().rss\n"
        "from handlers.understand import load_lexicon; kept = load_lexicon()\n"
        "print((me.memory_info().rss - before) / 2**20)"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return round(float(done.stdout), 1)


def _rss(pid: int) -> float:
    return round(float(psutil.Process(pid).memory_info().rss) / 2**20, 1)


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> int:
    """Run every benchmark and print one JSON object."""
    # On the same kind of disk as the town, not in a memory file system.
    place = Path(__file__).parent.parent / "var"
    place.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place) as name:
        folder = Path(name)
        town = prepare_town(folder / "town.db", now=NOW)
        report = {
            "machine": {"cores": os.cpu_count(), "python": platform.python_version(), "load": os.getloadavg()[0]},
            "turn": bench_turns(folder),
            "understanding": bench_understanding(),
            "dispatch": bench_dispatch(town),
            "city": bench_city(folder),
            "outbox": bench_outbox(folder),
            "figures": bench_figures(folder),
            "backup": bench_backup(folder),
            "reports": bench_reports(folder),
            "drawing": bench_drawing(),
            "console": bench_console(folder),
            "start": asyncio.run(bench_start(folder)),
            "gateway": asyncio.run(bench_gateway(folder)),
        }
    json.dump(report, sys.stdout, ensure_ascii=False, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
