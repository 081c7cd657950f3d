"""A policy text as files have it (``snippets.yaml``, an import): checked values."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StringConstraints, field_validator

from data.checked import Entry, Name, Text

Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=r"^[^\s@]+$")]
KINDS = {"residents": "村民群", "migrants": "外出务工群"}


class AudienceEntry(Entry):
    """For whom a text or a series is: all that is named must fit, what is left out takes all."""

    villages: tuple[Name, ...] = ()
    kinds: tuple[Literal["residents", "migrants"], ...] = ()
    tags: tuple[Name, ...] = ()

    def as_row(self) -> dict[str, list[str]]:
        """As the tables keep it: only what was said."""
        parts: dict[str, list[str]] = {
            "villages": list(self.villages),
            "kinds": list(self.kinds),
            "tags": list(self.tags),
        }
        return {name: values for name, values in parts.items() if values}


class SnippetEntry(Entry):
    """A policy text. ``picture`` is the file name of a PNG beside it; ``topics`` are others that it is of too.

    ``ask`` is asked in the evening, and the text is its answer on the next day.
    """

    key: Key
    topic: Name
    topics: tuple[Name, ...] = ()
    title: Name
    text: Text
    source: Name | Text
    issued_on: date
    expires_on: date
    version: Annotated[int, Field(ge=1, le=9_999)] | None = None
    questions: tuple[str, ...] = ()
    ask: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    audience: AudienceEntry = AudienceEntry()
    picture: str | None = None
    link: str = ""

    @field_validator("source", mode="before")
    @classmethod
    def _said(cls, value: object) -> object:
        """One fault, not one for each of the two that it may be."""
        if not isinstance(value, str) or not value.strip():
            raise ValueError("要写出处，如 镇医保所")
        return value

    @field_validator("link")
    @classmethod
    def _leads_somewhere(cls, value: str) -> str:
        parts = urlsplit(value.strip())
        if value and (parts.scheme not in ("http", "https") or not parts.netloc or " " in value.strip()):
            raise ValueError("要写网址，以 https:// 开头")
        return value.strip()


def cross_check(
    entry: SnippetEntry, *, topics: Collection[str], villages: Collection[str]
) -> Iterator[tuple[str, str]]:
    """(the place, what is wrong) where an entry leads to what is not there, or contradicts itself."""
    for place, name in (("topic", entry.topic), *(("topics", each) for each in entry.topics)):
        if name not in topics:
            yield place, f"题目“{name}”不在目录里"
    for name in entry.audience.villages:
        if name not in villages:
            yield "audience", f"村“{name}”没有登记"
    if entry.expires_on < entry.issued_on:
        yield "expires_on", "到期日早于发布日"
