"""Dialects as people write them: whatever stands in the town comes back, and a past lecture is never refused for one.

A lecture noted in the console with 白话，坳头腔 could not come back: the check looked for 坳头腔 among whole cells, and
offered “白话，坳头腔” for it. One 粤语 普通话, 白话为主 or 双语 in thousands of past lectures kept all of them out.
"""

from typing import Any

import pytest
from sqlmodel import Session, select

from data.bring.model import Standing
from data.dialects import WRITTEN, spoken
from data.loop import Lecture
from data.tables import Lecturer
from tests.bring_town import Bare, bare, told

__all__ = ["bare"]
HELD = {"日期": "2026-11-10", "题目": "健康", "宣讲员": "周文彬", "村": "东村"}


def hints(plan: Any) -> list[str]:
    return [str(each) for each in plan.hints if "方言" in str(each)]


def stands(town: Bare, lecture: str, *of_lecturer: str) -> None:
    """In the town is written what no file has brought."""
    town.bring({"历史讲座": [HELD]})
    with Session(town.engine) as session, session.begin():
        session.exec(select(Lecture)).one().dialect = lecture
        session.exec(select(Lecturer).where(Lecturer.name == "周文彬")).one().dialects = list(of_lecturer)


@pytest.mark.parametrize(
    ("there", "written"),
    [
        ("白话，坳头腔", "白话，坳头腔"),
        ("坳头腔（上片）", "坳头腔（上片）"),
        ("粤语 普通话", "粤语 普通话"),
        ("粤语普通话", "粤语 普通话"),  # as it came in when the blank was lost
        ("石湾和平话", "石湾和平话"),
    ],
)
def test_what_a_lecture_was_held_in_comes_back(bare: Bare, there: str, written: str) -> None:
    stands(bare, there)
    plan = bare.check({"历史讲座": [{**HELD, "方言": written}]})
    assert (told(plan), hints(plan), [each.standing for each in plan.entries]) == ([], [], [Standing.SAME])


def test_what_a_lecturer_speaks_comes_back_however_it_was_put_together(bare: Bare) -> None:
    stands(bare, "", "白话 坳头腔", "普通话")
    for written in ("白话 坳头腔、普通话", "白话、坳头腔、普通话"):
        plan = bare.check({"宣讲员": [{"姓名": "周文彬", "方言": written}]})
        assert (told(plan), [each.standing for each in plan.entries]) == ([], [Standing.SAME])


def test_what_was_typed_for_a_lecture_is_taken_and_yet_not_offered(bare: Bare) -> None:
    stands(bare, "白话，坳头腔")
    assert told(bare.check({"宣讲员": [{"姓名": "李明", "方言": "坳头腔"}]})) == []
    (fault,) = told(bare.check({"宣讲员": [{"姓名": "李明", "方言": "坳头话腔"}]}))
    assert "没听过“坳头话腔”这种话" in fault and "坳头腔”吗" not in fault and "白话，坳头腔" not in fault


@pytest.mark.parametrize(
    ("written", "kept", "each"),
    [
        ("粤语 普通话", "粤语、普通话", ["粤语", "普通话"]),
        ("白 话", "白话", ["白话"]),
        ("普通话(白话)", "普通话(白话)", ["普通话", "白话"]),
        ("普通话（白话）", "普通话（白话）", ["普通话", "白话"]),
        ("白话为主", "白话为主", ["白话"]),
        ("以白话为主，普通话为辅", "以白话为主，普通话为辅", ["白话", "普通话"]),
        ("白话和普通话", "白话和普通话", ["白话", "普通话"]),
        ("客家话和平话", "客家话和平话", ["客家话", "平话"]),
    ],
)
def test_common_ways_to_write_dialects(bare: Bare, written: str, kept: str, each: list[str]) -> None:
    pages = {"宣讲员": [{"姓名": "李明", "方言": written}], "历史讲座": [{**HELD, "方言": written}]}
    assert hints(bare.check(pages)) == []
    bare.bring(pages)
    with Session(bare.engine) as session:
        assert session.exec(select(Lecture.dialect)).one() == kept
        assert session.exec(select(Lecturer.dialects).where(Lecturer.name == "李明")).one() == each


def test_two_dialects_without_their_names_are_enough_for_a_lecture_only(bare: Bare) -> None:
    plan = bare.check({"历史讲座": [{**HELD, "方言": "双语"}], "宣讲员": [{"姓名": "李明", "方言": "双语"}]})
    assert told(plan) == ["宣讲员 第2行「方言」：“双语”没说是哪几种话，请分开写，如：白话、普通话"]
    assert hints(plan) == []


def test_an_unknown_dialect_of_past_lectures_is_a_hint_told_once(bare: Bare) -> None:
    said = ("白活", "石湾和平话", "白活")
    rows = [{**HELD, "日期": f"2026-11-1{at}", "方言": words} for at, words in enumerate(said)]
    assert hints(bare.check({"历史讲座": rows})) == [
        "历史讲座 第2行「方言」：没听过“白活”这种话，您要的是“白话”吗？照原样记下",
        "历史讲座 第3行「方言」：没听过“石湾和平话”这种话。照原样记下",
    ]
    bare.bring({"历史讲座": rows})
    with Session(bare.engine) as session:
        assert sorted(session.exec(select(Lecture.dialect))) == sorted(said)


def test_hints_end_somewhere(bare: Bare) -> None:
    rows = [{**HELD, "日期": f"2026-{1 + at // 28}-{1 + at % 28}", "方言": f"第{at}腔"} for at in range(50)]
    assert len(hints(bare.check({"历史讲座": rows}))) == 20


def test_every_dialect_that_is_known_is_one() -> None:
    assert len(WRITTEN) > 50
    assert [each for each in WRITTEN if spoken(each) != (each,)] == []
