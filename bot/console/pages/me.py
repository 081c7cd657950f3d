"""My account: my log-ins, and binding my WeChat."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from data import console_users
from data.desk_tables import ConsoleRole, ConsoleSession
from data.tables import Member


@dataclass(frozen=True, slots=True)
class Login:
    """A log-in as the page shows it."""

    begun: datetime
    seen: datetime
    address: str
    agent: str
    this: bool


def show(ask: Ask) -> Answer:
    """Who I am here, where I am logged in, and as whom I act in chats."""
    member = ask.session.get_one(Member, ask.user.member_id)
    mine = select(ConsoleSession).where(
        ConsoleSession.user_id == ask.user.user_id,
        col(ConsoleSession.ended_at).is_(None),
        ConsoleSession.expires_at > ask.now,
    )
    logins = [
        Login(each.created_at, each.seen_at, each.address, each.agent[:60], each.token_hash == ask.user.token_hash)
        for each in ask.session.exec(mine.order_by(col(ConsoleSession.seen_at).desc()).limit(20))
    ]
    bound = member.transport != console_users.TRANSPORT
    return Html("me.html", "我的账号", {"logins": logins, "bound": member.name if bound else ""})


def end_others(ask: Ask) -> Done:
    """Log out everywhere else."""
    ended = console_users.end_sessions(ask.session, ask.user.user_id, now=ask.now, but=ask.user.token_hash)
    return Done("/me", f"别处的{ended}个登录都退出了。")


PAGES: tuple[Page | Deed, ...] = (
    Page("/me", show, "我的账号：在哪里登录着、绑定微信", village=True),
    Deed("/me/end-others", end_others, "退出别处的登录", "/me", may=ConsoleRole.VIEWER, village=True),
)
