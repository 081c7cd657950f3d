"""Free times in people's own words: what they cover, and that nothing is guessed at."""

from datetime import datetime

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from data.freetimes import covers, parse_free
from data.townfile import read_town
from data.workdays import WorkCalendar
from tests.town import ROOT, ZONE

MARKET = (1, 4, 7)
TOWN = WorkCalendar(ZONE, busy=(((7, 10), (8, 5)),))
# A week of November 2026; the 20th is the 12th of the tenth lunar month, so the 19th and 22nd are market days.
DAYS = {"周四": 19, "周五": 20, "周六": 21, "周日": 22, "周一": 23, "周二": 24, "周三": 25}


def at(words: str) -> datetime:
    """周五 19:30, of that week; or a whole date."""
    day, clock = words.split()
    hour, minute = map(int, clock.split(":"))
    if day in DAYS:
        return datetime(2026, 11, DAYS[day], hour, minute, tzinfo=ZONE)
    year, month, number = map(int, day.split("-"))
    return datetime(year, month, number, hour, minute, tzinfo=ZONE)


@pytest.mark.parametrize(
    ("words", "yes", "no"),
    [
        ("每天晚上", "周五 19:30", "周五 12:30"),
        ("每晚", "周日 20:00", "周日 15:00"),
        ("平日中午", "周五 12:30", "周六 12:30"),
        ("平日中午", "周一 12:30", "2026-10-05 12:30"),  # a Monday, but of the holiday week
        ("周六全天", "周六 9:00", "周日 9:00"),
        ("周日下午", "周日 15:00", "周日 19:30"),
        ("周三晚上", "周三 19:30", "周四 19:30"),
        ("星期三晚", "周三 19:30", "周四 19:30"),
        ("礼拜天", "周日 9:30", "周六 9:30"),
        ("圩日上午", "周日 9:30", "周六 9:30"),
        ("赶圩天", "周四 9:30", "周五 9:30"),
        ("非圩日中午", "周六 12:30", "周日 12:30"),
        ("周末", "周六 19:30", "周五 19:30"),
        ("周六日", "周日 9:30", "周一 9:30"),
        ("节假日", "2026-10-05 9:30", "周五 9:30"),
        ("农闲", "2026-08-06 19:30", "2026-07-15 19:30"),
        ("农忙时晚上", "2026-07-15 19:30", "2026-08-06 19:30"),
        ("暑假白天", "2026-07-15 9:30", "2026-09-15 9:30"),
        ("周一到周五晚上", "周五 19:30", "周六 19:30"),
        ("周五至周一", "周一 9:30", "周二 9:30"),
        ("周一三五晚上", "周三 19:30", "周四 19:30"),
        ("周三、周五晚上", "周五 19:30", "周四 19:30"),
        ("周三晚上，周六全天", "周六 9:30", "周三 9:30"),
        ("晚上或周末", "周六 9:30", "周五 9:30"),
        ("中午、晚饭后", "周五 12:30", "周五 17:30"),
        ("晚上7点以后", "周五 19:00", "周五 18:30"),
        ("七点半后", "周五 19:30", "周五 19:00"),
        ("每天晚上7点半到9点", "周五 20:30", "周五 21:00"),
        ("19:30以后", "周五 19:30", "周五 19:29"),
        ("上午9点到11点", "周五 10:59", "周五 11:00"),
        ("12点到2点", "周五 13:30", "周五 14:00"),
        ("晚上9点前", "周五 20:30", "周五 21:00"),
        ("除了周三都行", "周四 9:30", "周三 19:30"),
        ("除圩日外每天晚上", "周六 19:30", "周日 19:30"),
        ("除周三、周五外晚上有空", "周四 19:30", "周五 19:30"),
        ("晚上都行，周三除外", "周四 19:30", "周三 19:30"),
        ("周三没空", "周四 19:30", "周三 19:30"),
        ("工作日下班后", "周五 18:30", "周五 17:00"),
        ("村里晚饭后比较得闲", "周五 19:30", "周五 15:00"),
    ],
)
def test_what_free_times_cover(words: str, yes: str, no: str) -> None:
    assert parse_free(words) is not None
    assert covers([words], at(yes), MARKET, TOWN) is True
    assert covers([words], at(no), MARKET, TOWN) is False


@pytest.mark.parametrize("words", ["随时", "每天", "都可以", "都行", "随叫随到", "什么时候都行", "天天"])
def test_who_is_always_free(words: str) -> None:
    assert covers([words], at("周五 9:30"), MARKET) is True
    assert covers([words], at("周日 19:30"), MARKET) is True


@pytest.mark.parametrize(
    "words",
    [
        "",
        "看情况",
        "提前一天打电话",
        "每月15号",
        "中午不行",
        "5月份",
        "25点",
        "有空再说",
        "到",
        "以后",
        "周八晚上",
        "，",
    ],
)
def test_what_cannot_be_read_is_not_guessed_at(words: str) -> None:
    assert parse_free(words) is None
    assert covers([words], at("周五 19:30"), MARKET) is None


def test_one_of_several_lines_is_enough_and_unreadable_ones_do_not_count() -> None:
    lines = ["看情况", "周三晚上", "周六全天"]
    assert covers(lines, at("周六 9:30"), MARKET) is True
    assert covers(lines, at("周五 19:30"), MARKET) is False
    assert covers([], at("周五 19:30"), MARKET) is None


def test_the_slack_months_are_the_usual_ones_where_the_town_named_no_season() -> None:
    assert covers(["农闲"], at("2026-01-15 19:30"), MARKET, WorkCalendar(ZONE)) is True
    assert covers(["农闲"], at("2026-05-15 19:30"), MARKET) is False


def test_a_town_with_no_market_has_no_market_days() -> None:
    assert covers(["圩日上午"], at("周日 9:30"), ()) is False


def test_all_that_the_demo_town_says_can_be_read() -> None:
    topics = tuple(yaml.safe_load((ROOT / "data/lexicon/topics.yaml").read_text("utf-8")))
    town = read_town(ROOT / "data/demo", topics=topics).town
    words = [free for lecturer in town.lecturers for free in lecturer.free]
    words += [free for village in town.villages for free in village.free]
    assert len(words) > 8
    assert [each for each in words if parse_free(each) is None] == []


PIECES = (
    *("每天", "周三", "周六日", "周一到周五", "平日", "圩日", "农闲", "除了", "以外", "晚上", "中午", "全天", "7点"),
    *("19:30", "到", "以后", "前", "、", "，", "和", "都行", "没空", "随便"),
)


@given(
    st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1))
)
def test_whatever_is_said_is_read_or_left_alone(words: str, moment: datetime) -> None:
    answer = covers([words], moment.replace(tzinfo=ZONE), MARKET, TOWN)
    assert (answer is None) == (parse_free(words) is None)
