"""The sheet 题目: topics of the catalogue and the words by which this town's people ask for them."""

from collections.abc import Sequence

from sqlmodel import col, delete

from data.bring import cells
from data.bring.known import Known, fold, once_each
from data.bring.model import Column, Entry, Hand, Line, Plain, entry
from data.desk_tables import TopicAlias
from data.tables import Topic

NAME, ALIASES = "名称", "别的说法"
COLUMNS = (
    Column(
        NAME, "题目叫什么；目录里已有的也可以写，只为加说法", cells.proper_name, "示例题目", required=True, width=20
    ),
    Column(ALIASES, "乡亲们怎么说到它，至少两个字，几个就用顿号隔开", cells.names, "示例说法、另一种说法", width=40),
)
_SHORTEST = 2  # characters; one alone is heard where nobody meant it


def weigh(known: Known, lines: Sequence[Line]) -> list[Entry]:
    """What would become of the lines."""
    return [_entry(known, line, name) for line, name in once_each(lines, NAME, known.topic_names)]


def put(known: Known, entries: Sequence[Entry], hand: Hand) -> None:
    """Write them; a new topic comes last in the menu."""
    position = max((each.position for each in known.topics.values()), default=0)
    for each in entries:
        if each.name not in known.topics:
            position += 1
            known.topics[each.name] = Topic(name=each.name, position=position)
            hand.session.add(known.topics[each.name])
    hand.session.flush()
    for each in entries:
        wanted = each.wanted.get(ALIASES)
        if not isinstance(wanted, tuple) or ALIASES not in each.changed:
            continue
        topic_id = known.topics[each.name].id or 0
        here = col(TopicAlias.topic_id) == topic_id
        hand.session.exec(delete(TopicAlias).where(here, col(TopicAlias.words).not_in(wanted)))
        standing = {alias.words for alias in known.aliases.get(each.name, ())}
        for words in wanted:
            if words not in standing:
                hand.session.add(TopicAlias(topic_id=topic_id, words=words, added_at=hand.now))
    hand.session.flush()


def _entry(known: Known, line: Line, name: str) -> Entry:
    owner = known.topic_names.find(name)
    if owner is not None and fold(owner) != fold(name):
        line.fault(NAME, f"“{name}”就是“{owner}”，请写“{owner}”")
    elif name not in known.topics:
        shipped = known.shipped_topic(name)
        if shipped:
            line.fault(NAME, f"“{name}”是“{shipped}”的一种说法，请写“{shipped}”")
    standing = tuple(sorted(each.words for each in known.aliases.get(name, ())))
    was: dict[str, Plain] | None = {ALIASES: standing} if name in known.topics else None
    said = line.words(ALIASES)
    if said is None:
        return entry(line, name, was, {})
    aliases = tuple(sorted({fold(each) for each in said}))
    for each in aliases:
        _clash(known, line, name, each)
    return entry(line, name, was, {ALIASES: aliases})


def _clash(known: Known, line: Line, name: str, words: str) -> None:
    """One way to say it belongs to one topic."""
    if len(words) < _SHORTEST:
        line.fault(ALIASES, f"“{words}”太短，至少{_SHORTEST}个字，免得听错")
        return
    owners = (known.topic_names.find(words), known.shipped_topic(words))
    other = next((each for each in owners if each and fold(each) != fold(name)), None)
    if other is not None:
        line.fault(ALIASES, f"“{words}”已经是“{other}”的说法")
