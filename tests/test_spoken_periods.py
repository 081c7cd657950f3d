"""The period that a coordinator means: in January 12月 is last month's, and 去年四季度 is no place.

2026年第47周 and 2026年11月20日 were once read by the console alone: now one reader serves it, chat and command line.
"""

from datetime import date, timedelta

import pytest
from sqlmodel import select

from data.figures.periods import BadPeriod, PeriodKind
from data.loop import Order, Voice
from handlers.desk.periods import period_in, whole_period
from tests.town import DemoTown, Talk

NOVEMBER, JANUARY = date(2026, 11, 20), date(2027, 1, 20)
MONTH, QUARTER, YEAR = PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.YEAR


@pytest.mark.parametrize(
    ("today", "kind", "words", "key", "rest"),
    [
        (NOVEMBER, QUARTER, "", "2026Q4", ""),
        (date(2027, 1, 8), QUARTER, "", "2026Q4", ""),
        (JANUARY, QUARTER, "", "2027Q1", ""),
        (date(2027, 1, 8), YEAR, "石湾村", "2026", "石湾村"),
        (JANUARY, MONTH, "12月", "2026-12", ""),
        (JANUARY, MONTH, "十二月", "2026-12", ""),
        (JANUARY, MONTH, "1月份", "2027-01", ""),
        (JANUARY, QUARTER, "四季度", "2026Q4", ""),
        (JANUARY, QUARTER, "去年四季度", "2026Q4", ""),
        (JANUARY, QUARTER, "去年的第四个季度 上坪村", "2026Q4", "上坪村"),
        (JANUARY, MONTH, "去年12月", "2026-12", ""),
        (JANUARY, YEAR, "前年", "2025", ""),
        (JANUARY, YEAR, "本年度", "2027", ""),
        (NOVEMBER, QUARTER, "今年一季度", "2026Q1", ""),
        (NOVEMBER, QUARTER, "上坪村2025年3季度", "2025Q3", "上坪村"),
        (NOVEMBER, QUARTER, "上个月", "2026-10", ""),
        (NOVEMBER, MONTH, "上季度", "2026Q3", ""),
        (NOVEMBER, MONTH, "本月", "2026-11", ""),
        (NOVEMBER, QUARTER, "这个季度", "2026Q4", ""),
        (NOVEMBER, QUARTER, "本季度 石湾村", "2026Q4", "石湾村"),
        (NOVEMBER, QUARTER, "上期", "2026Q3", ""),
        (NOVEMBER, YEAR, "上一年", "2025", ""),
        (NOVEMBER, QUARTER, "上半年", "2026H1", ""),
        (NOVEMBER, QUARTER, "去年下半年", "2025H2", ""),
        (NOVEMBER, QUARTER, "2026Q2 上坪村", "2026Q2", "上坪村"),
        (NOVEMBER, QUARTER, "2026-03", "2026-03", ""),
        (NOVEMBER, QUARTER, "2026-03-05", "2026-03-05", ""),
        (NOVEMBER, QUARTER, "2026W47", "2026W47", ""),
        (NOVEMBER, QUARTER, "2026年", "2026", ""),
        (NOVEMBER, QUARTER, "上坪村 2026-11-20", "2026-11-20", "上坪村"),
        (NOVEMBER, QUARTER, "上坪村11月20日", "2026-11-20", "上坪村"),
        (NOVEMBER, QUARTER, "上坪村第四十七周", "2026W47", "上坪村"),
        (NOVEMBER, QUARTER, "上坪村2026Q4", "2026Q4", "上坪村"),
        (NOVEMBER, QUARTER, "石湾村 昨天", "2026-11-19", "石湾村"),
        (date(2026, 11, 16), PeriodKind.WEEK, "", "2026W46", ""),
        (NOVEMBER, PeriodKind.WEEK, "", "2026W47", ""),
        (NOVEMBER, PeriodKind.DAY, "", "2026-11-20", ""),
    ],
)
def test_what_is_meant(today: date, kind: PeriodKind, words: str, key: str, rest: str) -> None:
    period, left = period_in(words, kind, today)
    assert (period.key, left) == (key, rest)


