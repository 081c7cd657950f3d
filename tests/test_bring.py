"""Bring your own: what becomes of a file's rows, all or nothing, twice the same, and still there after a restart."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from sqlalchemy import Engine, func
from sqlmodel import Session, SQLModel, col, select

from bot import cli_bring
from bot.cli import _parser
from bot.settings import LOOP_CRON
from data.bring.book import read
from data.bring.errors import FaultyBook, StaleBook
from data.bring.model import Book, Standing
from data.bring.plan import Plan, apply, check
from data.bring.sheets import SHEETS
from data.bring.template import template
from data.broadcast_tables import RoomTag
from data.database import open_engine, upgrade
from data.desk_tables import Audit, TopicAlias
from data.loop import EventKind, Lecture, LectureRoom, LectureState, Step, Subject
from data.mail import Outbox
from data.record_tables import Area, LectureCount
from data.tables import Lecturer, LecturerTopic, Room, RoomKind, Topic, Village
from data.town import load_town
from data.townfile import TownFiles, read_town
from scheduler import JOBS
from scheduler.job import JobContext
from tests.town import NOW, ROOT, ZONE, DemoTown, demo_rules

TOPICS = ("健康", "医疗保险", "反诈骗", "社会救助(低保)")
BARE = """
town: {name: 桃源镇}
villages:
  - {name: 东村}
  - {name: 西村, aliases: [西头], near: []}
lecturers:
  - {name: 周文彬, title: 老师}
"""
Rows = Sequence[Mapping[str, object]]

VILLAGES: Rows = (
    {
        "名称": "东村",
        "别名": "东头、东村大队",
        "场地": "文化室；大榕树下",
        "平时方便的时间": "每天晚饭后",
        "所属镇": "桃源镇",
    },
    {"名称": "南村", "邻村": "东村", "所属镇": "桃源镇"},
)
LECTURERS: Rows = (
    {
        "姓名": "李  明",
        "职务": "医生",
        "类别": "技术",
        "行当": "镇卫生院",
        "方言": "白话，普通话",
        "题目": "健康、社会救助、家风家训",
    },
    {"姓名": "王小梅", "村": "东头", "导师": "李明", "有空时间": "每天晚上"},
)
GROUPS: Rows = (
    {"群名": "东村乡亲群", "村": "东村", "类别": "村民", "标签": "种植户、圩日"},
    {"群名": "桃源镇工作群", "类别": "工作群", "渠道": "relay"},
)
NEW_TOPICS: Rows = (
    {"名称": "家风家训", "别的说法": "传家训、立家规"},
    {"名称": "社会救助(低保)", "别的说法": "吃补助"},
)
HISTORY: Rows = (
    {
        "日期": "2026年3月5日", "时间": "晚上7点半", "题目": "反诈骗", "宣讲员": "李明", "村": "东村", "村小组": "三组",
        "地点": "文化室", "方言": "白话", "形式": "现场", "类别": "屋场会", "到场人数": "３６ 人", "发放资料": 40,
    },
    {"日期": datetime(2026, 3, 6, 9, 0), "题目": "家风家训", "宣讲员": "王小梅", "村": "南村"},
    {"日期": "2026-11-19", "时间": "10:00", "题目": "健康", "宣讲员": "李明", "村": "东村"},  # yesterday, uncounted
)  # fmt: skip
ALL = {"村": VILLAGES, "题目": NEW_TOPICS, "宣讲员": LECTURERS, "群": GROUPS, "历史讲座": HISTORY}


def workbook(pages: Mapping[str, Rows]) -> bytes:
    """An .xlsx file with these rows."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in pages.items():
        sheet = book.create_sheet(name)
        titles = list(dict.fromkeys(title for row in rows for title in row))
        sheet.append(titles)
        for row in rows:
            sheet.append([row.get(title) for title in titles])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def a_book(pages: Mapping[str, Rows]) -> Book:
    return read(workbook(pages), SHEETS)


def files_of(folder: Path, text: str = BARE) -> TownFiles:
    (folder / "town.yaml").write_text(text, "utf-8")
    return read_town(folder, topics=TOPICS)


