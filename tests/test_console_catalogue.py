"""题目: words that a town adds, and what would become of a sentence."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from sqlmodel import func, select

from bot.config import load_config
from bot.town import know, read_files
from data.desk_tables import ConsoleRole, TopicAlias
from data.loop import Order
from data.mail import Inbox, Outbox
from data.tables import Topic
from handlers.understand import Utterance, understand
from tests.desk import Desk, open_desk
from tests.town import NOW, ROOT, DemoTown

EVIL = "<script>alert(1)</script>"


def run(town: DemoTown, story: Callable[[Desk], Awaitable[None]]) -> None:
    async def told() -> None:
        async with open_desk(town) as desk:
            await story(desk)

    asyncio.run(told())


def topic_id(desk: Desk, name: str) -> int:
    with desk.session() as session:
        return session.exec(select(Topic.id).where(Topic.name == name)).one() or 0


def meant(town: DemoTown, words: str) -> str | None:
    """The topic that a resident's sentence is understood to be about, in the town as it is now."""
    config = load_config(ROOT / "config.yaml", {})
    with town.session() as session:
        lexicon = know(session, config, *read_files(config)).lexicon
    return understand(Utterance(words), lexicon, NOW.replace(tzinfo=None)).first.topic


def test_words_that_a_town_adds_are_understood(town: DemoTown) -> None:
    said = "想听扫把寮的课"
    assert meant(town, said) is None

    async def story(desk: Desk) -> None:
        clerk, topic = desk.clerk(), topic_id(desk, "种植技术")
        done = await clerk.post(f"/catalogue/{topic}/words", words="扫把寮")
        assert "就听得懂了" in done.said and "扫把寮" in done.text
        with desk.session() as session:
            (alias,) = session.exec(select(TopicAlias)).all()
            assert (alias.topic_id, alias.words, alias.added_by) == (topic, "扫把寮", clerk.user_id)
        assert meant(town, said) == "种植技术"
        again = await clerk.post(f"/catalogue/{topic}/words", words="扫把寮")
        assert "本来就听得懂" in again.said
        await clerk.post(f"/catalogue/words/{alias.id}/remove")
        assert (await clerk.post(f"/catalogue/words/{alias.id}/remove")).status == 404
        assert meant(town, said) is None

    run(town, story)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("养", "2到20个字"),
        ("医保", "已经是“医疗保险”的说法"),
        ("今天", "太常用"),
        ("报名", "太常用"),
        ("一，二", "不要标点"),
        ("2026", "不要标点"),
        (EVIL, "最多20个字"),
        (EVIL[:20], "不要标点"),
    ],
)
def test_words_that_would_be_misheard_are_refused(town: DemoTown, words: str, why: str) -> None:
    async def story(desk: Desk) -> None:
        seen = await desk.clerk().post(f"/catalogue/{topic_id(desk, '种植技术')}/words", words=words)
        assert seen.status == 422 and why in seen.said and EVIL[:20] not in seen.text
        with desk.session() as session:
            assert session.exec(select(TopicAlias)).all() == []

    run(town, story)


def test_a_word_that_was_added_to_one_topic_is_not_added_to_another(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        await clerk.post(f"/catalogue/{topic_id(desk, '种植技术')}/words", words="扫把寮")
        seen = await clerk.post(f"/catalogue/{topic_id(desk, '医疗保险')}/words", words="扫把寮")
        assert seen.status == 422 and "已经是“种植技术”的说法" in seen.said

    run(town, story)


def test_a_new_topic_comes_last(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        clerk = desk.clerk()
        made = await clerk.post("/catalogue/add", name="织竹篾")
        assert "加上了“织竹篾”" in made.said and made.path == f"/catalogue/{topic_id(desk, '织竹篾')}"
        for name, why in (("织竹篾", "就是“织竹篾”"), ("新农合", "就是“医疗保险”"), ("", "请填上")):
            seen = await clerk.post("/catalogue/add", name=name)
            assert seen.status == 422 and why in seen.said
        with desk.session() as session:
            last = session.exec(select(Topic).order_by(Topic.position.desc())).first()  # type: ignore[attr-defined]
            assert last is not None and last.name == "织竹篾"
        assert meant(town, "想听织竹篾的课") == "织竹篾"
        assert (await clerk.get("/catalogue/999")).status == 404

    run(town, story)


@pytest.mark.parametrize(
    ("say", "where", "expected"),
    [
        ("想听防骗的课，礼拜四晚上有空", "group", ("会答", "点题目", "反诈", "2026-11-26")),
        ("今天街上好热闹", "group", ("不答", "当大家在聊天")),
        ("今天街上好热闹", "direct", ("会答", "句句都听")),
        ("课表", "group", ("会答", "是口令")),
        ("点课 高血压", "group", ("会答", "是口令", "健康")),
        ("待办", "direct", ("会答", "只有干事能用")),
        (EVIL, "direct", ("&lt;script&gt;",)),
    ],
)
def test_a_sentence_is_tried_and_nothing_is_done(
    town: DemoTown, say: str, where: str, expected: tuple[str, ...]
) -> None:
    async def story(desk: Desk) -> None:
        page = (await desk.clerk(ConsoleRole.VIEWER).get("/catalogue", say=say, where=where)).text
        for words in expected:
            assert words in page, words
        assert EVIL not in page
        with desk.session() as session:
            for table in (Order, Inbox, Outbox):
                assert session.exec(select(func.count()).select_from(table)).one() == 0

    run(town, story)


def test_a_viewer_changes_no_words(town: DemoTown) -> None:
    async def story(desk: Desk) -> None:
        viewer, village = desk.clerk(ConsoleRole.VIEWER), desk.clerk(ConsoleRole.VILLAGE, village="石湾村")
        for path in ("/catalogue/add", "/catalogue/1/words", "/catalogue/words/1/remove"):
            assert (await viewer.post(path, name="x", words="x")).status == 403
        assert (await village.get("/catalogue")).status == 403

    run(town, story)
