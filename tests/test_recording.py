"""补记: what was held is kept, counted in its time or as late, announced to nobody; by hand, by chat, by file."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlmodel import Session, col, select

from data import deeds, recording, steps
from data.figures.areas import whole
from data.figures.counting import count_together
from data.figures.figures import FIGURES
from data.figures.periods import parse
from data.figures.scope import Scope
from data.loop import EventKind, Lecture, LectureState, Step, Subject
from data.mail import Outbox
from data.record_tables import LectureCount
from data.recording import Held, KeptAlready, NotHeldYet
from tests.town import NOW, ZONE, DemoTown, Talk

LAST_NIGHT = datetime(2026, 11, 19, 19, 30, tzinfo=ZONE)
COURTYARD = Held(
    EventKind.COURTYARD, topic_id=1, lecturer_id=1, village_id=1, title="冬季用火", venue="晒谷场",
    starts_at=LAST_NIGHT, attended=35, handouts=40,
)  # fmt: skip
DESK = "干事小农"


def kept(session: Session) -> Lecture:
    return session.exec(select(Lecture).order_by(col(Lecture.id).desc())).first() or pytest.fail("nothing is kept")


def said(session: Session) -> int:
    return len(session.exec(select(Outbox.id)).all())


def test_it_is_put_away_with_its_trail_and_its_numbers_and_nobody_hears_of_it(town: DemoTown) -> None:
    with town.session() as session:
        before = said(session)
        number = recording.record(session, COURTYARD, by=1, now=NOW).id
        session.expire_all()
        lecture = kept(session)
        assert (lecture.id, lecture.state, lecture.attended, lecture.counted_by) == (number, "archived", 35, 1)
        trail = steps.trail(session, Subject.LECTURE, number or 0)
        assert [(each.state, each.reason, each.at) for each in trail] == [
            ("delivered", "补记", NOW),
            ("archived", "补记", NOW),
        ]
        counts = session.exec(select(LectureCount).where(LectureCount.lecture_id == number)).all()
        assert [(each.attended, each.handouts) for each in counts] == [(35, 40)]
        assert said(session) == before


def test_the_clock_has_nothing_to_ask_about_it(town: DemoTown) -> None:
    talk = Talk(town)
    with town.session() as session, session.begin():
        recording.record(session, Held(EventKind.SHOW, 1, 1, 1, "看戏", "戏台", LAST_NIGHT), by=None, now=NOW)
    assert not [line for line in talk.pass_time(days=2) if "看戏" in line]


@pytest.mark.parametrize(
    ("when", "wanted", "wrong"),
    [(NOW + timedelta(minutes=1), NotHeldYet, "还没到"), (LAST_NIGHT, KeptAlready, "已经记着了")],
)
def test_what_is_to_come_or_there_already_is_declined(
    town: DemoTown, when: datetime, wanted: type[Exception], wrong: str
) -> None:
    with town.session() as session:
        recording.record(session, COURTYARD, by=None, now=NOW)
        with pytest.raises(wanted, match=wrong):
            recording.record(session, replace(COURTYARD, starts_at=when, title="另一个名字"), by=None, now=NOW)


def test_it_can_be_undone(town: DemoTown) -> None:
    with town.session() as session:
        before = kept(session).id
        with deeds.recording(session) as recorder:
            recording.record(session, COURTYARD, by=1, now=NOW)
        deeds.keep(session, recorder, member_id=1, what="补记", now=NOW)
        session.flush()
        deeds.undo(session, member_id=1, within=timedelta(minutes=1), now=NOW)
        assert kept(session).id == before
        assert session.exec(select(LectureCount)).all() == []


def counted(session: Session, period: str) -> dict[str, object]:
    """What is not nothing, of a period."""
    scope = Scope(parse(period), whole(session), ZONE, NOW)
    numbers = count_together(session, scope, FIGURES)[None]
    keys = ("courtyards", "attended", "handouts", "late_lectures", "late_counts")
    return {key: numbers[key] for key in keys if numbers.get(key)}


def test_figures_count_it_in_its_time_and_as_late_where_the_books_are_closed(town: DemoTown) -> None:
    with town.session() as session:
        recording.record(session, replace(COURTYARD, starts_at=LAST_NIGHT - timedelta(days=90)), by=None, now=NOW)
        recording.record(session, COURTYARD, by=None, now=NOW)
        assert counted(session, "2026Q4") == {"courtyards": 1, "attended": 35, "handouts": 40}
        assert counted(session, "2026Q3") == {"late_lectures": 1, "late_counts": 1}
    words = partial(recording.late_words, zone=ZONE, now=NOW)
    assert words(LAST_NIGHT) == ""
    assert words(LAST_NIGHT - timedelta(days=90)).startswith("2026年8月、2026年第三季度已经截止，会列在补报里")
    assert "2026年上半年" in words(datetime(2026, 3, 1, tzinfo=ZONE))
    assert words(datetime(2026, 10, 31, 23, 59, tzinfo=ZONE)).startswith("2026年10月已经截止")


def test_many_at_once_are_the_same_as_one_after_another(town: DemoTown) -> None:
    def rows(session: Session) -> list[object]:
        found = [each.model_dump(exclude={"id", "at", "lecture_id", "subject_id"}) for each in (
            kept(session),
            *session.exec(select(Step).order_by(col(Step.id).desc()).limit(2)),
            *session.exec(select(LectureCount)),
        )]  # fmt: skip
        session.rollback()
        return found

    with town.session() as session:
        recording.record(session, COURTYARD, by=1, now=NOW)
        one = rows(session)
        recording.put(session, [COURTYARD], by=1, now=NOW, why=recording.BY_HAND)
        assert rows(session) == one
        recording.put(session, [], by=1, now=NOW, why="导入")


def test_a_coordinator_says_it_in_one_line_and_confirms(town: DemoTown) -> None:
    talk = Talk(town)
    asked = talk.say(DESK, None, "补记 屋场会 反诈骗 覃志刚 昨晚7点半 石湾村 35人 资料40份")
    assert len(asked) == 1
    for words in (
        "补记屋场会《反诈骗》",
        "2026年11月19日（周四）19:30",
        "石湾村",
        "覃志刚",
        "到场35人，发资料40份",
        "不通知任何人",
    ):
        assert words in asked[0], words
    assert "已经截止" not in asked[0]
    (done,) = talk.say(DESK, None, "确认")
    assert "记下了" in done
    with town.session() as session:
        lecture = kept(session)
        assert (lecture.kind, lecture.starts_at, lecture.attended, lecture.handouts, lecture.state) == (
            EventKind.COURTYARD, LAST_NIGHT, 35, 40, LectureState.ARCHIVED,
        )  # fmt: skip
    assert "已经记着了" in talk.say(DESK, None, "补记 屋场会 反诈骗 覃志刚 昨晚7点半 石湾村 36人")[0]
    assert "已撤销" in talk.say(DESK, None, "撤销")[0]
    with town.session() as session:
        assert kept(session).kind is not EventKind.COURTYARD


@pytest.mark.parametrize(
    ("words", "when"),
    [
        ("11月18日晚上8点", "2026年11月18日（周三）20:00"),
        ("9月3日上午9点", "2026年9月3日（周四）09:00"),
        ("周三晚上7点", "2026年11月18日（周三）19:00"),
        ("18号晚上7点", "2026年11月18日（周三）19:00"),
        ("昨晚", "18:00（没说几点，先这样记）"),
    ],
)
def test_a_day_without_its_year_is_the_one_that_was(town: DemoTown, words: str, when: str) -> None:
    (asked,) = Talk(town).say(DESK, None, f"补记 培训 反诈骗 覃志刚 {words} 石湾村")
    assert when in asked
    assert ("已经截止" in asked) == ("9月3日" in asked)


def test_what_is_missing_is_named_and_nobody_else_may(town: DemoTown) -> None:
    talk = Talk(town)
    (asked,) = talk.say(DESK, None, "补记 屋场会 石湾村 昨天 反诈骗 35人")
    assert "宣讲员" in asked
    assert "哪天几点" in asked
    assert "宣传干事来办" in talk.say("坪顶梁伯", None, "补记 屋场会 反诈骗 覃志刚 昨晚7点半 石湾村")[0]
    assert "还没到" in talk.say(DESK, None, "补记 讲座 反诈骗 覃志刚 明天晚上7点半 石湾村")[0]
    talk.say(DESK, None, "补记 讲座 反诈骗 覃志刚 昨晚7点半 石湾村")
    assert "没有记" in talk.say(DESK, None, "取消")[0]


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("石弯村", "没有“石弯村”，是不是石湾村？"),
        ("石弯", "没有“石弯”，是不是石湾村？"),
        ("在石弯村晒谷场", "没有“石弯村”，是不是石湾村？"),
        ("下坪村老榕树下", "没有“下坪村”，是不是上坪村？"),
        ("甲乙村", "没有“甲乙村”，登记了的有上坪村、石湾村、"),
        ("", "还缺：哪个村。"),
        ("农村", "还缺：哪个村。"),
    ],
)
def test_a_village_that_nobody_knows_is_told_with_those_that_may_be_meant(
    town: DemoTown, where: str, told: str
) -> None:
    """It asked for the village, which had been said."""
    for words in ("补记 屋场会 反诈骗 覃志刚 昨晚7点半", "排课 反诈骗 覃志刚 后天晚上7点半"):
        (said,) = Talk(town).say(DESK, None, f"{words} {where}")
        assert "还缺：哪个村" in said and told in said, words


@pytest.mark.parametrize("words", ["35人，发了40份资料", "来了35个人 发资料40", "三十五人 派了四十份材料"])
def test_the_papers_are_read_as_people_say_them(town: DemoTown, words: str) -> None:
    """发了40份资料 was not heard: only 资料40份 was."""
    (asked,) = Talk(town).say(DESK, None, f"补记 屋场会 反诈骗 覃志刚 昨晚7点半 石湾村 {words}")
    assert "到场35人，发资料40份" in asked


def test_a_number_that_is_unusually_large_is_shown_as_one_before_it_is_kept(town: DemoTown) -> None:
    talk = Talk(town)
    (asked,) = talk.say(DESK, None, "补记 屋场会 反诈骗 覃志刚 昨晚7点半 石湾村 5,000人")
    assert "到场5000人" in asked and "到场的人数特别大，请核对一下" in asked and "回“确认”记下" in asked
    assert "记下了" in talk.say(DESK, None, "确认")[0]
    with town.session() as session:
        assert kept(session).attended == 5000


@pytest.mark.parametrize(
    "words",
    [
        "-35人", "3.5人", "3千人", "三千人", "30-40人", "35人 资料4.5份", "到场-3", "3 5人",
        "35到40人", "35至40人", "35~40人", "35 到 40人", "三十到四十人", "来了35到40人", "一千三百五十人",
        "35人 发资料约40", "35人 发了约40份资料", "35人 发了40份", "35人 资料35到40份",
    ],
)  # fmt: skip
def test_a_number_that_is_not_whole_is_asked_again(town: DemoTown, words: str) -> None:
    """3.5人 was kept as 5 people, 35到40人 as 40, and 发资料约40 not at all."""
    (said,) = Talk(town).say(DESK, None, f"补记 屋场会 反诈骗 覃志刚 昨晚7点半 石湾村 {words}")
    assert "没看懂" in said and "整数" in said
