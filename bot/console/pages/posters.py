"""海报: of a week's programme and of a policy text, in one of the styles, to look at and to keep.

A page shows one picture: drawing is heavy, and each user is given one heavy thing at a time.
"""

from datetime import date, timedelta

from bot.console.pages.lectures import some
from bot.console.pages.texts import find
from bot.console.values import Answer, Ask, Download, Html, Page, address
from bot.darkroom import draw
from data import posters, snippets
from data.desk_errors import NotThere
from data.drawing.styles import SEEN, STYLES, WIDE
from data.names import row_id
from data.posters import EmptyWeek, Poster
from data.tables import Village

_WEEKS = (("this", "本周"), ("next", "下周"))


def style_of(ask: Ask) -> str:
    """The style that was chosen, else the town's own. Raises `NotThere`."""
    style = ask.query.get("style", "") or ask.rules.poster.style or next(iter(STYLES))
    if style not in STYLES:
        raise NotThere("这张海报")
    return style


def picture(ask: Ask, poster: Poster, name: str) -> Download:
    """One page of a poster, ``page`` from 1; ``save`` gives it as a file. Raises `NotThere`."""
    page = ask.query.get("page", "1")
    if page not in map(str, range(1, len(poster.pages) + 1)):
        raise NotThere("这张海报")
    more = f"-{page}" if len(poster.pages) > 1 else ""
    keeps = ask.query.get("save") == "1"
    body = draw(poster.pages[int(page) - 1], width=WIDE if keeps else SEEN)
    return Download(f"海报-{name}{more}.png", "image/png", body, inline=not keeps)


def show_week(ask: Ask) -> Answer:
    """The programme of this week or the next, of all villages or of one."""
    week, village_id = _week(ask), _village(ask)
    kept: dict[str, object] = {"week": week, "village": "" if ask.scope is not None else village_id}
    villages = () if ask.scope is not None else some(ask, Village, "village")
    choices: dict[str, object] = {"weeks": _WEEKS, "week": week, "villages": villages, "village": str(village_id or "")}
    try:
        poster = _of_week(ask)
    except EmptyWeek as empty:
        nothing: dict[str, object] = {"poster": None, "pages": (), "styles": (), "stale": empty.at_desk}
        shown = {"here": "/lectures/posters", "back": "/lectures", "style": style_of(ask)}
        return Html("posters.html", "课表海报", {**nothing, **choices, **shown})
    return _shown(ask, poster, "课表海报", "/lectures/posters", "/lectures/poster", kept, choices)


def week_picture(ask: Ask) -> Answer:
    """One page of it. Raises `EmptyWeek`."""
    poster = _of_week(ask)
    return picture(ask, poster, f"{poster.name.replace(' ', '')}-{style_of(ask)}")


def show_text(ask: Ask) -> Answer:
    """The poster of a policy text."""
    text = find(ask)
    stale = "" if snippets.current(text, _today(ask)) else "这条不在有效期里，别往群里发。"
    here = f"/texts/{text.id}"
    poster = posters.of_text(text, style=style_of(ask), rules=ask.rules)
    more: dict[str, object] = {"stale": stale, "back": here}
    return _shown(ask, poster, f"《{text.title}》海报", f"{here}/posters", f"{here}/poster", {}, more)


def text_picture(ask: Ask) -> Answer:
    """One page of it."""
    text, style = find(ask), style_of(ask)
    return picture(ask, posters.of_text(text, style=style, rules=ask.rules), f"{text.title}-{style}")


def _shown(
    ask: Ask, poster: Poster, title: str, here: str, drawn: str, kept: dict[str, object], values: dict[str, object]
) -> Answer:
    """The page with one picture, and the ways to the other styles and pages."""
    style, page = style_of(ask), ask.query.get("page", "1")
    pages = [str(number) for number in range(1, len(poster.pages) + 1)]
    page = page if page in pages else "1"
    chosen = {"style": style, "page": page if len(pages) > 1 else ""}
    shown = {
        "poster": poster,
        "style": style,
        "styles": [(each, address(here, **kept, style=each)) for each in STYLES],
        "page": page,
        "pages": [(each, address(here, **kept, style=style, page=each)) for each in pages],
        "picture": address(drawn, **kept, **chosen),
        "file": address(drawn, **kept, **chosen, save="1"),
        "here": here,
    }
    usual = {"weeks": (), "villages": (), "stale": "", "back": "/lectures"}
    return Html("posters.html", title, {**usual, **shown, **values})


def _of_week(ask: Ask) -> Poster:
    today = _today(ask)
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7 if _week(ask) == "next" else 0)
    return posters.of_week(
        ask.session, monday, village_id=_village(ask), style=style_of(ask), rules=ask.rules, now=ask.now
    )


def _week(ask: Ask) -> str:
    week = ask.query.get("week", "")
    return week if week in dict(_WEEKS) else _WEEKS[0][0]


def _village(ask: Ask) -> int | None:
    """The village that was chosen; None: all. Raises `NotThere`."""
    number = ask.scope if ask.scope is not None else row_id(ask.query.get("village", ""))
    if number is not None and ask.session.get(Village, number) is None:
        raise NotThere("这个村")
    return number


def _today(ask: Ask) -> date:
    return ask.now.astimezone(ask.rules.zone).date()


PAGES: tuple[Page, ...] = (
    Page("/lectures/posters", show_week, "课表海报：本周、下周，全部或一个村", village=True),
    Page("/lectures/poster", week_picture, "课表海报的图片", village=True, heavy=True),
    Page("/texts/{number}/posters", show_text, "一条短文的海报：看样子、下载", village=True),
    Page("/texts/{number}/poster", text_picture, "一条短文海报的图片", village=True, heavy=True),
)
