"""The command line speaks Chinese, writes over nothing, and tells what the disk says in words, not in a traceback."""

import argparse
import errno
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import cli, cli_reader
from bot.cli_files import FileThere, disk_words, free, write_new
from bot.init import config_text
from data import files
from tests.town import DemoTown


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["report"], "还要写上 --period"),
        (["sheet", "课1"], "课号 要写数字，“课1”不是"),
        (["sheet"], "还要写上 课号"),
        (["archive", "--year", "二零二六"], "--year 要写数字，“二零二六”不是"),
        (["archive", "--year", "1"], "--year 不能是“1”"),
        (["person", "--member", "三婶"], "--member 要写数字，“三婶”不是"),
        (["nothing"], "命令 不能是“nothing”"),
        ([], "还要写做什么"),
        (["version", "--often"], "不认识“--often”"),
        (["report", "--period"], "--period 后面要跟一个值"),
    ],
)
def test_what_is_typed_wrong_is_told_in_chinese(
    typed: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(typed)
    assert ended.value.code == cli_reader.FAULT
    told = capsys.readouterr().err
    assert said in told and "--help" in told
    assert len(told) < 120, "a hundred years are not listed"


@pytest.mark.parametrize("typed", [["--help"], ["report", "--help"], ["bring", "check", "--help"]])
def test_help_has_no_english_of_argparse(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(typed)
    told = capsys.readouterr().out
    assert told.startswith("用法：")
    assert [each for each in ("usage:", "positional", "options:", "show this help") if each in told] == []


def test_every_command_has_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(cli.COMMANDS) > 15
    for command in cli.COMMANDS:
        with pytest.raises(SystemExit):
            cli.main([command.name, "--help"])
        assert command.help.splitlines()[0][:8] in capsys.readouterr().out.replace("\n", "")


def test_what_stands_for_a_value_is_chinese_too() -> None:
    """--help said --period PERIOD, --out OUT: nobody learned from it what to write there."""
    found, met = list(parsers(cli._parser())), 0
    assert len(found) > len(cli.COMMANDS) + 5
    for parser in found:
        for action in parser._actions:
            if action.help is argparse.SUPPRESS or action.nargs == 0:
                continue
            met += 1
            shown = str(action.metavar or action.dest)
            assert not re.search("[A-Za-z]", shown), f"{parser.prog}: {shown}"
            assert isinstance(action, argparse._SubParsersAction) or action.help, f"{parser.prog}: {shown}"
    assert met > 30


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser and all below it."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                yield from parsers(below)


def test_a_fault_of_the_disk_is_told_and_never_a_traceback(
    town: DemoTown, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, there = tmp_path / "config.yaml", tmp_path / "there"
    demo = Path(__file__).parent.parent / "data" / "demo"
    config.write_text(config_text({"town.folder": str(demo), "database.url": f"sqlite:///{town.path}"}), "utf-8")
    there.write_text("mine", "utf-8")
    typed = (
        ["report", "--period", "2026Q3", "--out", str(there)],
        ["archive", "--year", "2026", "--out", str(there)],
        ["texts", "template", "--out", str(tmp_path)],
        ["texts", "template", "--out", str(there)],
    )
    for each in typed:
        cut = 2 if each[0] == "texts" else 1
        assert cli.main([*each[:cut], "--config", str(config), *each[cut:]]) == cli_reader.FAULT, each
        told = capsys.readouterr().err
        assert "Errno" not in told and str(tmp_path) in told, told
    assert there.read_text("utf-8") == "mine"


def test_nothing_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "总结.docx"
    write_new(path, b"1")
    with pytest.raises(FileThere, match="不覆盖"):
        write_new(path, b"2")
    assert free(path).name == "总结 (2).docx"
    write_new(free(path), b"2")
    assert free(path).name == "总结 (3).docx"
    assert path.read_bytes() == b"1"
    assert free(tmp_path / "new.png") == tmp_path / "new.png"


def test_what_a_disk_says() -> None:
    assert disk_words(OSError(errno.ENOSPC, "No space left on device")) == "读写文件出错：硬盘满了。"
    assert disk_words(PermissionError(errno.EACCES, "Permission denied", "/x")) == "/x：没有权限。"
    assert disk_words(OSError(errno.EIO, "Input/output error", "/x")) == "/x：硬盘读写出错。"
    assert disk_words(OSError(errno.EBUSY, "Device or resource busy", "/x")) == "/x：Device or resource busy。"
    assert set(files._WHY) >= {errno.ENOENT, errno.EISDIR, errno.ENOSPC}
