"""A lecturer's page: what they speak on, when they have time, what they did, and how the bot reaches them."""

from datetime import date

from bot.console.pages.me import code_page
from bot.console.pages.villages import town_files, written
from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from data import bindings, cards
from data.bring.lecturers import KINDS
from data.desk import lecturers as desk
from data.desk import lectures as choices
from data.desk.lecturers import MIN_RATED, understood
from data.desk.villages import listed
from data.desk_errors import BadEntry
from data.desk_tables import ConsoleRole
from data.names import row_id
from data.tables import Lecturer, RoleKind, Village
from handlers.desk.people import MAX_TITLE

_FIELDS = {
    "title": "称呼", "kind": "类别", "trade": "做什么", "dialects": "会说的话", "free": "有空的时间", "topics": "题目",
    "home_village": "住哪个村",
}  # fmt: skip
_MENTOR = {"mentor": "导师"}


def show(ask: Ask) -> Answer:
    """One lecturer."""
    lecturer = desk.lecturer(ask.session, ask.number)
    card = cards.card(ask.session, lecturer, now=ask.now, rules=ask.rules)
    edits = ask.may(ConsoleRole.COORDINATOR)
    kinds = dict.fromkeys([*KINDS, *([lecturer.kind] if lecturer.kind else [])])
    others = [each for each in choices.choices(ask.session, Lecturer) if each[0] != str(lecturer.id)]
    mine = desk.topic_ids(ask.session, ask.number)
    values = {
        "lecturer": lecturer,
        "card": card,
        "load": desk.load(ask.session, ask.number, now=ask.now, rules=ask.rules),
        "rating": f"{card.rating:.1f}" if edits and card.rating is not None and card.rated >= MIN_RATED else "",
        "trainings": desk.trainings(ask.session, ask.number),
        "free": [(words, understood(words)) for words in lecturer.free],
        "topics": [(number, name, int(number) in mine) for number, name in choices.topics(ask.session)],
        "kinds": [(each, each) for each in kinds],
        "villages": choices.choices(ask.session, Village),
        "others": others,
        "fixed": _fixed(ask, lecturer, _FIELDS | _MENTOR),
        "edits": edits,
    }
    return Html("lecturer_one.html", lecturer.name, values)


def change(ask: Ask) -> Done:
    """What is known of them."""
    lecturer = desk.lecturer(ask.session, ask.number)
    before = _state(ask, lecturer)
    kind = ask.form.get("kind")
    if kind not in ("", lecturer.kind, *KINDS):
        raise BadEntry("类别", "请选一个。")
    village = ask.form.get("village")
    chosen = [number for each in ask.form.all("topics") if (number := row_id(each)) is not None]
    free = listed(ask.form.get("free"), "有空的时间")
    lecturer.village_id = choices.named(ask.session, Village, village, "村") if village else None
    lecturer.dialects = listed(ask.form.get("dialects"), "会说的话")
    lecturer.title, lecturer.trade = ask.form.get("title")[:20], ask.form.get("trade")[:40]
    lecturer.kind, lecturer.free = kind, free
    desk.set_topics(ask.session, ask.number, chosen)
    changed = [_FIELDS[name] for name, value in _state(ask, lecturer).items() if before[name] != value]
    unread = [each for each in free if not understood(each)]
    told = f"“{unread[0]}”没看懂是什么时间，派单时不按它算。" if unread else ""
    return _did(ask, f"改好了。{told}{_warned(ask, lecturer, changed)}", {"改了": "、".join(changed)}, reload=True)


def train(ask: Ask) -> Done:
    """A training they took part in."""
    lecturer = desk.lecturer(ask.session, ask.number)
    title = ask.form.need("title", "内容", longest=MAX_TITLE)
    try:
        held_on = date.fromisoformat(ask.form.need("held_on", "哪天"))
    except ValueError as error:
        raise BadEntry("哪天", "请选一个日期。") from error
    if held_on > ask.now.astimezone(ask.rules.zone).date():
        raise BadEntry("哪天", "还没到，参加完再记就行。")
    new = cards.note_training(ask.session, lecturer, held_on=held_on, title=title, by=ask.user.member_id)
    return _did(ask, "记下了。" if new else "这次培训已经记过了。", {"哪天": held_on.isoformat()})


def mentor(ask: Ask) -> Done:
    """Who teaches them."""
    lecturer = desk.lecturer(ask.session, ask.number)
    said = ask.form.get("mentor")
    number = choices.named(ask.session, Lecturer, said, "导师") if said else None
    teacher = desk.lecturer(ask.session, number) if number is not None else None
    cards.set_mentor(ask.session, lecturer, teacher)
    words = f"记下了：{teacher.name}带{lecturer.name}。" if teacher else f"好，{lecturer.name}现在没有导师。"
    fixed = _fixed(ask, lecturer, _MENTOR)
    warned = "town.yaml 里写了导师，重启会变回去，请也改那里。" if fixed else ""
    return _did(ask, words + warned, {"导师": number})


def code(ask: Ask) -> Done:
    """A code by which the bot knows them in chat."""
    lecturer = desk.lecturer(ask.session, ask.number)
    made = bindings.issue(ask.session, RoleKind.LECTURER, lecturer_id=lecturer.id, now=ask.now)
    here = f"/lecturers/{lecturer.id}"
    return Done(here, about=f"老师{lecturer.id}", show=code_page(made, f"给{lecturer.name}的绑定码", here))


def _state(ask: Ask, lecturer: Lecturer) -> dict[str, object]:
    """What `change` may change, by the names of the town's files."""
    values: dict[str, object] = {
        name: getattr(lecturer, name) for name in ("title", "kind", "trade", "dialects", "free")
    }
    topics = desk.topic_ids(ask.session, lecturer.id or 0)
    return values | {"topics": topics, "home_village": lecturer.village_id}


def _fixed(ask: Ask, lecturer: Lecturer, fields: dict[str, str]) -> list[str]:
    """What the town's files say of them, which is so again after a restart."""
    files = town_files(ask)
    return written(files.town.lecturers if files else (), lecturer.name, fields)


def _warned(ask: Ask, lecturer: Lecturer, changed: list[str]) -> str:
    back = [each for each in _fixed(ask, lecturer, _FIELDS) if each in changed]
    return f"{'、'.join(back)}写在 town.yaml 里，重启会变回去，请也改那里。" if back else ""


def _did(ask: Ask, said: str, detail: dict[str, object], *, reload: bool = False) -> Done:
    return Done(f"/lecturers/{ask.number}", said, about=f"老师{ask.number}", detail=detail, reload=reload)


ONE = "/lecturers/{number}"
LECTURER_PAGES: tuple[Page | Deed, ...] = (
    Page(ONE, show, "一位宣讲员"),
    Deed(f"{ONE}/change", change, "改老师资料", ONE),
    Deed(f"{ONE}/training", train, "记培训", ONE),
    Deed(f"{ONE}/mentor", mentor, "改导师", ONE),
    Deed(f"{ONE}/code", code, "发绑定码", ONE),
)
