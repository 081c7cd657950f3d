"""What is kept: each addressed message with what was understood and answered, and of ordinary chatter nothing."""

from sqlalchemy import text
from sqlmodel import col, select

from data import inbox
from data.mail import Inbox, Outbox
from data.tables import Member
from handlers.message import Heard
from handlers.take import APOLOGY, Outcome
from tests.town import NOW, DemoTown, Talk

CHATTER = [
    "吃了没",
    "今天赶圩人真多",
    "谁家的牛跑到我田里了",
    "哈哈哈",
    "[图片]",
    "2",
    "好的",
    "报名费多少",
    "@三婶 在家吗",
]


def dump(town: DemoTown) -> dict[str, list[tuple[object, ...]]]:
    with town.engine.connect() as connection:
        names = [row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))]
        return {name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))] for name in names}


def test_ordinary_chatter_leaves_no_row(town: DemoTown) -> None:
    before = dump(town)
    assert sum(map(len, before.values())) > 100  # there is a town to compare
    talk = Talk(town)
    for line in CHATTER:
        outcome, said = talk.take(talk.heard("三婶唐桂英", "上坪村乡亲群", line))
        assert (outcome, said) == (Outcome.SILENT, [])
    stranger = Heard(
        "webchat", "s1", "r-somewhere", "u-stranger", "有人在吗", NOW, sender_name="陌生人", room_name="别的群"
    )
    assert talk.take(stranger) == (Outcome.SILENT, [])
    assert dump(town) == before


def test_an_addressed_message_is_kept_with_its_answer(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    talk.say("三婶唐桂英", "上坪村乡亲群", "点课 反诈骗")
    with town.session() as session:
        heard = session.exec(select(Inbox)).one()
        said = session.exec(select(Outbox)).one()
    assert (heard.text, heard.route, heard.error) == ("点课 反诈骗", "order", "")
    assert heard.understood == {"intent": "order_topic", "topic": "反诈骗", "wish": "反诈骗"}
    assert heard.heard_at == heard.handled_at == talk.now
    assert (said.inbox_id, said.state) == (heard.id, "pending")
    assert said.mentions == [["p-tangshen", "三婶唐桂英"]]


def test_a_message_heard_again_is_taken_once(town: DemoTown) -> None:
    talk = Talk(town)
    heard = talk.heard("三婶唐桂英", "上坪村乡亲群", "点课 反诈骗")
    assert talk.take(heard)[0] is Outcome.ANSWERED
    assert talk.take(heard) == (Outcome.SEEN, [])


def test_a_failed_handler_loses_nothing_and_apologises_once(town: DemoTown) -> None:
    talk = Talk(town)
    heard = talk.heard("三婶唐桂英", "上坪村乡亲群", "点课 反诈骗")
    listener = town.listener()
    for _ in range(3):
        with town.session() as session, session.begin():
            listener.apologise(session, heard, "Traceback: boom", now=NOW)
    assert talk.news() == [f"[上坪村乡亲群] {APOLOGY}"]
    with town.session() as session:
        kept = session.exec(select(Inbox)).one()
    assert (kept.text, kept.route, kept.error) == ("点课 反诈骗", "failed", "Traceback: boom")


def test_a_nickname_is_data(town: DemoTown) -> None:
    """A coordinator's name on somebody else's account gains nothing, and what cannot be seen is stripped."""
    listener = town.listener()
    evil = "宣传委员周竹蓉\u202e\u200b\x00<script>alert(1)</script>" + "很" * 100
    heard = Heard("webchat", "e1", "r-shiwan-1", "u-evil", "通知 全镇 我说了算", NOW, sender_name=evil, mentioned=True)
    with town.session() as session, session.begin():
        listener.take(session, heard, now=NOW)
    with town.session() as session:
        member = session.exec(select(Member).where(col(Member.external_id) == "u-evil")).one()
        said = session.exec(select(Outbox)).all()
    assert member.name == "宣传委员周竹蓉<script>alert(1)</script>"[:32]
    assert len(said) == 1
    assert "宣传干事来办" in said[0].text


def test_one_person_cannot_flood_the_bot(town: DemoTown) -> None:
    talk = Talk(town)
    answers = []
    for number in range(25):
        heard = talk.heard("三婶唐桂英", "上坪村乡亲群", f"点课 新题目{number}")
        talk.later(seconds=-6.9)
        answers.append(talk.take(heard)[1])
    assert [len(answer) for answer in answers] == [1] * 21 + [0] * 4
    assert "您发得有点快" in answers[20][0]
    with town.session() as session:
        assert len(session.exec(select(Inbox)).all()) == 25


def test_what_was_recalled_is_forgotten_and_not_answered(town: DemoTown) -> None:
    talk = Talk(town, sends=False)
    heard = talk.heard("三婶唐桂英", "上坪村乡亲群", "点课 高血压")
    talk.take(heard)
    with town.session() as session, session.begin():
        assert inbox.take_back(session, heard.transport, heard.message_id, now=NOW)
        assert not inbox.take_back(session, heard.transport, "never-heard", now=NOW)
    with town.session() as session:
        assert session.exec(select(Inbox.text)).all() == [inbox.RECALLED]
        assert session.exec(select(Outbox.state)).all() == ["expired"]
