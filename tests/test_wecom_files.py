"""WeCom's settings and secrets: where they come from, what is wrong with them, and that nothing tells them; and how its
pictures are deciphered."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.assemble import build
from bot.config import Config, ConfigError, load_config
from bot.init import config_text
from bot.pacing import Pacer
from bot.settings import WECOM_API, WECOM_WS
from bot.transports.wecom.cipher import Undecipherable, cbc, decipher
from bot.transports.wecom.hooks import HooksError, read_hooks
from bot.transports.wecom.settings import API, WS, Hook
from bot.transports.wecom.wiring import BOT_SPEED, HOOK_SPEED, open_wecom, settle_rooms
from data.mail import OutboxKind
from data.rooms import pushed_rooms, villages
from data.tables import Room, RoomKind
from tests.town import NOW, ROOT, DemoTown
from tests.wecom_standin import KEY, OTHER_KEY, encipher

# ---- the file of webhooks ------------------------------------------------------------------------------------------


def test_a_key_or_its_whole_address_and_what_the_group_is(tmp_path: Path) -> None:
    path = tmp_path / "hooks.yaml"
    path.write_text(
        f"东沟村干部群: {KEY}\n西岭村乡亲群:\n  key: {API}/cgi-bin/webhook/send?key={OTHER_KEY}\n"
        "  village: 西岭村\n  kind: migrants\n  format: markdown\n",
        "utf-8",
    )
    assert read_hooks(path, API) == (
        Hook("东沟村干部群", KEY),
        Hook("西岭村乡亲群", OTHER_KEY, markdown=True, village="西岭村", kind="migrants"),
    )
    assert KEY not in repr(read_hooks(path, API))


FAULTS = [
    ("", "一个群也没有"),
    ("[]", "一个群也没有"),
    (f"- {KEY}", "一个群也没有"),
    (f"a: {KEY}\n b: x", "写法不对"),
    (f"a: '{KEY}", "写法不对"),
    (f"a:{KEY}", "一个群也没有"),
    ("a:", "没有 key"),
    ("a: short", "没有 key"),
    (f"a: {KEY}!!", "没有 key"),
    (f"a: {API}/cgi-bin/webhook/send", "没有 key"),
    (f"a: https://oapi.dingtalk.com/robot/send?key={KEY}", f"不是 {API} 的"),
    (f"'': {KEY}", "群名要有"),
    (f"{'长' * 41}: {KEY}", "群名要有"),
    (f"a: {KEY}\na: {OTHER_KEY}", "写了两次"),
    (f"a: {KEY}\nb: {KEY}", "key 一样"),
    (f"a:\n  key: {KEY}\n  kind: friends", "kind 要写"),
    (f"a:\n  key: {KEY}\n  format: html", "format 要写"),
    (f"a:\n  kei: {KEY}", "只认 key"),
    (f"a: [{KEY}]", "没有 key"),
]


@pytest.mark.parametrize(("text", "told"), FAULTS, ids=[each[0][:20] for each in FAULTS])
def test_each_fault_of_the_file_is_told_without_the_key(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "hooks.yaml").write_text(text, "utf-8")
    (tmp_path / "config.yaml").write_text("wecom:\n  hooks_file: hooks.yaml\n", "utf-8")
    with pytest.raises(ConfigError) as failed:
        load_config(tmp_path / "config.yaml", {})
    assert "第2行 wecom.hooks_file" in str(failed.value)
    assert told in str(failed.value)
    assert KEY not in str(failed.value)


def test_all_faults_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "hooks.yaml"
    path.write_text(f"a: short\nb: {KEY}\nc:\n  key: {KEY}\n  kind: x\n", "utf-8")
    with pytest.raises(HooksError) as failed:
        read_hooks(path, API)
    assert ["第1行" in failed.value.problems[0], "第3行" in failed.value.problems[1]] == [True, True]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "hooks.yaml").write_bytes(content)
    with pytest.raises(HooksError, match="读不了"):
        read_hooks(tmp_path / "hooks.yaml", API)


# ---- config.yaml ---------------------------------------------------------------------------------------------------


def test_the_secret_comes_from_the_environment_or_a_file(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    (tmp_path / "secret").write_text("from-file\n")
    path.write_text("wecom:\n  bot_id: aib1\n  bot_secret_file: secret\n", "utf-8")
    assert load_config(path, {}).wecom_secret == "from-file"
    assert load_config(path, {"MENLOU_WECOM_SECRET": "from-env"}).wecom_secret == "from-env"


def test_a_bot_without_its_secret_is_told_when_it_starts_and_hinders_no_other_command(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("wecom:\n  bot_id: aib1\n", "utf-8")
    config = load_config(path, {})
    with pytest.raises(ConfigError, match=r"第2行 wecom\.bot_id：有 Bot ID，没有 Secret"):
        open_wecom(config)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("wecom:\n  bot_id: aib1\n  bot_secret_file: nowhere", "第3行 wecom.bot_secret_file"),
        ("wecom:\n  bot_secret: abc123", "不写在 config.yaml"),
        ("wecom:\n  hooks: abc123", "您要的是 wecom.hooks_file 吗"),
        ("wecom:\n  api: http://qyapi.weixin.qq.com", "https:// 开头"),
        ("wecom:\n  api: https://me:secret@qyapi.weixin.qq.com", "https:// 开头"),
        ("wecom:\n  ws: https://openws.work.weixin.qq.com", "wss:// 开头"),
        ("wecom:\n  ws: ws://192.168.1.5:80", "wss:// 开头"),
    ],
)
def test_what_is_wrong_with_the_settings_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as failed:
        load_config(path, {})
    assert told in str(failed.value)
    assert "abc123" not in str(failed.value)


def test_the_addresses_are_wecom_s_own_or_this_machine_s(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("wecom:\n  ws: ws://127.0.0.1:8765/ws\n  api: http://localhost:80\n", "utf-8")
    config = load_config(path, {})
    assert (config[WECOM_WS], config[WECOM_API]) == ("ws://127.0.0.1:8765/ws", "http://localhost:80")
    path.write_text("", "utf-8")
    config = load_config(path, {})
    assert (config[WECOM_WS], config[WECOM_API]) == (WS, API)


# ---- wiring --------------------------------------------------------------------------------------------------------


@contextmanager
def configured(folder: Path, hooks: str, **settings: object) -> Iterator[Config]:
    (folder / "hooks.yaml").write_text(hooks, "utf-8")
    own = {"town.folder": str(ROOT / "data/demo"), "webchat.enabled": False, "wecom.hooks_file": "hooks.yaml"}
    (folder / "config.yaml").write_text(config_text(own | settings), "utf-8")
    yield load_config(folder / "config.yaml", {"MENLOU_WECOM_SECRET": "s"})


def test_only_what_is_configured_is_opened(tmp_path: Path) -> None:
    with configured(tmp_path, f"a: {KEY}") as config:
        assert [(each.name, speed) for each, speed in open_wecom(config)] == [("wecom-hook", HOOK_SPEED)]
    with configured(tmp_path, "", **{"wecom.hooks_file": "", "wecom.bot_id": "aib1"}) as config:
        assert [(each.name, speed) for each, speed in open_wecom(config)] == [("wecom-bot", BOT_SPEED)]
    with configured(tmp_path, "", **{"wecom.hooks_file": ""}) as config:
        assert open_wecom(config) == []


def test_the_pace_keeps_each_room_within_wecom_s_limit() -> None:
    """20 a minute to a webhook, 30 a minute and 1,000 an hour to a chat; and rooms do not wait for each other."""
    for speed, minute in ((HOOK_SPEED, 20), (BOT_SPEED, 30)):
        pacer = Pacer(speed)
        pacer.sent(1, OutboxKind.PUSH, NOW)
        gap = (pacer.not_before(2, 1, OutboxKind.PUSH, NOW) - NOW).total_seconds()
        assert 60 / gap <= minute
        assert speed is HOOK_SPEED or 3600 / gap <= 1_000
        assert pacer.not_before(3, 2, OutboxKind.PUSH, NOW) == NOW


def _rooms(engine: Engine) -> list[tuple[str, str, bool]]:
    with Session(engine) as session:
        found = session.exec(select(Room).where(Room.transport == "wecom-hook").order_by(Room.external_id))
        return [(room.external_id, str(room.kind), room.village_id is not None) for room in found]


def test_the_rooms_behind_the_webhooks_are_known_from_the_file(town: DemoTown, tmp_path: Path) -> None:
    name = _a_village(town.engine)
    both = f"a:\n  key: {KEY}\n  village: {name}\nb:\n  key: {OTHER_KEY}\n  kind: coordinators\n"
    with Session(town.engine) as session, configured(tmp_path, both) as config:
        for _ in range(2):
            settle_rooms(session, config, now=NOW)
        session.commit()
    assert _rooms(town.engine) == [("a", "residents", True), ("b", "coordinators", False)]
    with Session(town.engine) as session, configured(tmp_path, f"b: {OTHER_KEY}") as config:
        assert "a" in [room.external_id for room in pushed_rooms(session)]
        settle_rooms(session, config, now=NOW)
        session.commit()
        assert "a" not in [room.external_id for room in pushed_rooms(session)]
    assert _rooms(town.engine) == [("a", str(RoomKind.UNBOUND), False), ("b", "residents", False)]


def test_a_village_that_the_town_does_not_have(town: DemoTown, tmp_path: Path) -> None:
    with (
        Session(town.engine) as session,
        configured(tmp_path, f"a:\n  key: {KEY}\n  village: 无此村") as config,
        pytest.raises(ConfigError, match="没有这个村"),
    ):
        settle_rooms(session, config, now=NOW)


def test_the_whole_bot_is_built_with_both(tmp_path: Path) -> None:
    with configured(tmp_path, f"a: {KEY}", **{"wecom.bot_id": "aib1"}) as config:
        bot = build(config)
        try:
            assert {"wecom-hook", "wecom-bot"} <= set(bot.transports)
            assert bot.worker.run_now(lambda session: [each.external_id for each in pushed_rooms(session)]) == ["a"]
        finally:
            bot.worker.close()
            bot.release()


def _a_village(engine: Engine) -> str:
    with Session(engine) as session:
        return villages(session)[0].name


# ---- pictures ------------------------------------------------------------------------------------------------------

# NIST SP 800-38A, F.2.6: AES-256 in CBC mode, deciphering.
NIST_KEY = "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
NIST_IV = "000102030405060708090a0b0c0d0e0f"
NIST_CIPHER = (
    "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
    "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"
)
NIST_PLAIN = (
    "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
    "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"
)


def test_deciphering_is_aes_256_cbc() -> None:
    key, iv, data = bytes.fromhex(NIST_KEY), bytes.fromhex(NIST_IV), bytes.fromhex(NIST_CIPHER)
    assert cbc(data, key, iv).hex() == NIST_PLAIN


@pytest.mark.parametrize("size", [0, 1, 15, 16, 31, 32, 33, 4_096])
def test_the_padding_to_32_bytes_is_taken_off(size: int) -> None:
    key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"  # 43 characters, its "=" left out
    plain = bytes(range(256)) * 16
    data = encipher(plain[:size], b"0123456789abcdef0123456789abcdef")
    assert len(data) % 32 == 0
    assert decipher(data, key) == decipher(data, key + "=") == plain[:size]


@pytest.mark.parametrize(
    ("data", "key"),
    [(b"", "A" * 43), (b"x" * 16, "A" * 43), (b"x" * 17, "A" * 43), (b"x" * 16, "A" * 42), (b"x" * 16, "钥")],
)
def test_what_cannot_be_deciphered_is_said_to_be_so(data: bytes, key: str) -> None:
    with pytest.raises(Undecipherable):
        decipher(data, key)