class Bare:
    """A small town of its own, and what is done in it."""

    def __init__(self, engine: Engine, files: TownFiles) -> None:
        self.engine, self.files = engine, files
        self.restart()

    def restart(self, files: TownFiles | None = None) -> None:
        """The bot begins again, and loads the town's files."""
        self.files = files or self.files
        with Session(self.engine) as session, session.begin():
            load_town(session, self.files, TOPICS, transport=None, now=NOW)

    def check(self, pages: Mapping[str, Rows], *, now: datetime = NOW) -> Plan:
        with Session(self.engine) as session:
            return check(session, a_book(pages), files=self.files, zone=ZONE, now=now)

    def bring(self, pages: Mapping[str, Rows], *, now: datetime = NOW) -> Plan:
        plan = self.check(pages, now=now)
        with Session(self.engine) as session, session.begin():
            return apply(session, plan, by=None, now=now)

    def everything(self) -> dict[str, list[tuple[object, ...]]]:
        """All rows of all tables."""
        with Session(self.engine) as session:
            tables = SQLModel.metadata.sorted_tables
            return {
                each.name: sorted((tuple(row) for row in session.execute(each.select())), key=repr) for each in tables
            }


@pytest.fixture
def bare(any_engine: Engine, tmp_path: Path) -> Bare:
    return Bare(any_engine, files_of(tmp_path))


def told(plan: Plan) -> list[str]:
    return [str(each) for each in plan.faults]


# ---- what is brought -----------------------------------------------------------------------------------------------


def test_a_whole_town_comes_out_of_one_file(bare: Bare) -> None:
    plan = bare.bring(ALL)
    assert plan.counts() == {
        "村 改动": 1, "村 新增": 1, "题目 新增": 1, "题目 改动": 1,
        "宣讲员 新增": 2, "群 新增": 2, "历史讲座 新增": 3,
    }  # fmt: skip
    with Session(bare.engine) as session:
        villages = {each.name: each for each in session.exec(select(Village))}
        assert villages["东村"].aliases == ["东头", "东村大队"]
        assert villages["东村"].venues == ["文化室", "大榕树下"]
        assert villages["东村"].near == ["南村"] and villages["南村"].near == ["东村"]
        assert session.exec(select(func.count(col(Area.id)))).one() == 1
        assert villages["东村"].area_id == villages["南村"].area_id is not None
        people = {each.name: each for each in session.exec(select(Lecturer))}
        assert people["李明"].dialects == ["白话", "普通话"] and people["李明"].kind == "技术"
        assert people["王小梅"].mentor_id == people["李明"].id and people["王小梅"].village_id == villages["东村"].id
        names = select(Topic.name).join(LecturerTopic).where(LecturerTopic.lecturer_id == people["李明"].id)
        assert set(session.exec(names)) == {"健康", "社会救助(低保)", "家风家训"}
        last = session.exec(select(Topic).order_by(col(Topic.position).desc())).first()
        assert last is not None and last.name == "家风家训"
        assert set(session.exec(select(TopicAlias.words))) == {"传家训", "立家规", "吃补助"}
        rooms = {each.name: each for each in session.exec(select(Room))}
        assert (rooms["东村乡亲群"].transport, rooms["东村乡亲群"].kind) == ("relay", RoomKind.RESIDENTS)
        assert rooms["东村乡亲群"].village_id == villages["东村"].id and rooms["桃源镇工作群"].village_id is None
        assert set(session.exec(select(RoomTag.tag))) == {"种植户", "圩日"}


def test_past_lectures_are_in_the_archive_with_their_numbers(bare: Bare) -> None:
    bare.bring(ALL)
    with Session(bare.engine) as session:
        held = session.exec(select(Lecture).order_by(col(Lecture.starts_at))).all()
        assert {each.state for each in held} == {LectureState.ARCHIVED}
        assert held[0].starts_at == datetime(2026, 3, 5, 11, 30, tzinfo=UTC)
        assert (held[0].kind, held[0].hamlet, held[0].venue) == (EventKind.COURTYARD, "三组", "文化室")
        assert (held[0].attended, held[0].handouts) == (36, 40)
        assert held[1].starts_at == datetime(2026, 3, 6, 1, 0, tzinfo=UTC)  # the time that stood in the day's own cell
        assert held[1].venue == "南村"  # all that is known of the place
        counts = session.exec(select(LectureCount)).all()
        assert [(each.lecture_id, each.attended, each.handouts, each.at) for each in counts] == [
            (held[0].id, 36, 40, NOW.astimezone(UTC))
        ]
        steps = session.exec(
            select(Step).where(Step.subject == Subject.LECTURE, Step.subject_id == held[0].id).order_by(col(Step.id))
        ).all()
        assert [each.state for each in steps] == ["delivered", "archived"]
        assert {each.reason for each in steps} == {"导入"}


