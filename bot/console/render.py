"""Answers made into bytes: the templates, and what they may call. Runs on a reader's thread, like the page itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.console.values import Ask, Html, Page, address, allows
from data.desk_tables import ConsoleRole
from data.phrases import day_and_time

ROLE_NAMES = {
    ConsoleRole.VIEWER: "只看",
    ConsoleRole.VILLAGE: "村级",
    ConsoleRole.COORDINATOR: "宣传干事",
    ConsoleRole.APPROVER: "审核员",
    ConsoleRole.ADMIN: "管理员",
}


_UNDER = {"/villages": ("/rooms",), "/texts": ("/series",)}  # pages beside that of the menu's entry


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu."""

    name: str
    path: str
    here: bool


class Renderer:
    """Pages out of templates. ``version`` is added to the addresses of scripts and styles."""

    def __init__(self, pages: Iterable[Page], zone: ZoneInfo, town: str, version: str) -> None:
        self._pages = tuple(page for page in pages if page.nav)
        self._zone = zone
        self._jinja = _templates(zone, town, version)

    def page(self, ask: Ask, html: Html, *, said: str = "") -> str:
        """A page in the frame, for somebody who is logged in."""
        return self._jinja.get_template(html.template).render(
            html.values,
            ask=ask,
            user=ask.user,
            csrf=ask.user.csrf,
            title=ask.private(html.title),
            said=said,
            menu=self._menu(ask),
            when=lambda moment: self._when(moment, ask.now),
            private=ask.private,
        )

    def bare(self, template: str, **values: object) -> str:
        """A page without the frame: logging in, and errors."""
        return self._jinja.get_template(template).render(values)

    def _menu(self, ask: Ask) -> Sequence[Entry]:
        def here(path: str) -> bool:
            inside = (path, *_UNDER.get(path, ()))
            return any(ask.where == each or (each != "/" and ask.where.startswith(f"{each}/")) for each in inside)

        return [
            Entry(page.nav, page.path, here(page.path))
            for page in self._pages
            if allows(ask.user, page.may, village=page.village)
        ]

    def _when(self, moment: datetime | None, now: datetime) -> str:
        """今天19:30; nothing for no moment."""
        return "" if moment is None else day_and_time(moment, self._zone, now=now)


@cache
def _templates(zone: ZoneInfo, town: str, version: str) -> Environment:
    """The templates, compiled once in a process."""

    def day(value: date | datetime | None) -> str:
        """2026-11-22, or with the time where there is one."""
        if isinstance(value, datetime):
            return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
        return "" if value is None else f"{value:%Y-%m-%d}"

    jinja = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.globals |= {"address": address, "role_names": ROLE_NAMES, "version": version, "town": town}
    jinja.filters["day"] = day
    return jinja
