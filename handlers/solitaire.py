"""接龙: a list that people make in a group with a lecture to sign up for is read as sign-ups.

The bot never asks anybody to make one. A list about seedlings, money or a dinner is neither stored nor answered.
"""

import re
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

from sqlmodel import Session

from data import seats, solitaires
from data.glance import Glance
from data.loop import Lecture
from data.solitaires import Change as Did
from data.solitaires import LineChange, Taken
from data.tables import Lecturer, Member, Topic
from handlers.jielong import Chain, Change, Doubt, ListState, MergeResult, Post, Row, Solitaire, merge, parse, weight
from handlers.jielong.align import same_person
from handlers.jielong.appmsg import XML_CAP
from handlers.jielong.fold import fold, name_key
from handlers.message import Heard, Kind
from handlers.solitaire_codec import decode, encode
from handlers.turn import Reply, Turn

HEAD = 200  # characters in which a list says that it is one
MOST_PEOPLE = 20  # on one line, as for 报名; more is for a person to look at
MOST_NAME = 20  # characters of one
MOST_CHAINS, MOST_ROWS = 8, 600
_READ = frozenset({Kind.TEXT, Kind.NOTE})
_NAMED = re.compile(r"接[龙龍]|group ?note", re.I)
_TYPE = "<type>53<"
_OTHER = re.compile(
    r"聚餐|聚会|吃饭|酒席|喜酒|旅游|爬山|钓鱼|打球|球赛|球队|跳舞|舞队|广场舞|麻将|疫苗|核酸|体检|理发|修路|水费|电费|"
    r"物业|快递|代购|奶粉|捐|份子|随礼|婚|丧|祭祖|清明|龙舟|舞狮|斤|团餐|盒饭"
)
_ANY_MATTER = re.compile(r"报名|参加|活动|会议")
_COMMON = re.compile(
    r"报名|接龙|讲座|讲课|参加|活动|通知|村民|大家|本村|怎么|什么|我们|今天|明天|晚上|下午|上午|名单|统计"
)
_PAIR = re.compile(r"[^\W了的么吗吧来去是在有和我你他一不]{2}")
_PHONE = re.compile(r"(?<!\d)1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)")
_WHY = {
    "count": "人数写得不清楚，先按{count}人",
    "dropped": "被别人删了，先留着",
    "edited": "被别人改成{count}人，已照改",
    "conflict": "和本人写的不一样，没有改",
    "stale": "本人退了，旧名单又带上了，没有加",
    "namesake": "有两个同名的，都记上了",
}


_parsed = lru_cache(maxsize=4)(parse)  # heard and taken one after the other


def could(heard: Heard) -> bool:
    """Whether a message could be a 接龙: asked of every line in every group, so it looks for one character first."""
    if heard.kind not in _READ:
        return False
    head = heard.text[:HEAD]
    if "接" in head or "ote" in head:
        return _NAMED.search(head) is not None
    return "<" in head and _TYPE in heard.text[:XML_CAP]


def hears(session: Session, heard: Heard, known: Glance, now: datetime) -> bool:
    """Whether this list is about a lecture that takes sign-ups in this room."""
    if known.room is None or known.room.direct:
        return False
    here = seats.open_lectures(session, now=now, room_id=known.room.id)
    if not here:
        return False
    seen = _parsed(heard.text)
    return seen.is_jielong and _about(session, seen, here, room_id=known.room.id, now=now) is not None


