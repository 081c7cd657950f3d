"""意见: opinions, needs and questions until their answer is back; and what people said of lectures."""

from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.pages.orders import day_of
from bot.console.values import Answer, Ask, Deed, Done, Go, Html, Page
from data import cases, steps
from data.desk import cases as desk
from data.desk import lectures as choices
from data.desk import today
from data.desk.cases import VoiceRow, Which
from data.desk.orders import coordinators
from data.desk_errors import BadEntry, NotThere
from data.desk_tables import ConsoleRole
from data.labels import WORDS
from data.loop import Subject, Voice, VoiceKind
from data.phrases import day_and_time
from data.tables import Village
from data.voices import ANSWERED
from handlers.desk.wording import MAX_REASON

PAGE = "/cases/{number}"
MAX_ANSWER = 500
_NAMES = WORDS[VoiceKind]
_KINDS = tuple((kind.value, name) for kind, name in _NAMES.items())
_OPEN, _LATE, _DONE = "open", "late", "answered"
_STATES = ((_OPEN, "等答复"), (_LATE, "过期了"), (_DONE, "答复过的"))


def show_all(ask: Ask) -> Answer:
    """The list; what waits for an answer first."""
    if not ask.query:
        return Go(f"/cases?state={_OPEN}")
    rated = ask.query.get("kind") == VoiceKind.FEEDBACK
    villages = () if ask.scope is not None else choices.choices(ask.session, Village)
    filters = (
        Filter("kind", "哪一种", _KINDS),
        *(() if rated else (Filter("state", "答复没有", _STATES),)),
        *((Filter("village", "村", villages),) if villages else ()),
        *((Filter("owner", "谁办", _owners(ask)),) if ask.scope is None and not rated else ()),
    )
    listing: Listing[VoiceRow] = Listing(
        "评课" if rated else "意见", _rated_columns() if rated else _columns(ask), _find, filters,
        searches="内容、答复、谁说的", empty="没有。" if rated else "没有等着的，都答复了。", days=True,
    )  # fmt: skip
    return show_list(ask, listing, template="cases.html")


def _owners(ask: Ask) -> tuple[tuple[str, str], ...]:
    return tuple((str(number), name) for number, name in coordinators(ask.session))


def _columns(ask: Ask) -> tuple[Column[VoiceRow], ...]:
    now = ask.now
    return (
        Column("内容", lambda row: f"{row.number}号 {row.text}", link=lambda row: f"/cases/{row.number}", head=True),
        Column("哪一种", lambda row: _NAMES[row.kind]),
        Column("谁说的", lambda row: f"{row.who}（{row.where}）"),
        Column("村", lambda row: row.village),
        Column("最晚答复", lambda row: _due(row, ask), mark=lambda row: "late" if row.late(now) else ""),
        Column("谁办", lambda row: row.owner),
        Column("哪天说的", lambda row: row.at),
        Column("答复", lambda row: row.answer),
        Column("哪天答的", lambda row: row.answered_at, wide=True),
    )


def _due(row: VoiceRow, ask: Ask) -> str:
    if row.answered_at is not None or row.due_at is None:
        return ""
    when = day_and_time(row.due_at, ask.rules.zone, now=ask.now)
    return f"过期了（{when}）" if row.late(ask.now) else when


def _rated_columns() -> tuple[Column[VoiceRow], ...]:
    return (
        Column("说了什么", lambda row: row.text, head=True),
        Column("几分", lambda row: row.rating),
        Column(
            "哪堂课",
            lambda row: f"课{row.lecture_id}《{row.lecture}》" if row.lecture_id else "",
            link=lambda row: f"/lectures/{row.lecture_id}" if row.lecture_id else "/lectures",
        ),
        Column("谁说的", lambda row: f"{row.who}（{row.where}）"),
        Column("村", lambda row: row.village),
        Column("哪天说的", lambda row: row.at),
    )


def _find(ask: Ask, wanted: Wanted) -> Found[VoiceRow]:
    state, kind = wanted.chosen.get("state", ""), wanted.chosen.get("kind")
    which = Which(
        village_id=ask.scope if ask.scope is not None else wanted.number("village"),
        kind=VoiceKind(kind) if kind else None,
        waits={_OPEN: True, _DONE: False}.get(state),
        late=ask.now if state == _LATE else None,
        owner_id=wanted.number("owner"),
        since=day_of(ask, wanted.chosen.get("from", "")),
        until=day_of(ask, wanted.chosen.get("to", ""), after=1),
        words=wanted.words,
    )
    rows = desk.find(ask.session, which, offset=wanted.offset, limit=wanted.limit)
    return Found(rows, desk.count(ask.session, which))


