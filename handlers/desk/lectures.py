"""排课 and what becomes of it: 课5 改期, 改地点, 换老师, 取消, 直播, 分会场, 座位, 课件已审.

What speaks to groups is shown first, to the letter, with the groups; 确认 sends it.
"""

from dataclasses import replace
from datetime import datetime

from data import announcements, lectures, planning, posters, signups, tell
from data.announcements import Facts
from data.free_slots import require_free
from data.lecture_notes import facts_of, room_notes, rooms_of_villages
from data.loop import EventKind, Lecture
from data.phrases import day_and_time
from data.planning import Change, Plan
from data.tables import Room, Village
from handlers.answers import NO
from handlers.desk.pieces import full_venue, lecturer_in, lecturer_named, read_pieces, time_in, url_in, where_in
from handlers.desk.wording import in_public
from handlers.turn import Ask, Reply, Turn

IN_PUBLIC = "排课改课请私聊我说，或在工作群里说。"
MAX_WORDS = 40  # of a venue or a reason
MAX_SEATS = 5_000
EXAMPLE = "排课 反诈骗 覃志刚 周六晚上7点半 石湾村文化室 40座"
_NO_LIMIT = ("不限", "不限人数", "不限座位", "没有限制")


def plan(turn: Turn) -> Reply:
    """排课 …: take the pieces, ask for what is missing, show what would be said, and ask."""
    if in_public(turn):
        return Reply(IN_PUBLIC)
    pieces = read_pieces(turn, turn.args)
    if pieces.missing or pieces.topic is None or pieces.lecturer is None or pieces.starts_at is None:
        rest = Ask("plan_rest", {"said": turn.args}) if pieces.starts_at is None else None
        return Reply(f"还缺：{'、'.join(pieces.missing)}。请补全了再发，比如“{EXAMPLE}”。", rest)
    villages = pieces.where.villages
    wanted = Plan(
        kind=pieces.kind,
        topic_id=turn.knowledge.topic_ids[pieces.topic],
        lecturer_id=turn.knowledge.lecturer_ids[pieces.lecturer],
        village_ids=tuple(each.id for each in villages if each.id is not None),
        title=pieces.title or planning.short_name(pieces.topic),
        venue=pieces.where.venue or next(iter(villages[0].venues), villages[0].name),
        starts_at=pieces.starts_at,
        dialect=pieces.dialect,
        seats=pieces.seats,
        live_url=pieces.live_url,
    )
    facts = facts_of(turn.session, wanted.as_lecture())
    planning.require_future(wanted.starts_at, now=turn.now)
    _require_free(turn, wanted.as_lecture(), facts)
    rooms = rooms_of_villages(turn.session, wanted.village_ids)
    said = [(room, announcements.announcement(facts, room.kind, turn.rules.zone)) for room in rooms]
    poster = posters.of_announcement(facts, turn.rules, now=turn.now) if rooms else None
    shown = _another_year(turn, wanted.starts_at) + _preview(turn, said, lecturers=(facts.lecturer,))
    if poster is not None and poster.warning:
        shown = f"{poster.warning}\n{shown}"
    if pieces.unread:
        shown = f"没看懂“{'、'.join(pieces.unread)}”，没有写进去。题目请写在《》里。\n{shown}"
    return Reply(shown, Ask("announce_lecture", _packed(wanted)))


def plan_rest(turn: Turn) -> Reply:
    """The time that was missing."""
    if turn.args == NO:
        return Reply("好，先不排。")
    return plan(replace(turn, args=f"{turn.payload['said']} {turn.text}"))


def announce(turn: Turn) -> Reply:
    """The answer to whether it is to be announced so."""
    if turn.args == NO:
        return Reply("好，没有排这节课，什么也没发。")
    wanted = _unpacked(turn.payload)
    planning.require_future(wanted.starts_at, now=turn.now)
    _require_free(turn, wanted.as_lecture(), facts_of(turn.session, wanted.as_lecture()))
    lecture = planning.hold(
        turn.session, wanted, by=turn.member_id, now=turn.now, not_before=turn.leaves, rules=turn.rules
    )
    when = day_and_time(lecture.starts_at, turn.rules.zone, now=turn.now)
    return Reply(f"排好了：课{lecture.id}《{lecture.title}》，{when}。{_departure(turn)}")


