"""The small parts of a wish, each row: which slot, what was said, what it says."""

import pytest

from handlers.understand import normalise, slots
from tests.understand.conftest import rows


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(map(str, value)) or "-"
    return "-" if value is None else str(value)


@pytest.mark.parametrize(("slot", "text", "expected"), rows("slots.tsv"))
def test_slot(slot: str, text: str, expected: str) -> None:
    assert _shown(getattr(slots, slot)(normalise(text))) == expected


@pytest.mark.parametrize(("text", "count"), [("我报名", 1), ("全家都去", None), ("我们来几个人", None)])
def test_a_sign_up_without_a_number(text: str, count: int | None) -> None:
    assert slots.headcount(text) or slots.default_headcount(text) == count
