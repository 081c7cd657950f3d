"""My account: my log-ins, and binding my WeChat."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from data import bindings, console_users
from data.desk import people
from data.desk_tables import ConsoleRole, ConsoleSession
from data.tables import Member, RoleKind


@dataclass(frozen=True, slots=True)
class Login:
    """A log-in as the page shows it."""

    begun: datetime
    seen: datetime
    address: str
    agent: str
    this: bool


_DEVICES = (
    ("iPhone", "苹果手机"), ("iPad", "苹果平板"), ("HarmonyOS", "鸿蒙手机"), ("Android", "安卓手机"),
    ("Windows", "Windows电脑"), ("Macintosh", "苹果电脑"), ("Linux", "Linux电脑"),
)  # fmt: skip
_BROWSERS = (
    ("MicroMessenger", "微信"), ("Edg", "Edge浏览器"), ("Firefox", "火狐浏览器"), ("Chrome", "Chrome浏览器"),
    ("Safari", "Safari浏览器"),
)  # fmt: skip


def device_of(agent: str) -> str:
    """What a browser says it is, as people call it: 安卓手机，微信."""
    found = [next((name for mark, name in names if mark in agent), "") for names in (_DEVICES, _BROWSERS)]
    return "，".join(filter(None, found)) or "别的设备"


def show(ask: Ask) -> Answer:
    """Who I am here, where I am logged in, and as whom I act in chats."""
    member = ask.session.get_one(Member, ask.user.member_id)
    mine = select(ConsoleSession).where(
        ConsoleSession.user_id == ask.user.user_id,
        col(ConsoleSession.ended_at).is_(None),
        ConsoleSession.expires_at > ask.now,
    )
    logins = [
        Login(
            each.created_at, each.seen_at, each.address, device_of(each.agent), each.token_hash == ask.user.token_hash
        )
        for each in ask.session.exec(mine.order_by(col(ConsoleSession.seen_at).desc()).limit(20))
    ]
    return Html("me.html", "我的账号", {"logins": logins, "bound": people.bound_name(member)})


def end_others(ask: Ask) -> Done:
    """Log out everywhere else."""
    ended = console_users.end_sessions(ask.session, ask.user.user_id, now=ask.now, but=ask.user.token_hash)
    return Done("/me", f"别处的{ended}个登录都退出了。")


def bind(ask: Ask) -> Done:
    """A code by which I become one with my WeChat."""
    code = bindings.issue(ask.session, RoleKind.COORDINATOR, user_id=ask.user.user_id, now=ask.now)
    return Done("/me", about=f"账号{ask.user.user_id}", show=code_page(code, "绑定我的微信", "/me"))


def unbind(ask: Ask) -> Done:
    """My WeChat has no say any more."""
    gone = people.unbind(ask.session, ask.user.user_id, now=ask.now)
    said = "微信解除了，在微信里办不了事了。" if gone else "没有绑定微信，不用解除。"
    return Done("/me", said, about=f"账号{ask.user.user_id}")


def code_page(code: str, title: str, back: str) -> Html:
    """A code, shown just once, with what to do with it."""
    shown = {
        "secret": f"绑定 {code}",
        "words": "请本人在微信里私聊机器人，发这一句：",
        "life": "24小时内有效，只能用一次，只在这里显示这一次。",
        "steps": (
            "别发在群里，发了就作废。",
            "以前绑过的微信就不算了，以新的为准。",
            "弄丢了就再要一个，旧码马上作废。",
        ),
        "back": back,
    }
    return Html("once.html", title, shown)


PAGES: tuple[Page | Deed, ...] = (
    Page("/me", show, "我的账号：在哪里登录着、绑定微信", village=True),
    Deed("/me/end-others", end_others, "退出别处的登录", "/me", may=ConsoleRole.VIEWER, village=True),
    Deed("/me/bind", bind, "发绑定码", "/me", may=ConsoleRole.VIEWER, village=True),
    Deed("/me/unbind", unbind, "解除微信", "/me", may=ConsoleRole.VIEWER, village=True),
)
