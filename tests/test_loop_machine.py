"""The loop under dice: random people wish, dispatch, accept, decline, sign up and leave while time jumps and the
process restarts; after each step what must hold is looked at (`tests.loop_world`).

    MENLOU_EXAMPLES=500 pytest tests/test_loop_machine.py    # a longer game; the dice are thrown anew each time
"""

import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from data.loop import LectureState, OrderState
from data.progress import ALIVE, OPEN
from tests import loop_world as must
from tests.loop_world import World
from tests.town import DemoTown

T = TypeVar("T")
EXAMPLES = int(os.environ.get("MENLOU_EXAMPLES", "0"))
# After ten games Hypothesis only varies what it had: a few short series, each with dice of its own, go further.
BATCHES, BATCH, STEPS = 3, 8, 50
HOME = {
    "坪顶梁伯": "上坪村乡亲群",
    "三婶唐桂英": "上坪村乡亲群",
    "阿辉（东莞厚街）": "上坪在外乡亲群",
    "渡口陈姨": "石湾村大家庭",
    "陆公": "石湾村大家庭",
    "何记沙糖桔": "榕木坳村民群",
    "客家三姑": "榕木坳村民群",
}
LECTURERS = ("黄秀兰", "覃志刚", "梁有田", "莫小燕", "韦春生", "陆金凤")
SPEAKS = {
    "黄秀兰": "卫生院黄医生",
    "覃志刚": "覃警官",
    "梁有田": "农技站老梁",
    "莫小燕": "莫律师",
    "韦春生": "韦老师（退休）",
}  # and 陆金凤, whom the bot cannot reach
PEOPLE = st.sampled_from([*HOME])
DESKS = ("宣传委员周竹蓉", "干事小农")
DESK = st.sampled_from(DESKS)
RATING = st.sampled_from(["5分 讲得好", "听不懂普通话", "还想听养蜂", "3分"])
SIGNING = st.sampled_from(["坪顶梁伯", "三婶唐桂英", "阿辉（东莞厚街）", "卫生院黄医生", "宣传委员周竹蓉", "干事小农"])
PICK = st.integers(0, 5)
WISH = st.sampled_from(
    [
        *("点课 反诈骗", "点课 低保", "点课 养蜂 周六晚上", "点课 健康 后天中午", "点课 高血压"),
        *("请覃志刚来讲反诈骗", "我想听砂糖桔怎么防黄龙病", "我想听养老金怎么领，下周"),
    ]
)
READY = (OrderState.RECEIVED, OrderState.REVIEWED)
# What a coordinator says of an order, and of which orders mostly; {} is another order's number.
DESK_WORDS = {
    "通过": (OrderState.RECEIVED,),
    "驳回 老师排不开": OPEN,
    "加急": OPEN,
    "": OPEN,
    "合并 {}号": OPEN,
    "并到 {}号": OPEN,
    "1": READY,
    "2": READY,
    **{f"派 {name}": READY for name in LECTURERS},
    "派 韦春生 后天晚上7点半": READY,
    "抢单 覃志刚 韦春生": READY,
    "抢单 梁有田 黄秀兰 陆金凤": READY,
    "收回 改派别人": (OrderState.DISPATCHED,),
    "同意": (OrderState.DISPATCHED,),
    "已接": (OrderState.DISPATCHED,),
    "不接 出差": (OrderState.DISPATCHED,),
}
ANSWER = st.sampled_from(["接单", "接单", "接单", "不接 那天有事", "改到周日晚上", "改到大后天中午"])
# What a coordinator says of a lecture, and of which.
LECTURE_WORDS = {
    **{f"座位 {seats}": LectureState.ANNOUNCED for seats in ("2", "3", "5", "8", "不限")},
    "改期 周日晚上7点半": LectureState.ANNOUNCED,
    "改地点 晒谷场": LectureState.ANNOUNCED,
    "换人 韦春生": LectureState.ANNOUNCED,
    "取消 台风要来": LectureState.ANNOUNCED,
    "到场 36 发资料 40": LectureState.DELIVERED,
}
SIGN_UP = st.sampled_from(
    [
        *("报名", "报名2人", "报名3人", "报名4人", "帮我妈报名", "改成2人", "改成1人"),
        *("取消报名", "取消报名", "帮我妈取消报名", "我不去了"),
    ]
)
LINE = st.sampled_from(["梁伯", "唐桂英 2人", "阿辉", "小农 3人", "小农", "黄医生"])
CROWDED = "上坪村乡亲群"  # where the demo town announced a lecture with seats


