"""人员 and 我的账号: who is let in, who is let out, and the codes that make a user one with their WeChat."""

import asyncio
import re
from collections.abc import Awaitable, Callable

from sqlmodel import col, select

from data.desk_tables import Audit, ConsoleRole, ConsoleSession, ConsoleUser
from data.tables import Member, Role, RoleKind
from tests.desk import Clerk, Desk, Seen, open_desk
from tests.test_console_gate import GOOD, fill
from tests.town import DemoTown, Talk

ADMIN = ConsoleRole.ADMIN
SECRET = re.compile(r'id="secret">([^<]+)<')


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def secret(seen: Seen) -> str:
    found = SECRET.search(seen.text)
    assert found is not None, seen.said
    return found[1]


def code_of(seen: Seen) -> str:
    assert re.fullmatch(r"绑定 \d{6}", secret(seen)), secret(seen)
    return secret(seen)


def role_ids(desk: Desk, name: str) -> list[int | None]:
    with desk.session() as session:
        query = select(Role.id).join(Member, col(Member.id) == col(Role.member_id)).where(Member.name == name)
        return list(session.exec(query))


def test_somebody_is_invited_by_a_link_that_is_shown_once(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin = desk.clerk(ADMIN)
        made = await admin.post("/people/invite", shown_name="小<i>农", role="village", village="2")
        link = secret(made)
        assert link.startswith(f"{admin_address(desk)}/link/") and "小&lt;i&gt;农" in made.text
        assert link.rsplit("/", 1)[1] not in (await admin.get("/people")).text
        stranger = desk.stranger()
        path = "/link/" + link.rsplit("/", 1)[1]
        seen = await fill(stranger, path, name="xiaonong", shown_name="小农", password=GOOD, again=GOOD)
        assert seen.status == 200
        with desk.session() as session:
            user = session.exec(select(ConsoleUser).where(ConsoleUser.name == "xiaonong")).one()
            assert (user.role, user.village_id) == (ConsoleRole.VILLAGE, 2)
            notes = [f"{row.about}{row.detail}" for row in session.exec(select(Audit))]
        assert notes and link.rsplit("/", 1)[1] not in "".join(notes)
        assert "小农" in (await admin.get("/people")).text

    run(town, story)


def admin_address(desk: Desk) -> str:
    return "http://127.0.0.1:8090"  # as config.yaml has it


def test_an_invitation_that_is_not_whole_keeps_what_was_typed(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin = desk.clerk(ADMIN)
        seen = await admin.post("/people/invite", shown_name="小农", role="village", village="")
        assert seen.status == 422 and "要选一个村" in seen.said and 'value="小农"' in seen.text
        assert (await admin.post("/people/invite", shown_name="小农", role="king")).status == 422

    run(town, story)


def test_a_user_gets_another_role_a_new_password_and_is_logged_out(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin, clerk = desk.clerk(ADMIN), desk.clerk(name="dou")
        here = f"/people/{clerk.user_id}"
        assert "dou" in (await admin.get(here)).text
        assert "现在是村级" in (await admin.post(f"{here}/change", role="village", village="1")).said
        assert (await clerk.get("/")).path == "/login"
        with desk.session() as session:
            user = session.get_one(ConsoleUser, clerk.user_id)
            assert (user.role, user.village_id) == (ConsoleRole.VILLAGE, 1)
            assert session.exec(select(Role).where(Role.member_id == user.member_id)).all() == []
        link = secret(await admin.post(f"{here}/reset"))
        again = await fill(desk.stranger(), "/link/" + link.rsplit("/", 1)[1], password=GOOD, again=GOOD)
        assert again.path == "/"
        assert "1个登录都退出了" in (await admin.post(f"{here}/end")).said
        mine = f"/people/{admin.user_id}"
        assert "没有变" in (await admin.post(f"{mine}/change", role="admin")).said
        assert "0个登录都退出了" in (await admin.post(f"{mine}/end")).said, "nobody logs themselves out of this page"
        with desk.session() as session:
            theirs = select(ConsoleSession).where(ConsoleSession.user_id == clerk.user_id)
            assert all(each.ended_at is not None for each in session.exec(theirs))

    run(town, story)


def test_an_account_is_closed_and_opened_but_never_the_last_admin_s(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin, clerk = desk.clerk(ADMIN), desk.clerk(name="dou")
        assert "停用了" in (await admin.post(f"/people/{clerk.user_id}/close")).said
        assert not desk.user(clerk).active and (await clerk.get("/")).path == "/login"
        assert "又能用了" in (await admin.post(f"/people/{clerk.user_id}/reopen")).said
        assert desk.user(clerk).active
        mine = f"/people/{admin.user_id}"
        for path in (f"{mine}/close", f"{mine}/change"):
            seen = await admin.post(path, role="viewer")
            assert seen.status == 422 and "最后一位管理员" in seen.said
        assert desk.user(admin).role is ADMIN and desk.user(admin).active
        assert (await admin.get("/people/99")).status == 404

    run(town, story)


def test_i_bind_my_wechat_with_a_code_and_unbind_it(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        talk = Talk(town)
        for clerk in (desk.clerk(), desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village="石湾村")):
            await bound_and_unbound(desk, clerk, talk)

    run(town, story)


async def bound_and_unbound(desk: Desk, clerk: Clerk, talk: Talk) -> None:
    code = code_of(await clerk.post("/me/bind"))
    assert code not in (await clerk.get("/me")).text
    assert "您就是控制台的" in talk.say("坪顶梁伯", None, code)[0]
    page = (await clerk.get("/me")).text
    assert "坪顶梁伯" in page and "换绑微信" in page
    assert desk.user(clerk).member_id != clerk.member_id
    assert "解除了" in (await clerk.post("/me/unbind")).said
    assert desk.user(clerk).member_id == clerk.member_id
    assert role_ids(desk, "坪顶梁伯") == []
    assert "没有绑定" in (await clerk.post("/me/unbind")).said


def test_an_admin_binds_somebody_else_and_takes_the_phone_away(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin, clerk = desk.clerk(ADMIN), desk.clerk(name="dou")
        code = code_of(await admin.post(f"/people/{clerk.user_id}/bind"))
        Talk(town).say("坪顶梁伯", None, code)
        (mine,) = role_ids(desk, "坪顶梁伯")
        assert "坪顶梁伯" in (await admin.get("/people")).text
        refused = await admin.post(f"/people/roles/{mine}/take-back")
        assert refused.status == 422 and "跟着控制台账号" in refused.said
        assert "解除了" in (await admin.post(f"/people/{clerk.user_id}/unbind")).said
        assert role_ids(desk, "坪顶梁伯") == []

    run(town, story)


def test_roles_in_chats_are_given_by_a_code_and_taken_back(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        admin = desk.clerk(ADMIN)
        code = code_of(await admin.post("/people/roles/code"))
        Talk(town).say("坪顶梁伯", None, code)
        listed = (await admin.get("/people/roles", kind="coordinator")).text
        assert "坪顶梁伯" in listed and "绑定码" in listed and "覃警官" not in listed
        found = (await admin.get("/people/roles", q="覃志刚")).text
        assert "覃警官" in found and "坪顶梁伯" not in found
        assert (await admin.get("/people/roles", **{"as": "xlsx"})).status == 200
        (role,) = role_ids(desk, "坪顶梁伯")
        assert "坪顶梁伯" in (await admin.get(f"/people/roles/{role}")).text
        assert "收回了" in (await admin.post(f"/people/roles/{role}/take-back")).said
        assert role_ids(desk, "坪顶梁伯") == []
        assert (await admin.post(f"/people/roles/{role}/take-back")).status == 404
        with desk.session() as session:
            assert session.exec(select(Role).where(Role.kind == RoleKind.LECTURER)).first() is not None

    run(town, story)


def test_only_admins_see_people(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        approver = desk.clerk(ConsoleRole.APPROVER)
        for path in ("/people", "/people/roles", "/people/1", "/people/roles/1"):
            assert (await approver.get(path)).status == 403
        for path in ("/people/invite", "/people/1/reset", "/people/1/bind", "/people/roles/code"):
            assert (await approver.post(path, shown_name="x", role="admin")).status == 403

    run(town, story)
