"""Policy questions: the town's own texts answer what they really say, and nothing else."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.lexicon import LexiconError
from data.townfile import read_town
from handlers.understand import Lexicon
from handlers.understand.answers import AnswerIndex, Text, find_answer, index_texts
from handlers.understand.normalise import normalise
from handlers.understand.sayings import Sayings, load_sayings
from handlers.understand.topics import rank_topics
from tests.understand.conftest import rows

DEMO = Path(__file__).parents[2] / "data" / "demo"
PENSION = Text("pension", "养老保险", "领养老金做认证", "用手机就能办,不收钱。不会弄打12333。", ("养老金怎么认证",))


@pytest.fixture(scope="module")
def sayings() -> Sayings:
    return load_sayings()


@pytest.fixture(scope="module")
def texts(lexicon: Lexicon) -> list[Text]:
    snippets = read_town(DEMO, topics=lexicon.topics.names).snippets
    found = [Text(each.key, each.topic, each.title, each.text, tuple(each.questions)) for each in snippets]
    assert len(found) >= 80
    return found


@pytest.fixture(scope="module")
def index(texts: list[Text], lexicon: Lexicon, sayings: Sayings) -> AnswerIndex:
    return index_texts(texts, lexicon.tokenizer, lexicon.topics, sayings)


def answer(question: str, index: AnswerIndex, lexicon: Lexicon) -> str:
    text = normalise(question)
    topic = rank_topics(text, lexicon.topics, lexicon.topic_model)[0].name
    found = find_answer(text, index, topic=topic)
    return found.key if found else "-"


def test_answers_are_right_and_most_are_found(index: AnswerIndex, lexicon: Lexicon) -> None:
    cases = rows("answers.tsv")
    answerable = [case for case in cases if case[2] != "-"]
    assert len(answerable) >= 200
    assert len(cases) - len(answerable) >= 300
    given_to = [(said, answer(said, index, lexicon), keys.split("|")) for _, said, keys in cases]
    wrong = [(said, key) for said, key, keys in given_to if key not in ("-", *keys)]
    right = sum(key != "-" and key in keys for _, key, keys in given_to)
    assert len(wrong) <= 0.02 * (right + len(wrong)), wrong
    assert right >= 0.6 * len(answerable)


def test_listed_questions_find_their_text(index: AnswerIndex, texts: list[Text], lexicon: Lexicon) -> None:
    missed = [said for text in texts for said in text.questions if answer(said, index, lexicon) != text.key]
    assert len(missed) <= 2, missed


@pytest.mark.parametrize(
    "question",
    [
        "养老金每个月发多少钱",
        "养老金认证几月份截止",
        "农村老人几岁可以领养老金",
        "养老金认证要什么材料",
        "养老金认证要多久",
    ],
)
def test_what_the_text_does_not_say_is_not_answered(question: str, index: AnswerIndex, lexicon: Lexicon) -> None:
    assert answer(question, index, lexicon) == "-"


def test_why_tells_the_words_and_the_nearest_line(index: AnswerIndex) -> None:
    found = find_answer("新农合断了一年还能补吗", index)
    assert found is not None
    assert found.key == "yibao-jiaofei"
    assert "医保" in found.why
    assert found.why[-1].startswith("≈")


def test_without_texts_or_words_there_is_no_answer(index: AnswerIndex, lexicon: Lexicon, sayings: Sayings) -> None:
    empty = index_texts((), lexicon.tokenizer, lexicon.topics, sayings)
    assert find_answer("养老金怎么认证", empty) is None
    assert find_answer("", index) is None
    assert find_answer("吗吗吗", index) is None
    assert find_answer("养老金怎么认证" * 40, index) is None


def test_one_text_is_enough(lexicon: Lexicon, sayings: Sayings) -> None:
    alone = index_texts([PENSION], lexicon.tokenizer, None, sayings)
    found = find_answer("养老金怎么认证", alone)
    assert found is not None
    assert found.key == "pension"


@pytest.mark.parametrize("text", ["- a", "asks: {}\nskip: 的", "skip: '\n"])
def test_a_damaged_file_of_sayings_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "sayings.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(LexiconError, match=r"sayings\.yaml"):
        load_sayings(path)


def test_a_wording_stands_in_one_line_only(tmp_path: Path) -> None:
    path = tmp_path / "sayings.yaml"
    path.write_text("asks: {}\nskip: 的\nlight: []\nsame:\n- 医保 农合\n- 农保 农合\n", encoding="utf-8")
    with pytest.raises(LexiconError, match="农合"):
        load_sayings(path)


def test_no_question_takes_long(index: AnswerIndex) -> None:
    for question in ("今年的合作医疗我忘记交了现在补交还来得及吗应该找哪个办理呢", "医" * 2000):
        began = time.process_time()
        find_answer(question, index)
        assert time.process_time() - began < 1.0  # milliseconds; a pattern that backtracks would take minutes


@settings(max_examples=60, deadline=None)
@given(question=st.text(max_size=200))
def test_it_never_raises(question: str, index: AnswerIndex) -> None:
    find_answer(normalise(question), index)
