"""Commands on a town that was set up and never started: its database is empty, and nothing wrong is told of it."""

import json
from io import StringIO
from pathlib import Path

import pytest
from docx import Document

from bot import cli, cli_reader
from bot.init import config_text


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The config of a town as ``init`` leaves it."""
    (tmp_path / "town").mkdir()
    (tmp_path / "town" / "snippets.yaml").write_text("[]\n", "utf-8")
    town = {"town": {"name": "新镇"}, "villages": [{"name": "甲村"}, {"name": "乙村"}], "lecturers": []}
    (tmp_path / "town" / "town.yaml").write_text(json.dumps(town, ensure_ascii=False), "utf-8")
    config = tmp_path / "config.yaml"
    config.write_text(config_text({"town.folder": "town", "webchat.enabled": False}), "utf-8")
    return config


def typed(config: Path, *words: str) -> int:
    return cli.main([*words, "--config", str(config)])


@pytest.mark.parametrize(
    "words",
    [
        ("report", "--period", "2026Q4"),
        ("archive", "--year", "2026"),
        ("export",),
        ("person", "--member", "1"),
        ("sheet", "1"),
    ],
)
def test_nothing_is_told_of_a_town_that_is_not_in_the_database_yet(
    fresh: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """`init` with two villages, then `report`: it said that the town had 0 villages."""
    out = fresh.parent / "out"
    assert typed(fresh, *words, "--out", str(out)) == cli_reader.FAULT
    assert "还没有启动过" in (told := capsys.readouterr().err) and "python -m bot run" in told
    assert not out.exists()


def test_a_report_counts_the_villages_once_they_are_there(fresh: Path) -> None:
    empty = str(fresh.parent / "空表.xlsx")
    assert typed(fresh, "bring", "template", "--out", empty) == 0
    assert typed(fresh, "bring", "import", empty) == 0  # settles in as a start does
    assert typed(fresh, "report", "--period", "本季度", "--out", str(fresh.parent / "out")) == 0
    (path,) = (fresh.parent / "out").glob("*.docx")
    assert "制表时登记的共2个村" in "".join(each.text for each in Document(str(path)).paragraphs)


def test_no_texts_yet_is_said_with_how_to_add_some(fresh: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`texts list` printed one blank line."""
    assert typed(fresh, "texts", "list") == 0
    told = capsys.readouterr().out
    assert told.startswith("还没有政策短文") and "texts template" in told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("bring", "check", "{}/nothere.xlsx"), "nothere.xlsx 打不开（找不到）"),
        (("bring", "check", "{}"), "打不开（是个资料夹，这里要写文件名）"),
        (("texts", "import", "{}/nothere.yaml"), "nothere.yaml：找不到"),
        (("restore", "{}/nothere.zip"), "没有这个文件"),
        (("restore", "{}"), "读不了（是个资料夹，这里要写文件名）"),
    ],
)
def test_a_file_that_is_not_there_is_told_in_chinese(
    fresh: Path, words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`bring check nothere.xlsx` said "No such file or directory"."""
    assert typed(fresh, *(each.format(fresh.parent) for each in words)) == cli_reader.FAULT
    assert said in (told := capsys.readouterr().err)
    assert "Errno" not in told and "directory" not in told


def test_a_config_that_is_none_is_told_in_chinese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--config pointing at a folder: "[Errno 21] Is a directory"."""
    assert typed(tmp_path, "check-config") == cli_reader.FAULT
    assert "是个资料夹" in capsys.readouterr().err


@pytest.mark.parametrize(("given", "said"), [("", "第1行不是 JSON"), ("{}", "要一个 JSON 列表"), ("[1]", "缺 seq")])
def test_a_list_of_posts_that_is_none_is_told_in_chinese(
    given: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`jielong --sequence` on nothing: "Expecting value: line 1 column 1 (char 0)"."""
    monkeypatch.setattr("sys.stdin", StringIO(given))
    assert cli.main(["jielong", "--sequence"]) == cli_reader.FAULT
    assert said in capsys.readouterr().err
