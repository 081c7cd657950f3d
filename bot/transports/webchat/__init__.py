"""The built-in web chat: simulated village groups on a phone-wide page, to watch and try the bot without WeChat."""

from bot.transports.webchat.chat import WebChat
from bot.transports.webchat.conversation import Declined
from bot.transports.webchat.values import WebPerson, WebRoom

__all__ = ["Declined", "WebChat", "WebPerson", "WebRoom"]
