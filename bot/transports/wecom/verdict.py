"""What WeCom's answer codes mean for a message. Codes are decisive; their texts may change, say its global code table
(全局错误码) and experience with the aibot."""

import re

from bot.transports.base import NotSent, Refused, TransportError

SYSTEM_BUSY = -1
NOT_SUBSCRIBED = 846609  # the other side has forgotten our subscription: a new connection mends it
NO_SUCH_REQUEST = frozenset({846605, 846608})  # the callback that we answer is too old to be answered as such
TOO_FAST = frozenset({45009, 45033, 45047, 130101})  # over a limit per minute, hour or day; too many at once

_HINTS = {
    40001: "密钥（Secret）不对",
    40003: "没有这个人，或者他看不到这个机器人",
    40008: "不收这种消息",
    40009: "图片大小不合要求",
    40035: "参数不对",
    40058: "参数不对",
    40201: "被反垃圾检查拦下了",
    44004: "内容是空的",
    45002: "内容太长",
    93000: "webhook 地址（key）不对，或机器人已被移出群",
    93004: "机器人被停用了",
    93006: "没有这个群，或机器人不在群里",
    93008: "不在群里",
    93019: "Bot ID 不对",
    853000: "Secret 不对",
}


def of_code(code: int, said: str = "", *secrets: str) -> TransportError:
    """How a send ended that was answered with this code, which is not 0. ``said`` is the other side's own text."""
    told = describe(code, said, *secrets)
    if code in (SYSTEM_BUSY, NOT_SUBSCRIBED) or code in TOO_FAST:
        return NotSent(told)
    return Refused(told)


def describe(code: int, said: str = "", *secrets: str) -> str:
    """A code for a person to read; never one of the secrets, whatever the other side says."""
    if code == SYSTEM_BUSY:
        return "企业微信忙，稍后再试"
    if code in TOO_FAST:
        return f"企业微信说发得太快了（{code}）"
    if code == NOT_SUBSCRIBED:
        return f"企业微信忘了这条长连接（{code}）"
    return f"企业微信拒绝：{_HINTS.get(code) or _brief(said, *secrets) or '没说原因'}（{code}）"


def _brief(said: str, *secrets: str) -> str:
    """The first words of what it said, without the ids and addresses that follow them."""
    for secret in secrets:
        if secret:
            said = said.replace(secret, "***")
    return re.split(r", hint|, from ip|\n", said, maxsplit=1)[0].strip()[:80]
