"""Neighbouring villages, free times and mentors in a town's files."""

from pathlib import Path

import pytest
from sqlmodel import Session, select

from data.database import open_engine, upgrade
from data.errors import TownFileError
from data.tables import Lecturer, Village
from data.town import load_town
from data.townfile import TownFiles, read_town
from tests.town import NOW

TOWN = """
town: {name: 桃源镇}
villages:
  - {name: 东村, near: [西村], free: [每天晚饭后]}
  - {name: 西村}
  - {name: 南村}
lecturers:
  - {name: 甲, mentor: 乙}
  - {name: 乙}
  - {name: 丙}
"""


def files(folder: Path, text: str = TOWN) -> TownFiles:
    (folder / "town.yaml").write_text(text, "utf-8")
    return read_town(folder, topics=())


def test_who_is_near_to_one_has_it_near_too(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'town.db'}")
    upgrade(engine, now=NOW)
    with Session(engine) as session:
        load_town(session, files(tmp_path), (), transport=None, now=NOW)
        villages = {each.name: each for each in session.exec(select(Village))}
        assert villages["东村"].near == ["西村"]
        assert villages["西村"].near == ["东村"]
        assert villages["南村"].near == []
        assert villages["东村"].free == ["每天晚饭后"]
    engine.dispose()


def test_a_mentor_given_in_chat_outlives_a_restart_unless_the_file_names_one(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'town.db'}")
    upgrade(engine, now=NOW)
    with Session(engine) as session:
        load_town(session, files(tmp_path), (), transport=None, now=NOW)
        people = {each.name: each for each in session.exec(select(Lecturer))}
        assert people["甲"].mentor_id == people["乙"].id
        people["甲"].mentor_id = people["丙"].mentor_id = None
        people["乙"].mentor_id = people["丙"].id
        load_town(session, files(tmp_path), (), transport=None, now=NOW)
        assert people["甲"].mentor_id == people["乙"].id  # the file says so
        assert people["乙"].mentor_id == people["丙"].id  # it says nothing of 乙
        assert people["丙"].mentor_id is None
    engine.dispose()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("near: [西村]", "near: [北村]", "“东村”提到的“北村”没有登记"),
        ("near: [西村]", "near: [东村]", "“东村”的 near 写了自己"),
        ("mentor: 乙", "mentor: 丁", "“甲”提到的“丁”没有登记"),
        ("mentor: 乙", "mentor: 甲", "“甲”的 mentor 写了自己"),
        ("{name: 乙}", "{name: 乙, mentor: 甲}", "mentor 绕成了圈：甲→乙→甲"),
        ("{name: 乙}\n  - {name: 丙}", "{name: 乙, mentor: 丙}\n  - {name: 丙, mentor: 乙}", "绕成了圈：乙→丙→乙"),
    ],
)
def test_what_is_wrong_is_told_once(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in TOWN
    with pytest.raises(TownFileError) as error:
        files(tmp_path, TOWN.replace(old, new))
    assert len(error.value.problems) == 1
    assert told in error.value.problems[0]
