"""One lecture: all that is known of it, how it came to that, and what can be done with it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.console.pages.lectures import departure, read_time, read_url, read_villages, together
from bot.console.pages.posters import picture, style_of
from bot.console.pages.recording import correct
from bot.console.values import Answer, Ask, Deed, Done, Form, Html, Page
from data import (
    announcements,
    attendance,
    lectures,
    materials,
    planning,
    posters,
    recording,
    signups,
    steps,
    tell,
)
from data.announcements import Facts
from data.attendance import require_begun
from data.desk import lectures as desk
from data.desk import signups as desk_signups
from data.desk.lectures import Told
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.drawing.styles import STYLES
from data.errors import Declined, NoSuchLecture
from data.free_slots import require_free
from data.lecture_notes import facts_of, orders_of, room_notes
from data.lectures import STATE_NAMES as STATES
from data.loop import EventKind, Lecture, LectureState, SignUpState, Subject
from data.mail import OutboxState
from data.planning import Change
from data.tables import Lecturer, Topic, Village
from handlers.desk.lectures import MAX_SEATS, MAX_WORDS
from handlers.desk.numbers import MOST, STEPS
from handlers.desk.pieces import full_venue

LEFT = {
    OutboxState.PENDING: ("wait", "等着发"),
    OutboxState.SENDING: ("wait", "正在发"),
    OutboxState.SENT: ("good", "发了"),
    OutboxState.FAILED: ("late", "没发成"),
    OutboxState.UNKNOWN: ("late", "不知发没发成"),
    OutboxState.EXPIRED: ("late", "误了点，没发"),
    OutboxState.CANCELLED: ("", "没发就改了"),
}
MATERIAL = {None: "还没说审没审", True: "审过了", False: "没审"}


@dataclass(frozen=True, slots=True)
class Group:
    """A group in which it was announced, and how that stands."""

    name: str
    mark: str
    words: str


def lecture_of(ask: Ask) -> Lecture:
    """The lecture of the address. Raises `NotThere`, also where it is another village's than this user's."""
    try:
        lecture = lectures.find(ask.session, ask.number)
    except NoSuchLecture as none:
        raise NotThere("这节课") from none
    ask.own(lecture.village_id, "这节课")
    return lecture


def show(ask: Ask) -> Answer:
    """The page of a lecture."""
    lecture = lecture_of(ask)
    number = lecture.id or 0
    facts = facts_of(ask.session, lecture)
    people = desk_signups.people(ask.session, number)
    told = desk.told_in(ask.session, lecture)
    values = {
        "lecture": lecture,
        "facts": facts,
        "topic": ask.session.get_one(Topic, lecture.topic_id).name,
        "state": _standing(lecture, told),
        "mark": {LectureState.CANCELLED: "late", LectureState.ANNOUNCED: "wait"}.get(lecture.state, "good"),
        "coming": lecture.state is LectureState.ANNOUNCED and lecture.starts_at > ask.now,
        "begun": lecture.state is not LectureState.CANCELLED and lecture.starts_at <= ask.now,
        "plans": ask.may(ConsoleRole.COORDINATOR),
        "manages": ask.may(ConsoleRole.COORDINATOR) or ask.scope is not None,
        "seated": people.get(SignUpState.SEATED, 0),
        "waiting": people.get(SignUpState.WAITING, 0) + people.get(SignUpState.OFFERED, 0),
        "left": signups.seats_left(ask.session, lecture),
        "doubts": sum(len(each.lines) for each in desk_signups.doubts(ask.session, number)),
        "groups": _groups(ask, told),
        "orders": [order.id for order in orders_of(ask.session, lecture)],
        "material": MATERIAL[lecture.material_reviewed],
        "pieces": materials.of_topic(ask.session, lecture.topic_id),
        "photos": desk.photos(ask.session, number),
        "styles": tuple(STYLES) if lecture.kind != EventKind.VISIT else (),
        "poster_warning": _poster_warning(ask, lecture),
        "style": ask.rules.poster.style or next(iter(STYLES)),
        "trail": [
            (each.at, each.who or steps.CLOCK, STEPS.get(each.state, each.state), each.reason)
            for each in steps.trail(ask.session, Subject.LECTURE, number)
        ],
    }
    return Html("lecture.html", ask.private(f"课{number}《{lecture.title}》"), values)


def _poster_warning(ask: Ask, lecture: Lecture) -> str:
    """What to look at before its poster goes out; empty where it is as it should be, or there is none."""
    if lecture.kind == EventKind.VISIT:
        return ""
    try:
        return posters.of_lecture(ask.session, lecture, style=style_of(ask), rules=ask.rules, now=ask.now).warning
    except ValueError:
        return "海报画不出来，通知只发文字。请看看课名和直播网址是不是太长。"


def _standing(lecture: Lecture, told: Sequence[Told]) -> str:
    """Where it stands; that it was announced only where a group has read it."""
    heard = any(each.state is OutboxState.SENT for each in told)
    return "通知了" if lecture.state is LectureState.ANNOUNCED and heard else STATES[lecture.state]


def _groups(ask: Ask, told: Sequence[Told]) -> list[Group]:
    """Where it was announced; a village's clerk sees their own groups."""
    return [
        Group(each.name, *(LEFT[each.state] if each.state is not None else ("", "")))
        for each in told
        if ask.scope is None or each.village_id == ask.scope
    ]


