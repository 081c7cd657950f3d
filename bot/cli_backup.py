"""``python -m bot backup``, ``restore`` and ``drill``."""

import argparse
import logging
import sys
from datetime import datetime
from pathlib import Path

from bot.backup import BackupError, Manifest, back_up, drill, newest, restore
from bot.backup.configured import folders_of, plan_of
from bot.backup.forget import Forgotten
from bot.backup.make import made_backups, sqlite_file
from bot.config import Config, load_config
from bot.town import clock_of, read_files, rules_of
from data.errors import TownFileError
from data.materials import size_words
from data.rules import Rules

log = logging.getLogger("menlou.backup")

FAULT = 2  # as `bot.cli.FAULT`: a person has to mend something first


def make(options: argparse.Namespace) -> int:
    """Make a backup now; the bot may be running."""
    config = load_config(options.config)
    made = back_up(plan_of(config), now=clock_of(config)())
    print(f"备份好了，也读回来核对过：{made.path}（{size_words(made.size)}）")
    print(f"里面有{_contents(made.manifest)}。")
    if made.removed:
        print(f"过了期的旧备份删了{made.removed}份。")
    if made.copy is not None:
        print(f"第二份在 {made.copy}。")
    if made.trouble:
        print(made.trouble, file=sys.stderr)
        return FAULT
    return 0


def bring_back(options: argparse.Namespace) -> int:
    """Restore a backup in the place of the present database."""
    config = load_config(options.config)
    if options.file is None:
        return _list(config)
    rules = _rules(config)
    done = restore(options.file, config.database_url, folders_of(config), now=clock_of(config)(), rules=rules)
    print(f"恢复好了：{_contents(done.manifest)}，回到{_when(done.manifest)}的样子。")
    if done.files:
        print(f"补回照片和资料{done.files}个。")
    if done.aside is not None:
        print(f"原来的数据库没有删，在 {done.aside}。")
    if done.doubtful:
        print(
            f"备份时还在排队的{done.doubtful}条，可能后来已经发过，都记成“待确认”。启动后干事发“发送情况”，一条条定。"
        )
    print("这以后发过什么，它不知道了。启动前先看一眼群里最近的消息。")
    return _tell_of_the_forgotten(done.forgotten)


def try_out(options: argparse.Namespace) -> int:
    """Restore the newest backup of each folder, or one that is named, into a place that is thrown away."""
    plan = plan_of(load_config(options.config))
    sqlite_file(plan.database_url)
    folders = [plan.folder] if plan.second is None else [plan.folder, plan.second]
    faults = 0
    for each in [options.file] if options.file is not None else folders:
        try:
            path = each if options.file is not None else newest([each])
            done = drill(path, folder=plan.folder)
        except BackupError as error:
            faults += 1
            print(f"演练没通过：{error}")
        else:
            upgraded = "，旧结构已试着升级" if done.upgraded else ""
            print(f"演练通过：{path}，{_when(done.manifest)}做的，{_contents(done.manifest)}{upgraded}。")
    return FAULT if faults else 0


def restore_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", metavar="备份文件", help="哪一份备份；不写就列出有哪些")


def drill_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, nargs="?", metavar="备份文件", help="哪一份备份；不写就试最新的")


def _rules(config: Config) -> Rules | None:
    """None where the town's files have a fault: the town comes back all the same."""
    try:
        return rules_of(config, read_files(config)[0])
    except TownFileError as error:
        log.warning("镇的资料夹有错：%s", error)
        return None


def _tell_of_the_forgotten(forgotten: Forgotten) -> int:
    """Who asked to be forgotten since the backup. `FAULT` where somebody has to see to it."""
    if forgotten.people:
        print(f"备份以后有{forgotten.people}位要求删除个人信息，已经在恢复的数据里照样删掉了。")
    if forgotten.failed:
        numbers = "、".join(f"{each}号" for each in forgotten.failed)
        print(
            f"注意：这几位要求过删除个人信息，恢复时没能再删：{numbers}。"
            "启动后请马上在控制台“个人信息”里替他们再删一遍。",
            file=sys.stderr,
        )
    if not forgotten.known:
        print(
            "注意：原来的数据库不在或读不了，备份以后谁要求过删除个人信息，这里查不到。"
            "启动后请翻一翻那以后的聊天，谁发过“删除我的信息”，就在控制台“个人信息”里替他再删一遍。",
            file=sys.stderr,
        )
    return FAULT if forgotten.failed else 0


def _list(config: Config) -> int:
    plan = plan_of(config)
    found = [path for folder in (plan.folder, plan.second) if folder for path in made_backups(folder)]
    if not found:
        newest([plan.folder])  # raises, with the mend
    print("恢复哪一份？写上它的名字：python -m bot restore 文件", *found, sep="\n")
    return FAULT


def _contents(manifest: Manifest) -> str:
    rows = sum(manifest.rows.values())
    files = len(manifest.members) - 1
    return f"{len(manifest.rows)}张表共{rows}行" + (f"、照片和资料{files}个" if files else "")


def _when(manifest: Manifest) -> str:
    return f"{datetime.fromisoformat(manifest.made_at):%Y-%m-%d %H:%M}"
