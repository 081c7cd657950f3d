"""All that understanding knows, read once and handed around: words, weights, and the town's own people and places."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from data.lexicon import HERE, TopicLexicon
from data.lexicon import load_lexicon as load_topics
from handlers.understand.cut import Tokenizer, load_tokenizer
from handlers.understand.lecturers import Lecturer, Roll, call_roll, load_callings
from handlers.understand.model import IntentModel
from handlers.understand.model import load as load_intents
from handlers.understand.places import Venues, load_venues, longest_first
from handlers.understand.sounds import Pinyin, load_pinyin
from handlers.understand.topic_model import TopicModel
from handlers.understand.topic_model import load_model as load_topic_model
from handlers.understand.typos import SoundIndex, sound_index
from handlers.understand.when import TownCalendar

INTENTS = HERE / "intents.model.tsv"


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Immutable; one for the whole process. ``roll`` and ``places`` are the town's and change with `for_town`."""

    topics: TopicLexicon
    topic_model: TopicModel
    sounds: SoundIndex
    tokenizer: Tokenizer
    intents: IntentModel
    venues: Venues
    roll: Roll
    places: tuple[str, ...]
    village_sounds: SoundIndex
    calendar: TownCalendar

    def for_town(
        self, lecturers: Iterable[Lecturer], places: Iterable[str], calendar: TownCalendar | None = None
    ) -> "Lexicon":
        """The same lexicon with other people, places and market days: milliseconds, for when the tables change."""
        roll = call_roll(lecturers, self.roll.callings, self.roll.pinyin)
        known = longest_first(places)
        heard = _village_sounds(known, self.roll.pinyin, self.tokenizer)
        return replace(self, roll=roll, places=known, village_sounds=heard, calendar=calendar or self.calendar)


def load_lexicon(
    lecturers: Iterable[Lecturer] = (),
    places: Iterable[str] = (),
    calendar: TownCalendar | None = None,
    topics: TopicLexicon | None = None,
) -> Lexicon:
    """Read everything from ``data/lexicon`` in half a second. Raises ``LexiconError``, ``OSError``, ``ValueError``."""
    people, villages = tuple(lecturers), longest_first(places)
    topics = topics or load_topics()
    pinyin = load_pinyin()
    tokenizer = load_tokenizer([*topics.words, *(person.name for person in people), *villages])
    return Lexicon(
        topics=topics,
        topic_model=load_topic_model(topics),
        sounds=sound_index(topics.spoken(), pinyin, tokenizer),
        tokenizer=tokenizer,
        intents=load_intents(INTENTS),
        venues=load_venues(),
        roll=call_roll(people, load_callings(), pinyin),
        places=villages,
        village_sounds=_village_sounds(villages, pinyin, tokenizer),
        calendar=calendar or TownCalendar(),
    )


def _village_sounds(places: Iterable[str], pinyin: Pinyin, tokenizer: Tokenizer) -> SoundIndex:
    """Villages by their sound: only names that say what they are, for 榕木 alone is like too much else."""
    return sound_index({place: (place,) for place in places if place[-1] in "村屯寨"}, pinyin, tokenizer)
