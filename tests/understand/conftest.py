"""What the tests of understanding share: the rows of the case files, and one lexicon with a small town in it."""

from functools import cache
from pathlib import Path

import pytest
from opencc import OpenCC

from handlers.understand import Lexicon, load_lexicon
from handlers.understand.lecturers import Lecturer

CASES = Path(__file__).parent / "cases"
TOWN = (
    Lecturer("王小梅", "医生", ("健康",)),
    Lecturer("陈志刚", "警官", ("民警",)),
    Lecturer("韦大山", "农技员"),
    Lecturer("李国平", "律师"),
)
VILLAGES = ("大石村", "四会村", "新塘屯")


def rows(name: str) -> list[tuple[str, ...]]:
    """The rows of ``cases/<name>``; a file that lost its rows fails here, not silently."""
    lines = (CASES / name).read_text(encoding="utf-8").splitlines()
    found = [tuple(line.split("\t")) for line in lines if line and not line.startswith("# ")]
    assert len(found) > 5, f"{name} has no rows"
    return found


@cache
def writer(kind: str) -> OpenCC:
    """Somebody who writes other characters: OpenCC's ``kind``, such as "s2hk". It takes long to make one."""
    return OpenCC(kind)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_lexicon(TOWN, VILLAGES)
