"""Runs of 接龙 posts: what they come to, and what is left for a person to check."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.cli_jielong import main
from handlers.jielong import ListState, MergeResult, Post, main_chain, merge

FILE = Path(__file__).parent / "cases" / "jielong" / "sequences.txt"


@dataclass
class Story:
    name: str
    posts: list[Post] = field(default_factory=list)
    final: list[tuple[str, int]] = field(default_factory=list)
    doubts: list[str] | None = None
    chains: int = 1


def _text(words: str) -> str:
    title, slash, lines = words.partition(" / ")
    items = (lines if slash else words).split("|")
    numbered = [f"{n}. {item.strip()}" for n, item in enumerate(items, start=1)]
    return "\n".join(["#接龙", title.strip() if slash else "防汛讲座 周三晚八点 文化室", "", *numbered])


def _stories() -> list[Story]:
    stories: list[Story] = []
    for line in FILE.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            stories.append(Story(line[3:]))
        elif match := re.match(r"(\d+) (\S+) <- (\d+): ?(.*)", line):
            seq, sender, parent, words = match.groups()
            stories[-1].posts.append(Post(int(seq), sender, _text(words), int(parent)))
        elif line.startswith("=>"):
            pairs = [pair.rsplit(" ", 1) for pair in line[2:].strip().split(", ") if pair]
            stories[-1].final = [(name, int(count)) for name, count in pairs]
        elif line.startswith("? "):
            stories[-1].doubts = [doubt.strip() for doubt in line[2:].split(",")]
        elif line.startswith("chains "):
            stories[-1].chains = int(line.split()[1])
    return stories


STORIES = _stories()


def _run(posts: list[Post]) -> MergeResult:
    result = MergeResult(ListState())
    for post in sorted(posts, key=lambda post: post.seq):
        result = merge(result.state, post)
    return result


def test_there_are_stories() -> None:
    assert len(STORIES) >= 40
    assert all(len(story.posts) >= 2 for story in STORIES)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_story(story: Story) -> None:
    result = _run(story.posts)
    chain = main_chain(result.state)
    assert chain is not None
    assert [(entry.name, entry.count) for entry in chain.entries] == story.final
    assert len(result.state.chains) == story.chains
    if story.doubts is not None:
        assert [f"{doubt.kind} {doubt.entry.name}" for doubt in result.unclear] == story.doubts


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_posting_the_last_again_changes_nothing(story: Story) -> None:
    result = _run(story.posts)
    last = max(story.posts, key=lambda post: post.seq)
    again = merge(result.state, Post(99, last.sender, last.text, last.seq))
    assert again.state.chains[again.chain or 0].entries == result.state.chains[again.chain or 0].entries
    assert (again.joined, again.edited, again.withdrawn) == ((), (), ())


def test_changes_are_told_apart() -> None:
    first = merge(ListState(), Post(1, "u1", _text("农美珍 | 莫大叔 2人"), name="韦主任"))
    assert [change.after.name for change in first.joined if change.after] == ["农美珍", "莫大叔"]
    second = merge(first.state, Post(2, "u2", _text("农美珍 | 莫大叔 3人 | 莫小弟 待定"), 1, name="莫大叔"))
    assert [change.after.name for change in second.joined if change.after] == ["莫小弟"]
    assert [(c.before.count, c.after.count) for c in second.edited if c.before and c.after] == [(2, 3)]
    assert [(doubt.kind, doubt.entry.name) for doubt in second.unclear] == [("count", "莫小弟")]
    third = merge(second.state, Post(3, "u2", _text("农美珍 | 莫小弟 待定"), 2, name="莫大叔"))
    assert [change.before.name for change in third.withdrawn if change.before] == ["莫大叔"]


def test_known_ids_decide_not_names() -> None:
    first = merge(ListState(), Post(1, "u1", _text("农美珍"), name="韦主任"))
    second = merge(first.state, Post(2, "u2", _text("农美珍 | 莫大叔"), 1, name="莫大叔"))
    renamed = merge(second.state, Post(3, "u9", _text("农美珍"), 2, name="莫大叔"))
    assert not renamed.withdrawn
    assert [doubt.kind for doubt in renamed.unclear] == ["dropped"]


def test_two_members_of_one_name_both_stay() -> None:
    first = merge(ListState(), Post(1, "u1", _text("农美珍"), name="韦主任"))
    second = merge(first.state, Post(2, "u2", _text("农美珍 | 李强"), 1, name="李强"))
    third = merge(second.state, Post(3, "u3", _text("农美珍 | 李强"), 1, name="李强"))
    assert [entry.name for entry in third.state.chains[0].entries] == ["农美珍", "李强", "李强"]


def test_what_is_no_list_changes_nothing() -> None:
    first = merge(ListState(), Post(1, "u1", _text("农美珍")))
    second = merge(first.state, Post(2, "u2", "我不去了", 1))
    assert second.chain is None
    assert second.state == first.state


def test_a_quote_changes_nothing() -> None:
    first = merge(ListState(), Post(1, "u1", _text("农美珍")))
    quote = _text("农美珍 | 莫大叔") + "\n- - - - - - - - - - - - - - -\n我也去"
    assert merge(first.state, Post(2, "u2", quote, 1)).state == first.state


def test_old_snapshots_are_forgotten_but_rows_are_not() -> None:
    state, lines = ListState(), ["农美珍"]
    for seq in range(1, 80):
        lines.append(f"村民甲{seq:03d}")
        state = merge(state, Post(seq, f"u{seq}", _text(" | ".join(lines)), seq - 1)).state
    assert len(state.chains[0].snapshots) == 50
    assert len(state.chains[0].entries) == 80


def test_command_prints_names_and_counts() -> None:
    rows = [
        {"seq": 1, "sender": "韦主任", "parent": 0, "text": _text("农美珍 晚到")},
        {"seq": 2, "sender": "莫大叔", "parent": 1, "text": _text("农美珍 晚到 | 莫大叔 2大1小")},
    ]
    assert json.loads(main(json.dumps(rows), sequence=True)) == [
        {"name": "农美珍", "count": 1},
        {"name": "莫大叔", "count": 3},
    ]
    assert json.loads(main("[]", sequence=True)) == []


@pytest.mark.parametrize(("wrong", "said"), [
    ("{}", "^要一个 JSON 列表"), ("[1]", "这一条缺 seq（数字）或 text（文字）：1"), ('[{"seq": 1}]', "这一条缺 "),
    ('[{"seq": "1", "text": "x"}]', "这一条缺 "), ("nothing", "第1行不是 JSON。要一个 JSON 列表"),
])  # fmt: skip
def test_command_refuses_what_is_not_a_sequence(wrong: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        main(wrong, sequence=True)
