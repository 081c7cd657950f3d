"""Posters of lectures and texts: what is on them, that they go out with an announcement, and 海报 in chat."""

import logging
import struct
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from sqlmodel import Session, col, func, select

from data import lectures, planning, posters
from data.drawing import posters as drawing
from data.drawing.render import png
from data.drawing.styles import STYLES, WIDE
from data.loop import EventKind, Lecture, LectureState
from data.mail import Outbox, OutboxKind, OutboxState
from data.rules import PosterRules
from data.tables import Picture, Room
from tests.poster_town import BOSS, LEAVES, START, given_to, hold, longer_text, pictured, with_posters
from tests.town import NOW, ZONE, DemoTown, Talk


@pytest.fixture
def town(town: DemoTown) -> DemoTown:
    """The demo town with posters, which its other tests do without."""
    return with_posters(town)


KILOBYTES = 1024


def told(session: Session) -> list[tuple[str, str, int | None]]:
    """(room, its kind, picture) of what waits or went, in order."""
    query = select(Room.name, Room.kind, Outbox.picture_id).join(Outbox, col(Outbox.room_id) == col(Room.id))
    rows = session.exec(query.where(Outbox.state != OutboxState.CANCELLED).order_by(col(Outbox.id)))
    return [(name, kind, picture_id) for name, kind, picture_id in rows]


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG")
    wide, high = struct.unpack(">II", png[16:24])
    return wide, high


# ---- what is on them -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 11, 21), "农历十月十三"),
        (date(2026, 2, 17), "农历正月初一"),
        (date(2025, 7, 25), "农历闰六月初一"),
        (date(2025, 6, 25), "农历六月初一"),
        (date(2027, 1, 27), "农历腊月二十"),
        (date(2027, 1, 28), "农历腊月廿一"),
        (date(2026, 2, 16), "农历腊月廿九"),
        (date(2024, 2, 9), "农历腊月三十"),
        (date(2150, 1, 1), ""),
    ],
)
def test_lunar_dates_as_people_say_them(day: date, words: str) -> None:
    assert posters.lunar_words(day) == words


@pytest.mark.parametrize(
    ("hour", "words"),
    [
        (time(19, 30), "晚上7点半"),
        (time(12, 30), "中午12点半"),
        (time(9), "上午9点"),
        (time(8, 5), "早上8点05分"),
        (time(15, 45), "下午3点45分"),
        (time(0), "凌晨0点"),
    ],
)
def test_hours_as_people_say_them(hour: time, words: str) -> None:
    assert posters.hour_words(hour) == words


