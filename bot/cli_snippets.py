"""``python -m bot texts …``: policy texts imported, listed, planned, counted, and read aloud.

`ACTIONS` is the whole list of what may stand behind ``texts``.
"""

import argparse
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from bot.cli_actions import Action, add_actions, run_action, town_at_start
from bot.cli_files import require_new
from bot.config import Config
from bot.places import SPEAK, beside
from bot.settings import PUSH_CRON, ZONE
from bot.town import rules_of
from data import loudspeaker, preview, reach, snippets, textimport, town
from data.errors import NoSuchGroup
from data.files import new_file
from data.listeners import groups_called, listeners
from data.phrases import day_and_time
from data.rules import Rules
from data.snippets import Put
from data.snippetsheet import write_template
from data.tables import Snippet, SnippetOrigin, Topic
from scheduler.timetable import occurrences

SPEAKER = "espeak-ng"
SPEAKER_SECONDS = 60
_ADD = "填一张空表再导入：python -m bot texts template --out 短文.xlsx；或写在镇的 snippets.yaml 里。"
_DONE = {Put.ADDED: "新增", Put.RENEWED: "换新版", Put.CHANGED: "改了日期、问法或受众", Put.SAME: "没有变"}


@dataclass(frozen=True, slots=True)
class Desk:
    """What an action works with; what it wrote is kept only where it says so."""

    config: Config
    rules: Rules
    session: Session
    now: datetime
    topics: tuple[str, ...]
    villages: tuple[str, ...]


