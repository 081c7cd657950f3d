"""WeCom as configured: its transports, how fast each may speak, and the rooms behind the webhooks."""

from datetime import datetime

from sqlmodel import Session, select

from bot.config import Config, ConfigError
from bot.settings import WECOM_API, WECOM_BOT_ID, WECOM_HOOKS_FILE, WECOM_WS
from bot.transports.base import Transport
from bot.transports.wecom.settings import BotSettings, HookSettings
from data import rooms
from data.glance import meet_room
from data.pace import Speed
from data.tables import Room, RoomKind

HOOK = "wecom-hook"  # the name of `bot.transports.wecom.hook`, which is loaded only where it is configured

# The cautious pace of config.yaml is for a person's own account, which WeChat watches. These are official routes with
# limits of their own: 20 messages a minute to a webhook, 30 a minute and 1,000 an hour to a chat of the aibot. So rooms
# do not wait for each other; within a room the gap keeps below the limit, with something left for texts in two parts.
HOOK_SPEED = Speed((0.0, 0.0), 3.0, (0.0, 0.0), 0, 0, 0, 0, 0.0)
BOT_SPEED = Speed((0.0, 0.0), 4.0, (0.0, 0.0), 0, 0, 0, 0, 0.0)


def open_wecom(config: Config) -> list[tuple[Transport, Speed]]:
    """The transports that are configured, each with its pace; what one of them does not need is not loaded.

    Raises `ConfigError` where the bot has no secret.
    """
    opened: list[tuple[Transport, Speed]] = []
    if config.wecom_hooks:
        from bot.transports.wecom.hook import WecomHook

        opened.append((WecomHook(HookSettings(config.wecom_hooks, api=config[WECOM_API])), HOOK_SPEED))
    if config[WECOM_BOT_ID]:
        if not config.wecom_secret:  # told only here: other commands need it not, and may run without it
            told = "有 Bot ID，没有 Secret。Secret 放环境变量 MENLOU_WECOM_SECRET，或 wecom.bot_secret_file 指的文件。"
            raise ConfigError([config.problem(WECOM_BOT_ID, told)])
        from bot.transports.wecom.bot import WecomBot

        settings = BotSettings(config[WECOM_BOT_ID], config.wecom_secret, ws=config[WECOM_WS])
        opened.append((WecomBot(settings), BOT_SPEED))
    return opened


def settle_rooms(session: Session, config: Config, *, now: datetime) -> None:
    """The rooms behind the webhooks, as their file says, for nobody there could say whose they are.

    Raises `ConfigError` where a village is none of the town's.
    """
    villages = {village.name: village for village in rooms.villages(session)}
    strange = [hook for hook in config.wecom_hooks if hook.village and hook.village not in villages]
    if strange:
        told = [f"“{hook.name}”的 village 写的“{hook.village}”，town.yaml 里没有这个村。" for hook in strange]
        raise ConfigError([config.problem(WECOM_HOOKS_FILE, each) for each in told])
    known = {room.external_id: room.id or 0 for room in session.exec(select(Room).where(Room.transport == HOOK))}
    for hook in config.wecom_hooks:
        room_id = known.pop(hook.name, 0) or _new_room(session, hook.name, now)
        rooms.bind_room(session, room_id, village=villages.get(hook.village), kind=RoomKind(hook.kind), now=now)
    for room_id in known.values():  # struck off the file: nothing is queued for it any more
        rooms.bind_room(session, room_id, village=None, kind=RoomKind.UNBOUND, now=now)


def _new_room(session: Session, name: str, now: datetime) -> int:
    return meet_room(session, None, transport=HOOK, external_id=name, name=name, direct=False, now=now).id
