"""季度总结, 月度总结, 年度总结: the numbers in a few lines, and one picture to pass on."""

import re
from datetime import timedelta

from data import outbox, posters, tell
from data.figures import areas
from data.figures.figures import numbers
from data.figures.periods import BadPeriod, Period, PeriodKind, parse, period_of
from data.figures.scope import Scope
from data.mail import OutboxKind
from data.posters import Poster
from data.reports import page, told
from data.reports.gathered import whole
from handlers.turn import Reply, Turn

SETTLING = timedelta(days=15)  # so long after a period's end it is still the one that is meant
_KINDS = {"季度总结": PeriodKind.QUARTER, "月度总结": PeriodKind.MONTH, "年度总结": PeriodKind.YEAR}
_DIGITS = {each: str(value) for value, each in enumerate("一二三四", 1)}
_YEAR = r"(?:(?P<year>20\d\d)年?)?\s*的?"
_QUARTER = re.compile(rf"{_YEAR}\s*第?(?P<part>[1-4一二三四])\s*季度?")
_MONTH = re.compile(rf"{_YEAR}\s*(?P<part>1[0-2]|0?[1-9])\s*月份?")
_WHOLE = re.compile(r"(?P<year>20\d\d)\s*年?度?")
_CODE = re.compile(r"20\d\d(?:[Qq][1-4]|[Hh][12]|-\d{1,2})")
_LAST = re.compile(r"上(?:个|一)?(?:季度|月|年|期)|去年")


def summary(turn: Turn) -> Reply:
    """The words say which period and which place. Raises `BadPeriod` or `NoSuchPlace`."""
    period, rest = _period(turn)
    place = areas.find(turn.session, rest) if rest else whole(turn.session, turn.knowledge.town)
    scope = Scope(period, place, turn.rules.zone, turn.now)
    found = numbers(turn.session, scope, keys=(*told.SUMMARY, *page.KEYS))
    note = told.standing(scope)
    drawn = Poster(period.label, (page.page(place.name, period.label, found, note),), "")
    room_id = turn.room_id if turn.room.direct else tell.direct_room(turn.session, turn.member_id, now=turn.now)
    words = told.summary(place.name, period.label, found, note)
    for text, picture_id in ((words, None), ("一页图，长按可以转发到群里。", posters.keep(turn.session, drawn)[0])):
        outbox.queue(
            turn.session, room_id=room_id, kind=OutboxKind.REPLY, text=text, now=turn.now, picture_id=picture_id
        )
    return Reply("" if turn.room.direct else "总结私聊发给您了。")


def _period(turn: Turn) -> tuple[Period, str]:
    """The period that is meant, and what else was said. Raises `BadPeriod`."""
    kind, words = _KINDS[turn.word], turn.args.strip(" ，,。")
    settling = period_of((turn.now.astimezone(turn.rules.zone) - SETTLING).date(), kind)
    if found := _CODE.search(words):
        return parse(found[0]), _without(words, found)
    if found := _LAST.search(words):
        return period_of(turn.today, kind).before(), _without(words, found)
    form = {PeriodKind.QUARTER: _QUARTER, PeriodKind.MONTH: _MONTH, PeriodKind.YEAR: _WHOLE}[kind]
    if found := form.search(words):
        year = found["year"] or str(settling.first.year)
        part = found.groupdict().get("part")
        name = f"{year}Q{_DIGITS.get(part or '', part)}" if kind is PeriodKind.QUARTER else year
        return parse(f"{year}-{part}" if kind is PeriodKind.MONTH else name), _without(words, found)
    if re.search(r"\d", words):
        raise BadPeriod(words)
    return settling, words


def _without(words: str, found: re.Match[str]) -> str:
    return " ".join(f"{words[: found.start()]} {words[found.end() :]}".split()).strip(" 的，,")