def move(turn: Turn) -> Reply:
    """课5 改期 周五晚上8点."""
    lecture = _lecture(turn)
    starts_at = time_in(turn, turn.args, like=lecture.starts_at)
    if starts_at is None:
        return Reply(f"改到什么时候？比如“课{lecture.id} 改期 周六晚上8点”。")
    return _propose(turn, lecture, Change(starts_at=starts_at))


def move_place(turn: Turn) -> Reply:
    """课5 改地点 晒谷场."""
    lecture = _lecture(turn)
    venue = turn.args[:MAX_WORDS].strip(" ，,。")
    if not venue:
        return Reply(f"改到哪里？比如“课{lecture.id} 改地点 晒谷场”。")
    known = where_in(turn, venue)[0]
    own = next((each for each in known.villages if each.id == lecture.village_id), None)
    if known.villages and own is None:
        name = known.villages[0].name
        return Reply(
            f"{name}是别的村。要在那边也能听，发“课{lecture.id} 分会场 {venue}”；换到那个村讲，请取消后重新排课。"
        )
    village = turn.session.get(Village, lecture.village_id) if lecture.village_id is not None else None
    return _propose(turn, lecture, Change(venue=full_venue(venue, village) if village is not None else venue))


def change_lecturer(turn: Turn) -> Reply:
    """课5 换老师 莫律师."""
    lecture = _lecture(turn)
    name, options, _ = lecturer_in(turn, turn.args)
    if name is None:
        which = f"是{'还是'.join(options)}？" if options else "没认出是哪位老师，"
        return Reply(f"{which}请写全名，比如“课{lecture.id} 换老师 莫小燕”。")
    return _propose(turn, lecture, Change(lecturer_id=lecturer_named(turn, name).id))


def go_live(turn: Turn) -> Reply:
    """课5 直播 https://…; 课5 直播 取消."""
    lecture = _lecture(turn)
    url = url_in(turn.verbatim)
    if not url and turn.args not in ("取消", "没有", "不要"):
        return Reply(
            f"请把直播的网址一起发来：“课{lecture.id} 直播 https://…”。不直播了，发“课{lecture.id} 直播 取消”。"
        )
    return _propose(turn, lecture, Change(live_url=url))


def branch(turn: Turn) -> Reply:
    """课5 分会场 石湾村文化室: there it is announced too; 课5 分会场 取消."""
    lecture = _lecture(turn)
    venue = turn.args[:MAX_WORDS].strip(" ，,。")
    if not venue:
        return Reply(f"分会场在哪里？比如“课{lecture.id} 分会场 石湾村文化室”。")
    if venue in ("取消", "没有", "不要"):
        return _propose(turn, lecture, Change(branches=()))
    where = where_in(turn, venue)[0]
    name = announcements.place(where.villages[0].name, where.venue or venue) if where.villages else venue
    if name in lecture.branches:
        return Reply(f"{name}已经是课{lecture.id}的分会场了。")
    also = tuple(each.id for each in where.villages if each.id is not None)
    return _propose(turn, lecture, Change(branches=(*lecture.branches, name), also=also))


def cancel(turn: Turn) -> Reply:
    """课5 取消 下大雨: with its reason."""
    lecture = _lecture(turn)
    reason = turn.verbatim.partition("取消")[2].strip(" ：:，,。.")[:MAX_WORDS]
    planning.require_coming(lecture, now=turn.now)
    if in_public(turn):
        return Reply(IN_PUBLIC)
    if not reason:
        return Reply(f"请写上原因，会告诉大家，比如“课{lecture.id} 取消 下大雨”。")
    text = planning.cancel_text(turn.session, lecture, reason, turn.rules)
    said = [(room, text) for room in planning.who_knows(turn.session, lecture)]
    lecturer = facts_of(turn.session, lecture).lecturer
    asked: dict[str, object] = {"lecture": lecture.id, "reason": reason}
    return Reply(_preview(turn, said, lecturers=(lecturer,)), Ask("confirm_cancel_lecture", asked))


