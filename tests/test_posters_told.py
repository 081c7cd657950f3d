"""What a poster says of a lecture that is over, cancelled, full or far away; what is told where it lacks something."""

import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import select

from data import posters, signups
from data.drawing import posters as drawing
from data.loop import EventKind, Lecture, LectureState
from data.mail import OutboxKind
from data.rules import PosterRules
from data.tables import Member
from tests.poster_town import BOSS, START, given_to, hold, longer_text, pictured, with_posters
from tests.town import NOW, ROOT, ZONE, DemoTown, Talk


@pytest.fixture
def town(town: DemoTown) -> DemoTown:
    return with_posters(town)


# ---- where it stands -----------------------------------------------------------------------------------------------


def drawn_of(town: DemoTown, monkeypatch: pytest.MonkeyPatch, now: datetime, **other: object) -> drawing.Lecture:
    """What the poster of a lecture of `START` tells at a moment."""
    seen = given_to(monkeypatch, "lecture")
    with town.session() as session:
        lecture = hold(session, town.knowledge.rules, seats=2, **other)
        posters.of_lecture(session, lecture, style="素白", rules=town.knowledge.rules, now=now)
    given = seen[-1]
    assert isinstance(given, drawing.Lecture)
    return given


@pytest.mark.parametrize(
    ("after", "what", "how", "live"),
    [
        (-1, "讲座通知", "想来听的在群里说“报名”就行", True),
        (10, "讲座通知", "这场讲座已经开始了", True),
        (600, "讲座回顾", "这场讲座已讲过", False),
    ],
)
def test_a_past_lecture_asks_nobody_to_sign_up(
    town: DemoTown, monkeypatch: pytest.MonkeyPatch, after: int, what: str, how: str, live: bool
) -> None:
    """The poster of a lecture of last week once told people to sign up for it; only the caption warned."""
    given = drawn_of(town, monkeypatch, START + timedelta(minutes=after))
    assert (given.what, given.how, bool(given.link)) == (what, how, live)
    assert ("位子", "2个") in given.rows or after > 0


