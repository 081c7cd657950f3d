"""A WeChat account behind a Wechaty gateway, as a transport. Import this package only when a gateway is configured:
it is the one place that loads the Wechaty puppet layer."""

from bot.transports.wechaty.settings import WechatySettings
from bot.transports.wechaty.text import parts_of
from bot.transports.wechaty.transport import WechatyTransport

__all__ = ["WechatySettings", "WechatyTransport", "parts_of"]