def test_nobody_is_told_of_past_lectures_then_or_later(town: DemoTown) -> None:
    """Yesterday's lecture of a lecturer whom the bot can reach, in a village with groups: all the jobs stay silent."""
    pages = {
        "历史讲座": [
            {"日期": f"{NOW - timedelta(days=days):%Y-%m-%d}", "时间": "14:00", "题目": "反诈骗", "宣讲员": "覃志刚",
             "村": "石湾村"}
            for days in (0, 1, 3, 40)
        ]
    }  # fmt: skip
    with town.session() as session, session.begin():
        plan = check(session, a_book(pages), files=town.files, zone=ZONE, now=NOW)
        brought = {each.id for each in session.exec(select(Lecture))}
        apply(session, plan, by=None, now=NOW)
        mine = [each for each in session.exec(select(Lecture.id)) if each not in brought]
        assert len(mine) == 4
        assert not session.exec(select(Outbox)).all()
        assert not session.exec(select(LectureRoom).where(col(LectureRoom.lecture_id).in_(mine))).all()
        # The demo's own lectures, which are to come, speak; so they are out of the way here.
        for lecture in session.exec(select(Lecture).where(col(Lecture.id).not_in(mine))):
            lecture.state = LectureState.CANCELLED
    rules = demo_rules()
    context = JobContext(rules.zone, rules.quiet, timedelta(minutes=90), rules)
    with town.session() as session, session.begin():
        for hours in range(0, 24 * 9, 3):
            for job in JOBS:
                if job.setting == LOOP_CRON.key:
                    job.run(session, context, NOW + timedelta(hours=hours), NOW + timedelta(hours=hours))
        assert not session.exec(select(Outbox)).all()
        assert {session.get_one(Lecture, each).state for each in mine} == {LectureState.ARCHIVED}


def test_what_is_there_already_is_changed_field_by_field(bare: Bare) -> None:
    bare.bring(ALL)
    later = NOW + timedelta(days=2)
    pages: dict[str, Rows] = {
        "宣讲员": [{"姓名": "李明", "职务": "主治医生", "题目": "反诈骗"}],
        "历史讲座": [{**HISTORY[0], "到场人数": 50}],
        "群": [{"群名": "东村乡亲群", "类别": "外出务工", "标签": "无"}],
    }
    plan = bare.check(pages, now=later)
    assert [str(change) for each in plan.entries for change in each.changes] == [
        "职务：医生 → 主治医生",
        "题目：健康、家风家训、社会救助(低保) → 反诈骗",
        "类别：村民 → 外出务工",
        "标签：圩日、种植户 → （空）",
        "到场人数：36 → 50",
    ]
    bare.bring(pages, now=later)
    with Session(bare.engine) as session:
        lecture = session.exec(select(Lecture).order_by(col(Lecture.starts_at))).first()
        assert lecture is not None and (lecture.attended, lecture.handouts) == (50, 40)
        numbers = session.exec(select(LectureCount).order_by(col(LectureCount.at))).all()
        assert [(each.attended, each.handouts, each.at) for each in numbers] == [
            (36, 40, NOW.astimezone(UTC)),
            (50, 40, later.astimezone(UTC)),
        ]
        room = session.exec(select(Room).where(Room.name == "东村乡亲群")).one()
        assert room.village_id is not None and room.kind == RoomKind.MIGRANTS  # an empty cell changes nothing
        doctor = session.exec(select(Lecturer).where(Lecturer.name == "李明")).one()
        assert doctor.trade == "镇卫生院"


def test_the_same_file_again_changes_nothing(bare: Bare) -> None:
    bare.bring(ALL)
    before = bare.everything()
    plan = bare.bring(ALL, now=NOW + timedelta(days=1))
    assert {each.standing for each in plan.entries} == {Standing.SAME}
    assert bare.everything() == before
    assert sum(map(len, before.values())) > 20


