"""Where exports and yearly archives lie, and what a killed one leaves there: it is about people, so the next one and
the next start sweep.

exports/menlou-export-20261122-150000.zip         made in the console; "-open" where nothing is masked
exports/menlou-archive-2026-20261122-150000.zip   a year's archive, made in the console
exports/20261122-150000/                          made on the command line
"""

import re
from contextlib import suppress
from pathlib import Path

from bot.config import Config
from bot.places import EXPORTS, beside
from data.export import PART
from data.leftovers import sweep

NAME, ARCHIVE = "menlou-export-", "menlou-archive-"
KEEP = 3  # of each kind: they are about people, and large
STAMP = "%Y%m%d-%H%M%S"
_AT = r"\d{8}-\d{6}"
_FOLDER = rf"{NAME}{_AT}(-open)?|{ARCHIVE}\d{{4}}-{_AT}"  # of one that is being made in the console
_MADE = re.compile(rf"({_FOLDER})\.zip")
_UNFINISHED = re.compile(rf"({NAME})?{_AT}(-open)?{re.escape(PART)}|{_FOLDER}")


def export_folder(config: Config) -> Path:
    """Where exports go unless somebody says where."""
    return beside(config, EXPORTS)


def made_exports(folder: Path, name: str = NAME) -> list[Path]:
    """What the console made, exports or archives, the newest first."""
    found = [path for path in folder.glob(f"{name}*.zip") if _MADE.fullmatch(path.name)]
    return sorted(found, key=lambda path: (made_at(path), path.name), reverse=True)


def made_at(path: Path) -> str:
    """When one was made ("2026-11-22 15:00:00"), as its name has it."""
    day, time = path.stem.removesuffix("-open").split("-")[-2:]
    return f"{day[:4]}-{day[4:6]}-{day[6:]} {time[:2]}:{time[2:4]}:{time[4:]}"


def keep_newest(made: Path, name: str) -> None:
    """The oldest beyond `KEEP` go, but not the one just made.

    What is dated after it, by a clock that was ahead, neither goes nor takes its place.
    """
    for old in [each for each in made_exports(made.parent, name) if made_at(each) <= made_at(made)][KEEP:]:
        old.unlink(missing_ok=True)


def part_of(folder: Path) -> Path:
    """The archive of an exported folder while it is being written."""
    return folder.with_name(f"{folder.name}{PART}.zip")


def sweep_exports(folder: Path) -> int:
    """Remove what killed exports left, but for what a living one holds; returns how many."""
    swept = sweep(path for path in folder.glob("*") if _UNFINISHED.fullmatch(path.name))
    for part in folder.glob(f"{NAME}*{PART}.zip"):
        if not part.with_name(part.name.removesuffix(f"{PART}.zip")).is_dir():
            with suppress(OSError):
                part.unlink()
                swept += 1
    return swept
