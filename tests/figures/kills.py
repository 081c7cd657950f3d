"""Kill the bot at many random moments of broadcasts and print what became of them, as JSON.

python -m tests.figures.kills --moments 500 [--rooms 200] [--seed 1] [--minutes 30]
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from tests.broadcast_story import Verdict, longest_of, one_death, telling


async def run(folder: Path, options: argparse.Namespace) -> Verdict:
    deadline = time.monotonic() + options.minutes * 60
    async with telling(folder, options.rooms, seed=options.seed) as story:
        longest = 1.1 * await longest_of(story)
        while story.killed < options.moments and time.monotonic() < deadline:
            await one_death(story, longest)
            if len(story.texts) % 10 == 0:
                print(f"{story.killed} killed, {len(story.texts)} broadcasts", file=sys.stderr, flush=True)
        return story.verdict()


def main() -> int:
    """Run, and exit with 1 where anything was lost, doubled or left in silence."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=500)
    parser.add_argument("--rooms", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=60, help="stop after so long, with what was done by then")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        verdict = asyncio.run(run(Path(folder), options))
    print(json.dumps(verdict.as_dict()))
    return int(bool(verdict.lost or verdict.doubled or verdict.silent))


if __name__ == "__main__":
    sys.exit(main())
