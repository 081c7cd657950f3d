"""Where it shall be."""

from pathlib import Path

import pytest

from handlers.understand.normalise import normalise
from handlers.understand.places import find_places, load_venues
from tests.understand.test_topics import rows

CASES = Path(__file__).parent / "cases" / "places.tsv"
VILLAGES = ("大石村", "上坪村", "新塘村", "会龙社区")
VENUES = load_venues()


@pytest.mark.parametrize("row", rows(CASES), ids=lambda row: str(row["text"])[:16])
def test_where(row: dict[str, str]) -> None:
    hits = find_places(normalise(row["text"]), VILLAGES, VENUES)
    assert "|".join(hit.name for hit in hits) == row["places"], hits


def test_a_venue_keeps_its_village() -> None:
    (hit,) = find_places("到上坪文化室", VILLAGES, VENUES)
    assert (hit.village, hit.words, hit.start) == ("上坪村", "上坪文化室", 1)


def test_no_villages_known() -> None:
    assert [hit.name for hit in find_places("大石村祠堂", (), VENUES)] == ["祠堂"]
