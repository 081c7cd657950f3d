"""报名: the list of a lecture, what is done to one party, what is to be checked, and the sheet to print."""

from bot.cli_sheet import render
from bot.console.lists import Column, Filter, Found, Listing, Wanted, show_list
from bot.console.pages.lecture import lecture_of
from bot.console.pages.lectures import departure
from bot.console.values import Answer, Ask, Deed, Done, Download, Html, Page
from data import signups, solitaires
from data.desk import signups as desk
from data.desk.signups import Party
from data.desk_errors import NotThere
from data.desk_tables import ConsoleRole
from data.lecture_notes import facts_of
from data.loop import Lecture, LectureState, SignUp, SignUpState
from data.names import row_id
from data.phrases import day_and_time
from data.seats import HOLDING, SignedUp
from data.tables import Member
from handlers.desk.signups import MOST_NAME, MOST_PEOPLE

STATES = {
    SignUpState.SEATED: "有位子",
    SignUpState.OFFERED: "留着位子，等回话",
    SignUpState.WAITING: "候补",
    SignUpState.OUT: "退了",
    SignUpState.LAPSED: "没回话，让了",
}
_MARKS = {SignUpState.SEATED: "good", SignUpState.OFFERED: "wait", SignUpState.WAITING: "wait"}
_GONE = (SignUpState.OUT, SignUpState.LAPSED)
_CHOICES = (("seated", "有位子"), ("waiting", "候补（含等回话）"), ("out", "退了的"))
_ASKED = {
    "": HOLDING,
    "seated": (SignUpState.SEATED,),
    "waiting": (SignUpState.OFFERED, SignUpState.WAITING),
    "out": _GONE,
}


def _line(ask: Ask, party: Party) -> str:
    """How a party stands, with until when a seat is held for it."""
    if party.state is SignUpState.OFFERED and party.offered_until is not None:
        until = day_and_time(party.offered_until, ask.rules.zone, now=ask.now)
        return f"留着{party.offered}位，等回话到{until}"
    return STATES[party.state]


def show(ask: Ask) -> Answer:
    """The list, by seats; those who left are shown when asked for."""
    lecture = lecture_of(ask)
    number = lecture.id or 0

    def find(ask: Ask, wanted: Wanted) -> Found[Party]:
        states = _ASKED[wanted.chosen.get("state", "")]
        return Found(
            *desk.parties(
                ask.session, number, words=wanted.words, states=states, offset=wanted.offset, limit=wanted.limit
            )
        )

    columns: tuple[Column[Party], ...] = (
        Column("姓名", lambda party: party.called, lambda party: f"/lectures/{number}/signups/{party.id}", head=True),
        Column("人数", lambda party: party.people),
        Column("情况", lambda party: _line(ask, party), mark=lambda party: _MARKS.get(party.state, "")),
        Column("谁报的", lambda party: party.by),
        Column("在哪里报的", lambda party: f"{party.where}{'（接龙）' if party.by_list else ''}"),
        Column("时间", lambda party: party.at),
    )
    filters = (Filter("state", "情况", _CHOICES),)
    listing = Listing(f"课{number}报名", columns, find, filters, "名字", "没有这样的人。", none="还没有人报名。")
    people = desk.people(ask.session, number)
    return show_list(
        ask,
        listing,
        title=ask.private(f"课{number}《{lecture.title}》报名"),
        template="signups.html",
        lecture=lecture,
        facts=facts_of(ask.session, lecture),
        open=_open(ask, lecture),
        manages=_manages(ask),
        seated=people.get(SignUpState.SEATED, 0),
        offered=people.get(SignUpState.OFFERED, 0),
        waiting=people.get(SignUpState.WAITING, 0),
        left=signups.seats_left(ask.session, lecture),
        doubts=desk.doubts(ask.session, number),
    )


def party(ask: Ask) -> Answer:
    """One party, and what can be done for it."""
    lecture = lecture_of(ask)
    mine = desk.find(ask.session, lecture, ask.id("id"))
    takes = _open(ask, lecture)
    values = {
        "lecture": lecture,
        "party": mine,
        "called": desk.called(ask.session, mine),
        "by": ask.session.get_one(Member, mine.member_id).name if mine.for_whom else "",
        "state": STATES[mine.state],
        "mark": _MARKS.get(mine.state, ""),
        "holds": mine.state in HOLDING,
        "open": takes,
        "manages": _manages(ask),
        "left": signups.seats_left(ask.session, lecture),
        "targets": _targets(ask, lecture) if takes and mine.state in HOLDING else [],
        "leaves": departure(ask),
    }
    return Html("signups_one.html", "一家报名", values)


def _targets(ask: Ask, lecture: Lecture) -> list[tuple[str, str]]:
    """(number, words) of the lectures to which a party can be moved."""
    found = []
    for each in desk.targets(ask.session, lecture, village_id=ask.scope, now=ask.now):
        left = signups.seats_left(ask.session, each)
        room = "" if left is None else f"，剩{left}位" if left else "，满了"
        when = day_and_time(each.starts_at, ask.rules.zone, now=ask.now)
        where = facts_of(ask.session, each).where
        found.append((str(each.id), ask.private(f"课{each.id}《{each.title}》{when}{where}{room}")))
    return found


def add(ask: Ask) -> Done:
    """Sign somebody up who has no WeChat."""
    lecture = lecture_of(ask)
    name = ask.form.need("name", "姓名", longest=MOST_NAME)
    many = ask.form.number("people", "人数", low=1, high=MOST_PEOPLE) or 1
    done = desk.add(
        ask.session, lecture, name, many, by=ask.user.member_id, wait=bool(ask.form.get("wait")),
        not_before=ask.leaves, now=ask.now, rules=ask.rules,
    )  # fmt: skip
    return Done(_path(lecture), f"{name}{_stands(done)}", about=f"课{lecture.id}", detail={"人数": done.people})


