"""接龙 in a group with a lecture: read as sign-ups, bounded, and quiet."""

import time
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from data import signups, solitaires
from data.loop import Lecture, SignUp, SignUpState, SolitaireState
from data.mail import Inbox, Outbox, OutboxState
from data.seats import HOLDING
from handlers.jielong import ListState, Post, merge
from handlers.message import Heard, Kind
from handlers.solitaire import could
from handlers.solitaire_codec import SNAPSHOTS, decode, encode
from tests.town import NOW, WEB, DemoTown, Talk

GROUP = "上坪村乡亲群"
PEOPLE = ["三婶唐桂英", "坪顶梁伯", "阿辉（东莞厚街）"]


def listed(*lines: str, title: str = "周一晚上血压讲座") -> str:
    return "\n".join(["#接龙", *([title] if title else []), *(f"{at}. {line}" for at, line in enumerate(lines, 1))])


def seats_of(town: DemoTown, lecture_id: int = 1) -> dict[str, int]:
    with town.session() as session:
        lines = signups.roster(session, lecture_id)
        return {each.for_whom or each.name: each.people for each in lines if each.state is SignUpState.SEATED}


def set_seats(town: DemoTown, seats: int | None) -> None:
    with town.session() as session, session.begin():
        session.get_one(Lecture, 1).seats = seats


