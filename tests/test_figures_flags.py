"""请看一眼: what looks odd is shown to coordinators in kind words, and what is ordinary is not."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from data.figures import areas
from data.figures.figures import numbers
from data.figures.flags import FIVES, IN_A_ROW, MOST, Flag, FlagKind, Part, Seen, flags
from data.figures.periods import parse
from data.figures.same_lists import SAME_LIST
from data.figures.scope import Scope
from data.loop import SignUp, SignUpState, Voice, VoiceKind
from data.reports.document import document
from data.reports.gathered import Wish
from data.tables import Member
from tests.test_figures import DURING, lecture, typed
from tests.test_reports import opened, report_of, words_of
from tests.town import NOW, ZONE, DemoTown


def seen_in(session: Session) -> list[Seen]:
    session.flush()
    return flags(session, Scope(parse("2026-05"), areas.whole(session), ZONE, NOW))


def found(session: Session, kind: FlagKind) -> list[Flag]:
    seen = seen_in(session)
    for flag in (each for kind in seen for each in kind.flags):
        assert "请看一眼" in flag.words
        assert "也许" in flag.words  # there may be a reason
        assert len(flag.words) <= 120
        assert all(f"课{number}（5月" in flag.words or "（4月" in flag.words for number in flag.lectures[:2])
        assert "村《" in flag.words, "nobody has to look up which lecture is meant"
    return [flag for each in seen if each.kind is kind for flag in each.flags]


def members(session: Session, count: int) -> list[int]:
    rows = [Member(transport="webchat", external_id=f"f{number}", created_at=NOW) for number in range(count)]
    session.add_all(rows)
    session.flush()
    return [each.id or 0 for each in rows]


def sign_up(session: Session, lecture_id: int | None, people: list[int], *names: str) -> None:
    assert lecture_id is not None
    for who in people:
        for name in names or ("",):
            session.add(
                SignUp(lecture_id=lecture_id, member_id=who, for_whom=name, at=DURING, state=SignUpState.SEATED)
            )
    session.flush()


def rate(session: Session, lecture_id: int | None, people: list[int], marks: list[int], gap: timedelta) -> None:
    for number, (who, mark) in enumerate(zip(people, marks, strict=True)):
        at = DURING + timedelta(hours=2) + gap * number
        session.add(Voice(kind=VoiceKind.FEEDBACK, member_id=who, room_id=1, lecture_id=lecture_id, text="好",
                          rating=mark, at=at))  # fmt: skip


def test_the_same_list_twice(town: DemoTown) -> None:
    with town.session() as session:
        people = members(session, SAME_LIST + 2)
        one, other, third, short, again = (lecture(session) for _ in range(5))
        sign_up(session, one.id, people[:SAME_LIST])
        sign_up(session, other.id, list(reversed(people[:SAME_LIST])))
        sign_up(session, third.id, people[1 : SAME_LIST + 1])
        for each in (short, again):
            sign_up(session, each.id, people[: SAME_LIST - 1])
        (flag,) = found(session, FlagKind.SAME_LIST)
        assert flag.lectures == (one.id, other.id)


def test_a_list_read_from_a_chain_is_alike_only_by_its_names(town: DemoTown) -> None:
    with town.session() as session:
        poster = members(session, 1)
        one, other, third = (lecture(session) for _ in range(3))
        sign_up(session, one.id, poster, "张三", "李四", "王五", "赵六", "周七")
        sign_up(session, other.id, poster, "张三", "李四", "王五", "赵六", "周七")
        sign_up(session, third.id, poster, "张三", "李四", "孙五", "赵六", "周七")  # as long, but another name
        (flag,) = found(session, FlagKind.SAME_LIST)
        assert flag.lectures == (one.id, other.id)


def test_one_list_that_two_people_pasted_or_with_a_name_more_is_alike(town: DemoTown) -> None:
    names = ("张三", "李四", "王五", "赵六", "周七")
    with town.session() as session:
        clerk, teacher, other = members(session, 3)
        one, again, longer, apart, kin, folk = (
            lecture(session, starts_at=DURING + timedelta(days=day), village_id=1 + day // 4) for day in range(6)
        )
        sign_up(session, one.id, [clerk], *names)
        sign_up(session, again.id, [teacher], *names)
        sign_up(session, longer.id, [other], *names, "钱八")
        sign_up(session, apart.id, [clerk], *names[:4], "吴九", "郑十")
        for each in (kin, folk):  # of five who say it each has another
            sign_up(session, each.id, [clerk, teacher, other], "我妈", "我爸")
        seen = found(session, FlagKind.SAME_LIST)
        assert [flag.lectures for flag in seen] == [(one.id, again.id), (one.id, longer.id), (again.id, longer.id)]
        assert "一模一样，都是5条" in seen[0].words
        assert "只差一条（5条和6条）" in seen[1].words


def test_a_list_of_the_month_before_is_seen_in_the_month_in_which_it_comes_again(town: DemoTown) -> None:
    with town.session() as session:
        people = members(session, SAME_LIST)
        april, may = lecture(session, starts_at=DURING - timedelta(days=20)), lecture(session)
        for each in (april, may):
            sign_up(session, each.id, people)
        (flag,) = found(session, FlagKind.SAME_LIST)
        assert flag.lectures == (april.id, may.id)
        earlier = Scope(parse("2026-04"), areas.whole(session), ZONE, NOW)
        assert flags(session, earlier) == []


def test_what_was_cancelled_is_not_looked_at(town: DemoTown) -> None:
    with town.session() as session:
        people = members(session, SAME_LIST)
        rows = [lecture(session, held_at=None, seats=10, state="cancelled") for _ in range(2)]
        for each in rows:
            typed(session, each, 200, DURING - timedelta(hours=1))
            sign_up(session, each.id, people)
            rate(session, each.id, people, [5] * FIVES, timedelta(seconds=1))
        assert [each.kind for kind in FlagKind for each in found(session, kind)] == []


def test_all_fives_within_a_minute(town: DemoTown) -> None:
    with town.session() as session:
        people = members(session, FIVES)
        quick, slow, mixed, few = (lecture(session) for _ in range(4))
        rate(session, quick.id, people, [5] * FIVES, timedelta(seconds=12))
        rate(session, slow.id, people, [5] * FIVES, timedelta(seconds=20))
        rate(session, mixed.id, people, [5] * (FIVES - 1) + [4], timedelta(seconds=1))
        rate(session, few.id, people[:-1], [5] * (FIVES - 1), timedelta(seconds=1))
        assert [flag.lectures for flag in found(session, FlagKind.FIVES)] == [(quick.id,)]


def test_a_burst_of_fives_stays_odd_when_another_mark_comes_at_night(town: DemoTown) -> None:
    with town.session() as session:
        people = members(session, 12)
        burst, half = lecture(session), lecture(session)
        rate(session, burst.id, people[:10], [5] * 10, timedelta(seconds=1))
        rate(session, burst.id, people[10:11], [5], timedelta())
        session.flush()
        late = session.exec(select(Voice).where(Voice.member_id == people[10])).one()
        late.at += timedelta(hours=7)
        rate(session, half.id, people[:6], [5] * 6, timedelta(seconds=1))
        rate(session, half.id, people[6:], [5] * 6, timedelta(minutes=9))  # most of its marks came one by one
        (flag,) = found(session, FlagKind.FIVES)
        assert flag.lectures == (burst.id,)
        assert "有11个评分，其中10个5分是一分钟内评的" in flag.words


def test_two_hundred_people_in_a_room_of_thirty(town: DemoTown) -> None:
    with town.session() as session:
        after = DURING + timedelta(hours=2)
        full = lecture(session, seats=30)
        typed(session, full, 200, after)
        for fine, people in ((lecture(session, seats=30), 45), (lecture(session), 200),
                             (lecture(session, seats=30, live_url="https://a.b"), 200),
                             (lecture(session, seats=30, branches=["石湾村"]), 200)):  # fmt: skip
            typed(session, fine, people, after)
        corrected = lecture(session, seats=30)
        typed(session, corrected, 200, after)
        typed(session, corrected, 20, after + timedelta(hours=1))
        (flag,) = found(session, FlagKind.CROWDED)
        assert flag.lectures == (full.id,)
        assert "200人" in flag.words
        assert "30个座位" in flag.words


def test_crowded_lectures_with_second_places_hide_no_other(town: DemoTown) -> None:
    with town.session() as session:
        for number in range(MOST + 5):
            fine = lecture(session, seats=30, branches=["石湾村"], starts_at=DURING + timedelta(hours=number % 9))
            typed(session, fine, 200 + number, DURING + timedelta(days=1))
        full = lecture(session, seats=30, starts_at=DURING + timedelta(days=2))
        typed(session, full, 200, DURING + timedelta(days=3))
        (flag,) = found(session, FlagKind.CROWDED)
        assert flag.lectures == (full.id,)


def test_one_number_for_lecture_after_lecture(town: DemoTown) -> None:
    with town.session() as session:

        def row_of(lecturer: int, counts: list[int], start: datetime) -> list[int | None]:
            rows = [
                lecture(session, lecturer_id=lecturer, starts_at=start + timedelta(days=day))
                for day in range(len(counts))
            ]
            for each, people in zip(rows, counts, strict=True):
                typed(session, each, people, each.starts_at + timedelta(hours=1))
            return [each.id for each in rows]

        start = DURING - timedelta(days=10)
        same = row_of(1, [40, *[50] * IN_A_ROW, 40], start)
        row_of(2, [50] * (IN_A_ROW - 1) + [51] + [50] * (IN_A_ROW - 1), start)
        row_of(3, [0] * IN_A_ROW, start)  # nobody came: that is sad, not odd
        row_of(4, [50, 50, 50, 0, 50, 50, 50], start)  # and no more five in a row than with another number between
        (flag,) = found(session, FlagKind.SAME_NUMBER)
        assert flag.lectures == tuple(same[1:-1])
        assert "50人" in flag.words


def test_a_lecture_that_was_counted_before_it_was_held(town: DemoTown) -> None:
    with town.session() as session:
        early, fine = lecture(session), lecture(session)
        typed(session, early, 30, DURING - timedelta(hours=1))
        typed(session, fine, 30, DURING)
        assert [flag.lectures for flag in found(session, FlagKind.EARLY)] == [(early.id,)]


def test_a_flag_changes_no_number(town: DemoTown) -> None:
    with town.session() as session:
        typed(session, lecture(session, seats=30), 200, DURING - timedelta(hours=1))
        scope = Scope(parse("2026-05"), areas.whole(session), ZONE, NOW)
        before = numbers(session, scope)
        assert {each.kind for each in flags(session, scope)} == {FlagKind.CROWDED, FlagKind.EARLY}
        assert numbers(session, scope) == before
        assert before["attended"] == 200


def test_of_many_the_first_are_told_and_how_many_there_are(town: DemoTown) -> None:
    """Each kind stopped at twenty, and nobody could know of the others."""
    with town.session() as session:
        people, many = members(session, FIVES), MOST + 3
        rows = [lecture(session, seats=30, starts_at=DURING + timedelta(hours=number)) for number in range(many)]
        for number, each in enumerate(rows):
            typed(session, each, 200 + number, each.starts_at - timedelta(hours=1))
            rate(session, each.id, people, [5] * FIVES, timedelta(seconds=1))
            sign_up(session, each.id, people)
        seen = seen_in(session)
        pairs = many * (many - 1) // 2
        assert {each.kind: (len(each.flags), each.total, each.more) for each in seen} == {
            FlagKind.SAME_LIST: (MOST, pairs, pairs - MOST),
            FlagKind.FIVES: (MOST, many, 3),
            FlagKind.CROWDED: (MOST, many, 3),
            FlagKind.EARLY: (MOST, many, 3),
        }
        scope = Scope(parse("2026-05"), areas.whole(session), ZONE, NOW)
        for kind in seen:
            if kind.kind is not FlagKind.SAME_LIST:
                (rest,) = flags(session, scope, kinds=(kind.kind,), part=Part(offset=MOST))
                assert (len(rest.flags), rest.total, rest.many) == (3, many, f"{many}处")
                told = [flag.lectures[0] for flag in (*kind.flags, *rest.flags)]
                assert told == [row.id for row in rows], "none twice, none left out"
        text = words_of(opened(document(report_of(session, "2026-05", Wish(flags=True)), None)))
        assert f"到场的人特别多：一共{many}处，没有都列在这里" in text
        assert f"课{rows[0].id}（5月" in text and f"课{rows[-1].id}（" not in text


def test_a_flag_names_the_day_the_village_and_the_topic_of_each_lecture(town: DemoTown) -> None:
    with town.session() as session:
        people = members(session, SAME_LIST)
        april = lecture(session, starts_at=DURING - timedelta(days=20), title="冬季用火用电安全知识大讲堂第一讲")
        may = lecture(session, village_id=2, title="反诈骗")
        bare = lecture(session, village_id=None, title="看戏", seats=10)
        typed(session, bare, 90, DURING + timedelta(hours=1))
        for each in (april, may):
            sign_up(session, each.id, people)
        one, other = (f"{at.month}月{at.day}日" for at in (april.starts_at, may.starts_at))
        same, crowd = (each.flags[0] for each in seen_in(session))
        assert same.names == (
            f"课{april.id}（{one} 上坪村《冬季用火用电安全知识大讲堂…》）",
            f"课{may.id}（{other} 石湾村《反诈骗》）",
        )
        assert same.words.startswith("、".join(same.names) + "：报名名单一模一样")
        assert crowd.names == (f"课{bare.id}（{other}《看戏》）",)