SPOKEN = {
    "2026Q4": "2026Q4", "2026q4": "2026Q4", "2026年第四季度": "2026Q4", "2026年4季度": "2026Q4", "2026年Q4": "2026Q4",
    "四季度": "2026Q4", "第四季度": "2026Q4", "Ｑ４": "2026Q4", "本季度": "2026Q4", "这个季度": "2026Q4",
    "上季度": "2026Q3", "去年四季度": "2025Q4", "上半年": "2026H1", "2026年下半年": "2026H2", "2026H2": "2026H2",
    "上个月": "2026-10", "上上个月": "2026-09", "本月": "2026-11", "11月": "2026-11", "十一月": "2026-11",
    "2026年11月": "2026-11", "２０２６ 年 １１ 月": "2026-11", "2026.11": "2026-11", "2026/3": "2026-03",
    "12月": "2025-12", "去年": "2025", "今年": "2026", "前年": "2024", "2026年度": "2026",
    "上周": "2026W46", "上上周": "2026W45", "本周": "2026W47", "这个星期": "2026W47", "上礼拜": "2026W46",
    "2026年第47周": "2026W47", "2026年47周": "2026W47", "第47周": "2026W47", "第四十七周": "2026W47",
    "2026W47": "2026W47", "去年第3周": "2025W03", "第50周": "2025W50",
    "2026年11月20日": "2026-11-20", "2026年11月20号": "2026-11-20", "11月20日": "2026-11-20",
    "十一月二十日": "2026-11-20", "去年12月31日": "2025-12-31", "2026.11.20": "2026-11-20",
    "2026/11/20": "2026-11-20", "12月31日": "2025-12-31",
    "今天": "2026-11-20", "昨天": "2026-11-19", "昨日": "2026-11-19", "前天": "2026-11-18", "大前天": "2026-11-17",
    "上周三": "2026-11-11", "上个星期天": "2026-11-15", "上上周一": "2026-11-02", "本周一": "2026-11-16",
    "2027年": "2027", "明年": "2027", "明年一季度": "2027Q1", "下个月": "2026-12", "下周": "2026W48",
    "下季度": "2027Q1", "明天": "2026-11-21", "2026年12月": "2026-12", "2026年第50周": "2026W50",
}  # fmt: skip
NONSENSE = (
    "2026年9季度", "13月", "2026-14", "1999年", "月亮", "去年的月亮", "下下年", "看看", "2026年2月30日", "2026W54",
    "第60周", "上周末", "11月第一周", "前三季度", "近三个月", "1-9月",
    "2026年1到9月", "2026-11-202", "26", "<b>", "0", "最近", "十十十月",
)  # fmt: skip
TO_COME = ("2027年", "下个月", "明天", "下周", "2026年12月", "2026年第50周", "2026年12月31日")


@pytest.mark.parametrize(("words", "key"), SPOKEN.items())
def test_every_way_of_typing_it(words: str, key: str) -> None:
    assert whole_period(words, NOVEMBER).key == key
    assert whole_period(whole_period(words, NOVEMBER).label, NOVEMBER).key == key, "as reports print it"


@pytest.mark.parametrize("words", NONSENSE)
def test_what_is_no_period_is_told_with_what_may_be_typed(words: str) -> None:
    with pytest.raises(BadPeriod) as bad:
        whole_period(words, NOVEMBER)
    said = str(bad.value)
    assert words[:20] in said and len(said) <= 120
    offered = said.partition("可以写 ")[2].rstrip("。").split("、")
    assert len(offered) > 5
    assert [each for each in offered if not whole_period(each, NOVEMBER)] == []


