"""Policy texts from the command line: import, preview, reach, and a voice that reads them."""

import shutil
import wave
from datetime import date
from pathlib import Path

import pytest
import yaml
from openpyxl import load_workbook

from bot import cli_snippets
from bot.cli import main
from bot.init import config_text
from data import loudspeaker
from data.snippetsheet import COLUMNS, write_template
from tests.servers import absent
from tests.text_entries import ENTRY, TOPICS, row, sheet, write
from tests.town import ROOT

# ---- the command line ----------------------------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    folder = tmp_path / "bot"
    folder.mkdir()
    shutil.copytree(ROOT / "data" / "demo", folder / "town")
    return write(folder, "config.yaml", config_text({"town.folder": "town"}))


def do(capsys: pytest.CaptureFixture[str], config: Path, *words: str, code: int = 0) -> str:
    assert main(["texts", *words, "--config", str(config)]) == code
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return told.err if code else told.out


def test_import_from_the_command_line(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "texts.yaml"
    write(
        path.parent,
        path.name,
        yaml.safe_dump(
            [ENTRY, {**ENTRY, "key": "old", "issued_on": date(2020, 1, 1), "expires_on": date(2020, 2, 1)}],
            allow_unicode=True,
        ),
    )
    tried = do(capsys, config, "import", str(path), "--dry-run")
    assert "新增：2条（yibao-beian、old）" in tried
    assert "1条已经到期，不会发（old）" in tried
    assert "什么也没有写" in tried
    assert "新增：2条" in do(capsys, config, "import", str(path))
    assert "没有变：2条" in do(capsys, config, "import", str(path))
    listed = do(capsys, config, "list")
    assert "yibao-beian 第1版 医疗保险《外地看病先备案》 导入，到2028-12-31" in listed
    assert "已到期，不再发" in listed
    assert "撤下了" in do(capsys, config, "withdraw", "yibao-beian")
    assert "yibao-beian" not in do(capsys, config, "list")
    assert "撤下" in do(capsys, config, "list", "--all")
    assert "写在镇的 snippets.yaml 里" in do(capsys, config, "withdraw", "fanzha-jieka")


def test_a_wrong_import_says_where_and_writes_nothing(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sheet(tmp_path / "短文.xlsx", row(), row(key="b", topic="种西瓜"))
    told = do(capsys, config, "import", str(path), code=2)
    assert "没有导入" in told
    assert "短文.xlsx 第3行 题目" in told
    assert "yibao-beian" not in do(capsys, config, "list")


def test_the_template_can_be_imported(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "空表.xlsx"
    assert "空表在" in do(capsys, config, "template", "--out", str(path))
    book = load_workbook(path)
    assert [cell.value for cell in book.worksheets[0][1]] == [column.name for column in COLUMNS]
    assert "新增：1条" in do(capsys, config, "import", str(path), "--dry-run")
    write_template(path, TOPICS)


def test_preview_and_reach_from_the_command_line(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "没有登记叫“桃花村”的村或群" in do(capsys, config, "preview", "--room", "桃花村", code=2)
    whole = do(capsys, config, "preview")
    assert whole.count("30天里") == 5
    assert "防骗小课第一课" in whole
    one = do(capsys, config, "preview", "--room", "石湾村", "--days", "7")
    assert one.count("7天里") == 1
    assert "没有发过" in do(capsys, config, "reach")
    config.write_text(
        config_text({"town.folder": "town", "webchat.enabled": False, "database.url": "sqlite:///new.db"}), "utf-8"
    )
    assert "本群 村名" in do(capsys, config, "preview")


def test_speaking_writes_the_words_and_says_plainly_where_no_voice_is(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_snippets, "SPEAKER", "no-such-voice")
    told = do(capsys, config, "speak", "没有什么安全账户", "--out", str(tmp_path / "out"))
    assert "没有录音：这台机器没装 no-such-voice" in told
    words = (tmp_path / "out" / "fanzha-anquan-zhanghu.txt").read_text("utf-8")
    assert words.count("乡亲们，") == 2
    assert loudspeaker.AGAIN in words
    assert not list((tmp_path / "out").glob("*.wav"))


def test_a_full_disk_spoils_no_words_that_were_there(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """They were written in place: half a text was left to be read out."""
    monkeypatch.setattr(cli_snippets, "SPEAKER", "no-such-voice")
    (tmp_path / "out").mkdir()
    words = write(tmp_path / "out", "fanzha-jieka.txt", "旧的")

    def half(path: Path, *_: str) -> None:
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    assert "硬盘满了" in do(capsys, config, "speak", "fanzha-jieka", "--out", str(words.parent), code=2)
    assert [each.read_text("utf-8") for each in words.parent.iterdir()] == ["旧的"]


def test_a_voice_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = write(tmp_path, "slow-voice", "#!/bin/sh\nexec sleep 30\n")
    slow.chmod(0o755)
    monkeypatch.setattr(cli_snippets, "SPEAKER", str(slow))
    monkeypatch.setattr(cli_snippets, "SPEAKER_SECONDS", 0.2)
    assert "还没念完" in cli_snippets.read_aloud(write(tmp_path, "a.txt", "话"), tmp_path / "a.wav")
    broken = write(tmp_path, "broken-voice", "#!/bin/sh\necho 坏了 >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(cli_snippets, "SPEAKER", str(broken))
    assert "出错了（坏了）" in cli_snippets.read_aloud(tmp_path / "a.txt", tmp_path / "a.wav")


def test_a_voice_reads_it_into_a_wav(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if shutil.which(cli_snippets.SPEAKER) is None:
        absent(cli_snippets.SPEAKER)
    do(capsys, config, "speak", "fanzha-jieka", "--out", str(tmp_path / "out"))
    with wave.open(str(tmp_path / "out" / "fanzha-jieka.wav")) as sound:
        seconds = sound.getnframes() / sound.getframerate()
    assert 10 < seconds < 180
