"""补记: an event that was held already, with its numbers, from the phone. Nobody is told of it."""

from bot.console.pages.lectures import KIND_NAMES, read_time
from bot.console.values import Answer, Ask, Deed, Done, Form, Html, Page
from data import attendance, planning, recording
from data.desk import lectures as desk
from data.desk_errors import BadEntry
from data.desk_tables import ConsoleRole
from data.errors import Declined
from data.lecture_notes import facts_of
from data.loop import EventKind
from data.recording import MODES, SITE, Held
from data.tables import Lecturer, Topic, Village
from handlers.desk.lectures import MAX_WORDS
from handlers.desk.numbers import MOST
from handlers.desk.pieces import full_venue

PAGE = "/lectures/held"
_MODES = tuple((mode, mode) for mode in MODES)


def show(ask: Ask) -> Answer:
    """The form; once it is filled in, what will be kept, what to look at, and the button."""
    form = ask.form if ask.form.fields else Form({key: (value,) for key, value in ask.query.items()})
    filled = {key: form.get(key) for key in form.fields if key not in ("csrf", "look")}
    values: dict[str, object] = {
        "kinds": KIND_NAMES,
        "modes": _MODES,
        "topics": desk.topics(ask.session),
        "lecturers": desk.choices(ask.session, Lecturer),
        "villages": desk.choices(ask.session, Village),
        "filled": filled,
        "held": None,
        "problem": "",
    }
    if form.get("look") or ask.fault:
        try:
            values |= _looked_at(ask, form)
        except Declined as declined:
            values["problem"] = "" if ask.fault else declined.at_desk
    return Html("lectures_held.html", "补记办过的活动", values)


def _looked_at(ask: Ask, form: Form) -> dict[str, object]:
    """What would be kept. Raises what `_read` and `recording.require_new` raise."""
    held = _read(ask, form)
    recording.require_new(ask.session, held, now=ask.now)
    return {
        "held": held,
        "facts": facts_of(ask.session, held.as_lecture(by=None, now=ask.now)),
        "mode": recording.mode_of(held.venue, live=bool(held.live_url)),
        "large": attendance.very_many(held.attended, held.handouts),
        "late": recording.late_words(held.starts_at, ask.rules.zone, now=ask.now),
        "alike": recording.alike(ask.session, held, ask.rules.zone),
    }


def record(ask: Ask) -> Done:
    """Keep it. Raises what `_read` and `recording.record` raise."""
    held = _read(ask, ask.form)
    lecture = recording.record(ask.session, held, by=ask.user.member_id, now=ask.now)
    late = recording.late_words(held.starts_at, ask.rules.zone, now=ask.now)
    large = attendance.very_many(held.attended, held.handouts)
    said = f"记下了：课{lecture.id}《{lecture.title}》，没有通知任何人。{late}{correct(large)}"
    detail = {"到场": held.attended, "发资料": held.handouts}
    return Done(f"/lectures/{lecture.id}", said, about=f"课{lecture.id}", detail=detail)


def correct(large: str) -> str:
    """How to correct a number that is unusually ``large`` (`data.attendance.very_many`), where it is."""
    return f"{large}：要是打错了，在这一页的“到场”里改过来就行；没错就不用管。" if large else ""


def _read(ask: Ask, form: Form) -> Held:
    """The event as it was filled in. Raises `BadEntry` or `NotHeldYet`."""
    session = ask.session
    kind, mode = form.get("kind") or EventKind.LECTURE.value, form.get("mode") or SITE
    if kind not in dict(KIND_NAMES):
        raise BadEntry("类型", "请选一个。")
    if mode not in MODES:
        raise BadEntry("形式", "请选一个。")
    village = session.get_one(Village, desk.named(session, Village, form.get("village"), "村"))
    starts_at = read_time(ask, form.get("at"))
    if starts_at > ask.now:
        raise recording.NotHeldYet
    topic = session.get_one(Topic, desk.named(session, Topic, form.get("topic"), "题目"))
    venue, hamlet = form.get("venue")[:MAX_WORDS], form.get("hamlet")[:20]
    if wrong := recording.misplaced(mode, venue):
        raise BadEntry("地点", f"{wrong}。")
    return Held(
        kind=EventKind(kind),
        topic_id=topic.id or 0,
        lecturer_id=desk.named(session, Lecturer, form.get("lecturer"), "宣讲员"),
        village_id=village.id,
        title=form.get("title")[: planning.MAX_TITLE] or planning.short_name(topic.name)[: planning.MAX_TITLE],
        venue=full_venue(venue, village) if venue else recording.somewhere(mode, hamlet, village.name),
        starts_at=starts_at,
        hamlet=hamlet,
        dialect=form.get("dialect")[:20],
        live_url=recording.live_mark(mode),
        attended=form.number("attended", "到场", high=MOST),
        handouts=form.number("handouts", "发资料", high=MOST),
    )


PAGES: tuple[Page | Deed, ...] = (
    Page(PAGE, show, "补记办过的活动：先看会记成什么，不通知任何人", may=ConsoleRole.COORDINATOR),
    Deed(PAGE, record, "补记活动", PAGE, undo=True),
)
