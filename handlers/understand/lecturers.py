"""Whom a resident asks for: a lecturer by name, 姓+title, given name, sound, or trade."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from data.lexicon import TRADES, read_table
from handlers.understand.sounds import Pinyin

Why = Literal["name", "title", "sound", "trade", "unknown"]

LONGEST_TEXT = 300  # characters; who is wished for is said early
SOUND_ENOUGH = 0.75  # of a whole name: all syllables alike, and most tones or characters
_ASKED_BEFORE = (
    r"(?:请|找|叫|喊|派|要|点|换|约|选|来|听|让|麻烦|安排|有没有|想要)"
    r"(?:[一两几]?[个位名]|你们|那个|那位|上次那个|[县镇市村][里上]的?|懂行的|专业的?)*"
)
_SOMEONE = r"[^\W\d个位名老好女男看的新那这几些牙中家乡村派找人来去问听讲教叫换请点要选]"  # 要往医生, not 要看医生
_ASKED_AFTER = r"(?:们)?(?:[来嚟]|讲|教|上课|给我们|帮我们|下乡|指导|的课|的讲座|那场|那节)"
_HAIL = re.compile(r"[,:，： ]*[您你]们?好|[:：]")
_NOT_BEFORE = r"(?<![主担责现前历上]任)"  # 主任医师, 责任医生: 任 is no surname there


@dataclass(frozen=True, slots=True)
class Lecturer:
    """One of the town's lecturers, as far as finding them needs. ``title`` and ``trades`` are free words."""

    name: str
    title: str = ""
    trades: tuple[str, ...] = ()

    @property
    def callings(self) -> str:
        return " ".join((self.title, *self.trades))


@dataclass(frozen=True, slots=True)
class LecturerHit:
    """Someone asked for. ``name`` is a full name, or the words used when ``options`` has none or several."""

    name: str
    words: str
    start: int
    why: Why
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Callings:
    """How lecturers are called: compiled from ``trades.yaml``."""

    by_title: re.Pattern[str]  # groups: surname, title
    any_surname: re.Pattern[str]  # the same with any character before a title of two characters or more
    asked: re.Pattern[str]  # group: any character and a trade after a plain request
    by_trade: re.Pattern[str]  # groups: trade after a request, trade before one
    trades: tuple[frozenset[str], ...]
    any_title: frozenset[str]
    titles: tuple[str, ...]
    doubtful: frozenset[str]


def load_callings(path: Path = TRADES) -> Callings:
    """Read surnames, titles and trades. Raises KeyError or YAMLError when the file is damaged."""
    table = read_table(path)
    titles = tuple(sorted(set(table["titles"].split()), key=len, reverse=True))
    single = "".join(sorted(set(table["surnames"]) | set(table["doubtful"]) - {" "}))
    surname = rf"(?:{'|'.join(table['compound'].split())}|{_NOT_BEFORE}[{single.strip()}])"
    engineer = r"工(?![作程人资地业厂会商具伤期序种钱艺友夫段])"
    long_titles = "|".join(re.escape(title) for title in titles if title != "工")
    alone = [word for row in table["trades"] if row["alone"] for word in row["words"].split() if len(word) > 1]
    named = "|".join(re.escape(word) for word in sorted(alone, key=len, reverse=True))
    return Callings(
        re.compile(rf"({surname})({long_titles}|(?<!施){engineer})"),
        re.compile(rf"([\u4e00-\u9fff])({long_titles})"),
        re.compile(rf"(?:请|找|点|要|听|换|选)({_SOMEONE}(?:{named}))"),
        re.compile(rf"{_ASKED_BEFORE}({named})|({named})(?={_ASKED_AFTER})"),
        tuple(frozenset(row["words"].split()) for row in table["trades"]),
        frozenset(table["any_title"].split()),
        titles,
        frozenset(table["doubtful"]),
    )


@dataclass(frozen=True, slots=True)
class Roll:
    """The town's lecturers made ready to be found. Build with ``call_roll`` whenever they change (under 1 ms each)."""

    people: tuple[Lecturer, ...]
    callings: Callings
    pinyin: Pinyin
    names: re.Pattern[str] | None  # whole names, longest first
    given: re.Pattern[str] | None  # groups: given name, title
    by_given: Mapping[str, tuple[str, ...]]
    sounds: Mapping[tuple[str, ...], tuple[str, ...]]  # folded syllables of whole names → names
    surnames: Mapping[str, tuple[Lecturer, ...]]  # folded syllable of a surname → who has it


def call_roll(people: Iterable[Lecturer], callings: Callings, pinyin: Pinyin) -> Roll:
    """Index ``people``. Names of one character are left out: they stand in every text."""
    known = tuple(person for person in people if len(person.name) > 1)
    by_given: dict[str, list[str]] = {}
    sounds: dict[tuple[str, ...], list[str]] = {}
    surnames: dict[str, list[Lecturer]] = {}
    for person in known:
        if len(person.name) > 2:
            by_given.setdefault(person.name[1:], []).append(person.name)
        for spelling in pinyin.spellings(person.name, folded=True):
            sounds.setdefault(spelling, []).append(person.name)
        for (syllable,) in pinyin.spellings(person.name[0], folded=True):
            surnames.setdefault(syllable, []).append(person)
    titles = "|".join(title for title in callings.titles if len(title) > 1)
    return Roll(
        known,
        callings,
        pinyin,
        re.compile(_either(person.name for person in known)) if known else None,
        re.compile(rf"({_either(by_given)})({titles})") if by_given else None,
        {given: tuple(names) for given, names in by_given.items()},
        {spelling: tuple(names) for spelling, names in sounds.items()},
        {syllable: tuple(same) for syllable, same in surnames.items()},
    )


