"""A series as ``town.yaml`` has it: checked values."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from data.checked import Entry, Name
from data.seasons import BadSpan, check
from data.series_tables import SeriesKind
from data.snippetfile import AudienceEntry, Key


class SeriesEntry(Entry):
    """A series; ``days`` are spans as `data.seasons` reads them. What is left out of ``every_days`` is one day for
    dated series and three for courses."""

    name: Name
    kind: SeriesKind
    texts: Annotated[tuple[Key, ...], Field(min_length=1)]
    days: tuple[str, ...] = ()
    every_days: Annotated[int, Field(ge=1, le=366)] | None = None
    again: bool = False
    audience: AudienceEntry = AudienceEntry()

    @property
    def gap_days(self) -> int:
        """Days between two of its texts."""
        return self.every_days or (3 if self.kind == SeriesKind.COURSE else 1)


def check_days(dates: Mapping[str, str]) -> Iterator[str]:
    """The town's own days, each of which is one point in time or a span of it."""
    for name, words in dates.items():
        try:
            check(words, {})
        except BadSpan as error:
            yield f"town.yaml dates “{name}”：{error}"


def check_series(series: Collection[SeriesEntry], dates: Mapping[str, str], villages: Collection[str]) -> Iterator[str]:
    """Spans that cannot be read, dated series with none, villages that are not there, texts named twice.

    A text that is missing is no fault: it may be brought in by an import.
    """
    for position, each in enumerate(series, 1):
        where = f"town.yaml series.{position}“{each.name}”"
        for number, words in enumerate(each.days, 1):
            try:
                check(words, dates)
            except BadSpan as error:
                yield f"{where} days.{number}：{error}"
        if each.kind == SeriesKind.DATED and not each.days:
            yield f"{where} days：没有写。按日子发的要写哪几天，如 [清明前7天]。"
        if each.kind == SeriesKind.COURSE and each.again:
            yield f"{where} again：连续的课一条只发一次，去掉 again。"
        for key in sorted({key for key in each.texts if each.texts.count(key) > 1}):
            yield f"{where} texts：“{key}”写了两次。"
        for name in each.audience.villages:
            if name not in villages:
                yield f"{where} audience：村“{name}”没有登记。"
