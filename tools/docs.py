"""``make docs``: writes the pages that can be made from the code, so that they cannot tell something else than it does.

`DOCUMENTS` is the whole list; ``tests/test_docs.py`` fails when a file is not what its function gives.
"""

import sys
from collections.abc import Callable, Iterable, Mapping
from itertools import groupby
from pathlib import Path

import yaml

from bot.cli import COMMANDS
from bot.init import config_text
from bot.settings import SETTINGS
from data.tables import RoleKind
from handlers import ROUTES
from handlers.turn import Route
from scheduler import JOBS
from tools.docs_figures import figures_page

ROOT = Path(__file__).parent.parent
MADE = "<!-- 由 make docs 生成，请改代码里的清单，别改这里。 -->"
WHO = {None: "大家", RoleKind.COORDINATOR: "宣传干事", RoleKind.LECTURER: "宣讲员"}

CONFIG_HEAD = f"""# 全部设置

{MADE}

设置写在 `config.yaml`，没写的就用默认值。文件里的相对路径从 `config.yaml` 所在的文件夹算起。
改完先检查，再重启机器人：

```sh
.venv/bin/python -m bot check-config
```

口令和密码不写在这个文件里，放在环境变量或单独的文件：

| 环境变量 | 做什么 |
|---|---|
| `MENLOU_WECHATY_TOKEN` | 网关口令（token）；也可以放进 `wechaty.token_file` 指的文件 |
| `MENLOU_WECOM_SECRET` | 企业微信智能机器人的 Secret；也可以放进 `wecom.bot_secret_file` 指的文件 |
| `MENLOU_DATABASE_URL` | 带密码的数据库地址，代替 `database.url` |
"""

COMMANDS_HEAD = f"""# 能说的话、能用的命令

{MADE}

## 在微信里说

在群里可以直接说口令，也可以先 @ 机器人再说；私聊不用 @。听得懂的家常话（如“我想听医保怎么报销”）也行。
"""

COMMANDS_SHELL = """
## 在电脑上用

都写成 `.venv/bin/python -m bot 命令`，后面可加 `--config 文件`（默认是当前文件夹的 `config.yaml`）。
有要您先改的问题时，会说清哪里、怎么改，退出码是 2。
"""

COMMANDS_TIMED = """
## 到点自己做

时间由 `config.yaml` 里的这一项定，见[全部设置](config.md)。
"""


def config_page() -> str:
    """docs/config.md: every setting, by section."""
    parts = [CONFIG_HEAD]
    for section, settings in groupby(SETTINGS, key=lambda setting: setting.key.partition(".")[0]):
        rows = [(f"`{each.key}`", f"`{_as_yaml(each.default)}`", each.help) for each in settings]
        parts.append(f"\n## {section}\n\n{_table(('设置', '默认', '做什么'), rows)}")
    return "".join(parts)


def commands_page() -> str:
    """docs/commands.md: what can be said, what can be typed, and what happens by the clock."""
    said = _table(("这样说", "会怎样", "口令", "谁能说"), map(_route_row, ROUTES))
    typed = _table(("命令", "做什么"), ((f"`{each.name}`", each.help) for each in COMMANDS))
    timed = _table(("名称", "做什么", "时间"), ((f"`{each.name}`", each.help, f"`{each.setting}`") for each in JOBS))
    return f"{COMMANDS_HEAD}\n{said}{COMMANDS_SHELL}\n{typed}{COMMANDS_TIMED}\n{timed}"


def config_file() -> str:
    """config.yaml: every setting at its default."""
    return config_text({})


DOCUMENTS: Mapping[str, Callable[[], str]] = {
    "config.yaml": config_file,
    "docs/config.md": config_page,
    "docs/commands.md": commands_page,
    "docs/figures.md": figures_page,
}


def main() -> int:
    """Write every document."""
    for name, text in DOCUMENTS.items():
        (ROOT / name).write_text(text(), "utf-8")
        print(name)
    return 0


def _route_row(route: Route) -> tuple[str, ...]:
    example, colon, meaning = route.help.partition("：")
    if not (route.words and colon):  # known by its meaning only
        example, meaning = "（照平常说）", route.help
    return example, meaning, "、".join(route.words) or "—", _who(route)


def _who(route: Route) -> str:
    return "、".join(WHO[role] for role in route.roles) or "大家"


def _as_yaml(value: object) -> str:
    written = yaml.safe_dump(value, allow_unicode=True, default_flow_style=True, width=200)
    return written.removesuffix("\n").removesuffix("...").strip()


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