def test_all_of_it_is_understood_in_chat(town: DemoTown) -> None:
    talk = Talk(town)
    begun = {words: key for words, key in SPOKEN.items() if whole_period(words, NOVEMBER).first <= NOVEMBER}
    assert len(begun) > 40
    wrong = []
    for words, key in list(begun.items())[::11]:
        talk.now += timedelta(minutes=10)  # nobody asks for so many at once
        head = talk.say("干事小农", None, f"{words}的总结")[0].splitlines()[0]
        wrong += [f"{words}: {head}"] if not head.endswith(whole_period(key, NOVEMBER).label) else []
    assert wrong == []


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("日报", "门楼镇2026年11月20日"),
        ("昨天的日报", "门楼镇2026年11月19日"),
        ("上周三的日报", "门楼镇2026年11月11日"),
        ("石湾村上周日的小结", "石湾村2026年11月15日"),
        ("上周日报", "门楼镇2026年第46周"),
        ("本周一共办了几场", "门楼镇2026年第47周"),
        ("11月18日日报", "门楼镇2026年11月18日"),
        ("上坪村2026年11月18日的日报发我", "上坪村2026年11月18日"),
        ("周报", "门楼镇2026年第47周"),
        ("上周周报", "门楼镇2026年第46周"),
        ("第45周的周报", "门楼镇2026年第45周"),
        ("2026年第45周总结 石湾村", "石湾村2026年第45周"),
        ("季度总结 2026年第45周", "门楼镇2026年第45周"),
        ("昨天办了几场", "门楼镇2026年11月19日"),
        ("月报", "门楼镇2026年11月"),
    ],
)
def test_days_and_weeks_are_reported_in_chat_too(town: DemoTown, words: str, title: str) -> None:
    assert Talk(town).say("干事小农", None, words)[0].splitlines()[0] == f"[私聊 干事小农] {title}"


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("2026年第47周", "2026年第47周"),
        ("2026-11-20", "2026年11月20日"),
        ("2026Q4", "2026年第四季度"),
        ("2026w46", "2026年第46周"),
        ("2026年11月", "2026年11月"),
        ("2026年11月19日", "2026年11月19日"),
        ("上周？", "2026年第46周"),
        ("上半年", "2026年上半年"),
        ("四季度", "2026年第四季度"),
        ("11月", "2026年11月"),
        ("十一月份。", "2026年11月"),
        ("11月20日", "2026年11月20日"),
        ("昨天", "2026年11月19日"),
        ("今天", "2026年11月20日"),
        ("上周三", "2026年11月11日"),
    ],
)
def test_a_period_alone_is_a_wish_for_its_numbers(town: DemoTown, words: str, label: str) -> None:
    """2026年第47周 and 11月20日 were put down as orders for lectures called so, 上半年 as a question to be answered,
    四季度 as the rating of a lecture."""
    talk = Talk(town)
    assert talk.say("干事小农", None, words)[0].splitlines()[0] == f"[私聊 干事小农] 门楼镇{label}"
    assert talk.say("干事小农", "上坪村乡亲群", words) == [], "neighbours talk of last week too"


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("上坪村11月", "上坪村2026年11月"),
        ("11月上坪村", "上坪村2026年11月"),
        ("上坪村 去年", "上坪村2025年"),
        ("石湾村的上半年", "石湾村2026年上半年"),
        ("前三季度", "看不懂时段“前三季度”"),
        ("1-9月", "看不懂时段“1-9月”"),
        ("平山村11月", "没找到地方“平山村”"),
    ],
)
def test_so_it_is_with_a_place_or_where_it_is_none(town: DemoTown, words: str, title: str) -> None:
    """1-9月 was an order for a lecture."""
    said = Talk(town).say("干事小农", None, words)
    assert said[0].splitlines()[0].startswith(f"[私聊 干事小农] {title}")
    with town.session() as session:
        assert not session.exec(select(Voice)).all() and not session.exec(select(Order)).all()


@pytest.mark.parametrize("words", ["明天", "下周", "3号", "最近", "上坪村", "请老师来上坪村11月20日", "11月有课吗"])
def test_other_times_ask_for_no_numbers(town: DemoTown, words: str) -> None:
    assert not [each for each in Talk(town).say("干事小农", None, words) if "门楼镇20" in each or "没找到地方" in each]


@pytest.mark.parametrize(("words", "said"), [("第60周周报", "第60周"), ("2月30日日报", "2月30日")])
def test_a_period_that_is_none_is_told_as_it_was_typed(town: DemoTown, words: str, said: str) -> None:
    """第60周 was answered: 看不懂时段“2026W60”."""
    assert f"看不懂时段“{said}”" in Talk(town).say("干事小农", None, words)[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("下坪村月报", "没找到地方“下坪村”"),
        ("给我下坪村的月报", "没找到地方“下坪村”"),
        ("发下石湾村月报", "石湾村2026年11月"),
        ("发一下石湾村月报", "石湾村2026年11月"),
    ],
)
def test_the_first_word_of_a_name_is_not_taken_away(town: DemoTown, words: str, told: str) -> None:
    """下坪村月报 was answered: 没找到地方“坪村”; 下 was taken for the one of 发下."""
    assert told in Talk(town).say("干事小农", None, words)[0]


@pytest.mark.parametrize("words", TO_COME)
def test_of_what_is_to_come_nothing_is_known_yet(town: DemoTown, words: str) -> None:
    assert "还没有开始" in Talk(town).say("干事小农", None, f"总结 {words}")[0]


@pytest.mark.parametrize(
    "words", ["人民日报登了我们", "今日报名的多不多", "这周报销的钱到了吗", "每日报一次体温", "周报到了几个人"]
)
def test_a_paper_or_a_sign_up_is_no_report(town: DemoTown, words: str) -> None:
    assert "看不懂时段" not in "".join(said := Talk(town).say("干事小农", None, words))
    assert not [each for each in said if "门楼镇2026年" in each]
