"""The sheet 历史讲座: lectures that were held before, for the archive and the figures.

They are put away at once: nothing is announced, nobody is asked how many came, or to rate. They have no groups.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert
from sqlalchemy import select as select_columns
from sqlmodel import col, select

from data import recording
from data.bring import cells
from data.bring.known import Known
from data.bring.model import Column, Entry, Fault, Hand, Line, Plain, Standing, entry
from data.bring.said import hint_at_dialects
from data.figures.periods import PeriodKind, is_settled, period_of
from data.loop import EventKind, Lecture, LectureState, Step, Subject
from data.planning import short_name
from data.record_tables import LectureCount
from data.recording import BOTH, ONLINE, SITE, Held
from data.statements import table_of

DAY, TIME, TOPIC, LECTURER, VILLAGE = "日期", "时间", "题目", "宣讲员", "村"
HAMLET, VENUE, DIALECT, MODE, KIND = "村小组", "地点", "方言", "形式", "类别"
ATTENDED, HANDOUTS = "到场人数", "发放资料"
KINDS = {
    "讲座": EventKind.LECTURE,
    "屋场会": EventKind.COURTYARD,
    "志愿服务": EventKind.VOLUNTEER,
    "培训": EventKind.TRAINING,
    "文艺活动": EventKind.SHOW,
    "送学上门": EventKind.VISIT,
}
_MODES = {
    **dict.fromkeys((SITE, "线下"), SITE),
    **dict.fromkeys((BOTH, "现场+直播", "现场和直播"), BOTH),
    **dict.fromkeys((ONLINE, "线上直播", "直播", "网上", "云宣讲"), ONLINE),
}
COLUMNS = (
    Column(DAY, "哪一天，要有年份：2026-3-5 或 2026年3月5日", cells.day, "2026年3月5日", required=True),
    Column(TIME, "几点开始：19:30 或 晚上7点半；不知道就不写（记成 0:00）", cells.clock, "晚上7点半"),
    Column(TOPIC, "目录里的或“题目”表里的", cells.name, "反诈骗", required=True),
    Column(LECTURER, "登记过的或“宣讲员”表里的", cells.name, "示例老师", required=True),
    Column(VILLAGE, "在哪个村；镇上办的可以不写", cells.text, "示例村"),
    Column(HAMLET, "村小组", cells.text, "三组"),
    Column(VENUE, "地点", cells.text, "村文化室", width=20),
    Column(DIALECT, "讲的什么话", cells.dialect, "白话"),
    Column(MODE, "不写就是现场；线上的不写地点", cells.one_of(_MODES), SITE, choices=(SITE, BOTH, ONLINE)),
    Column(KIND, "哪种活动，不写就是讲座", cells.one_of({each: each for each in KINDS}), "讲座", choices=tuple(KINDS)),
    Column(ATTENDED, "到场多少人，只写数字；不知道就不写", cells.number, 36),
    Column(HANDOUTS, "发了多少份资料，只写数字；不知道就不写", cells.number, 40),
)
_TEXTS = {HAMLET: "hamlet", VENUE: "venue", DIALECT: "dialect"}
_COUNTS = {ATTENDED: "attended", HANDOUTS: "handouts"}
_KIND_NAMES = {kind: name for name, kind in KINDS.items()}
_AT_ONCE = 500
_DAY_LONG = timedelta(days=1)
_WHY = "导入"
_NO_MATTER = re.compile(r"[\s、]+")

Mark = tuple[datetime, str, str, str]  # when (UTC), village, lecturer, topic


def weigh(known: Known, lines: Sequence[Line]) -> list[Entry]:
    """What would become of the lines."""
    marked = [(line, mark) for line in lines if (mark := _mark(known, line)) is not None]
    standing = _standing(known, [mark for _, mark in marked])
    seen: dict[Mark, int] = {}
    entries = []
    for line, mark in marked:
        first = seen.setdefault(mark, line.number)
        if first != line.number:
            line.fault(DAY, f"和第{first}行重复（同一时间、村、宣讲员和题目），请只留一行")
        else:
            entries.append(_entry(known, line, mark, standing.get(mark)))
    hint_at_dialects(known, lines, DIALECT)
    _hint_at_doubles(known, [(line, mark) for line, mark in marked if mark not in standing])
    _tell_late(known, lines, entries)
    return entries


def put(known: Known, entries: Sequence[Entry], hand: Hand) -> None:
    """Write them, thousands in a few statements."""
    marks = [_mark_of(known, each) for each in entries]
    standing = _standing(known, marks)
    written: list[tuple[Entry, Lecture]] = []
    fresh: list[Held] = []
    for each, mark in zip(entries, marks, strict=True):
        lecture = standing.get(mark)
        if lecture is None:
            fresh.append(_held(known, mark, each))
            continue
        for name, value in _written(each, lecture.live_url, hand).items():
            setattr(lecture, name, value)
        written.append((each, lecture))
    hand.session.flush()
    recording.put(hand.session, fresh, by=hand.by, now=hand.now, why=_WHY)
    _write_down(written, hand)


def _mark(known: Known, line: Line) -> Mark | None:
    """When, where, by whom and on what; None where a fault hides it."""
    day, clock = line.moment(DAY), line.moment(TIME)
    topic, lecturer, village = line.text(TOPIC), line.text(LECTURER), line.text(VILLAGE)
    topic = known.topic_names.refer(line, TOPIC, topic) if topic else None
    lecturer = known.lecturer_names.refer(line, LECTURER, lecturer) if lecturer else None
    village = known.village_names.refer(line, VILLAGE, village) if village else ""
    if day is None:
        return None
    if clock is not None and (day.hour, day.minute) not in ((0, 0), (clock.hour, clock.minute)):
        line.fault(TIME, f"日期里写了{day:%H:%M}，这里又写{clock:%H:%M}，请改成一样")
    local = day if clock is None else day.replace(hour=clock.hour, minute=clock.minute)
    starts = local.replace(tzinfo=known.zone).astimezone(UTC)
    if starts > known.now:
        line.fault(DAY, "还没到。这里只收办过的，要办的请另外排课")
        return None
    if topic is None or lecturer is None or village is None:
        return None
    return starts, village, lecturer, topic


def _mark_of(known: Known, each: Entry) -> Mark:
    wanted = each.wanted
    starts = wanted[DAY]
    assert isinstance(starts, datetime)
    utc = starts.replace(tzinfo=known.zone).astimezone(UTC)
    return utc, str(wanted[VILLAGE]), str(wanted[LECTURER]), str(wanted[TOPIC])


def _standing(known: Known, marks: Sequence[Mark]) -> Mapping[Mark, Lecture]:
    """The lectures that are known already; the first where several are alike."""
    topics = {each.id: name for name, each in known.topics.items()}
    found: dict[Mark, Lecture] = {}
    starts = sorted({mark[0] for mark in marks})
    for at in range(0, len(starts), _AT_ONCE):
        query = select(Lecture).where(col(Lecture.starts_at).in_(starts[at : at + _AT_ONCE]))
        for each in known.session.exec(query.order_by(col(Lecture.id))):
            village, lecturer = known.village_name(each.village_id), known.lecturer_name(each.lecturer_id)
            found.setdefault((each.starts_at, village, lecturer, topics[each.topic_id]), each)
    return found


def _hint_at_doubles(known: Known, fresh: Sequence[tuple[Line, Mark]]) -> None:
    """A lecture whose time was corrected, or left out, would be a second one, and its people counted twice."""
    if not fresh or not known.hints:
        return
    first, last = (end(mark[0] for _, mark in fresh) for end in (min, max))
    numbers = {known.lecturer_ids.get(mark[2]) for _, mark in fresh}
    held = table_of(Lecture).c
    query = select_columns(held.id, held.starts_at, held.village_id, held.lecturer_id, held.topic_id)
    query = query.where(held.starts_at.between(first - _DAY_LONG, last + _DAY_LONG)).order_by(held.id)
    topics = {each.id: name for name, each in known.topics.items()}
    stands: dict[tuple[date, str, str, str], tuple[int, datetime]] = {}
    for number, starts, village, lecturer, topic in known.session.execute(query):
        if lecturer in numbers:
            at = starts.astimezone(known.zone)
            named = (at.date(), known.village_name(village), known.lecturer_name(lecturer), topics[topic])
            stands.setdefault(named, (number, at))
    for line, (starts, *rest) in fresh:
        village, lecturer, topic = rest
        if double := stands.get((starts.astimezone(known.zone).date(), village, lecturer, topic)):
            line.hint(
                TIME,
                f"同一天、同村、同宣讲员、同题目已有课{double[0]}（{double[1]:%H:%M}）。是同一场就把时间写成一样，不然会记成两场",
            )


def _tell_late(known: Known, lines: Sequence[Line], entries: Sequence[Entry]) -> None:
    """What lies in a month whose books are closed comes late (补报): said once, for there may be thousands."""
    late = []
    for each in entries:
        starts = each.wanted[DAY]
        assert isinstance(starts, datetime)
        month = period_of(starts.date(), PeriodKind.MONTH)
        fresh = each.standing is Standing.NEW or each.changed & _COUNTS.keys()
        if fresh and month.closes_at(known.zone) < known.now:
            late.append(month)
    if not late:
        return
    months = sorted(set(late))
    named = months[0].label if len(months) == 1 else f"{months[0].label}到{months[-1].label}之间"
    words = f"{len(late)}场在已经截止的月份里（{named}）。收下以后列在“补报”里，那时的报表数字不变"
    lines[0].hints.append(Fault(lines[0].sheet, 0, "", words))


def _entry(known: Known, line: Line, mark: Mark, lecture: Lecture | None) -> Entry:
    starts, village, lecturer, topic = mark
    local = starts.astimezone(known.zone).replace(tzinfo=None)
    of: dict[str, Plain] = {DAY: local, VILLAGE: village, LECTURER: lecturer, TOPIC: topic}
    wanted = of | {title: value for title, value in line.values.items() if title not in (*of, TIME)}
    name = f"{local:%Y-%m-%d} {topic} {lecturer} {village}".strip()
    _settle_place(line, wanted, mark, lecture)
    if lecture is None:
        return entry(line, name, None, wanted)
    if lecture.state in (LectureState.ANNOUNCED, LectureState.CANCELLED):
        stands = "取消了" if lecture.state == LectureState.CANCELLED else "还没报讲完"
        line.fault(DAY, f"就是课{lecture.id}，那一节{stands}，不能当历史讲座导入")
    if _NO_MATTER.sub("", line.text(DIALECT) or "") == _NO_MATTER.sub("", lecture.dialect):
        wanted.pop(DIALECT, None)
    made = entry(line, name, of | dict(_shown(lecture)), wanted)
    _keep_what_is_counted(known, line, made, lecture)
    return made


def _keep_what_is_counted(known: Known, line: Line, made: Entry, lecture: Lecture) -> None:
    """A number of people that comes late is told apart (补报); what a lecture was cannot be, so it stays as it was
    where a period that counted it is closed."""
    moved = [each for each in made.changes if each.field not in _COUNTS]
    if not moved:
        return
    mine = (Step.subject == Subject.LECTURE, Step.subject_id == lecture.id, Step.state == LectureState.DELIVERED)
    told = known.session.exec(select(func.min(Step.at)).where(*mine)).one()
    day = lecture.starts_at.astimezone(known.zone).date()
    if told is None or not is_settled(day, told, now=known.now, zone=known.zone):
        return
    for each in moved:
        was = f"改回“{each.old}”" if each.old else "空着"
        line.fault(each.field, f"课{lecture.id}已经算进截止了的报表，这一栏不能再改，请{was}；到场人数和资料还可以补")


def _settle_place(line: Line, wanted: dict[str, Plain], mark: Mark, lecture: Lecture | None) -> None:
    """How and where it was held must fit; where nobody wrote the place, the hamlet or village is all that is known."""
    mode, place = line.text(MODE), line.text(VENUE) or (lecture.venue if lecture is not None else "")
    if not wanted.get(VENUE):
        wanted.pop(VENUE, None)
    if words := recording.misplaced(mode or "", place):
        line.fault(VENUE, words)
    elif not place:
        wanted[VENUE] = recording.somewhere(mode or "", line.text(HAMLET) or "", mark[1])


def _shown(lecture: Lecture) -> Iterator[tuple[str, Plain]]:
    for title, name in (*_TEXTS.items(), *_COUNTS.items()):
        yield title, getattr(lecture, name)
    yield MODE, recording.mode_of(lecture.venue, live=bool(lecture.live_url))
    yield KIND, _KIND_NAMES[lecture.kind]


def _held(known: Known, mark: Mark, each: Entry) -> Held:
    """A past lecture as an entry has it."""
    starts, village, lecturer, topic = mark
    topic_id, lecturer_id = known.topics[topic].id, known.lecturer_ids[lecturer]
    assert topic_id is not None
    assert lecturer_id is not None
    said = {name: str(each.wanted.get(title) or "") for title, name in _TEXTS.items()}
    return Held(
        kind=KINDS[str(each.wanted.get(KIND, "讲座"))],
        topic_id=topic_id,
        lecturer_id=lecturer_id,
        village_id=known.villages[village].id if village else None,
        title=short_name(topic),
        starts_at=starts,
        venue=said["venue"],
        hamlet=said["hamlet"],
        dialect=said["dialect"],
        live_url=recording.live_mark(str(each.wanted.get(MODE, SITE))),
        attended=_number(each.wanted.get(ATTENDED)),
        handouts=_number(each.wanted.get(HANDOUTS)),
    )


def _number(value: Plain) -> int | None:
    return value if isinstance(value, int) else None


def _written(each: Entry, live_url: str, hand: Hand) -> dict[str, Any]:
    """What an entry changes, by column; ``live_url`` is what stood there."""
    values: dict[str, Any] = {}
    for title in each.changed:
        value = each.wanted[title]
        if name := _TEXTS.get(title) or _COUNTS.get(title):
            values[name] = value
        elif title == MODE:
            values["live_url"] = (live_url or ONLINE) if value == BOTH else ""
        elif title == KIND:
            values["kind"] = KINDS[str(value)]
    if each.changed & _COUNTS.keys():
        values |= {"counted_by": hand.by, "counted_at": hand.now}
    return values


def _write_down(written: Sequence[tuple[Entry, Lecture]], hand: Hand) -> None:
    """The trail: what an import changed, and each count as it came in."""
    trail: list[dict[str, Any]] = []
    counts: list[dict[str, Any]] = []
    for each, lecture in written:
        counted = bool(each.changed & _COUNTS.keys())
        step = {
            "subject": Subject.LECTURE,
            "subject_id": lecture.id,
            "state": "recounted" if counted else "changed",
            "at": hand.now,
            "by_id": hand.by,
            "reason": f"{_WHY}：{'，'.join(map(str, each.changes))}",
        }
        trail.append(step)
        if counted:
            said = {name: getattr(lecture, name) for name in _COUNTS.values()}
            counts.append({**said, "lecture_id": lecture.id, "by_id": hand.by, "at": hand.now})
    for table, rows in ((Step, trail), (LectureCount, counts)):
        if rows:
            hand.session.execute(insert(table_of(table)), rows)
