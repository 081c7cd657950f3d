"""``init``: an empty town for real use, from a few questions; it never overwrites anything."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import yaml

from bot.config import ConfigError, Problem
from bot.settings import SETTINGS

Ask = Callable[[str], str]


def run(options: argparse.Namespace) -> int:
    """Ask what is needed and write config.yaml and the town's folder beside it."""
    path: Path = options.config
    folder = path.parent / "town"
    taken = [str(each) for each in (path, folder / "town.yaml") if each.exists()]
    if taken:
        raise ConfigError([Problem(Path(each), 0, "", "已经有了，不覆盖。要重新来，请先挪走它。") for each in taken])
    try:
        answers = _ask(input)
    except EOFError:
        print("没有回答完，什么也没写。", file=sys.stderr)
        return 2
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "town.yaml").write_text(_town(answers), "utf-8")
    (folder / "snippets.yaml").write_text("# 政策短文，写法见 docs/town.md\n[]\n", "utf-8")
    path.write_text(config_text(_overrides(answers)), "utf-8")
    print(
        f"写好了 {path} 和 {folder}/。接下来：\n"
        f"1. 在 {folder}/town.yaml 里填宣讲员，在 snippets.yaml 里放政策短文；\n"
        "2. 网关口令放环境变量 MENLOU_WECHATY_TOKEN；\n"
        "3. python -m bot code 要一个绑定码，再 python -m bot run 启动。"
    )
    return 0


def config_text(overrides: dict[str, object]) -> str:
    """A whole config.yaml: every setting with its help, at its default or as overridden."""
    lines = ["# 门楼微讲堂的设置。每一项上面是说明；口令和密码不写在这里。"]
    section = ""
    for setting in SETTINGS:
        head, name = setting.key.split(".")
        if head != section:
            section = head
            lines += ["", f"{head}:"]
        value = yaml.safe_dump(
            overrides.get(setting.key, setting.default), allow_unicode=True, default_flow_style=True, width=200
        )
        lines += [f"  # {setting.help}", f"  {name}: {value.removesuffix(chr(10)).removesuffix('...').strip()}"]
    return "\n".join(lines) + "\n"


def _ask(ask: Ask) -> dict[str, str]:
    questions = (
        ("name", "镇（街道）叫什么？", True),
        ("county", "属于哪个县（可空）？", False),
        ("villages", "有哪些村？用空格或顿号隔开：", True),
        ("endpoint", "Wechaty 网关的 主机:端口（还没有就直接回车）：", False),
    )
    answers = {}
    for key, words, needed in questions:
        answer = ask(words + " ").strip()
        while needed and not answer:
            answer = ask(f"这一项要填。{words} ").strip()
        answers[key] = answer
    return answers


def _town(answers: dict[str, str]) -> str:
    names = dict.fromkeys(answers["villages"].replace("、", " ").replace(",", " ").replace(",", " ").split())
    town = {
        "town": {"name": answers["name"], "county": answers["county"], "zone": "Asia/Shanghai"},
        "villages": [{"name": name} for name in names],
        "lecturers": [],
    }
    written = yaml.safe_dump(town, allow_unicode=True, sort_keys=False)
    return "# 镇的资料，写法见 docs/town.md\n" + written


def _overrides(answers: dict[str, str]) -> dict[str, object]:
    return {"town.folder": "town", "webchat.enabled": False, "wechaty.endpoint": answers["endpoint"]}
