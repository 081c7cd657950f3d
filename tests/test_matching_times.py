"""When an order could take place: told with reasons, never with a clash."""

from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.clashes import clashes
from data.lunar import is_market_day
from data.matching import propose, times, venue_for
from data.tables import Village
from data.workdays import WorkCalendar
from tests.matching_desk import DAY, MIDNIGHT, RULES, Desk
from tests.town import NOW, ZONE, DemoTown

# ---- when ----------------------------------------------------------------------------------------------------------


def test_with_no_wish_it_is_after_supper_from_the_day_after_tomorrow_on(desk: Desk) -> None:
    assert desk.slots(desk.order("反诈骗", "榕木坳村")) == [("11-22 19:30", "晚饭后"), ("11-23 19:30", "晚饭后")]
    assert desk.slots(desk.order("反诈骗", "榕木坳村", urgent=True))[0] == ("11-21 19:30", "晚饭后")


def test_the_wished_time_comes_first(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW.replace(hour=20, minute=0) + 4 * DAY)
    assert desk.slots(order) == [("11-24 20:00", "点单时说的时间"), ("11-25 19:30", "晚饭后")]


@pytest.mark.parametrize(
    ("hours", "first"),
    [
        ((18, 24), "11-25 19:30"),  # 周三晚上
        ((12, 14), "11-25 12:30"),  # 中午
        ((12, 18), "11-25 15:00"),  # 下午
        ((6, 12), "11-25 09:30"),  # 上午
        ((0, 24), "11-25 19:30"),  # 周三
        ((16, 17), "11-25 16:00"),  # 四点到五点
        ((0, 24 * 5), "11-25 19:30"),
    ],
)
def test_a_wished_part_of_day_takes_a_usual_time_within_it(desk: Desk, hours: tuple[int, int], first: str) -> None:
    day = MIDNIGHT + 5 * DAY
    start, end = (day + timedelta(hours=hour) for hour in hours)
    slots = desk.slots(desk.order("反诈骗", when_start=start, when_end=end))
    assert slots[0] == (first, "点单时说的时间")


def test_after_three_days_means_the_day_and_not_the_second(desk: Desk) -> None:
    order = desk.order("反诈骗", "榕木坳村", when_start=NOW + 3 * DAY + timedelta(seconds=7))
    assert desk.slots(order)[0] == ("11-23 19:30", "点单时说的时间")


def test_after_the_holidays_begins_with_the_first_day(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=MIDNIGHT + 10 * DAY)
    assert desk.slots(order)[0] == ("11-30 19:30", "点单时说的时间")


def test_before_friday_is_not_tonight_if_another_day_will_do(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW, when_end=MIDNIGHT + 3 * DAY)
    assert [at for at, _ in desk.slots(order)] == ["11-21 19:30", "11-22 19:30"]


def test_a_wish_that_is_past_is_no_wish(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW - DAY)
    assert desk.slots(order)[0] == ("11-22 19:30", "晚饭后")


def test_a_wish_in_quiet_hours_is_moved(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW.replace(hour=22, minute=30) + 5 * DAY)
    assert desk.slots(order) == [("11-25 19:30", "晚饭后"), ("11-26 19:30", "晚饭后")]


def test_a_wish_that_clashes_is_moved_to_the_days_after_it(desk: Desk) -> None:
    order = desk.order("反诈骗", when_start=NOW.replace(hour=19, minute=30) + 5 * DAY)
    assert desk.slots(order)[0] == ("11-25 19:30", "点单时说的时间")
    assert desk.slots(order, "覃志刚")[0] == ("11-26 19:30", "晚饭后，老师有空")  # on the 25th he is in 石湾村


def test_where_the_village_has_a_lecture_another_time_is_found(desk: Desk) -> None:
    """In 上坪村 it is the evening of the 23rd."""
    assert desk.slots(desk.order("反诈骗", "上坪村")) == [("11-22 19:30", "晚饭后"), ("11-23 12:30", "中午，避开圩日")]
    evenings = desk.slots(desk.order("反诈骗", "上坪村"), usual_times=(time(19, 30),))
    assert [at for at, _ in evenings] == ["11-22 19:30", "11-24 19:30"]


def test_a_village_that_said_when_it_is_free_is_taken_at_its_word(desk: Desk) -> None:
    village = desk.session.get_one(Village, desk.villages["榕木坳村"])
    village.free = ["周六下午"]
    assert desk.slots(desk.order("反诈骗", "榕木坳村")) == [
        ("11-28 15:00", "下午，村里说有空"),
        ("12-05 15:00", "下午，村里说有空"),
    ]


