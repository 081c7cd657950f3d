"""题目: the catalogue, the words by which people ask for each topic, and a box to try a sentence in."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from bot.cli_understand import INTENT_WORDS, PART_WORDS
from bot.console.values import Answer, Ask, Deed, Done, Html, Page
from data.desk import catalogue as desk
from data.lexicon import TopicLexicon, load_lexicon
from data.tables import RoleKind
from handlers import ROUTES
from handlers.router import Call, Router
from handlers.turn import Route
from handlers.understand import Act, Understanding, Utterance, concerns, named_exactly, normalise, understand

COMMON = 2_000  # times in the tokenizer's corpus: what people say to each other all day
LONGEST = 200
_ROUTER = Router(ROUTES)
_ROLE_NAMES = {RoleKind.COORDINATOR: "干事", RoleKind.LECTURER: "宣讲员"}
_WHY = {
    "alias": "就是这么叫的",
    "sound": "听着像",
    "model": "看整句猜的",
    "placed": "读成了日子",
    "not placed: ask": "没读成日子，会再问",
    "slot rule": "照说法读的",
    "command": "是口令",
    "name": "是名字",
    "part of a topic's name": "是题目名字里的字",
}


@dataclass(frozen=True, slots=True)
class Part:
    """Something that was read out of a sentence, and why."""

    what: str
    value: str
    words: str
    why: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What the bot would make of a sentence."""

    text: str
    hears: bool
    why: str
    intent: str
    sure: int  # percent
    parts: tuple[Part, ...]
    route: str
    who: str


def show(ask: Ask) -> Answer:
    """The topics; and what would become of a sentence, if one was typed."""
    say, where = ask.query.get("say", "")[:LONGEST].strip(), ask.query.get("where", "group")
    shipped = _shipped()
    counts: dict[str, int] = {}
    for alias in (*shipped.words.values(), *shipped.pairs):
        counts[alias.topic] = counts.get(alias.topic, 0) + 1
    values = {
        "topics": desk.topics(ask.session),
        "counts": counts,
        "say": say,
        "where": where if where == "direct" else "group",
        "tried": tried(ask, say, direct=where == "direct") if say else None,
    }
    return Html("catalogue.html", "题目", values)


def show_topic(ask: Ask) -> Answer:
    """One topic with all its words."""
    topic = desk.topic(ask.session, ask.number)
    (line,) = [each for each in desk.topics(ask.session) if each.id == topic.id]
    strong = [a.text for a in _shipped().words.values() if a.topic == topic.name and a.strength != "weak"]
    return Html("catalogue_topic.html", topic.name, {"line": line, "shipped": strong})


def add_words(ask: Ask) -> Done:
    """Other words for a topic."""
    topic = desk.topic(ask.session, ask.number)
    words = ask.form.need("words", "说法", longest=desk.LONGEST)
    new = desk.add_words(
        ask.session, topic, words, shipped=_shipped(), common=lambda said: _common(ask, said),
        by=ask.user.user_id, now=ask.now,
    )  # fmt: skip
    said = f"好，过几秒说“{words}”就听得懂了。" if new else f"“{words}”本来就听得懂。"
    return Done(f"/catalogue/{topic.id}", said, about=topic.name, detail={"说法": words}, reload=new)


def remove_words(ask: Ask) -> Done:
    """Words that were added after all do not mean it."""
    alias = desk.remove_words(ask.session, ask.id("alias"))
    return Done(
        f"/catalogue/{alias.topic_id}", f"去掉了“{alias.words}”。", about=f"题目{alias.topic_id}",
        detail={"说法": alias.words}, reload=True,
    )  # fmt: skip


def add_topic(ask: Ask) -> Done:
    """A topic that the catalogue had not."""
    made = desk.add_topic(ask.session, ask.form.need("name", "题目", longest=desk.LONGEST), shipped=_shipped())
    return Done(f"/catalogue/{made.id}", f"加上了“{made.name}”。再写写乡亲们怎么说它。", about=made.name, reload=True)


