"""Make one plain form of what people type: simplified, half-width, without quotes, mentions, emoji and dialect."""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

from handlers.understand.dialect import FACES, HOMOPHONES, HOW, SIGNS, SPOKEN

MAX_PASSES = 12  # two are enough for what people write; the bound is for what they do not
MAX_LENGTH = 2_000  # a WeChat message can be longer; what it asks for stands in front

_QUOTE = re.compile(r"\A\s*「(.*)」[ \t]*\n[ \t]*(?:[-—][ \t]*){5,}\n", re.DOTALL)
# WeChat ends a mention with U+2005; one that was typed by hand counts only at either end of the message.
_MENTION = re.compile(r"[@＠][^@＠\n\u2005]{1,32}\u2005|\A\s*(?:[@＠][^\s@＠]{1,32}(?:\s+|\Z))+")
_MENTION_BEHIND = re.compile(r"(?:\A|(?<=\s))[@＠][^\s@＠]{1,32}\Z")
_NOT_PLAIN = re.compile(r"[^\n -~、。《》「」【】一-鿿㐀-䶿]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff\u20e3\ud800-\uf8ff\U000e0000-\U0010ffff]"
)
_EMOJI = re.compile(
    "[\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\U0001f000-\U0001faff]"
    rf"|\[(?:{FACES})\]"
)
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" ?\n[\s]*")
_HAI = re.compile(r"(?<![關关干])係")
_SPOKEN = re.compile("|".join(re.escape(said) for said in sorted(dict(SPOKEN), key=len, reverse=True)))
_WRITTEN = dict(SPOKEN)
_REPAIRS = tuple((re.compile(pattern), plain) for pattern, plain in (*HOMOPHONES, HOW))
_ASPECT = re.compile(r"(?<=[坐等听看讲说站拿带跟挂])著(?!名|作|书)")


@cache
def _simplifier() -> OpenCC:
    """The converter is immutable once built, and costs milliseconds to build."""
    return OpenCC("hk2s")


def split_quote(text: str) -> tuple[str | None, str]:
    """Part a WeChat quotation from the reply under it: ``(quoted, reply)``, ``quoted`` None where there is none."""
    found = _QUOTE.match(text[:MAX_LENGTH])
    return (found.group(1), text[found.end() :]) if found else (None, text)


def _speak_signs(text: str) -> str:
    """Words for a message that is nothing but signs; other emoji are dropped."""
    bare = _EMOJI.sub("", text)
    if bare.strip():
        return bare
    return next((word for sign, word in SIGNS if sign in text), "")


def _strip_mentions(text: str) -> str:
    text = _MENTION.sub("", text).rstrip()
    while found := _MENTION_BEHIND.search(text, max(0, len(text) - 34)):
        text = text[: found.start()].rstrip()
    return text


def peel_mention(text: str) -> str:
    """The text as it was typed, without the mentions at its ends."""
    return _strip_mentions(text).strip()


def _plain(text: str) -> str:
    """One pass over ``text``. Messages that hold only common Chinese and ASCII skip the costly steps."""
    if "「" in text:
        text = split_quote(text)[1]
    if "@" in text or "＠" in text:
        text = _strip_mentions(text)
    if _NOT_PLAIN.search(text):
        text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
        text = _speak_signs(text)
    elif "[" in text:
        text = _speak_signs(text)
    if "係" in text:
        text = _HAI.sub("是", text)
    text = _simplifier().convert(text)
    if "著" in text:
        text = _ASPECT.sub("着", text)
    text = _SPOKEN.sub(lambda found: _WRITTEN[found.group()], text)
    for pattern, plain in _REPAIRS:
        text = pattern.sub(plain, text)
    return _LINES.sub("\n", _BLANKS.sub(" ", text)).strip()[:MAX_LENGTH]


def normalise(text: str) -> str:
    """The plain form of ``text``, at most ``MAX_LENGTH`` characters. Idempotent; never raises.

    A pass can lay bare what the next one takes (a quote in a quote, a mention behind a mention), hence the loop.
    """
    text = text[:MAX_LENGTH]
    for _ in range(MAX_PASSES):
        plain = _plain(text)
        if plain == text:
            break
        text = plain
    return text