def several(one: st.SearchStrategy[T], most: int = 3) -> st.SearchStrategy[list[T]]:
    return st.lists(one, min_size=1, max_size=most)


# What may happen, and with what. It is one rule for Hypothesis: of several it would switch half off in each game, and a
# loop without coordinators, or without time, goes nowhere.
EVENTS: dict[str, tuple[st.SearchStrategy[Any], ...]] = {
    "people_wish": (several(st.tuples(PEOPLE, WISH, st.booleans())),),
    "an_order_is_withdrawn": (PEOPLE, PICK),
    "coordinators_work": (several(st.tuples(DESK, st.sampled_from([*DESK_WORDS]), PICK), most=5),),
    "lecturers_answer": (several(st.tuples(PICK, ANSWER)),),
    "an_order_goes_its_way": (
        *(PEOPLE, st.sampled_from([*SPEAKS]), DESK, st.sampled_from(["养老", "防火"])),
        *(st.one_of(st.just("接单"), ANSWER), st.booleans()),
    ),
    "lectures_are_tended": (several(st.tuples(DESK, st.sampled_from([*LECTURE_WORDS]), PICK)),),
    "lectures_are_rated": (several(st.tuples(PEOPLE, PICK, RATING)),),
    "people_sign_up": (several(st.tuples(SIGNING, SIGN_UP, st.booleans()), most=5),),
    "questions_are_answered": (several(st.tuples(PICK, st.sampled_from(["要", "候补", "不要", "是"]))),),
    "a_list_is_posted": (SIGNING, st.lists(LINE, min_size=1, max_size=6, unique=True)),
    "time_jumps": (st.sampled_from([1, 2, 6, 12, 24, 72, 480]),),
    "something_else": (st.sampled_from(["restart", "replay", "online", "offline", *DESKS]),),
}


