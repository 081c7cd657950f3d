"""Where files go that a command makes, unless somebody says where: beside the town's own database, wherever the command
is given. There `data.oldfiles` looks after those about people."""

from pathlib import Path

from sqlalchemy import make_url

from bot.config import Config

PERSONS, ARCHIVES, REPORTS, SHEETS, SPEAK = "persons", "archive", "reports", "sheets", "speak"
ELSE = "var"  # below the folder of config.yaml, where the database is no file


def beside(config: Config, name: str) -> Path:
    """The folder of that name."""
    url = make_url(config.database_url)
    if url.get_backend_name() == "sqlite" and url.database and url.database != ":memory:":
        return Path(url.database).parent / name
    return config.path.parent / ELSE / name


def only_ours(folder: Path) -> Path:
    """The same, there and for nobody else to read. OSError of the disk."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder
