"""The command line. `COMMANDS` is the whole list; every fault of a config or a town is told, never a traceback."""

import argparse
import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot import (
    cli_archive,
    cli_backup,
    cli_bring,
    cli_export,
    cli_jielong,
    cli_person,
    cli_report,
    cli_sheet,
    cli_snippets,
    cli_understand,
    init,
)
from bot.backup.configured import require_apart
from bot.cli_files import disk_words
from bot.cli_reader import FAULT, Reader
from bot.config import Config, ConfigError, load_config
from bot.places import SHEETS, beside, only_ours
from bot.settings import (
    CONSOLE,
    DATABASE_URL,
    LOG_LEVEL,
    REPORT_TEMPLATES,
    TOWN_FOLDER,
    WEBCHAT,
    WEBCHAT_HOST,
    WEBCHAT_PORT,
    WECHATY_ENDPOINT,
    ZONE,
)
from bot.town import clock_of, open_database, open_settled, read_files, rules_of, words_of
from bot.worker import Worker
from data import bindings
from data.database import open_engine, standing
from data.errors import SchemaError, TextsError, TownError, TownFileError
from data.tables import RoleKind
from handlers.understand import load_lexicon


@dataclass(frozen=True, slots=True)
class Command:
    """One subcommand."""

    name: str
    help: str
    run: Callable[[argparse.Namespace], int]


