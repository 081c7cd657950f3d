"""One-time codes in chat: what they give, to whom they give nothing, and what a guesser meets."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from data import bindings, console_users, relay
from data.bindings import TRIES, TRIES_OF_ALL, TooManyCodes
from data.desk_tables import ConsoleRole, ConsoleUser
from data.errors import CodeRefused
from data.tables import Lecturer, Member, Role, RoleKind
from tests.town import NOW, WEB, DemoTown, Talk

WHO, GROUP = "三婶唐桂英", "上坪村乡亲群"


def issued(town: DemoTown, kind: RoleKind = RoleKind.COORDINATOR, **whom: int) -> str:
    with town.session() as session, session.begin():
        return bindings.issue(session, kind, now=NOW, **whom)


def a_user(town: DemoTown, role: ConsoleRole = ConsoleRole.COORDINATOR, name: str = "laoli") -> int:
    with town.session() as session, session.begin():
        user = console_users.add(
            session, name=name, shown_name=name, password_hash="-", role=role, created_by="测试", now=NOW
        )
        assert user.id is not None
        return user.id


def member(session: Session, name: str) -> Member:
    return session.exec(select(Member).where(Member.name == name)).one()


def kinds(town: DemoTown, name: str) -> set[RoleKind]:
    with town.session() as session:
        return {each.kind for each in session.exec(select(Role).where(Role.member_id == member(session, name).id))}


def wrong_code(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_a_code_makes_a_coordinator_once(town: DemoTown) -> None:
    code, talk = issued(town), Talk(town)
    assert "您现在是宣传干事" in talk.say(WHO, None, f"绑定 {code}")[0]
    assert kinds(town, WHO) == {RoleKind.COORDINATOR}
    assert "用过了" in talk.say("坪顶梁伯", None, f"绑定 {code}")[0]
    assert kinds(town, "坪顶梁伯") == set()


def test_a_code_that_was_said_in_a_group_is_good_no_more(town: DemoTown) -> None:
    code, talk = issued(town), Talk(town)
    assert "已经作废" in talk.say(WHO, GROUP, f"绑定 {code}")[0]
    assert "用过了" in talk.say("坪顶梁伯", None, f"绑定 {code}")[0]
    assert kinds(town, WHO) == kinds(town, "坪顶梁伯") == set()


def test_a_code_is_good_for_a_day(town: DemoTown) -> None:
    code, talk = issued(town), Talk(town, now=NOW + timedelta(hours=24))
    assert "已过期" in talk.say(WHO, None, f"绑定 {code}")[0]


def test_a_lost_phone_s_binding_ends_when_the_lecturer_binds_anew(town: DemoTown) -> None:
    with town.session() as session:
        lecturer_id = session.exec(select(Lecturer.id).where(Lecturer.name == "覃志刚")).one()
    assert lecturer_id is not None
    assert kinds(town, "覃警官") == {RoleKind.LECTURER}
    old, new = (issued(town, RoleKind.LECTURER, lecturer_id=lecturer_id) for _ in "12")
    talk = Talk(town)
    assert "用过了" in talk.say(WHO, None, f"绑定 {old}")[0], "a newer code ends the older one"
    assert "您现在是宣讲员" in talk.say(WHO, None, f"绑定 {new}")[0]
    assert kinds(town, WHO) == {RoleKind.LECTURER}
    assert kinds(town, "覃警官") == set()


@pytest.mark.parametrize(
    ("role", "given"), [(ConsoleRole.APPROVER, {RoleKind.COORDINATOR}), (ConsoleRole.VIEWER, set())]
)
def test_a_user_of_the_console_becomes_one_with_their_wechat(
    town: DemoTown, role: ConsoleRole, given: set[RoleKind]
) -> None:
    user_id = a_user(town, role)
    code, talk = issued(town, user_id=user_id), Talk(town)
    assert "您就是控制台的“laoli”" in talk.say(WHO, None, f"绑定 {code}")[0]
    assert kinds(town, WHO) == given
    with town.session() as session:
        assert session.get_one(ConsoleUser, user_id).member_id == member(session, WHO).id


def test_a_user_s_lost_phone_has_no_say_any_more(town: DemoTown) -> None:
    user_id, talk = a_user(town), Talk(town)
    talk.say(WHO, None, f"绑定 {issued(town)}")  # was a coordinator by a code of their own, too
    talk.say(WHO, None, f"绑定 {issued(town, user_id=user_id)}")
    talk.say("坪顶梁伯", None, f"绑定 {issued(town, user_id=user_id)}")
    assert kinds(town, WHO) == set()
    assert kinds(town, "坪顶梁伯") == {RoleKind.COORDINATOR}
    talk.say("坪顶梁伯", None, f"绑定 {issued(town, user_id=user_id)}")  # once more with the same phone
    assert kinds(town, "坪顶梁伯") == {RoleKind.COORDINATOR}


def test_nobody_acts_for_two_users(town: DemoTown) -> None:
    one, other = a_user(town), a_user(town, name="laozhang")
    talk = Talk(town)
    talk.say(WHO, None, f"绑定 {issued(town, user_id=one)}")
    code = issued(town, user_id=other)
    assert "已经绑在控制台的“laoli”上" in talk.say(WHO, None, f"绑定 {code}")[0]
    with town.session() as session, session.begin():
        session.get_one(ConsoleUser, one).active = False
    assert "您就是控制台的“laozhang”" in talk.say(WHO, None, f"绑定 {code}")[0], "the code was not used up"


def test_a_closed_account_s_code_gives_nothing(town: DemoTown) -> None:
    user_id = a_user(town)
    code = issued(town, user_id=user_id)
    with town.session() as session, session.begin():
        session.get_one(ConsoleUser, user_id).active = False
    assert "绑定码不对" in Talk(town).say(WHO, None, f"绑定 {code}")[0]


def test_after_a_few_wrong_codes_even_the_right_one_waits(town: DemoTown) -> None:
    code, talk = issued(town), Talk(town)
    for _ in range(TRIES):
        assert "绑定码不对" in talk.say(WHO, None, f"绑定 {wrong_code(code)}")[0]
        talk.later(minutes=1)
    assert "请过14分钟" in talk.say(WHO, None, f"绑定 {code}")[0]
    assert kinds(town, WHO) == set()
    talk.later(minutes=16)
    assert "宣传干事" in talk.say(WHO, None, f"绑定 {code}")[0]


def test_many_who_guess_together_are_stopped_too(town: DemoTown) -> None:
    code = issued(town)
    with town.session() as session, session.begin():
        people = [Member(transport=WEB, external_id=f"x{n}", created_at=NOW) for n in range(TRIES_OF_ALL + 1)]
        session.add_all(people)
        session.flush()
        ids = [each.id or 0 for each in people]
        for each in ids[:-1]:
            with pytest.raises(CodeRefused):
                bindings.redeem(session, wrong_code(code), member_id=each, now=NOW)
        with pytest.raises(TooManyCodes):
            bindings.redeem(session, code, member_id=ids[-1], now=NOW)
        later = NOW + bindings.PAUSE
        assert bindings.redeem(session, code, member_id=ids[-1], now=later).used_at == later


@pytest.mark.parametrize("transport", [relay.TRANSPORT, console_users.TRANSPORT])
def test_a_code_means_nothing_from_hands(town: DemoTown, transport: str) -> None:
    """A name that somebody pasted, and a user of the console, prove nothing of a chat."""
    code = issued(town)
    with town.session() as session, session.begin():
        hand = Member(transport=transport, external_id="h", name="干事小农", created_at=NOW)
        session.add(hand)
        session.flush()
        with pytest.raises(CodeRefused):
            bindings.redeem(session, code, member_id=hand.id or 0, now=NOW)
        assert session.exec(select(Role).where(col(Role.member_id) == hand.id)).all() == []
