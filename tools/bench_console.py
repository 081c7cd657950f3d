"""The figures of ``make bench`` under "console": how long each of its pages takes on a prefecture city's year, while
the bot in the same process answers twenty messages a second. Alone: ``python -m tools.bench_console [database]``,
which keeps the city in that file for the next time.

Two people click through all pages from a process of their own. A page is timed from its request to its last byte.
"""

import asyncio
import gc
import json
import math
import re
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import count
from pathlib import Path
from statistics import median

from aiohttp import ClientSession, CookieJar
from sqlmodel import col, func, select
from yarl import URL

from bot.config import load_config
from bot.dispatch import Dispatch
from bot.pacing import Pacer
from bot.sender import Sender
from bot.town import know, read_files
from bot.transports.memory import MemoryTransport
from bot.worker import Worker
from data import outbox, relay
from data.database import open_engine, upgrade
from data.desk_tables import ConsoleRole
from data.figures.figures import BY_KEY
from data.loop import Order, OrderState, SignUp, Voice
from data.mail import OutboxKind
from data.pace import Speed
from data.reports.told import PARTS
from data.tables import RoomKind
from handlers.knowledge import Limits
from handlers.message import Heard
from tests.console_paths import Paths
from tests.desk import COOKIE, open_desk
from tests.town import NOW, ROOT, WEB, DemoTown, prepare_town
from tools.city import make_city

ROUNDS = 20  # that each of the people opens each page
PEOPLE = 2
PER_SECOND = 20  # messages, all of which need a turn
CARDS = 40  # that wait to be said by hand
GOAL_MS, GOAL_BYTES = 300, 150_000
GROUP, COORDINATOR = "r-shangping-1", "p-zhouzhurong"
_TRIED = ("q=防骗", "page=40")  # of each list, beside its first page
_WITH = re.compile(r'(?:href|src)="(/static/[^"]+)"|<img[^>]* src="(/[^"]+)"')
Times = dict[str, list[float]]


def bench_console(folder: Path, database: Path | None = None) -> dict[str, object]:
    """Each page's p50 and p95 in ms and its weight, worst first; ``database`` holds a city that was made before."""
    path = database or folder / "console.db"
    town = _city(path)
    with tempfile.TemporaryDirectory(dir=path.parent) as name:  # what is measured changes the city: not the kept one
        copy = town.copy(Path(name) / "town.db")
        upgrade(copy.engine, now=NOW)
        report = asyncio.run(_bench(copy))
        copy.engine.dispose()
    return report


def _city(path: Path) -> DemoTown:
    if not path.exists():
        town = prepare_town(path, now=NOW)
        make_city(town.engine, now=NOW, transport=WEB)
    else:
        with tempfile.TemporaryDirectory() as name:
            town = replace(
                prepare_town(Path(name) / "town.db", now=NOW), path=path, engine=open_engine(f"sqlite:///{path}")
            )
    return town


async def _bench(town: DemoTown) -> dict[str, object]:
    config = load_config(ROOT / "config.yaml", {})
    with town.session() as session:
        knowledge = know(session, config, *read_files(config))
    town = replace(town, knowledge=replace(knowledge, limits=Limits(per_minute=10**9, loop_turns=10**6)))
    async with open_desk(town) as desk, _talking(town, desk.worker) as talk:
        admin = desk.clerk(ConsoleRole.ADMIN)
        paths = Paths(admin.session, desk.address)
        found = await paths.find(_busy(town))
        lists = [f"{path}?{more}" for path in sorted(paths.searched) if "{" not in path for more in _TRIED]
        wanted = {**found, **{each: each for each in lists}}
        gc.collect()
        gc.freeze()  # as the bot does once it has started
        talk.begin()
        visits = [_visit(desk.address, desk.clerk(ConsoleRole.ADMIN).token, wanted) for _ in range(PEOPLE)]
        seen = await asyncio.gather(*visits)
        talked = talk.end()
        year, _ = await _visit(desk.address, admin.token, _figures())
    gc.unfreeze()
    times: Times = defaultdict(list)
    weights: dict[str, int] = {}
    for each_times, each_weights in seen:
        weights |= each_weights
        for template, each in each_times.items():
            times[template] += each
    report = _report({each: times[each] for each in wanted if each not in paths.files}, weights)
    files = {each: round(_p95(times[each]), 1) for each in sorted(paths.files)}
    return {
        "messages": talked,
        **report,
        "figures_of_the_year_nobody_else_p95_ms": _slowest(year),
        "files_p95_ms": files,
        "not_opened": sorted(paths.missing()),
    }


def _figures() -> dict[str, str]:
    """Every page of figures over the whole year and the whole city: its parts, and the rows behind each number."""
    parts = [f"/figures?period={NOW.year}&part={part}" for part in PARTS]
    return {path: path for path in [*parts, *(f"/figures/{key}?period={NOW.year}" for key in BY_KEY)]}


def _slowest(times: Times) -> dict[str, float]:
    """The p95 of the ten slowest."""
    found = {path: round(_p95(each), 1) for path, each in times.items()}
    return dict(sorted(found.items(), key=lambda pair: -pair[1])[:10])


def _busy(town: DemoTown) -> list[str]:
    """Where much is to be shown or weighed: what waits, who signed up, a group with cards to copy."""
    with town.session() as session, session.begin():
        order = session.exec(select(Order.id).where(Order.state == OrderState.REVIEWED)).first()
        voice = session.exec(select(Voice.id).where(col(Voice.answered_at).is_(None))).first()
        fullest = select(SignUp.lecture_id).group_by(col(SignUp.lecture_id)).order_by(func.count().desc())
        lecture = session.exec(fullest).first()
        room = relay.add_room(session, name="手动群", village_id=1, kind=RoomKind.RESIDENTS, now=NOW)
        for number in range(CARDS):
            outbox.queue(session, room_id=room.id or 0, kind=OutboxKind.NOTICE, text=f"第{number}条通知", now=NOW)
        return [
            f"/orders/{order}",
            f"/cases/{voice}",
            f"/lectures/{lecture}",
            f"/lectures/{lecture}/signups",
            f"/relay/{room.id}",
        ]


