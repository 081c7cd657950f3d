"""The catalogue of topics and the words that people use for them, in a file that a coordinator can edit."""

from dataclasses import dataclass
from pathlib import Path

import yaml

from data.errors import TownFileError

TOPICS = Path(__file__).parent / "topics.yaml"


@dataclass(frozen=True, slots=True)
class TopicEntry:
    """A topic by its catalogue name, and what people call it."""

    name: str
    aliases: tuple[str, ...]


def load_topics(path: Path = TOPICS) -> tuple[TopicEntry, ...]:
    """The catalogue, in menu order; `TownFileError` says what is wrong with the file."""
    entries = tuple(
        TopicEntry(each["name"], tuple(each["aliases"])) for each in yaml.safe_load(path.read_text("utf-8"))
    )
    owner: dict[str, str] = {}
    problems = []
    for entry in entries:
        for alias in (entry.name, *entry.aliases):
            if alias in owner:
                problems.append(f"{path.name}: “{alias}”同时归了{owner[alias]}和{entry.name},只能归一个。")
            owner[alias] = entry.name
    if problems:
        raise TownFileError(problems)
    return entries
