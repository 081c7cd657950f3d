"""A module of ours in a process of its own: what would hold up the bot's turns, were it done beside them."""

import asyncio
import os
import sys
from pathlib import Path

import bot

_FAULT = 300  # characters of what a process said before it died


class ChildFailed(Exception):
    """The process died; the message is the end of what it said."""


async def run_module(module: str, *arguments: str, given: bytes) -> bytes:
    """What ``python -m module`` answers to what it is given. Raises `ChildFailed`; when cancelled, it is ended too."""
    home = str(Path(bot.__file__).parent.parent)
    path = os.pathsep.join(each for each in (home, os.environ.get("PYTHONPATH")) if each)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, "PYTHONPATH": path},
    )
    try:
        out, faults = await process.communicate(given)
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
    if process.returncode or not out:
        raise ChildFailed(faults.decode("utf-8", "replace").strip()[-_FAULT:])
    return out
