"""What the program reads of its own files, read once for a process of tests.

Each bot, desk and command line that a test opens reads jieba's dictionary, the table of readings and the lines of the
topics: half a second of reading what never changes while tests run. Here that is done once, and each gets a copy of
what it may change. Nothing of a town's own is kept.
"""

from functools import cache

from data.lexicon import TopicLexicon
from handlers.understand import cut, lexicon
from handlers.understand.sounds import load_pinyin
from handlers.understand.topic_model import TopicModel, load_model

_dictionary = cache(cut._dictionary)
_models: dict[tuple[str, ...], TopicModel] = {}


def read_once() -> None:
    """From now on in this process. Whoever calls the readers themselves, with files of its own, is not concerned."""
    cut._dictionary = _a_dictionary
    lexicon.load_pinyin = cache(load_pinyin)  # type: ignore[attr-defined]
    lexicon.load_topic_model = _a_model  # type: ignore[attr-defined,assignment]


def _a_dictionary() -> tuple[dict[str, int], int]:
    """A tokenizer adds its town's words to the dictionary that it gets."""
    frequencies, total = _dictionary()
    return dict(frequencies), total


def _a_model(topics: TopicLexicon) -> TopicModel:
    """Learnt from lines that ship with the program; of the topics only the names count."""
    if topics.names not in _models:
        _models[topics.names] = load_model(topics)
    return _models[topics.names]
