"""What travels between the server and a page of the console.

A page is a plain function of an `Ask` that reads and returns an `Answer`; a deed is one that writes, in one
transaction on the worker, and returns a `Done`. Neither knows HTTP.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from sqlmodel import Session

from bot.config import Config
from bot.console.background import Workshop
from bot.settings import CONSOLE_ADDRESS, CONSOLE_HOST, CONSOLE_PORT
from data.console_sessions import Visitor
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.names import clean_text, masked, row_id
from data.rules import Rules
from handlers.knowledge import Knowledge
from handlers.message import Heard
from handlers.take import Outcome

_RANK = {role: rank for rank, role in enumerate(ConsoleRole)}
LONG = 4_000  # characters that a field may have


class Hears(Protocol):
    """How a pasted message is taken: as if it were heard, within the caller's transaction."""

    def __call__(self, session: Session, heard: Heard, *, now: datetime) -> Outcome: ...


class Live(Protocol):
    """What the running bot tells the console: how its accounts stand."""

    def accounts(self) -> list[tuple[str, bool, str]]:
        """(transport, whether it can speak now, a word on it) of each transport."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """What pages may know beside the database. ``knowledge`` is what the bot knows now (it is loaded anew at times).

    What takes long is made in a workshop of this console: ``reports``, and ``upkeep``, so that a backup waits for none.
    """

    config: Config
    knowledge: Callable[[], Knowledge]
    live: Live
    reload: Callable[[], None]  # asks for the knowledge to be gathered anew, soon
    wake: Callable[[], None]  # something was queued
    take: Hears
    reports: Workshop
    upkeep: Workshop


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent. ``name`` is cleaned, and never a path."""

    name: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Form:
    """What was typed into a form: clean text, NUL and control characters gone."""

    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, tuple[Upload, ...]] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """The field's first value, trimmed."""
        found = self.fields.get(name)
        return found[0].strip() if found else default

    def all(self, name: str) -> tuple[str, ...]:
        """All values of a field with several (checkboxes)."""
        return self.fields.get(name, ())

    def need(self, name: str, label: str, *, longest: int = LONG) -> str:
        """A field that must be filled in. Raises `BadEntry`."""
        value = self.get(name)
        if not value:
            raise BadEntry(label, "请填上。")
        if len(value) > longest:
            raise BadEntry(label, f"太长了，最多{longest}个字。")
        return value

    def number(self, name: str, label: str, *, low: int = 0, high: int = 1_000_000) -> int | None:
        """A whole number, None where the field is empty. Raises `BadEntry`."""
        value = self.get(name)
        if not value:
            return None
        if not (value.isdecimal() and len(value) < 10 and low <= int(value) <= high):
            raise BadEntry(label, f"要填{low}到{high}的整数。")
        return int(value)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request, as a page or a deed sees it.

    ``path`` are the parts of the address in braces, ``query`` what stands behind "?". ``fault`` is set where a form is
    shown again with what was typed; ``open`` where full phone numbers were asked for (which the log knows).
    """

    session: Session
    user: Visitor
    now: datetime
    house: House
    path: Mapping[str, str]
    query: Mapping[str, str]
    form: Form = field(default_factory=Form)
    fault: str = ""
    open: bool = False
    address: str = ""
    where: str = ""  # the path that was asked for

    @property
    def scope(self) -> int | None:
        """The only village that this user sees; None: all."""
        return self.user.scope

    @property
    def rules(self) -> Rules:
        return self.house.knowledge().rules

    @property
    def knowledge(self) -> Knowledge:
        return self.house.knowledge()

    @property
    def leaves(self) -> datetime:
        """When what this says to others goes out: not while it can be undone, nor in the quiet hours."""
        return self.rules.leaves(self.now)

    @property
    def number(self) -> int:
        """The {number} of the address. Raises `NotThere`."""
        return self.id("number")

    def id(self, name: str) -> int:
        """A number in the address. Raises `NotThere`."""
        number = row_id(self.path.get(name, ""))
        if number is None:
            raise NotThere
        return number

    def may(self, role: ConsoleRole) -> bool:
        """Whether this user has at least this role; a village's clerk has no more than a viewer's, in its village."""
        return allows(self.user, role, village=False)

    def own(self, village_id: int | None, what: str = "这一项") -> None:
        """Raises `NotThere` for what belongs to another village than this user's."""
        if self.scope is not None and village_id != self.scope:
            raise NotThere(what)

    def private(self, text: str) -> str:
        """The text with phone numbers masked, unless they were asked for."""
        return text if self.open else masked(text)

    def typed(self, name: str, default: object = "") -> str:
        """What a field shows: what was typed before the fault, else the default."""
        return self.form.get(name) if name in self.form.fields else ("" if default is None else str(default))

    def again(self, **changes: object) -> "Ask":
        return replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Html:
    """A page: a template and its values; ``title`` is the heading."""

    template: str
    title: str
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200


