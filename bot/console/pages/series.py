"""系列: texts that follow one another or have their days; which text comes next, and when."""

from dataclasses import dataclass
from datetime import date

from bot.console.values import Answer, Ask, Deed, Html, Page
from data import snippets
from data.desk import texts as desk
from data.series_tables import Series, SeriesKind
from data.snippetfile import KINDS
from data.tables import Snippet

_KINDS = {SeriesKind.COURSE: "一课接一课", SeriesKind.DATED: "按日子"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A series as its page has it; a text is None where it is missing, and bears whether it may leave today."""

    series: Series
    kind: str
    audience: str
    next: date | None
    texts: list[tuple[str, Snippet | None, bool]]


def show(ask: Ask) -> Answer:
    """All series that go on."""
    today = ask.now.astimezone(ask.rules.zone).date()
    series = desk.all_series(ask.session)
    texts = desk.by_key(ask.session, [key for each in series for key in each.texts])
    found = []
    for each in series:
        named = [(key, texts.get(key)) for key in each.texts]
        lines = [(key, text, text is not None and snippets.current(text, today)) for key, text in named]
        whom = [
            *each.audience.get("villages", ()),
            *(KINDS.get(kind, kind) for kind in each.audience.get("kinds", ())),
            *(f"标签:{tag}" for tag in each.audience.get("tags", ())),
        ]
        following = desk.next_day(each, today=today, rules=ask.rules)
        found.append(Shown(each, _KINDS[each.kind], "、".join(whom) or "全镇", following, lines))
    return Html("series.html", "系列", {"found": found, "today": today})


PAGES: tuple[Page | Deed, ...] = (Page("/series", show, "系列：连着讲的课、按日子发的短文", village=True),)