def change(ask: Ask) -> Answer:
    """The form of what may be another, filled in as it is; then what will be said of it."""
    lecture = lecture_of(ask)
    planning.require_coming(lecture, now=ask.now)
    form = ask.form if ask.form.fields else Form({key: (value,) for key, value in ask.query.items()})
    looked = bool(form.get("look") or ask.fault)
    lecturers = desk.choices(ask.session, Lecturer)
    facts = facts_of(ask.session, lecture)
    filled = {
        "at": f"{lecture.starts_at.astimezone(ask.rules.zone):%Y-%m-%dT%H:%M}",
        "venue": lecture.venue,
        "lecturer": str(lecture.lecturer_id) if lecturers else facts.lecturer,
        "live": lecture.live_url,
        "branches": "\n".join(lecture.branches),
        "also": "",
    }
    if looked:
        filled |= {key: form.get(key) for key in filled if key in form.fields}
    values: dict[str, object] = {
        "lecture": lecture,
        "lecturers": lecturers,
        "filled": filled,
        "problem": "",
        "texts": None,
        "leaves": departure(ask),
    }
    if looked and not ask.fault:
        try:
            values |= _what_is_told(ask, lecture, Form({key: (value,) for key, value in filled.items()}))
        except Declined as declined:
            values["problem"] = declined.at_desk
    return Html("lecture_change.html", f"改课{lecture.id}", values)


def _what_is_told(ask: Ask, lecture: Lecture, form: Form) -> dict[str, object]:
    """What a change would say, and to whom. Raises `BadEntry`, `Taken`, `TimeIsPast` or `LectureOver`."""
    wished = _wished(ask, lecture, form)
    before = facts_of(ask.session, lecture)
    after = planning.what_if(ask.session, lecture, wished, now=ask.now)
    new = planning.new_rooms(ask.session, lecture, wished.also)
    if not announcements.changes(before, after, ask.rules.zone) and not new:
        raise BadEntry("没有要改的", "和现在一样。")
    _require_free(ask, lecture, after)
    notes = room_notes(ask.session, lecture, before, after, new, ask.rules)
    lecturers = {before.lecturer_id: before.lecturer, after.lecturer_id: after.lecturer}
    return {
        "texts": together([(note.room, note.text) for note in notes]),
        "by_hand": [name for each, name in lecturers.items() if not tell.lecturer_members(ask.session, each)],
    }


def do_change(ask: Ask) -> Done:
    """Change it, and tell whom that concerns."""
    lecture = lecture_of(ask)
    wished = _wished(ask, lecture, ask.form)
    _require_free(ask, lecture, planning.what_if(ask.session, lecture, wished, now=ask.now))
    changed = planning.change(
        ask.session,
        lecture,
        by=ask.user.member_id,
        now=ask.now,
        not_before=ask.leaves,
        rules=ask.rules,
        starts_at=wished.starts_at,
        venue=wished.venue,
        lecturer_id=wished.lecturer_id,
        live_url=wished.live_url,
        branches=wished.branches,
        also=wished.also,
    )
    said = f"改好了，{departure(ask)}告诉大家。" if changed else "和原来一样，没有改。"
    return Done(_path(lecture), said, about=f"课{lecture.id}")


def cancel(ask: Ask) -> Answer:
    """Why, and what people will read."""
    lecture = lecture_of(ask)
    planning.require_coming(lecture, now=ask.now)
    reason = ask.query.get("reason", "").strip()[:MAX_WORDS]
    texts = None
    if reason:
        text = planning.cancel_text(ask.session, lecture, reason, ask.rules)
        texts = together([(room, text) for room in planning.who_knows(ask.session, lecture)])
    values = {"lecture": lecture, "facts": facts_of(ask.session, lecture), "reason": reason, "texts": texts}
    reached = bool(tell.lecturer_members(ask.session, lecture.lecturer_id))
    return Html("lecture_cancel.html", f"取消课{lecture.id}", {**values, "reached": reached, "leaves": departure(ask)})


def do_cancel(ask: Ask) -> Done:
    """Cancel it, with the reason that people read."""
    lecture = lecture_of(ask)
    reason = ask.form.need("reason", "原因", longest=MAX_WORDS)
    planning.cancel(
        ask.session,
        lecture,
        reason,
        by=ask.user.member_id,
        now=ask.now,
        not_before=ask.leaves,
        rules=ask.rules,
    )
    return Done(_path(lecture), f"取消了，{departure(ask)}告诉大家。", about=f"课{lecture.id}")