def test_a_lecture_s_poster_tells_all_that_one_must_know(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = given_to(monkeypatch, "lecture")
    with town.session() as session:
        lecture = hold(session, town.knowledge.rules, seats=40, branches=("石湾村文化室",))
        poster = posters.of_lecture(session, lecture, style="红头", rules=town.knowledge.rules, now=NOW)
    assert seen[-1] == drawing.Lecture(
        what="讲座通知",
        whose="门楼镇",
        title="别信陌生电话",
        day="11月21日 星期六",
        lunar="农历十月十三",
        time="晚上7点半",
        rows=(
            ("主会场", "上坪晒谷场"),
            ("分会场", "石湾村文化室"),
            ("主讲", "覃志刚（派出所民警）"),
            ("语言", "白话"),
            ("位子", "40个"),
            ("直播", ""),
        ),
        how="想来听的在群里说“报名”就行",
        link="https://live.example.cn/8",
        link_words=("来不了，看直播", "长按识别左边的码，", "或用另一台手机扫"),
    )
    assert poster.lost == ""
    assert size_of(png(poster.pages[0], width=WIDE))[0] == 1080


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_light_enough_for_a_group(town: DemoTown, style: str) -> None:
    rules = town.knowledge.rules
    with town.session() as session:
        long = hold(session, rules, title="森林防火和用电安全" * 3, venue="文化室" * 13, branches=("晒谷场" * 10,) * 3)
        snippet = longer_text(session)
        found = [
            posters.of_lecture(session, long, style=style, rules=rules, now=NOW),
            posters.of_text(snippet, style=style, rules=rules),
            posters.of_week(session, date(2026, 11, 16), village_id=None, style=style, rules=rules, now=NOW),
        ]
    pages = [png(page, width=WIDE) for poster in found for page in poster.pages]
    assert len(pages) >= 3
    assert max(map(len, pages)) <= 500 * KILOBYTES


def test_a_week_shows_what_is_still_to_come_and_nobody_s_home(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = given_to(monkeypatch, "programme")
    rules = town.knowledge.rules
    monday, next_monday = date(2026, 11, 16), date(2026, 11, 23)
    midnight = datetime(2026, 11, 23, tzinfo=ZONE)
    with town.session() as session:
        before = session.exec(select(func.count(col(Lecture.id))).where(Lecture.starts_at < midnight)).one()
        hold(session, rules, title="今晚")
        hold(session, rules, title="在家", kind=EventKind.VISIT)
        hold(session, rules, title="下周一零点", starts_at=midnight)
        hold(session, rules, title="屋场", kind=EventKind.COURTYARD, starts_at=midnight - timedelta(minutes=1))
        gone = hold(session, rules, title="取消的")
        gone.state = LectureState.CANCELLED
        past = hold(session, rules, title="讲过的")
        past.starts_at = NOW - timedelta(hours=1)
        session.flush()
        village = gone.village_id
        for start, of_village in ((monday, None), (next_monday, village)):
            posters.of_week(session, start, village_id=of_village, style="素白", rules=rules, now=NOW)
    this, following = seen
    assert isinstance(this, drawing.Programme) and isinstance(following, drawing.Programme)
    titles = [item.title for day in this.days for item in day.items]
    assert {"《今晚》", "屋场会《屋场》"} <= set(titles) and len(titles) == 2 + before
    assert (this.span, this.whose) == ("11月16日—11月22日", "门楼镇")
    assert [day.day for day in this.days] == sorted({day.day for day in this.days})
    assert following.whose == "上坪村" and "《下周一零点》" in [
        each.title for day in following.days for each in day.items
    ]


# ---- with an announcement ------------------------------------------------------------------------------------------


def test_groups_get_the_poster_with_the_words_and_the_lecturer_gets_none(town: DemoTown) -> None:
    with town.session() as session:
        hold(session, town.knowledge.rules)
        rows = told(session)
        shown = {picture_id for _, kind, picture_id in rows if kind != "direct"}
        assert [kind for _, kind, _ in rows] == ["residents", "migrants", "direct"]
        assert rows[2][2] is None
        assert len(shown) == 1 and None not in shown  # one picture for all
        picture = session.get_one(Picture, shown.pop())
        assert (picture.png, picture.name[-4:]) == (b"", ".png")  # a turn does not wait for it to be drawn
        assert size_of(png(picture.svg, width=WIDE))[0] == 1080


def test_a_town_may_want_no_posters_and_homes_are_on_none(town: DemoTown) -> None:
    rules = town.knowledge.rules
    with town.session() as session:
        hold(session, replace(rules, poster=PosterRules()))
        hold(session, rules, kind=EventKind.VISIT)
        rows = told(session)
        assert len(rows) == 6 and all(picture_id is None for _, _, picture_id in rows)


def test_the_words_go_out_where_the_poster_cannot_be_laid_out(
    town: DemoTown, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_given: object, _style: object) -> None:
        raise ValueError("too long for a code")

    monkeypatch.setattr(drawing, "lecture", fails)
    with town.session() as session, caplog.at_level(logging.ERROR):
        hold(session, town.knowledge.rules)
        rows = told(session)
    assert len(rows) == 3 and all(picture_id is None for _, _, picture_id in rows)
    assert "海报画不出来" in caplog.text


def test_what_changes_before_it_left_gets_a_new_poster_and_a_told_change_none(town: DemoTown) -> None:
    rules = town.knowledge.rules
    with town.session() as session:
        lecture = hold(session, rules)
        first = told(session)[0][2]
        given = {"by": None, "now": NOW, "not_before": LEAVES, "rules": rules}
        planning.change(session, lecture, starts_at=START + timedelta(days=1), **given)  # type: ignore[arg-type]
        second = [picture_id for _, kind, picture_id in told(session) if kind != "direct"]
        assert len(second) == 2 and second[0] == second[1] not in (first, None)
        for row in session.exec(select(Outbox).where(Outbox.state == OutboxState.PENDING)):
            row.state = OutboxState.SENT
        session.flush()
        known = len(told(session))
        planning.change(session, lecture, venue="上坪村祠堂", **given)  # type: ignore[arg-type]
        changes = told(session)[known:]
        assert len(changes) == 3 and all(picture_id is None for _, _, picture_id in changes)


def test_the_same_poster_is_kept_once_and_undo_leaves_it(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    for _ in range(2):
        talk.say(BOSS, None, "排课 防骗 覃警官 周六晚上7点半 上坪村 晒谷场 40座")
        said = talk.say(BOSS, None, "确认")
        assert any("排好了" in each for each in said), said
        assert any("撤销" in each for each in talk.say(BOSS, None, "撤销"))
    with town.session() as session:
        pictures = session.exec(select(Picture)).all()
        cancelled = session.exec(select(Outbox).where(Outbox.state == OutboxState.CANCELLED)).all()
        assert len([each for each in pictures if each.name.startswith("poster-")]) == 1
        assert sum(row.picture_id is not None for row in cancelled) == 4


# ---- 海报 in chat --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "caption"),
    [
        ("海报 课1", "课1《"),
        ("海报 课1 红头", "课1《"),
        ("课1 海报 田园", "课1《"),
        ("画海报 1号课", "课1《"),
        ("海报 天冷了，血压怎么管", "课1《"),
        ("海报 《天冷了，血压怎么管》 红头", "课1《"),
        ("海报 11月23日", "课1《"),
        ("海报 下周一", "课1《"),
        ("给课1画张海报", "课1《"),
        ("画个下周的海报", "课表 11月23日—11月29日的海报"),
        ("帮手整张上坪下周嘅海报", "上坪课表 11月23日—11月29日的海报"),
        ("海报 下周 素白", "课表 11月23日—11月29日的海报"),
        ("海报 下周 石湾村", "石湾村课表 11月23日"),
        ("海报 外地看病先备案", "短文“外地看病先备案”的海报"),
        ("海报 外地看病先备案 红头", "短文“外地看病先备案”的海报"),
    ],
)
def test_a_poster_comes_to_the_coordinator_alone(town: DemoTown, words: str, caption: str) -> None:
    said = Talk(town).say(BOSS, None, words)
    assert len(said) == 1 and said[0].startswith(f"[私聊 {BOSS}] {caption}"), said
    (row,) = pictured(town)
    assert row.kind == OutboxKind.REPLY and caption in row.text


def test_a_home_is_on_no_poster_whoever_asks(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        number = hold(session, town.knowledge.rules, kind=EventKind.VISIT, venue="三组李奶奶家").id
    for words in (f"海报 课{number}", f"课{number} 海报 红头"):
        said = Talk(town).say(BOSS, None, words)[-1]
        assert "送学上门" in said and "不画海报" in said
    assert pictured(town) == []


def test_styles_give_different_pictures(town: DemoTown) -> None:
    talk = Talk(town)
    for style in STYLES:
        talk.say(BOSS, None, f"海报 课1 {style}")
    assert len({row.picture_id for row in pictured(town)}) == len(STYLES) == 3


def test_out_of_a_group_it_comes_privately(town: DemoTown) -> None:
    with town.session() as session:
        work = session.exec(select(Room.name).where(Room.kind == "coordinators")).first()
    said = Talk(town).say(BOSS, work, "@小门 海报 课1")
    assert any(each.startswith(f"[私聊 {BOSS}] 课1《") for each in said)
    assert f"[{work}] 海报私聊发给您了。" in said


def test_of_several_on_one_day_it_asks_which(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        for hour in (9, 15):
            day = datetime.combine(date(2026, 11, 28), time(hour), ZONE)
            hold(session, town.knowledge.rules, title=f"{hour}点的课", starts_at=day)
    said = Talk(town).say(BOSS, None, "海报 11月28日")[-1]
    assert "有2节" in said and "《9点的课》" in said and "《15点的课》" in said


def test_a_poster_is_not_drawn_for_a_resident(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("坪顶梁伯", None, "给课1画张海报")
    assert pictured(town) == []
    assert talk.say("坪顶梁伯", None, "帮助 海报") == [
        "[私聊 坪顶梁伯] “海报”是镇里的宣传干事用的。您能用的，发“帮助”看。"
    ]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("海报 课99", "没有课99"),
        ("海报 没有这条短文", "没有叫“没有这条短文”的短文"),
        ("海报 本周 火星村", "没有登记叫“火星村”的村"),
        ("海报", "海报要画什么"),
        ("海报 红头", "海报要画什么"),
        ("海报 课1 花里胡哨", "“花里胡哨”不是海报的样子"),
        ("课1 海报 花里胡哨", "样子有：素白、红头、田园"),
        ("海报 本周 花里胡哨", "“花里胡哨”不是海报的样子"),
        ("海报 今天", "11月20日没有排课"),
    ],
)
def test_what_is_not_there_is_told_kindly(town: DemoTown, words: str, answer: str) -> None:
    said = Talk(town).say(BOSS, None, words)
    assert len(said) == 1 and answer in said[0], said
    assert pictured(town) == []


def test_it_is_the_coordinators_affair(town: DemoTown) -> None:
    talk = Talk(town)
    assert "要镇里的宣传干事来办" in talk.say("坪顶梁伯", None, "海报 课1")[0]
    with town.session() as session:
        group = session.exec(select(Room.name).where(Room.kind == "residents")).first()
    assert talk.say("坪顶梁伯", group, "海报 课1") == []
    assert pictured(town) == []


def test_warnings_come_with_it(town: DemoTown) -> None:
    """That it is cancelled was told twice: by the caption, and in a message of its own."""
    with town.session() as session, session.begin():
        lecture = lectures.find(session, 1)
        lecture.state, lecture.title = LectureState.CANCELLED, "𠮷老师讲防骗"
        snippet = longer_text(session)
        snippet.expires_on = NOW.date() - timedelta(days=1)
        title = snippet.title
    talk = Talk(town)
    said = talk.say(BOSS, None, "海报 课1")
    assert len(said) == 2 and said[1].startswith(f"[私聊 {BOSS}] 海报上画不出“𠮷”")
    assert said[0].endswith("，这节课取消了，海报上写明了“已取消”。")
    old = talk.say(BOSS, None, f"海报 {title}")
    assert all("的海报" in each and "不在有效期里" in each for each in old), "a caption a page, and nothing else"
    with town.session() as session, session.begin():
        held = lectures.find(session, 2)
        held.state, held.starts_at = LectureState.ANNOUNCED, NOW - timedelta(days=1)
    (over,) = talk.say(BOSS, None, "海报 课2")
    assert "已经开始或讲完了" in over


def test_many_lectures_come_as_several_pages(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        for number in range(30):
            hold(session, replace(town.knowledge.rules, poster=PosterRules()), title=f"第{number}讲")
    said = Talk(town, sends=False).say(BOSS, None, "海报 本周")
    pages = [each for each in said if "的海报（" in each]
    assert 4 <= len(pages) <= 6
    assert f"（{len(pages)}/{len(pages)}）" in pages[-1]
    assert len(pictured(town)) == len(pages)