def test_a_gathering_was_held_not_lectured(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    given = drawn_of(town, monkeypatch, START + timedelta(days=1), kind=EventKind.COURTYARD)
    assert given.how == "这场屋场会已办过"


def test_a_cancelled_lecture_s_poster_says_so(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = given_to(monkeypatch, "lecture")
    with town.session() as session:
        lecture = hold(session, town.knowledge.rules, seats=2)
        lecture.state = LectureState.CANCELLED
        posters.of_lecture(session, lecture, style="红头", rules=town.knowledge.rules, now=NOW)
    given = seen[-1]
    assert isinstance(given, drawing.Lecture)
    assert (given.what, given.how, given.link) == ("讲座取消", "这场讲座已取消，不用跑一趟", "")
    assert "位子" not in [label for label, words in given.rows if words]


def test_a_full_lecture_offers_the_waiting_list(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full lecture's poster once invited everybody as if there were seats."""
    rules = town.knowledge.rules
    lectures_seen, weeks_seen = given_to(monkeypatch, "lecture"), given_to(monkeypatch, "programme")
    with town.session() as session:
        lecture = hold(session, rules, seats=2)
        member_id = session.exec(select(Member.id)).first() or 0
        signups.sign_up(session, lecture, member_id=member_id, people=2, now=NOW, rules=rules)
        posters.of_lecture(session, lecture, style="素白", rules=rules, now=NOW)
        posters.of_week(session, date(2026, 11, 16), village_id=None, style="素白", rules=rules, now=NOW)
    given, week = lectures_seen[-1], weeks_seen[-1]
    assert isinstance(given, drawing.Lecture) and isinstance(week, drawing.Programme)
    assert given.how == "名额已满，在群里说“报名”可以候补"
    assert ("位子", "2个，已报满") in given.rows
    assert "名额已满，可以候补" in week.days[0].items[-1].lines


def test_another_year_is_named(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lecture of next January once looked like one of last January."""
    given = drawn_of(town, monkeypatch, NOW, starts_at=datetime(2027, 1, 28, 9, tzinfo=ZONE))
    assert (given.day, given.lunar) == ("2027年1月28日 星期四", "农历腊月廿一")
    rules, seen = town.knowledge.rules, given_to(monkeypatch, "programme")
    with town.session() as session:
        for starts_at in (datetime(2026, 12, 31, 9, tzinfo=ZONE), datetime(2027, 1, 4, 9, tzinfo=ZONE)):
            hold(session, rules, starts_at=starts_at)
        for monday in (date(2026, 12, 28), date(2027, 1, 4)):
            posters.of_week(session, monday, village_id=None, style="素白", rules=rules, now=NOW)
    assert [each.span for each in seen if isinstance(each, drawing.Programme)] == [
        "12月28日—2027年1月3日",
        "2027年1月4日—1月10日",
    ]


def test_whoever_plans_for_another_year_is_told_which(town: DemoTown) -> None:
    """A lecture of 2027-03-05 was shown, and 排好了 said, as of 3月5日; only its poster named the year."""
    talk = Talk(town, sends=False)
    said = talk.say(BOSS, None, "排课 防骗 覃警官 2027年3月5日晚上7点半 上坪村 晒谷场 40座")
    assert said[0].startswith(f"[私聊 {BOSS}] 请留意：是2027年。\n将发到")
    assert any("，2027年3月5日（周五）19:30。" in each for each in talk.say(BOSS, None, "确认"))
    assert "请留意：是2027年" in talk.say(BOSS, None, "课1 改期 2027年3月8日晚上7点半")[0]
    talk.say(BOSS, None, "取消")
    assert "请留意" not in talk.say(BOSS, None, "课1 改期 11月25日晚上7点半")[0]


# ---- words that stay whole -----------------------------------------------------------------------------------------


def test_a_bot_that_runs_breaks_titles_between_words(town: DemoTown) -> None:
    """A poster's title once ended a line within a word, for only the bot's understanding knew what a word is."""
    cut = town.knowledge.rules.poster.cut
    assert cut is not None
    words = cut("冬季森林防火和用电安全知识讲座，请老师讲")
    assert "".join(words) == "冬季森林防火和用电安全知识讲座，请老师讲"
    assert {"冬季", "知识", "讲座"} <= set(words) and max(map(len, words)) <= 4


def test_drawing_does_not_read_the_dictionary() -> None:
    """Lines are broken in the turn, where the dictionary is read already: 0.3 s that no picture has to wait for."""
    told = "import sys, data.drawing.render; print('jieba' in sys.modules, 'handlers' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert said.split() == ["False", "False"]


# ---- weeks with nothing in them ------------------------------------------------------------------------------------


def test_a_week_with_nothing_left_is_not_drawn_but_told(town: DemoTown) -> None:
    """海报 本周 once gave a picture that said that there was nothing on it."""
    talk = Talk(town)
    assert talk.say(BOSS, None, "海报 本周") == [
        f"[私聊 {BOSS}] 本周没有要讲的课了，海报没画。下周有2节，发“海报 下周”就画。"
    ]
    assert talk.say(BOSS, None, "海报 本周 石湾村") == [
        f"[私聊 {BOSS}] 石湾村本周没有要讲的课了，海报没画。下周有1节，发“海报 下周 石湾村”就画。"
    ]
    with town.session() as session, session.begin():
        for each in session.exec(select(Lecture)):
            each.starts_at = datetime(2027, 1, 28, 9, tzinfo=ZONE)
    assert "下周还没有排课，海报没画。最近的一节是2027年1月28日的课1《" in talk.say(BOSS, None, "海报 下周")[-1]
    assert "发“海报 课1”画那一节。" in talk.say(BOSS, None, "海报 下下周")[-1]
    with town.session() as session, session.begin():
        hold(session, town.knowledge.rules)
    assert "下周还没有排课，海报没画。本周有1节，发“海报 本周”就画。" in talk.say(BOSS, None, "海报 下周")[-1]
    with town.session() as session, session.begin():
        for each in session.exec(select(Lecture)):
            each.state = LectureState.CANCELLED
    assert "后面也还没排" in talk.say(BOSS, None, "海报 本周")[-1]
    assert all(each.kind is not OutboxKind.REPLY for each in pictured(town))


def test_what_is_left_of_this_week_is_drawn(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        hold(session, replace(town.knowledge.rules, poster=PosterRules()))
    talk = Talk(town, sends=False)
    assert any("课表 11月16日—11月22日的海报" in each for each in talk.say(BOSS, None, "海报 本周"))


# ---- addresses that are too long for a code ------------------------------------------------------------------------

LONG = "https://live.example.cn/" + "a" * 300
TOLD = "直播网址太长（超过300个字符），手机扫不出，海报上没画二维码。换成短链接就能画了。"


def test_whoever_makes_a_poster_hears_why_it_has_no_code(town: DemoTown, monkeypatch: pytest.MonkeyPatch) -> None:
    """A live link of more than 300 characters once gave a poster without a code, and nobody was told."""
    given = drawn_of(town, monkeypatch, NOW, live_url=LONG)
    assert ("直播", "有，网址看群里的通知") in given.rows
    with town.session() as session, session.begin():
        number = hold(session, town.knowledge.rules, live_url=LONG).id
        snippet = longer_text(session)
        snippet.link, title = LONG, snippet.title
    talk = Talk(town, sends=False)
    assert any(TOLD in each for each in talk.say(BOSS, None, f"海报 课{number}"))
    assert any(TOLD.replace("直播", "原文") in each for each in talk.say(BOSS, None, f"海报 {title}"))
    assert not any("太长" in each for each in talk.say(BOSS, None, "海报 课1"))


def test_it_is_said_before_a_lecture_is_announced_or_changed(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    said = talk.say(BOSS, None, f"排课 防骗 覃警官 周六晚上7点半 上坪村 晒谷场 40座 {LONG}")
    assert any(TOLD in each for each in said), said
    talk.say(BOSS, None, "取消")
    assert any(TOLD in each for each in talk.say(BOSS, None, f"课1 直播 {LONG}"))
    talk.say(BOSS, None, "取消")
    assert not any("太长" in each for each in talk.say(BOSS, None, "课1 直播 https://live.example.cn/1"))
