"""A module of ours in a process of its own: what would hold up the bot's turns, were it done beside them."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import bot

_FAULT = 300  # characters of what a process said before it died


class ChildFailed(Exception):
    """The process died; the message is the end of what it said."""


async def run_module(module: str, *arguments: str, given: bytes) -> bytes:
    """What ``python -m module`` answers to what it is given. Raises `ChildFailed`; when cancelled, it is ended too."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *_command(module, arguments), stdin=pipe, stdout=pipe, stderr=pipe, env=_surroundings()
    )
    try:
        out, faults = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    return _answer(process.returncode, out, faults)


def call_module(module: str, *arguments: str, given: bytes, patience: float) -> bytes:
    """The same for a thread that may wait, ``patience`` seconds at most. Raises `ChildFailed`."""
    try:
        done = subprocess.run(  # noqa: S603 - a module of ours
            _command(module, arguments),
            check=False,
            input=given,
            capture_output=True,
            env=_surroundings(),
            timeout=patience,
        )
    except subprocess.TimeoutExpired as error:
        raise ChildFailed(str(error)) from error
    return _answer(done.returncode, done.stdout, done.stderr)


def _command(module: str, arguments: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _surroundings() -> dict[str, str]:
    home = str(Path(bot.__file__).parent.parent)
    path = os.pathsep.join(each for each in (home, os.environ.get("PYTHONPATH")) if each)
    return {**os.environ, "PYTHONPATH": path}


def _answer(code: int | None, out: bytes, faults: bytes) -> bytes:
    if code or not out:
        raise ChildFailed(faults.decode("utf-8", "replace").strip()[-_FAULT:])
    return out
