"""The whole bot, started as a user starts it, on the real Node gateway: who says what, and what comes out of it."""

import asyncio
import struct
import time
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from bot.cli import main
from bot.init import config_text
from tests.bot_process import BotProcess, rows
from tests.gateway.harness import BOT, Gateway, require_gateway
from tests.gateway.village import EAST, WEST, bounded
from tests.hasty import DING_EVERY, DING_TIMEOUT

pytestmark = pytest.mark.gateway

TOWN = {
    "town": {"name": "东西镇", "zone": "Asia/Shanghai"},
    "villages": [{"name": "东沟村"}, {"name": "西岭村"}],
    "lecturers": [{"name": "黄秀兰", "title": "医生", "topics": ["健康"]}],
}
SNIPPET = {
    "key": "fanzha",
    "topic": "反诈骗",
    "title": "陌生电话别转账",
    "text": "凡是电话里叫您转账的，先挂断，再打96110问一问。",
    "source": "测试",
    "issued_on": "2020-01-01",
    "expires_on": "2099-01-01",
    "picture": "poster.png",
}


def png(width: int, height: int) -> bytes:
    """A plain green PNG."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    lines = b"".join(b"\x00" + b"\x1a\x7f\x4b" * width for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")


@dataclass(slots=True)
class Stage:
    """A gateway, a bot on it, and the files of its town."""

    gateway: Gateway
    folder: Path
    bot: BotProcess

    @property
    def database(self) -> Path:
        return self.folder / "var" / "town.db"

    async def until(self, query: str, wanted: int = 1, seconds: float = 60) -> None:
        """Wait until a count in the bot's database is what it should be."""
        deadline = time.monotonic() + seconds
        while (found := rows(self.database, query)[0][0]) != wanted:
            assert time.monotonic() < deadline, f"{query} stayed at {found}, {self.bot.lines[-8:]}"
            await self.gateway.do("ping")

    async def ask(self, who: str, text: str, answer: str, *, room: str = EAST, **about: object) -> None:
        """Somebody says something and the bot answers it there."""
        seen = len(self.gateway.sends)
        await self.gateway.say(who, text, room=room, **about)  # type: ignore[arg-type]
        place = room or who
        await self.gateway.wait_sent(
            lambda sent: sent in self.gateway.sends[seen:] and sent.to == place and answer in sent.text, timeout=60
        )


def write_town(folder: Path, gateway: Gateway, **settings: object) -> Path:
    (folder / "town").mkdir(exist_ok=True)
    (folder / "town" / "town.yaml").write_text(yaml.safe_dump(TOWN, allow_unicode=True), "utf-8")
    (folder / "town" / "snippets.yaml").write_text(yaml.safe_dump([SNIPPET], allow_unicode=True), "utf-8")
    (folder / "town" / "poster.png").write_bytes(png(120, 80))
    path = folder / "config.yaml"
    overrides: dict[str, object] = {
        "town.folder": "town",
        "webchat.enabled": False,
        "console.enabled": False,
        "backup.enabled": False,
        "webchat.port": gateway.port + 1 if gateway.port < 65_000 else gateway.port - 1,
        "wechaty.endpoint": gateway.endpoint,
        "push.grace_minutes": 0,
        "push.cron": ["0 0 29 2 *"],  # no push while a test counts what was said
        "quiet.start": "00:00",
        "quiet.end": "00:00",
        "pace.reply_after": [0, 0],
        "pace.same_room": 0,
        "pace.other_room": [0, 0],
        "pace.per_minute": 0,
        "pace.per_hour": 0,
        "pace.per_day": 0,
        "account.listen_days": 0,
        "account.answer_days": 0,
        "account.rest_minutes": 0,
        "broadcast.two_people": False,  # 李支书 is the only one
    }
    path.write_text(config_text(overrides | settings), "utf-8")
    return path


def on_stage(
    folder: Path,
    play: Callable[[Stage], Awaitable[None]],
    *,
    seconds: float = 240,
    module: str = "bot",
    **settings: object,
) -> None:
    require_gateway()

    async def run() -> None:
        async with Gateway() as gateway:
            config = write_town(folder, gateway, **settings)
            bot = BotProcess(config, module, MENLOU_WECHATY_TOKEN=gateway.token)
            async with bot:
                stage = Stage(gateway, folder, bot)
                await bot.wait_line(lambda line: "wechaty 在线" in line)
                await play(stage)

    bounded(run(), seconds)


