"""Kill -9 at every named point, and at random moments: never lost silently, never sent twice by the machine.

The whole bot broadcasts over the real gateway, and the gateway remembers what it was told. ``python -m
tests.figures.kills --moments 500`` does the same at length.
"""

import ast
import re
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path

import pytest

from bot import faults
from tests.broadcast_story import Story, longest_of, one_death, telling
from tests.gateway.harness import require_gateway
from tests.gateway.village import bounded
from tests.town import ROOT

pytestmark = pytest.mark.gateway

AT_START = {"taken_up", "job_begun", "job_queued"}  # points that are passed before a bot is online


def tell(folder: Path, rooms: int, tale: Callable[[Story], Awaitable[None]], seconds: float) -> None:
    require_gateway()

    async def run() -> None:
        async with telling(folder, rooms) as story:
            await tale(story)
            verdict = story.verdict()
            assert verdict.messages == rooms * len(story.texts) > 0
            assert verdict.killed == story.killed > 0
            assert (verdict.lost, verdict.doubled, verdict.silent) == (0, 0, 0), verdict

    bounded(run(), seconds)


def test_killed_at_every_named_point(tmp_path: Path) -> None:
    """Each point once, in the middle of a broadcast or of the start after one; the next bot tells it to the end."""

    async def tale(story: Story) -> None:
        on_the_way = [point for point in faults.POINTS if point not in AT_START]
        await story.live(kill=on_the_way[0])
        for point, following in pairwise([*on_the_way, ""]):
            await story.draft()
            story.nursery.signal(signal.SIGUSR1)
            if point == "stopping":
                story.nursery.signal(signal.SIGTERM)
            else:
                await story.confirm()
            assert await story.nursery.gone() == -signal.SIGKILL, f"{point} was not passed"
            story.killed += 1
            await story.live(kill=following)  # the one that tells this to the end is the next to die
            await story.finish()
        for point in sorted(AT_START):
            await story.gateway.mode(delay_send=300)
            await story.draft()
            await story.confirm()
            await story.gateway.do("ping")
            await story.die()
            await story.gateway.mode()
            assert not await story.live(kill=point, armed=True), f"{point} was not passed"
            story.killed += 1
            await story.live()
            await story.finish()
        await story.retire()
        assert story.killed == len(faults.POINTS) + len(AT_START)
        assert set(faults.POINTS) > AT_START

    tell(tmp_path, 30, tale, 300)


HALF_A_LINE = """
import os, signal
from tests import mortal

def bear(order):
    print("scan to log in: http://127.0.0.1/login", end="", flush=True)
    os.kill(os.getpid(), signal.SIGKILL)

mortal.warm_up, mortal.bear = (lambda: None), bear
mortal.main()
"""


def test_a_death_in_the_middle_of_a_line_is_told() -> None:
    """Once in some hundred runs a bot died between a line and its end, and its death was read as part of that line."""
    order = [sys.executable, "-c", HALF_A_LINE]
    told = subprocess.run(order, check=True, cwd=ROOT, input="{}\n", capture_output=True, text=True)
    born, gone = (re.findall(rf"^@@ {word} (.+)$", told.stdout, re.M) for word in ("born", "gone"))
    assert [f"{pid} -9" for pid in born] == gone != [], told


def test_killed_at_random_moments(tmp_path: Path) -> None:
    async def tale(story: Story) -> None:
        longest = await longest_of(story)
        while story.killed < 6:
            await one_death(story, longest)

    tell(tmp_path, 200, tale, 300)


def test_every_point_that_is_named_is_passed_in_the_code_and_nothing_arms_it() -> None:
    """What this file kills at is what there is; and in the house nobody puts anything in the point's place."""
    passed: list[str] = []
    for path in sorted((ROOT / "bot").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name("faults"), attr="point"), args=[ast.Constant(str(name))]
                ):
                    passed.append(name)
                case ast.Assign(targets=[ast.Attribute(attr="point")]):
                    raise AssertionError(f"{path} arms a fault point")
    assert sorted(passed) == sorted(faults.POINTS)
    assert faults.point is faults._nothing