class Loop(RuleBasedStateMachine):
    """One town, and all that may happen in it. ``reached`` counts, over all games, the states that were seen."""

    template: ClassVar[DemoTown]
    reached: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(self.template, Path(self.folder.name) / "town.db")
        self.seen: set[str] = set()

    def teardown(self) -> None:
        type(self).reached.update({*self.seen, *self.world.reached()})
        self.world.town.engine.dispose()
        self.folder.cleanup()

    @initialize(seats=st.sampled_from([2, 3, 5]))
    def few_seats(self, seats: int) -> None:
        self.world.unreachable("陆金凤")
        self.world.seats(self.world.lectures(LectureState.ANNOUNCED)[-1], seats)

    def desk(self, who: str, text: str) -> None:
        """A coordinator's command in a direct chat, with 确认 where the bot shows first what it would do."""
        self.world.say(who, None, text)
        if (who, None) in self.world.asked():
            self.world.say(who, None, "确认")

    def order(self, pick: int, *states: OrderState) -> int:
        """One of the orders in these states, the newest more often; else one of any state, else none that there is."""
        numbers = self.world.orders(*states) or self.world.orders() or [99]
        return numbers[pick % len(numbers)]

    @rule(event=st.one_of([st.tuples(st.just(name), *about) for name, about in EVENTS.items()]))
    def happens(self, event: tuple[Any, ...]) -> None:
        what, *about = event
        getattr(self, what)(*about)

    # ---- orders ----------------------------------------------------------------------------------------------------

    def people_wish(self, wishes: list[tuple[str, str, bool]]) -> None:
        for who, text, alone in wishes:
            self.world.say(who, None if alone else HOME[who], text)

    def an_order_is_withdrawn(self, who: str, pick: int) -> None:
        number = self.order(pick, *ALIVE)
        self.world.say(self.world.asker(number) or who, None, f"撤单 {number}号")

    def coordinators_work(self, deeds: list[tuple[str, str, int]]) -> None:
        for who, words, pick in deeds:
            number, other = self.order(pick, *DESK_WORDS[words]), self.order(pick + 1, *OPEN)
            self.desk(who, f"{number}号 {words.format(other)}".strip())

    def lecturers_answer(self, answers: list[tuple[int, str]]) -> None:
        for pick, words in answers:
            offers = self.world.offers() or [(99, "覃警官")]
            number, who = offers[pick % len(offers)]
            self.world.say(who, None, f"{number}号 {words}")

    def an_order_goes_its_way(self, who: str, name: str, desk: str, topic: str, answer: str, many: bool) -> None:
        """A wish, dispatched to one or offered to several, and mostly accepted."""
        self.world.say(who, HOME[who], f"点课 {topic}")
        number = self.order(0, *READY)
        self.desk(desk, f"{number}号 抢单 {name} 韦春生 陆金凤" if many else f"{number}号 派 {name}")
        self.world.say(SPEAKS[name], None, f"{number}号 {answer}")

    # ---- lectures --------------------------------------------------------------------------------------------------

    def lectures_are_tended(self, deeds: list[tuple[str, str, int]]) -> None:
        for who, words, pick in deeds:
            numbers = self.world.lectures(LECTURE_WORDS[words]) or [99]
            self.desk(who, f"课{numbers[pick % len(numbers)]} {words}")

    def lectures_are_rated(self, said: list[tuple[str, int, str]]) -> None:
        for who, pick, words in said:
            groups = self.world.taught() or [HOME[who]]
            self.world.say(who, groups[pick % len(groups)], f"@小门 {words}")

    # ---- sign-ups --------------------------------------------------------------------------------------------------

    def people_sign_up(self, said: list[tuple[str, str, bool]]) -> None:
        for who, words, alone in said:
            self.world.say(who, None if alone else CROWDED, words if alone else f"@小门 {words}")

    def questions_are_answered(self, answers: list[tuple[int, str]]) -> None:
        for pick, words in answers:
            asked = [*self.world.seats_offered(), *self.world.asked()]
            if asked:
                self.world.say(*asked[pick % len(asked)], words)

    def a_list_is_posted(self, who: str, lines: list[str]) -> None:
        numbered = "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
        self.world.say(who, CROWDED, f"#接龙\n周一晚上听课\n{numbered}")

    # ---- time and faults -------------------------------------------------------------------------------------------

    def time_jumps(self, hours: int) -> None:
        self.world.jump(hours)

    def something_else(self, what: str) -> None:
        """The process restarts; the gateway tells everything again, goes or comes; or somebody undoes."""
        match what:
            case "restart":
                self.world.restart()
            case "replay":
                self.world.replay()
            case "online" | "offline":
                self.world.sending(what == "online")
            case coordinator:
                self.world.say(coordinator, None, "撤销")

    # ---- what must hold --------------------------------------------------------------------------------------------

    @invariant()
    def holds(self) -> None:
        with self.world.town.session() as session:
            books = must.Books.of(session)
            self.seen |= {f"sign_up:{each.state}" for of_one in books.sign_ups.values() for each in of_one}
            must.never_oversold(books)
            must.waiting_in_order(books)
            must.sums_agree(books)
            must.one_taker(books)
            must.every_offer_is_told(books)
            must.every_state_has_its_step(books)
            must.every_lecture_has_its_step(books, self.world.given)
            must.orders_and_lectures_agree(books)
            must.nothing_said_twice(books)


@pytest.fixture(scope="module")
def games(town_template: DemoTown) -> Counter[str]:
    """The games, played once; what was reached in them."""
    Loop.template = town_template
    Loop.reached.clear()
    for number in range(1 if EXAMPLES else BATCHES):
        run_state_machine_as_test(
            seed(number)(Loop) if not EXAMPLES else Loop,
            settings=settings(
                max_examples=EXAMPLES or BATCH,
                stateful_step_count=STEPS,
                deadline=None,
                database=None,
                suppress_health_check=[*HealthCheck],
            ),
        )
    return Loop.reached


def test_whatever_happens_the_loop_holds(games: Counter[str]) -> None:
    assert sum(games.values()) > 0


@pytest.mark.parametrize(
    "state",
    [
        *(f"order:{each}" for each in OrderState),
        *(f"lecture:{each}" for each in LectureState),
        *("sign_up:waiting", "sign_up:offered", "sign_up:out", "sign_up:lapsed"),
        *("assignment:taken", "assignment:countered", "assignment:recalled", "assignment:declined"),
    ],
)
def test_the_games_went_far_enough(games: Counter[str], state: str) -> None:
    assert games[state] > 0, f"never reached; reached were {sorted(games)}"
