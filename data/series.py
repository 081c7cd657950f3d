"""Which policy text a group gets at an occurrence of the timetable.

    the answer to what was asked yesterday → a dated series → an ordered course → the rotation of all other texts

A `Board` holds what the choice depends on: the texts in force, the series, and what each group had. `choose` looks at
it and decides; the push job queues what was chosen, a preview only notes it on the board and asks for the next.

How often (``rules.per_week``, N; 0 is no limit): what reached a group in the seven days before, or still waits to, is
counted over all pushes and broadcasts; a question takes the place of its answer too. At N nothing more is pushed, but
for the answers. The rotation stops earlier, at N less a reserve, and leaves the rest of a day alone that had its
share, so that there is room for what has its day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from math import ceil

from data import seasons, snippets
from data.listeners import Listener, takes
from data.rules import Rules
from data.series_tables import Series, SeriesKind
from data.tables import PushPart, Snippet

WEEK = timedelta(days=7)
EVENING = time(15, 0)  # an occurrence from then on is one of the evening
ANSWER_WITHIN = 3  # days after its question; later nobody remembers it
_NEVER = datetime.fromordinal(1)
_PLENTY = 1_000_000
_NUMBERS = "零一二三四五六七八九"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a group gets: a text, or the part of it that has its turn, and the series that it is of."""

    snippet: Snippet
    part: PushPart = PushPart.WHOLE
    series: Series | None = None
    lesson: int = 0  # in a course, from 1

    @property
    def text(self) -> str:
        """The message."""
        head = f"第{in_words(self.lesson)}课 " if self.lesson else ""
        return snippets.as_message(self.snippet, self.part, head=head)

    @property
    def why(self) -> str:
        """Why it is this text's turn."""
        if self.part == PushPart.ANSWER:
            return "答案"
        if self.series is None:
            return "问答" if self.part == PushPart.QUESTION else "轮流"
        return f"{self.series.name}{f'第{in_words(self.lesson)}课' if self.lesson else ''}"


@dataclass(slots=True)
class Had:
    """How often a group had a text, and when last (naive, in the town's zone)."""

    times: int = 0
    last: datetime = _NEVER


@dataclass(slots=True)
class History:
    """What one group had. ``asked`` are the questions that wait for their answer, by key."""

    texts: dict[int, Had] = field(default_factory=dict)  # by snippet
    lessons: set[tuple[int, str]] = field(default_factory=set)  # (series, key), whatever the version
    series: dict[int, datetime] = field(default_factory=dict)
    asked: dict[str, date] = field(default_factory=dict)
    reached: list[datetime] = field(default_factory=list)  # pushes and broadcasts of late, and those to come

    def note(self, choice: Choice, at: datetime) -> None:
        """It got this."""
        snippet = choice.snippet
        assert snippet.id is not None
        key = snippets.bare_key(snippet.key)
        self.reached.append(at)
        if choice.part == PushPart.ANSWER:
            self.asked.pop(key, None)
            return
        had = self.texts.setdefault(snippet.id, Had())
        had.times, had.last = had.times + 1, at
        if choice.part == PushPart.QUESTION:
            self.asked[key] = at.date()
        if choice.series is not None and choice.series.id is not None:
            self.series[choice.series.id] = at
            self.lessons.add((choice.series.id, key))


