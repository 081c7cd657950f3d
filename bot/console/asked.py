"""For when and where numbers are asked: the period and the place of an address, as people write them."""

import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bot.console.values import Ask
from data.desk import figures as desk
from data.errors import Declined
from data.figures import areas
from data.figures.areas import NoSuchPlace, Place
from data.figures.periods import Period, PeriodKind, period_of
from data.figures.scope import Scope
from data.reports import gathered
from handlers.desk.periods import whole_period

MOST_PLACES = 400  # that the field offers; others are typed


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for. Without a ``scope`` it could not be read, and ``fault`` says why; ``period`` and ``place`` are
    what the form shows, ``at`` the key of that place, ``kept`` how an address says it."""

    scope: Scope | None
    period: str
    place: str
    at: str = ""
    kept: dict[str, str] = field(default_factory=dict)
    fault: str = ""


def asked(ask: Ask) -> Asked:
    """What a page's form or a link asks for."""
    try:
        scope = scope_of(ask)
    except Declined as declined:
        typed = ask.query.get("place", "").strip()
        return Asked(None, ask.query.get("period", ""), "" if ":" in typed else typed, fault=declined.at_desk)
    place = scope.place
    name = "" if place.key == areas.ALL else place.name
    return Asked(scope, scope.period.label, name, place.key, kept_of(ask, scope))


def scope_of(ask: Ask) -> Scope:
    """Raises `BadPeriod`, `NoSuchPlace`, `SeveralPlaces` or `NotBegun`."""
    period = period_of_words(ask, ask.query.get("period", ""))
    place = place_of(ask, ask.query.get("place", ""), ask.query.get("at", ""))
    scope = Scope(period, place, ask.rules.zone, ask.now, town=ask.knowledge.town)
    scope.must_have_begun()
    return scope


def kept_of(ask: Ask, scope: Scope) -> dict[str, str]:
    """How an address says when and where."""
    return {"period": scope.period.key} | ({"place": scope.place.key} if ask.scope is None else {})


def place_of(ask: Ask, words: str, key: str = "") -> Place:
    """The place that was chosen, by its key or as people call it; ``key`` is that of the place that the form showed,
    which counts while its name stands there. A village's clerk has only their own. Raises `NoSuchPlace` or
    `SeveralPlaces`."""
    if ask.scope is not None:
        return areas.of_village(ask.session, ask.scope)
    words = unicodedata.normalize("NFKC", words).strip()
    if ":" in words:
        return areas.by_key(ask.session, words)
    with suppress(NoSuchPlace):
        shown = areas.by_key(ask.session, key)
        if shown.name == words:
            return shown
    return gathered.place_of(ask.session, "" if words == areas.ALL else words, ask.knowledge.town)


def period_of_words(ask: Ask, words: str) -> Period:
    """A period as its code, its label, or as people say it; this quarter where nothing is said. Raises `BadPeriod`."""
    if not words.strip():
        return when_words(ask)[0]
    return whole_period(words, ask.now.astimezone(ask.rules.zone).date())


def when_words(ask: Ask) -> list[Period]:
    """The periods that one mostly wants: this and the last quarter, month and year."""
    today = ask.now.astimezone(ask.rules.zone).date()
    kinds = (PeriodKind.QUARTER, PeriodKind.MONTH, PeriodKind.YEAR)
    return [each for kind in kinds for each in (period_of(today, kind), period_of(today, kind).before())]


def places(ask: Ask) -> Sequence[str]:
    """Names that the field of the place offers; none for a village's clerk."""
    return () if ask.scope is not None else desk.place_names(ask.session, MOST_PLACES)
