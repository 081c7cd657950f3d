"""Where exports lie, and what a killed one leaves there: it is about people, so the next one and the next start sweep.

var/exports/menlou-export-20261122-150000.zip     made in the console; "-open" where nothing is masked
var/exports/20261122-150000/                      made on the command line
"""

import re
from contextlib import suppress
from pathlib import Path

from bot.config import Config
from data.export import PART
from data.leftovers import sweep

EXPORTS = "var/exports"  # below the folder of config.yaml
NAME = "menlou-export-"
_MADE = re.compile(rf"{NAME}\d{{8}}-\d{{6}}(-open)?\.zip")
_UNFINISHED = re.compile(rf"({NAME})?\d{{8}}-\d{{6}}(-open)?{re.escape(PART)}|{NAME}\d{{8}}-\d{{6}}(-open)?")


def export_folder(config: Config) -> Path:
    """Where exports go unless somebody says where."""
    return config.path.parent / EXPORTS


def made_exports(folder: Path) -> list[Path]:
    """The archives that the console made, the newest first."""
    found = [path for path in folder.glob(f"{NAME}*.zip") if _MADE.fullmatch(path.name)]
    return sorted(found, key=lambda path: path.name, reverse=True)


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