def test_several_posts_within_the_minute_are_answered_in_one_message(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    talk.say("三婶唐桂英", GROUP, listed("三婶唐桂英", "李大妈 2人"))
    talk.say("坪顶梁伯", GROUP, listed("三婶唐桂英", "李大妈 2人", "坪顶梁伯"))
    talk.say("三婶唐桂英", GROUP, listed("三婶唐桂英", "坪顶梁伯"))
    with town.session() as session:
        [row] = session.exec(select(Outbox)).all()
        assert row.text == "接龙收到：新增三婶唐桂英、李大妈2人、坪顶梁伯。退出李大妈。现在2人，还剩38位。"
        assert row.not_before >= NOW + timedelta(seconds=60)


@pytest.mark.parametrize(
    ("title", "about"),
    [
        ("血压讲座报名", True),
        ("周一晚上接龙", True),
        ("报名听黄秀兰医生讲课", True),
        ("健康", True),
        ("", True),
        ("报名接龙", True),
        ("买化肥，周一到货", False),
        ("周一聚餐报名", False),
        ("广场舞队服", False),
        ("修路捐款", False),
        ("微信群新规", False),
    ],
)
def test_only_a_list_about_the_lecture_is_taken(town: DemoTown, title: str, about: bool) -> None:
    talk = Talk(town)
    said = talk.say("三婶唐桂英", GROUP, listed("三婶唐桂英", title=title))
    with town.session() as session:
        kept = (bool(said), bool(session.exec(select(Inbox)).all()), bool(session.exec(select(SolitaireState)).all()))
    assert kept == (about, about, about)


def test_member_ids_of_the_xml_say_whose_line_it_is(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("坪顶梁伯", GROUP, "报名2人")
    with town.session() as session:
        member = session.exec(select(SignUp.member_id)).one()
    title = "#接龙 \n血压讲座\n\n1. 老梁头 3人\n2. 三婶唐桂英"
    spans = [(title.index("老梁头"), len("老梁头 3人")), (title.index("三婶"), len("三婶唐桂英"))]
    items = "".join(
        f"<i><u>{who}</u><r>{at}-{size}</r></i>" for who, (at, size) in zip(("p-liangbo", ""), spans, strict=True)
    )
    xml = (
        f"<msg><appmsg><title>{title}</title><type>53</type><extinfo><solitaire_info><![CDATA[<solitaire><au>p-tangshen"
        f"</au><content>{items}</content></solitaire>]]></solitaire_info></extinfo></appmsg></msg>"
    )
    talk.say("三婶唐桂英", GROUP, xml)
    with town.session() as session:
        rows = session.exec(select(SignUp).order_by(SignUp.id)).all()  # type: ignore[arg-type]
        assert [(row.member_id == member, row.for_whom, row.people) for row in rows] == [
            (True, "", 2),
            (True, "老梁头", 3),
            (False, "", 1),
        ]


def test_who_took_back_by_word_is_not_brought_back_by_an_old_copy(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("三婶唐桂英", GROUP, listed("三婶唐桂英", "坪顶梁伯"))
    talk.say("坪顶梁伯", GROUP, "报名")  # the line that somebody else wrote for him is his now
    talk.say("坪顶梁伯", GROUP, "取消报名")
    talk.say("阿辉（东莞厚街）", GROUP, listed("三婶唐桂英", "坪顶梁伯", "阿辉"))
    assert seats_of(town) == {"三婶唐桂英": 1, "阿辉（东莞厚街）": 1}


def test_nobody_strikes_out_who_signed_up_by_word(town: DemoTown) -> None:
    talk = Talk(town)
    talk.say("坪顶梁伯", GROUP, "报名2人")
    talk.say("三婶唐桂英", GROUP, listed("三婶唐桂英", "坪顶梁伯"))
    talk.say("三婶唐桂英", GROUP, listed("三婶唐桂英"))
    assert seats_of(town) == {"坪顶梁伯": 2, "三婶唐桂英": 1}
    with town.session() as session:
        assert solitaires.unclear(session, limit=5) == [f"课1接龙1处请核对（{GROUP}）：发“课1 核对”"]


def test_coordinators_are_asked_at_most_every_half_an_hour(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    asked = []
    for number in range(1, 5):
        with town.session() as session, session.begin():
            for row in session.exec(select(Outbox).where(Outbox.not_before <= talk.now)):
                row.state = OutboxState.SENT
        talk.say("三婶唐桂英", GROUP, listed("三婶唐桂英", *(f"大佬{at} 99人" for at in "甲乙丙丁"[:number])))
        with town.session() as session:
            asked.append(len([row for row in session.exec(select(Outbox)) if "请核对" in row.text]))
        talk.later(minutes=12)
    # To two coordinators: at once, then half an hour later, with what had come up by then.
    assert asked == [2, 4, 4, 6]
    with town.session() as session:
        times = sorted({row.not_before for row in session.exec(select(Outbox)) if "请核对" in row.text})
        assert all(later - earlier >= timedelta(minutes=30) for earlier, later in pairwise(times))
        assert (
            "4处"
            in max((row for row in session.exec(select(Outbox)) if "请核对" in row.text), key=lambda r: r.id or 0).text
        )


def test_no_phone_number_of_a_list_is_kept(town: DemoTown) -> None:
    Talk(town).say("三婶唐桂英", GROUP, listed("三婶唐桂英", "张三13812345678 2人"))
    assert seats_of(town) == {"三婶唐桂英": 1, "张三": 2}
    with town.session() as session:
        assert "5678" not in str(session.exec(select(SolitaireState)).one().lists)


NAMES = st.sampled_from(
    ["张三", "李四", "李四 2人", "三婶唐桂英", "梁伯 3人", "梁伯", "阿辉", "老王 不去了", "王五 99人", "a"]
)
POSTS = st.lists(
    st.tuples(
        st.sampled_from(PEOPLE),
        st.one_of(st.lists(NAMES, max_size=7), st.sampled_from(["报名", "报名2人", "取消报名", "要", "不要"])),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seats=st.integers(1, 9), posts=POSTS)
def test_whatever_is_posted_no_seat_is_given_twice(
    town_template: DemoTown,
    tmp_path_factory: pytest.TempPathFactory,
    seats: int,
    posts: list[tuple[str, str | list[str]]],
) -> None:
    town = town_template.copy(tmp_path_factory.mktemp("fuzz") / "town.db")
    set_seats(town, seats)
    talk = Talk(town)
    for who, said in posts:
        talk.later(minutes=1)
        text = said if isinstance(said, str) else listed(*said)
        talk.say(who, GROUP, text)
        before = _rows(town)
        seated = sum(people for state, people, _ in before if state is SignUpState.SEATED)
        offered = sum(offered or 0 for state, _, offered in before if state is SignUpState.OFFERED)
        assert seated + offered <= seats
        if not isinstance(said, str):
            talk.say(who, GROUP, text)
            assert _rows(town) == before  # the same snapshot again changes nothing
    town.engine.dispose()


def _rows(town: DemoTown) -> list[tuple[SignUpState, int, int | None]]:
    with town.session() as session:
        rows = session.exec(select(SignUp).order_by(SignUp.id)).all()  # type: ignore[arg-type]
        return [(row.state, row.people if row.state in HOLDING else 0, row.offered) for row in rows]


def test_lists_come_back_from_the_database_as_they_went_in() -> None:
    state = ListState()
    for number in range(SNAPSHOTS + 3):
        names = [
            f"{name}{'' if at else f' {number % 4 + 1}人'}" for at, name in enumerate("甲乙丙丁"[: number % 4 + 1])
        ]
        state = merge(state, Post(number + 1, f"u{number % 3}", listed(*names), name="甲")).state
    again = decode(encode(state))
    assert [chain.rows for chain in again.chains] == [chain.rows for chain in state.chains]
    assert again.chains[0].snapshots == state.chains[0].snapshots[-SNAPSHOTS:]
    assert decode(None) == ListState()


def test_a_hostile_list_is_bounded(town: DemoTown) -> None:
    talk = Talk(town)
    huge = listed(*("赵钱孙李周吴郑王"[at % 8] + chr(0x4E00 + at) for at in range(3_000)))
    started = time.thread_time()
    for _ in range(3):
        talk.say("三婶唐桂英", GROUP, huge[:20_000])
    assert time.thread_time() - started < 10  # a tenth of that on the author's machine
    with town.session() as session:
        assert len(session.exec(select(SignUp)).all()) <= 500


@pytest.mark.parametrize(
    ("text", "kind", "is_one"),
    [
        ("#接龙\n讲座\n1. 张三", Kind.NOTE, True),
        ("@所有人 #接龙\n1. 张三", Kind.TEXT, True),
        ("#Group Note\n1. A", Kind.TEXT, True),
        ('<msg><appmsg appid=""><title>x</title><des/><type>53</type></appmsg></msg>', Kind.NOTE, True),
        ("<msg><appmsg><type>5</type></appmsg></msg>", Kind.NOTE, False),
        ("接我一下", Kind.TEXT, False),
        ("x" * 300 + "接龙", Kind.TEXT, False),
        ("#接龙", Kind.IMAGE, False),
    ],
)
def test_what_could_be_a_list_is_seen_at_its_head(text: str, kind: Kind, is_one: bool) -> None:
    assert could(Heard(WEB, "m", "r", "p", text, NOW, kind=kind)) is is_one
