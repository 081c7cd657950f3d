"""Wishes in people's own order of words, by which routes take them; and that neither chatter nor other wishes are."""

import pytest

from data.tables import RoleKind
from handlers import ROUTES
from handlers.router import LONGEST_WORDING, Router
from handlers.understand import normalise
from tests.understand.conftest import rows

ROUTER = Router(ROUTES)
ROLES: dict[str, tuple[RoleKind, ...]] = {
    "resident": (),
    "lecturer": (RoleKind.LECTURER,),
    "coordinator": (RoleKind.COORDINATOR,),
    "all": (RoleKind.LECTURER, RoleKind.COORDINATOR),
}
FRESH_RIGHT = 0.85
OTHER_FILES = ("intents.tsv", "fresh.tsv", "acts.tsv", "pipeline.tsv")


def taken_by(text: str, roles: tuple[RoleKind, ...]) -> str:
    call = ROUTER.by_wording(normalise(text), roles)
    return "-" if call is None else call.route.name


@pytest.mark.parametrize(("route", "who", "text"), rows("wordings.tsv"))
def test_who_may_is_understood(route: str, who: str, text: str) -> None:
    assert taken_by(text, ROLES[who]) == route


def test_most_of_what_was_never_tuned_on_is_right() -> None:
    fresh = rows("wordings_fresh.tsv")
    wrong = [text for route, who, text in fresh if taken_by(text, ROLES[who]) != route]
    assert len(fresh) > 20
    assert len(wrong) <= (1 - FRESH_RIGHT) * len(fresh), wrong


def test_what_is_the_desk_s_is_not_taken_from_a_resident() -> None:
    desks = [text for route, _, text in rows("wordings.tsv") if route in ("report", "poster")]
    assert len(desks) > 20
    assert {taken_by(text, ()) for text in desks} == {"-"}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_other_wishes_stay_what_they_are(name: str) -> None:
    """Orders, sign-ups, cancels, ratings and questions, whoever says them."""
    texts = [part for row in rows(name) for part in row]
    assert len(texts) > 20
    assert [text for text in texts if taken_by(text, ROLES["all"]) != "-"] == []


def test_a_story_is_no_wish() -> None:
    assert taken_by("把我的信息都删了", ()) == "erase_me"
    assert taken_by("把我的信息都删了" + "，我跟你说" * LONGEST_WORDING, ()) == "-"
