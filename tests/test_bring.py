"""Bring your own: what becomes of a file's rows, all or nothing, twice the same, and still there after a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func
from sqlmodel import Session, col, select

from bot.settings import LOOP_CRON
from data.bring.errors import FaultyBook, StaleBook
from data.bring.model import Standing
from data.bring.plan import apply, check
from data.broadcast_tables import RoomTag
from data.database import open_engine, upgrade
from data.desk_tables import TopicAlias
from data.loop import EventKind, Lecture, LectureRoom, LectureState, Step, Subject
from data.mail import Outbox
from data.record_tables import Area, LectureCount
from data.tables import Lecturer, LecturerTopic, Room, RoomKind, Topic, Village
from scheduler import JOBS
from scheduler.job import JobContext
from tests.bring_town import ALL, BARE, HISTORY, Bare, Rows, a_book, files_of, told
from tests.town import NOW, ZONE, DemoTown, demo_rules

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
