"""人员: who may open the console, and who has which role in chats."""

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.pages.me import code_page
from bot.console.render import ROLE_NAMES
from bot.console.values import Answer, Ask, Deed, Done, Html, Page, public_address
from data import bindings, console_users
from data.desk import feeds, people
from data.desk import lectures as choices
from data.desk.people import RoleLine
from data.desk_errors import BadEntry
from data.desk_tables import ConsoleRole, LinkPurpose
from data.labels import TRANSPORTS
from data.tables import RoleKind, Village

KINDS = {RoleKind.COORDINATOR: "宣传干事", RoleKind.LECTURER: "宣讲员"}
ROLES = tuple((role.value, name) for role, name in ROLE_NAMES.items())


def show_all(ask: Ask) -> Answer:
    """The users of the console."""
    shown = {
        "lines": people.users(ask.session, now=ask.now),
        "villages": choices.choices(ask.session, Village),
        "roles": ROLES,
    }
    return Html("people.html", "人员", shown)


def invite(ask: Ask) -> Done:
    """A link by which somebody makes their own account."""
    role = _role(ask)
    name = ask.form.need("shown_name", "称呼", longest=32)
    token = console_users.make_link(
        ask.session,
        LinkPurpose.INVITE,
        role=role,
        shown_name=name,
        village_id=_village(ask, role),
        created_by=ask.user.name,
        now=ask.now,
    )
    return Done("/people", about=ROLE_NAMES[role], show=_link_page(ask, token, f"给{name}的邀请", "/people"))


def show(ask: Ask) -> Answer:
    """One user."""
    user = people.user(ask.session, ask.number)
    (line,) = [each for each in people.users(ask.session, now=ask.now) if each.user.id == user.id]
    shown = {
        "line": line,
        "villages": choices.choices(ask.session, Village),
        "roles": ROLES,
        "mine": user.id == ask.user.user_id,
        "feeds": feeds.count_of(ask.session, ask.number),
    }
    return Html("people_one.html", user.shown_name, shown)


def change(ask: Ask) -> Done:
    """Another role or village."""
    user = people.user(ask.session, ask.number)
    role = _role(ask)
    village_id = _village(ask, role)
    if (role, village_id) == (user.role, user.village_id):
        return _did(ask, "没有变，还是原来的身份。", {})  # nobody is logged out for nothing
    console_users.change(ask.session, ask.number, role=role, village_id=village_id, active=user.active, now=ask.now)
    return _did(ask, f"{user.shown_name}现在是{ROLE_NAMES[role]}，要重新登录。", {"身份": role.value})


def close(ask: Ask) -> Done:
    """Nobody comes in by this account any more."""
    return _open_or_close(ask, active=False)


def reopen(ask: Ask) -> Done:
    """They may come in again."""
    return _open_or_close(ask, active=True)


def end_logins(ask: Ask) -> Done:
    """Log them out everywhere; whoever does it to themselves stays here."""
    user = people.user(ask.session, ask.number)
    ended = console_users.end_sessions(ask.session, ask.number, now=ask.now, but=ask.user.token_hash)
    return _did(ask, f"{user.shown_name}的{ended}个登录都退出了。", {"登录": ended})


def reset(ask: Ask) -> Done:
    """A link by which they set a new password."""
    user = people.user(ask.session, ask.number)
    token = console_users.make_link(
        ask.session, LinkPurpose.RESET, role=user.role, village_id=user.village_id, user_id=user.id,
        shown_name=user.shown_name, created_by=ask.user.name, now=ask.now,
    )  # fmt: skip
    back = f"/people/{user.id}"
    page = _link_page(ask, token, f"{user.shown_name}重设密码", back)
    return Done(back, about=f"账号{user.id}", show=page)


def bind(ask: Ask) -> Done:
    """A code by which they become one with their WeChat."""
    user = people.user(ask.session, ask.number)
    code = bindings.issue(ask.session, RoleKind.COORDINATOR, user_id=user.id, now=ask.now)
    back = f"/people/{user.id}"
    return Done(back, about=f"账号{user.id}", show=code_page(code, f"{user.shown_name}绑定微信", back))


def unbind(ask: Ask) -> Done:
    """Their WeChat has no say any more."""
    user = people.user(ask.session, ask.number)
    gone = people.unbind(ask.session, ask.number, now=ask.now)
    return _did(ask, "微信解除了，在微信里办不了事了。" if gone else f"{user.shown_name}没有绑定微信。", {})


def _roles_found(ask: Ask, wanted: Wanted) -> Found[RoleLine]:
    kind = wanted.chosen.get("kind", "")
    return Found(*people.roles(ask.session, words=wanted.words, kind=kind, offset=wanted.offset, limit=wanted.limit))


def _given_by(row: RoleLine) -> str:
    return f"控制台账号 {row.account}" if row.account and row.kind is RoleKind.COORDINATOR else row.granted_by


