"""Lists: search, filters kept in the address, pages, and the same as a spreadsheet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from bot.console.sheets import workbook
from bot.console.values import Answer, Ask, Download, Html, address
from data.names import row_id

Row = TypeVar("Row")
EACH = 30  # rows of a page
MOST = 20_000  # rows of a spreadsheet
LONGEST = 60  # characters that one can search for
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column. ``cell`` gives text, a number, a date or None; ``link`` where it leads.

    The ``head`` is what a row is called by on a phone; ``wide`` is left out of the page and is in the spreadsheet only.
    ``mark`` gives "late", "good", "wait" or "" and colours the cell (beside its words, never instead of them). What is
    a ``number`` of things (no id) is shown with its thousands apart. A ``link`` may be "": it leads nowhere.
    """

    title: str
    cell: Callable[[Row], object]
    link: Callable[[Row], str] | None = None
    head: bool = False
    wide: bool = False
    mark: Callable[[Row], str] | None = None
    number: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice above the list; ``options`` are (value, name), the empty value is "all" and is added."""

    key: str
    label: str
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: words, the chosen filters, and which rows of the result."""

    words: str
    chosen: Mapping[str, str]
    offset: int
    limit: int

    def number(self, key: str) -> int | None:
        """A chosen value that is a number (an id)."""
        return row_id(self.chosen.get(key, ""))


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """Some rows, and how many there are in all."""

    rows: Sequence[Row]
    total: int


@dataclass(frozen=True, slots=True)
class Listing(Generic[Row]):
    """A list: what it is called, its columns and filters, and how rows are found.

    ``empty`` is said where nothing is found, ``none`` where nothing is there at all; ``days`` adds a "from" and a "to"
    day to the filters ("from", "to").
    """

    name: str
    columns: tuple[Column[Row], ...]
    find: Callable[[Ask, Wanted], Found[Row]]
    filters: tuple[Filter, ...] = ()
    searches: str = ""  # what the search looks at; empty: there is no search
    empty: str = "没有找到。"
    days: bool = False
    none: str = ""


def show_list(
    ask: Ask, listing: Listing[Row], *, title: str = "", template: str = "list.html", **values: object
) -> Answer:
    """The page of a list, or with ``?as=xlsx`` its spreadsheet. ``values`` are for a template of its own."""
    chosen = {each.key: value for each in listing.filters if (value := _chosen(ask, each))}
    if listing.days:
        chosen |= {key: value for key in ("from", "to") if (value := ask.query.get(key, "")[:10])}
    words = ask.query.get("q", "").strip()[:LONGEST] if listing.searches else ""
    if ask.query.get("as") == "xlsx":
        return _sheet(ask, listing, words, chosen)
    page = page_of(ask)
    found = listing.find(ask, Wanted(words, chosen, (page - 1) * EACH, EACH))
    pages = max(1, -(-found.total // EACH))
    kept = {"q": words, **chosen}
    shown = {
        "listing": listing,
        "rows": found.rows,
        "total": found.total,
        "words": words,
        "chosen": chosen,
        "page": page,
        "pages": pages,
        "turn": lambda to: address(ask.where, **kept, page=to if to > 1 else ""),
        "as_xlsx": address(ask.where, **kept, **{"as": "xlsx"}),
        **values,
    }
    return Html(template, title or listing.name, shown)


def _sheet(ask: Ask, listing: Listing[Row], words: str, chosen: Mapping[str, str]) -> Download:
    found = listing.find(ask, Wanted(words, chosen, 0, MOST))
    head = [column.title for column in listing.columns]
    rows = ([_plain(ask, column.cell(row)) for column in listing.columns] for row in found.rows)
    names = {each.key: dict(each.options) for each in listing.filters}
    notes = "、".join(
        [*([f"搜“{words}”"] if words else []), *(names.get(key, {}).get(value, value) for key, value in chosen.items())]
    )
    body = workbook(listing.name, head, rows, zone=ask.rules.zone)
    about = f"{min(found.total, MOST)}条{f'（{notes}）' if notes else ''}"
    return Download(f"{listing.name}.xlsx", XLSX, body, logged=(f"导出{listing.name}", about))


def _plain(ask: Ask, value: object) -> object:
    """What a cell holds; phone numbers stay masked in a file too."""
    return ask.private(value) if isinstance(value, str) else value


def _chosen(ask: Ask, each: Filter) -> str:
    value = ask.query.get(each.key, "")
    return value if any(value == known for known, _ in each.options) else ""


def page_of(ask: Ask) -> int:
    """The page that the address asks for, from 1."""
    value = ask.query.get("page", "1")
    return max(1, int(value)) if value.isascii() and value.isdecimal() and len(value) < 7 else 1