def test_a_lecturer_s_free_times_are_waited_for(desk: Desk) -> None:
    assert desk.slots(desk.order("土地与宅基地", "榕木坳村"), "莫小燕") == [
        ("11-28 19:30", "晚饭后，老师有空"),
        ("12-05 19:30", "晚饭后，老师有空"),
    ]


def test_a_wish_at_which_the_lecturer_is_not_free_says_so(desk: Desk) -> None:
    order = desk.order("土地与宅基地", when_start=NOW.replace(hour=19, minute=30) + 6 * DAY)
    assert desk.slots(order, "莫小燕")[0] == ("11-26 19:30", "点单时说的时间，老师没说有空，要先问")


def test_no_noon_of_a_market_day(desk: Desk) -> None:
    """Where noon is the habit: the 22nd is a market day."""
    noon = (time(12, 30),)
    assert desk.slots(desk.order("反诈骗", "榕木坳村"), usual_times=noon) == [
        ("11-23 12:30", "中午，避开圩日"),
        ("11-24 12:30", "中午，避开圩日"),
    ]
    assert desk.slots(desk.order("反诈骗", "榕木坳村"), usual_times=noon, market_days=())[0] == ("11-22 12:30", "中午")


def test_in_the_farming_season_only_after_supper(desk: Desk) -> None:
    farming = WorkCalendar(ZONE, busy=(((11, 1), (11, 30)),))
    slots = desk.slots(desk.order("反诈骗", "榕木坳村"), usual_times=(time(12, 30), time(19, 30)), work=farming)
    assert slots == [("11-22 19:30", "农忙，排在晚饭后"), ("11-23 19:30", "农忙，排在晚饭后")]


def test_the_place_that_was_wished_for_else_the_village_s_first(desk: Desk) -> None:
    assert venue_for(desk.session, desk.order(place="大榕树下")) == "大榕树下"
    assert venue_for(desk.session, desk.order()) == "上坪村文化室"
    assert venue_for(desk.session, desk.order(village="")) == ""
    desk.session.get_one(Village, desk.villages["上坪村"]).venues = []
    assert venue_for(desk.session, desk.order()) == ""


@pytest.fixture(scope="module")
def crowded(town_template: DemoTown, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The demo town with lectures on most evenings."""
    copy = town_template.copy(tmp_path_factory.mktemp("crowded") / "town.db")
    with copy.session() as session:
        desk = Desk(session)
        names, villages = list(desk.lecturers), list(desk.villages)
        for number in range(40):
            at = MIDNIGHT + (1 + number % 20) * DAY + timedelta(hours=(19, 12, 9)[number % 3], minutes=30)
            desk.lecture(names[number % 6], at, villages[number % 4])
        yield desk
    copy.engine.dispose()


WISHES = st.tuples(st.integers(-48, 24 * 20), st.one_of(st.none(), st.integers(1, 24 * 10)), st.integers(0, 59))


@settings(deadline=None)
@given(
    wish=st.one_of(st.none(), WISHES),
    village=st.sampled_from(["", "上坪村", "石湾村", "榕木坳村", "沙塘口村"]),
    lecturer=st.sampled_from(["", "黄秀兰", "覃志刚", "梁有田", "莫小燕", "韦春生", "陆金凤"]),
    later=st.integers(0, 24 * 60),
)
def test_no_proposed_time_is_past_quiet_or_taken(
    crowded: Desk, wish: tuple[int, int | None, int] | None, village: str, lecturer: str, later: int
) -> None:
    now = NOW + timedelta(minutes=later)
    start = end = None
    if wish is not None:
        start = MIDNIGHT + timedelta(hours=wish[0], minutes=wish[2])
        end = None if wish[1] is None else start + timedelta(hours=wish[1])
    order = crowded.order("反诈骗", village, when_start=start, when_end=end)
    who = crowded.lecturers[lecturer] if lecturer else None
    slots = times(crowded.session, order, rules=RULES, now=now, lecturer_id=who)
    assert len(slots) == len({slot.starts_at for slot in slots}) == 2  # three weeks hold two evenings
    for slot in slots:
        assert slot.starts_at > now
        assert not RULES.quiet.covers(slot.starts_at)
        assert (
            clashes(
                crowded.session,
                starts_at=slot.starts_at,
                minutes=RULES.lecture_minutes,
                lecturer_id=who,
                venue=venue_for(crowded.session, order),
                village_id=order.village_id,
                rules=RULES,
            )
            == ()
        )
        local = slot.starts_at.astimezone(ZONE)
        if not slot.reason.startswith("点单时说的时间"):
            assert local.time() > time(14, 30) or not is_market_day(local.date(), RULES.market_days)
    proposals = propose(crowded.session, order, rules=RULES, now=now)
    assert len(proposals) == len({each.lecturer_id for each in proposals}) <= 3
    assert all(each.reasons for each in proposals)
