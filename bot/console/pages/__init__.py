"""All that the console can show and do, in the order of its menu."""

from bot.console.pages import log, me, relay, today
from bot.console.values import Deed, Page

PAGES: tuple[Page | Deed, ...] = (
    *today.PAGES,
    *relay.PAGES,
    *log.PAGES,
    *me.PAGES,
)
