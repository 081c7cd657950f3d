"""找: one box over everything."""

from collections.abc import Iterator
from itertools import islice

from bot.console.lists import LONGEST
from bot.console.values import Answer, Ask, Go, Html, Page, address, allows
from data.desk import search
from data.desk.search import Hit, Kind
from data.desk_tables import ConsoleRole


def show(ask: Ask) -> Answer:
    """What the words are in; a number such as 12号 or 课5 leads straight there."""
    words = ask.query.get("q", "").strip()[:LONGEST]
    to = search.straight(words)
    if to:
        return Go(to)
    persons = ask.may(ConsoleRole.ADMIN)
    kinds = search.everything(ask.session, words, village_id=ask.scope, persons=persons) if words else []
    pages = tuple(islice(_pages(ask, words), search.EACH))
    kinds = [Kind("页面", pages, ""), *kinds] if pages else kinds
    all_of = {each.name: address(each.more, q=words) for each in kinds if each.more}
    return Html("search.html", f"搜“{words}”" if words else "找", {"words": words, "kinds": kinds, "all_of": all_of})


def _pages(ask: Ask, words: str) -> Iterator[Hit]:
    """The pages that are called so, as far as this user may open them."""
    from bot.console import pages  # which hold this one

    if len(words) > 1:
        for page in pages.PAGES:
            if isinstance(page, Page) and "{" not in page.path and allows(ask.user, page.may, village=page.village):
                name, _, more = page.help.partition("：")
                if words in page.help:
                    yield Hit(page.nav or name, page.path, more)


PAGES: tuple[Page, ...] = (
    Page("/search", show, "找：人、课、单、老师、村、群、短文、通知、意见", village=True, private=True),
)
