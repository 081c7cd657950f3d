"""The demo town on a stage: whom it forgot before an audience stays forgotten when the bot starts again."""

from sqlmodel import Session, select

from bot.config import load_config
from bot.town import settle_in
from data.tables import Member, Role, Room
from tests.town import NOW, ROOT, WEB, DemoTown, Talk


def people(town: DemoTown) -> dict[str, tuple[int | None, str]]:
    with town.session() as session:
        return {each.external_id: (each.id, each.name) for each in session.exec(select(Member))}


def restart(town: DemoTown) -> None:
    with Session(town.engine) as session, session.begin():
        settle_in(session, load_config(ROOT / "config.yaml", {}), transport=WEB, now=NOW)


def test_a_restart_changes_nobody(town: DemoTown) -> None:
    before = people(town)
    restart(town)
    assert people(town) == before and len(before) > 5


def test_who_was_forgotten_does_not_come_back_with_a_restart(town: DemoTown) -> None:
    """三婶 sent 删除我的信息; the next start, or `bring import`, registered her again as somebody new."""
    talk = Talk(town)
    who = next(each for each in town.files.town.people if each.granted is None)
    boss = next(each for each in town.files.town.people if each.granted is not None)
    for each in (who, boss):
        talk.say(each.name, None, "删除我的信息")
        assert "删好了" in talk.say(each.name, None, "确认")[0]
    after = people(town)
    assert who.id not in after and boss.id not in after
    with town.session() as session:
        roles = len(session.exec(select(Role)).all())
    restart(town)
    assert people(town) == after
    talk.say(boss.name, None, "我的信息")  # who writes again is somebody new, without what they were
    restart(town)
    with town.session() as session:
        assert len(session.exec(select(Role)).all()) == roles
        assert session.exec(select(Room).where(Room.name == "上坪村乡亲群")).one().transport == WEB
