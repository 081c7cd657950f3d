"""课: the list of lectures, and planning a new one, which is shown as it will be said before it is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import select

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.values import Answer, Ask, Deed, Done, Download, Form, Go, Html, Page
from bot.darkroom import draw
from data import announcements, planning, posters, tell
from data.announcements import KINDS
from data.desk import lectures as desk
from data.desk.lectures import COMING, UNCOUNTED, Looked, Row
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.drawing.styles import SEEN
from data.errors import Declined, Taken
from data.free_slots import require_free
from data.lecture_notes import facts_of, rooms_of_villages
from data.lectures import STATE_NAMES as STATES
from data.loop import EventKind, LectureState
from data.names import row_id
from data.phrases import day_and_time
from data.planning import Plan
from data.tables import Lecturer, Room, Topic, Village
from handlers.desk.lectures import MAX_SEATS, MAX_WORDS
from handlers.desk.pieces import full_venue, url_in

KIND_NAMES = tuple((kind.value, words.name) for kind, words in KINDS.items())
LONGEST = 600  # minutes
_MARKS = {LectureState.CANCELLED: "late", LectureState.DELIVERED: "good"}
_STATE_CHOICES = (
    (COMING, "还没讲的"),
    (UNCOUNTED, "还没报人数的"),
    (LectureState.DELIVERED.value, STATES[LectureState.DELIVERED]),
    (LectureState.ARCHIVED.value, STATES[LectureState.ARCHIVED]),
    (LectureState.CANCELLED.value, STATES[LectureState.CANCELLED]),
)


@dataclass(frozen=True, slots=True)
class Wished:
    """A lecture as the form has it."""

    plan: Plan
    minutes: int
    hamlet: str


@dataclass(frozen=True, slots=True)
class Said:
    """A text, and the groups in which it will be read."""

    text: str
    rooms: tuple[str, ...]


def _name(row: Row) -> str:
    """课5《反诈骗》, 课6 屋场会《冬季用火》."""
    kind = "" if row.kind == EventKind.LECTURE else f" {KINDS[row.kind].name}"
    return f"课{row.number}{kind}《{row.title}》"


def _signed(row: Row) -> str:
    return f"{row.signed}/{row.seats}" if row.seats is not None else str(row.signed or "")


_COLUMNS: tuple[Column[Row], ...] = (
    Column("课", _name, lambda row: f"/lectures/{row.number}", head=True),
    Column("时间", lambda row: row.starts_at),
    Column("村", lambda row: row.village),
    Column("地点", lambda row: row.venue),
    Column("宣讲员", lambda row: row.lecturer),
    Column("类型", lambda row: KINDS[row.kind].name, wide=True),
    Column("题目", lambda row: row.topic, wide=True),
    Column("语言", lambda row: row.dialect, wide=True),
    Column("报名", _signed, lambda row: f"/lectures/{row.number}/signups"),
    Column("到场", lambda row: row.attended),
    Column("发资料", lambda row: row.handouts, wide=True),
    Column("状态", lambda row: STATES[row.state], mark=lambda row: _MARKS.get(row.state, "")),
)


def _find(ask: Ask, wanted: Wanted) -> Found[Row]:
    looked = Looked(
        words=wanted.words,
        state=wanted.chosen.get("state", ""),
        kind=wanted.chosen.get("kind", ""),
        village_id=ask.scope if ask.scope is not None else wanted.number("village"),
        lecturer_id=wanted.number("lecturer"),
        topic_id=wanted.number("topic"),
        since=_day(ask, wanted.chosen.get("from", "")),
        until=_day(ask, wanted.chosen.get("to", ""), end=True),
    )
    return Found(*desk.find(ask.session, looked, now=ask.now, offset=wanted.offset, limit=wanted.limit))


def show(ask: Ask) -> Answer:
    """All lectures, the latest first; those to come, the next first."""
    villages = () if ask.scope is not None else some(ask, Village, "village")
    filters = (
        Filter("state", "状态", _STATE_CHOICES),
        *((Filter("village", "村", villages),) if villages else ()),
        Filter("lecturer", "宣讲员", some(ask, Lecturer, "lecturer")),
        Filter("topic", "题目", desk.topics(ask.session)),
        Filter("kind", "类型", KIND_NAMES),
    )
    shown = tuple(each for each in filters if each.options)
    listing = Listing("课", _COLUMNS, _find, shown, "题目、地点、老师、课5", "没有这样的课。", days=True)
    return show_list(ask, listing, template="lectures.html")


def some(ask: Ask, model: type[Village] | type[Lecturer], key: str) -> tuple[tuple[str, str], ...]:
    """All to choose from; where they are too many, only the one that the address already names."""
    found = desk.choices(ask.session, model)
    chosen = ask.query.get(key, "")
    number = row_id(chosen)
    if found or number is None:
        return found
    name = ask.session.exec(select(model.name).where(model.id == number)).first()
    return ((chosen, name),) if name is not None else ()


def new(ask: Ask) -> Answer:
    """The form of a new lecture; once it is filled in, what will be said, what stands in its way, and the button."""
    form = ask.form if ask.form.fields else Form({key: (value,) for key, value in ask.query.items()})
    filled = {key: form.get(key) for key in form.fields if key not in ("csrf", "look")}
    values: dict[str, object] = {
        "kinds": KIND_NAMES,
        "topics": desk.topics(ask.session),
        "lecturers": desk.choices(ask.session, Lecturer),
        "villages": desk.choices(ask.session, Village),
        "minutes": ask.rules.lecture_minutes,
        "wished": None,
        "problem": "",
        "times": (),
        "filled": filled,
        "sent": {key: value for key, value in filled.items() if key != "at"},
    }
    if form.get("look") or ask.fault:
        values |= _looked_at(ask, form)
    return Html("lectures_new.html", "排一节课", values)


def _looked_at(ask: Ask, form: Form) -> dict[str, object]:
    """What the form as it was filled in would come to."""
    village_id = lecturer_id = None
    try:
        village_id = desk.named(ask.session, Village, form.get("village"), "村")
        lecturer_id = desk.named(ask.session, Lecturer, form.get("lecturer"), "宣讲员")
        wished = _read(ask, form)
        _require_free(ask, wished)
    except Taken as taken:
        return {"problem": str(taken), "times": _times(ask, village_id, lecturer_id)}
    except Declined as declined:
        times = [] if form.get("at") else _times(ask, village_id, lecturer_id)
        return {"problem": "" if ask.fault or times else declined.at_desk, "times": times}
    facts = facts_of(ask.session, wished.plan.as_lecture())
    rooms = rooms_of_villages(ask.session, wished.plan.village_ids)
    texts = [(room, announcements.announcement(facts, room.kind, ask.rules.zone)) for room in rooms]
    return {
        "wished": wished,
        "facts": facts,
        "texts": together(texts),
        "reached": bool(tell.lecturer_members(ask.session, wished.plan.lecturer_id)),
        "leaves": departure(ask),
        "poster": posters.of_announcement(facts, ask.rules, now=ask.now) if rooms else None,
    }


def poster(ask: Ask) -> Answer:
    """The poster that would go with it, in the town's style; without a lecture that could be held, the form."""
    form = Form({key: (value,) for key, value in ask.query.items()})
    try:
        facts = facts_of(ask.session, _read(ask, form).plan.as_lecture())
    except Declined:
        return Go("/lectures/new")
    drawn = posters.of_announcement(facts, ask.rules, now=ask.now)
    if drawn is None:
        raise NotThere("这张海报")
    return Download("海报.png", "image/png", draw(drawn.pages[0], width=SEEN), inline=True)