def take(turn: Turn) -> Reply:
    """Merge the post into the room's list, and what it changed into the lecture's sign-ups."""
    words = turn.heard.text.encode("utf-8", "replace").decode().replace("\x00", " ")  # as long as before: XML counts
    text = _PHONE.sub(lambda match: " " * len(match[0]), words)  # nobody needs it, so nobody keeps it
    here = seats.open_lectures(turn.session, now=turn.now, room_id=turn.room_id)
    lecture = _about(turn.session, _parsed(text), here, room_id=turn.room_id, now=turn.now)
    if lecture is None or lecture.id is None:
        return Reply("")
    state = solitaires.find(turn.session, turn.room_id, lecture.id)
    kept = dict(state.lists) if state is not None else {}
    post = Post((state.posts if state is not None else 0) + 1, turn.member.external_id, text, name=turn.member.name)
    merged = merge(decode(kept.get("chains")), post)
    if merged.chain is None or _too_long(merged.state):
        return Reply("")
    chain = merged.state.chains[merged.chain]
    links = _links(kept.get("links"))
    taken = solitaires.take_in(
        turn.session,
        lecture,
        _changes(turn, lecture, merged, chain),
        poster_id=turn.member_id,
        links=links,
        room_id=turn.room_id,
        now=turn.now,
        rules=turn.rules,
    )
    doubts = [*_doubts(merged, chain, taken), *_crowds(merged)]
    state = solitaires.keep(
        turn.session,
        state,
        room_id=turn.room_id,
        lecture_id=lecture.id,
        lists=kept | {"chains": encode(merged.state), "links": links},
        doubts=doubts,
        now=turn.now,
    )
    solitaires.confirm(turn.session, lecture, taken, room_id=turn.room_id, now=turn.now)
    if doubts:
        solitaires.ask_to_check(turn.session, lecture, state, rules=turn.rules, now=turn.now)
    return Reply("")


# Which lecture a list is about


def _about(session: Session, seen: Solitaire, here: list[Lecture], *, room_id: int, now: datetime) -> Lecture | None:
    """The lecture that a list is about: the one whose words it shares, else the next; None for another matter."""
    if not here:
        return None
    said = fold(" ".join((seen.title or "", *seen.notes)))[:HEAD]
    if not said.strip():
        return None if any(_errand(entry.raw) for entry in seen.entries[:5]) else here[0]
    best = max(
        here, key=lambda lecture: _shared(session, said, lecture, now) + _goes_on(session, seen, lecture, room_id)
    )
    shared = _shared(session, said, best, now)
    if _errand(said.replace(fold(best.title), "")):
        return None
    return best if shared or weight(said) > 0 else None


def _errand(words: str) -> bool:
    """Whether it is something to buy, to pay or to eat; 报名 alone makes no lecture of it."""
    return weight(_ANY_MATTER.sub("", words)) < 0 or _OTHER.search(fold(words)) is not None


def _shared(session: Session, said: str, lecture: Lecture, now: datetime) -> int:
    """How much a list's head has in common with a lecture: its words count double, its time single."""
    topic, lecturer = session.get_one(Topic, lecture.topic_id).name, session.get_one(Lecturer, lecture.lecturer_id).name
    named = lecturer in said or topic in said
    title = _COMMON.sub(" ", fold(lecture.title))
    words = any(pair in said for pair in map("".join, pairwise(title)) if _PAIR.fullmatch(pair))
    return 2 * named + 2 * words + (_time_words(lecture, now).search(said) is not None)


def _time_words(lecture: Lecture, now: datetime) -> re.Pattern[str]:
    at = lecture.starts_at.astimezone(now.tzinfo)
    days = (at.date() - now.date()).days
    near = {0: ("今天", "今晚", "今日"), 1: ("明天", "明晚", "听日"), 2: ("后天", "后晚")}.get(days, ())
    weekday = "一二三四五六日"[at.weekday()]
    days_ahead = timedelta(days=days)
    week = (rf"(?:周|星期|礼拜){weekday}",) if days_ahead <= timedelta(days=14) else ()
    return re.compile(
        "|".join((*near, *week, rf"(?<!\d){at.day}[号日]", rf"{at.month}[.月/-]{at.day}(?!\d)", f"{at:%H:%M}"))
    )


def _goes_on(session: Session, seen: Solitaire, lecture: Lecture, room_id: int) -> int:
    """Whether the lecture has a list with this title already."""
    state = solitaires.find(session, room_id, lecture.id) if lecture.id is not None else None
    if state is None or not seen.title:
        return 0
    chains = decode(state.lists.get("chains")).chains
    return 4 * any(chain.title is not None and name_key(chain.title) == name_key(seen.title) for chain in chains)


