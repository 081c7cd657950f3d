"""季度总结, 月度总结, 年度总结: the numbers in a few lines, and one picture to pass on."""

from data import outbox, posters, tell
from data.figures import areas
from data.figures.figures import numbers
from data.figures.periods import PeriodKind
from data.figures.scope import Scope
from data.mail import OutboxKind
from data.posters import Poster
from data.reports import page, told
from data.reports.gathered import whole
from handlers.desk.periods import period_in
from handlers.turn import Reply, Turn

_KINDS = {"季度总结": PeriodKind.QUARTER, "月度总结": PeriodKind.MONTH, "年度总结": PeriodKind.YEAR}


def summary(turn: Turn) -> Reply:
    """The words say which period and which place. Raises `BadPeriod` or `NoSuchPlace`."""
    period, rest = period_in(turn.args.strip(" ，,。"), _KINDS[turn.word], turn.today)
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