def test_one_fault_and_nothing_is_taken(bare: Bare) -> None:
    before = bare.everything()
    pages = {**ALL, "历史讲座": [*HISTORY, {"日期": "2026-3-9", "题目": "反炸骗", "宣讲员": "李明", "村": "东村"}]}
    with pytest.raises(FaultyBook, match="您要的是“反诈骗”吗"):
        bare.bring(pages)
    assert bare.everything() == before


def test_a_plan_that_is_not_true_any_more_is_not_done(bare: Bare) -> None:
    plan = bare.check(ALL)
    bare.bring({"宣讲员": [{"姓名": "李明", "职务": "护士"}]})
    before = bare.everything()
    with Session(bare.engine) as session, pytest.raises(StaleBook), session.begin():
        apply(session, plan, by=None, now=NOW)
    assert bare.everything() == before


# ---- faults --------------------------------------------------------------------------------------------------------


def test_all_faults_are_told_at_once_each_with_its_place(bare: Bare) -> None:
    plan = bare.check(
        {
            "村": [{"名称": "北村", "别名": "西头"}, {"名称": "西头"}, {"名称": "北 村"}, {"别名": "没名字"}],
            "题目": [{"名称": "新农合"}, {"名称": "家风", "别的说法": "骗"}, {"名称": "家训", "别的说法": "被骗"}],
            "宣讲员": [
                {"姓名": "甲一", "题目": "反炸骗", "类别": "教书", "导师": "乙二"},
                {"姓名": "乙二", "导师": "甲一", "村": "东寸", "题目": "低保"},
            ],
            "群": [{"群名": "不认识的群", "类别": "村民", "渠道": "微信"}, {"群名": "某群", "类别": "闲聊"}],
            "历史讲座": [
                {"日期": "3月5日", "题目": "健康", "宣讲员": "甲一"},
                {"日期": "2027-1-1", "题目": "健康", "宣讲员": "甲一"},
                {"日期": "2026-2-30", "题目": "健康", "宣讲员": "甲一", "到场人数": "很多"},
                {"日期": "2026-2-3", "题目": "健康", "宣讲员": "甲一", "村": "东村"},
                {"日期": "2026年2月3日", "题目": "健康", "宣讲员": "甲一", "村": "东村"},
            ],
        }
    )
    assert told(plan) == [
        "村 第2行「别名」：“西头”已经是“西村”",
        "村 第3行「名称」：“西头”是“西村”的别名，请写“西村”",
        "村 第4行「名称」：“北村”和第2行重复，请只留一行",
        "村 第5行「名称」：没有写",
        "题目 第2行「名称」：“新农合”是“医疗保险”的一种说法，请写“医疗保险”",
        "题目 第3行「别的说法」：“骗”太短，至少2个字，免得听错",
        "题目 第4行「别的说法」：“被骗”已经是“反诈骗”的说法",
        "宣讲员 第2行「类别」：没有“教书”，可以写：政策、技术、文明、典型模范、教师、志愿者、草根",
        "宣讲员 第2行「题目」：没有“反炸骗”，您要的是“反诈骗”吗？",
        "宣讲员 第2行「导师」：绕成了圈：甲一→乙二→甲一",
        "宣讲员 第3行「题目」：没有“低保”，您要的是“社会救助(低保)”吗？",
        "宣讲员 第3行「村」：没有“东寸”，您要的是“东村”吗？",
        "宣讲员 第3行「导师」：绕成了圈：乙二→甲一→乙二",
        "群 第2行「群名」：机器人还没见过“不认识的群”。先让机器人进群、有人说句话；没有网关就写 relay",
        "群 第3行「类别」：没有“闲聊”，可以写：村民、外出务工、工作群",
        "历史讲座 第2行「日期」：“3月5日”没有年份，要写成 2026-3-5 或 2026年3月5日",
        "历史讲座 第3行「日期」：还没到。这里只收办过的；要排课请在微信里发“排课”",
        "历史讲座 第4行「日期」：没有“2026-2-30”这一天",
        "历史讲座 第4行「到场人数」：“很多”看不懂，要写数字，如 36",
        "历史讲座 第6行「日期」：和第5行重复（同一时间、村、宣讲员和题目），请只留一行",
    ]