CHAT_ROLES: Listing[RoleLine] = Listing(
    "微信里的身份",
    (
        Column("谁", lambda row: row.name or "（没有昵称）", lambda row: f"/people/roles/{row.id}", head=True),
        Column("身份", lambda row: KINDS[row.kind]),
        Column("是哪位老师", lambda row: row.stands_for),
        Column("从哪里", lambda row: TRANSPORTS.get(row.transport, row.transport)),
        Column("谁给的", _given_by),
        Column("什么时候", lambda row: row.granted_at),
    ),
    _roles_found,
    (Filter("kind", "身份", tuple((kind.value, name) for kind, name in KINDS.items())),),
    "昵称、老师",
    "还没有人有身份。",
)


def show_roles(ask: Ask) -> Answer:
    """Who may do more than everybody in chats."""
    return show_list(ask, CHAT_ROLES, template="people_roles.html")


def show_role(ask: Ask) -> Answer:
    """One role, to be taken back."""
    role, member = people.role(ask.session, ask.number)
    where = TRANSPORTS.get(member.transport, member.transport)
    shown = {"role": role, "member": member, "kind": KINDS[role.kind], "where": where}
    return Html("people_role.html", f"{member.name}：{KINDS[role.kind]}", shown)


def take_back(ask: Ask) -> Done:
    """They have the role no more."""
    role = people.take_role_back(ask.session, ask.number)
    said = f"收回了，{KINDS[role.kind]}的口令他用不了了。"
    return Done("/people/roles", said, about=f"成员{role.member_id}", detail={"身份": role.kind.value})


def coordinator_code(ask: Ask) -> Done:
    """A code for a coordinator who does not use the console."""
    code = bindings.issue(ask.session, RoleKind.COORDINATOR, now=ask.now)
    return Done("/people/roles", about="宣传干事", show=code_page(code, "给一位干事的绑定码", "/people/roles"))


def _open_or_close(ask: Ask, *, active: bool) -> Done:
    user = people.user(ask.session, ask.number)
    if user.active == active:
        return _did(
            ask, f"没有变，这个账号本来就{'能用' if active else '停用了'}。", {}
        )  # nobody is logged out for nothing
    console_users.change(
        ask.session, ask.number, role=user.role, village_id=user.village_id, active=active, now=ask.now
    )
    return _did(
        ask,
        f"{user.shown_name}的账号{'又能用了' if active else '停用了，登录都退出了，他建的日历订阅也停了'}。",
        {"能用": active},
    )


def _did(ask: Ask, said: str, detail: dict[str, object]) -> Done:
    return Done(f"/people/{ask.number}", said, about=f"账号{ask.number}", detail=detail)


def _role(ask: Ask) -> ConsoleRole:
    if ask.form.get("role") not in tuple(ConsoleRole):
        raise BadEntry("身份", "请选一个。")
    return ConsoleRole(ask.form.get("role"))


def _village(ask: Ask, role: ConsoleRole) -> int | None:
    """The village that was chosen, or typed where they are too many to choose from."""
    said = ask.form.get("village")
    return choices.named(ask.session, Village, said, "村") if said and role is ConsoleRole.VILLAGE else None


def _link_page(ask: Ask, token: str, title: str, back: str) -> Html:
    shown = {
        "secret": f"{public_address(ask.house.config)}/link/{token}",
        "words": "把这个链接单独发给本人，打开后自己设密码。",
        "life": "48小时内有效，只能用一次，只在这里显示这一次。",
        "steps": (),
        "back": back,
    }
    return Html("once.html", title, shown)


ADMIN = ConsoleRole.ADMIN
ONE = "/people/{number}"
PAGES: tuple[Page | Deed, ...] = (
    Page("/people", show_all, "人员：谁能用控制台，邀请、改身份、停用", may=ADMIN, nav="人员"),
    Deed("/people/invite", invite, "邀请人", "/people", may=ADMIN),
    Page("/people/roles", show_roles, "微信里的身份：干事和宣讲员，谁给的，收回", may=ADMIN, sheet=True),
    Deed("/people/roles/code", coordinator_code, "发绑定码", "/people/roles", may=ADMIN),
    Page("/people/roles/{number}", show_role, "一个微信里的身份", may=ADMIN),
    Deed("/people/roles/{number}/take-back", take_back, "收回身份", "/people/roles/{number}", may=ADMIN),
    Page(ONE, show, "一个人的账号", may=ADMIN),
    Deed(f"{ONE}/change", change, "改身份", ONE, may=ADMIN),
    Deed(f"{ONE}/close", close, "停用账号", ONE, may=ADMIN),
    Deed(f"{ONE}/reopen", reopen, "恢复账号", ONE, may=ADMIN),
    Deed(f"{ONE}/end", end_logins, "退出他的登录", ONE, may=ADMIN),
    Deed(f"{ONE}/reset", reset, "发重设密码链接", ONE, may=ADMIN),
    Deed(f"{ONE}/bind", bind, "发绑定码", ONE, may=ADMIN),
    Deed(f"{ONE}/unbind", unbind, "解除微信", ONE, may=ADMIN),
)
