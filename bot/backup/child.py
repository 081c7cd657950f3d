"""A backup in a process of its own, which gives way to the bot: ``python -m bot.backup.child`` < order > outcome.

In the bot's own process each piece of Python of a backup would hold up its turns, and on a busy machine for long. The
order and the outcome are one JSON object each. SIGTERM gives the backup up.
"""

import json
import os
import signal
import sys
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.backup.archive import BackupError, GivenUp
from bot.backup.make import Keep, Plan, back_up
from bot.child import ChildFailed, run_module

NICE = 15  # of 19


@dataclass(frozen=True, slots=True)
class Done:
    """A backup that was made; ``trouble`` is that of the second folder."""

    path: Path
    size: int  # bytes
    trouble: str


async def in_a_process(plan: Plan, now: datetime) -> Done:
    """Make a backup. Raises `BackupError`; when it is cancelled, so is the backup, and nothing half done stays."""
    order = {
        "database_url": plan.database_url,
        "folders": {name: str(folder) for name, folder in plan.folders.items()},
        "folder": str(plan.folder),
        "second": str(plan.second) if plan.second is not None else None,
        "keep": [plan.keep.days, plan.keep.weeks, plan.keep.months],
        "now": now.isoformat(),
    }
    try:
        out = await run_module("bot.backup.child", given=json.dumps(order).encode())
    except ChildFailed as error:
        raise BackupError(f"备份的进程出错了（{error}）。") from error
    told = json.loads(out)
    if "error" in told:
        raise BackupError(told["error"])
    return Done(Path(told["path"]), told["size"], told["trouble"])


def main() -> int:
    """In the process: one order, one outcome."""
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the bot, which ends this in its own way
    os.nice(NICE)

    def pause() -> None:
        if stopping.is_set():
            raise GivenUp

    order = json.load(sys.stdin)
    plan = Plan(
        database_url=order["database_url"],
        folders={name: Path(folder) for name, folder in order["folders"].items()},
        folder=Path(order["folder"]),
        second=Path(order["second"]) if order["second"] else None,
        keep=Keep(*order["keep"]),
    )
    try:
        made = back_up(plan, now=datetime.fromisoformat(order["now"]), pause=pause)
    except BackupError as error:
        outcome: dict[str, object] = {"error": str(error)}
    else:
        outcome = {"path": str(made.path), "size": made.size, "trouble": made.trouble}
    sys.stdout.write(json.dumps(outcome))
    return 0


if __name__ == "__main__":
    sys.exit(main())
