"""到场: typed once, by the lecturer or a coordinator; corrected where it was wrong."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from data import steps
from data.loop import Lecture, LectureState, Order, OrderState, Subject
from data.recording import late_words
from handlers.desk.numbers import read_numbers
from tests.town import NOW, ZONE, DemoTown, Talk

AFTER = NOW + timedelta(days=3, hours=6)  # 课1 (黄秀兰, 上坪村) began at 19:30 and is over at 20:30


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("36", (36, None)),
        ("36人", (36, None)),
        ("36 发资料 40", (36, 40)),
        ("36人，发资料40份", (36, 40)),
        ("了36个人 资料40", (36, 40)),
        ("三十六 发资料四十", (36, 40)),
        ("0", (0, None)),
        ("1,200人", (1200, None)),
        ("36。", (36, None)),
        ("36 没发资料", (36, None)),
        ("发资料 40", None),
        ("-5", None),
        ("负5", None),
        ("3.5", None),
        ("5千", None),
        ("一千二", None),
        ("三千人", None),
        ("30-40人", None),
        ("36 发资料 4.5", None),
        ("36 发资料 -3", None),
        ("很多人", None),
        # 一共来了36人 was kept as 1.
        ("一共来了36人", (36, None)),
        ("一共36人，发资料40份", (36, 40)),
        ("第一次来了36人", (36, None)),
        ("第1次来了36人", (36, None)),
        ("12月1日9:30开始，36人", (36, None)),
        ("2个村来了36人", (36, None)),
        ("一个36", (36, None)),
        ("一共来了三十六人", (36, None)),
        ("一个村来了三十六人", (36, None)),
        ("一共三十六", (36, None)),
        ("了十来个", (10, None)),
        ("三十六，都很满意", (36, None)),
        ("三千人，干部36人", None),
        ("照片3张", None),
        ("35到40人", None),
        ("35 至 40人", None),
        ("三十到四十人", None),
        # The papers were dropped without a word.
        ("36人，发了40份资料", (36, 40)),
        ("三十六人 发了四十份材料", (36, 40)),
        ("36 发资料约40", None),
        ("36 发了约40份资料", None),
        ("36 发了40份", None),
        ("36人，每人一份资料", None),
        ("36人，资料1人1份", None),
        ("36人，资料一共40份", None),
        ("36人，资料一共40", None),
        ("36 发资料40 没照片", (36, 40)),
        ("36人资料没发", (36, None)),
    ],
)
def test_numbers_are_read_as_people_type_them(words: str, numbers: tuple[int, int | None] | None) -> None:
    assert read_numbers(words) == numbers


def test_the_lecturer_types_it_once_and_it_was_held_with_its_order(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        session.add(Order(member_id=1, room_id=1, topic_id=1, state=OrderState.SCHEDULED, created_at=NOW, lecture_id=1))
    talk = Talk(town, now=AFTER)
    (said,) = talk.say("卫生院黄医生", None, "到场36人 发资料40份")
    assert "课1《天冷了，血压怎么管》到场36人，发资料40份" in said
    with town.session() as session:
        lecture = session.get_one(Lecture, 1)
        assert (lecture.attended, lecture.handouts, lecture.state) == (36, 40, LectureState.DELIVERED)
        assert session.exec(select(Order.state)).one() == OrderState.DELIVERED


@pytest.mark.parametrize(
    "words", ["课1 到场 一共来了36人，发了40份资料", "到场36人，发了40份资料", "到场36人发40份材料"]
)
def test_what_was_said_around_the_numbers_is_not_counted(town: DemoTown, words: str) -> None:
    """一共来了36人 was one person, and the papers of 发了40份资料 were never told of again."""
    (said,) = Talk(town, now=AFTER).say("卫生院黄医生", None, words)
    assert "到场36人，发资料40份" in said


def test_a_correction_keeps_the_rest_and_is_written_down(town: DemoTown) -> None:
    talk = Talk(town, now=AFTER)
    talk.say("卫生院黄医生", None, "到场 36 发资料 40")
    (said,) = talk.say("干事小农", None, "课1 到场 38")
    assert "到场38人（原来36人），发资料40份" in said
    with town.session() as session:
        trail = [(each.state, each.who, each.reason) for each in steps.trail(session, Subject.LECTURE, 1)]
    assert trail[-2:] == [
        ("counted", "卫生院黄医生", "到场36，发资料40"),
        ("recounted", "干事小农", "到场38，发资料40"),
    ]


def test_before_it_began_there_is_nothing_to_count(town: DemoTown) -> None:
    """It was said: 课111月23日（周一）19:30才开始."""
    talk = Talk(town)
    assert "才开始" in talk.say("卫生院黄医生", None, "到场 36")[0]
    assert "课1要到11月23日（周一）19:30才开始" in talk.say("干事小农", None, "课1 到场 36")[0]
    with town.session() as session:
        assert session.get_one(Lecture, 1).attended is None


def test_a_lecturer_counts_only_their_own(town: DemoTown) -> None:
    talk = Talk(town, now=AFTER)
    assert "课1不是您讲的" in talk.say("覃警官", None, "课1 到场 36")[0]
    with town.session() as session:
        assert session.get_one(Lecture, 1).attended is None


def test_a_resident_is_told_kindly(town: DemoTown) -> None:
    talk = Talk(town, now=AFTER)
    assert "宣传干事" in talk.say("坪顶梁伯", None, "到场 36")[0]
    assert talk.say("坪顶梁伯", "上坪村乡亲群", "到场 36") == []


def test_a_coordinator_with_two_lectures_is_asked_which(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        session.get_one(Lecture, 2).starts_at = AFTER - timedelta(hours=2)
    talk = Talk(town, now=AFTER)
    (said,) = talk.say("干事小农", None, "到场 36")
    assert "课1" in said
    assert "课2" in said
    assert "记下了：课2" in talk.say("干事小农", None, "课2 到场 20")[0]
    assert "记下了：课1" in talk.say("干事小农", None, "到场 36")[0]  # only one is left


@pytest.mark.parametrize(
    "words",
    [
        *(
            "1/2",
            "3/4",
            "1e3",
            "50%",
            "大概几十个",
            "36或37人",
            "36、40",
            "三十六人半",
            "36 发资料 1/2",
            "2*18",
            "36+5",
        ),
        *("男16女20", "大人36 小孩5", "半百", "几百人", "上午20人下午16人", "一个人都没来"),
    ],
)
def test_where_more_is_said_than_was_understood_nothing_is_kept(words: str) -> None:
    """50% was kept as 50 people, 1/2 as one, 几百人 as a hundred, 男16女20 as 16."""
    assert read_numbers(words) is None


@pytest.mark.parametrize(
    "words",
    ["第1次来了36人", "12月1日来了36人", "9:30开始，来了36人", "2个村36人", "36人，照片3张", "36位乡亲，谢谢大家"],
)
def test_numbers_of_other_things_are_passed_over(words: str) -> None:
    assert read_numbers(words) == (36, None)


@pytest.mark.parametrize("words", ["到场 很多", "到场", "到场 9999999", "到场36人，发资料约40", "到场 35到40人"])
def test_what_is_no_number_is_asked_again(town: DemoTown, words: str) -> None:
    talk = Talk(town, now=AFTER)
    (said,) = talk.say("卫生院黄医生", None, words)
    assert "到场 36" in said


def test_a_number_that_is_unusually_large_is_kept_and_doubted_at_once(town: DemoTown) -> None:
    """到场 5000, a slip for 50, was thanked for, and only looked odd at the end of the quarter."""
    talk = Talk(town, now=AFTER)
    (said,) = talk.say("卫生院黄医生", None, "到场 5000人")
    assert "记下了：课1" in said and "到场5000人" in said
    assert "人数特别大" in said and "“课1 到场 36”" in said and "没错就不用管" in said
    with town.session() as session, session.begin():
        lecture = session.get_one(Lecture, 1)
        assert lecture.attended == 5000
        lecture.seats = 30
    assert "比30个座位多一半以上" in talk.say("卫生院黄医生", None, "到场 46")[0]
    assert "份数特别大" in talk.say("卫生院黄医生", None, "到场 30 发资料 3000")[0]
    assert "没错" not in talk.say("卫生院黄医生", None, "到场 45 发资料 40")[0]
    with town.session() as session, session.begin():
        session.get_one(Lecture, 1).branches = ["石湾村"]
    assert "没错" not in talk.say("卫生院黄医生", None, "到场 200")[0], "there was a second place"


@pytest.mark.parametrize("words", ["到场 5 0", "到场 5 0 人", "到场5 0人", "到场 36 发资料 4 0", "到场 36 40"])
def test_a_number_with_a_blank_in_it_is_asked_about(town: DemoTown, words: str) -> None:
    """Typed by voice 到场 5 0 was kept as 5, and nobody had said five."""
    talk = Talk(town, now=AFTER)
    (said,) = talk.say("卫生院黄医生", None, words)
    assert "一个数还是两个数" in said and "到场 36" in said
    with town.session() as session:
        assert session.get_one(Lecture, 1).attended is None


@pytest.mark.parametrize("words", ["到场 30多人", "到场30多人", "到场 大概30人", "到场 约30", "到场 30来人 发资料 40"])
def test_a_guess_is_kept_and_told_as_one(town: DemoTown, words: str) -> None:
    """到场 30多人 was answered 到场30人, as if it had been counted."""
    assert "到场约30人" in Talk(town, now=AFTER).say("卫生院黄医生", None, words)[0]
    with town.session() as session:
        assert session.get_one(Lecture, 1).attended == 30


def test_nobody_came_is_a_number_and_what_is_none_is_not_kept(town: DemoTown) -> None:
    """到场 3.5 was kept as 3, 到场 5千 as 5, 到场 -5 as 5."""
    talk = Talk(town, now=AFTER)
    assert "到场0人" in talk.say("卫生院黄医生", None, "到场 0")[0]
    for words in ("到场 3.5", "到场3.5人", "到场 5千", "到场 -5", "到场-5", "到场 一千二", "到场 36 发资料 4.5"):
        assert "整数" in talk.say("卫生院黄医生", None, words)[0], words
    with town.session() as session:
        assert session.get_one(Lecture, 1).attended == 0


def test_a_number_that_comes_after_the_books_were_closed_is_said_to_be_late(town: DemoTown) -> None:
    """改好了, it said of a lecture of September whose quarter is closed, and the quarter's number stayed as it was."""
    began = datetime(2026, 9, 12, 19, 30, tzinfo=ZONE)
    with town.session() as session, session.begin():
        session.get_one(Lecture, 1).starts_at = began
    talk = Talk(town, now=AFTER)
    late = late_words(began, ZONE, now=AFTER)
    assert "2026年第三季度" in late and "补报" in late
    (first,) = talk.say("干事小农", None, "课1 到场 36 发资料 40")
    (again,) = talk.say("干事小农", None, "课1 到场 99 发资料 10")
    assert late in first and "改好了" in again and late in again
    with town.session() as session, session.begin():
        session.get_one(Lecture, 1).starts_at = NOW
    (in_time,) = talk.say("干事小农", None, "课1 到场 98")
    assert "补报" not in in_time