@dataclass(frozen=True, slots=True)
class Download:
    """A file. ``logged`` goes into the log of the console ("导出点单", "120条"); a picture may be shown ``inline``.

    What lies on the disk is given as its ``file``, however large: it is sent bit by bit.
    """

    name: str
    content_type: str
    body: bytes = field(default=b"", repr=False)
    file: Path | None = None
    inline: bool = False
    logged: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Go:
    """Another page instead. Only paths of the console."""

    to: str


Answer = Html | Download | Go


@dataclass(frozen=True, slots=True)
class Done:
    """What a deed did: where to go on, what is told there, and what the log keeps beside the deed's name.

    ``show`` shows an answer at once instead (a code or a link that is shown just once). ``reload``: what the bot knows
    of its town has changed.
    """

    to: str
    said: str = ""
    about: str = ""
    detail: Mapping[str, object] = field(default_factory=dict)
    show: Answer | None = None
    reload: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Something to look at. ``village``: a village's clerk may too, who sees their own village only.

    ``nav`` is its name in the menu. A ``private`` page masks phone numbers; its button opens them, which is logged.
    What is ``heavy`` (drawn, packed, or large) is given to each user one at a time, see `bot.console.brake`; so is the
    spreadsheet (``?as=xlsx``) of a page with ``sheet``.
    """

    path: str
    show: Callable[[Ask], Answer]
    help: str
    may: ConsoleRole = ConsoleRole.VIEWER
    village: bool = False
    nav: str = ""
    private: bool = False
    heavy: bool = False
    sheet: bool = False

    def weighs(self, query: Mapping[str, str]) -> bool:
        """Whether what is asked for by this query is heavy."""
        return self.heavy or (self.sheet and query.get("as") == "xlsx")


@dataclass(frozen=True, slots=True)
class Open:
    """What is there without a log-in: its address is the secret. ``show`` gives a file; it raises `NotThere`."""

    path: str
    show: Callable[["Knock"], Download]
    help: str


@dataclass(frozen=True, slots=True)
class Knock:
    """A request of nobody in particular: like an `Ask`, without a user and a form."""

    session: Session
    now: datetime
    house: House
    path: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something to do. ``page`` is the path of the page whose form it is: shown again, as typed, where it is declined.

    ``undo`` can be taken back for a minute. ``largest`` is how many bytes may be sent, where files are.
    """

    path: str
    do: Callable[[Ask], Done]
    name: str  # as the log has it
    page: str
    may: ConsoleRole = ConsoleRole.COORDINATOR
    village: bool = False
    undo: bool = False
    largest: int = 0


def allows(user: Visitor, may: ConsoleRole, *, village: bool) -> bool:
    """Whether a user may see or do what asks for ``may``; ``village``: so may a village's clerk."""
    if user.role is ConsoleRole.VILLAGE:
        return village
    return _RANK[user.role] >= _RANK[may]


def address(path: str, **query: object) -> str:
    """A path with a query; empty values are left out."""
    kept = {key: str(value) for key, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(kept)}" if kept else path


def clean_field(raw: str) -> str:
    """A field as a form gives it: at most `LONG` characters, one kind of line end."""
    return clean_text(raw.replace("\r\n", "\n").replace("\r", "\n"), limit=LONG * 10)


def public_address(config: Config) -> str:
    """Where people open the console."""
    host = config[CONSOLE_HOST]
    shown = f"[{host}]" if ":" in host else host
    return config[CONSOLE_ADDRESS].rstrip("/") or f"http://{shown}:{config[CONSOLE_PORT]}"
