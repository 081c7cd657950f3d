"""What can be looked up: 菜单, 课表, 帮助, and a kind word when nothing was understood."""

from sqlmodel import col, select

from data import lectures
from data.announcements import place
from data.errors import NothingToConfirm
from data.phrases import day_and_time
from data.tables import Lecturer, RoleKind, Topic
from handlers.turn import Reply, Route, Turn


def menu(turn: Turn) -> Reply:
    """The catalogue, and who speaks."""
    topics = turn.session.exec(select(Topic.name).order_by(col(Topic.position))).all()
    lecturers = turn.session.exec(select(Lecturer).order_by(col(Lecturer.id))).all()
    numbered = "、".join(f"{position}{name}" for position, name in enumerate(topics, 1))
    people = "、".join(f"{each.name}（{each.trade or each.title or each.kind}）" for each in lecturers)
    teachers = f"\n老师：{people}" if people else ""
    return Reply(f"题目：{numbered}{teachers}\n说“点课 题目”或“请某某来讲”就行。")


def schedule(turn: Turn) -> Reply:
    """The lectures to come: this village's first, else the town's."""
    own = lectures.coming(turn.session, now=turn.now, village_id=turn.village_id) if turn.village_id else []
    lines = own or lectures.coming(turn.session, now=turn.now)
    if not lines:
        return Reply("最近还没排课。想听什么，说“点课 反诈骗”就行。")
    head = "近期的课：" if own or not turn.village_id else "本村近期没有课，镇里其他村有："
    return Reply("\n".join([head, *(_line(turn, each) for each in lines)]))


def _line(turn: Turn, each: lectures.LectureLine) -> str:
    seats = "" if each.left is None else f"，还剩{each.left}位" if each.left else "，已报满"
    spoken = f"，讲{each.dialect}" if each.dialect else ""
    when = day_and_time(each.starts_at, turn.knowledge.zone, now=turn.now)
    branches = f"，分会场：{'、'.join(each.branches)}" if each.branches else ""
    live = f"\n看直播：{each.live_url}" if each.live_url else ""
    where = place(each.village, each.venue)
    return f"· 课{each.number} {when} {where}《{each.title}》{each.lecturer}{spoken}{seats}{branches}{live}"


def help_text(turn: Turn) -> Reply:
    """What this person may say, from the routes themselves: by section, or one thing with all that it takes."""
    mine = [route for route in turn.routes if route.name != "unclear" and route.open_to(turn.member.roles)]
    asked = turn.args.strip(" “”。?？")
    if asked and (found := [route for route in mine if _is_about(route, asked)]):
        found = found if asked == "大家" else found[:6]
        return Reply("\n".join("\n".join(filter(None, (f"· {route.help}", route.more))) for route in found))
    if asked and (route := next((each for each in turn.routes if _is_about(each, asked)), None)):
        return Reply(f"“{asked}”是{_whose(route)}用的。您能用的，发“帮助”看。")
    everybody = [f"· {route.help}" for route in mine if not route.roles]
    own = [route for route in mine if route.roles]
    if not own:
        return Reply("我会做这些：\n" + "\n".join(everybody))
    sections: dict[str, list[str]] = {}
    for route in own:
        sections.setdefault(route.section, []).append(_called(route))
    short = [f"【{name}】{'、'.join(dict.fromkeys(words))}" for name, words in sections.items()]
    return Reply("您还可以说（发“帮助 派”看一件事怎么用）：\n" + "\n".join(short) + "\n大家都能说的：发“帮助 大家”。")


def _called(route: Route) -> str:
    """What a command goes by: its first word, or for a bare number its example (12号)."""
    word = next((word for word in route.words if not word.isdigit()), "")
    return word or route.help.partition("：")[0]


def _is_about(route: Route, asked: str) -> bool:
    if asked == "大家":
        return not route.roles
    said = [word for word in route.words if word and not word.isdigit()]
    return any(asked in word or word in asked for word in said) or asked in route.help.partition("：")[0]


def nothing_to_confirm(_turn: Turn) -> Reply:
    """确认 or 取消 with no question open."""
    raise NothingToConfirm


def unclear(turn: Turn) -> Reply:
    """Addressed, but not understood: say how to ask, with what they mostly ask for."""
    if RoleKind.COORDINATOR in turn.member.roles:
        return Reply("我没听明白。要办的事说“待办”，要数说“季度总结”，看安排说“课表”，全部口令说“帮助”。")
    return Reply("我没听明白。想听课说“点课 反诈骗”，看安排说“课表”，我会什么说“帮助”。")


def not_allowed(route: Route, _turn: Turn) -> Reply:
    """Asked for by somebody who does not hold a role that the route needs."""
    return Reply(f"这件事要{_whose(route)}来办。您可以说“帮助”，看我能帮您什么。")


def _whose(route: Route) -> str:
    both = RoleKind.LECTURER in route.roles and RoleKind.COORDINATOR in route.roles
    if both:
        return "宣讲员或镇里的宣传干事"
    return "镇里的宣传干事" if RoleKind.COORDINATOR in route.roles else "宣讲员本人"