async def settle_in(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    """As the README says: a code from the command line makes 李支书 a coordinator, who claims the groups."""
    assert main(["code", "--config", str(stage.folder / "config.yaml")]) == 0
    code = capsys.readouterr().out.split("绑定 ")[1][:6]
    await stage.ask("li", f"绑定 {code}", "绑定好了", room="")
    await stage.ask("li", "@门楼 本群 东沟村", "本群属于东沟村", room=EAST, mention=(BOT,))
    await stage.gateway.do("join", room=WEST, contacts=["li"], by="zhao")
    await stage.ask("li", "@门楼 本群 西岭村 外出务工", "本群属于西岭村", room=WEST, mention=(BOT,))


def test_orders_in_a_group_and_alone_and_a_broadcast(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def play(stage: Stage) -> None:
        await stage.gateway.say("wang", "点课 低保", room=EAST)  # nobody has said yet whose group this is: silence
        await settle_in(stage, capsys)
        await stage.ask("wang", "@门楼\u2005我想听反诈骗", "已登记1号：反诈骗", mention=(BOT,))
        await stage.ask("wang", "@门楼 点课 健康", "已登记2号：健康")  # a mention without ids
        await stage.ask("li", "点课 反诈骗", "已加到1号")
        await stage.ask("zhao", "点课 反诈骗", "已登记3号", room=WEST)
        await stage.ask("wang", "我的点单", "1号 反诈骗", room="")
        await stage.ask("wang", "请黄秀兰来讲", "已登记4号：黄秀兰老师")
        await stage.gateway.say("wang", "今天赶圩人多不多", room=EAST)
        await stage.ask("li", "通知 全镇 明天上午停水，请存好水。", "发到2个群", room="")
        await stage.ask("li", "确认", "已排队（单人发布），发到2个群", room="")
        for room in (EAST, WEST):
            notice = await stage.gateway.wait_sent(
                lambda sent, room=room: sent.to == room and sent.text == "明天上午停水，请存好水。"  # type: ignore[misc]
            )
            assert notice.mentions == ()
        answers = [sent for sent in stage.gateway.sends if "已登记1号" in sent.text]
        assert [(sent.mentions, sent.text[:5]) for sent in answers] == [(("wang",), "@王大娘\u2005")]
        # Our own messages came back and were not taken for somebody's; all that was said is known to have gone out.
        await stage.until("SELECT count(*) FROM outbox WHERE state <> 'sent'", 0)
        said = rows(stage.database, "SELECT count(*) FROM outbox")[0][0]
        assert said == len(stage.gateway.sends)
        heard = rows(stage.database, "SELECT text FROM inbox ORDER BY id")
        assert len(heard) == 11
        assert not [text for (text,) in heard if "赶圩" in text or "低保" in text or "已登记" in text]

    on_stage(tmp_path, play)


def test_a_push_with_its_picture_leaves_on_schedule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def play(stage: Stage) -> None:
        await settle_in(stage, capsys)
        config = write_town(stage.folder, stage.gateway, **{"push.cron": ["* * * * *"], "push.grace_minutes": 90})
        await stage.bot.__aexit__()
        seen = len(stage.gateway.sends)
        async with BotProcess(config, MENLOU_WECHATY_TOKEN=stage.gateway.token) as again:
            shown = [line for line in again.lines if "东沟村：" in line or "西岭村：" in line]
            assert len(shown) == 2, again.lines  # the next fire in each group
            for room in (EAST, WEST):
                text = await stage.gateway.wait_sent(
                    lambda sent, room=room: sent.to == room and "陌生电话别转账" in sent.text  # type: ignore[misc]
                )
                assert text.text.endswith("——测试，2020年1月1日")
                picture = await stage.gateway.wait_sent(
                    lambda sent, room=room: sent.to == room and sent.kind == "file"  # type: ignore[misc]
                )
                assert picture.size == len(png(120, 80))
                assert picture.base64_head.startswith("iVBORw0KGgo")
            pushes = [sent for sent in stage.gateway.sends[seen:] if sent.kind == "text"]
            rooms = [sent.to for sent in pushes]
            assert {rooms.count(room) for room in (EAST, WEST)} <= {1, 2}  # a minute or two

    on_stage(tmp_path, play, seconds=240)


def test_unknown_types_and_group_notes_are_heard(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async def play(stage: Stage) -> None:
        await settle_in(stage, capsys)
        await stage.ask("wang", "点课 反诈骗", "已登记1号", number=10)  # GroupNote, which the client cannot name
        await stage.ask("wang", "点课 健康", "已登记2号", number=17)  # a type newer than the client
        await stage.gateway.say("wang", "#接龙\n周六讲座\n1. 王大娘", room=EAST, number=10)
        await stage.ask("wang", "课表", "最近还没排课")
        assert not [sent for sent in stage.gateway.sends if "接龙" in sent.text]

    on_stage(tmp_path, play)


def test_a_gateway_killed_between_an_order_and_its_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The answer arrives, once."""

    async def play(stage: Stage) -> None:
        await settle_in(stage, capsys)
        write_town(stage.folder, stage.gateway, **{"pace.reply_after": [3, 3]})
        await stage.bot.__aexit__()
        bot = BotProcess(stage.folder / "config.yaml", MENLOU_WECHATY_TOKEN=stage.gateway.token)
        async with bot:
            await bot.wait_line(lambda line: "wechaty 在线" in line)
            await stage.gateway.say("wang", "点课 反诈骗", room=EAST)
            await stage.until("SELECT count(*) FROM lecture_order")
            assert not [sent for sent in stage.gateway.sends if "已登记" in sent.text]
            await stage.gateway.kill()
            await bot.wait_line(lambda line: "wechaty 离线" in line, timeout=90)
            await stage.gateway.start()
            await stage.gateway.wait_sent(lambda sent: "已登记1号" in sent.text, timeout=90)
            await stage.until("SELECT count(*) FROM outbox WHERE state = 'sent' AND text LIKE '已登记%'")
            await stage.ask("wang", "菜单", "题目：")
            assert len([sent for sent in stage.gateway.sends if "已登记1号" in sent.text]) == 1

    on_stage(tmp_path, play, seconds=240)


FROZEN = 4 * (DING_EVERY + DING_TIMEOUT)  # s: long enough to be noticed, and to be looked for in vain again and again


def test_a_gateway_frozen_for_long(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is noticed soon, the process lives on, and what was asked before is sent after the thaw, once."""

    async def play(stage: Stage) -> None:
        await settle_in(stage, capsys)
        await stage.ask("li", "通知 东沟村 冻住以后再发", "发到1个群", room="")
        seen = len(stage.bot.lines)
        frozen_at = time.monotonic()
        stage.gateway.freeze()
        await stage.bot.wait_line(lambda line: "wechaty 离线" in line, timeout=60, since=seen)
        while (left := FROZEN - (time.monotonic() - frozen_at)) > 0:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(left):  # nothing is awaited but the time: it stays frozen
                    await asyncio.Event().wait()
        assert not [line for line in stage.bot.lines[seen:] if "wechaty 在线" in line]
        stage.gateway.thaw()
        await stage.bot.wait_line(lambda line: "wechaty 在线" in line, timeout=90, since=seen)
        await stage.ask("li", "确认", "已排队", room="")
        await stage.gateway.wait_sent(lambda sent: sent.text == "冻住以后再发")
        await stage.ask("wang", "点课 反诈骗", "已登记1号")
        assert len([sent for sent in stage.gateway.sends if sent.text == "冻住以后再发"]) == 1

    on_stage(tmp_path, play, seconds=240, module="tests.hasty")


def test_a_bot_that_ends_at_its_start_is_not_waited_for(tmp_path: Path) -> None:
    """One whose port was taken had told so and gone; the test waited on until its own time was up."""
    (tmp_path / "config.yaml").write_text("webchat:\n  port: none\n", "utf-8")

    async def start() -> None:
        async with BotProcess(tmp_path / "config.yaml"):
            raise AssertionError("it is up")

    with pytest.raises(AssertionError, match=r"the bot ended: .*webchat\.port"):
        bounded(start(), 60)