def plan(ask: Ask) -> Done:
    """Hold it, and announce it in the groups of its villages."""
    wished = _read(ask, ask.form)
    _require_free(ask, wished)
    lecture = planning.hold(
        ask.session, wished.plan, by=ask.user.member_id, now=ask.now, not_before=ask.leaves, rules=ask.rules
    )
    desk.set_details(lecture, minutes=wished.minutes, hamlet=wished.hamlet)
    said = f"排好了：课{lecture.id}。{departure(ask)}发到群里。"
    return Done(f"/lectures/{lecture.id}", said, about=f"课{lecture.id}", detail={"村": lecture.village_id})


def together(texts: list[tuple[Room, str]]) -> list[Said]:
    """Each text once, with the groups that get it."""
    names: dict[str, list[str]] = {}
    for room, text in texts:
        names.setdefault(text, []).append(room.name)
    return [Said(text, tuple(rooms)) for text, rooms in names.items()]


def departure(ask: Ask) -> str:
    """When what is said now goes out: 今天15:01."""
    return day_and_time(ask.leaves, ask.rules.zone, now=ask.now)


def read_time(ask: Ask, words: str) -> datetime:
    """A time as a form gives it, in the town's zone. Raises `BadEntry`."""
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or not 2000 <= found.year < 2100 or len(words) < len("2026-11-28T1"):
        raise BadEntry("时间", "请选好日期和钟点，比如 2026-11-28 19:30。")
    return found.replace(tzinfo=ask.rules.zone)


