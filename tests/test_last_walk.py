"""What the last walk over the running program found, each with its story."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from bot import cli
from data import archive, materials, outbox
from data.figures import areas, flags
from data.figures.formalism import check
from data.figures.held import VENUES
from data.figures.periods import parse
from data.figures.scope import Scope
from data.figures.tables import breakdown
from data.loop import Lecture, SignUp
from data.mail import Outbox, OutboxKind, OutboxState
from data.record_tables import Material, MaterialState
from data.reports.drawn import months
from data.tables import Member, Role, RoleKind, Room, RoomKind
from handlers.desk.numbers import STEPS
from handlers.understand import Utterance, load_lexicon, understand
from tests.test_reports import count, fill, hold
from tests.town import NOW, ROOT, ZONE, DemoTown, Talk


def scope_of(session: Session, words: str) -> Scope:
    return Scope(parse(words), areas.whole(session), ZONE, NOW)


@pytest.mark.parametrize("text", ["忘记我", "忘记我吧", "你们都忘记我"])
def test_whoever_wants_to_be_forgotten_is_not_signed_up(town: DemoTown, text: str) -> None:
    """忘记我 has 记我 in it, which is how people say that they will come."""
    lexicon, now = load_lexicon(), NOW.replace(tzinfo=None)
    acts = {
        said: {str(act.intent) for act in understand(Utterance(said, lecture_open=True), lexicon, now).acts}
        for said in (text, "记我一个")
    }
    assert "sign_up" not in acts[text] and "sign_up" in acts["记我一个"]
    talk = Talk(town)
    talk.say("渡口陈姨", "石湾村大家庭", text)
    assert "删" in "".join(talk.say("渡口陈姨", None, text))
    with town.session() as session:
        assert session.exec(select(SignUp)).all() == []


def test_a_month_before_all_records_tells_what_was_written_down_later(town: DemoTown) -> None:
    """The year counted lectures that were entered afterwards; its table of months did not, and its chart drew 0."""
    with town.session() as session:
        fill(session)
        table = breakdown(session, scope_of(session, "2026"), "month", keys=("events", "attended"))
        rows = dict(table.rows)
        whole = sum(int(row[0] or 0) for row in rows.values())
        assert whole == int(breakdown(session, scope_of(session, "2026"), "event", keys=("events",)).rows[0][1][0] or 0)
        assert rows["2026-05"][0] == 6
        unknown = [label for label, row in rows.items() if row[0] is None]
        told = months(table).split("<desc>")[1].split("</desc>")[0].split("，")
    assert len(unknown) > 3
    for label in unknown:
        assert f"{int(label[-2:])}月—" in told, label


def test_a_village_whose_name_has_a_threshing_floor_in_it_is_no_yard() -> None:
    words = [word for _, words in VENUES for word in words]
    assert "坪" not in words and len(words) > 30
    assert not any(word in "上坪村" for word in words)


def test_a_week_before_the_first_message_is_no_quiet_week(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        room = session.exec(select(Room).where(Room.kind == RoomKind.RESIDENTS)).first()
        assert room is not None and room.id is not None
        for number in range(3):
            outbox.queue(session, room_id=room.id, kind=OutboxKind.NOTICE, text=f"第{number}条", now=NOW)
        for row in session.exec(select(Outbox)):
            row.state, row.settled_at = OutboxState.SENT, NOW
        session.flush()
        found = check(session, replace(scope_of(session, "2026"), now=NOW + timedelta(days=1)))
    assert (found.groups, found.most_week) == (1, 3)
    assert found.mean_week is not None and found.mean_week > 1, "three in a day are not 0.06 a week of the year"


def test_very_many_people_are_looked_at_though_nobody_wrote_down_the_seats(town: DemoTown) -> None:
    with town.session() as session:
        lecture = hold(session, 1, seats=None, title="千人大会")
        count(session, lecture, 88_888, lecture.starts_at + timedelta(hours=3))
        (seen,) = flags.flags(session, scope_of(session, "2026Q2"), kinds=(flags.FlagKind.CROWDED,))
        (found,) = seen.flags
    assert "88888人" in found.words and "《千人大会》" in found.words and "没写座位" in found.words


def test_an_archive_has_the_material_of_its_day(town: DemoTown) -> None:
    """A version that was approved in November stood in the papers of a lecture of May."""
    with town.session() as session:
        lecture = hold(session, 1)
        before, after = lecture.starts_at - timedelta(days=1), lecture.starts_at + timedelta(days=90)
        for version, at, state in ((1, before, MaterialState.WITHDRAWN), (2, after, MaterialState.APPROVED)):
            given = {
                "title": "十招",
                "file_name": "十招.pdf",
                "path": f"{version}.pdf",
                "sha256": str(version),
                "size": 1,
            }
            fields = {"topic_id": lecture.topic_id, "version": version, "state": state}
            session.add(Material.model_validate(given | fields | {"uploaded_at": at, "reviewed_at": at}))
        session.flush()
        kept = archive.of_lecture(session, session.get_one(Lecture, lecture.id), STEPS)
        assert [(each.title, each.version) for each in kept.pieces] == [("十招", 1)]
        assert [each.version for each in materials.of_topic(session, lecture.topic_id)] == [2]


def test_coordinators_are_told_when_a_lecturer_with_a_lecture_to_come_goes(town: DemoTown) -> None:
    with town.session() as session:
        lecture = session.exec(select(Lecture).where(Lecture.starts_at > NOW)).first()
        assert lecture is not None
        role = session.exec(select(Role).where(Role.kind == RoleKind.LECTURER, Role.lecturer_id == lecture.lecturer_id))
        name = session.get_one(Member, role.one().member_id).name
    talk = Talk(town)
    talk.say(name, None, "删除我的信息")
    talk.say(name, None, "确认")
    with town.session() as session:
        told = session.exec(select(Outbox.text).where(Outbox.kind == OutboxKind.NOTICE)).all()
    assert [each for each in told if f"课{lecture.id}" in each and "机器人联系不到了" in each]


def test_a_table_that_was_filled_in_is_not_made_empty_again(
    town: DemoTown, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path_factory.mktemp("bring")
    config, out = folder / "config.yaml", folder / "资料.xlsx"
    config.write_text(f"database:\n  url: sqlite:///{folder / 'town.db'}\ntown:\n  folder: {town_folder()}\n", "utf-8")
    out.write_bytes(b"mine")
    assert cli.main(["bring", "template", "--config", str(config), "--out", str(out)]) == 2
    assert "不覆盖" in capsys.readouterr().err and out.read_bytes() == b"mine"


def town_folder() -> str:
    return str(ROOT / "data" / "demo")