# From lines to sign-ups


def _links(kept: object) -> dict[str, int]:
    return {str(key): int(value) for key, value in kept.items()} if isinstance(kept, dict) else {}


def _too_long(state: ListState) -> bool:
    return len(state.chains) > MOST_CHAINS or any(len(chain.rows) > MOST_ROWS for chain in state.chains)


def _changes(turn: Turn, lecture: Lecture, merged: MergeResult, chain: Chain) -> list[LineChange]:
    """The post's changes, whose they are, in the order in which seats are freed and taken."""
    rows = {row.id: row for row in chain.rows}
    place = {row.id: at for at, row in enumerate(chain.rows)}
    touched = [rows[each.row] for each in (*merged.withdrawn, *merged.edited, *merged.joined)]
    ids = {each for row in touched for each in (row.owner, row.entry.member_id) if each}
    people = solitaires.members_by_id(turn.session, turn.room.transport, ids)
    signed_up = solitaires.signed_up_members(turn.session, lecture.id or 0) if merged.joined else []
    done = ((Did.WITHDRAWN, merged.withdrawn), (Did.EDITED, merged.edited), (Did.JOINED, merged.joined))
    lines = (
        _line(turn, did, each, rows[each.row], merged.chain or 0, people, signed_up)
        for did, changes in done
        for each in sorted(changes, key=lambda change: place[change.row])
    )
    return [line for line in lines if line is not None]


def _line(
    turn: Turn,
    did: Did,
    each: Change,
    row: Row,
    chain: int,
    people: dict[str, Member],
    signed_up: list[tuple[int, str]],
) -> LineChange | None:
    entry = each.after or each.before
    if entry is None or entry.count > MOST_PEOPLE or (did is Did.JOINED and entry.count < 1):
        return None
    member_id, own = _whose(turn, row, people, signed_up)
    name = entry.name[:MOST_NAME]
    bare = did is Did.JOINED and entry.count == 1 and name_key(entry.raw) == name_key(entry.name)
    return LineChange(did, f"{chain}:{row.id}", name, None if bare else entry.count, member_id, own)


def _whose(turn: Turn, row: Row, people: dict[str, Member], signed_up: list[tuple[int, str]]) -> tuple[int, bool]:
    """Whom a line is kept under, and whether it stands for themself.

    The member whom the XML names; else whoever signed up under that name already; else who posted the line.
    """
    name = row.entry.name
    known = people.get(row.entry.member_id or "")
    if known is None:
        alike = [(member_id, shown) for member_id, shown in signed_up if same_person(name, shown)]
        exact = [each for each in alike if name_key(each[1]) == name_key(name)]
        if len(exact or alike) == 1:
            return (exact or alike)[0][0], True
        known = people.get(row.owner or "")
    if known is None or known.id is None:
        return turn.member_id, same_person(name, turn.member.name)
    return known.id, same_person(name, known.name)


# What a person should look at


def _doubts(merged: MergeResult, chain: Chain, taken: Taken) -> list[dict[str, object]]:
    rows = {row.id: row for row in chain.rows}
    found = [_doubt(each, rows[each.row]) for each in merged.unclear]
    refused: list[dict[str, object]] = [{"name": name, "why": why} for _, name, why in taken.refused]
    return found + refused


def _doubt(doubt: Doubt, row: Row) -> dict[str, object]:
    said = f"“{doubt.entry.raw[:30]}”" if doubt.kind in ("count", "conflict") else ""
    return {"name": row.entry.name[:MOST_NAME], "why": said + _WHY[doubt.kind].format(count=doubt.entry.count)}


def _crowds(merged: MergeResult) -> list[dict[str, object]]:
    """Lines with more people than anybody may sign up: left out until somebody has asked."""
    entries = [each.after for each in (*merged.joined, *merged.edited) if each.after is not None]
    return [
        {"name": entry.name[:MOST_NAME], "why": f"写了{entry.count}人，太多，没有报上"}
        for entry in entries
        if entry.count > MOST_PEOPLE
    ]