def read_url(form: Form) -> str:
    """The address of the live stream; empty where there is none. Raises `BadEntry`."""
    words = form.get("live")
    if words and url_in(words) != words:
        raise BadEntry("直播网址", "请整个贴过来，以 https:// 开头，中间没有空格。")
    return words


def read_villages(ask: Ask, form: Form) -> tuple[int, ...]:
    """The villages in whose groups it is announced besides. Raises `BadEntry`."""
    names = form.get("also").replace("，", "、").replace(" ", "、").split("、")
    return tuple(desk.named(ask.session, Village, each, f"还要通知的村“{each[:20]}”") for each in names if each)


def _read(ask: Ask, form: Form) -> Wished:
    """The lecture that was filled in. Raises `BadEntry` or `TimeIsPast`."""
    session = ask.session
    if form.get("kind", EventKind.LECTURE.value) not in dict(KIND_NAMES):
        raise BadEntry("类型", "请选一个。")
    topic_id = desk.named(session, Topic, form.get("topic"), "题目")
    village = session.get_one(Village, desk.named(session, Village, form.get("village"), "村"))
    starts_at = read_time(ask, form.get("at"))
    planning.require_future(starts_at, now=ask.now)
    venue = form.get("venue")[:MAX_WORDS]
    named = Plan(
        kind=EventKind(form.get("kind") or EventKind.LECTURE),
        topic_id=topic_id,
        lecturer_id=desk.named(session, Lecturer, form.get("lecturer"), "宣讲员"),
        village_ids=tuple(dict.fromkeys((village.id or 0, *read_villages(ask, form)))),
        title=form.get("title")[: planning.MAX_TITLE]
        or planning.short_name(session.get_one(Topic, topic_id).name)[: planning.MAX_TITLE],
        venue=full_venue(venue, village) if venue else next(iter(village.venues), village.name),
        starts_at=starts_at,
        dialect=form.get("dialect")[:20],
        seats=form.number("seats", "座位", low=1, high=MAX_SEATS),
        live_url=read_url(form),
    )
    minutes = form.number("minutes", "多少分钟", low=10, high=LONGEST) or ask.rules.lecture_minutes
    return Wished(named, minutes, form.get("hamlet")[:20])


def _require_free(ask: Ask, wished: Wished) -> None:
    """Raises `Taken`."""
    require_free(
        ask.session,
        starts_at=wished.plan.starts_at,
        minutes=wished.minutes,
        lecturer_id=wished.plan.lecturer_id,
        venue=wished.plan.venue,
        village_id=wished.plan.village_ids[0],
        rules=ask.rules,
        now=ask.now,
    )


def _times(ask: Ask, village_id: int | None, lecturer_id: int | None) -> list[tuple[str, str, str]]:
    """(as the form has it, as people say it, why) of times that would do."""
    if village_id is None:
        return []
    found = desk.good_times(
        ask.session, village_id=village_id, lecturer_id=lecturer_id, venue="", rules=ask.rules, now=ask.now
    )
    local = [each.starts_at.astimezone(ask.rules.zone) for each in found]
    words = [day_and_time(at, ask.rules.zone, now=ask.now) for at in local]
    return [(f"{at:%Y-%m-%dT%H:%M}", said, each.reason) for at, said, each in zip(local, words, found, strict=True)]


def _day(ask: Ask, words: str, *, end: bool = False) -> datetime | None:
    """The beginning of a day that was chosen, or with ``end`` of the one after it."""
    try:
        found = datetime.strptime(words, "%Y-%m-%d").replace(tzinfo=ask.rules.zone)
    except ValueError:
        return None
    if not 1900 < found.year < 2200:
        return None
    return found + timedelta(days=1) if end else found


PAGES: tuple[Page | Deed, ...] = (
    Page("/lectures", show, "课：查找、筛选、导出表格", village=True, nav="课", sheet=True),
    Page("/lectures/new", new, "排一节课：先看发出去的样子，再通知", may=ConsoleRole.COORDINATOR),
    Page("/lectures/new/poster", poster, "要排的课的海报", may=ConsoleRole.COORDINATOR, heavy=True),
    Deed("/lectures/new", plan, "排课", "/lectures/new", undo=True),
)
