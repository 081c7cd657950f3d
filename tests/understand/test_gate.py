"""What the bot answers when nobody speaks to it."""

from datetime import datetime

import pytest

from handlers.understand import Lexicon, Utterance, concerns, understand
from tests.understand.conftest import rows

NOW = datetime.fromisoformat("2026-11-22T10:00")


@pytest.mark.parametrize(("expected", "state", "text"), rows("gate.tsv"))
def test_unaddressed_lines(expected: str, state: str, text: str, lexicon: Lexicon) -> None:
    heard = understand(Utterance(text, lecture_open=state == "open"), lexicon, NOW)
    assert heard.reply == (expected == "answered"), heard.first


@pytest.mark.parametrize("text", [text for expected, _, text in rows("gate.tsv") if expected == "silent"])
def test_whatever_is_addressed_concerns_the_bot(text: str, lexicon: Lexicon) -> None:
    assert concerns(Utterance(text, addressed=True))
    assert understand(Utterance(text, addressed=True), lexicon, NOW).reply


def test_listening_to_mentions_only() -> None:
    assert not concerns(Utterance("我要报名", listen="mention"))
    assert concerns(Utterance("我要报名", addressed=True, listen="mention"))


def test_listening_to_commands() -> None:
    assert concerns(Utterance("报名两个人", listen="command"))
    assert concerns(Utterance("點課 醫保", listen="command"))
    assert not concerns(Utterance("能不能请人来讲讲医保", listen="command"))


def test_a_command_is_understood_where_only_commands_are_heard(lexicon: Lexicon) -> None:
    heard = understand(Utterance("报名两个人", listen="command"), lexicon, NOW)
    assert heard.reply
    assert heard.first.count == 2


def test_an_unaddressed_article_is_not_answered(lexicon: Lexicon) -> None:
    article = "点课 高血压。" + "老人家要按时吃药，少放盐。" * 40
    assert not understand(Utterance(article), lexicon, NOW).reply


def test_a_silent_line_comes_back_as_heard(lexicon: Lexicon) -> None:
    heard = understand(Utterance("聽日去飲茶"), lexicon, NOW)
    assert heard.text == "聽日去飲茶"
    assert heard.first.intent == "none"
