"""Files that lie beside the database, named by what is in them."""

import os
from pathlib import Path


def write_once(path: Path, content: bytes) -> None:
    """Write a file, all of it or nothing: a half-written one never has the name. One that is there stays as it is."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())  # a name without its bytes would stay after the power fails
    part.replace(path)
