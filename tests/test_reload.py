"""What is changed in the console is known at once: gathered anew while turns go on."""

import asyncio
import logging
from datetime import time
from pathlib import Path

import pytest
from sqlmodel import Session, select

from bot.app import Bot
from bot.assemble import build
from bot.config import load_config
from data import desk_settings
from data.desk_tables import TopicAlias
from data.tables import Lecturer, Room, Topic
from handlers.understand import Utterance, understand
from tests.town import NOW, ROOT

WISH = "@小门 想听老鼠药咋放"
CONFIG = """
town: {{folder: {folder}}}
database: {{url: "sqlite:///{base}/town.db"}}
webchat: {{log: {base}/chat.jsonl}}
quiet: {{start: "21:00"}}
backup: {{enabled: false}}
"""


@pytest.fixture
def bot(tmp_path: Path) -> Bot:
    """A bot that is put together and does not run."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.format(folder=ROOT / "data/demo", base=tmp_path), encoding="utf-8")
    return build(load_config(path, {}))


def close(bot: Bot) -> None:
    assert bot.reader is not None
    bot.reader.close()
    bot.worker.close()
    bot.release()


def topic_of(bot: Bot, words: str) -> str | None:
    now = NOW.replace(tzinfo=None)
    return understand(Utterance(words, addressed=True), bot.dispatch.knowledge.lexicon, now).first.topic


def test_words_people_and_settings_are_known_after_a_reload(bot: Bot) -> None:
    def learn_something(session: Session) -> None:
        topic = Topic(name="灭鼠", position=99)
        session.add(topic)
        session.flush()
        session.add(TopicAlias(topic_id=topic.id or 0, words="老鼠药", added_at=NOW))
        session.add(Lecturer(name="欧阳灭鼠", kind="技术"))
        desk_settings.change(session, "quiet.start", "20:00", by_id=None, now=NOW)
        desk_settings.change(session, "lecture.minutes", 45, by_id=None, now=NOW)
        desk_settings.change(session, "broadcast.two_people", False, by_id=None, now=NOW)  # not its to change
        desk_settings.change(session, "limits.per_minute", "many", by_id=None, now=NOW)
        room = session.exec(select(Room).where(Room.name == "上坪村乡亲群")).one()
        room.listen = "mention"

    async def story() -> None:
        before = bot.dispatch.knowledge
        assert topic_of(bot, WISH) != "灭鼠"
        await bot.worker.run(learn_something)
        await bot.reload()
        after = bot.dispatch.knowledge
        assert after is not before
        assert topic_of(bot, WISH) == "灭鼠"
        assert "欧阳灭鼠" in after.lecturer_ids and "灭鼠" in after.topic_ids
        assert after.quiet.start == time(20) == bot.context.quiet.start
        assert after.rules.lecture_minutes == 45 == bot.context.rules.lecture_minutes
        assert after.rules.broadcast.two_people is True
        assert after.limits.per_minute == before.limits.per_minute
        assert after.listen_mode("上坪村乡亲群", "r-shangping-1") == "mention"
        assert after.listen_mode("石湾村大家庭", "r-shiwan-1") == "natural"

    asyncio.run(story())
    close(bot)


def test_what_was_changed_holds_after_a_restart_and_can_be_taken_back(bot: Bot) -> None:
    def change(session: Session) -> None:
        desk_settings.change(session, "lecture.minutes", 45, by_id=None, now=NOW)

    bot.worker.run_now(change)
    close(bot)
    again = build(bot.written)
    assert again.dispatch.knowledge.rules.lecture_minutes == 45
    again.worker.run_now(lambda session: desk_settings.reset(session, "lecture.minutes"))
    asyncio.run(again.reload())
    assert again.dispatch.knowledge.rules.lecture_minutes == 60
    close(again)


def test_a_town_file_that_is_broken_meanwhile_leaves_all_as_it_was(
    bot: Bot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = bot.dispatch.knowledge
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "town.yaml").write_text("town: [", encoding="utf-8")
    text = bot.written.path.read_text("utf-8").replace(str(ROOT / "data/demo"), str(folder))
    bot.written.path.write_text(text, encoding="utf-8")
    bot.written = load_config(bot.written.path, {})
    with caplog.at_level(logging.ERROR):
        asyncio.run(bot.reload())
    assert "照原来的" in caplog.text
    assert bot.dispatch.knowledge is before
    close(bot)
