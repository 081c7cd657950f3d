"""Policy texts: their versions, and the files of the town itself."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from sqlmodel import col, select

from data import snippets
from data.errors import NoSuchText, TownFileError
from data.listeners import listeners
from data.mail import Outbox, OutboxKind, OutboxState
from data.pushes import open_board
from data.snippets import Put
from data.tables import Push, PushPart, Snippet, SnippetOrigin
from data.town import load_town
from data.townfile import read_town
from scheduler.job import JobContext
from scheduler.push import push_snippets
from tests.text_entries import ENTRY, RULES, TOPICS, entry, in_force, put, write
from tests.town import NOW, ZONE, DemoTown

# ---- versions ------------------------------------------------------------------------------------------------------


def test_other_words_withdraw_the_old_version_and_keep_it_with_its_dates(town: DemoTown) -> None:
    assert put(town, entry()) == Put.ADDED
    assert put(town, entry()) == Put.SAME
    assert put(town, entry(text="备案可以在手机上办。"), now=NOW + timedelta(days=1)) == Put.RENEWED
    with town.session() as session:
        old, new = session.exec(
            select(Snippet).where(col(Snippet.key).startswith("yibao-beian")).order_by(col(Snippet.id))
        ).all()
    assert (old.key, old.version, old.withdrawn_at) == ("yibao-beian@1", 1, NOW + timedelta(days=1))
    assert (old.issued_on, old.expires_on) == (date(2026, 1, 15), date(2028, 12, 31))
    assert (new.key, new.version, new.withdrawn_at) == ("yibao-beian", 2, None)


def test_a_higher_version_renews_even_the_same_words(town: DemoTown) -> None:
    put(town, entry())
    assert put(town, entry(version=5)) == Put.RENEWED
    assert in_force(town).version == 5
    assert put(town, entry(version=5)) == Put.SAME


def test_a_later_expiry_or_another_audience_is_no_new_version(town: DemoTown) -> None:
    put(town, entry())
    assert (
        put(town, entry(expires_on=date(2029, 1, 1), audience={"villages": ["上坪村"]}, topics=["反诈骗"]))
        == Put.CHANGED
    )
    changed = in_force(town)
    assert (changed.version, changed.expires_on, changed.audience) == (1, date(2029, 1, 1), {"villages": ["上坪村"]})
    assert snippets.topics_of(changed) == [town.knowledge.topic_ids[name] for name in ("医疗保险", "反诈骗")]


def test_a_withdrawn_version_never_leaves_not_even_one_that_was_queued(town: DemoTown) -> None:
    """The morning push waits in the outbox when the new version comes."""
    noon = NOW.replace(hour=12)
    context = JobContext(ZONE, RULES.quiet, timedelta(minutes=90), replace(RULES, per_week=0))
    with town.session() as session, session.begin():
        push_snippets(session, context, noon, noon)
        sent = session.exec(select(Push)).first()
        assert sent is not None
        text = session.get_one(Snippet, sent.snippet_id)
        files = replace(
            town.files,
            snippets=tuple(
                each.model_copy(update={"text": "改过的话。"}) if each.key == text.key else each
                for each in town.files.snippets
            ),
        )
        load_town(session, files, tuple(town.knowledge.topic_ids), transport=None, now=noon)
        rows = {each.id: each for each in session.exec(select(Outbox).where(Outbox.kind == OutboxKind.PUSH))}
        states = {rows[each.outbox_id].state for each in session.exec(select(Push)) if each.snippet_id == text.id}
        assert states == {OutboxState.CANCELLED}
        assert text.withdrawn_at == noon
        board = open_board(session, listeners(session), rules=RULES, now=noon)
        assert text.id not in {each.id for each in board.texts.values()}
        assert board.texts[snippets.bare_key(text.key)].text == "改过的话。"


def test_a_resident_who_asks_gets_the_version_in_force(town: DemoTown) -> None:
    with town.session() as session, session.begin():
        text = snippets.find(session, "没有什么安全账户")
        values = {"text": "安全账户都是骗人的，打96110。"}
        each = next(one for one in town.files.snippets if one.key == text.key).model_copy(update=values)
        snippets.put(
            session, each, origin=SnippetOrigin.FILE, topic_ids=town.knowledge.topic_ids, picture_id=None, now=NOW
        )
        found = snippets.find(session, "《没有什么安全账户》")
        assert "都是骗人的" in found.text
        assert snippets.current(found, NOW.date())
        assert not snippets.current(text, NOW.date())
        with pytest.raises(NoSuchText, match="有几条"):
            snippets.find(session, "医保")
        with pytest.raises(NoSuchText, match="没有叫"):
            snippets.find(session, "  ")


def test_a_link_and_its_source_stand_under_the_text() -> None:
    text = Snippet(**{**ENTRY, "topic_id": 1, "link": "https://example.org/a", "ask": "要备案吗？"})  # type: ignore[arg-type]
    assert snippets.as_message(text).splitlines()[-2:] == ["详情：https://example.org/a", "——镇医保所，2026年1月15日"]
    assert "https" not in snippets.as_message(text, PushPart.QUESTION)


# ---- the town's own files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("series", "wanted"),
    [
        ([{"name": "甲", "kind": "dated", "texts": ["a"]}], "town.yaml series.1“甲” days：没有写"),
        ([{"name": "甲", "kind": "dated", "texts": ["a"], "days": ["清明前两"]}], "series.1“甲” days.1：“清明前两”"),
        ([{"name": "甲", "kind": "dated", "texts": [], "days": ["清明"]}], "series.1.texts："),
        ([{"name": "甲", "kind": "course", "texts": ["a", "a"]}], "series.1“甲” texts：“a”写了两次"),
        ([{"name": "甲", "kind": "course", "texts": ["a"], "again": True}], "series.1“甲” again：连续的课一条只发一次"),
        ([{"name": "甲", "kind": "weekly", "texts": ["a"]}], "series.1.kind：只能写"),
        (
            [{"name": "甲", "kind": "course", "texts": ["a"], "audience": {"villages": ["桃花村"]}}],
            "村“桃花村”没有登记",
        ),
        ([{"name": "甲", "kind": "course", "texts": ["a"]}] * 2, "series：“甲”写了两次"),
    ],
)
def test_a_series_that_is_wrong_is_told_with_its_place(series: list[object], wanted: str, tmp_path: Path) -> None:
    write(tmp_path, "town.yaml", yaml.safe_dump({"town": {"name": "桃源镇"}, "series": series}, allow_unicode=True))
    with pytest.raises(TownFileError) as told:
        read_town(tmp_path, topics=TOPICS)
    assert any(wanted in each for each in told.value.problems), told.value.problems


def test_a_day_of_the_town_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    write(
        tmp_path,
        "town.yaml",
        yaml.safe_dump({"town": {"name": "桃源镇"}, "dates": {"返乡": "过年前后"}}, allow_unicode=True),
    )
    with pytest.raises(TownFileError, match=r"town\.yaml dates “返乡”：“过年前后”.*可以写"):
        read_town(tmp_path, topics=TOPICS)