class Board:
    """All that a choice depends on; ``histories`` are by room."""

    def __init__(
        self, texts: Iterable[Snippet], series: Iterable[Series], histories: dict[int, History], rules: Rules
    ) -> None:
        self.texts = {each.key: each for each in texts}
        self.series = sorted(series, key=lambda each: each.position)
        self.histories = histories
        self.rules = rules
        self._bound = {key for each in self.series for key in each.texts}

    def choose(self, listener: Listener, at: datetime) -> Choice | None:
        """What ``listener`` gets at ``at`` (when it leaves; naive, in the town's zone). None: nothing is due."""
        history = self.histories.setdefault(listener.room_id, History())
        week = [each for each in history.reached if each > at - WEEK]
        open_questions = self._open(history, at.date())
        room = (self.rules.per_week or _PLENTY) - len(week) - len(open_questions)
        if open_questions and (answer := self._answer(open_questions, history, at)):
            return answer
        if room < 1:
            return None
        return (
            self._dated(listener, history, at, room=room)
            or self._lesson(listener, history, at)
            or self._next_round(listener, history, at, week, room=room)
        )

    def is_full(self, room_id: int, at: datetime) -> bool:
        """Whether a group had all that a week holds."""
        week = [each for each in self.histories[room_id].reached if each > at - WEEK]
        return len(week) >= (self.rules.per_week or _PLENTY)

    def _open(self, history: History, today: date) -> list[str]:
        """The questions that wait for their answer and may still get it, the oldest first."""
        asked = sorted(history.asked.items(), key=lambda each: each[1])
        return [
            key
            for key, day in asked
            if (today - day).days <= ANSWER_WITHIN
            and (snippet := self.texts.get(key)) is not None
            and snippets.current(snippet, today)
        ]

    def _answer(self, questions: Sequence[str], history: History, at: datetime) -> Choice | None:
        """The answer to a question of the days before; so at noon, where there is a push at noon."""
        for key in questions:
            if history.asked[key] < at.date():
                return Choice(self.texts[key], PushPart.ANSWER)
        return None

    def _dated(self, listener: Listener, history: History, at: datetime, *, room: int) -> Choice | None:
        """The next text of the dated series that has its days; the one with the shortest span first."""
        today, found = at.date(), []
        for each in self.series:
            if each.kind != SeriesKind.DATED or not takes(each.audience, listener):
                continue
            span = self._span(each, today)
            if span is not None and self._rested(each, history, today):
                found.append(((span[1] - span[0]).days, each.position, each, span))
        for _, _, each, (first, _last) in sorted(found, key=lambda entry: entry[:2]):
            due = [
                (history.texts.get(snippet.id or 0, Had()), place, snippet)
                for place, snippet in enumerate(self._texts_of(each, listener, today))
                if self._suits(snippet, at, room=room)
            ]
            if not each.again:
                due = [entry for entry in due if entry[0].last.date() < first]
            if due:
                _, _, snippet = min(due, key=lambda entry: (entry[0].last if each.again else _NEVER, entry[1]))
                return Choice(snippet, self._part(snippet), each)
        return None

    def _lesson(self, listener: Listener, history: History, at: datetime) -> Choice | None:
        """The next lesson of the first course that has one."""
        today = at.date()
        for each in self.series:
            if each.kind != SeriesKind.COURSE or not takes(each.audience, listener):
                continue
            if (each.days and self._span(each, today) is None) or not self._rested(each, history, today):
                continue
            for snippet in self._texts_of(each, listener, today):
                if (each.id, snippet.key) not in history.lessons:
                    return Choice(snippet, PushPart.WHOLE, each, lesson=each.texts.index(snippet.key) + 1)
        return None

    def _next_round(
        self, listener: Listener, history: History, at: datetime, week: Sequence[datetime], *, room: int
    ) -> Choice | None:
        """The text that this group had least often; of those, one of the topic whose turn is longest ago."""
        most = self.rules.per_week
        if most:
            today = sum(each.date() == at.date() for each in week)
            if room <= reserve(most) or today >= ceil(most / 7):
                return None
        texts = [
            each
            for each in self.texts.values()
            if each.key not in self._bound and snippets.current(each, at.date()) and takes(each.audience, listener)
        ]
        turns: dict[int, datetime] = {}
        nothing = Had()
        for each in texts:
            last = history.texts.get(each.id or 0, nothing).last
            turns[each.topic_id] = max(last, turns.get(each.topic_id, _NEVER))
        first = min(
            texts,
            key=lambda each: (
                (had := history.texts.get(each.id or 0, nothing)).times,
                turns[each.topic_id],
                had.last,
                each.id,
            ),
            default=None,
        )
        # Where a question has its turn, the noon is left to the evening.
        return Choice(first, self._part(first)) if first is not None and self._suits(first, at, room=room) else None

    def _asks(self, snippet: Snippet) -> bool:
        """Whether it is asked first; never where a week has no room for a question and its answer."""
        return bool(snippet.ask) and self.rules.per_week != 1

    def _part(self, snippet: Snippet) -> PushPart:
        return PushPart.QUESTION if self._asks(snippet) else PushPart.WHOLE

    def _suits(self, snippet: Snippet, at: datetime, *, room: int) -> bool:
        """A text that asks first is asked in the evening, where the town pushes then, with room left for its answer."""
        evening = at.time() >= EVENING or not self.rules.evening_pushes
        return not self._asks(snippet) or (evening and room >= 2)

    def _texts_of(self, series: Series, listener: Listener, today: date) -> list[Snippet]:
        """Its texts that may leave today, in its order."""
        found = (self.texts.get(key) for key in series.texts)
        return [each for each in found if each and snippets.current(each, today) and takes(each.audience, listener)]

    def _rested(self, series: Series, history: History, today: date) -> bool:
        last = history.series.get(series.id or 0)
        return last is None or (today - last.date()).days >= series.every_days

    def _span(self, series: Series, today: date) -> seasons.Span | None:
        """The shortest of its spans that today lies in."""
        spans = (seasons.span_of(words, today, self.rules.work) for words in series.days)
        return min(filter(None, spans), key=lambda span: span[1] - span[0], default=None)


def reserve(per_week: int) -> int:
    """Places of a week that the rotation leaves to what has its day."""
    return min(2, per_week // 3)


def in_words(number: int) -> str:
    """3 → 三, 12 → 十二, 20 → 二十; to 99."""
    tens, ones = divmod(number, 10)
    ten = "" if not tens else "十" if tens == 1 else f"{_NUMBERS[tens]}十"
    return ten + (_NUMBERS[ones] if ones or not tens else "")
