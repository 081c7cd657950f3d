"""今天: what waits for me, what goes out, what is overdue, and how the accounts are."""

from bot.console.values import Answer, Ask, Deed, Html, Page
from data import desk_inbox
from data.desk_numbers import numbers


def show(ask: Ask) -> Answer:
    """The first page."""
    counted = numbers(ask.session, village_id=ask.scope, broadcast_id=None, rules=ask.rules, now=ask.now)
    told = desk_inbox.messages(ask.session, ask.user.member_id, now=ask.now)
    return Html("today.html", "今天", {"numbers": counted, "told": told, "accounts": ask.house.live.accounts()})


PAGES: tuple[Page | Deed, ...] = (
    Page("/", show, "今天：要办的、要发的、过期的、账号好不好", village=True, nav="今天"),
)
