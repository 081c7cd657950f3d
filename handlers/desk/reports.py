"""季度总结, 月度总结, 年度总结, 上个月的报表发我: the numbers in a few lines, and one picture to pass on."""

from contextlib import suppress

from data import outbox, posters, tell
from data.figures import records
from data.figures.areas import NoSuchPlace, Place
from data.figures.figures import numbers
from data.figures.periods import BadPeriod, Period, PeriodKind
from data.figures.scope import Scope
from data.mail import OutboxKind
from data.posters import Poster
from data.reports import page, told
from data.reports.gathered import place_of
from handlers.desk.periods import like_time, period_in
from handlers.desk.report_words import AROUND, KINDS, WHAT
from handlers.turn import Reply, Turn


def summary(turn: Turn) -> Reply:
    """The words say which period and which place. Raises `BadPeriod` or `NoSuchPlace`."""
    period, place = _meant(turn)
    scope = Scope(period, place, turn.rules.zone, turn.now, town=turn.knowledge.town)
    found = numbers(turn.session, scope, keys=(*told.SUMMARY, *page.KEYS))
    note = told.standing(scope, recorded=records.reach(turn.session, scope))
    drawn = Poster(period.label, (page.page(place.name, period.label, found, note),), "")
    room_id = turn.room_id if turn.room.direct else tell.direct_room(turn.session, turn.member_id, now=turn.now)
    words = told.summary(place.name, period.label, found, note)
    for text, picture_id in ((words, None), ("一页图，长按可以转发到群里。", posters.keep(turn.session, drawn)[0])):
        outbox.queue(
            turn.session, room_id=room_id, kind=OutboxKind.REPLY, text=text, now=turn.now, picture_id=picture_id
        )
    return Reply("" if turn.room.direct else "总结私聊发给您了。")


def _meant(turn: Turn) -> tuple[Period, Place]:
    said = turn.args.strip(" ，,。")
    kind = next((kind for pattern, kind in KINDS if pattern.search(turn.word or said)), PeriodKind.QUARTER)
    period, rest = period_in(said, kind, turn.today)
    try:
        return period, place_of(turn.session, rest, turn.knowledge.town)
    except NoSuchPlace:
        parts = [AROUND.sub("", part) for part in WHAT.sub(" ", rest).split()]
    words = "".join(parts).strip(" ，,。的“”?？!！")
    for each in dict.fromkeys((words, words.removeprefix("下"))):  # 发下石湾村周报 is 发一下
        with suppress(NoSuchPlace):
            return period, place_of(turn.session, each, turn.knowledge.town)
    if span := like_time(rest):
        raise BadPeriod(span)
    raise NoSuchPlace(words)
