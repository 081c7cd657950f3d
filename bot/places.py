"""Where files go that a command makes, unless somebody says where: beside the town's own database, wherever the command
is given. There `data.oldfiles` looks after those that have an end."""

from contextlib import suppress
from pathlib import Path

from bot.config import Config
from data.database import file_of

PERSONS, EXPORTS, ARCHIVES = "persons", "exports", "archive"
REPORTS, SHEETS, SPEAK = "reports", "sheets", "speak"
ELSE = "var"  # below the folder of config.yaml, where the database is no file


def beside(config: Config, name: str) -> Path:
    """The folder of that name."""
    return _home(config) / name


def homes(config: Config) -> tuple[Path, ...]:
    """Where those folders are, and were: exports once lay by config.yaml, wherever the database was."""
    return tuple(dict.fromkeys((_home(config), config.path.parent / ELSE)))


def only_ours(folder: Path) -> Path:
    """The same, there and for nobody else to read; how another user's is, that user decides. OSError of the disk."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(PermissionError):
        folder.chmod(0o700)
    return folder


def _home(config: Config) -> Path:
    path = file_of(config.database_url)
    return path.parent if path is not None else config.path.parent / ELSE
