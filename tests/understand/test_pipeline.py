"""The whole: one message in, one reading out, with its evidence; and the command line around it."""

import json
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.cli_understand import main
from handlers.understand import CONFIRM_BELOW, Act, Lexicon, Understanding, Utterance, understand
from tests.understand.conftest import TOWN, rows, writer

NOW = datetime.fromisoformat("2026-11-22T10:00")  # a Sunday
FIELDS = [
    "intent", "intents", "confidence", "topic", "lecturer", "when", "when_text", "count", "dialect", "place", "rating",
    "for_whom", "reply", "evidence",
]  # fmt: skip
WORDS = st.sampled_from([text for _, text in rows("fresh.tsv")])


def _hear(text: str, lexicon: Lexicon) -> Understanding:
    return understand(Utterance(text, addressed=True), lexicon, NOW)


def _value(act: Act, slot: str) -> str:
    value = getattr(act, slot)
    if value is not None and slot == "when":
        value = value.start.date().isoformat()
    return "-" if value is None else str(value)


@pytest.mark.parametrize(("text", "expected"), rows("pipeline.tsv"))
def test_message(text: str, expected: str, lexicon: Lexicon) -> None:
    act = _hear(text, lexicon).first
    wanted = dict(pair.split("=") for pair in expected.split(" "))
    assert {slot: _value(act, slot) for slot in wanted} == wanted, act.evidence


@pytest.mark.parametrize("text", [text for _, text in rows("fresh.tsv")])
def test_traditional_and_simplified_are_understood_alike(text: str, lexicon: Lexicon) -> None:
    simplified = _hear(text, lexicon)
    traditional = _hear(writer("s2hk").convert(simplified.text), lexicon)
    assert traditional.acts == simplified.acts


def test_each_act_has_its_own_slots(lexicon: Lexicon) -> None:
    leaves, joins = _hear("周六那场不去了，改报周日的，两个人", lexicon).acts
    assert (leaves.intent, _value(leaves, "when"), leaves.count) == ("cancel", "2026-11-28", None)
    assert (joins.intent, _value(joins, "when"), joins.count) == ("sign_up", "2026-11-29", 2)


def test_every_filled_slot_says_why(lexicon: Lexicon) -> None:
    act = _hear("帮我妈报名周六大石村那场医保，两个人", lexicon).first
    told = {proof.part for proof in act.evidence}
    assert {"intent", "for_whom", "count", "when", "place", "topic"} <= told


def test_an_unsure_write_says_that_it_asks(lexicon: Lexicon) -> None:
    act = _hear("我可能不去了", lexicon).first
    assert act.intent == "cancel"
    assert act.confidence < CONFIRM_BELOW
    assert "confirm" in {proof.part for proof in act.evidence}


def test_two_lecturers_of_one_surname_are_options(lexicon: Lexicon) -> None:
    town = lexicon.for_town((*TOWN, TOWN[0].__class__("王大力", "医生")), lexicon.places)
    act = _hear("请王医生来讲", town).first
    assert act.lecturer == "王医生"
    assert set(act.lecturer_options) == {"王小梅", "王大力"}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text() | st.lists(WORDS, max_size=4).map("".join), addressed=st.booleans(), is_open=st.booleans())
def test_it_never_raises(text: str, addressed: bool, is_open: bool, lexicon: Lexicon) -> None:
    heard = understand(Utterance(text, addressed, is_open), lexicon, NOW)
    assert heard.acts
    assert heard.reply or not addressed


def test_the_command_line_prints_the_contract(lexicon: Lexicon) -> None:
    line = json.dumps({"text": "周六那场不去了，改报周日的", "addressed": True, "lecture_open": True})
    (printed,) = main([line, "\n"], NOW, lexicon, plain=False)
    fields = json.loads(printed)
    assert list(fields) == FIELDS
    assert fields["intents"] == ["cancel", "sign_up"]
    assert fields["when"]["start"].startswith("2026-11-28T")
    assert fields["count"] == 1
    assert set(fields["evidence"][0]) == {"part", "words", "why"}


@pytest.mark.parametrize("line", ["nonsense", "[]", '{"text": 3}', "{}"])
def test_a_line_that_is_no_message_keeps_its_place(line: str, lexicon: Lexicon) -> None:
    first, second = main([line, '{"text": "课表"}'], NOW, lexicon, plain=False)
    assert "line 1" in json.loads(first)["error"]
    assert json.loads(second)["intent"] == "ask_schedule"


def test_a_silent_line_prints_no_reply(lexicon: Lexicon) -> None:
    (printed,) = main(['{"text": "我也去", "addressed": false}'], NOW, lexicon, plain=False)
    assert json.loads(printed)["reply"] is False


def test_plain_text_is_explained(lexicon: Lexicon) -> None:
    explained = "\n".join(main(["帮我妈报名"], NOW, lexicon, plain=True))
    assert "报名" in explained
    assert "替谁: 我妈" in explained
