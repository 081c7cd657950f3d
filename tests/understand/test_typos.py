"""Topics by ear: homophones, slips, typed pinyin; and ordinary lines that only sound alike."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.lexicon import load_lexicon
from handlers.understand.cut import Tokenizer, load_tokenizer
from handlers.understand.normalise import normalise
from handlers.understand.sounds import Pinyin, fold, load_pinyin
from handlers.understand.typos import SoundIndex, match_typo, sound_index
from tests.understand.test_topics import rows

CASES = Path(__file__).parent / "cases" / "typos.tsv"


@pytest.fixture(scope="module")
def pinyin() -> Pinyin:
    return load_pinyin()


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load_tokenizer(load_lexicon().words)


@pytest.fixture(scope="module")
def index(pinyin: Pinyin, tokenizer: Tokenizer) -> SoundIndex:
    return sound_index(load_lexicon().spoken(), pinyin, tokenizer)


@pytest.mark.parametrize("row", rows(CASES), ids=lambda row: str(row["text"])[:16])
def test_what_was_meant(row: dict[str, str], index: SoundIndex) -> None:
    hit = match_typo(normalise(row["text"]), index)
    assert (hit.name if hit else "-") == row["key"], hit


def test_the_evidence_names_both_words(index: SoundIndex) -> None:
    hit = match_typo("依保怎么交", index)
    assert hit is not None
    assert (hit.words, hit.why) == (("依保", "医保"), "sound")


def test_any_catalogue_will_do(pinyin: Pinyin, tokenizer: Tokenizer) -> None:
    index = sound_index({"a": ["痛风"], "b": ["痛风", "编竹篮"]}, pinyin, tokenizer)
    assert (hit := match_typo("学编竹兰", index)) is not None and hit.name == "b"
    assert (hit := match_typo("痛风怎么办", index)) is not None and (hit.name, hit.why) == ("a", "alias")
    assert match_typo("房间要通风", index) is None  # a common word was meant as it stands


@pytest.mark.parametrize(("one", "other"), [("zhang", "zan"), ("nan", "lan"), ("hui", "fei"), ("xing", "xin")])
def test_southern_ears_fold(one: str, other: str) -> None:
    assert (fold(one) == fold(other)) is (one != "hui")


def test_likeness_weighs_sound_then_characters_then_tone(pinyin: Pinyin) -> None:
    assert pinyin.likeness("医保", "医保") == pytest.approx(1.0)
    assert pinyin.likeness("一保", "医保") == pytest.approx(0.6 + 0.125 + 0.15)
    assert pinyin.likeness("发绿", "法律") < 0.68 < pinyin.likeness("发律", "法律")
    assert pinyin.likeness("骨", "橘") == pytest.approx(0.75)  # one sound in Cantonese


def test_cutting_keeps_domain_words_and_their_frequency(tokenizer: Tokenizer) -> None:
    assert tokenizer.words("沃柑得了黄龙病") == ["沃柑", "得了", "黄龙病"]
    assert tokenizer.frequency("水稻") > tokenizer.natural("水稻") > 0


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=60))
def test_never_raises(text: str) -> None:
    match_typo(text, INDEX)


INDEX = sound_index({"医疗": ["医保", "合作医疗"]}, load_pinyin(), load_tokenizer())
