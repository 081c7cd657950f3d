"""Drives a real Wechaty gateway (``gateway.mjs``, a node process) from a test.

    async with Gateway(TOWN) as gateway:
        await gateway.say("wang", "你好", room="east@chatroom")
        sent = await gateway.wait_sent(lambda sent: "你好" in sent.text)

No method sleeps; whatever is awaited has a time-out that says what did not come.
"""

import asyncio
import atexit
import base64
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Self

HERE = Path(__file__).parent
BOT = "bot-self"
TOWN: dict[str, Any] = {
    "bot": {"id": BOT, "name": "门楼"},
    "people": [{"id": "wang", "name": "王大娘"}, {"id": "li", "name": "李支书"}, {"id": "zhao", "name": "赵在外"}],
    "rooms": [
        {"id": "east@chatroom", "topic": "东沟村", "members": ["wang", "li"]},
        {"id": "west@chatroom", "topic": "西岭村", "members": ["wang", "zhao"]},
    ],
}


class GatewayAbsent(Exception):
    """The node gateway cannot run here; the text says what is missing."""


class GatewayRefused(Exception):
    """The gateway could not obey a command."""


def find_node() -> str:
    """The path of node; raises `GatewayAbsent` when it or the gateway's packages are missing."""
    node = shutil.which("node")
    if node is None:
        raise GatewayAbsent("absent part: node gateway (node is not installed)")
    if not (HERE / "node_modules" / "wechaty-puppet-service").is_dir():
        raise GatewayAbsent("absent part: node gateway (run `npm ci` in tests/gateway)")
    return node


def require_gateway() -> None:
    """Skip the test, by name, where the gateway is absent; with CI=true that is a failure."""
    import pytest

    try:
        find_node()
    except GatewayAbsent as error:
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