def renumber(ask: Ask) -> Done:
    """Another number of people, or on the list again."""
    lecture, mine = _of(ask)
    many = ask.form.number("people", "人数", low=1, high=MOST_PEOPLE) or mine.people
    done = desk.renumber(
        ask.session, lecture, mine, many, by=ask.user.member_id, wait=bool(ask.form.get("wait")),
        not_before=ask.leaves, now=ask.now, rules=ask.rules,
    )  # fmt: skip
    said = f"{_name(ask, mine)}{_stands(done)}"
    return Done(_path(lecture), said, about=_about(mine), detail={"人数": done.people})


def seat(ask: Ask) -> Done:
    """Take the seats that are held for it."""
    lecture, mine = _of(ask)
    done = desk.seat(
        ask.session, lecture, mine, by=ask.user.member_id, not_before=ask.leaves, now=ask.now, rules=ask.rules
    )
    said = f"{_name(ask, mine)}{_stands(done)}"
    return Done(_path(lecture), said, about=_about(mine), detail={"人数": done.people})


def take_off(ask: Ask) -> Done:
    """Off the list."""
    lecture, mine = _of(ask)
    desk.take_off(
        ask.session, lecture, mine, by=ask.user.member_id, not_before=ask.leaves, now=ask.now, rules=ask.rules
    )
    return Done(_path(lecture), f"{_name(ask, mine)}退了。", about=_about(mine))


def move(ask: Ask) -> Done:
    """Off this list, onto another's."""
    lecture, mine = _of(ask)
    chosen = row_id(ask.form.need("to", "换到哪节课", longest=9))
    to = ask.session.get(Lecture, chosen) if chosen is not None else None
    if to is None:
        raise NotThere("那节课")
    ask.own(to.village_id, "那节课")
    done = desk.move(
        ask.session, lecture, mine, to, by=ask.user.member_id, wait=bool(ask.form.get("wait_there")),
        not_before=ask.leaves, now=ask.now, rules=ask.rules,
    )  # fmt: skip
    said = f"{_name(ask, mine)}换到课{to.id}{_stands(done)}"
    return Done(_path(lecture), said, about=_about(mine), detail={"换到": to.id})


def checked(ask: Ask) -> Done:
    """What was not clear in the 接龙 has been looked at."""
    lecture = lecture_of(ask)
    many = solitaires.checked(ask.session, lecture.id or 0)
    said = f"好，{many}处都核对过了。" if many else "没有要核对的。"
    return Done(_path(lecture), said, about=f"课{lecture.id}", detail={"处": many})


def sheet(ask: Ask) -> Answer:
    """The sign-in sheet, to be printed."""
    lecture = lecture_of(ask)
    page = render(
        lecture,
        facts_of(ask.session, lecture),
        signups.roster(ask.session, lecture.id or 0),
        town=ask.knowledge.town,
        rules=ask.rules,
        now=ask.now,
        back=_path(lecture),
    )
    logged = ("打开签到表", f"课{lecture.id}")
    return Download(
        f"签到表-课{lecture.id}.html", "text/html; charset=utf-8", page.encode(), inline=True, logged=logged
    )


def _of(ask: Ask) -> tuple[Lecture, SignUp]:
    """The lecture and the party of the address. Raises `NotThere`."""
    lecture = lecture_of(ask)
    return lecture, desk.find(ask.session, lecture, ask.id("id"))


def _name(ask: Ask, party: SignUp) -> str:
    return ask.private(desk.called(ask.session, party))


def _open(ask: Ask, lecture: Lecture) -> bool:
    """Whether its list can still be changed."""
    return lecture.state is LectureState.ANNOUNCED and lecture.starts_at > ask.now


def _manages(ask: Ask) -> bool:
    return ask.may(ConsoleRole.COORDINATOR) or ask.scope is not None


def _stands(done: SignedUp) -> str:
    """2人，报上了。/ 2人，候补，前面3人。"""
    if done.state is SignUpState.WAITING:
        return f"{done.people}人，候补，{f'前面{done.ahead}人' if done.ahead else '排在最前'}。"
    left = "" if done.left is None else f"还剩{done.left}位。"
    return f"{done.people}人，报上了。{left}"


def _path(lecture: Lecture) -> str:
    return f"/lectures/{lecture.id}/signups"


def _about(party: SignUp) -> str:
    return f"课{party.lecture_id} 报名{party.id}"


_ALL = "/lectures/{number}/signups"
_ONE = f"{_ALL}/{{id}}"
PAGES: tuple[Page | Deed, ...] = (
    Page(_ALL, show, "一节课的报名：有位子的、候补的、请核对，导出表格", village=True, private=True, sheet=True),
    Page(_ONE, party, "一家报名：改人数、退、换到别的课", village=True, private=True),
    Page("/lectures/{number}/sheet", sheet, "签到表，打开就能打印", village=True),
    Deed(_ALL, add, "代报名", _ALL, village=True, undo=True),
    Deed(f"{_ALL}/checked", checked, "核对接龙", _ALL, village=True, undo=True),
    Deed(f"{_ONE}/people", renumber, "改报名人数", _ONE, village=True, undo=True),
    Deed(f"{_ONE}/seat", seat, "替人定下位子", _ONE, village=True, undo=True),
    Deed(f"{_ONE}/out", take_off, "退报名", _ONE, village=True, undo=True),
    Deed(f"{_ONE}/move", move, "换课", _ONE, village=True, undo=True),
)