def decide_cancel(turn: Turn) -> Reply:
    """The answer to whether it is to be cancelled."""
    if turn.args == NO:
        return Reply("好，这节课照旧，没有取消。")
    lecture = lectures.find(turn.session, int(str(turn.payload["lecture"])))
    planning.cancel(
        turn.session,
        lecture,
        str(turn.payload["reason"]),
        by=turn.member_id,
        now=turn.now,
        not_before=turn.leaves,
        rules=turn.rules,
    )
    return Reply(f"课{lecture.id}取消了。{_departure(turn)}")


def decide_change(turn: Turn) -> Reply:
    """The answer to whether it is to be changed so."""
    if turn.args == NO:
        return Reply("好，没有改，什么也没发。")
    lecture = lectures.find(turn.session, int(str(turn.payload["lecture"])))
    wished = _change_of(turn.payload)
    _require_free(turn, lecture, planning.what_if(turn.session, lecture, wished, now=turn.now))
    planning.change(
        turn.session,
        lecture,
        by=turn.member_id,
        now=turn.now,
        not_before=turn.leaves,
        rules=turn.rules,
        starts_at=wished.starts_at,
        venue=wished.venue,
        lecturer_id=wished.lecturer_id,
        live_url=wished.live_url,
        branches=wished.branches,
        also=wished.also,
    )
    return Reply(f"课{lecture.id}改好了。{_departure(turn)}")


def seats(turn: Turn) -> Reply:
    """课5 座位 40, 课5 座位 不限: whoever waits is offered what came free."""
    lecture = _lecture(turn)
    planning.require_coming(lecture, now=turn.now)
    words = turn.args.rstrip("个座位子人。 ")
    taken = signups.people_in(turn.session, lecture.id or 0)
    if turn.args in _NO_LIMIT:
        number = None
    elif words.isdigit() and 0 < int(words) <= MAX_SEATS:
        number = int(words)
    else:
        return Reply(f"写上座位数，比如“课{lecture.id} 座位 40”；不限就写“课{lecture.id} 座位 不限”。")
    if number is not None and number < taken:
        return Reply(f"已经报了{taken}人，座位不能少于{taken}。要减，先和报名的人商量。")
    planning.set_seats(turn.session, lecture, number, by=turn.member_id, now=turn.now)
    offered = signups.offer_free(turn.session, lecture, now=turn.now, rules=turn.rules)
    left = "不限人数" if number is None else f"{number}个座位，还剩{number - taken}个"
    waiting = f"已按次序问候补的{offered}位。" if offered else ""
    return Reply(f"课{lecture.id}《{lecture.title}》：{left}。{waiting}")


def material(turn: Turn) -> Reply:
    """课5 课件已审, 课5 课件没审."""
    lecture = _lecture(turn)
    reviewed = turn.word in ("课件已审", "课件审了", "课件审过")
    planning.set_material(turn.session, lecture, reviewed=reviewed, by=turn.member_id, now=turn.now)
    return Reply(f"课{lecture.id}《{lecture.title}》：课件{'审过了' if reviewed else '还没审，讲之前请审一下'}。")


def _lecture(turn: Turn) -> Lecture:
    return lectures.find(turn.session, turn.number or 0)


def _propose(turn: Turn, lecture: Lecture, wished: Change) -> Reply:
    """Show what a change would say, and ask."""
    if in_public(turn):
        return Reply(IN_PUBLIC)
    before = facts_of(turn.session, lecture)
    after = planning.what_if(turn.session, lecture, wished, now=turn.now)
    new = planning.new_rooms(turn.session, lecture, wished.also)
    if not announcements.changes(before, after, turn.rules.zone) and not new:
        return Reply(f"课{lecture.id}本来就是这样，没有要改的。")
    _require_free(turn, lecture, after)
    notes = room_notes(turn.session, lecture, before, after, new, turn.rules)
    lecturers = dict.fromkeys((before.lecturer, after.lecturer))
    asked: dict[str, object] = {
        "lecture": lecture.id,
        "starts_at": wished.starts_at.isoformat() if wished.starts_at else None,
        "venue": wished.venue,
        "lecturer_id": wished.lecturer_id,
        "live_url": wished.live_url,
        "branches": None if wished.branches is None else list(wished.branches),
        "also": list(wished.also),
    }
    said = [(note.room, note.text) for note in notes]
    poster = posters.of_announcement(after, turn.rules, now=turn.now) if wished.live_url else None
    shown = _another_year(turn, wished.starts_at) + _preview(turn, said, lecturers=tuple(lecturers))
    shown = f"{poster.warning}\n{shown}" if poster is not None and poster.warning else shown
    return Reply(shown, Ask("change_lecture", asked))


