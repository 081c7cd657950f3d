"""Who is asked for."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.understand.lecturers import Lecturer, Roll, call_roll, find_lecturers, load_callings
from handlers.understand.normalise import normalise
from handlers.understand.sounds import load_pinyin
from tests.understand.test_topics import rows

CASES = Path(__file__).parent / "cases" / "lecturers.tsv"
PEOPLE = (
    Lecturer("王志强", "镇卫生院医生"),
    Lecturer("李桂芳", "律师"),
    Lecturer("韦建国", "农技员", ("柑橘",)),
    Lecturer("韦建军", "农技员", ("水稻",)),
    Lecturer("黄秀英", "小学老师"),
    Lecturer("欧阳海", "派出所民警"),
)
ROLL = call_roll(PEOPLE, load_callings(), load_pinyin())


@pytest.mark.parametrize("row", rows(CASES), ids=lambda row: str(row["text"])[:16])
def test_who_is_asked_for(row: dict[str, str]) -> None:
    hits = find_lecturers(normalise(row["text"]), ROLL)
    assert "|".join(hit.name for hit in hits) == row["names"], hits
    if row["options"]:
        assert "|".join(hits[0].options) == row["options"]


def roll(*people: Lecturer) -> Roll:
    return call_roll(people, ROLL.callings, ROLL.pinyin)


def test_a_doubtful_surname_needs_a_lecturer_of_that_name() -> None:
    assert find_lecturers("和老师讲过了", ROLL) == ()
    assert find_lecturers("和老师讲过了", roll(Lecturer("和平安", "老师")))[0].name == "和平安"


def test_two_of_one_name_are_both_offered() -> None:
    town = roll(Lecturer("王一", "医生"), Lecturer("王大山", "医生"), Lecturer("王五", "律师"))
    hits = find_lecturers("请王医生来", town)
    assert [(hit.name, hit.options) for hit in hits] == [("王医生", ("王一", "王大山"))]


def test_a_known_surname_with_another_trade_is_someone_unknown() -> None:
    hit = find_lecturers("请韦律师来", ROLL)[0]
    assert (hit.name, hit.why, hit.options) == ("韦律师", "unknown", ())


def test_without_lecturers_the_words_are_kept() -> None:
    assert [hit.name for hit in find_lecturers("点往医生", roll())] == ["往医生"]
    assert find_lecturers("要看医生", roll()) == ()
    assert [hit.name for hit in find_lecturers("请韦主任讲", roll())] == ["韦主任"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="王李韦建国志强医生老师请和来讲主任 ,。", max_size=40))
def test_hits_are_ordered_and_apart(text: str) -> None:
    hits = find_lecturers(text, ROLL)
    for one, other in pairwise(hits):
        assert one.start + len(one.words) <= other.start
    assert all(text[hit.start : hit.start + len(hit.words)] == hit.words for hit in hits)