def main(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    options = _parser().parse_args(argv)
    try:
        code: int = options.command.run(options)
    except ConfigError as error:
        return _fault("配置有问题，请改好再来：", [str(problem) for problem in error.problems])
    except TownFileError as error:
        return _fault("镇的资料有问题，请改好再来：", error.problems)
    except TextsError as error:
        return _fault("没有导入，请改好再来：", error.problems)
    except TownError as error:
        return _fault("", [str(error)])
    except OSError as error:
        return _fault("", [disk_words(error)])
    return code


def run(options: argparse.Namespace) -> int:
    """Start the bot and serve until interrupted."""
    config = load_config(options.config)
    logging.basicConfig(
        level=config[LOG_LEVEL].upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    for library in ("apscheduler", "alembic"):
        logging.getLogger(library).setLevel(logging.WARNING)
    try:
        asyncio.run(_serve(config))
    except SchemaError as error:
        raise ConfigError([config.problem(DATABASE_URL, str(error))]) from error
    return 0


async def _serve(config: Config) -> None:
    from bot.app import Bot
    from bot.assemble import build  # the web server and the transports, which no other command needs
    from bot.console.build import first_link
    from bot.console.values import public_address

    bot = build(config)

    async def ready(bot: Bot) -> None:
        if config[WEBCHAT]:
            print(f"打开 http://{config[WEBCHAT_HOST]}:{config[WEBCHAT_PORT]}/ 就能看到村群。", flush=True)
            if config[WEBCHAT_HOST] not in ("127.0.0.1", "::1", "localhost"):
                print("注意：网页群聊没有密码，现在别的机器也能打开它。", flush=True)
        if config[WECHATY_ENDPOINT]:
            print(f"微信扫码登录：http://{config[WEBCHAT_HOST]}:{config[WEBCHAT_PORT]}/login", flush=True)
        if config[CONSOLE]:
            link = await bot.worker.run(lambda session: first_link(session, config, now=bot.clock()))
            print(f"控制台：{public_address(config)}/", flush=True)
            if link is not None:
                print(f"第一次用，打开这个一次性链接设管理员：{link}", flush=True)
        print("下一次推送：", *(f"  {line}" for line in await bot.next_pushes()), sep="\n", flush=True)
        print("按 Ctrl+C 停止。", flush=True)

    serving = asyncio.ensure_future(bot.run(ready))
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, serving.cancel)
    try:
        await serving
    except asyncio.CancelledError:
        print("已停止。没发完的都记着，下次启动接着发。", flush=True)


def check_config(options: argparse.Namespace) -> int:
    """Read the config, the town and the database, and say whether the bot could start."""
    config = load_config(options.config)
    files, topics = read_files(config)
    try:
        engine = open_engine(config.database_url)
        standing(engine)
    except SchemaError as error:
        raise ConfigError([config.problem(DATABASE_URL, str(error))]) from error
    engine.dispose()
    _check_templates(config)
    require_apart(config)
    town = files.town
    print(
        f"{options.config} 没问题：{town.town.name}，{len(town.villages)}个村，"
        f"{len(town.lecturers)}位宣讲员，{len(files.snippets)}条政策短文（{config[TOWN_FOLDER]}）。"
    )
    nested = [problem for problem in topics.problems if problem.kind == "overlap"]
    print(f"题目词表：{len(topics)}个说法；{len(nested)}处一个说法套着别题的说法，按长的算，不用改。")
    for problem in topics.problems:
        if problem.kind != "overlap":
            print(f"提醒：{problem.message}")
    return 0


def _check_templates(config: Config) -> None:
    """The town's own templates of reports. Raises `ConfigError`, which names what is wrong with each."""
    from data.reports import word  # reads Word files, which few commands do

    if not config[REPORT_TEMPLATES]:
        return
    folder, problems = config.file(REPORT_TEMPLATES), []
    if not folder.is_dir():
        raise ConfigError([config.problem(REPORT_TEMPLATES, f"没有 {folder} 这个资料夹")])
    for path in word.own_templates(folder):
        try:
            word.check(path)
        except word.TemplateFault as fault:
            problems.append(config.problem(REPORT_TEMPLATES, str(fault)))
    if problems:
        raise ConfigError(problems)


def code(options: argparse.Namespace) -> int:
    """Print a one-time code that makes whoever says it in a direct chat a coordinator."""
    config = load_config(options.config)
    now = clock_of(config)()
    engine, _backup = open_database(config, now=now)
    worker = Worker(engine)
    made = worker.run_now(lambda session: bindings.issue(session, RoleKind.COORDINATOR, now=now))
    worker.close()
    print(f"请这位宣传干事私聊机器人，发：绑定 {made}\n24小时内有效，只能用一次。")
    return 0


def desk_link(options: argparse.Namespace) -> int:
    """Print a one-time link that makes an admin of the console: for the first, or when nobody can log in any more."""
    from bot.console.build import admin_link  # the web server, which no other command needs

    config = load_config(options.config)
    now = clock_of(config)()
    engine, _backup = open_database(config, now=now)
    worker = Worker(engine)
    link = worker.run_now(lambda session: admin_link(session, config, now=now))
    worker.close()
    print(f"打开这个一次性链接设管理员，48小时内有效：{link}")
    return 0


def sheet(options: argparse.Namespace) -> int:
    """Write the sign-in sheet of a lecture, ready to print."""
    config = load_config(options.config)
    now = clock_of(config)()
    files, _topics = read_files(config)
    engine = open_settled(config, now=now)
    with Session(engine) as session:
        out = options.out or only_ours(beside(config, SHEETS))
        rules = rules_of(config, files)
        path = cli_sheet.write(session, options.number, out, town=files.town.town.name, rules=rules, now=now)
    engine.dispose()
    print(f"签到表在 {path}，用浏览器打开，选A4纸打印。")
    return 0


def show_version(_options: argparse.Namespace) -> int:
    """Print the version."""
    try:
        print(f"menlou {version('menlou')}")
    except PackageNotFoundError:
        print("menlou（源码目录）")
    return 0


def understand(options: argparse.Namespace) -> int:
    """Read messages from standard input and print how they are understood; JSON lines, or plain text at a terminal."""
    config = load_config(options.config) if options.config.is_file() else None
    now = options.now or datetime.now(config[ZONE] if config else ZoneInfo("Asia/Shanghai"))
    lexicon = words_of(*read_files(config)) if config else load_lexicon()
    plain = sys.stdin.isatty()
    if plain:
        print("写一句话，看我怎么理解（Ctrl+D 结束）：")
    for line in cli_understand.main(sys.stdin, now.replace(tzinfo=None), lexicon, plain=plain):
        print(line, flush=plain)
    return 0


def jielong(options: argparse.Namespace) -> int:
    """Read one 接龙 (or, with --sequence, the posts of one) from standard input and print it as JSON."""
    try:
        print(cli_jielong.main(sys.stdin.read(), sequence=options.sequence))
    except ValueError as error:
        return _fault("看不懂输入：", [str(error)])
    return 0


COMMANDS: tuple[Command, ...] = (
    Command("run", "启动机器人", run),
    Command("check-config", "检查配置、镇的资料和数据库，不启动", check_config),
    Command("init", "新建一个真正使用的镇（会问几个问题）", init.run),
    Command("code", "生成一个绑定码，给宣传干事登记身份", code),
    Command("desk-link", "给控制台的管理员一个一次性链接（第一次用，或都登录不了时）", desk_link),
    Command("understand", "看一句话会被怎么理解（标准输入）", understand),
    Command("jielong", "读一个接龙（标准输入）", jielong),
    Command("sheet", "做一节课的签到表，可用A4纸打印（如 sheet 5）", sheet),
    Command("texts", "政策短文：导入、列出、推送计划、推送效果、大喇叭稿", cli_snippets.run),
    Command("bring", "从 Excel 导入村、题目、宣讲员、群和历史讲座：空表、检查、导入", cli_bring.run),
    Command("report", "做总结：Word、Excel、一页图（如 report --period 2026Q4）", cli_report.run),
    Command("archive", "把一年的课打成档案包，带索引（如 archive --year 2026）", cli_archive.run),
    Command("backup", "马上做一份备份（机器人开着也行）", cli_backup.make),
    Command("restore", "恢复一份备份；不写文件就列出有哪些", cli_backup.bring_back),
    Command("drill", "演练：试着恢复最新的备份，不碰正在用的", cli_backup.try_out),
    Command("export", "导出全部数据（JSON 和 Excel），默认隐去个人信息", cli_export.run),
    Command("person", "把一个人的全部信息写成文件，交给本人", cli_person.run),
    Command("version", "显示版本", show_version),
)


def _parser() -> Reader:
    parser = Reader(prog="python -m bot", description="门楼微讲堂：村群里的宣讲、点单和报名。")
    arguments = {
        "bring": cli_bring.add_arguments,
        "texts": cli_snippets.add_arguments,
        "restore": cli_backup.restore_arguments,
        "drill": cli_backup.drill_arguments,
        "export": cli_export.add_arguments,
        "report": cli_report.add_arguments,
        "archive": cli_archive.add_arguments,
        "person": cli_person.add_arguments,
    }
    commands = parser.add_subparsers(required=True, metavar="命令")
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help, description=command.help)
        sub.add_argument(
            "--config", type=Path, default=Path("config.yaml"), metavar="文件", help="配置文件（默认 config.yaml）"
        )
        sub.set_defaults(command=command)
        if command.name == "understand":
            sub.add_argument(
                "--now", type=datetime.fromisoformat, metavar="时间", help="当作现在的时间，如 2026-11-20T15:00"
            )
        if command.name == "sheet":
            sub.add_argument("number", type=int, metavar="课号", help="课号，课5就写 5")
            sub.add_argument(
                "--out", type=Path, metavar="资料夹", help=f"存到哪个资料夹（默认在数据库旁边的 {SHEETS}）"
            )
        if command.name in arguments:
            arguments[command.name](sub)
        if command.name == "jielong":
            sub.add_argument("--sequence", action="store_true", help="输入是一串先后发出的接龙（JSON 列表）")
    return parser


def _fault(head: str, lines: list[str]) -> int:
    print("\n".join(line for line in [head, *lines] if line), file=sys.stderr)
    return FAULT
