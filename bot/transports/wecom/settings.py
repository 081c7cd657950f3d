"""How to reach WeCom, and how patient to be with it. Times are seconds."""

from dataclasses import dataclass, field

API = "https://qyapi.weixin.qq.com"
WS = "wss://openws.work.weixin.qq.com"


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook, which is one group. ``name`` is our own short name and the room's id; the key is a secret."""

    name: str
    key: str = field(repr=False)
    markdown: bool = False  # say texts as markdown; WeChat's own app does not show that
    village: str = ""
    kind: str = "residents"


@dataclass(frozen=True, slots=True)
class HookSettings:
    """The limits are those of WeCom's documentation on 消息推送 (once 群机器人)."""

    hooks: tuple[Hook, ...]
    api: str = API
    timeout: float = 15.0  # from the connection to the answer
    per_minute: int = 20
    text_bytes: int = 2_048
    markdown_bytes: int = 4_096
    image_bytes: int = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BotSettings:
    """With the defaults a connection that froze is noticed within ``ping_every + ping_timeout`` = 45 seconds.

    WeCom's documentation on 智能机器人长连接 tells the 30 s between pings, the 512 KB of a chunk and the 10 MB of a
    picture, and 20,480 bytes for a streamed text; ours end at the 4,096 that any markdown of WeCom's may have.
    """

    bot_id: str
    secret: str = field(repr=False)
    ws: str = WS
    connect_timeout: float = 15.0
    ack_timeout: float = 8.0
    ping_every: float = 30.0
    ping_timeout: float = 15.0
    backoff_first: float = 1.0
    backoff_cap: float = 60.0
    refused_wait: float = 300.0  # after a subscription was refused: a wrong secret does not mend itself
    kicked_wait: float = 600.0  # after a newer connection took the bot; twice as long each further time
    kicked_cap: float = 6 * 3600.0
    reply_window: float = 60.0  # how long an answer belongs to the message that it answers
    text_bytes: int = 4_096
    image_bytes: int = 10 * 1024 * 1024
    chunk_bytes: int = 512 * 1024
    upload_timeout: float = 12.0  # for a whole picture: the sender waits 30 s for everything
    picture_timeout: float = 15.0
