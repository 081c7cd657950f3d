"""The topic lexicon: how residents name each topic of the catalogue, read from ``topics.yaml`` and checked.

One alias belongs to one topic. ``"甲+乙"`` counts when both words stand in one sentence,
and ``"@题目+乙"`` when any alias of that topic stands there with 乙.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

import yaml

Strength = Literal["strong", "aliases", "weak"]

OTHER = "其他"  # the topic of whatever fits no other

HERE = Path(__file__).parent
TOPICS = HERE / "topics.yaml"
TOPIC_LINES = HERE / "topic_lines.txt"
PINYIN = HERE / "pinyin.tsv"
CANTONESE = HERE / "cantonese.txt"
TRADES = HERE / "trades.yaml"
VENUES = HERE / "venues.yaml"

_SEPARATORS = str.maketrans(dict.fromkeys("、，,;；", " "))


def load_yaml(words: str) -> Any:
    """As `yaml.safe_load`, at a tenth of its time where PyYAML has libyaml. Raises `yaml.YAMLError`."""
    return yaml.load(words, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe


def read_table(path: Path) -> Any:
    """A small YAML file of the lexicon, as plain values. Raises OSError or LexiconError."""
    try:
        return load_yaml(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise LexiconError(f"{path.name} 的格式不对（多半是缩进或冒号）：{error}") from error


class LexiconError(ValueError):
    """The file cannot be used at all; the message is Chinese, for the person who edited it."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something to tell the editor. ``line`` counts from 1; the lexicon still loads."""

    line: int
    kind: Literal["repeated", "shared", "overlap"]
    message: str


@dataclass(frozen=True, slots=True)
class Alias:
    """One way to say a topic. ``together`` holds the words of ``甲+乙``, else nothing."""

    text: str
    topic: str
    strength: Strength
    line: int
    together: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TopicLexicon:
    """The checked lexicon.

    ``lengths`` maps a first character to the lengths of its aliases, longest first; ``tails`` maps the first character
    of a pair's last word to the pairs.
    """

    names: tuple[str, ...]
    words: Mapping[str, Alias]
    pairs: tuple[Alias, ...]
    problems: tuple[Problem, ...] = ()
    lengths: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    tails: Mapping[str, tuple[Alias, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.words) + len(self.pairs)

    def with_words(self, added: Iterable[tuple[str, str]]) -> "TopicLexicon":
        """This lexicon with (topic, words) that a town added; what it has already stays as it is."""
        new = [(topic, words.lower()) for topic, words in added if len(words) > 1 and words.lower() not in self.words]
        names = dict.fromkeys([*self.names, *(topic for topic, _ in new)])
        words = dict(self.words) | {text: Alias(text, topic, "strong", 0) for topic, text in reversed(new)}
        return replace(self, names=tuple(names), words=words, lengths=_lengths(words))

    def spoken(self) -> dict[str, tuple[str, ...]]:
        """Topic → the aliases worth finding by sound: the strong ones. 其他 is nothing that anybody mishears."""
        return {
            name: tuple(a.text for a in self.words.values() if a.topic == name and a.strength == "strong")
            for name in self.names
            if name != OTHER
        }


def load_lexicon(path: Path = TOPICS) -> TopicLexicon:
    """Read and check a lexicon. Raises LexiconError when the file is not a lexicon at all."""
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(f"读不了题目词表 {path.name}:{error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第{mark.line + 1}行" if mark else "某一行"
        raise LexiconError(f"题目词表 {path.name} {where}的格式不对(多半是缩进或冒号)") from error
    if not isinstance(root, yaml.MappingNode) or not root.value:
        raise LexiconError(f"题目词表 {path.name} 里没有题目")
    return _checked([key.value for key, _ in root.value], list(_aliases(root)))


def _aliases(root: yaml.MappingNode) -> Iterator[Alias]:
    for topic, lists in root.value:
        if not isinstance(lists, yaml.MappingNode):
            raise LexiconError(f"第{_line(topic)}行:题目“{topic.value}”下面要有 strong、aliases 或 weak")
        for strength, lines in lists.value:
            if strength.value not in get_args(Strength):
                raise LexiconError(f"第{_line(strength)}行:不认识“{strength.value}”,只能写 strong、aliases、weak")
            if not isinstance(lines, yaml.SequenceNode):
                raise LexiconError(f"第{_line(strength)}行:“{strength.value}”下面每行要以“- ”开头")
            for row in lines.value:
                if not isinstance(row, yaml.ScalarNode):
                    raise LexiconError(f"第{_line(row)}行:一行里只能写词,用空格隔开")
                yield from _row(row, topic.value, strength.value)


def _row(row: yaml.ScalarNode, topic: str, strength: Strength) -> Iterator[Alias]:
    for text in row.value.translate(_SEPARATORS).lower().split():
        pair = tuple(text.split("+")) if "+" in text else ()
        if not all(pair):
            raise LexiconError(f"第{_line(row)}行:“{text}”要写成“甲+乙”,加号两边各一个词")
        yield Alias(text, topic, strength, _line(row), pair)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _checked(names: list[str], aliases: list[Alias]) -> TopicLexicon:
    kept: dict[str, Alias] = {}
    problems: list[Problem] = []
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise LexiconError(f"题目写了两遍:{'、'.join(twice)}")
    for alias in aliases:
        first = kept.setdefault(alias.text, alias)
        if first is alias:
            continue
        if first.topic == alias.topic:
            told = f"第{alias.line}行:“{alias.text}”在“{alias.topic}”里重复了(第{first.line}行已有)"
            problems.append(Problem(alias.line, "repeated", told))
        else:
            both = f"“{first.topic}”(第{first.line}行)和“{alias.topic}”"
            told = f"第{alias.line}行:“{alias.text}”同时写在{both}里,以前一个为准"
            problems.append(Problem(alias.line, "shared", told))
    words = {text: alias for text, alias in kept.items() if not alias.together}
    lengths = _lengths(words)
    problems += _overlaps(words, lengths)
    pairs = tuple(alias for alias in kept.values() if alias.together)
    problems.sort(key=lambda problem: problem.line)
    tails: dict[str, tuple[Alias, ...]] = {}
    for pair in pairs:
        head = pair.together[-1][0]
        tails[head] = (*tails.get(head, ()), pair)
    return TopicLexicon(tuple(names), words, pairs, tuple(problems), lengths, tails)


def _lengths(words: Iterable[str]) -> dict[str, tuple[int, ...]]:
    by_head: dict[str, set[int]] = {}
    for word in words:
        by_head.setdefault(word[0], set()).add(len(word))
    return {head: tuple(sorted(sizes, reverse=True)) for head, sizes in by_head.items()}


def _overlaps(words: Mapping[str, Alias], lengths: Mapping[str, tuple[int, ...]]) -> Iterator[Problem]:
    """An alias inside another topic's alias is harmless (the longer one wins), but the editor should know."""
    for text, alias in words.items():
        for start in range(len(text)):
            for size in lengths.get(text[start], ()):
                inner = words.get(text[start : start + size]) if start + size <= len(text) else None
                if inner and inner.topic != alias.topic and inner.strength != "weak":
                    told = f"第{alias.line}行:“{text}”里含有“{inner.topic}”的“{inner.text}”(第{inner.line}行),长的优先"
                    yield Problem(alias.line, "overlap", told)
