"""Upkeep: what an admin has done for the whole town that takes minutes, one at a time, seen by all admins.

Each is a command of ``python -m bot`` in a process of its own, which gives way to the bot. A line "35% …" of what it
says moves the bar.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from sqlmodel import Session

import bot
from bot.config import Config
from bot.console.background import EVERYBODY, File, Job
from bot.console.values import Ask, Download
from data.desk_errors import NotThere
from data.errors import Declined, TownError
from data.materials import size_words

NICE = 15  # of 19
LONGEST = 3 * 3600  # seconds that a command may take
LOOK = 0.5  # seconds between looks whether it is to stop, and how far it is
_GENTLY = (  # ended, it clears up after itself
    "import os, runpy, signal, sys; signal.signal(signal.SIGTERM, lambda *_: sys.exit(143)); "
    f"os.nice({NICE}); runpy.run_module('bot', run_name='__main__')"
)
_SHOWN = 2_000  # characters of what a command said
_LATELY = 4_000  # bytes that are looked through for how far it is
_WIDEST = 4  # bytes of a character
_FAR = re.compile(r"^(\d{1,3})% (.+)\n", re.MULTILINE)


class Busy(Declined):
    """One thing at a time."""

    def __init__(self, what: str) -> None:
        super().__init__(f"正在{what}，等它做完再来。")


class WentWrong(TownError):
    """What a command said before it ended badly."""


def jobs(ask: Ask) -> list[Job]:
    """What is under way, and what ended lately, the newest first."""
    return ask.house.upkeep.of(EVERYBODY, now=ask.now)


def begin(ask: Ask, title: str, work: Callable[[Job], str]) -> None:
    """Begin it; its words are shown in the end. A turn that is done again begins nothing twice. Raises `Busy`."""

    def done(_session: Session, job: Job) -> tuple[File, ...]:
        job.step(0.0, "正在做")
        job.step(1.0, work(job))
        return ()

    under_way = [job for job in jobs(ask) if not job.over]
    if any(job.begun == ask.now and job.title == title for job in under_way):
        return
    if under_way:
        raise Busy(under_way[0].title)
    ask.house.upkeep.begin(EVERYBODY, title, done, now=ask.now)


def run(job: Job, config: Config, *words: str) -> str:
    """What a command of the bot said, but for how far it was. It ends with the work. Raises `WentWrong`, `Stopped`."""
    with TemporaryFile() as told:
        with subprocess.Popen(  # noqa: S603 - our own program, with words of our own
            [sys.executable, "-c", _GENTLY, *words, "--config", str(config.path.resolve())],
            cwd=str(Path(bot.__file__).parent.parent),
            env={**os.environ, "MENLOU_DATABASE_URL": config.database_url},
            stdout=told,
            stderr=subprocess.STDOUT,
        ) as process:
            try:
                _wait_for(process, told, job)
            finally:
                if process.poll() is None:
                    process.terminate()
        said = _FAR.sub("", _read(told, _SHOWN * _WIDEST)).strip()[-_SHOWN:]
    if process.returncode:
        raise WentWrong(said)
    return said


def named(ask: Ask, paths: Sequence[Path]) -> Path:
    """What was made, by its {name} in the address: only what is in the list can be named. Raises `NotThere`."""
    found = next((path for path in paths if path.name == ask.path["name"]), None)
    if found is None:
        raise NotThere("这个文件")
    return found


def given(ask: Ask, paths: Sequence[Path], what: str) -> Download:
    """The same, to be kept elsewhere. Raises `NotThere`."""
    path = named(ask, paths)
    return Download(path.name, "application/zip", file=path, logged=(what, path.name))


def size(path: Path) -> str:
    """How big it is, in words."""
    return size_words(path.stat().st_size)


def _wait_for(process: subprocess.Popen[bytes], told: IO[bytes], job: Job) -> None:
    """Until it has ended. Raises `Stopped` or `WentWrong`."""
    for _ in range(int(LONGEST / LOOK)):
        try:
            process.wait(LOOK)
        except subprocess.TimeoutExpired:
            far = _FAR.findall(_read(told, _LATELY))
            job.step(*((int(far[-1][0]) / 100, far[-1][1]) if far else (job.done, job.doing)))
        else:
            return
    raise WentWrong("太久没做完，停掉了。")


def _read(told: IO[bytes], most: int) -> str:
    """The last bytes that it said. It writes where this file's position is, which stays."""
    end = os.fstat(told.fileno()).st_size
    return os.pread(told.fileno(), most, max(0, end - most)).decode(errors="replace")
