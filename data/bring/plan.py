"""What would become of a file's rows, all faults at once; and doing it, all or nothing."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlmodel import Session

from data.bring import lecturers, topics, villages
from data.bring.cells import BadCell
from data.bring.errors import FaultyBook, StaleBook
from data.bring.known import Known
from data.bring.model import Book, Entry, Fault, Hand, Line, Page, Plain, Standing, counted
from data.bring.sheets import LECTURERS, SHEETS, TOPICS, VILLAGES, Sheet
from data.townfile import TownFiles

EXAMPLE = "示例"  # how the names in the example rows begin
# What one turn of the bot may take, so that nobody waits long for an answer: some 200 ms in a city of 6,000 lecturers.
ROWS_AT_ONCE, CHANGED_AT_ONCE = 1_000, 200
_ORDER = {each.name: at for at, each in enumerate(SHEETS)}


@dataclass(frozen=True, slots=True)
class Plan:
    """What would become of each row. With ``faults`` nothing is taken; ``hints`` should be looked at."""

    book: Book
    files: TownFiles
    zone: tzinfo
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]
    hints: tuple[Fault, ...]

    def of(self, standing: Standing) -> list[Entry]:
        """The entries that are new, changed or the same."""
        return [each for each in self.entries if each.standing is standing]

    @property
    def long(self) -> bool:
        """Whether it takes longer than a turn of the bot may."""
        changed = sum(each.standing is not Standing.SAME for each in self.entries)
        return changed > CHANGED_AT_ONCE or rows_of(self.book) > ROWS_AT_ONCE

    def counts(self) -> dict[str, int]:
        """How many of each sheet are new, changed and the same, for a log."""
        return counted(self.entries)


def rows_of(book: Book) -> int:
    """The rows of all sheets."""
    return sum(len(page.rows) for page in book.pages)


def check(session: Session, book: Book, *, files: TownFiles, zone: tzinfo, now: datetime) -> Plan:
    """Weigh every row against the town as it stands; nothing is written. ``zone`` is that of the days in the file.

    ``files`` are the town's own, whose words stand above what is brought (`data.town.load_town`).
    """
    return _weigh(Known(session, files, zone=zone, now=now), book)


def apply(session: Session, plan: Plan, *, by: int | None, now: datetime) -> Plan:
    """Write what the plan says and return it. Nothing is told to anybody.

    Raises `FaultyBook`, and `StaleBook` where the town is not any more as it was when the plan was made; then nothing
    was written.
    """
    known = Known(session, plan.files, zone=plan.zone, now=now, hints=False)
    fresh = _weigh(known, plan.book)
    if fresh.faults:
        raise FaultyBook(fresh.faults)
    if fresh.entries != plan.entries:
        raise StaleBook
    hand = Hand(session, by, now)
    stale = False
    for sheet in SHEETS:
        due = [each for each in fresh.entries if each.sheet == sheet.name and each.standing is not Standing.SAME]
        if not due:
            continue
        if stale:
            known.reload()
        sheet.put(known, due, hand)
        stale = True
    return fresh


def _weigh(known: Known, book: Book) -> Plan:
    faults, hints = list(book.faults), list[Fault]()
    lines = {page.sheet: list(_lines(page, faults, hints)) for page in book.pages}
    _join_names(known, lines)
    entries: list[Entry] = []
    for sheet in SHEETS:
        entries += sheet.weigh(known, lines.get(sheet.name, []))
    return Plan(
        book,
        known.files,
        known.zone,
        tuple(entries),
        tuple(sorted(faults, key=_place)),
        tuple(sorted(hints, key=_place)),
    )


def _join_names(known: Known, lines: Mapping[str, Sequence[Line]]) -> None:
    """What the file adds may be referred to in it, wherever it stands."""
    for line in lines.get(VILLAGES.name, ()):
        if name := line.text(villages.NAME):
            known.village_names.join(name, *(line.words(villages.ALIASES) or ()))
    for line in lines.get(TOPICS.name, ()):
        if name := line.text(topics.NAME):
            known.topic_names.join(name, *(line.words(topics.ALIASES) or ()))
    for line in lines.get(LECTURERS.name, ()):
        if name := line.text(lecturers.NAME):
            known.lecturer_names.join(name)


def _lines(page: Page, faults: list[Fault], hints: list[Fault]) -> Iterator[Line]:
    """The rows with their cells read, but for the example of the template."""
    sheet = SHEETS[_ORDER[page.sheet]]
    example = example_of(sheet)
    unread = {(each.row, each.column) for each in faults if each.sheet == sheet.name}  # formulas: told already
    for row in page.rows:
        values: dict[str, Plain] = {}
        wrong: list[Fault] = []
        for column in sheet.columns:
            cell = row.cells.get(column.title)
            if cell is None:
                if column.required and (row.number, column.title) not in unread:
                    wrong.append(Fault(sheet.name, row.number, column.title, "没有写"))
                continue
            try:
                values[column.title] = column.read(cell)
            except BadCell as error:
                wrong.append(Fault(sheet.name, row.number, column.title, str(error)))
        if values == example and not wrong:
            continue
        left = [title for title, value in values.items() if isinstance(value, str) and value.startswith(EXAMPLE)]
        if left:
            faults.append(Fault(sheet.name, row.number, left[0], "还是示例里的名字，请改成真的，或整行删掉"))
            continue
        faults += wrong
        yield Line(sheet.name, row.number, values, faults, hints)


def example_of(sheet: Sheet) -> Mapping[str, Plain]:
    """The example row of the template, as it is read back."""
    return {each.title: each.read(each.example) for each in sheet.columns if each.example != ""}


def _place(fault: Fault) -> tuple[int, str, int, int]:
    """By sheet, row and column, as people go through a file."""
    at = _ORDER.get(fault.sheet, len(_ORDER))
    titles = [each.title for each in SHEETS[at].columns] if at < len(SHEETS) else []
    return at, fault.sheet, fault.row, titles.index(fault.column) if fault.column in titles else -1