def run(options: argparse.Namespace) -> int:
    """Do one action and print what came of it."""
    return run_action(options, _desk)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions, below ``texts``."""
    add_actions(parser, ACTIONS)


def bring_in(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """Import texts, all or none."""
    found = textimport.read_texts(options.path, topics=desk.topics, villages=desk.villages)
    done = textimport.bring_in(desk.session, found, topic_ids=town.topic_ids(desk.session), now=desk.now)
    for outcome, keys in sorted(done.items()):
        yield f"{_DONE[outcome]}：{len(keys)}条" + (f"（{'、'.join(keys)}）" if outcome != Put.SAME else "")
    if late := textimport.expired(found, desk.now.date()):
        yield f"提醒：{len(late)}条已经到期，不会发（{'、'.join(late)}）。"
    if options.dry_run:
        yield "试了一遍，什么也没有写。"
    else:
        desk.session.commit()
        yield "推送马上用新的；乡亲提问用新的，要重启机器人。"


def show(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """All texts; with --all, also the versions that were withdrawn."""
    names = {topic.id: topic.name for topic in desk.session.exec(select(Topic))}
    found = desk.session.exec(select(Snippet).order_by(col(Snippet.topic_id), col(Snippet.id))).all()
    shown = [each for each in found if each.withdrawn_at is None or options.all]
    for each in shown:
        yield f"{each.key} 第{each.version}版 {names[each.topic_id]}《{each.title}》{_standing(desk, each)}"
    if not shown:
        yield f"还没有{'在用的' if found else ''}政策短文。{_ADD}" + ("撤下的加 --all 看。" if found else "")


def withdraw(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """Never send an imported text again."""
    snippet = snippets.find(desk.session, options.key)
    if snippet.origin == SnippetOrigin.FILE:
        yield f"《{snippet.title}》写在镇的 snippets.yaml 里：从那里删掉，再重启机器人。"
        return
    held = snippets.withdraw(desk.session, snippet, now=desk.now)
    desk.session.commit()
    yield f"《{snippet.title}》撤下了，不再发。" + (f"还没发出的{held}条也拦下了。" if held else "")


def template(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """An Excel file to fill in."""
    require_new(options.out)
    with new_file(options.out) as part:
        write_template(part, desk.topics)
    yield f"空表在 {options.out}。填好以后：python -m bot texts import {options.out} --dry-run"


def plan(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """What each group will get."""
    groups = groups_called(desk.session, options.room) if options.room else listeners(desk.session)
    if not groups and options.room:
        raise NoSuchGroup(options.room, tuple(each.name for each in listeners(desk.session)))
    if not groups:
        yield "还没有登记推送的群。请宣传干事在群里发“本群 村名”。"
    end = desk.now + timedelta(days=options.days)
    times = occurrences(desk.config[PUSH_CRON], desk.config[ZONE], desk.now, end)
    planned = preview.plan(desk.session, times, rules=desk.rules, now=desk.now, groups=groups)
    for group in groups:
        mine = [each for each in planned if each.room_id == group.room_id]
        yield f"{group.name}：{options.days}天里{len(mine)}条"
        for each in mine:
            when = day_and_time(each.leaves, desk.rules.zone, now=desk.now)
            yield f"  {when} 《{each.choice.snippet.title}》{each.choice.why}"


def count(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """How far texts and notices went."""
    found = reach.since(desk.session, desk.now - timedelta(days=options.days), now=desk.now)
    if not found:
        yield f"{options.days}天里没有发过推送和通知。"
    for each in found:
        name = each.name.replace("\n", " ")
        number = f"通知B{each.notice} " if each.notice is not None else ""
        yield (
            f"{number}{name}：发到{each.groups}群、私聊{each.people}人，当时认得{each.members}人，"
            f"一天内{each.repliers}人回了{each.replies}句；待确认{each.unknown}，在排队{each.waiting}，没发成{each.failed}"
        )


def speak(desk: Desk, options: argparse.Namespace) -> Iterator[str]:
    """The words for the loudspeaker, and the sound where a voice is installed."""
    snippet = snippets.find(desk.session, options.key)
    out: Path = options.out or beside(desk.config, SPEAK)
    words = out / f"{snippet.key}.txt"
    with new_file(words, over=True) as part:
        part.write_text(loudspeaker.spoken(snippet) + "\n", "utf-8")
    yield f"文字稿在 {words}。"
    sound = words.with_suffix(".wav")
    desk.session.rollback()  # a voice takes its time, and the bot may want to write meanwhile
    yield read_aloud(words, sound) or f"录音在 {sound}，请先听一遍再播。"


def read_aloud(words: Path, sound: Path) -> str:
    """Write the sound of a text file as WAV; returns what went wrong, "" where nothing did."""
    program = shutil.which(SPEAKER)
    if program is None:
        return f"没有录音：这台机器没装 {SPEAKER}。装好再试，或请人照着稿子念。"
    command = [program, "-v", "cmn", "-s", "150", "-f", str(words), "-w", str(sound)]
    try:
        # The program is found on the PATH, its arguments are ours: nothing of it comes from a message.
        subprocess.run(command, check=True, timeout=SPEAKER_SECONDS, capture_output=True)  # noqa: S603
    except subprocess.TimeoutExpired:
        sound.unlink(missing_ok=True)
        return f"没有录音：{SPEAKER} {SPEAKER_SECONDS}秒还没念完。"
    except (subprocess.CalledProcessError, OSError) as error:
        sound.unlink(missing_ok=True)
        said = getattr(error, "stderr", b"") or b""
        return f"没有录音：{SPEAKER} 出错了（{said.decode('utf-8', 'replace').strip()[:80] or error}）。"
    return ""


@contextmanager
def _desk(config: Config) -> Iterator[Desk]:
    with town_at_start(config) as at:
        villages = tuple(each.name for each in at.files.town.villages)
        yield Desk(config, rules_of(config, at.files), at.session, at.now, at.topics, villages)


def _standing(desk: Desk, snippet: Snippet) -> str:
    origin = "文件" if snippet.origin == SnippetOrigin.FILE else "导入"
    if snippet.withdrawn_at is not None:
        return f" {origin}，{snippet.withdrawn_at.astimezone(desk.rules.zone):%Y-%m-%d}撤下"
    if snippet.expires_on < desk.now.date():
        return f" {origin}，{snippet.expires_on}已到期，不再发"
    return f" {origin}，到{snippet.expires_on}"


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("path", type=Path, metavar="短文", help="资料夹（.md、.yaml），或一个 .md、.yaml、.xlsx 文件")
    parser.add_argument("--dry-run", action="store_true", help="只检查，不写进去")


def _key_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("key", metavar="短文", help="哪一条：编号或标题（texts list 里看得到）")


def _speak_arguments(parser: argparse.ArgumentParser) -> None:
    _key_argument(parser)
    parser.add_argument("--out", type=Path, metavar="资料夹", help=f"存到哪个资料夹（默认在数据库旁边的 {SPEAK}）")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="连撤下的旧版一起看")


def _template_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, metavar="文件", help="存成哪个文件，如 短文.xlsx")


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--room", metavar="村或群", help="只看一个村或一个群")
    parser.add_argument("--days", type=int, default=30, metavar="天数", help="看几天（默认 30）")


def _days_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--days", type=int, default=7, metavar="天数", help="看几天（默认 7）")


ACTIONS: tuple[Action[Desk], ...] = (
    Action("import", "导入政策短文（Markdown、YAML 或 Excel），错一处就都不收", bring_in, _import_arguments),
    Action("list", "列出政策短文", show, _list_arguments),
    Action("withdraw", "撤下一条导入的短文，不再发", withdraw, _key_argument),
    Action("template", "做一个空的 Excel 表", template, _template_arguments),
    Action("preview", "看各群接下来 30 天会收到什么", plan, _plan_arguments),
    Action("reach", "看推送和通知发到了多少群，多少人回话", count, _days_argument),
    Action("speak", "做村里大喇叭的文字稿和录音", speak, _speak_arguments),
)