def _report(times: Times, weights: Mapping[str, int]) -> dict[str, object]:
    rows = [
        {
            "page": template,
            "p50_ms": round(median(each), 1),
            "p95_ms": round(_p95(each), 1),
            "kB": round(weights[template] / 1e3, 1),
        }
        for template, each in times.items()
    ]
    rows.sort(key=lambda row: -float(str(row["p95_ms"])))
    return {
        "requests": sum(map(len, times.values())),
        "worst": rows[0],
        "heaviest": max(rows, key=lambda row: float(str(row["kB"]))),
        "slower_than_goal": [row["page"] for row in rows if float(str(row["p95_ms"])) > GOAL_MS],
        "goal": f"p95 <= {GOAL_MS} ms, {GOAL_BYTES // 1000} kB",
        "pages": rows,
    }


def _p95(times: Sequence[float]) -> float:
    """The nearest rank."""
    return sorted(times)[math.ceil(0.95 * len(times)) - 1]


@dataclass(slots=True)
class Talk:
    """People who write at a steady rate; ``waits`` are the ms from a message to its answer being kept."""

    dispatch: Dispatch
    waits: list[float] = field(default_factory=list)
    began: float = 0.0
    speaking: "asyncio.Task[None] | None" = None
    turns: "set[asyncio.Task[None]]" = field(default_factory=set)

    def begin(self) -> None:
        self.began = time.perf_counter()
        self.speaking = asyncio.create_task(self._speak())

    def end(self) -> dict[str, object]:
        assert self.speaking is not None
        self.speaking.cancel()
        seconds = time.perf_counter() - self.began
        return {
            "a_second": round(len(self.waits) / seconds, 1),
            "p50_ms": round(median(self.waits), 1),
            "p95_ms": round(_p95(self.waits), 1),
        }

    async def _speak(self) -> None:
        for number in count():
            left = self.began + number / PER_SECOND - time.perf_counter()
            await asyncio.sleep(max(0.0, left))
            turn = asyncio.create_task(self._say(number))
            self.turns.add(turn)
            turn.add_done_callback(self.turns.discard)

    async def _say(self, number: int) -> None:
        started = time.perf_counter()
        words, direct = (("报名", False), ("点课 防骗", False), ("我想听养蜂", True), ("待办", True))[number % 4]
        who = COORDINATOR if words == "待办" else f"u{number}"
        room = who if direct else GROUP
        await self.dispatch.feed(
            Heard(WEB, f"m{number}", room, who, words, NOW, sender_name=f"村民{number}", direct=direct, mentioned=True)
        )
        self.waits.append((time.perf_counter() - started) * 1e3)


@asynccontextmanager
async def _talking(town: DemoTown, worker: Worker) -> AsyncIterator[Talk]:
    """The bot's own half, on the console's worker: it hears, answers, and sends into the air."""
    transport = MemoryTransport(lambda: NOW, name=WEB, echo=False)
    sender = Sender(worker, {WEB: transport}, {WEB: Pacer(Speed.none())}, lambda: NOW)
    dispatch = Dispatch(town.listener(), worker, sender, lambda: NOW)
    sending = asyncio.create_task(sender.run())
    talk = Talk(dispatch)
    try:
        yield talk
    finally:
        while talk.turns:
            await asyncio.wait(talk.turns)
        await sender.stop()
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


async def _visit(address: str, token: str, wanted: Mapping[str, str]) -> tuple[Times, dict[str, int]]:
    """Somebody who clicks, in a process of their own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tools.bench_console", "--visit", address, token, cwd=ROOT,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=2**26,
    )  # fmt: skip
    told, _ = await process.communicate(json.dumps(wanted).encode())
    times, weights = json.loads(told)
    return times, weights


async def _click(address: str, token: str, wanted: Mapping[str, str]) -> tuple[Times, dict[str, int]]:
    times: Times = defaultdict(list)
    weights: dict[str, int] = {}
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        client.cookie_jar.update_cookies({COOKIE: token}, URL(address))
        for turn in range(ROUNDS + 1):
            for template, path in wanted.items():
                started = time.perf_counter()
                async with client.get(address + path) as answer:
                    body = await answer.read()
                    assert answer.status == HTTPStatus.OK, (path, answer.status)
                if turn:  # the first warms up
                    times[template].append((time.perf_counter() - started) * 1e3)
                else:
                    page = body.decode() if answer.content_type == "text/html" else ""
                    weights[template] = len(body) + await _more(client, address, page)
    return times, weights


async def _more(client: ClientSession, address: str, page: str) -> int:
    """Bytes of what a page loads beside itself."""
    total = 0
    for found in {style or picture for style, picture in _WITH.findall(page)}:
        async with client.get(address + found) as answer:
            total += len(await answer.read())
    return total


def main() -> int:
    """Run it alone, or click for the one who runs it."""
    if sys.argv[1:2] == ["--visit"]:
        json.dump(asyncio.run(_click(sys.argv[2], sys.argv[3], json.load(sys.stdin))), sys.stdout)
        return 0
    with tempfile.TemporaryDirectory() as name:
        kept = Path(sys.argv[1]) if len(sys.argv) > 1 else None
        json.dump(bench_console(Path(name), kept), sys.stdout, ensure_ascii=False, indent=2)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