def test_free_times_that_nobody_can_read_are_kept_and_told(bare: Bare) -> None:
    plan = bare.bring({"宣讲员": [{"姓名": "李明", "有空时间": "看心情"}]})
    assert [str(each) for each in plan.hints] == [
        "宣讲员 第2行「有空时间」：“看心情”看不懂是什么时间，会照原样记下；排课时不按它算"
    ]
    with Session(bare.engine) as session:
        assert session.exec(select(Lecturer.free).where(Lecturer.name == "李明")).one() == ["看心情"]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ({"形式": "线上", "地点": "文化室"}, "历史讲座 第2行「地点」：形式是“线上”，地点就不是“文化室”，请改一样"),
        ({"形式": "现场", "地点": "线上直播间"}, "历史讲座 第2行「地点」：形式是“现场”，请写上在哪里讲的"),
        ({"形式": "直播", "地点": "线上直播间"}, ("线上直播间", "")),
        ({"形式": "线上"}, ("线上", "")),
        ({"形式": "现场+直播"}, ("东村", "线上")),
        ({"村小组": "三组", "地点": "无"}, ("三组", "")),
    ],
)
def test_how_and_where_fit_together(bare: Bare, row: dict[str, str], found: object) -> None:
    pages = {"历史讲座": [{"日期": "2026-3-5", "题目": "健康", "宣讲员": "周文彬", "村": "东村", **row}]}
    plan = bare.check(pages)
    if isinstance(found, str):
        assert told(plan) == [found]
        return
    bare.bring(pages)
    with Session(bare.engine) as session:
        assert session.exec(select(Lecture.venue, Lecture.live_url)).one() == found
    assert not [each for each in bare.check(pages).entries if each.standing is not Standing.SAME]


def test_a_lecture_that_was_announced_or_cancelled_is_no_past_lecture(bare: Bare) -> None:
    bare.bring({"历史讲座": [{"日期": "2026-3-5", "题目": "健康", "宣讲员": "周文彬"}]})
    for state, words in ((LectureState.CANCELLED, "取消了"), (LectureState.ANNOUNCED, "还没报讲完")):
        with Session(bare.engine) as session, session.begin():
            lecture = session.exec(select(Lecture)).one()
            lecture.state = state
            number = lecture.id
        plan = bare.check({"历史讲座": [{"日期": "2026-3-5", "题目": "健康", "宣讲员": "周文彬", "到场人数": 3}]})
        assert told(plan) == [f"历史讲座 第2行「日期」：就是课{number}，那一节{words}，不能当历史讲座导入"]


def test_a_group_of_wechat_is_known_once_the_bot_has_met_it(bare: Bare) -> None:
    with Session(bare.engine) as session, session.begin():
        session.add(Room(transport="wechaty", external_id="19@chatroom", name="东村一家亲", created_at=NOW))
    pages = {"群": [{"群名": "东村一家亲", "村": "东村", "类别": "村民群", "渠道": "微信"}]}
    assert [str(each) for each in bare.check(pages).entries[0].changes] == [
        "类别：没登记 → 村民",
        "村：（空） → 东村",
    ]
    bare.bring(pages)
    with Session(bare.engine) as session:
        rooms = session.exec(select(Room)).all()
        assert [(each.external_id, each.kind) for each in rooms] == [("19@chatroom", RoomKind.RESIDENTS)]
    with Session(bare.engine) as session, session.begin():
        session.add(Room(transport="wechaty", external_id="20@chatroom", name="东村一家亲", created_at=NOW))
    assert "有几个群都叫“东村一家亲”" in told(bare.check(pages))[0]


# ---- restarts and the town's own files -----------------------------------------------------------------------------


def test_what_was_brought_outlives_a_restart(bare: Bare) -> None:
    bare.bring(ALL)
    before = bare.everything()
    bare.restart()
    assert bare.everything() == before


def test_what_the_files_say_stands_above_what_is_brought(bare: Bare, tmp_path: Path) -> None:
    plan = bare.check(
        {
            "村": [{"名称": "西村", "别名": "西边", "场地": "晒谷场", "邻村": "东村"}],
            "宣讲员": [{"姓名": "周文彬", "职务": "校长", "行当": "教书"}],
        }
    )
    mend = "写在镇的 town.yaml 里，重启会照那里的来。请到那里改，或从那里删掉这一项再导入"
    assert told(plan) == [f"村 第2行「别名」：{mend}", f"村 第2行「邻村」：{mend}", f"宣讲员 第2行「职务」：{mend}"]
    # What they say nothing of is free, and a file that says more later stands above it again.
    bare.bring({"村": [{"名称": "东村", "场地": "文化室"}], "宣讲员": [{"姓名": "周文彬", "行当": "教书"}]})
    bare.restart(files_of(tmp_path, BARE.replace("{name: 东村}", "{name: 东村, venues: [大榕树下], near: [西村]}")))
    with Session(bare.engine) as session:
        villages = {each.name: each for each in session.exec(select(Village))}
        assert villages["东村"].venues == ["大榕树下"]
        assert villages["西村"].near == ["东村"] and villages["西村"].aliases == ["西头"]
        assert session.exec(select(Lecturer.trade)).one() == "教书"