def seats(ask: Ask) -> Done:
    """Another number of seats; an empty field: nobody counts them."""
    lecture = lecture_of(ask)
    many = ask.form.number("seats", "座位", low=1, high=MAX_SEATS)
    told = desk_signups.reseat(
        ask.session,
        lecture,
        many,
        by=ask.user.member_id,
        not_before=ask.leaves,
        now=ask.now,
        rules=ask.rules,
    )
    asked = f"已按次序问候补的{told}家。" if told else ""
    words = "不限座位" if many is None else f"{many}个座位"
    return Done(_path(lecture), f"{words}。{asked}", about=f"课{lecture.id}", detail={"座位": many})


def attended(ask: Ask) -> Done:
    """How many came, and what was handed out."""
    lecture = lecture_of(ask)
    require_begun(lecture, now=ask.now, rules=ask.rules)
    came = ask.form.number("attended", "到场", high=MOST)
    if came is None:
        raise BadEntry("到场", "请填上人数。")
    handed = ask.form.number("handouts", "发资料", high=MOST)
    done = attendance.count(
        ask.session, lecture, attended=came, handouts=handed, by=ask.user.member_id, now=ask.now, rules=ask.rules
    )
    before = f"（原来{done.before}人）" if done.before is not None else ""
    late = recording.late_words(lecture.starts_at, ask.rules.zone, now=ask.now)
    return Done(
        _path(lecture),
        f"记下了：到场{came}人{before}。{late}{correct(attendance.doubt(lecture, came, handed))}",
        about=f"课{lecture.id}",
        detail={"到场": came, "发资料": done.handouts},
    )


def material(ask: Ask) -> Done:
    """Whether what will be shown was reviewed."""
    lecture = lecture_of(ask)
    reviewed = ask.form.get("reviewed") == "yes"
    planning.set_material(ask.session, lecture, reviewed=reviewed, by=ask.user.member_id, now=ask.now)
    words = MATERIAL[reviewed]
    return Done(_path(lecture), f"课件{words}。", about=f"课{lecture.id}", detail={"课件": words})


def poster(ask: Ask) -> Answer:
    """Its poster, in one of the styles; ``page`` from 1."""
    lecture = lecture_of(ask)
    if lecture.kind == EventKind.VISIT:
        raise NotThere("这张海报")
    style = style_of(ask)
    drawn = posters.of_lecture(ask.session, lecture, style=style, rules=ask.rules, now=ask.now)
    return picture(ask, drawn, f"课{lecture.id}-{style}")


def _wished(ask: Ask, lecture: Lecture, form: Form) -> Change:
    """What the form would have otherwise than it is. Raises `BadEntry`."""
    village = ask.session.get(Village, lecture.village_id) if lecture.village_id is not None else None
    starts_at = read_time(ask, form.get("at"))
    venue = form.need("venue", "地点", longest=MAX_WORDS)
    lecturer_id = desk.named(ask.session, Lecturer, form.get("lecturer"), "宣讲员")
    live = read_url(form)
    lines = (each.strip()[:MAX_WORDS] for each in form.get("branches").splitlines())
    branches = tuple(dict.fromkeys(filter(None, lines)))
    full = full_venue(venue, village) if village is not None else venue
    here = lecture.starts_at.astimezone(ask.rules.zone).replace(second=0, microsecond=0)
    return Change(
        starts_at=starts_at if starts_at != here else None,
        venue=full if full != lecture.venue else None,
        lecturer_id=lecturer_id if lecturer_id != lecture.lecturer_id else None,
        live_url=live if live != lecture.live_url else None,
        branches=branches if branches != tuple(lecture.branches) else None,
        also=read_villages(ask, form),
    )


def _require_free(ask: Ask, lecture: Lecture, facts: Facts) -> None:
    """Raises `Taken`."""
    require_free(
        ask.session,
        starts_at=facts.starts_at,
        minutes=lecture.minutes,
        lecturer_id=facts.lecturer_id,
        venue=facts.venue,
        village_id=lecture.village_id,
        ignoring=lecture.id,
        rules=ask.rules,
        now=ask.now,
    )


def _path(lecture: Lecture) -> str:
    return f"/lectures/{lecture.id}"


_ONE = "/lectures/{number}"
PAGES: tuple[Page | Deed, ...] = (
    Page(_ONE, show, "一节课：情况、经过、群、报名、照片、海报", village=True, private=True),
    Page(f"{_ONE}/change", change, "改时间、地点、老师、直播、分会场，先看会说什么", may=ConsoleRole.COORDINATOR),
    Page(f"{_ONE}/cancel", cancel, "取消一节课，先看大家会读到什么", may=ConsoleRole.COORDINATOR),
    Deed(f"{_ONE}/change", do_change, "改课", f"{_ONE}/change", undo=True),
    Deed(f"{_ONE}/cancel", do_cancel, "取消课", f"{_ONE}/cancel", undo=True),
    Deed(f"{_ONE}/seats", seats, "改座位", _ONE, undo=True),
    Deed(f"{_ONE}/attended", attended, "报到场人数", _ONE, village=True, undo=True),
    Page(f"{_ONE}/poster", poster, "海报：看样子、下载", village=True, heavy=True),
    Deed(f"{_ONE}/material", material, "课件审没审", _ONE, undo=True),
)