def find_lecturers(text: str, roll: Roll) -> tuple[LecturerHit, ...]:
    """Everyone asked for in normalised ``text``, in the order of the words. Words once read are not read again."""
    text = text[:LONGEST_TEXT]
    taken: list[LecturerHit] = []
    for finder in (_by_name, _by_given, _by_title, _by_surname_sound, _by_sound, _by_asking, _by_trade):
        for hit in finder(text, roll):
            if not any(_meet(hit, other) for other in taken):
                taken.append(hit)
    return tuple(sorted(taken, key=lambda hit: hit.start))


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda word: (-len(word), word)))


def _meet(one: LecturerHit, other: LecturerHit) -> bool:
    return one.start < other.start + len(other.words) and other.start < one.start + len(one.words)


def _by_name(text: str, roll: Roll) -> Iterator[LecturerHit]:
    for found in roll.names.finditer(text) if roll.names else ():
        yield LecturerHit(found.group(), found.group(), found.start(), "name", (found.group(),))


def _by_given(text: str, roll: Roll) -> Iterator[LecturerHit]:
    for found in roll.given.finditer(text) if roll.given else ():
        yield _hit(roll.by_given[found.group(1)], found.group(), found.start(), "title")


def _by_title(text: str, roll: Roll) -> Iterator[LecturerHit]:
    for found in roll.callings.by_title.finditer(text):
        surname, title = found.groups()
        if surname in roll.callings.doubtful and not any(person.name.startswith(surname) for person in roll.people):
            continue
        if not _greeted(text, found.start(), found.end()):
            yield _hit(_called(surname, title, roll), found.group(), found.start(), "title")


def _by_surname_sound(text: str, roll: Roll) -> Iterator[LecturerHit]:
    """往医生 → 王医生: only towards a surname that a lecturer of that trade has."""
    for found in roll.callings.any_surname.finditer(text):
        heard, title = found.groups()
        if title in roll.callings.any_title:
            continue
        syllables = {syllable for (syllable,) in roll.pinyin.spellings(heard, folded=True)}
        alike = {person for syllable in syllables for person in roll.surnames.get(syllable, ())}
        names = sorted(person.name for person in alike if _of_trade(person, title, roll.callings))
        if names:
            yield _hit(names, found.group(), found.start(), "sound")


def _by_sound(text: str, roll: Roll) -> Iterator[LecturerHit]:
    heard = roll.pinyin.heard(text)
    sizes = {len(spelling) for spelling in roll.sounds}
    for start, syllable in enumerate(heard):
        for size in sizes if syllable in roll.surnames else ():
            window = text[start : start + size]
            for name in roll.sounds.get(tuple(heard[start : start + size]), ()):
                shares = any(one == other for one, other in zip(window, name, strict=True))
                if shares and roll.pinyin.likeness(window, name) >= SOUND_ENOUGH:
                    yield LecturerHit(name, window, start, "sound", (name,))


def _by_asking(text: str, roll: Roll) -> Iterator[LecturerHit]:
    """要往医生, when no lecturer sounds like it: whoever is meant was asked for."""
    for found in roll.callings.asked.finditer(text):
        yield _hit((), found.group(1), found.start(1), "unknown")


def _by_trade(text: str, roll: Roll) -> Iterator[LecturerHit]:
    for found in roll.callings.by_trade.finditer(text):
        group = 1 if found.group(1) else 2
        word = found.group(group)
        names = [person.name for person in roll.people if _of_trade(person, word, roll.callings)]
        yield _hit(names, word, found.start(group), "trade")


def _hit(names: Sequence[str], words: str, start: int, why: Why) -> LecturerHit:
    if not names:
        return LecturerHit(words, words, start, "unknown")
    return LecturerHit(names[0] if len(names) == 1 else words, words, start, why, tuple(names))


def _called(surname: str, title: str, roll: Roll) -> list[str]:
    """Full names that 姓+title may mean. A title that says a trade must be the person's trade."""
    same = [person for person in roll.people if person.name.startswith(surname)]
    exact = [person.name for person in same if _of_trade(person, title, roll.callings)]
    if exact or title not in roll.callings.any_title:
        return exact
    return [person.name for person in same]


def _of_trade(person: Lecturer, word: str, callings: Callings) -> bool:
    said = {word}.union(*(trade for trade in callings.trades if word in trade))
    return any(calling in person.callings for calling in said)


def _greeted(text: str, start: int, end: int) -> bool:
    """尊敬的曾书记, 陈校长您好: spoken to, not asked for."""
    if text[max(0, start - 3) : start] in ("尊敬的", "敬爱的"):
        return True
    return _HAIL.match(text, end) is not None