def test_a_brought_village_stays_near_to_one_of_the_files(bare: Bare) -> None:
    bare.bring({"村": [{"名称": "南村", "邻村": "西村"}]})
    bare.restart()
    with Session(bare.engine) as session:
        near = {each.name: each.near for each in session.exec(select(Village))}
    assert near == {"东村": [], "西村": ["南村"], "南村": ["西村"]}


# ---- twice the same, whatever the file -----------------------------------------------------------------------------

_NAMES = st.sampled_from(["东村", "西村", "南村", "北村", "中村"])
_VILLAGE = st.fixed_dictionaries(
    {"名称": _NAMES},
    optional={
        "场地": st.sampled_from(["文化室", "祠堂、文化室", "无"]),
        "邻村": st.lists(_NAMES, max_size=3).map("、".join),
        "所属镇": st.sampled_from(["桃源镇", "无"]),
    },
)
_PEOPLE = st.sampled_from(["李明", "李  明", "王小梅", "周文彬", "赵四"])
_LECTURER = st.fixed_dictionaries(
    {"姓名": _PEOPLE},
    optional={
        "行当": st.sampled_from(["教书", "无"]),
        "题目": st.sampled_from(["健康、反诈骗", "反诈骗；健康", "无", "社会救助"]),
        "导师": st.sampled_from(["周文彬", "无"]),
        "村": _NAMES,
    },
)
_LECTURE = st.fixed_dictionaries(
    {
        "日期": st.sampled_from(["2026-3-5", "2026年3月6日"]),
        "题目": st.sampled_from(["健康", "反诈骗"]),
        "宣讲员": _PEOPLE,
    },
    optional={
        "村": _NAMES,
        "时间": st.sampled_from(["9:00", "晚上7点"]),
        "形式": st.sampled_from(["现场", "线上", "现场加直播"]),
        "地点": st.sampled_from(["文化室", "线上", "无"]),
        "到场人数": st.integers(0, 90),
        "类别": st.sampled_from(["讲座", "培训"]),
    },
)


@given(
    first=st.lists(_VILLAGE, max_size=4),
    people=st.lists(_LECTURER, max_size=4),
    held=st.lists(_LECTURE, max_size=5),
    more=st.lists(_VILLAGE, max_size=3),
)
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_brought_the_second_time_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, first: Rows, people: Rows, held: Rows, more: Rows
) -> None:
    folder = tmp_path_factory.mktemp("twice")
    engine = open_engine("sqlite://")
    upgrade(engine, now=NOW)
    bare = Bare(engine, files_of(folder))
    everyone = [{"姓名": "李明"}, {"姓名": "王小梅"}, {"姓名": "周文彬"}, {"姓名": "赵四"}]
    bare.bring({"村": [{"名称": name} for name in ("东村", "西村", "南村", "北村", "中村")], "宣讲员": everyone})
    for pages in ({"村": first, "宣讲员": people, "历史讲座": held}, {"村": more}):
        kept = {name: rows for name, rows in pages.items() if rows}
        if not kept:
            continue
        before = bare.everything()
        if bare.check(kept).faults:
            with pytest.raises(FaultyBook):
                bare.bring(kept)
            assert bare.everything() == before
            continue
        bare.bring(kept)
        done = bare.everything()
        again = bare.bring(kept, now=NOW + timedelta(hours=1))
        assert {each.standing for each in again.entries} <= {Standing.SAME}
        assert bare.everything() == done
        bare.restart()
        assert bare.everything() == done
    engine.dispose()


# ---- the template, and the command line ----------------------------------------------------------------------------