def tried(ask: Ask, say: str, *, direct: bool) -> Tried:
    """What the bot would make of a sentence. Nothing is kept, and nothing is done."""
    lexicon, text = ask.knowledge.lexicon, normalise(say)
    now = ask.now.astimezone(ask.knowledge.zone).replace(tzinfo=None)
    heard = Utterance(say, addressed=direct, listen=ask.knowledge.listen)
    understood = understand(heard, lexicon, now)
    call = _ROUTER.by_word(text)
    if call is not None and (call.plain or (direct and (not call.args or call.number is not None))):
        exact = named_exactly(call.args, lexicon) if "order_topic" in call.route.intents else None
        read = understand(Utterance(text, addressed=True), lexicon, now).first if call.route.intents else None
        act = exact or (read if read is not None and read.intent in call.route.intents else None)
        return _shown(text, act, call.route, hears=True, why=f"“{call.word or say[:8]}”是口令")
    route = _ROUTER.by_intent(understood.first.intent) if understood.reply else None
    return _shown(
        text, understood.first, route, hears=understood.reply, why=_gate(heard, understood, call, direct=direct)
    )


def _gate(heard: Utterance, understood: Understanding, call: Call | None, *, direct: bool) -> str:
    if direct:
        return "私聊或@了机器人，句句都听"
    if understood.reply:
        return "像是对机器人说的"
    if call is not None:
        return f"“{call.word}”后面的话不像口令，群里要@机器人才听"
    if not concerns(heard):
        return "没有点课、报名这类字眼，当大家在聊天"
    return "有相关的字眼，可不像是对机器人说的，不插嘴；要@它才答"


def _shown(text: str, act: Act | None, route: Route | None, *, hears: bool, why: str) -> Tried:
    roles = "、".join(_ROLE_NAMES[each] for each in route.roles) if route is not None else ""
    return Tried(
        text=text,
        hears=hears,
        why=why,
        intent=INTENT_WORDS[act.intent] if act is not None else "",
        sure=round(act.confidence * 100) if act is not None else 0,
        parts=tuple(_parts(act)) if act is not None else (),
        route=route.help if route is not None else "",
        who=f"只有{roles}能用" if roles else "",
    )


def _parts(act: Act) -> Iterator[Part]:
    for proof in act.evidence:
        if proof.part == "reply" or (proof.part == "intent" and proof.why == "command"):
            continue  # which is said above
        value = getattr(act, proof.part, None)
        if proof.part == "when":
            value = f"{act.when.start:%Y-%m-%d %H:%M}" if act.when is not None else None
        if proof.part == "intent":
            value = INTENT_WORDS[act.intent]
        why = _WHY.get(proof.why) or ("照句式读的" if proof.why.startswith("rule ") else proof.why)
        yield Part(PART_WORDS.get(proof.part, proof.part), "" if value is None else str(value), proof.words, why)
    if act.topic_options:
        yield Part("题目", "拿不准，会问是哪个", "、".join(act.topic_options), "几个题目差不多")


def _common(ask: Ask, said: str) -> bool:
    """What is said all day, or is a command."""
    return _ROUTER.by_word(said) is not None or ask.knowledge.lexicon.tokenizer.natural(said) >= COMMON


@lru_cache(maxsize=1)
def _shipped() -> TopicLexicon:
    """The lexicon of the program: some tens of milliseconds to read."""
    return load_lexicon()


PAGES: tuple[Page | Deed, ...] = (
    Page("/catalogue", show, "题目：目录、乡亲们的说法，试一句听不听得懂", nav="题目"),
    Deed("/catalogue/add", add_topic, "加题目", "/catalogue"),
    Page("/catalogue/{number}", show_topic, "一个题目的说法"),
    Deed("/catalogue/{number}/words", add_words, "加说法", "/catalogue/{number}"),
    Deed("/catalogue/words/{alias}/remove", remove_words, "去掉说法", "/catalogue"),
)
