"""What messages to the bot ask for; and that nothing changes a record on a guess."""

from pathlib import Path

import pytest

from handlers.understand import CONFIRM_BELOW, Lexicon, normalise
from handlers.understand.intents import WRITES, read_intents
from handlers.understand.model import INTENTS, dump, parse
from handlers.understand.rules import RULES
from handlers.understand.train import HERE, fit, read
from tests.understand.conftest import rows

MESSAGES = rows("fresh.tsv") + rows("intents.tsv")
RIGHT = 0.96


def test_enough_messages_are_understood(lexicon: Lexicon) -> None:
    assert len(MESSAGES) > 300
    wrong = []
    for intent, text in MESSAGES:
        reading = read_intents(normalise(text), lexicon.intents)[0]
        if reading.intent not in intent.split("/"):
            wrong.append(f"{text}: {reading.intent} ({reading.rule}), not {intent}")
    assert len(wrong) <= (1 - RIGHT) * len(MESSAGES), "\n".join(wrong)


@pytest.mark.parametrize(("intent", "text"), MESSAGES)
def test_no_record_changes_on_a_guess(intent: str, text: str, lexicon: Lexicon) -> None:
    for reading in read_intents(normalise(text), lexicon.intents):
        if reading.intent in WRITES and reading.confidence >= CONFIRM_BELOW:
            assert reading.intent in intent


@pytest.mark.parametrize(("intents", "text"), rows("acts.tsv"))
def test_several_acts_in_order(intents: str, text: str, lexicon: Lexicon) -> None:
    readings = read_intents(normalise(text), lexicon.intents)
    assert "+".join(reading.intent for reading in readings) == intents


@pytest.mark.parametrize("intent", INTENTS)
def test_every_intent_has_rules_and_cases(intent: str) -> None:
    assert any(rule.intent == intent for rule in RULES)
    assert sum(intent in expected.split("/") for expected, _ in MESSAGES) >= 15


def test_rules_have_names_of_their_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    "text", ["我可能不去了", "要是有空我就报名", "能帮我报名吗", "他说不去了", "如果下雨我就不来了", "我不想报名"]
)
def test_a_hedged_write_asks_first(text: str, lexicon: Lexicon) -> None:
    for reading in read_intents(normalise(text), lexicon.intents):
        assert reading.intent not in WRITES or reading.confidence < CONFIRM_BELOW


def test_training_is_deterministic() -> None:
    lines = read(HERE / "intents.tsv")[::12]
    assert list(dump(*fit(lines))) == list(dump(*fit(lines)))


def test_the_model_is_the_one_its_text_trains() -> None:
    written = (HERE / "intents.model.tsv").read_text(encoding="utf-8").splitlines()
    assert list(dump(*fit(read(HERE / "intents.tsv")))) == written, "run: python -m handlers.understand.train"


def test_training_text_with_an_unknown_intent_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "lines.tsv"
    path.write_text("# heading\nsign_up\t报名\nsignup\t报名\n", encoding="utf-8")
    with pytest.raises(ValueError, match=":3:"):
        read(path)


def test_a_model_of_other_intents_is_refused() -> None:
    with pytest.raises(ValueError, match="train it again"):
        parse(["gram\tchat\torder\n", "bias\t0\t0\n"])


def test_scores_are_probabilities(lexicon: Lexicon) -> None:
    scores = lexicon.intents.scores("想听高血压")
    assert sum(scores) == pytest.approx(1)
    assert lexicon.intents.best("想听高血压")[0] == "order_topic"