def test_the_template_as_it_is_brings_nothing(bare: Bare) -> None:
    book = read(template(topics=TOPICS, villages=("东村",)), SHEETS)
    assert [(page.sheet, len(page.rows)) for page in book.pages] == [(sheet.name, 1) for sheet in SHEETS]
    with Session(bare.engine) as session:
        plan = check(session, book, files=bare.files, zone=ZONE, now=NOW)
    assert (plan.entries, plan.faults, plan.hints) == ((), (), ())


def test_the_template_helps_and_its_example_can_be_made_one_s_own(bare: Bare) -> None:
    book = load_workbook(BytesIO(template(topics=TOPICS, villages=("东村",))))
    assert book.sheetnames == ["说明", *(sheet.name for sheet in SHEETS), "选项"]
    for sheet in SHEETS:
        page = book[sheet.name]
        assert [cell.value for cell in page[1]] == [column.title for column in sheet.columns]
        assert all(column.help in cell.comment.text for column, cell in zip(sheet.columns, page[1], strict=True))
        offered = {str(each.sqref).split(":")[0][0]: each.formula1 for each in page.data_validations.dataValidation}
        for at, column in enumerate(sheet.columns):
            if column.choices:
                assert offered[chr(65 + at)] == f'"{",".join(column.choices)}"'
    assert [cell.value for cell in book["选项"]["A"]] == list(TOPICS)
    book["村"]["F2"] = "桃源镇"  # the example with one cell changed is a mistake, and a row below it is a row
    book["村"].append(["东村"])
    buffer = BytesIO()
    book.save(buffer)
    with Session(bare.engine) as session:
        plan = check(session, read(buffer.getvalue(), SHEETS), files=bare.files, zone=ZONE, now=NOW)
    assert [(each.sheet, each.row, each.name) for each in plan.entries] == [("村", 3, "东村")]
    assert told(plan) == ["村 第2行「名称」：还是示例里的名字，请改成真的，或整行删掉"]


def run(config: Path, *argv: str) -> int:
    """What ``python -m bot bring …`` does."""
    parser = _parser()
    actions = next(each for each in parser._actions if each.dest != "help")
    if "bring" not in (actions.choices or {}):  # where the command is not in COMMANDS yet, it is tried on its own
        import argparse

        parser = argparse.ArgumentParser()
        cli_bring.add_arguments(parser)
        argv = argv[1:]
    return cli_bring.run(parser.parse_args([*argv, "--config", str(config)]))


def test_the_command_line_makes_checks_and_imports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "config.yaml"
    config.write_text((ROOT / "config.yaml").read_text("utf-8"), "utf-8")
    values = yaml.safe_load(config.read_text("utf-8"))
    values["database"]["url"] = f"sqlite:///{tmp_path / 'town.db'}"
    values["town"]["folder"] = str(ROOT / "data/demo")
    config.write_text(yaml.safe_dump(values, allow_unicode=True), "utf-8")
    out = tmp_path / "new" / "资料.xlsx"
    assert run(config, "bring", "template", "--out", str(out)) == 0
    assert out.is_file()
    filled = tmp_path / "填好.xlsx"
    filled.write_bytes(workbook({"村": [{"名称": "新村", "邻村": "上坪村"}]}))
    engine = open_engine(f"sqlite:///{tmp_path / 'town.db'}")
    assert run(config, "bring", "check", str(filled)) == 0
    assert "什么也没有写" in capsys.readouterr().out
    for words in ("新增 村 第2行 新村", "什么也没有变"):
        assert run(config, "bring", "import", str(filled)) == 0
        assert words in capsys.readouterr().out
    with Session(engine) as session:
        assert session.exec(select(Village.near).where(Village.name == "新村")).one() == ["上坪村"]
        notes = session.exec(select(Audit).order_by(col(Audit.id))).all()
        assert [(each.what, each.who, each.about) for each in notes] == [("导入资料", "命令行", "填好.xlsx")] * 2
        assert notes[0].detail == {"村 新增": 1, "村 改动": 1}
    engine.dispose()
    with pytest.raises(Exception, match=r"打不开"):
        run(config, "bring", "check", str(tmp_path / "没有.xlsx"))


def test_a_plan_is_of_its_book(bare: Bare) -> None:
    """A plan whose faults were taken out by hand is weighed again."""
    plan = bare.check({"宣讲员": [{"姓名": "李明", "村": "不是村"}]})
    with Session(bare.engine) as session, pytest.raises(FaultyBook), session.begin():
        apply(session, replace(plan, faults=()), by=None, now=NOW)