def free_port() -> int:
    """A port that nobody has, below those that the system gives to whoever connects: it stays free until it is used."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@dataclass(frozen=True, slots=True)
class Sent:
    """What the bot sent, as the gateway recorded it. ``to`` is a room or a person; ``at`` is Unix time in seconds."""

    at: float
    to: str
    kind: str  # text, file; payload and picture in `Gateway.hung`, picture in `Gateway.asked`
    id: str = ""
    text: str = ""
    mentions: tuple[str, ...] = ()
    name: str = ""
    size: int = 0
    base64_head: str = ""

    @classmethod
    def of(cls, record: dict[str, Any]) -> "Sent":
        known = {key: value for key, value in record.items() if key in cls.__slots__}
        return cls(**{**known, "at": record["at"] / 1000, "mentions": tuple(record.get("mentions", ()))})


@dataclass(frozen=True, slots=True)
class Said:
    """What a simulated person said in a flood."""

    at: float
    id: str
    room: str
    contact: str
    text: str


@dataclass(frozen=True, slots=True)
class Flood:
    """A flood and the answers to it. ``complete`` is False when the time-out came before the last answer."""

    said: tuple[Said, ...]
    sent: tuple[Sent, ...]
    complete: bool

    def seconds(self) -> float:
        """From the first message in to the last answer out."""
        return self.sent[-1].at - self.said[0].at if self.sent else 0.0

    def per_second(self) -> float:
        return len(self.sent) / self.seconds() if self.seconds() else 0.0

    def latencies(self) -> list[float]:
        """Seconds from each message to its answer: the nth answer in a room belongs to the nth message there."""
        waiting: dict[str, list[float]] = {}
        for said in reversed(self.said):
            waiting.setdefault(said.room, []).append(said.at)
        return [sent.at - waiting[sent.to].pop() for sent in self.sent if waiting.get(sent.to)]


class Node:
    """A process of ``gateway.mjs``, which outlives the loops of the tests that talk to it."""

    def __init__(self) -> None:
        self._scratch = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [find_node(), str(HERE / "gateway.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "WECHATY_LOG": "silent", "TMPDIR": self._scratch.name},
        )

    def pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        """What it says and what it hears, for a loop to have and to close."""
        assert self.process.stdin is not None and self.process.stdout is not None
        return os.fdopen(os.dup(self.process.stdout.fileno()), "rb", 0), os.fdopen(
            os.dup(self.process.stdin.fileno()), "wb", 0
        )

    def end(self, seconds: float = 10) -> None:
        """Wait for its end, which somebody has brought about."""
        self.process.wait(seconds)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self._scratch.cleanup()


_spare: list[Node] = []


@atexit.register
def _end_spare() -> None:
    while _spare:
        node = _spare.pop()
        node.process.kill()
        node.end()


@dataclass
class Gateway:
    """A gateway process over a town of simulated rooms and people; the ids survive kill and restart.

    A process that came through a test unharmed serves the next one, with another town: it takes a second to start.
    """

    town: dict[str, Any] = field(default_factory=lambda: TOWN)
    port: int = field(default_factory=free_port)
    token: str = "insecure_menlou_test"
    logged_in: bool = True
    sends: list[Sent] = field(default_factory=list)
    hung: list[Sent] = field(default_factory=list)
    asked: list[Sent] = field(default_factory=list)  # every time that somebody asked for a picture
    _node: "Node | None" = None
    _pipe: asyncio.WriteTransport | None = None
    _reader: asyncio.Task[None] | None = None
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)
    _answers: dict[int, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _free: asyncio.Event = field(default_factory=asyncio.Event)
    _frozen: bool = False
    _seq: int = 0

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._part()
        finally:
            await self.kill()

    # ---- the process ---------------------------------------------------------------------------------------------

    async def start(self, timeout: float = 30) -> None:
        self._ready.clear()
        self._node = _spare.pop() if _spare else Node()
        loop, lines = asyncio.get_running_loop(), asyncio.StreamReader(limit=2**26)
        coming, going = self._node.pipes()
        reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), coming)
        self._pipe, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, going)
        self._reader = asyncio.create_task(self._read(lines, reading))
        town = {**self.town, "port": self.port, "token": self.token, "logged_in": self.logged_in}
        self._write(town)
        async with asyncio.timeout(timeout):
            await self._ready.wait()

    async def kill(self) -> None:
        """The process is gone at once (SIGKILL)."""
        if self._node is not None:
            self._node.process.kill()
        await self._gone()

    async def _part(self) -> None:
        """Let the next test have the process, where it can still be talked to."""
        if self._node is None or self._node.process.poll() is not None or self._frozen:
            return
        self._free.clear()
        self._write({"cmd": "again"})
        try:
            async with asyncio.timeout(20):
                await self._free.wait()
        except TimeoutError:
            return
        _spare.append(self._node)
        self._node = None

    async def close(self) -> None:
        """The gateway ends its connections in the orderly way, and the process."""
        await self.do("close")
        await self._gone()

    async def restart(self) -> None:
        """Kill, and start again with the same port, rooms and people."""
        await self.kill()
        await self.start()

    def freeze(self) -> None:
        """The process stands still, its connections open (SIGSTOP)."""
        self._running().process.send_signal(signal.SIGSTOP)
        self._frozen = True

    def thaw(self) -> None:
        self._running().process.send_signal(signal.SIGCONT)
        self._frozen = False

    # ---- what people do ------------------------------------------------------------------------------------------

    async def say(
        self, contact: str, text: str, *, room: str = "", mention: tuple[str, ...] = (), number: int | None = None
    ) -> str:
        """A person speaks, in a room or (without one) to the bot alone; returns the message's id.

        ``number`` is Wechaty's own number of the message's type, where it shall be another than a text (7).
        """
        about: dict[str, Any] = {"contact": contact, "text": text, "mention": list(mention)}
        if room:
            about["room"] = room
        if number is not None:
            about["type"] = number
        return str((await self.do("say", **about))["id"])

    async def show(self, contact: str, picture: bytes, *, room: str = "") -> str:
        """A person sends a picture, in a room or to the bot alone; returns the message's id."""
        about: dict[str, Any] = {"contact": contact, "base64": base64.b64encode(picture).decode()}
        if room:
            about["room"] = room
        return str((await self.do("picture", **about))["id"])

    async def mode(self, **modes: Any) -> None:
        """How the gateway misbehaves from now on; without arguments it behaves.

        ``delay_send`` ms, ``refuse_send`` (True or the error's text), ``hang_send``, ``accept_then_drop`` (once: the
        message goes out, then every connection is cut before the answer), ``echo_late`` ms, ``echo_never``,
        ``hang_payload`` (who asks what was said gets no answer), ``hang_picture``, ``refuse_picture``.
        """
        await self.do("mode", modes=modes)

    async def flood(
        self,
        n: int,
        *,
        rooms: list[str],
        people: list[str],
        text: str,
        rate: float | None = None,
        mention: tuple[str, ...] = (),
        expect: int | None = None,
        window: int = 256,
        timeout: float = 60,
    ) -> Flood:
        """``n`` messages round the rooms, at ``rate`` a second or (None) flat out with at most ``window`` unanswered;
        ends with the ``expect``-th answer (one for each message, unless told). ``{i}`` in the text is its number."""
        about = {"n": n, "rooms": rooms, "people": people, "text": text, "rate": rate, "mention": list(mention)}
        answer = await self.do(
            "flood", **about, expect=expect or n, window=window, timeout=timeout * 1000, patience=timeout + 30
        )
        said = tuple(Said(**{**each, "at": each["at"] / 1000}) for each in answer["said"])
        return Flood(said, tuple(Sent.of(each) for each in answer["sent"]), bool(answer["complete"]))

    async def do(self, cmd: str, *, patience: float = 30, **about: Any) -> dict[str, Any]:
        """Any command of ``gateway.mjs``: topic, join, leave, recall, rename, alias, login, logout, scan, emit, ..."""
        self._seq += 1
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[self._seq] = answer
        self._write({"seq": self._seq, "cmd": cmd, **about})
        async with asyncio.timeout(patience):
            result = await answer
        if "error" in result:
            raise GatewayRefused(f"{cmd}: {result['error']}")
        return result

    # ---- what the bot does ---------------------------------------------------------------------------------------

    async def wait_sent(self, wanted: Callable[[Sent], bool] = lambda sent: True, timeout: float = 30) -> Sent:
        """The first send that is wanted, among those that came already and those to come."""
        return await self._wait(self.sends, wanted, timeout)

    async def wait_hung(self, wanted: Callable[[Sent], bool] = lambda sent: True, timeout: float = 30) -> Sent:
        """The first that is wanted among what ``hang_send``, ``hang_payload`` and ``hang_picture`` left hanging."""
        return await self._wait(self.hung, wanted, timeout)

    async def _wait(self, where: list[Sent], wanted: Callable[[Sent], bool], timeout: float) -> Sent:
        try:
            async with asyncio.timeout(timeout), self._news:
                await self._news.wait_for(lambda: any(map(wanted, where)))
        except TimeoutError:
            raise AssertionError(f"the bot did not send it within {timeout} s; it sent {where[-5:]}") from None
        return next(filter(wanted, where))

    # ---- pipes ---------------------------------------------------------------------------------------------------

    def _running(self) -> "Node":
        if self._node is None:
            raise GatewayAbsent("the gateway is not running")
        return self._node

    def _write(self, value: dict[str, Any]) -> None:
        self._running()
        assert self._pipe is not None
        self._pipe.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")

    async def _gone(self) -> None:
        if self._node is not None:
            await asyncio.to_thread(self._node.end, 10)
        if self._reader is not None:
            if self._node is None:  # it lives on for somebody else
                self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._pipe is not None:
            self._pipe.close()
        self._node = self._reader = self._pipe = None

    async def _read(self, lines: asyncio.StreamReader, pipe: asyncio.ReadTransport) -> None:
        try:
            async for line in lines:
                try:
                    report = json.loads(line)
                except ValueError:
                    continue  # a package wrote something of its own
                await self._take(report)
        finally:
            pipe.close()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_result({"error": "the gateway is gone"})

    async def _take(self, report: dict[str, Any]) -> None:
        match report:
            case {"event": "ready"}:
                self._ready.set()
            case {"event": "free"}:
                self._free.set()
            case {"event": "sent" | "hung" | "asked" as event}:
                async with self._news:
                    {"sent": self.sends, "hung": self.hung, "asked": self.asked}[event].append(Sent.of(report))
                    self._news.notify_all()
            case {"seq": seq} if seq in self._answers:
                answer = self._answers.pop(seq)
                if not answer.done():
                    answer.set_result(report)