def _case(ask: Ask) -> Voice:
    """The case of the address, where it is this user's to see. Raises `NotThere`."""
    voice = ask.session.get(Voice, ask.number)
    if voice is None or voice.kind not in ANSWERED:
        raise NotThere("这条意见")
    ask.own(voice.village_id, "这条意见")
    return voice


def show(ask: Ask) -> Answer:
    """One case: what was said, its trail, its answer, and what can be done."""
    voice = _case(ask)
    row = desk.one(ask.session, voice.id or 0)
    if row is None:
        raise NotThere("这条意见")
    may = ask.may(ConsoleRole.COORDINATOR)
    within = ask.rules.undo_within
    values = {
        "row": row,
        "kind": _NAMES[row.kind],
        "share": voice.share,
        "late": row.late(ask.now),
        "refused": row.answered_at is not None and cases.was_refused(ask.session, voice),
        "trail": [(cases.STEP_NAMES.get(each.state, each.state), each)
                  for each in steps.trail(ask.session, Subject.VOICE, voice.id or 0)],
        "readers": desk.readers(ask.session, voice),
        "may": may and row.answered_at is None,
        "others": [each for each in coordinators(ask.session) if each[0] != voice.owner_id] if may else [],
        "leaves": ask.leaves,
        "undo": today.last_deed(ask.session, ask.user.member_id, within=within, now=ask.now) if may else None,
    }  # fmt: skip
    return Html("case.html", f"{_NAMES[row.kind]}{row.number}号", values)


def answer(ask: Ask) -> Done:
    """答复: to the letter, to who asked, and to their village where they agreed."""
    voice = _case(ask)
    words = ask.form.need("answer", "答复", longest=MAX_ANSWER)
    sent = cases.answer(ask.session, voice.id or 0, words, by=ask.user.member_id, now=ask.now, not_before=ask.leaves)
    return _done(voice, f"答复了，{_departure(ask)}发到{_places(sent)}：\n{ask.private(sent.text)}")


def refuse(ask: Ask) -> Done:
    """不办: closed without doing it; who asked is told why."""
    voice = _case(ask)
    reason = ask.form.need("refuse_reason", "理由", longest=MAX_REASON)
    sent = cases.refuse(ask.session, voice.id or 0, reason, by=ask.user.member_id, now=ask.now, not_before=ask.leaves)
    return _done(voice, f"记下不办，{_departure(ask)}告诉提的人：\n{ask.private(sent.text)}")


def pass_on(ask: Ask) -> Done:
    """转办: another coordinator looks after it; the deadline stays."""
    voice = _case(ask)
    owner = ask.form.get("owner")
    found = next((number for number, _ in coordinators(ask.session) if str(number) == owner), None)
    if found is None:
        raise BadEntry("转给谁", "请选一位干事。")
    name = cases.pass_on(
        ask.session, voice.id or 0, found, by=ask.user.member_id, now=ask.now, not_before=ask.leaves, rules=ask.rules
    )
    return _done(voice, f"归{'您自己' if found == ask.user.member_id else name}办，期限不变。", {"转给": found})


def _places(sent: cases.Sent) -> str:
    groups = [room.name for room in sent.villages] if sent.village_text else []
    return "、".join([sent.room.name or "私聊", *groups])


def _departure(ask: Ask) -> str:
    return day_and_time(ask.leaves, ask.rules.zone, now=ask.now)


def _done(voice: Voice, said: str, detail: dict[str, object] | None = None) -> Done:
    return Done(f"/cases/{voice.id}", said, about=f"{voice.id}号", detail=detail or {})


PAGES: tuple[Page | Deed, ...] = (
    Page("/cases", show_all, "意见、急难、提问和评课", village=True, nav="意见", sheet=True),
    Page(PAGE, show, "一条意见：原话、经过、答复", village=True, private=True),
    Deed(f"{PAGE}/answer", answer, "答复意见", PAGE, undo=True),
    Deed(f"{PAGE}/refuse", refuse, "意见不办", PAGE, undo=True),
    Deed(f"{PAGE}/pass", pass_on, "转办意见", PAGE, undo=True),
)
