"""The simple reading: a mention is peeled off, and plain wishes are told from the rest by their opening words."""

import re
import unicodedata
from datetime import datetime

from handlers.understand.lexicon import Lexicon
from handlers.understand.values import Act, Evidence, Intent, Understanding, Utterance

MAX_TEXT = 2_000
# WeChat ends a mention with U+2005, so that a name may hold spaces; a typed one ends at the first space.
_MENTION = re.compile(r"^@(?:[^\u2005\n]{1,40}\u2005|\S{1,32}(?:\s+|$))\s*")
_TOPIC_WISH = re.compile(r"^(?:我|我们|俺|大家)?(?:想|要)(?:听|学)(?:一下|听|下)?(?P<wish>\S.{0,40})$")
_LECTURER_WISH = re.compile(
    r"^(?:我们?)?(?:想|要|能不能)?请(?P<who>.{2,8}?)(?:老师)?来(?:给我们)?(?:讲|上)(?P<wish>.{0,40})$"
)
_WISHES = (("请…来讲", _LECTURER_WISH), ("想听…", _TOPIC_WISH))
_STEMS = re.compile(
    r"想听|要听|想学|请.{2,8}来|报名|点[课单将]|菜单|课表|课程表|我的点单|我的订单|帮助|取消|确[认定]|通知|本群|绑定|题目|目录"
)
_SHORT_ANSWER = re.compile(r"^(是|好的?|可以|发|不发了?|不要了?|算了|作废|\d{1,2})[。!！]?$")


def normalise(text: str) -> str:
    """Fold widths, drop what cannot be seen, peel a leading mention; cut at `MAX_TEXT` characters."""
    peeled = _MENTION.sub("", text[:MAX_TEXT].lstrip())
    folded = unicodedata.normalize("NFKC", peeled)[:MAX_TEXT]
    seen = "".join(each for each in folded if each in "\n\t" or unicodedata.category(each)[0] != "C")
    return seen.strip()


def peel_mention(text: str) -> str:
    """The text without a leading ``@name``, otherwise as it was typed."""
    return _MENTION.sub("", text.lstrip()).strip()


def concerns(utterance: Utterance) -> bool:
    """Whether a line is worth a turn at all: the gate in front, for lines that nobody addressed to the bot."""
    if utterance.addressed:
        return True
    if utterance.listen == "mention":
        return bool(_SHORT_ANSWER.match(utterance.text)) or "确认" in utterance.text or "取消" in utterance.text
    return bool(_STEMS.search(utterance.text) or _SHORT_ANSWER.match(utterance.text))


def understand(utterance: Utterance, lexicon: Lexicon, now: datetime) -> Understanding:
    """Read one message; what is not plainly a wish is of intent "none"."""
    text = normalise(utterance.text)
    for why, pattern in _WISHES:
        match = pattern.match(text)
        if match:
            act = _wish(match, lexicon, why)
            plain = act.topic is not None or act.lecturer is not None
            speaks = utterance.addressed or (utterance.listen == "natural" and plain)
            return Understanding(text, (act,), reply=speaks)
    return Understanding(text, (Act(intent="none", confidence=0.5),), reply=utterance.addressed)


def read_wish(words: str, lexicon: Lexicon) -> Act:
    """What a wish names: a topic by any of its aliases, a lecturer by name; else just the words."""
    topic = next((name for alias, name in lexicon.aliases if alias in words), None)
    lecturer = next((name for name in lexicon.lecturers if name in words), None)
    intent: Intent = "order_lecturer" if lecturer else "order_topic"
    return Act(intent=intent, confidence=0.9, topic=topic, lecturer=lecturer, wish=words.strip(" 。!!,,"))


def _wish(match: re.Match[str], lexicon: Lexicon, why: str) -> Act:
    act = read_wish(match[0], lexicon)
    who = match.groupdict().get("who")
    return Act(
        intent="order_lecturer" if who else act.intent,
        confidence=0.9,
        topic=act.topic,
        lecturer=act.lecturer or who,
        wish=match["wish"].strip(" 。!!,,") or match[0],
        evidence=(Evidence("intent", match[0], why),),
    )
