"""Which addresses the console has: for each page that is declared, one at which something is."""

import re
from collections.abc import Iterable, Mapping
from html import unescape
from itertools import product

from aiohttp import ClientSession

from bot.console.pages import PAGES
from bot.console.values import Page

EVERY = {each.path: each for each in PAGES if isinstance(each, Page)}
_PART = re.compile(r"\{\w+\}")
_SEARCH = '<input id="q" name="q"'
_LINK = re.compile(r'(?:href|src)="(/[^"#]*)"')


class Paths:
    """A path that exists for each page: first among what pages lead to, else with small numbers."""

    def __init__(self, client: ClientSession, address: str) -> None:
        self._client, self._address = client, address
        self.found: dict[str, str] = {}
        self.files: set[str] = set()  # of them, those that give a file to keep
        self.searched: set[str] = set()  # and those with a search of their own

    async def find(self, known: Iterable[str] = ()) -> Mapping[str, str]:
        """Walk from what is known and from the pages without a number; gives the paths, by the page's own."""
        waiting, seen = [path for path in EVERY if not _PART.search(path)], set[str]()
        for path in known:  # these before any that is met on the way
            if (template := template_of(path)) is not None:
                waiting += await self._open(template, path)
        while waiting:
            path = waiting.pop()
            template = template_of(path)
            if path not in seen and template is not None and template not in self.found:
                seen.add(path)
                waiting += await self._open(template, path)
        for template in EVERY.keys() - self.found.keys():
            for numbers in product(range(1, 9), repeat=len(_PART.findall(template))):
                if template not in self.found:
                    await self._open(template, _PART.sub("{}", template).format(*numbers))
        return self.found

    def missing(self) -> set[str]:
        """The pages at which nothing was found."""
        return EVERY.keys() - self.found.keys()

    async def _open(self, template: str, path: str) -> list[str]:
        """Keep the path where something is there; where it leads."""
        async with self._client.get(self._address + path) as answer:
            body = await answer.read()
            if answer.status != 200:
                return []
            self.found[template] = path
            if answer.content_type != "text/html" or "attachment" in answer.headers.get("Content-Disposition", ""):
                self.files.add(template)
                return []
        text = body.decode()
        if _SEARCH in text:
            self.searched.add(template)
        return [unescape(link) for link in _LINK.findall(text)]


def template_of(path: str) -> str | None:
    """The page of PAGES that a path opens."""
    path = path.partition("?")[0]
    if path in EVERY:
        return path
    fits = (each for each in EVERY if re.fullmatch(_PART.sub("[^/]+", each), path))
    return next(fits, None)
