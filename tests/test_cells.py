"""Whatever people typed, a spreadsheet shows it and never runs it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from data.cells import MOST, safe_cell
from data.tables import RoleKind

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://x","点我")',
    "=cmd|' /C calc'!A0",
    "＝1",
)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_a_text(text: str) -> None:
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize("text", ["反诈骗", "", " =1", "'=1", "1-2", "a@b", "2026-11-20"])
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert safe_cell(text) == text


def test_numbers_stay_numbers() -> None:
    assert safe_cell(-5) == -5 and safe_cell(-0.5) == -0.5 and safe_cell(True) is True and safe_cell(None) is None
    assert safe_cell(2**60) == str(2**60)
    assert safe_cell(float("nan")) is None and safe_cell(float("-inf")) is None
    assert safe_cell(Decimal("1.5")) == "1.5"


def test_moments_are_on_the_towns_clocks() -> None:
    moment = datetime(2026, 11, 20, 16, 30, tzinfo=UTC)
    assert safe_cell(moment) == datetime(2026, 11, 21, 0, 30)
    assert safe_cell(moment, zone=ZoneInfo("UTC")) == datetime(2026, 11, 20, 16, 30)
    assert safe_cell(datetime(2026, 11, 20, 9)) == datetime(2026, 11, 20, 9)
    assert safe_cell(date(2026, 11, 20)) == date(2026, 11, 20)


def test_the_rest_is_told_in_words() -> None:
    assert safe_cell(["上坪村", "=1"]) == '["上坪村", "=1"]'
    assert safe_cell({"村": "上坪村"}) == '{"村": "上坪村"}'
    assert safe_cell(b"png") == "（3字节）"
    assert safe_cell(RoleKind.LECTURER) == "lecturer"
    assert type(safe_cell(RoleKind.LECTURER)) is str


def test_a_long_text_is_cut_where_excel_would_refuse_it() -> None:
    cut = safe_cell("=" + "长" * MOST)
    assert isinstance(cut, str) and len(cut) == MOST and cut.startswith("'=") and cut.endswith("…")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.text(), st.sampled_from(FORMULAS), st.integers(), st.floats()), min_size=1, max_size=8))
def test_no_cell_that_is_read_back_is_a_formula(values: list[object]) -> None:
    book = Workbook()
    sheet = book.active
    sheet.append([safe_cell(value) for value in values])
    kept = BytesIO()
    book.save(kept)
    row = load_workbook(kept).active[1]
    assert all(cell.data_type != "f" for cell in row)
    for value, cell in zip(values, row, strict=False):
        if isinstance(value, int) and abs(value) <= 2**53:
            assert cell.value == value
