"""The whole bot as a process, over both of WeCom's routes: it is told whose group this is, takes an order and answers
it, and pushes to a webhook that never said a word."""

from pathlib import Path

import pytest
import yaml

from bot.cli import main
from bot.init import config_text
from tests.bot_process import BotProcess, rows
from tests.gateway.village import bounded
from tests.wecom_standin import BOT_ID, GROUP, KEY, OTHER_PERSON, PERSON, SECRET, Standin

TOWN = {"town": {"name": "东西镇", "zone": "Asia/Shanghai"}, "villages": [{"name": "东沟村"}], "lecturers": []}
SNIPPET = {
    "key": "fanzha",
    "topic": "反诈骗",
    "title": "陌生电话别转账",
    "text": "凡是电话里叫您转账的，先挂断，再打96110问一问。",
    "source": "测试",
    "issued_on": "2020-01-01",
    "expires_on": "2099-01-01",
}


def write_town(folder: Path, standin: Standin) -> Path:
    (folder / "town").mkdir()
    (folder / "town" / "town.yaml").write_text(yaml.safe_dump(TOWN, allow_unicode=True), "utf-8")
    (folder / "town" / "snippets.yaml").write_text(yaml.safe_dump([SNIPPET], allow_unicode=True), "utf-8")
    (folder / "hooks.yaml").write_text(f"东沟干部群:\n  key: {KEY}\n  village: 东沟村\n", "utf-8")
    own = {
        "town.folder": "town",
        "webchat.enabled": False,
        "console.enabled": False,
        "wecom.bot_id": BOT_ID,
        "wecom.hooks_file": "hooks.yaml",
        "wecom.api": standin.api,
        "wecom.ws": standin.ws,
        "push.cron": ["* * * * *"],
        "quiet.start": "00:00",
        "quiet.end": "00:00",
    }
    (folder / "config.yaml").write_text(config_text(own), "utf-8")
    return folder / "config.yaml"


def test_both_routes_from_the_first_word_to_the_push(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def run() -> None:
        async with Standin() as standin:
            config = write_town(tmp_path, standin)

            async def ask(text: str, answer: str, *, who: str = PERSON, room: str = "") -> None:
                await standin.say_text(text, who=who, room=room)
                await standin.until(lambda: any(answer in str(each) for each in standin.texts(room or who)))

            async with BotProcess(config, MENLOU_WECOM_SECRET=SECRET) as bot:
                await bot.wait_line(lambda line: "wecom-bot 在线" in line)
                await bot.wait_line(lambda line: "wecom-hook 在线" in line)
                assert main(["code", "--config", str(config)]) == 0
                await ask(f"绑定 {capsys.readouterr().out.split('绑定 ')[1][:6]}", "绑定好了")
                await ask("@门楼 本群 东沟村", "本群属于东沟村", room=GROUP)
                await ask("@门楼 点课 反诈骗", "已登记1号", who=OTHER_PERSON, room=GROUP)
                await standin.until(lambda: any("陌生电话别转账" in str(each) for each in standin.texts(KEY)))
            answers = [each.way for each in standin.shown if "已登记1号" in str(each.content)]
            assert answers == ["answer"]
            assert len(bot.lines) > 5
            assert not [line for line in bot.lines if SECRET in line or KEY in line or "Traceback" in line]
            kept = rows(tmp_path / "var" / "town.db", "SELECT transport, kind FROM room ORDER BY transport, kind")
            assert kept == [("wecom-bot", "direct"), ("wecom-bot", "residents"), ("wecom-hook", "residents")]

    (tmp_path / "var").mkdir()
    bounded(run())