def _require_free(turn: Turn, lecture: Lecture, facts: Facts) -> None:
    require_free(
        turn.session,
        starts_at=facts.starts_at,
        minutes=lecture.minutes if lecture.id is not None else turn.rules.lecture_minutes,
        lecturer_id=facts.lecturer_id,
        venue=facts.venue,
        village_id=lecture.village_id,
        ignoring=lecture.id,
        rules=turn.rules,
        now=turn.now,
    )


def _preview(turn: Turn, said: list[tuple[Room, str]], *, lecturers: tuple[str, ...]) -> str:
    """Each text with the groups that it goes to, and who else is told."""
    texts: dict[str, list[str]] = {}
    for room, text in said:
        texts.setdefault(text, []).append(room.name)
    parts = [f"将发到{len(names)}个群：{'、'.join(names)}\n————\n{text}\n————" for text, names in texts.items()]
    if not parts:
        return "群里没有要说的：没有登记的群，或者改回了大家已经知道的样子。回“确认”办，回“取消”作废。"
    ids = turn.knowledge.lecturer_ids
    away = [name for name in lecturers if not tell.lecturer_members(turn.session, ids[name])]
    reached = [name for name in lecturers if name not in away]
    told = f"{'、'.join(reached)}会另收私信。" if reached else ""
    by_hand = f"{'、'.join(away)}没有绑定机器人，请您转告。" if away else ""
    return "\n".join([*parts, f"{told}{by_hand}回“确认”办，回“取消”作废。"])


def _another_year(turn: Turn, starts_at: datetime | None) -> str:
    """What groups are told names the day alone."""
    year = starts_at.astimezone(turn.rules.zone).year if starts_at else turn.today.year
    return f"请留意：是{year}年。\n" if year != turn.today.year else ""


def _departure(turn: Turn) -> str:
    """When it leaves, and until when it can be taken back."""
    if turn.rules.quiet.covers(turn.now + turn.rules.undo_within):
        return f"现在是免打扰时间，{day_and_time(turn.leaves, turn.rules.zone, now=turn.now)}发。"
    return f"{int(turn.rules.undo_within.total_seconds())}秒后发，发之前可以“撤销”。"


def _packed(wanted: Plan) -> dict[str, object]:
    return {
        "kind": wanted.kind.value,
        "topic_id": wanted.topic_id,
        "lecturer_id": wanted.lecturer_id,
        "village_ids": list(wanted.village_ids),
        "title": wanted.title,
        "venue": wanted.venue,
        "starts_at": wanted.starts_at.isoformat(),
        "dialect": wanted.dialect,
        "seats": wanted.seats,
        "live_url": wanted.live_url,
    }


def _unpacked(payload: dict[str, object]) -> Plan:
    return Plan(
        kind=EventKind(str(payload["kind"])),
        topic_id=_int(payload["topic_id"]) or 0,
        lecturer_id=_int(payload["lecturer_id"]) or 0,
        village_ids=_ints(payload["village_ids"]),
        title=str(payload["title"]),
        venue=str(payload["venue"]),
        starts_at=datetime.fromisoformat(str(payload["starts_at"])),
        dialect=str(payload["dialect"]),
        seats=_int(payload["seats"]),
        live_url=str(payload["live_url"]),
    )


def _change_of(payload: dict[str, object]) -> Change:
    starts_at, branches = payload["starts_at"], payload["branches"]
    return Change(
        starts_at=datetime.fromisoformat(str(starts_at)) if starts_at else None,
        venue=_text(payload["venue"]),
        lecturer_id=_int(payload["lecturer_id"]),
        live_url=_text(payload["live_url"]),
        branches=tuple(map(str, branches)) if isinstance(branches, list) else None,
        also=_ints(payload["also"]),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _int(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _ints(value: object) -> tuple[int, ...]:
    return tuple(each for each in value if isinstance(each, int)) if isinstance(value, list) else ()
