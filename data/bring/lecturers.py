"""The sheet 宣讲员: lecturers with what they speak on, in which dialects, and when."""

from collections.abc import Mapping, Sequence

from sqlmodel import col, delete

from data.bring import cells
from data.bring.known import NOT_HERE, Known, once_each, settled
from data.bring.model import Column, Entry, Hand, Line, Plain, entry
from data.bring.said import check_dialects, check_free
from data.dialects import spoken
from data.tables import Lecturer, LecturerTopic

NAME, TITLE, KIND, TRADE, DIALECTS = "姓名", "职务", "类别", "行当", "方言"
TOPICS, FREE, VILLAGE, MENTOR = "题目", "有空时间", "村", "导师"
KINDS = ("政策", "技术", "文明", "典型模范", "教师", "志愿者", "草根")
COLUMNS = (
    Column(NAME, "写全名，一人一行", cells.proper_name, "示例老师", required=True),
    Column(TITLE, "人家怎么称呼：医生、警官、老师", cells.text, "医生"),
    Column(KIND, "哪一类", cells.one_of({each: each for each in KINDS}), "技术", choices=KINDS),
    Column(TRADE, "做什么工作", cells.text, "镇卫生院医生", width=20),
    Column(DIALECTS, "会讲的话，几样就用顿号隔开", cells.dialects, "白话、普通话", width=18),
    Column(TOPICS, "会讲的题目，目录里的或“题目”表里的", cells.names, "健康、医疗保险", width=24),
    Column(FREE, "什么时候有空", cells.names, "每天晚上、周六下午", width=22),
    Column(VILLAGE, "住哪个村，没有就不写", cells.text, "示例村"),
    Column(MENTOR, "谁带（青蓝结对），也要是宣讲员；写“无”就是不要导师", cells.text, "示例导师"),
)
_FIELDS = {TITLE: "title", KIND: "kind", TRADE: "trade", DIALECTS: "dialects", FREE: "free"}
_IN_FILE = {**_FIELDS, TOPICS: "topics", VILLAGE: "home_village"}


def weigh(known: Known, lines: Sequence[Line]) -> list[Entry]:
    """What would become of the lines."""
    named = once_each(lines, NAME, known.lecturer_names)
    entries = [_entry(known, line, name) for line, name in named]
    _look_for_rings(known, entries, {name: line for line, name in named})
    return entries


def put(known: Known, entries: Sequence[Entry], hand: Hand) -> None:
    """Write them: first the people, then whom and what they are joined to."""
    for each in entries:
        lecturer = known.lecturers.get(each.name) or Lecturer(name=each.name)
        known.lecturers[each.name] = lecturer
        hand.session.add(lecturer)
        for title in each.changed & _FIELDS.keys():
            value = each.wanted[title]
            setattr(lecturer, _FIELDS[title], list(value) if isinstance(value, tuple) else value)
    hand.session.flush()
    for each in entries:
        lecturer = known.lecturers[each.name]
        if VILLAGE in each.changed:
            village = each.wanted[VILLAGE]
            lecturer.village_id = known.villages[str(village)].id if village else None
        if MENTOR in each.changed:
            mentor = each.wanted[MENTOR]
            lecturer.mentor_id = known.lecturers[str(mentor)].id if mentor else None
        topics = each.wanted.get(TOPICS)
        if TOPICS in each.changed and isinstance(topics, tuple):
            hand.session.exec(delete(LecturerTopic).where(col(LecturerTopic.lecturer_id) == lecturer.id))
            for name in topics:
                hand.session.add(LecturerTopic(lecturer_id=lecturer.id or 0, topic_id=known.topics[name].id or 0))
    hand.session.flush()


def _entry(known: Known, line: Line, name: str) -> Entry:
    lecturer = known.lecturers.get(name)
    was = _standing(known, lecturer) if lecturer is not None else None
    wanted: dict[str, Plain] = {title: line.values[title] for title in _FIELDS if title in line.values}
    if lecturer is not None and wanted.get(DIALECTS) == spoken("、".join(lecturer.dialects)):
        wanted[DIALECTS] = tuple(lecturer.dialects)  # the same, put together in another way
    topics = settled(known.topic_names, line, TOPICS, line.words(TOPICS))
    if topics is not None:
        wanted[TOPICS] = tuple(sorted(topics))
    for title, names in ((VILLAGE, known.village_names), (MENTOR, known.lecturer_names)):
        said = line.text(title)
        if said is not None:
            wanted[title] = names.refer(line, title, said) if said else ""
    check_dialects(known, line, DIALECTS, line.words(DIALECTS) or ())
    check_free(line, FREE, lecturer.free if lecturer is not None else ())
    found = entry(line, name, was, wanted)
    written = known.lecturer_entries.get(name)
    if written is not None:
        for title in found.changed & _IN_FILE.keys():
            if _IN_FILE[title] in written.model_fields_set:
                line.fault(title, NOT_HERE)
        if MENTOR in found.changed and written.mentor is not None:
            line.fault(MENTOR, NOT_HERE)
    return found


def _standing(known: Known, lecturer: Lecturer) -> Mapping[str, Plain]:
    values: dict[str, Plain] = {}
    for title, name in _FIELDS.items():
        value = getattr(lecturer, name)
        values[title] = tuple(value) if isinstance(value, list) else value
    values[TOPICS] = known.speaks_on.get(lecturer.name, ())
    values[VILLAGE] = known.village_name(lecturer.village_id)
    values[MENTOR] = known.lecturer_name(lecturer.mentor_id)
    return values


def _look_for_rings(known: Known, entries: Sequence[Entry], lines: Mapping[str, Line]) -> None:
    """Nobody is their own mentor, at once or by way of others."""
    if not entries:
        return
    above = {name: known.lecturer_name(each.mentor_id) for name, each in known.lecturers.items()}
    above |= {each.name: str(each.wanted[MENTOR] or "") for each in entries if MENTOR in each.wanted}
    for each in entries:
        if MENTOR not in each.changed:
            continue
        way = [each.name]
        while (mentor := above.get(way[-1], "")) and mentor not in way:
            way.append(mentor)
        if mentor == each.name:
            words = "写了自己" if len(way) == 1 else f"绕成了圈：{'→'.join([*way, each.name])}"
            lines[each.name].fault(MENTOR, words)
