"""找: one box over everything."""

from bot.console.lists import LONGEST
from bot.console.values import Answer, Ask, Go, Html, Page, address
from data.desk import search
from data.desk_tables import ConsoleRole


def show(ask: Ask) -> Answer:
    """What the words are in; a number such as 12号 or 课5 leads straight there."""
    words = ask.query.get("q", "").strip()[:LONGEST]
    to = search.straight(words)
    if to:
        return Go(to)
    persons = ask.may(ConsoleRole.ADMIN)
    kinds = search.everything(ask.session, words, village_id=ask.scope, persons=persons) if words else []
    all_of = {each.name: address(each.more, q=words) for each in kinds if each.more}
    return Html("search.html", f"搜“{words}”" if words else "找", {"words": words, "kinds": kinds, "all_of": all_of})


PAGES: tuple[Page, ...] = (
    Page("/search", show, "找：人、课、单、老师、村、群、短文、通知、意见", village=True, private=True),
)
