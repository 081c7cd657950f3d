"""The plain form of what people type."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.understand.dialect import SPOKEN
from handlers.understand.normalise import MAX_LENGTH, normalise, split_quote
from tests.understand.conftest import rows, writer

QUOTED = "「周村长：周六讲医保」\n- - - - - - - - - - - - - - -\n算我一个"
TYPED = "".join(said for pair in SPOKEN for said in pair) + "@＠ \u2005\u200b「」-\n[]點講報著係關可名课👍é\u0301ﷺ㈱①12"


def _typed(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\u2005", "\u2005")


@pytest.mark.parametrize(("typed", "plain"), rows("normalise.tsv"))
def test_plain_form(typed: str, plain: str) -> None:
    assert normalise(_typed(typed)) == _typed(plain)


@given(st.text() | st.text(alphabet=TYPED))
def test_a_second_time_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert len(once) <= MAX_LENGTH


def test_long_text_is_cut_to_the_limit() -> None:
    assert len(normalise("讲" * 9_000)) == MAX_LENGTH


def test_the_quoted_words_are_kept_apart() -> None:
    assert split_quote(QUOTED) == ("周村长：周六讲医保", "算我一个")
    assert split_quote("算我一个") == (None, "算我一个")


def test_unseen_characters_are_gone() -> None:
    assert normalise("报\u200b名\u202e\ufeff\x07") == "报名"


def test_no_dialect_word_comes_out_of_the_table() -> None:
    said = re.compile("|".join(re.escape(word) for word, _ in SPOKEN))
    assert [plain for _, plain in SPOKEN if said.search(plain)] == []
    assert len(dict(SPOKEN)) == len(SPOKEN)


@pytest.mark.parametrize("typed", [text for _, text in rows("fresh.tsv")])
def test_traditional_and_simplified_have_one_plain_form(typed: str) -> None:
    plain = normalise(typed)
    assert normalise(writer("s2t").convert(plain)) == plain
